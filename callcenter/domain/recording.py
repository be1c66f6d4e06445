"""A recording: its name, its way from being expected to being deleted, what may be wrong with it, and how late it may be.

The row in the database outlives the file: it is there before the first byte is recorded, and after the last was deleted.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Self

from callcenter.domain.ids import UNIQUEID, CallId
from callcenter.errors import CallcenterError

_NAME = re.compile(rf"({UNIQUEID})_({UNIQUEID})_(0|[1-9][0-9]{{0,10}})")


@dataclass(frozen=True, slots=True, order=True)
class RecordingName:
    """`call_leg_epoch`, e.g. `node1-1763838000.42_node1-1763838009.43_1763838010`: unique among all nodes, for ever.

    `call`: the linkedid of the caller's channel; `leg`: the uniqueid of the operator's, or that of whoever an
    operator called; `epoch`: when recording began, in
    whole seconds since 1970. The dialplan mints it (`dialplan/talk.conf.j2`: `${CALL}_${UNIQUEID}_${EPOCH}`), it is the
    stem of the file on the node's disk, and the database splits it in one place, the column `recordings.named_call`.
    Raises `ValueError` for parts that cannot be a name's.
    """

    call: CallId
    leg: str
    epoch: int

    def __post_init__(self) -> None:
        """Refuse what `parse` would."""
        if not _NAME.fullmatch(str(self)):
            raise ValueError("recording is not linkedid_uniqueid_seconds")

    def __str__(self) -> str:
        return f"{self.call}_{self.leg}_{self.epoch}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The name in this form. Raises `ValueError` for any other."""
        found = _NAME.fullmatch(text)
        if found is None:
            raise ValueError("recording is not linkedid_uniqueid_seconds")
        return cls(CallId(found[1]), found[2], int(found[3]))

    @property
    def began_at(self) -> datetime:
        """When recording began, to the second."""
        return datetime.fromtimestamp(self.epoch, UTC)


class RecordingState(StrEnum):
    """How far a recording has come."""

    EXPECTED = "expected"
    """Its talk began; the node has not seen a complete file yet."""
    RECORDED = "recorded"
    """The file is complete on the node's disk, and its SHA-256 is known."""
    STORED = "stored"
    """The store accepted it."""
    VERIFIED = "verified"
    """The store gave back the same bytes."""
    ATTACHED = "attached"
    """It has its call and its ticket, if there are any, and is gone from the node's disk."""
    EXPIRED = "expired"
    """Its retention is over; it waits some days for its deletion."""
    DELETED = "deleted"
    MISSING = "missing"
    """Its call is long over, and there is no file."""


class RecordingStep(StrEnum):
    """What is done with a recording; the statement of this name in `storage/queries/` does it."""

    RECORD = "record"
    STORE = "store"
    VERIFY = "verify"
    ATTACH = "attach"
    EXPIRE = "expire"
    DELETE = "delete"
    MARK_MISSING = "mark_missing"
    STORE_AGAIN = "store_again"
    """The store does not have what it had accepted."""
    UNEXPIRE = "unexpire"
    """A legal hold was placed before the deletion."""


_S, _T = RecordingState, RecordingStep

TRANSITIONS: Mapping[RecordingState, Mapping[RecordingStep, RecordingState]] = MappingProxyType(
    {
        _S.EXPECTED: {_T.RECORD: _S.RECORDED, _T.MARK_MISSING: _S.MISSING},
        # Its file came after all, from a disk that was repaired perhaps.
        _S.MISSING: {_T.RECORD: _S.RECORDED},
        _S.RECORDED: {_T.STORE: _S.STORED},
        _S.STORED: {_T.VERIFY: _S.VERIFIED, _T.STORE_AGAIN: _S.RECORDED},
        _S.VERIFIED: {_T.ATTACH: _S.ATTACHED, _T.STORE_AGAIN: _S.RECORDED},
        _S.ATTACHED: {_T.EXPIRE: _S.EXPIRED, _T.STORE_AGAIN: _S.RECORDED},
        _S.EXPIRED: {_T.DELETE: _S.DELETED, _T.UNEXPIRE: _S.ATTACHED},
        _S.DELETED: {},
    }
)

WITHOUT_FILE = frozenset({_S.EXPECTED, _S.MISSING})
"""No file was seen: neither length, size nor SHA-256 is known."""
NOT_STORED = frozenset({_S.EXPECTED, _S.RECORDED})
NOT_VERIFIED = NOT_STORED | {_S.STORED}
"""On its way; late when it still is after `DUE_AFTER`."""
IN_STORE = frozenset({_S.STORED, _S.VERIFIED, _S.ATTACHED, _S.EXPIRED})
"""The store must have its object."""
PLAYABLE = IN_STORE - {_S.STORED}
"""It can be listened to: the version that was read back is in the custody chain."""
OFFERED = PLAYABLE - {_S.EXPIRED}
"""Tickets, the list of calls and links show it: nobody is pointed to what will be gone in some days."""
WAS_VERIFIED = frozenset({_S.VERIFIED, _S.ATTACHED, _S.EXPIRED, _S.DELETED})
"""It was read back, whether or not it was deleted by policy since: nothing of the talk was lost."""
HOLDABLE = WAS_VERIFIED & IN_STORE
"""Its object can be put under legal hold."""
ARCHIVED = frozenset({_S.ATTACHED, _S.EXPIRED, _S.DELETED})
"""The node is done with it. The same file offered again, from a backup perhaps, is only removed."""
RETENTION_OVER = frozenset({_S.EXPIRED, _S.DELETED})
UNCHAINED = frozenset({_S.EXPECTED, _S.STORED})
"""Without an entry of their own in the custody chain: nothing is proved yet."""


class RecordingStepRefused(CallcenterError):
    """This step cannot be taken from this state; nothing has changed."""


def move(state: RecordingState, step: RecordingStep) -> RecordingState:
    """The state after the step. Raises `RecordingStepRefused`."""
    try:
        return TRANSITIONS[state][step]
    except KeyError:
        raise RecordingStepRefused(f"a recording that is {state} cannot take the step {step}") from None


LENGTH_TOLERANCE_S = 1.0
"""Seconds by which the length of a recording may differ from that of its talk, either way."""
LENGTH_CORRECTED_WITHIN = timedelta(seconds=10)
"""After a call's end queue_log, which is stamped when things happen, may still correct the talk's length that AMI told."""
CALL_WAITED_FOR_S = 60.0
"""Seconds that a complete file waits for its call and ticket to be written before it is attached without."""
ADOPTED_WITHIN = timedelta(days=1)
"""For so long a call or ticket that is written late still gets the recordings that were attached without it."""
DUE_AFTER = timedelta(minutes=3)
"""After a talk's end its recording has been read back, or it is late: the store takes seconds when all is well."""
MISSING_AFTER = timedelta(minutes=5)
"""After a call's end a recording without a file is missing."""


class Defect(StrEnum):
    """What can be wrong with a recording, as it is kept; a length that differs from the talk's is told in numbers."""

    EMPTY = "empty"
    MISMATCH = "header does not match the data"
    NOT_WAV = "not a WAV"
    NO_CALL = "no such call"
    NO_FILE = (
        f"the call ended more than {MISSING_AFTER // timedelta(minutes=1)} minutes ago"
        " and there is no file in rec/ or ready/"
    )


class DeletionReason(StrEnum):
    """Why a recording was deleted, as it is kept; `%s` stands for a number, as PostgreSQL's `format` has it."""

    RETENTION_OVER = "retention of %s days is over"


@dataclass(frozen=True, slots=True)
class Waveform:
    """Peaks from 0 to 255, `per_s` for each second and channel, the channels in turns: the operator's first."""

    per_s: float
    channels: int
    peaks: bytes
