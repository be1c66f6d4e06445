"""One caller's visit, as a transition table over facts.

Each event fills in facts that were not known; an event that tells nothing new, or cannot be in
this state, raises `Illegal` and changes nothing. Facts may come late and out of order (the ledger
after a gap), so the outcome is a function of the facts and not of their order: an answer that is
learned after the hang-up still makes the call an answered one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from callcenter.domain import announcement as announcements_of
from callcenter.domain import talk as talks_of
from callcenter.domain.announcement import Announcement
from callcenter.domain.card import Card
from callcenter.domain.events import (
    AnnouncementBegan,
    AnnouncementEnded,
    AnnouncementsOver,
    CallArrived,
    CallEnded,
    CallerAbandoned,
    CallEvent,
    CallLost,
    CallPlaced,
    CallQueued,
    CallReturned,
    CallWithdrawn,
    CardPrepared,
    ConsultationJoined,
    NumberRejected,
    OperatorAnswered,
    OperatorMissed,
    OperatorRang,
    QueueTimedOut,
    Source,
    TalkEnded,
)
from callcenter.domain.ids import OPERATORS, CallId, Interface, QueueName
from callcenter.domain.phone import e164
from callcenter.domain.recording import RecordingName
from callcenter.domain.talk import Party, Talk, TalkKind
from callcenter.errors import CallcenterError


class CallState(StrEnum):
    """Where a call is."""

    ARRIVED = "arrived"
    WAITING = "waiting"
    TALKING = "talking"
    LEAVING = "leaving"
    """What became of the call is decided; the caller's channel still lives."""
    ENDED = "ended"


class Outcome(StrEnum):
    """What became of a call: exactly one, once it has ended."""

    ANSWERED = "answered"
    INFORMED = "informed"
    """Talked to nobody, but heard their outage and the number of their ticket to the end."""
    ABANDONED = "abandoned"
    """Hung up while waiting in a queue."""
    HUNG_UP_EARLY = "hung_up_early"
    """Hung up before joining a queue: while it rang, or during the greeting."""
    TIMED_OUT = "timed_out"
    NO_SUCH_NUMBER = "no_such_number"
    NOT_REACHED = "not_reached"
    """Nobody answered whom an operator called."""
    INTERRUPTED = "interrupted"
    """Asterisk stopped under the call: our fault, and it counts as such."""


class Direction(StrEnum):
    """Who called whom."""

    IN = "in"
    OUT = "out"


class NotApplicable(CallcenterError):
    """The event cannot be, in this state; nothing was changed."""


# A time that differs by less is not worth correcting.
LATE = timedelta(seconds=0.2)
# The ledger has whole seconds for when a caller joined a queue.
SAME_JOIN = timedelta(seconds=1)
# From app_queue's report that a caller left to the dialplan's that it took the caller out.
SAME_LEAVING = timedelta(seconds=2)

_ARRIVED, _WAITING, _TALKING, _LEAVING, _ENDED = CallState

# Facts that may be learned late, in any state, without moving the call.
_TOLD = (AnnouncementBegan, AnnouncementEnded, AnnouncementsOver)
_LATE = (CallArrived, CallPlaced, CardPrepared, CallQueued, CallReturned, ConsultationJoined, *_TOLD)

# What may come of each event in each state. Which of several it is follows from all that is known (`_where`).
TRANSITIONS: Mapping[CallState, Mapping[type[CallEvent], tuple[CallState, ...]]] = MappingProxyType(
    {
        _ARRIVED: {
            **dict.fromkeys(_TOLD, (_ARRIVED,)),
            CallArrived: (_ARRIVED,),
            CallPlaced: (_ARRIVED,),
            CardPrepared: (_ARRIVED,),
            CallQueued: (_WAITING,),
            CallReturned: (_WAITING,),
            CallWithdrawn: (_ARRIVED,),
            OperatorRang: (_WAITING,),
            OperatorMissed: (_ARRIVED,),
            OperatorAnswered: (_TALKING, _ARRIVED),
            ConsultationJoined: (_TALKING,),
            TalkEnded: (_LEAVING, _ARRIVED),
            NumberRejected: (_LEAVING,),
            CallerAbandoned: (_LEAVING,),
            QueueTimedOut: (_LEAVING,),
            CallEnded: (_ENDED,),
            CallLost: (_ENDED,),
        },
        _WAITING: {
            **dict.fromkeys(_LATE, (_WAITING,)),
            CallWithdrawn: (_WAITING,),
            OperatorRang: (_WAITING,),
            OperatorMissed: (_WAITING,),
            OperatorAnswered: (_TALKING, _WAITING),
            ConsultationJoined: (_TALKING, _WAITING),
            TalkEnded: (_LEAVING, _WAITING),
            CallerAbandoned: (_LEAVING,),
            QueueTimedOut: (_LEAVING,),
            CallEnded: (_ENDED,),
            CallLost: (_ENDED,),
        },
        _TALKING: {
            **dict.fromkeys(_LATE, (_TALKING,)),
            CallWithdrawn: (_TALKING,),
            CallReturned: (_WAITING, _TALKING),
            OperatorMissed: (_TALKING,),
            OperatorAnswered: (_TALKING,),
            TalkEnded: (_LEAVING, _TALKING),
            CallEnded: (_ENDED,),
            CallLost: (_ENDED,),
        },
        _LEAVING: {
            **dict.fromkeys(_LATE, (_LEAVING,)),
            CallWithdrawn: (_WAITING, _LEAVING),
            CallReturned: (_WAITING, _LEAVING),
            OperatorMissed: (_LEAVING,),
            OperatorAnswered: (_TALKING, _LEAVING),
            ConsultationJoined: (_TALKING, _LEAVING),
            TalkEnded: (_LEAVING,),
            QueueTimedOut: (_LEAVING,),
            CallEnded: (_ENDED,),
            CallLost: (_ENDED,),
        },
        _ENDED: {
            **dict.fromkeys(_LATE, (_ENDED,)),
            CallWithdrawn: (_ENDED,),
            OperatorMissed: (_ENDED,),
            OperatorAnswered: (_ENDED,),
            TalkEnded: (_ENDED,),
            NumberRejected: (_ENDED,),
            CallerAbandoned: (_ENDED,),
            QueueTimedOut: (_ENDED,),
            CallEnded: (_ENDED,),
        },
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What is known of one call. Times are aware UTC; None means not known (yet)."""

    id: CallId
    direction: Direction = Direction.IN
    state: CallState = CallState.ARRIVED
    did: str = ""
    caller: str = ""
    channel: str = ""
    queue: QueueName | None = None
    """As Asterisk named it, or the company's number to which the caller went back: see `line`."""
    talks: tuple[Talk, ...] = ()
    """In the order in which they began."""
    returns: tuple[datetime, ...] = ()
    """When the caller went back to a queue, in order."""
    withdrawals: tuple[datetime, ...] = ()
    """When the caller was taken out of a queue to be told of an outage, in order."""
    announcements: tuple[Announcement, ...] = ()
    """What the caller was told of outages, in order."""
    keys: str = ""
    """The keys pressed during the announcements."""
    told_at: datetime | None = None
    """When the announcements were over; None while they play, and if there were none."""
    decided_outcome: Outcome | None = None
    arrived_at: datetime
    queued_at: datetime | None = None
    left_at: datetime | None = None
    ended_at: datetime | None = None
    rings: int = 0
    hangup_cause: int | None = None
    rebuilt: bool = False
    card: Card | None = None

    @property
    def outcome(self) -> Outcome | None:
        """What became of the call; None while it lives."""
        if self.state is not CallState.ENDED:
            return None
        if self.answered_at is not None:
            return Outcome.ANSWERED
        if self.decided_outcome is Outcome.INTERRUPTED:
            return Outcome.INTERRUPTED
        if self.direction is Direction.OUT:
            return Outcome.NOT_REACHED
        if announcements_of.heard_whole(self.announcements):
            return Outcome.INFORMED
        if self.decided_outcome is not None:
            return self.decided_outcome
        return Outcome.HUNG_UP_EARLY if self.queued_at is None else Outcome.ABANDONED

    @property
    def line(self) -> QueueName | None:
        """The company number whose callers this one waits among: the one dialled, or the one that an operator chose."""
        if self.queue == OPERATORS:
            return QueueName(self.did) if self.did else None
        return self.queue

    @property
    def latest(self) -> Talk | None:
        """The newest talk with the caller."""
        return next((talk for talk in reversed(self.talks) if talk.with_caller), None)

    @property
    def interface(self) -> Interface | None:
        """The operator whom the caller talks to, or talked to last."""
        return None if self.latest is None else self.latest.operator

    @property
    def recording(self) -> RecordingName | None:
        """The newest talk's."""
        return None if self.latest is None else self.latest.recording

    @property
    def answered_at(self) -> datetime | None:
        """When the first operator picked up."""
        return next((talk.began_at for talk in self.talks if talk.with_caller), None)

    @property
    def talk_ended_at(self) -> datetime | None:
        """When the last talk with the caller ended; None while there is one."""
        ends = [talk.ended_at for talk in self.talks if talk.with_caller]
        return None if None in ends else max((end for end in ends if end), default=None)

    @property
    def ended_by(self) -> Party | None:
        """Who ended the last talk with the caller."""
        if self.decided_outcome is Outcome.INTERRUPTED:
            return Party.SYSTEM
        if self.latest is None:
            return None
        if self._back_in_queue:
            return Party.NETWORK if self.latest.by is Party.NETWORK else Party.TRANSFER
        # Sent on, and gone before anybody else picked up.
        gone = self.latest.by is Party.TRANSFER and self.ended_at is not None
        return Party.CALLER if gone else self.latest.by

    @property
    def declined(self) -> bool:
        """Whether the caller said that theirs is none of the outages announced."""
        return self.keys.endswith(announcements_of.DECLINED)

    @property
    def was_told(self) -> bool:
        """Whether the caller has a ticket of an outage: was told its number, and has gone on or hung up since."""
        return self.told_at is not None and bool(self.announcements) and not self.declined

    @property
    def waiting_since(self) -> datetime | None:
        """When the caller joined the queue, the last time."""
        return self.returns[-1] if self.returns else self.queued_at

    @property
    def wait_s(self) -> float | None:
        """Seconds in the queue until the first answer or the end; None while waiting or if never queued."""
        until = self.answered_at or self.left_at or self.ended_at
        return None if self.queued_at is None or until is None else max(0.0, (until - self.queued_at).total_seconds())

    @property
    def rewait_s(self) -> float:
        """Seconds in a queue after having been sent back to one, as far as those waits are over."""
        total = 0.0
        for back in self.returns:
            answers = (talk.began_at for talk in self.talks if talk.with_caller and talk.began_at > back)
            until = next(answers, self.left_at or self.ended_at)
            total += 0.0 if until is None else max(0.0, (until - back).total_seconds())
        return total

    @property
    def talk_s(self) -> float | None:
        """Seconds of talk; None while talking or if never answered."""
        return talks_of.seconds(self.talks, self.ended_at)

    @property
    def _back_in_queue(self) -> bool:
        return bool(self.returns) and (self.latest is None or self.returns[-1] > self.latest.began_at)

    def over(self, talk: Talk) -> bool:
        """Whether the talk is: without the caller it may go on when the call has ended."""
        return talk.ended_at is not None or (talk.with_caller and self.ended_at is not None)


def step(call: Call | None, event: CallEvent) -> Call:
    """The call after the event.

    An unknown call begins with whatever was heard of it first. Raises `Illegal` when the event
    cannot be in this state, or says nothing that is not known already.
    """
    if call is None:
        call = Call(id=event.call, arrived_at=event.at)
    targets = TRANSITIONS[call.state].get(type(event))
    if targets is None:
        raise NotApplicable(f"{type(event).__name__} in state {call.state}")
    learned = _learn(call, event)
    if (settled := talks_of.settle(learned.talks, learned.returns)) != learned.talks:
        learned = replace(learned, talks=settled)
    state = _where(learned)
    if state is not call.state and state not in targets:
        raise NotApplicable(f"{type(event).__name__} from {call.state} to {state}")
    changed = learned if state is call.state else replace(learned, state=state)
    # A missed ring is news of the operator, and counted when it happens; it moves nothing here.
    news = changed != call or (isinstance(event, OperatorMissed) and event.source is Source.LIVE)
    if not news:
        raise NotApplicable(f"{type(event).__name__} tells nothing new in state {call.state}")
    return replace(changed, rebuilt=True) if event.source in (Source.LEDGER, Source.RECONCILE) else changed


def _where(call: Call) -> CallState:
    """Where a call of which this is known is."""
    if call.ended_at is not None:
        return _ENDED
    if call.latest is not None and not call._back_in_queue:
        talking = any(talk.ended_at is None for talk in call.talks if talk.with_caller)
        return _TALKING if talking else _LEAVING
    if call.decided_outcome is not None:
        return _LEAVING
    return _ARRIVED if call.waiting_since is None else _WAITING


def _learn(call: Call, event: CallEvent) -> Call:
    """The call with the event's facts filled in where nothing was known."""
    match event:
        case CallArrived():
            if call.did or call.caller:
                return call
            return replace(
                call,
                did=event.did,
                caller=e164(event.caller),
                channel=event.channel,
                arrived_at=min(call.arrived_at, event.at),
            )
        case CallPlaced():
            if call.direction is Direction.OUT:
                return call
            began = min(call.arrived_at, event.at)
            return replace(call, direction=Direction.OUT, did=event.did, caller=e164(event.called), arrived_at=began)
        case CardPrepared():
            return replace(call, card=event.card)
        case CallQueued():
            return _queue(call, event)
        case CallReturned():
            newest = not call.returns or event.at >= call.returns[-1]
            back = tuple(sorted({*call.returns, event.at}))
            return replace(call, returns=back, queue=event.queue if newest else call.queue)
        case OperatorRang():
            return replace(call, rings=call.rings + 1, queued_at=call.queued_at or event.at)
        case OperatorAnswered() | TalkEnded():
            return replace(call, talks=talks_of.learn(call.talks, _talk(event)))
        case CallWithdrawn():
            return _withdraw(call, event.at)
        case AnnouncementBegan() | AnnouncementEnded():
            return replace(call, announcements=announcements_of.learn(call.announcements, _announcement(event)))
        case AnnouncementsOver():
            known = call.told_at is not None and event.at <= call.told_at
            return call if known else replace(call, keys=event.keys, told_at=event.at)
        case ConsultationJoined():
            found = [replace(talk, kind=TalkKind.TRANSFER) for talk in call.talks if talk.leg == event.leg]
            return replace(call, talks=talks_of.learn(call.talks, found[0])) if found else call
        case NumberRejected():
            return _decide(call, Outcome.NO_SUCH_NUMBER, event.at)
        case CallerAbandoned():
            if any(_let_go(event.at, withdrawn) for withdrawn in call.withdrawals):
                return call
            if call.queued_at is None and event.since is not None:
                call = replace(call, queue=call.queue or OPERATORS, queued_at=event.since)
            return _decide(call, Outcome.ABANDONED, event.at)
        case QueueTimedOut():
            # app_queue reports a caller whom it lets go as an abandon first (`record_abandoned` in `app_queue.c`).
            waited = replace(call, decided_outcome=None) if call.decided_outcome is Outcome.ABANDONED else call
            return _decide(waited, Outcome.TIMED_OUT, event.at)
        case CallEnded():
            return _end(call, event)
        case CallLost():
            cut = tuple(replace(talk, ended_at=talk.ended_at or event.at) for talk in call.talks)
            return _told_by(
                replace(_decide(call, Outcome.INTERRUPTED, event.at), talks=cut, ended_at=event.at), event.at
            )
        case _:
            return call


def _queue(call: Call, event: CallQueued) -> Call:
    if call.queue is None:
        return replace(call, queue=event.queue, queued_at=event.at)
    if call.queued_at is None:
        return replace(call, queued_at=event.at)
    # Heard first of a later time in a queue.
    earlier = call.queued_at - event.at >= SAME_JOIN
    return replace(call, queued_at=event.at) if earlier else call


def _withdraw(call: Call, at: datetime) -> Call:
    if at in call.withdrawals:
        return call
    abandoned = call.left_at if call.decided_outcome is Outcome.ABANDONED else None
    undone = abandoned is not None and _let_go(abandoned, at)
    kept = replace(call, decided_outcome=None, left_at=None) if undone else call
    return replace(kept, withdrawals=tuple(sorted({*call.withdrawals, at})))


def _let_go(abandoned: datetime, withdrawn: datetime) -> bool:
    """Whether what app_queue reported as an abandon was the withdrawal itself, which the dialplan reports next."""
    return timedelta() <= withdrawn - abandoned < SAME_LEAVING


def _announcement(event: AnnouncementBegan | AnnouncementEnded) -> Announcement:
    if isinstance(event, AnnouncementBegan):
        return Announcement(outage=event.outage, number=event.number, began_at=event.at)
    return Announcement(
        outage=event.outage, number=event.number, began_at=event.began_at, ended_at=event.at, whole=event.whole
    )


def _talk(event: OperatorAnswered | TalkEnded) -> Talk:
    known = Talk(recording=event.recording, kind=event.kind, operator=event.operator, began_at=event.at)
    if isinstance(event, OperatorAnswered):
        return replace(known, channel=event.channel)
    return replace(known, began_at=event.began_at, ended_at=event.at, by=event.by)


def _end(call: Call, event: CallEnded) -> Call:
    # Under load AMI tells the end of a call more than a second late, with the late time; the ledger's line was stamped
    # when it happened.
    if call.ended_at is not None and (event.source is not Source.LEDGER or call.ended_at - event.at < LATE):
        return call
    cause = event.cause if call.hangup_cause is None else call.hangup_cause
    ended = replace(call, ended_at=event.at, hangup_cause=cause)
    # The dialplan reports the end of the announcements itself, unless Asterisk stopped.
    return _told_by(ended, event.at) if event.source is Source.RECONCILE else ended


def _told_by(call: Call, at: datetime) -> Call:
    return replace(call, told_at=call.told_at or at) if call.announcements else call


def _decide(call: Call, decided_outcome: Outcome, at: datetime) -> Call:
    return call if call.decided_outcome is not None else replace(call, decided_outcome=decided_outcome, left_at=at)
