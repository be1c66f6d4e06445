from dataclasses import replace
from datetime import datetime

import pytest

from callcenter.domain.call import Call, CallState, Direction, Outcome
from callcenter.domain.card import Card
from callcenter.domain.commands import (
    EndSilentLeg,
    EndTalk,
    FinishRequest,
    JudgeCallOut,
    KeepPresence,
    NameCaller,
    OpenTicket,
    PopCard,
    PrepareCard,
    QueueLine,
    RecordGap,
    Report,
    SaveCall,
    SaveCheckpoint,
    SaveTalk,
    SetMember,
    ShowOperator,
    ShowQueues,
    ShowRinging,
    StopRinging,
)
from callcenter.domain.events import (
    CallArrived,
    CallEnded,
    CallerAbandoned,
    CallOutAsked,
    CallPlaced,
    CallQueued,
    CallReturned,
    CardPrepared,
    ChannelsSeen,
    LedgerRead,
    LinkLost,
    LinkRestored,
    NodeRestarted,
    NumberRejected,
    OperatorAnswered,
    OperatorMissed,
    OperatorRang,
    PhoneChanged,
    Presence,
    PresenceReason,
    QueueStartedEmpty,
    QueueTimedOut,
    Source,
    TalkEnded,
    TelephoneDisconnected,
    Tick,
)
from callcenter.domain.ids import OPERATORS, CallId, CompanyId, Interface, OperatorId, QueueName, RequestId
from callcenter.domain.recording import RecordingName
from callcenter.domain.request import PresenceBody, RequestState
from callcenter.domain.switchboard import Switchboard
from callcenter.domain.talk import Party, Talk, TalkKind
from tests.domain.playbook import ANNA, BORIS, CALL, QUEUE, Playbook, at, operators, presence_asked, taken

DONE = RequestState.DONE
ARRIVED = CallArrived(call=CALL, at=at(0), did=QUEUE, caller="89161234567", channel="PJSIP/trunk-1")
RECORDING = RecordingName.parse("node1-1.1_node1-1.2_5")
QUEUED = CallQueued(call=CALL, at=at(2), queue=QUEUE)
RANG = OperatorRang(call=CALL, at=at(3), operator=ANNA)
ANSWERED = OperatorAnswered(call=CALL, at=at(5), operator=ANNA, recording=RECORDING, channel="PJSIP/op-01-2")
TALKED = TalkEnded(call=CALL, at=at(9.5), operator=ANNA, recording=RECORDING, began_at=at(5), by=Party.OPERATOR)
TALK = Talk(recording=RECORDING, kind=TalkKind.QUEUE, operator=ANNA, began_at=at(5), channel="PJSIP/op-01-2")
ENDED = CallEnded(call=CALL, at=at(9.6), cause=16)
CARD = Card(
    caller="+79161234567", did=QUEUE, company_id=CompanyId(1), company="УК", resident_id=7, resident="Анна", flat="12"
)


@pytest.fixture
def playbook() -> Playbook:
    return Playbook()


def the_call(playbook: Playbook) -> Call:
    return playbook.switchboard.calls[CALL]


def test_an_answered_call_from_the_first_ring_to_the_last_word(playbook: Playbook) -> None:
    playbook >> ARRIVED << [SaveCall, PrepareCard(call=CALL, did=QUEUE, caller="+79161234567")]
    (
        playbook
        >> CardPrepared(call=CALL, at=at(0.1), source=Source.DESK, card=CARD)
        << [
            SaveCall,
            NameCaller(channel="PJSIP/trunk-1", name="Анна"),
        ]
    )
    playbook >> QUEUED << [SaveCall]
    playbook >> RANG << [SaveCall, ShowOperator, ShowRinging]
    (
        playbook
        >> ANSWERED
        << [
            SaveCall,
            OpenTicket,
            SaveTalk(call=CALL, talk=TALK),
            StopRinging(operator=OperatorId(1), call=CALL),
            ShowOperator(operator=OperatorId(1), state="talking", phone_reachable=True, since=at(5)),
            PopCard,
        ]
    )
    (
        playbook
        >> TALKED
        << [
            SaveCall,
            SaveTalk(call=CALL, talk=replace(TALK, ended_at=at(9.5), by=Party.OPERATOR)),
            ShowOperator(operator=OperatorId(1), state="available", phone_reachable=True, since=at(9.5)),
            EndTalk,
        ]
    )
    playbook >> ENDED << [SaveCall]
    call = the_call(playbook)
    assert (call.state, call.outcome, call.wait_s, call.talk_s) == (CallState.ENDED, Outcome.ANSWERED, 3.0, 4.5)
    assert not call.rebuilt


def test_the_card_goes_to_the_operator_who_picked_up_and_to_nobody_else(playbook: Playbook) -> None:
    for event in (ARRIVED, QUEUED, RANG):
        playbook >> event
    playbook >> OperatorMissed(call=CALL, at=at(18), operator=ANNA) << [SaveCall, StopRinging, ShowOperator]
    playbook >> OperatorRang(call=CALL, at=at(19), operator=BORIS) << [SaveCall, ShowOperator, ShowRinging]
    playbook >> replace(ANSWERED, at=at(21), operator=BORIS)
    pops = [command.operator for command in playbook._commands if isinstance(command, PopCard)]
    assert pops == [2]


def test_a_card_that_comes_after_the_answer_pops_again_and_names_the_ticket(playbook: Playbook) -> None:
    for event in (ARRIVED, QUEUED, ANSWERED):
        playbook >> event
    playbook >> CardPrepared(call=CALL, at=at(6), source=Source.DESK, card=CARD) << [SaveCall, OpenTicket, PopCard]


@pytest.mark.parametrize(
    ("events", "outcome"),
    [
        ([ARRIVED, ENDED], Outcome.HUNG_UP_EARLY),
        ([ARRIVED, NumberRejected(call=CALL, at=at(1)), ENDED], Outcome.NO_SUCH_NUMBER),
        ([ARRIVED, QUEUED, ENDED], Outcome.ABANDONED),
        ([ARRIVED, QUEUED, CallerAbandoned(call=CALL, at=at(4)), ENDED], Outcome.ABANDONED),
        ([ARRIVED, QUEUED, RANG, CallerAbandoned(call=CALL, at=at(4)), ENDED], Outcome.ABANDONED),
        ([ARRIVED, CallerAbandoned(call=CALL, at=at(4), since=at(1)), ENDED], Outcome.ABANDONED),
        ([ARRIVED, ENDED, CallerAbandoned(call=CALL, at=at(4), since=at(1))], Outcome.ABANDONED),
        ([ARRIVED, QUEUED, QueueTimedOut(call=CALL, at=at(4)), ENDED], Outcome.TIMED_OUT),
        (
            [ARRIVED, QUEUED, CallerAbandoned(call=CALL, at=at(4)), QueueTimedOut(call=CALL, at=at(4)), ENDED],
            Outcome.TIMED_OUT,
        ),
        ([ARRIVED, QUEUED, ANSWERED, ENDED], Outcome.ANSWERED),
        ([ARRIVED, QUEUED, NodeRestarted(at=at(5))], Outcome.INTERRUPTED),
        ([ARRIVED, QUEUED, ANSWERED, NodeRestarted(at=at(7))], Outcome.ANSWERED),
    ],
)
def test_every_stage_a_call_can_end_at_has_its_own_outcome(playbook: Playbook, events: list, outcome: Outcome) -> None:
    for event in events:
        playbook >> event
    assert the_call(playbook).outcome is outcome
    assert the_call(playbook).state is CallState.ENDED


def test_whoever_goes_while_the_place_is_told_has_waited_since_then(playbook: Playbook) -> None:
    for event in (ARRIVED, CallerAbandoned(call=CALL, at=at(4), since=at(1)), ENDED):
        playbook >> event
    assert the_call(playbook).wait_s == 3
    assert the_call(playbook).queue == OPERATORS


def test_a_caller_who_leaves_while_it_rings_stops_the_ringing(playbook: Playbook) -> None:
    for event in (ARRIVED, QUEUED, RANG):
        playbook >> event
    (
        playbook
        >> CallerAbandoned(call=CALL, at=at(4))
        << [
            SaveCall,
            StopRinging(operator=OperatorId(1), call=CALL),
            ShowOperator(operator=OperatorId(1), state="available", phone_reachable=True, since=at(4)),
        ]
    )


def test_an_impossible_live_event_is_reported_and_changes_nothing(playbook: Playbook) -> None:
    for event in (ARRIVED, QUEUED, ANSWERED):
        playbook >> event
    before = the_call(playbook)
    playbook >> RANG << [Report(problem="not applicable", event="OperatorRang in state talking", call=CALL)]
    playbook >> ANSWERED << [Report]
    assert the_call(playbook) == before


def test_the_ledger_repeating_the_live_view_is_silent(playbook: Playbook) -> None:
    events = (ARRIVED, QUEUED, RANG, ANSWERED, TALKED, ENDED)
    for event in events:
        playbook >> event
    before = the_call(playbook)
    for event in (ARRIVED, QUEUED, ANSWERED, TALKED, ENDED):
        playbook >> replace(event, source=Source.LEDGER) << []
    assert the_call(playbook) == before


def test_the_ledger_corrects_a_call_whose_answer_the_live_view_missed(playbook: Playbook) -> None:
    playbook >> ARRIVED
    playbook >> ENDED
    assert the_call(playbook).outcome is Outcome.HUNG_UP_EARLY
    for event in (QUEUED, ANSWERED, TALKED):
        playbook >> replace(event, source=Source.LEDGER)
    call = the_call(playbook)
    assert (call.outcome, call.talk_s, call.rebuilt) == (Outcome.ANSWERED, 4.5, True)


def test_the_ledger_corrects_an_end_that_the_live_view_reported_late(playbook: Playbook) -> None:
    for event in (ARRIVED, QUEUED, ANSWERED, replace(ENDED, at=at(11.4))):
        playbook >> event
    playbook >> replace(ENDED, at=at(10.1), source=Source.LEDGER) << [SaveCall]
    call = the_call(playbook)
    assert (call.talk_s, call.ended_at, call.rebuilt) == (pytest.approx(5.1), at(10.1), True)
    playbook >> replace(ENDED, at=at(10.1), source=Source.LEDGER) << []


def test_a_call_known_only_to_the_ledger_gets_its_ticket_and_its_recording_but_no_late_pop(playbook: Playbook) -> None:
    kinds = []
    for event in (ARRIVED, QUEUED, ANSWERED, TALKED, ENDED):
        playbook >> replace(event, source=Source.LEDGER)
        kinds += [type(command) for command in playbook._commands]
    assert kinds.count(OpenTicket) == 1
    assert kinds.count(SaveTalk) == 2, "begun, and ended"
    assert the_call(playbook).outcome is Outcome.ANSWERED


def test_the_end_of_an_operators_own_leg_is_no_call(playbook: Playbook) -> None:
    playbook >> CallEnded(call=CallId("node1-9.9"), at=at(1)) << []
    assert playbook.switchboard.calls == {}


def test_an_operator_who_lets_three_calls_ring_out_is_paused(playbook: Playbook) -> None:
    for number in range(3):
        call = CallId(f"node1-1.{number}")
        playbook >> CallQueued(call=call, at=at(number), queue=QUEUE)
        playbook >> OperatorRang(call=call, at=at(number), operator=ANNA)
        playbook >> OperatorMissed(call=call, at=at(number + 0.5), operator=ANNA)
    assert [
        SetMember(interface=ANNA, presence=Presence.PAUSED),
        KeepPresence(operator=OperatorId(1), wanted=Presence.PAUSED, at=at(2.5), reason=PresenceReason.UNANSWERED),
        ShowOperator(
            operator=OperatorId(1),
            state="paused",
            phone_reachable=True,
            since=at(2.5),
            reason=PresenceReason.UNANSWERED,
        ),
    ] == playbook._commands[-3:]


def test_one_ring_that_is_missed_counts_once_though_told_twice(playbook: Playbook) -> None:
    playbook >> CallQueued(call=CALL, at=at(0), queue=QUEUE)
    for second in range(3):
        assert not [command for command in playbook._commands if isinstance(command, KeepPresence)]
        playbook >> OperatorRang(call=CALL, at=at(second), operator=ANNA)
        playbook >> OperatorMissed(call=CALL, at=at(second + 0.2), operator=ANNA)
        if second < 2:
            playbook >> OperatorMissed(call=CALL, at=at(second + 0.2), operator=ANNA)
    assert [command.at for command in playbook._commands if isinstance(command, KeepPresence)] == [at(2.2)]


def test_an_unknown_operator_costs_the_caller_nothing(playbook: Playbook) -> None:
    stranger = Interface("PJSIP/stranger")
    for event in (ARRIVED, QUEUED):
        playbook >> event
    playbook >> replace(ANSWERED, operator=stranger) << [SaveCall, OpenTicket, SaveTalk, Report]
    assert the_call(playbook).interface == stranger


def test_presence_asked_during_a_talk_holds_after_it(playbook: Playbook) -> None:
    for event in (ARRIVED, QUEUED, ANSWERED):
        playbook >> event
    asked = presence_asked(1, at(6), Presence.PAUSED)
    (
        playbook
        >> asked
        << [
            SetMember(interface=ANNA, presence=Presence.PAUSED, request=RequestId(1)),
            KeepPresence(operator=OperatorId(1), wanted=Presence.PAUSED, at=at(6)),
            ShowOperator(
                operator=OperatorId(1),
                state="talking",
                phone_reachable=True,
                since=at(5),
                afterwards=Presence.PAUSED,
            ),
        ]
    )
    playbook >> asked << []
    playbook >> presence_asked(2, at(7), Presence.PAUSED) << [FinishRequest(request=RequestId(2), state=DONE)]
    playbook >> TALKED
    assert (
        ShowOperator(operator=OperatorId(1), state="paused", phone_reachable=True, since=at(9.5)) in playbook._commands
    )


GONE = PresenceBody(wanted=Presence.PAUSED, reason=PresenceReason.PAGE_GONE)


def test_an_operator_whose_page_is_gone_is_paused_and_the_reason_is_shown(playbook: Playbook) -> None:
    reason = PresenceReason.PAGE_GONE
    (
        playbook
        >> taken(1, at(6), GONE)
        << [
            SetMember(interface=ANNA, presence=Presence.PAUSED, request=RequestId(1)),
            KeepPresence(operator=OperatorId(1), wanted=Presence.PAUSED, at=at(6), reason=reason),
            ShowOperator(operator=OperatorId(1), state="paused", phone_reachable=True, since=at(6), reason=reason),
        ]
    )
    playbook >> presence_asked(2, at(7), Presence.AVAILABLE)
    assert (
        ShowOperator(operator=OperatorId(1), state="available", phone_reachable=True, since=at(7)) in playbook._commands
    )


@pytest.mark.parametrize("wanted", [Presence.OFFLINE, Presence.PAUSED])
def test_an_operator_who_takes_no_calls_stays_so_when_the_page_is_gone(playbook: Playbook, wanted: Presence) -> None:
    playbook >> presence_asked(1, at(6), wanted)
    playbook >> taken(2, at(7), GONE) << [FinishRequest(request=RequestId(2), state=DONE)]


def test_in_a_talk_no_reason_is_shown_and_after_it_it_is(playbook: Playbook) -> None:
    for event in (ARRIVED, QUEUED, ANSWERED):
        playbook >> event
    playbook >> taken(1, at(6), GONE)
    assert [c.reason for c in playbook._commands if isinstance(c, ShowOperator)] == [None]
    playbook >> TALKED
    assert [c.reason for c in playbook._commands if isinstance(c, ShowOperator)] == [PresenceReason.PAGE_GONE]


def test_a_phone_that_goes_away_is_shown(playbook: Playbook) -> None:
    (
        playbook
        >> PhoneChanged(at=at(1), operator=ANNA, reachable=False)
        << [ShowOperator(operator=OperatorId(1), state="available", phone_reachable=False, since=at(0))]
    )
    playbook >> PhoneChanged(at=at(1), operator=ANNA, reachable=False) << []


def test_an_empty_queue_has_its_members_before_the_past_is_known(playbook: Playbook) -> None:
    again = [SetMember(interface=each, presence=Presence.AVAILABLE) for each in (ANNA, BORIS)]
    playbook >> QueueStartedEmpty(at=at(5)) << [again[0], ShowOperator, again[1], ShowOperator]


def test_after_a_gap_members_are_set_again_and_the_gap_is_kept(playbook: Playbook) -> None:
    playbook >> LinkLost(at=at(10)) << []
    playbook >> LinkLost(at=at(12)) << []
    (
        playbook
        >> LinkRestored(at=at(20))
        << [
            SetMember(interface=ANNA, presence=Presence.AVAILABLE),
            ShowOperator,
            SetMember(interface=BORIS, presence=Presence.AVAILABLE),
            ShowOperator,
            RecordGap(began_at=at(10), ended_at=at(20)),
        ]
    )


def test_a_call_that_asterisk_no_longer_lists_ends_after_a_grace(playbook: Playbook) -> None:
    playbook >> ARRIVED
    playbook >> QUEUED
    playbook >> ChannelsSeen(at=at(100), calls=frozenset()) << []
    playbook >> ChannelsSeen(at=at(129), calls=frozenset()) << []
    playbook >> ChannelsSeen(at=at(130), calls=frozenset()) << [SaveCall]
    assert the_call(playbook).outcome is Outcome.ABANDONED
    assert the_call(playbook).rebuilt


def test_a_call_listed_again_is_not_ended(playbook: Playbook) -> None:
    playbook >> ARRIVED
    playbook >> ChannelsSeen(at=at(100), calls=frozenset()) << []
    playbook >> ChannelsSeen(at=at(120), calls=frozenset({CALL})) << []
    playbook >> ChannelsSeen(at=at(140), calls=frozenset()) << []
    assert the_call(playbook).state is CallState.ARRIVED


def shown(*, waiting: int, talking: int, oldest: datetime | None, all_waiting: int | None = None) -> ShowQueues:
    line = QueueLine(queue=QUEUE, waiting=waiting, talking=talking, oldest=oldest)
    return ShowQueues(queues=(line,), waiting=waiting if all_waiting is None else all_waiting)


def test_the_board_is_drawn_when_it_changed_and_only_then(playbook: Playbook) -> None:
    playbook >> Tick(at=at(0)) << [shown(waiting=0, talking=0, oldest=None)]
    playbook >> Tick(at=at(0.25)) << []
    playbook >> ARRIVED
    playbook >> QUEUED
    playbook >> Tick(at=at(3)) << [shown(waiting=1, talking=0, oldest=at(2))]
    playbook >> ANSWERED
    playbook >> Tick(at=at(6)) << [shown(waiting=0, talking=1, oldest=None)]
    playbook >> ENDED
    playbook >> Tick(at=at(10)) << [shown(waiting=0, talking=0, oldest=None)]


def test_only_the_queues_that_changed_are_drawn() -> None:
    others = [QueueName(f"7495300{number:04}") for number in range(200)]
    playbook = Playbook(Switchboard([QUEUE, *others], operators(ANNA)))
    for number, other in enumerate(others):
        playbook >> CallQueued(call=CallId(f"node1-2.{number}"), at=at(1), queue=other)
    playbook >> Tick(at=at(1.5))
    playbook >> ARRIVED
    playbook >> QUEUED
    playbook >> Tick(at=at(3)) << [shown(waiting=1, talking=0, oldest=at(2), all_waiting=201)]


def test_a_caller_of_the_operators_queue_waits_among_those_of_the_number_dialled(playbook: Playbook) -> None:
    playbook >> ARRIVED
    playbook >> replace(QUEUED, queue=OPERATORS) << [SaveCall]
    playbook >> Tick(at=at(3)) << [shown(waiting=1, talking=0, oldest=at(2))]
    playbook >> ANSWERED
    playbook >> TALKED
    other = QueueName("74957654321")
    playbook >> CallReturned(call=CALL, at=at(9), queue=other)
    playbook >> replace(QUEUED, queue=OPERATORS, at=at(9))
    assert the_call(playbook).line == other


def test_a_number_that_is_learned_after_the_wait_began_is_shown(playbook: Playbook) -> None:
    playbook >> replace(QUEUED, queue=OPERATORS)
    assert the_call(playbook).line is None
    playbook >> Tick(at=at(2.5)) << [shown(waiting=0, talking=0, oldest=None)]
    playbook >> replace(ARRIVED, source=Source.LEDGER)
    playbook >> Tick(at=at(3)) << [shown(waiting=1, talking=0, oldest=at(2))]


def test_ended_calls_are_forgotten_in_time(playbook: Playbook) -> None:
    for event in (ARRIVED, QUEUED, ENDED):
        playbook >> event
    playbook >> Tick(at=at(9.6 + 15 * 60))
    assert CALL in playbook.switchboard.calls
    playbook >> Tick(at=at(9.7 + 15 * 60))
    assert CALL not in playbook.switchboard.calls


def test_a_restarted_service_knows_who_is_talking() -> None:
    call = Call(id=CALL, state=CallState.TALKING, queue=QUEUE, arrived_at=at(0), talks=(TALK,))
    playbook = Playbook(Switchboard([QUEUE], operators(ANNA), [call]))
    playbook >> TALKED << [SaveCall, SaveTalk, ShowOperator, EndTalk]


def test_the_checkpoint_follows_what_the_ledger_said(playbook: Playbook) -> None:
    playbook >> LedgerRead(at=at(1), inode=5, offset=99) << [SaveCheckpoint(inode=5, offset=99)]


PLACED = CallPlaced(call=CALL, at=at(0), did=QUEUE, called="89161234567")
OUT = replace(ANSWERED, kind=TalkKind.OUT, channel="PJSIP/trunk_alpha-3")


def test_a_call_that_an_operator_makes_has_a_card_a_ticket_and_a_talk(playbook: Playbook) -> None:
    playbook >> PLACED << [SaveCall, PrepareCard(call=CALL, did=QUEUE, caller="+79161234567")]
    playbook >> CardPrepared(call=CALL, at=at(0.1), source=Source.DESK, card=CARD) << [SaveCall]
    playbook >> OUT << [SaveCall, OpenTicket, SaveTalk, ShowOperator, PopCard]
    playbook >> replace(TALKED, kind=TalkKind.OUT) << [SaveCall, SaveTalk, ShowOperator, EndTalk]
    playbook >> ENDED << [SaveCall]
    call = the_call(playbook)
    assert (call.direction, call.outcome, call.talk_s) == (Direction.OUT, Outcome.ANSWERED, 4.5)


def test_nobody_answering_a_call_out_is_not_reached_and_stands_in_no_queue(playbook: Playbook) -> None:
    for event in (PLACED, ENDED):
        playbook >> event
    assert the_call(playbook).outcome is Outcome.NOT_REACHED
    playbook >> Tick(at=at(20))
    shown = [line for command in playbook._commands if isinstance(command, ShowQueues) for line in command.queues]
    assert all(line.waiting == line.talking == 0 for line in shown)


def test_a_number_dialled_is_judged_with_the_company_of_the_caller_on_the_line(playbook: Playbook) -> None:
    asked = CallOutAsked(at=at(6), operator=ANNA, number="+79160000002", channel="PJSIP/op-01-5", about=None)
    judged = JudgeCallOut(operator=ANNA, number="+79160000002", channel="PJSIP/op-01-5", did="")
    playbook >> asked << [judged]
    for event in (ARRIVED, QUEUED, ANSWERED):
        playbook >> event
    playbook >> replace(asked, about=CALL) << [replace(judged, did=QUEUE)]
    playbook >> replace(asked, about=CallId("node1-9.9")) << [judged]


def test_a_connection_that_breaks_in_a_talk_has_the_leg_looked_at(playbook: Playbook) -> None:
    broken = TelephoneDisconnected(at=at(6), operator=ANNA)
    playbook >> broken << []
    playbook >> ARRIVED >> QUEUED >> RANG
    playbook >> broken << []
    playbook >> ANSWERED
    playbook >> TelephoneDisconnected(at=at(6), operator=BORIS) << []
    playbook >> broken << [EndSilentLeg(channel="PJSIP/op-01-2")]
    assert playbook.switchboard.legs() == [(ANNA, "PJSIP/op-01-2")]
    playbook >> TALKED
    playbook >> broken << []
