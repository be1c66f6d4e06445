"""What happened: facts in the past tense, each with its time.

Every event is made at the edge (AMI, the ledger, a browser, the clock) and stepped by the
switchboard. The same fact may come twice, once live and once from the ledger; the second
changes nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from callcenter.domain.card import Card
from callcenter.domain.ids import CallId, Interface, QueueName
from callcenter.domain.recording import RecordingName
from callcenter.domain.talk import Party, TalkKind


class Source(StrEnum):
    """Where an event was learned."""

    LIVE = "live"
    """AMI: fast, may have gaps."""
    LEDGER = "ledger"
    """Asterisk's queue_log: complete, about two seconds late, whole seconds for app_queue's own lines."""
    RECONCILE = "reconcile"
    """A comparison with the channels that Asterisk lists."""
    DESK = "desk"
    """Our own people and programs: presence, cards."""


class AsidePhase(StrEnum):
    """What an operator does without the caller, who hears music."""

    HELD = "held"
    RINGING = "ringing"
    """Somebody is being called."""
    ASKING = "asking"
    """Somebody has answered."""
    CONFERENCE = "conference"
    """All three talk."""
    OVER = "over"


class Presence(StrEnum):
    """What an operator wants to be."""

    AVAILABLE = "available"
    PAUSED = "paused"
    OFFLINE = "offline"


class PresenceReason(StrEnum):
    """Why an operator has a presence that they did not ask for."""

    UNANSWERED = "unanswered"
    """Several calls in a row were not answered."""
    PAGE_GONE = "page_gone"
    """The operator's page is open nowhere."""
    SUPERVISOR = "supervisor"
    """A supervisor set it."""
    NO_CONNECTION = "no_connection"
    """The telephone vanished in a talk. Over as soon as the operator talks again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A fact. `at` is aware UTC and is when it happened, not when we learned of it."""

    at: datetime
    source: Source = Source.LIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEvent(Event):
    """A fact about one call."""

    call: CallId


@dataclass(frozen=True, slots=True, kw_only=True)
class CallArrived(CallEvent):
    """A caller reached the dialplan, just before it answers. `did`: digits dialled; `caller`: `+`/digits or empty."""

    did: str
    caller: str
    channel: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPlaced(CallEvent):
    """An operator calls out (`CallPlaced`, `PLACED`). `did`: the company's number shown; `called`: E.164, or `112`."""

    did: str
    called: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOutAsked(Event):
    """An operator dialled a number, and waits on `channel` for what is decided.

    `number`: E.164, or the digits dialled; `about`: the call whose caller is on the other line.
    """

    operator: Interface
    number: str
    channel: str
    about: CallId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ColleagueRang(Event):
    """An operator's telephone rings, on the channel `leg`, for a caller whom a colleague hands on, or asks about."""

    call: CallId
    operator: Interface
    leg: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColleagueMissed(ColleagueRang):
    """It was not answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AsideChanged(Event):
    """An operator left a caller waiting, or is back (`AsideChanged`).

    `whom`: a telephone's account or a number; `why`: what Asterisk says of a call that was not answered (`DIALSTATUS`).
    """

    call: CallId
    operator: Interface
    phase: AsidePhase
    whom: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberRejected(CallEvent):
    """The number dialled belongs to no company: the caller hears a message and is not queued."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallQueued(CallEvent):
    """The caller joined a queue (`QueueCallerJoin`, `ENTERQUEUE`)."""

    queue: QueueName


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorRang(CallEvent):
    """An operator's phone began to ring (`AgentCalled`), on the channel `leg`."""

    operator: Interface
    leg: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorMissed(CallEvent):
    """An operator rejected, did not pick up in time (`AgentRingNoAnswer`, `RINGNOANSWER`), or has a telephone that sends
    callers elsewhere (`OperatorForwarded`, `FORWARDED`)."""

    operator: Interface


@dataclass(frozen=True, slots=True, kw_only=True)
class CallReturned(CallEvent):
    """The caller is on the way back to a queue: by an operator's transfer, or because a transfer failed."""

    queue: QueueName


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorAnswered(CallEvent):
    """An operator picked up, and from now on is recorded as `recording` (`TalkBegan`, `TALK`).

    `channel` is the operator's; the ledger does not have it.
    """

    operator: Interface
    recording: RecordingName
    kind: TalkKind = TalkKind.QUEUE
    channel: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultationJoined(CallEvent):
    """The caller was handed to a colleague who had been consulted (`AttendedTransfer`). `leg`: the colleague's channel."""

    leg: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkEnded(CallEvent):
    """The operator's channel is gone, and with it the recording (`TalkEnded`, `TALKENDED`). Has the whole talk."""

    operator: Interface
    recording: RecordingName
    kind: TalkKind = TalkKind.QUEUE
    began_at: datetime
    by: Party


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerAbandoned(CallEvent):
    """The caller hung up while waiting (`QueueCallerAbandon`, `ABANDON`).

    `since`: when the wait began, of a caller who was told the place in the queue and had not joined it yet.
    """

    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueTimedOut(CallEvent):
    """The caller waited as long as the queue allows and was let go with a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded(CallEvent):
    """The caller's channel is gone. `cause`: Q.850 hang-up cause, 0 when unknown."""

    cause: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLost(CallEvent):
    """The call is over because Asterisk stopped during it, or its end was never seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementBegan(CallEvent):
    """The caller begins to hear an outage, with the number of a ticket (`AnnouncementBegan`, `ANNOUNCED`)."""

    outage: int
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementEnded(CallEvent):
    """It was heard to its end, or the caller pressed a key or hung up (`AnnouncementEnded`, `HEARD`)."""

    outage: int
    number: int
    began_at: datetime
    whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementsOver(CallEvent):
    """The caller goes on to a queue, or hung up. `keys`: what was pressed, in order (`AnnouncementsOver`, `TOLD`)."""

    keys: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallWithdrawn(CallEvent):
    """The caller was taken out of the queue to be told of an outage, and goes back (`CallWithdrawn`, `WITHDRAWN`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRestarted(Event):
    """Asterisk started at `at`: every call that arrived before is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueStartedEmpty(Event):
    """Asterisk started, and its queue has no members; what became of the calls before is not known yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelsSeen(Event):
    """The calls of which Asterisk lists a channel at `at`; every other one is over."""

    calls: frozenset[CallId]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkLost(Event):
    """The AMI connection is gone: from now on the live view has a gap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRestored(Event):
    """The AMI connection is up again and events are being read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRead(Event):
    """The ledger was read up to byte `offset` of the file with this `inode`.

    `line`: the digest of the last line before it, empty when it is not known; `line_at`: the time of that line.
    """

    inode: int
    offset: int
    line: str = ""
    line_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLost(Event):
    """Lines of the ledger written from `began_at` until `at` may never be read: their file is gone or unreadable."""

    began_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TelephoneDisconnected(Event):
    """A telephone in a browser has lost its connection (`ContactStatus`); its talk may go on all the same."""

    operator: Interface


@dataclass(frozen=True, slots=True, kw_only=True)
class TelephoneVanished(Event):
    """A telephone vanished in a talk, whose caller waits for it (`TelephoneVanished`)."""

    operator: Interface


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneChanged(Event):
    """An operator's telephone became reachable or not (`QueueMemberStatus`)."""

    operator: Interface
    reachable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageAnnounced(Event):
    """Callers are told of this outage from now on; whoever waits and is concerned is to hear it too.

    `dids`: the company's numbers. `callers`: the telephones of its flats; others may be concerned as well.
    """

    outage: int
    dids: frozenset[str]
    callers: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CardPrepared(CallEvent):
    """The resident's card was looked up. `card`: see `domain.card.Card`."""

    card: Card


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick(Event):
    """Time passed. Comes several times a second; the core has no clock of its own."""
