"""What happened: facts in the past tense, each with its time.

Every event is made at the edge (AMI, the ledger, a browser, the clock) and stepped by the
switchboard. The same fact may come twice, once live and once from the ledger; the second
changes nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from callcenter.domain.card import Card
from callcenter.domain.ids import CallId, Interface, OperatorId, QueueName, RecordingName


class Source(StrEnum):
    """Where an event was learned."""

    LIVE = "live"
    """AMI: fast, may have gaps."""
    LEDGER = "ledger"
    """Asterisk's queue_log: complete, about two seconds late, whole seconds for app_queue's own lines."""
    RECONCILE = "reconcile"
    """A comparison with what Asterisk says is alive."""
    DESK = "desk"
    """Our own people and programs: presence, cards."""


class Party(StrEnum):
    """Who ended a talk."""

    CALLER = "caller"
    OPERATOR = "operator"
    TRANSFER = "transfer"
    SYSTEM = "system"


class Presence(StrEnum):
    """What an operator wants to be."""

    AVAILABLE = "available"
    PAUSED = "paused"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A fact. `at` is aware UTC and is the time of the fact, not of our learning it."""

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
class NumberRejected(CallEvent):
    """The number dialled belongs to no company: the caller hears a message and is not queued."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingNamed(CallEvent):
    """The name under which the talk, if there is one, will be recorded."""

    recording: RecordingName


@dataclass(frozen=True, slots=True, kw_only=True)
class CallQueued(CallEvent):
    """The caller joined a queue (`QueueCallerJoin`, `ENTERQUEUE`)."""

    queue: QueueName


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorRang(CallEvent):
    """An operator's phone began to ring (`AgentCalled`)."""

    operator: Interface


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorMissed(CallEvent):
    """An operator rejected, or did not pick up in time (`AgentRingNoAnswer`, `RINGNOANSWER`)."""

    operator: Interface


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorAnswered(CallEvent):
    """An operator and the caller were connected (`AgentConnect`, `CONNECT`)."""

    operator: Interface


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkEnded(CallEvent):
    """The talk with the operator is over (`AgentComplete`, `COMPLETECALLER`, `COMPLETEAGENT`)."""

    operator: Interface
    by: Party


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerAbandoned(CallEvent):
    """The caller hung up while waiting (`QueueCallerAbandon`, `ABANDON`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueTimedOut(CallEvent):
    """The caller waited as long as the queue allows and was let go with a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded(CallEvent):
    """The caller's channel is gone. `cause`: Q.850 hang-up cause, 0 when unknown."""

    cause: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLost(CallEvent):
    """The call is over because Asterisk stopped under it, or its end was never seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRestarted(Event):
    """Asterisk started at `at`: no call that arrived before lives any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelsSeen(Event):
    """The calls that Asterisk says are alive at `at`; every other one is over."""

    calls: frozenset[CallId]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkLost(Event):
    """The AMI connection is gone: from now on the live view has a gap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRestored(Event):
    """The AMI connection is up again and events are being read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRead(Event):
    """The ledger was read up to byte `offset` of the file with this `inode`."""

    inode: int
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceAsked(Event):
    """An operator (or a supervisor for them) asked to be available, paused or offline."""

    operator: OperatorId
    interface: Interface
    wanted: Presence


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneChanged(Event):
    """An operator's telephone became reachable or not (`QueueMemberStatus`)."""

    operator: Interface
    reachable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CardPrepared(CallEvent):
    """The resident's card was put together. `card`: see `domain.card.Card`."""

    card: Card


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick(Event):
    """Time passed. Comes a few times a second; the core has no clock of its own."""
