"""Whatever is dropped, repeated or reordered, every call ends once, and as what it truly was."""

from dataclasses import dataclass, replace

from hypothesis import given
from hypothesis import strategies as st

from callcenter.domain.call import CallState, Outcome
from callcenter.domain.commands import Command, ExpectRecording, OpenTicket, Report
from callcenter.domain.events import (
    CallArrived,
    CallEnded,
    CallerAbandoned,
    CallEvent,
    CallQueued,
    Event,
    NumberRejected,
    OperatorAnswered,
    OperatorMissed,
    OperatorRang,
    Party,
    QueueTimedOut,
    RecordingNamed,
    Source,
    TalkEnded,
    Tick,
)
from callcenter.domain.ids import CallId, RecordingName
from callcenter.domain.switchboard import Switchboard
from tests.domain.playbook import ANNA, BORIS, QUEUE, at, operators


@dataclass(frozen=True)
class Story:
    """What truly happened to one call."""

    outcome: Outcome
    events: tuple[CallEvent, ...]


@st.composite
def stories(draw: st.DrawFn, number: int) -> Story:
    call = CallId(f"node1-1.{number}")
    outcome = draw(st.sampled_from([o for o in Outcome if o is not Outcome.INTERRUPTED]))
    start = draw(st.integers(0, 50))
    operator = draw(st.sampled_from([ANNA, BORIS]))
    arrived = CallArrived(call=call, at=at(start), did=QUEUE, caller=f"+7900000{number:04}", channel=f"c{number}")
    waiting: list[CallEvent] = [
        arrived,
        RecordingNamed(call=call, at=at(start + 2), recording=RecordingName(f"{call}_{call}_{start}")),
        CallQueued(call=call, at=at(start + 2), queue=QUEUE),
    ]
    for ring in range(draw(st.integers(0, 2))):
        waiting.append(OperatorRang(call=call, at=at(start + 3 + ring), operator=operator))
        waiting.append(OperatorMissed(call=call, at=at(start + 3.5 + ring), operator=operator))
    end = CallEnded(call=call, at=at(start + 20), cause=16)
    match outcome:
        case Outcome.ANSWERED:
            talk: list[CallEvent] = [
                OperatorRang(call=call, at=at(start + 9), operator=operator),
                OperatorAnswered(call=call, at=at(start + 10), operator=operator),
                TalkEnded(call=call, at=at(start + 19), operator=operator, by=draw(st.sampled_from(Party))),
            ]
            return Story(outcome, (*waiting, *talk, end))
        case Outcome.ABANDONED:
            return Story(outcome, (*waiting, CallerAbandoned(call=call, at=at(start + 15)), end))
        case Outcome.TIMED_OUT:
            return Story(outcome, (*waiting, QueueTimedOut(call=call, at=at(start + 15)), end))
        case Outcome.NO_SUCH_NUMBER:
            return Story(outcome, (arrived, NumberRejected(call=call, at=at(start + 1)), end))
        case _:
            return Story(outcome, (arrived, end))


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Story], list[Event], list[Event]]:
    """Stories; what the live view heard of them (with gaps, repeats, in disorder); what the ledger says."""
    told = [draw(stories(number)) for number in range(draw(st.integers(1, 5)))]
    everything = sorted((event for story in told for event in story.events), key=lambda event: event.at)
    heard = [event for event in everything for _ in range(draw(st.sampled_from([0, 1, 1, 1, 2])))]
    if draw(st.booleans()):
        heard = draw(st.permutations(heard))
    ledger = [replace(event, source=Source.LEDGER) for event in everything if not isinstance(event, OperatorRang)]
    return told, heard, ledger


def run(switchboard: Switchboard, events: list[Event]) -> list[Command]:
    return [order for event in events for order in switchboard.step(event)]


@given(worlds())
def test_live_view_with_gaps_and_then_the_ledger_give_the_truth(
    world: tuple[list[Story], list[Event], list[Event]],
) -> None:
    told, heard, ledger = world
    switchboard = Switchboard([QUEUE], operators(ANNA, BORIS))
    orders = run(switchboard, heard) + run(switchboard, ledger)
    for story in told:
        call = switchboard.calls[story.events[0].call]
        assert (call.state, call.outcome) == (CallState.ENDED, story.outcome)
        answered = story.outcome is Outcome.ANSWERED
        assert sum(isinstance(o, OpenTicket) and o.call.id == call.id for o in orders) == answered
        assert sum(isinstance(o, ExpectRecording) and o.call == call.id for o in orders) == answered
        assert call.talk_s == (9.0 if answered else None)
        waited = {Outcome.ANSWERED: 8.0, Outcome.ABANDONED: 13.0, Outcome.TIMED_OUT: 13.0}
        assert call.wait_s == waited.get(story.outcome)


@given(worlds())
def test_the_ledger_twice_is_the_ledger_once(world: tuple[list[Story], list[Event], list[Event]]) -> None:
    _, heard, ledger = world
    switchboard = Switchboard([QUEUE], operators(ANNA, BORIS))
    run(switchboard, heard)
    run(switchboard, ledger)
    calls = dict(switchboard.calls)
    assert run(switchboard, ledger) == []
    assert switchboard.calls == calls


@given(worlds())
def test_a_switchboard_in_any_disorder_leaves_nobody_on_the_board(
    world: tuple[list[Story], list[Event], list[Event]],
) -> None:
    told, heard, ledger = world
    switchboard = Switchboard([QUEUE], operators(ANNA, BORIS))
    run(switchboard, heard)
    run(switchboard, ledger)
    switchboard.step(Tick(at=at(60)))
    switchboard.step(CallQueued(call=CallId("node1-2.1"), at=at(61), queue=QUEUE))
    [board] = switchboard.step(Tick(at=at(62)))
    assert [(line.waiting, line.talking) for line in board.queues] == [(1, 0)]
    assert told


@given(stories(0))
def test_in_order_nothing_is_reported(story: Story) -> None:
    switchboard = Switchboard([QUEUE], operators(ANNA, BORIS))
    assert not [order for order in run(switchboard, list(story.events)) if isinstance(order, Report)]
