"""What a person asks of a telephone or a live call: the one way from a page to a node.

A request is a row with a state. The node takes it, the switchboard decides, Asterisk does it, and the answer goes to the
screen of whoever asked. To add a kind: a member of `RequestKind` with its terms, a body, a branch in the switchboard and,
if Asterisk is to do something new, a command.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from callcenter.domain.events import Event, Presence, PresenceReason
from callcenter.domain.ids import Interface, OperatorId, RequestId
from callcenter.domain.recording import RecordingName


class RequestState(StrEnum):
    """The progress of a request."""

    ASKED = "asked"
    TAKEN = "taken"
    """A node is working on it; nobody else knows how far it has got."""
    DONE = "done"
    REFUSED = "refused"
    EXPIRED = "expired"


class RequestMove(StrEnum):
    """What can happen to a request."""

    TAKE = "a node took it"
    COMPLETE = "Asterisk did it"
    REFUSE = "refused"
    EXPIRE = "its time was over"


_ASKED, _TAKEN, _DONE, _REFUSED, _EXPIRED = RequestState

# A node that was killed while it worked on a request takes it again after its restart.
TRANSITIONS: Mapping[RequestState, Mapping[RequestMove, RequestState]] = MappingProxyType(
    {
        _ASKED: {RequestMove.TAKE: _TAKEN, RequestMove.EXPIRE: _EXPIRED},
        _TAKEN: {
            RequestMove.TAKE: _TAKEN,
            RequestMove.COMPLETE: _DONE,
            RequestMove.REFUSE: _REFUSED,
            RequestMove.EXPIRE: _EXPIRED,
        },
        _DONE: {},
        _REFUSED: {},
        _EXPIRED: {},
    }
)


def origins(state: RequestState) -> list[RequestState]:
    """The states from which this one may be reached."""
    return [origin for origin, row in TRANSITIONS.items() if state in row.values()]


class RefusalReason(StrEnum):
    """Why a request was not done."""

    NO_TELEPHONE = "no_telephone"
    NO_TALK = "no_talk"
    """The operator is in no talk, or the talk for which it was asked is over."""
    NO_WRAP_UP = "no_wrap_up"
    """The wrap-up was over before more time was asked for."""
    SUPERSEDED = "superseded"
    """A newer request for the same thing came before this one was started."""
    ASTERISK_AWAY = "asterisk_away"
    ASTERISK_REFUSED = "asterisk_refused"
    NOT_KNOWN = "not_known"
    """It may have been done or not: the node or the link to Asterisk failed in the middle of it."""
    NOBODY_THERE = "nobody_there"
    """Whom it needs is not there, or not free."""
    NOT_THIS_CALL = "not_this_call"
    """Of a call that an operator made the caller is the operator, who cannot be handed on."""
    NOT_UNDERSTOOD = "not_understood"
    """The node is older than the page."""


class RequestKind(StrEnum):
    """What is asked."""

    PRESENCE = "presence"
    PAUSE = "pause"
    WRAP_UP = "wrap_up"
    RING = "ring"
    TALK = "talk"
    CALL_OUT = "call_out"


class TalkStep(StrEnum):
    """What an operator does with the caller of a talk."""

    HOLD = "hold"
    CONSULT = "consult"
    BACK = "back"
    COMPLETE = "complete"
    """Hand the caller over to whom was asked."""
    CONFERENCE = "conference"
    TRANSFER = "transfer"
    """Without asking."""
    HANG_UP = "hang_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How a kind is handled.

    `of_use`: how long it waits for a node. `repeatable`: whether doing it twice has the same effect as once, so that it
    is done again after the node or the link to Asterisk failed in the middle of it. `of_talk`: whether it is about the
    operator's current talk.
    """

    of_use: timedelta
    repeatable: bool
    of_talk: bool = False


TERMS: Mapping[RequestKind, Terms] = MappingProxyType(
    {
        # A shift: the telephone of an operator who went home while the node was down must not ring after its restart.
        RequestKind.PRESENCE: Terms(of_use=timedelta(hours=8), repeatable=True),
        # By then the words that were to be left out of the recording have been said.
        RequestKind.PAUSE: Terms(of_use=timedelta(seconds=15), repeatable=True, of_talk=True),
        RequestKind.WRAP_UP: Terms(of_use=timedelta(seconds=15), repeatable=False),
        # Of the ring on which it was pressed: the next one has another caller.
        RequestKind.RING: Terms(of_use=timedelta(seconds=3), repeatable=False),
        RequestKind.TALK: Terms(of_use=timedelta(seconds=10), repeatable=False, of_talk=True),
        RequestKind.CALL_OUT: Terms(of_use=timedelta(seconds=10), repeatable=False),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceBody:
    """Be available, paused or offline. `reason`: if it is not the operator who wants it; `pause`: else the code of why."""

    wanted: Presence
    reason: PresenceReason | None = None
    pause: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseBody:
    """Pause or resume the recording of the talk. `recording`: the talk's, None when there is no talk."""

    paused: bool
    recording: RecordingName | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WrapUpBody:
    """More time for the wrap-up, as much again. It is ended by the presence `available`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RingBody:
    """Let the operator's telephone, which rings, answer, or give its caller to another operator."""

    answer: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkBody:
    """`to`: a telephone's account or a number, empty for any colleague who is free; `note`: for that colleague to read."""

    step: TalkStep
    to: str = ""
    note: str = ""
    recording: RecordingName | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOutBody:
    """Ring the operator's own telephone, then call this number."""

    number: str


Body = PresenceBody | PauseBody | WrapUpBody | RingBody | TalkBody | CallOutBody

_KINDS: Mapping[type[Body], RequestKind] = MappingProxyType(
    {
        PresenceBody: RequestKind.PRESENCE,
        PauseBody: RequestKind.PAUSE,
        WrapUpBody: RequestKind.WRAP_UP,
        RingBody: RequestKind.RING,
        TalkBody: RequestKind.TALK,
        CallOutBody: RequestKind.CALL_OUT,
    }
)


def kind_of(body: Body) -> RequestKind:
    """The kind of request that has such a body."""
    return _KINDS[type(body)]


def write_body(body: Body) -> dict[str, object]:
    """The body as JSON, without the fields that are None."""
    known = ((field.name, getattr(body, field.name)) for field in fields(body))
    return {
        name: str(value) if isinstance(value, RecordingName) else value for name, value in known if value is not None
    }


def read_body(kind: str, data: Mapping[str, object]) -> Body:
    """The body of a request of this kind. Raises `ValueError` when it is not of this version."""
    match RequestKind(kind):
        case RequestKind.PRESENCE:
            reason, pause = data.get("reason"), data.get("pause")
            return PresenceBody(
                wanted=Presence(str(data.get("wanted"))),
                reason=None if reason is None else PresenceReason(str(reason)),
                pause=None if pause is None else str(pause),
            )
        case RequestKind.WRAP_UP:
            return WrapUpBody()
        case RequestKind.PAUSE:
            paused, recording = data.get("paused"), data.get("recording")
            if not isinstance(paused, bool):
                raise ValueError("`paused` is neither true nor false")
            return PauseBody(paused=paused, recording=_recording(recording))
        case RequestKind.RING:
            if not isinstance(answer := data.get("answer"), bool):
                raise ValueError("`answer` is neither true nor false")
            return RingBody(answer=answer)
        case RequestKind.TALK:
            return TalkBody(
                step=TalkStep(str(data.get("step"))),
                to=str(data.get("to", "")),
                note=str(data.get("note", "")),
                recording=_recording(data.get("recording")),
            )
        case RequestKind.CALL_OUT:
            if not isinstance(number := data.get("number"), str):
                raise ValueError("`number` is no text")
            return CallOutBody(number=number)


def _recording(value: object) -> RecordingName | None:
    return None if value is None else RecordingName.parse(str(value))


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestTaken(Event):
    """The node took a request. `body`: None when this version does not understand it.

    `again`: it had been taken before, and it is not known how far that got.
    """

    id: RequestId
    operator: OperatorId
    interface: Interface | None
    body: Body | None
    expires_at: datetime
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCarriedOut(Event):
    """Asterisk did what a request asked."""

    request: RequestId


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestOverdue(Event):
    """The time of a request was over before it was sent to Asterisk."""

    request: RequestId


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFailed(Event):
    """Asterisk did not do what a request asked, or did not answer."""

    request: RequestId
    reason: RefusalReason
