"""Types of identifiers, so that one kind is never mistaken for another."""

from typing import NewType

UNIQUEID = r"[a-z][a-z0-9]{0,15}-[0-9]{1,11}\.[0-9]{1,10}"
"""The form of a channel's uniqueid, as a regular expression: node, seconds since 1970, number. A linkedid is one, too."""

NodeName = NewType("NodeName", str)
"""One Asterisk, `[a-z][a-z0-9]*`; also its `systemname`, so every uniqueid starts with it."""

CallId = NewType("CallId", str)
"""The `Linkedid` that Asterisk gave the caller's first channel, e.g. `node1-1763838000.42`."""

Interface = NewType("Interface", str)
"""A queue member's channel technology and endpoint, e.g. `PJSIP/op-01`."""

QueueName = NewType("QueueName", str)
"""The callers of one company number, named by the number's digits, e.g. `74951234567`; or `OPERATORS`."""

OPERATORS = QueueName("operators")
"""Asterisk's own queue, in which the callers of all companies wait for any operator (docs/decisions/0017)."""

IN_BROWSER = "web-"
"""How the name of an account begins whose telephone is in a browser, and of no other. Asterisk's logs then say it too."""

OperatorId = NewType("OperatorId", int)
RequestId = NewType("RequestId", int)
CompanyId = NewType("CompanyId", int)
