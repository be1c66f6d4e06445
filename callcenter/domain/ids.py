"""Names of things, so that one kind of name is never taken for another."""

from typing import NewType

NodeName = NewType("NodeName", str)
"""One Asterisk, `[a-z][a-z0-9]*`; also its `systemname`, so every uniqueid starts with it."""

CallId = NewType("CallId", str)
"""The `Linkedid` that Asterisk gave the caller's first channel, e.g. `node1-1763838000.42`."""

Interface = NewType("Interface", str)
"""A queue member's channel technology and endpoint, e.g. `PJSIP/op-01`."""

QueueName = NewType("QueueName", str)
"""A queue; one for each company number, named by the number's digits, e.g. `74951234567`."""

RecordingName = NewType("RecordingName", str)
"""`call_uniqueid_epoch`, the uniqueid being that of the operator's channel: the stem of the file on the Asterisk disk."""

OperatorId = NewType("OperatorId", int)
RequestId = NewType("RequestId", int)
CompanyId = NewType("CompanyId", int)
