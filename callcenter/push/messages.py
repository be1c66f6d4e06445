"""Everything that a browser and the service say to each other over the socket, one class a message.

docs/protocol.md, the schema beside it and the types of the scripts are drawn from here (docs/messages.py).
`callcenter.push.codec` writes and reads them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from callcenter.domain.call import CallState, Outcome
from callcenter.domain.deadlines import LimitStep
from callcenter.domain.events import AsidePhase, Presence, PresenceReason
from callcenter.domain.operator import OperatorStatus
from callcenter.domain.request import RefusalReason, RequestKind, RequestState, TalkStep
from callcenter.domain.talk import TalkKind
from callcenter.push.outage_messages import CallOutage, OutageFiguresMessage, OutagesMessage
from callcenter.push.shapes import Moment, Shape, Shown, TicketKey

# What everybody sees


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow(Shape):
    """One queue in which somebody waits or talks."""

    waiting: int
    talking: int
    oldest: Moment | None
    """When the first of those waiting joined."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuesMessage(Shown):
    """How long the queues are. A delta has those that changed and leaves the others as they are."""

    shown_as: ClassVar[str] = "queues"
    queues: dict[str, QueueRow | None]
    """By the number dialled, in digits. In a delta null: nobody waits or talks there any more; a snapshot has none of those."""


# What an operator sees


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceMessage(Shown):
    """What the operator is doing."""

    shown_as: ClassVar[str] = "presence"
    state: OperatorStatus
    phone_reachable: bool
    since: Moment
    reason: PresenceReason | None
    """Why the operator takes no calls, or takes them, without having asked for it; null in a call."""
    pause: str | None
    """The code of the reason that the operator gave for a pause, also for one after the call; its name is in the page."""
    until: Moment | None
    """When a wrap-up is over."""
    afterwards: Presence | None
    """In a call: what the operator is to be after it, other than available."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedRow(Shape):
    """A colleague handed the caller on, or asks about it."""

    by: int
    """The colleague's id."""
    note: str
    """What the colleague wrote; may be empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RingingMessage(Shown):
    """The operator's telephone rings."""

    shown_as: ClassVar[str] = "ringing"
    call: str
    queue: str | None
    caller: str
    """E.164, empty when withheld."""
    resident: str
    """Who and where, as `CardMessage` has it."""
    address: str
    flat: str
    since: Moment
    outage: CallOutage | None
    handed: HandedRow | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SilentMessage(Shown):
    """Nothing rings (any more)."""

    shown_as: ClassVar[str] = "ringing"


@dataclass(frozen=True, slots=True, kw_only=True)
class AsideMessage(Shown):
    """What the operator does while the caller hears music: what Asterisk did, not what was asked."""

    shown_as: ClassVar[str] = "aside"
    call: str
    phase: AsidePhase
    whom: str
    """Who is asked: a telephone's account or a number; empty for nobody."""
    why: str
    """Why it is over, when whoever was called did not answer: `BUSY`, `NOANSWER`, `CHANUNAVAIL` or `CONGESTION`."""
    since: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class TogetherMessage(Shown):
    """No caller waits for the operator."""

    shown_as: ClassVar[str] = "aside"


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseMessage(Shown):
    """Whether a talk's recording is paused: what Asterisk did, not what was asked."""

    shown_as: ClassVar[str] = "recording"
    call: str
    paused_since: Moment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketRow(Shape):
    """A ticket of this flat or this caller that is not closed yet."""

    number: int
    subject: str
    opened_at: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRow(Shape):
    """An earlier call from the same number."""

    at: Moment
    outcome: Outcome | CallState
    """What became of it, or where it still is."""
    operator: str
    """A name, empty when nobody answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardMessage(Shown):
    """The card of a caller. It stays after the talk, until the next one."""

    shown_as: ClassVar[str] = "card"
    call: str
    caller: str
    """E.164, empty when withheld."""
    did: str
    """The number dialled, in digits."""
    company_id: int | None
    """Null for a number of no company."""
    company: str
    house_id: int | None
    resident: str
    """Empty for a number that is not in the directory; then `address` and `flat` are those of its last ticket, if any."""
    address: str
    flat: str
    others: int
    """Further residents on the same number."""
    open_tickets: tuple[TicketRow, ...]
    past_calls: tuple[CallRow, ...]
    ticket: TicketKey | None
    """Null when none could be opened."""
    outage: CallOutage | None
    queue: str | None
    """Null for a call that came to the operator past every queue."""
    handed: HandedRow | None
    kind: TalkKind
    """How the operator came to the call. `transfer`: a colleague sent the caller on; `consultation`: a colleague asks about
    this caller, and the card comes again as a `transfer` when the caller is handed over."""
    answered_at: Moment
    """Of this operator's talk, as is `talk_ended_at`."""
    talk_ended_at: Moment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestMessage(Shown):
    """What became last of a request of this kind, for whoever asked."""

    shown_as: ClassVar[str] = "request/KIND"
    id: int
    state: RequestState
    asked_at: Moment
    reason: RefusalReason | None


# What a supervisor sees


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorMessage(PresenceMessage):
    """What one of the operators is doing."""

    shown_as: ClassVar[str] = "operator/ID"
    name: str
    login: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyMessage(Shown):
    """What is not safe of the recordings of the last day."""

    shown_as: ClassVar[str] = "recordings"
    late: int
    """Talks without a recording that was read back in time."""
    missing: int
    """Talks without any."""
    altered: int
    """Of all recordings those that are not what was stored."""
    disks: tuple[str, ...]
    """The nodes whose disk is filling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunksMessage(Shown):
    """Which trunks do not work: not registered, or without an answer."""

    shown_as: ClassVar[str] = "trunks"
    down: tuple[str, ...]
    """Their names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineRow(Shape):
    """One limit of a ticket."""

    ticket: int
    """The ticket's id."""
    number: int
    step: LimitStep
    due_at: Moment
    late: bool
    company: str
    house: str
    """Empty for a ticket without a house."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlinesMessage(Shown):
    """What must be done soon, or should have been."""

    shown_as: ClassVar[str] = "deadlines"
    late: int
    """Open tickets past a limit."""
    due_soon: int
    """Open tickets of which a limit is near."""
    next: tuple[DeadlineRow, ...]
    """The most urgent limits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TelephoneMessage(Shown):
    """In which session the operator's telephone in the browser is open; any other has lost it."""

    shown_as: ClassVar[str] = "telephone"
    mark: str
    """What the session was told when it opened the telephone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalMessage(Shown):
    """The list of calls changed; fetch `/calls/list` again."""

    shown_as: ClassVar[str] = "journal"
    at: Moment


Audience = Literal["all", "operator", "supervisors"]

KINDS: Mapping[str, tuple[Audience, tuple[type[Shown], ...]]] = {
    "queues": ("all", (QueuesMessage,)),
    "outages": ("all", (OutagesMessage,)),
    "outage_figures": ("all", (OutageFiguresMessage,)),
    "presence": ("operator", (PresenceMessage,)),
    "ringing": ("operator", (RingingMessage, SilentMessage)),
    "recording": ("operator", (PauseMessage,)),
    "aside": ("operator", (AsideMessage, TogetherMessage)),
    "telephone": ("operator", (TelephoneMessage,)),
    "card": ("operator", (CardMessage,)),
    **{f"request/{kind}": ("operator", (RequestMessage,)) for kind in RequestKind},
    "operator/ID": ("supervisors", (OperatorMessage,)),
    "recordings": ("supervisors", (SafetyMessage,)),
    "trunks": ("supervisors", (TrunksMessage,)),
    "deadlines": ("supervisors", (DeadlinesMessage,)),
    "journal": ("supervisors", (JournalMessage,)),
}
"""The parts of screens by kind: who sees each, and the bodies that it may have."""


# What else the service says


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorMessage(Shape):
    """What was asked cannot be done. For programmers, in English; the socket stays open."""

    type: Literal["error"] = "error"
    message: str


# What a browser says


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello(Shape):
    """The first message."""

    type: Literal["hello"] = "hello"
    last: Annotated[int, Field(ge=0, lt=2**63)] | None = None
    """The highest `n` seen since the last snapshot, or null for a new page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceRequest(Shape):
    """What an operator wants to be; what the operator is from then on a `presence` delta says.

    Only for somebody with a telephone.
    """

    type: Literal["presence"] = "presence"
    wanted: Presence
    operator: Annotated[int, Field(gt=0, lt=2**31)] | None = None
    """Another operator's id, for those who see the board."""
    pause: Annotated[str, Field(max_length=20)] | None = None
    """Why one's own pause, by the code of the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrapUpRequest(Shape):
    """More time for the wrap-up, as much again; `presence` ends it."""

    type: Literal["wrap_up"] = "wrap_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseRequest(Shape):
    """Pause the recording of the talk that the operator is in, or let it go on; silence stands in the file meanwhile.

    A `recording` delta says that it was done.
    """

    type: Literal["recording"] = "recording"
    paused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RingRequest(Shape):
    """Let the operator's telephone of its own, which rings, answer, or give the caller to another operator.

    Not every telephone obeys: that it did, a `card` or the end of `ringing` says.
    """

    type: Literal["ring"] = "ring"
    answer: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkRequest(Shape):
    """Do something with the caller of the operator's talk; an `aside` delta says how far it is."""

    type: Literal["talk"] = "talk"
    step: TalkStep
    to: Annotated[str, Field(max_length=40)] = ""
    """Whom to call: a telephone's account, a number outside or, of a transfer, a company's; empty: any colleague who is free."""
    note: Annotated[str, Field(max_length=300)] = ""
    """For the colleague to read while it rings."""


BrowserRequest = PresenceRequest | WrapUpRequest | PauseRequest | RingRequest | TalkRequest
