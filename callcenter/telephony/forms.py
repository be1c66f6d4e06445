"""The forms that values from Asterisk must have before the rest of the program sees them.

Everything that a caller or a telephone company sent passes through here, from AMI or from the ledger: what does not
have the form is reduced to it, or refused with `ParseProblem`, which names the field and not the value.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from callcenter.domain.events import AsidePhase
from callcenter.domain.ids import UNIQUEID, CallId, Interface, QueueName
from callcenter.domain.recording import RecordingName
from callcenter.domain.talk import Party, TalkKind
from callcenter.errors import ParseProblem

NUMBER_LIMIT = 32
CHANNEL_LIMIT = 128

_CALL = re.compile(UNIQUEID)
_QUEUE = re.compile(r"[A-Za-z0-9_-]{1,80}")
_INTERFACE = re.compile(r"[A-Za-z0-9]{1,16}/[A-Za-z0-9_.-]{1,64}")
_CHANNEL = re.compile(rf"[!-~]{{1,{CHANNEL_LIMIT}}}")
_MICROS = re.compile(r"([0-9]{1,11})\.([0-9]{6})")
_SECONDS = re.compile(r"[0-9]{1,11}")
_ROW_ID = re.compile(r"[1-9][0-9]{0,9}")
_WHOM = re.compile(r"[a-z0-9+-]{1,32}")
_NOT_KEY = re.compile(r"[^0-9*#]+")
_NOT_DIGIT = re.compile(r"[^0-9]+")
_NOT_CALLER = re.compile(r"[^0-9+]+")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(value: str) -> datetime:
    """`1795375500.823870`, as Asterisk stamps events, in aware UTC."""
    if match := _MICROS.fullmatch(value):
        return _EPOCH + timedelta(seconds=int(match[1]), microseconds=int(match[2]))
    raise ParseProblem("time is not seconds.microseconds")


def seconds(value: str) -> datetime:
    """`1795375500`, as at the start of the ledger's lines, in aware UTC."""
    if _SECONDS.fullmatch(value):
        return _EPOCH + timedelta(seconds=int(value))
    raise ParseProblem("time is not whole seconds")


def call_id(value: str) -> CallId:
    """A channel's uniqueid; it starts with the node's name."""
    if _CALL.fullmatch(value):
        return CallId(value)
    raise ParseProblem("uniqueid is not node-seconds.number")


@lru_cache(maxsize=1024)
def queue_name(value: str) -> QueueName:
    """A queue's name."""
    if _QUEUE.fullmatch(value):
        return QueueName(value)
    raise ParseProblem("queue has not the form of a queue's name")


@lru_cache(maxsize=1024)
def interface(value: str) -> Interface:
    """A queue member's technology and endpoint."""
    if _INTERFACE.fullmatch(value):
        return Interface(value)
    raise ParseProblem("interface is not technology/endpoint")


def recording_name(value: str) -> RecordingName:
    """A recording's name: it becomes the name of a file and of an object."""
    try:
        return RecordingName.parse(value)
    except ValueError as problem:
        raise ParseProblem(str(problem)) from None


def talk_kind(value: str) -> TalkKind:
    """How an operator came to a talk."""
    try:
        return TalkKind(value)
    except ValueError:
        raise ParseProblem("kind is none of a talk's") from None


def party(value: str) -> Party:
    """Who ended a talk; the system when the value is unknown."""
    return Party(value) if value in tuple(Party) else Party.SYSTEM


def number(value: str) -> str:
    """The digits of a number dialled."""
    return _NOT_DIGIT.sub("", value)[:NUMBER_LIMIT]


def caller(value: str) -> str:
    """The digits and plus signs of a caller's number; empty when there are none."""
    return _NOT_CALLER.sub("", value)[:NUMBER_LIMIT]


def row_id(value: str) -> int:
    """The number of an outage or a ticket, which we gave to the dialplan ourselves."""
    if _ROW_ID.fullmatch(value):
        return int(value)
    raise ParseProblem("number is not one of an outage or a ticket")


def aside_phase(value: str) -> AsidePhase:
    """What an operator does without the caller."""
    try:
        return AsidePhase(value)
    except ValueError:
        raise ParseProblem("phase is none of those without a caller") from None


def whom(value: str) -> str:
    """A telephone's account, or a number; empty when it is neither."""
    return value if _WHOM.fullmatch(value) else ""


def dial_status(value: str) -> str:
    """What became of a call that was not answered, in Asterisk's words; empty when it is not one of those that we tell."""
    return value if value in ("BUSY", "NOANSWER", "CHANUNAVAIL", "CONGESTION") else ""


def keys(value: str) -> str:
    """The keys that a caller pressed."""
    return _NOT_KEY.sub("", value)[:NUMBER_LIMIT]


def channel(value: str) -> str:
    """A channel's name; empty when it cannot be used in an action."""
    return value if _CHANNEL.fullmatch(value) else ""


def cause(value: str) -> int:
    """A Q.850 hang-up cause; 0 when there is none."""
    return int(value) if _SECONDS.fullmatch(value) and int(value) < 128 else 0
