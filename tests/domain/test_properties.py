"""Whatever is dropped, repeated or reordered, every call ends once, and as what it truly was."""

from dataclasses import dataclass, replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from callcenter.domain.call import CallState, Outcome
from callcenter.domain.commands import Command, OpenOutageTickets, OpenTicket, Report, SaveTalk
from callcenter.domain.events import (
    AnnouncementBegan,
    AnnouncementEnded,
    AnnouncementsOver,
    CallArrived,
    CallEnded,
    CallerAbandoned,
    CallEvent,
    CallPlaced,
    CallQueued,
    CallReturned,
    CallWithdrawn,
    ConsultationJoined,
    Event,
    NumberRejected,
    OperatorAnswered,
    OperatorMissed,
    OperatorRang,
    QueueTimedOut,
    Source,
    TalkEnded,
)
from callcenter.domain.ids import OPERATORS, CallId, Interface
from callcenter.domain.recording import RecordingName
from callcenter.domain.switchboard import Switchboard
from callcenter.domain.talk import Party, TalkKind
from tests.domain.playbook import ANNA, BORIS, QUEUE, at, operators, tick


@dataclass(frozen=True)
class Story:
    """What truly happened to one call. `talks`: for each recording how it came about, and its seconds."""

    outcome: Outcome
    events: tuple[CallEvent, ...]
    talks: tuple[tuple[RecordingName, TalkKind, float], ...] = ()
    talk_s: float | None = None
    wait_s: float | None = None
    rewait_s: float = 0.0
    told: bool = False


@dataclass
class Teller:
    """An answered call step by step, each at a time of its own."""

    draw: st.DrawFn
    call: CallId
    at: int
    events: list[CallEvent]
    talks: list[tuple[RecordingName, TalkKind, float]]

    def begin(self, operator: Interface, kind: TalkKind) -> OperatorAnswered:
        """An operator picks up."""
        self.at += 2
        recording = RecordingName(self.call, f"{self.call}{len(self.talks)}", self.at)
        began = OperatorAnswered(call=self.call, at=at(self.at), operator=operator, recording=recording, kind=kind)
        self.events.append(began)
        self.talks.append((recording, kind, 0.0))
        return began

    def end(self, began: OperatorAnswered, by: Party, *, joined: bool = False) -> None:
        """That operator's leg ends."""
        self.at += 3
        kind = TalkKind.TRANSFER if joined else began.kind
        self.events.append(
            TalkEnded(
                call=self.call,
                at=at(self.at),
                operator=began.operator,
                recording=began.recording,
                kind=kind,
                began_at=began.at,
                by=by,
            )
        )
        place = next(n for n, talk in enumerate(self.talks) if talk[0] == began.recording)
        self.talks[place] = (began.recording, kind, (at(self.at) - began.at).total_seconds())

    def hand_on(self, began: OperatorAnswered) -> OperatorAnswered:
        """The operator gets rid of the caller in one of three ways, or the telephone vanishes; the talk that follows."""
        other = BORIS if began.operator == ANNA else ANNA
        match self.draw(st.sampled_from(["blind", "attended", "return", "vanish"])):
            case "blind":
                self.end(began, Party.TRANSFER, joined=not_queue(began))
                return self.begin(other, TalkKind.TRANSFER)
            case "attended":
                consulted = self.begin(other, TalkKind.CONSULTATION)
                leg = consulted.recording.leg
                self.at += 1
                self.events.append(ConsultationJoined(call=self.call, at=at(self.at), leg=leg))
                self.end(began, Party.TRANSFER, joined=not_queue(began))
                return consulted
            case how:
                by = Party.NETWORK if how == "vanish" else Party.TRANSFER
                self.end(began, by, joined=not_queue(began))
                self.at += 1
                self.events.append(CallReturned(call=self.call, at=at(self.at), queue=QUEUE))
                return self.begin(other, TalkKind.QUEUE)

    def story(self, operator: Interface, waited_since: int) -> Story:
        """From the first answer to the end."""
        first = talk = self.begin(operator, TalkKind.QUEUE)
        for _ in range(self.draw(st.integers(0, 3))):
            talk = self.hand_on(talk)
        self.end(
            talk,
            self.draw(st.sampled_from([Party.CALLER, Party.OPERATOR])),
            joined=not_queue(talk),
        )
        self.events.append(CallEnded(call=self.call, at=at(self.at), cause=16))
        together = sorted((event.began_at, event.at) for event in self.events if isinstance(event, TalkEnded))
        seconds, reached = 0.0, at(0)
        for begin, end in together:
            seconds += max(0.0, (end - max(begin, reached)).total_seconds())
            reached = max(reached, end)
        back = sum(2.0 for event in self.events if isinstance(event, CallReturned))
        return Story(
            Outcome.ANSWERED,
            tuple(self.events),
            tuple(self.talks),
            seconds,
            (first.at - at(waited_since)).total_seconds(),
            back,
        )


def not_queue(talk: OperatorAnswered) -> bool:
    return talk.kind is not TalkKind.QUEUE


LET_GO = timedelta(milliseconds=200)


def informed(draw: st.DrawFn, call: CallId, start: int, waiting: list[CallEvent]) -> Story:
    """A caller who heard of the outage to the end: on arrival, or when taken out of the queue for it."""
    arrived, queued = waiting
    keys = draw(st.sampled_from(["", "3", "1", "31"]))
    withdrawn = draw(st.booleans())
    events: list[CallEvent] = [arrived]
    if withdrawn:
        left = [CallerAbandoned(call=call, at=at(start + 3)), CallWithdrawn(call=call, at=at(start + 3) + LET_GO)]
        events += [queued, *left]
    for first in (start + 4, start + 8):
        began = at(first)
        events.append(AnnouncementBegan(call=call, at=began, outage=1, number=7))
        whole = first == start + 4 or draw(st.booleans())
        told = AnnouncementEnded(call=call, at=at(first + 3), outage=1, number=7, began_at=began, whole=whole)
        events.append(told)
    events.append(AnnouncementsOver(call=call, at=at(start + 12), keys=keys))
    end = CallEnded(call=call, at=at(start + 20), cause=16)
    if draw(st.booleans()):
        queued = CallQueued(call=call, at=at(start + 13), queue=QUEUE)
        waits_from = 2 if withdrawn else 13
        events += [queued, CallerAbandoned(call=call, at=at(start + 18))]
        return Story(Outcome.INFORMED, (*events, end), wait_s=18.0 - waits_from, told=not keys.endswith("1"))
    return Story(Outcome.INFORMED, (*events, end), wait_s=18.0 if withdrawn else None, told=not keys.endswith("1"))


@st.composite
def stories(draw: st.DrawFn, number: int) -> Story:
    call = CallId(f"node1-1.{number}")
    outcome = draw(st.sampled_from([o for o in Outcome if o is not Outcome.INTERRUPTED]))
    start = draw(st.integers(0, 50))
    operator = draw(st.sampled_from([ANNA, BORIS]))
    arrived = CallArrived(call=call, at=at(start), did=QUEUE, caller=f"+7900000{number:04}", channel=f"c{number}")
    waiting: list[CallEvent] = [arrived, CallQueued(call=call, at=at(start + 2), queue=OPERATORS)]
    if outcome is Outcome.INFORMED:
        return informed(draw, call, start, waiting)
    for ring in range(draw(st.integers(0, 2))):
        waiting.append(OperatorRang(call=call, at=at(start + 3 + ring), operator=operator))
        waiting.append(OperatorMissed(call=call, at=at(start + 3.5 + ring), operator=operator))
    end = CallEnded(call=call, at=at(start + 20), cause=16)
    match outcome:
        case Outcome.NOT_REACHED:
            placed = CallPlaced(call=call, at=at(start), did=QUEUE, called=f"+7900000{number:04}")
            return Story(outcome, (placed, end))
        case Outcome.ANSWERED:
            waiting.append(OperatorRang(call=call, at=at(start + 9), operator=operator))
            return Teller(draw, call, start + 8, waiting, []).story(operator, start + 2)
        case Outcome.ABANDONED:
            gone = CallerAbandoned(call=call, at=at(start + 15))
            return Story(outcome, (*waiting, gone, end), wait_s=13.0)
        case Outcome.TIMED_OUT:
            return Story(outcome, (*waiting, QueueTimedOut(call=call, at=at(start + 15)), end), wait_s=13.0)
        case Outcome.NO_SUCH_NUMBER:
            return Story(outcome, (arrived, NumberRejected(call=call, at=at(start + 1)), end))
        case _:
            return Story(outcome, (arrived, end))


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Story], list[Event], list[Event]]:
    """Stories; what the live view heard of them (with gaps, repeats, in disorder); what the ledger says."""
    drawn = [draw(stories(number)) for number in range(draw(st.integers(1, 5)))]
    everything = sorted((event for story in drawn for event in story.events), key=lambda event: event.at)
    heard = [event for event in everything for _ in range(draw(st.sampled_from([0, 1, 1, 1, 2])))]
    if draw(st.booleans()):
        heard = draw(st.permutations(heard))
    live_only = (OperatorRang, ConsultationJoined)
    withdrawn = {(event.call, event.at) for event in everything if isinstance(event, CallWithdrawn)}
    ledger = [
        replace(event, source=Source.LEDGER)
        for event in everything
        # Of a withdrawal app_queue reports an abandon to AMI, and none to the ledger.
        if not isinstance(event, live_only)
        and not (isinstance(event, CallerAbandoned) and (event.call, event.at + LET_GO) in withdrawn)
    ]
    return drawn, heard, ledger


def run(switchboard: Switchboard, events: list[Event]) -> list[Command]:
    return [command for event in events for command in switchboard.step(event)]


@given(worlds())
def test_live_view_with_gaps_and_then_the_ledger_give_the_truth(
    world: tuple[list[Story], list[Event], list[Event]],
) -> None:
    drawn, heard, ledger = world
    switchboard = Switchboard([QUEUE], operators(ANNA, BORIS))
    commands = run(switchboard, heard) + run(switchboard, ledger)
    for story in drawn:
        call = switchboard.calls[story.events[0].call]
        assert (call.state, call.outcome) == (CallState.ENDED, story.outcome)
        answered = story.outcome is Outcome.ANSWERED
        assert sum(isinstance(o, OpenTicket) and o.call.id == call.id for o in commands) == answered
        saved = {o.talk.recording: o.talk for o in commands if isinstance(o, SaveTalk) and o.call == call.id}
        assert tuple(saved[talk.recording] for talk in call.talks) == call.talks
        lengths = [(t.recording, t.kind, (t.ended_at - t.began_at).total_seconds()) for t in call.talks if t.ended_at]
        assert tuple(lengths) == story.talks
        assert (call.talk_s, call.wait_s, call.rewait_s) == (story.talk_s, story.wait_s, story.rewait_s)
        assert (OpenOutageTickets(call=call.id) in commands) == story.told


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
    drawn, heard, ledger = world
    switchboard = Switchboard([QUEUE], operators(ANNA, BORIS))
    run(switchboard, heard)
    run(switchboard, ledger)
    switchboard.step(tick(60))
    switchboard.step(CallQueued(call=CallId("node1-2.1"), at=at(61), queue=QUEUE))
    [board] = switchboard.step(tick(62))
    assert [(line.waiting, line.talking) for line in board.queues] == [(1, 0)]
    assert drawn


@given(stories(0))
def test_in_order_nothing_is_reported(story: Story) -> None:
    switchboard = Switchboard([QUEUE], operators(ANNA, BORIS))
    assert not [command for command in run(switchboard, list(story.events)) if isinstance(command, Report)]
