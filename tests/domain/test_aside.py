"""What an operator does with a caller besides talking: asks a colleague, hands the caller over, holds a conference."""

import itertools
from dataclasses import replace
from typing import Self

import pytest

from callcenter.domain.commands import (
    Command,
    EndTalk,
    FinishRequest,
    Handed,
    MoveTalk,
    PlaceCall,
    PopCard,
    ShowAside,
    ShowOperator,
    ShowRinging,
    StopRinging,
    WorkTelephone,
)
from callcenter.domain.events import (
    AsideChanged,
    AsidePhase,
    CallArrived,
    CallEnded,
    CallPlaced,
    CallQueued,
    CallReturned,
    ColleagueMissed,
    ColleagueRang,
    ConsultationJoined,
    Event,
    OperatorAnswered,
    OperatorMissed,
    OperatorRang,
    PhoneChanged,
    Presence,
    TalkEnded,
    Tick,
)
from callcenter.domain.ids import Interface, OperatorId
from callcenter.domain.recording import RecordingName
from callcenter.domain.request import CallOutBody, RefusalReason, RingBody, TalkBody, TalkStep
from callcenter.domain.switchboard import Switchboard
from callcenter.domain.talk import Party, TalkKind
from tests.domain.playbook import ANNA, BORIS, CALL, QUEUE, Playbook, at, operators, taken

RECORDING = RecordingName.parse("node1-1.1_node1-1.2_5")
ASKED = RecordingName.parse("node1-1.1_node1-1.3_8")
CALLERS, ANNAS, BORISES = "PJSIP/trunk-1", "PJSIP/op-01-2", "PJSIP/op-02-3"
OFFLINE = {"wanted": Presence.OFFLINE, "phone_reachable": False}
NUMBERS = itertools.count(1)
NOTE = "просит мастера после шести"


class Watched(Playbook):
    """Keeps the commands of all steps until they are looked at."""

    def __init__(self, switchboard: Switchboard | None = None) -> None:
        super().__init__(switchboard)
        self._all: list[Command] = []

    def __rshift__(self, event: Event) -> Self:
        super().__rshift__(event)
        self._all += self._commands
        return self

    def commands(self) -> list[Command]:
        seen, self._all = self._all, []
        return seen


def body(step: TalkStep, to: str = "") -> TalkBody:
    return TalkBody(step=step, to=to, note=NOTE, recording=RECORDING)


def aside(phase: AsidePhase, whom: str = "", why: str = "") -> AsideChanged:
    return AsideChanged(at=at(7), call=CALL, operator=ANNA, phase=phase, whom=whom, why=why)


def talking(switchboard: Switchboard | None = None) -> Watched:
    """A caller talks with ANNA."""
    made = Watched(switchboard)
    made >> CallArrived(call=CALL, at=at(0), did=QUEUE, caller="89161234567", channel=CALLERS)
    made >> CallQueued(call=CALL, at=at(2), queue=QUEUE)
    made >> OperatorAnswered(call=CALL, at=at(5), operator=ANNA, recording=RECORDING, channel=ANNAS)
    return made >> Tick(at=at(6))


@pytest.fixture
def playbook() -> Watched:
    return talking()


def ask(playbook: Watched, step: TalkStep, to: str = "") -> list[object]:
    """What comes of such a request of ANNA."""
    playbook.commands()
    playbook >> taken(next(NUMBERS), at(6), body(step, to))
    return [
        each.reason if isinstance(each, FinishRequest) else each
        for each in playbook.commands()
        if isinstance(each, MoveTalk | FinishRequest)
    ]


def asked(playbook: Watched) -> Watched:
    """BORIS has answered ANNA."""
    ask(playbook, TalkStep.CONSULT, "op-02")
    playbook >> aside(AsidePhase.RINGING, "op-02") >> ColleagueRang(at=at(7), call=CALL, operator=BORIS)
    return playbook >> OperatorAnswered(
        call=CALL, at=at(8), operator=BORIS, recording=ASKED, kind=TalkKind.CONSULTATION, channel=BORISES
    )


def reasons(playbook: Watched) -> list[object]:
    return [each.reason for each in playbook.commands() if isinstance(each, FinishRequest)]


def test_a_colleague_sees_whose_call_it_is_while_it_rings_with_the_note(playbook: Watched) -> None:
    (move,) = ask(playbook, TalkStep.CONSULT, "op-02")
    assert isinstance(move, MoveTalk)
    assert (move.caller, move.leg, move.asked, move.to) == (CALLERS, ANNAS, "", "op-02")
    playbook >> ColleagueRang(at=at(7), call=CALL, operator=BORIS)
    (rings,) = [each for each in playbook.commands() if isinstance(each, ShowRinging)]
    assert (rings.operator, rings.call.caller) == (OperatorId(2), "+79161234567")
    assert rings.handed == Handed(by=OperatorId(1), note=NOTE)
    playbook >> ColleagueMissed(at=at(9), call=CALL, operator=BORIS)
    assert [each.operator for each in playbook.commands() if isinstance(each, StopRinging)] == [OperatorId(2)]


def test_an_operator_sees_how_far_it_is_and_why_it_is_over(playbook: Watched) -> None:
    asked(playbook)
    shown = [each.aside for each in playbook.commands() if isinstance(each, ShowAside)]
    assert [each.phase for each in shown if each] == [AsidePhase.RINGING, AsidePhase.ASKING]
    for _ in range(2):
        playbook >> aside(AsidePhase.OVER, why="BUSY")
    shown = [each.aside for each in playbook.commands() if isinstance(each, ShowAside)]
    assert [each.why for each in shown if each] == ["BUSY"]


def test_the_note_stays_on_the_colleagues_card(playbook: Watched) -> None:
    asked(playbook)
    cards = [each for each in playbook.commands() if isinstance(each, PopCard) and each.operator == 2]
    assert [each.handed and each.handed.note for each in cards] == [NOTE]
    playbook >> ConsultationJoined(call=CALL, at=at(9), leg="node1-1.3")
    playbook >> TalkEnded(call=CALL, at=at(10), operator=ANNA, recording=RECORDING, began_at=at(5), by=Party.TRANSFER)
    commands = playbook.commands()
    assert ShowAside(operator=OperatorId(1), aside=None) in commands
    (ended,) = [each for each in commands if isinstance(each, EndTalk)]
    assert ended.handed is None
    (card,) = [each for each in commands if isinstance(each, PopCard)]
    assert (card.talk.kind, card.handed and card.handed.by) == (TalkKind.TRANSFER, OperatorId(1))


@pytest.mark.parametrize("step", [TalkStep.COMPLETE, TalkStep.CONFERENCE])
def test_only_who_was_asked_gets_the_caller(playbook: Watched, step: TalkStep) -> None:
    assert ask(playbook, step) == [RefusalReason.NOBODY_THERE]
    (move,) = ask(asked(playbook), step)
    assert isinstance(move, MoveTalk)
    assert move.asked == BORISES


@pytest.mark.parametrize("step", [TalkStep.CONSULT, TalkStep.TRANSFER])
def test_who_is_not_there_is_not_called(playbook: Watched, step: TalkStep) -> None:
    assert ask(playbook, step, "op-99") == [RefusalReason.NOBODY_THERE]
    assert ask(playbook, step, "op-01") == [RefusalReason.NOBODY_THERE]
    playbook >> PhoneChanged(at=at(6), operator=BORIS, reachable=False)
    assert ask(playbook, step, "op-02") == [RefusalReason.NOBODY_THERE]
    (move,) = ask(playbook, step, "+79161230000")
    assert isinstance(move, MoveTalk)


def test_of_whoever_is_offline_only_asterisk_knows_whether_the_telephone_is_there() -> None:
    playbook = talking(Switchboard([QUEUE], [*operators(ANNA), replace(operators(ANNA, BORIS)[1], **OFFLINE)]))
    assert isinstance(ask(playbook, TalkStep.CONSULT, "op-02")[0], MoveTalk)
    assert ask(playbook, TalkStep.CONSULT) == [RefusalReason.NOBODY_THERE], "takes no calls"


@pytest.mark.parametrize("step", [TalkStep.CONSULT, TalkStep.TRANSFER])
def test_any_colleague_who_is_free(playbook: Watched, step: TalkStep) -> None:
    (move,) = ask(playbook, step)
    assert isinstance(move, MoveTalk)
    assert move.to == "op-02"
    playbook >> PhoneChanged(at=at(6), operator=BORIS, reachable=False)
    assert ask(playbook, TalkStep.CONSULT) == [RefusalReason.NOBODY_THERE]


def test_a_note_for_the_queue_is_for_whoever_takes_the_caller_and_not_for_its_writer(playbook: Watched) -> None:
    (move,) = ask(playbook, TalkStep.TRANSFER, "74951234567")
    assert isinstance(move, MoveTalk)
    playbook >> CallReturned(call=CALL, at=at(7), queue=QUEUE)
    for operator in (ANNA, BORIS):
        playbook >> OperatorRang(call=CALL, at=at(8), operator=operator)
    rings = [each for each in playbook.commands() if isinstance(each, ShowRinging)]
    assert [each.handed and each.handed.note for each in rings] == [None, NOTE]


def test_a_call_that_an_operator_made_is_only_hung_up(playbook: Watched) -> None:
    leg = RecordingName.parse("node1-9.1_node1-9.2_9")
    call = replace(CallPlaced(call=CALL, at=at(1), did=QUEUE, called="+79160000002"), call=leg.call)
    playbook >> call
    playbook >> OperatorAnswered(
        call=leg.call, at=at(2), operator=BORIS, recording=leg, kind=TalkKind.OUT, channel="PJSIP/t-2"
    )
    playbook.commands()
    playbook >> taken(1, at(6), TalkBody(step=TalkStep.HOLD, recording=leg))
    assert reasons(playbook) == [RefusalReason.NOT_THIS_CALL]
    playbook >> taken(2, at(6), TalkBody(step=TalkStep.HANG_UP, recording=leg))
    assert [each.leg for each in playbook.commands() if isinstance(each, MoveTalk)] == ["PJSIP/t-2"]


def test_a_talk_that_is_over_is_not_moved(playbook: Watched) -> None:
    playbook >> CallEnded(call=CALL, at=at(6))
    assert ask(playbook, TalkStep.HOLD) == [RefusalReason.NO_TALK]


def test_a_colleagues_telephone_stops_ringing_when_the_caller_hangs_up(playbook: Watched) -> None:
    ask(playbook, TalkStep.TRANSFER, "op-02")
    playbook >> ColleagueRang(at=at(7), call=CALL, operator=BORIS)
    playbook.commands()
    playbook >> CallEnded(call=CALL, at=at(8))
    assert [each.operator for each in playbook.commands() if isinstance(each, StopRinging)] == [OperatorId(2)]


def test_a_telephone_that_is_free_is_rung_and_then_calls(playbook: Watched) -> None:
    playbook.commands()
    playbook >> taken(1, at(6), CallOutBody(number="+79161230000"))
    assert reasons(playbook) == [RefusalReason.NOBODY_THERE]
    playbook >> CallEnded(call=CALL, at=at(7)) >> taken(2, at(8), CallOutBody(number="+79161230000"))
    (placed,) = [each for each in playbook.commands() if isinstance(each, PlaceCall)]
    assert (placed.interface, placed.number) == (Interface(ANNA), "+79161230000")


@pytest.mark.parametrize("answer", [True, False])
@pytest.mark.parametrize("rang", [OperatorRang, ColleagueRang])
def test_a_telephone_that_rings_does_what_its_operator_asks_on_the_page(
    rang: type[OperatorRang | ColleagueRang], answer: bool
) -> None:
    playbook = Watched()
    playbook >> CallArrived(call=CALL, at=at(0), did=QUEUE, caller="89161234567", channel=CALLERS)
    playbook >> CallQueued(call=CALL, at=at(2), queue=QUEUE) >> rang(call=CALL, at=at(3), operator=ANNA, leg=ANNAS)
    playbook.commands()
    playbook >> taken(1, at(4), RingBody(answer=answer))
    (worked,) = [each for each in playbook.commands() if isinstance(each, WorkTelephone)]
    assert (worked.channel, worked.answer) == (ANNAS, answer)
    playbook >> OperatorMissed(call=CALL, at=at(5), operator=ANNA)
    playbook.commands()
    playbook >> taken(2, at(6), RingBody(answer=answer))
    assert reasons(playbook) == [RefusalReason.NOBODY_THERE]


def test_a_crew_that_was_asked_leaves_the_operator_with_the_caller_and_the_card(playbook: Watched) -> None:
    playbook.commands()
    crew = {"operator": ANNA, "recording": ASKED, "kind": TalkKind.CONSULTATION}
    playbook >> OperatorAnswered(call=CALL, at=at(8), channel="PJSIP/trunk_city-1", **crew)
    playbook >> TalkEnded(call=CALL, at=at(9), began_at=at(8), by=Party.OPERATOR, **crew)
    assert not [each for each in playbook.commands() if isinstance(each, PopCard | EndTalk | ShowOperator)]
    playbook >> TalkEnded(call=CALL, at=at(10), operator=ANNA, recording=RECORDING, began_at=at(5), by=Party.CALLER)
    assert [type(each) for each in playbook.commands() if isinstance(each, EndTalk | ShowOperator)] == [
        ShowOperator,
        EndTalk,
    ]
