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

from callcenter.domain.card import Card
from callcenter.domain.events import (
    CallArrived,
    CallEnded,
    CallerAbandoned,
    CallEvent,
    CallLost,
    CallQueued,
    CardPrepared,
    NumberRejected,
    OperatorAnswered,
    OperatorMissed,
    OperatorRang,
    Party,
    QueueTimedOut,
    RecordingNamed,
    Source,
    TalkEnded,
)
from callcenter.domain.ids import CallId, Interface, QueueName, RecordingName
from callcenter.domain.phone import e164


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
    ABANDONED = "abandoned"
    """Hung up while waiting in a queue."""
    HUNG_UP_EARLY = "hung_up_early"
    """Hung up before joining a queue, during the greeting."""
    TIMED_OUT = "timed_out"
    NO_SUCH_NUMBER = "no_such_number"
    INTERRUPTED = "interrupted"
    """Asterisk stopped under the call: our fault, and it counts as such."""


class Illegal(Exception):
    """The event cannot be, in this state; nothing was changed."""


# A time that differs by less is not worth correcting.
LATE = timedelta(seconds=0.2)

_ARRIVED, _WAITING, _TALKING, _LEAVING, _ENDED = CallState

# Facts that may be learned late, in any state, without moving the call.
_LATE = (CallArrived, RecordingNamed, CardPrepared, CallQueued)

TRANSITIONS: Mapping[CallState, Mapping[type[CallEvent], CallState]] = MappingProxyType(
    {
        _ARRIVED: {
            CallArrived: _ARRIVED,
            RecordingNamed: _ARRIVED,
            CardPrepared: _ARRIVED,
            CallQueued: _WAITING,
            OperatorRang: _WAITING,
            OperatorMissed: _WAITING,
            OperatorAnswered: _TALKING,
            TalkEnded: _LEAVING,
            NumberRejected: _LEAVING,
            CallerAbandoned: _LEAVING,
            QueueTimedOut: _LEAVING,
            CallEnded: _ENDED,
            CallLost: _ENDED,
        },
        _WAITING: {
            **dict.fromkeys(_LATE, _WAITING),
            OperatorRang: _WAITING,
            OperatorMissed: _WAITING,
            OperatorAnswered: _TALKING,
            TalkEnded: _LEAVING,
            CallerAbandoned: _LEAVING,
            QueueTimedOut: _LEAVING,
            CallEnded: _ENDED,
            CallLost: _ENDED,
        },
        _TALKING: {
            **dict.fromkeys(_LATE, _TALKING),
            OperatorMissed: _TALKING,
            TalkEnded: _LEAVING,
            CallEnded: _ENDED,
            CallLost: _ENDED,
        },
        _LEAVING: {
            **dict.fromkeys(_LATE, _LEAVING),
            OperatorMissed: _LEAVING,
            OperatorAnswered: _LEAVING,
            TalkEnded: _LEAVING,
            QueueTimedOut: _LEAVING,
            CallEnded: _ENDED,
            CallLost: _ENDED,
        },
        _ENDED: {
            **dict.fromkeys(_LATE, _ENDED),
            OperatorMissed: _ENDED,
            OperatorAnswered: _ENDED,
            TalkEnded: _ENDED,
            NumberRejected: _ENDED,
            CallerAbandoned: _ENDED,
            QueueTimedOut: _ENDED,
            CallEnded: _ENDED,
        },
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What is known of one call. Times are aware UTC; None means not known (yet)."""

    id: CallId
    state: CallState = CallState.ARRIVED
    did: str = ""
    caller: str = ""
    channel: str = ""
    queue: QueueName | None = None
    recording: RecordingName | None = None
    interface: Interface | None = None
    fate: Outcome | None = None
    ended_by: Party | None = None
    arrived_at: datetime
    queued_at: datetime | None = None
    answered_at: datetime | None = None
    talk_ended_at: datetime | None = None
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
        if self.fate is not None:
            return self.fate
        return Outcome.HUNG_UP_EARLY if self.queued_at is None else Outcome.ABANDONED

    @property
    def wait_s(self) -> float | None:
        """Seconds in the queue until the answer or the end; None while waiting or if never queued."""
        until = self.answered_at or self.left_at or self.ended_at
        return None if self.queued_at is None or until is None else max(0.0, (until - self.queued_at).total_seconds())

    @property
    def talk_s(self) -> float | None:
        """Seconds of talk; None while talking or if never answered."""
        until = self.talk_ended_at or self.ended_at
        if self.answered_at is None or until is None:
            return None
        return max(0.0, (until - self.answered_at).total_seconds())


def step(call: Call | None, event: CallEvent) -> Call:
    """The call after the event.

    An unknown call begins with whatever was heard of it first. Raises `Illegal` when the event
    cannot be in this state, or says nothing that is not known already.
    """
    if call is None:
        call = Call(id=event.call, arrived_at=event.at)
    target = TRANSITIONS[call.state].get(type(event))
    if target is None:
        raise Illegal(f"{type(event).__name__} in state {call.state}")
    changed = replace(_learn(call, event), state=target)
    # A missed ring is news of the operator, and counted when it happens; it moves nothing here.
    news = changed != call or (isinstance(event, OperatorMissed) and event.source is Source.LIVE)
    if not news:
        raise Illegal(f"{type(event).__name__} tells nothing new in state {call.state}")
    return replace(changed, rebuilt=True) if event.source in (Source.LEDGER, Source.RECONCILE) else changed


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
        case RecordingNamed():
            return replace(call, recording=call.recording or event.recording)
        case CardPrepared():
            return replace(call, card=event.card)
        case CallQueued():
            return call if call.queue is not None else replace(call, queue=event.queue, queued_at=event.at)
        case OperatorRang():
            return replace(call, rings=call.rings + 1, queued_at=call.queued_at or event.at)
        case OperatorAnswered():
            # An answer inferred from the talk's end gives way to the answer itself.
            if call.answered_at is not None and call.answered_at != call.talk_ended_at:
                return call
            return replace(call, interface=event.operator, answered_at=event.at)
        case TalkEnded():
            return _end_talk(call, event)
        case NumberRejected():
            return _decide(call, Outcome.NO_SUCH_NUMBER, event.at)
        case CallerAbandoned():
            return _decide(call, Outcome.ABANDONED, event.at)
        case QueueTimedOut():
            # app_queue reports a caller whom it lets go as an abandon first (`record_abandoned` in `app_queue.c`).
            waited = replace(call, fate=None) if call.fate is Outcome.ABANDONED else call
            return _decide(waited, Outcome.TIMED_OUT, event.at)
        case CallEnded():
            return _end(call, event)
        case CallLost():
            return replace(_decide(call, Outcome.INTERRUPTED, event.at), ended_at=event.at, ended_by=Party.SYSTEM)
        case _:
            return call


def _end(call: Call, event: CallEnded) -> Call:
    # Under load AMI tells the end of a talk and of a call more than a second late, with the late time; the
    # ledger's line was stamped when it happened.
    if call.ended_at is not None and (event.source is not Source.LEDGER or call.ended_at - event.at < LATE):
        return call
    talk_ended_at = None if call.talk_ended_at is None else min(call.talk_ended_at, event.at)
    cause = event.cause if call.hangup_cause is None else call.hangup_cause
    return replace(call, ended_at=event.at, talk_ended_at=talk_ended_at, hangup_cause=cause)


def _end_talk(call: Call, event: TalkEnded) -> Call:
    if call.talk_ended_at is not None:
        return call
    at = event.at if call.ended_at is None else min(event.at, call.ended_at)
    return replace(
        call,
        interface=call.interface or event.operator,
        answered_at=call.answered_at or at,
        talk_ended_at=at,
        ended_by=event.by,
    )


def _decide(call: Call, fate: Outcome, at: datetime) -> Call:
    return call if call.fate is not None else replace(call, fate=fate, left_at=at)
