"""What is asked of a node: answered exactly once, and never carried out when it is of no use any more."""

from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.domain import open_requests
from callcenter.domain.commands import FinishRequest, KeepPresence, PauseRecording, SavePause, SetMember, ShowOperator
from callcenter.domain.events import (
    CallArrived,
    CallQueued,
    Event,
    LinkLost,
    LinkRestored,
    OperatorAnswered,
    Presence,
    PresenceReason,
    TalkEnded,
    Tick,
)
from callcenter.domain.ids import OperatorId, RequestId
from callcenter.domain.recording import RecordingName
from callcenter.domain.request import (
    TERMS,
    TRANSITIONS,
    Body,
    CallOutBody,
    PauseBody,
    PresenceBody,
    RefusalReason,
    RequestCarriedOut,
    RequestFailed,
    RequestKind,
    RequestOverdue,
    RequestState,
    RingBody,
    TalkBody,
    TalkStep,
    WrapUpBody,
    kind_of,
    origins,
    read_body,
    write_body,
)
from callcenter.domain.talk import Party
from tests.domain.playbook import ANNA, CALL, QUEUE, Playbook, at, presence_asked, taken

FIRST = RequestId(1)
CHANNEL = "PJSIP/op-01-2"
RECORDING = RecordingName.parse("node1-1.1_node1-1.2_5")
PAUSE = PauseBody(paused=True, recording=RECORDING)
MEMBER = SetMember(interface=ANNA, presence=Presence.PAUSED, request=FIRST)
OF_USE = TERMS[RequestKind.PAUSE].of_use
AWAY = RequestFailed(at=at(21), request=FIRST, reason=RefusalReason.ASTERISK_AWAY)


def finished(state: RequestState, reason: RefusalReason | None = None) -> FinishRequest:
    return FinishRequest(request=FIRST, state=state, reason=reason)


def talking() -> Playbook:
    """Somebody talks with ANNA and the board has been drawn."""
    playbook = Playbook()
    playbook >> CallArrived(call=CALL, at=at(0), did=QUEUE, caller="89161234567", channel="PJSIP/trunk-1")
    playbook >> CallQueued(call=CALL, at=at(2), queue=QUEUE)
    playbook >> OperatorAnswered(call=CALL, at=at(5), operator=ANNA, recording=RECORDING, channel=CHANNEL)
    return playbook >> Tick(at=at(6))


@pytest.fixture
def playbook() -> Playbook:
    return talking()


def hung_up(playbook: Playbook) -> None:
    playbook >> TalkEnded(call=CALL, at=at(9), operator=ANNA, recording=RECORDING, began_at=at(5), by=Party.OPERATOR)


def test_a_request_ends_once_and_every_state_is_reached() -> None:
    finals = {state for state, row in TRANSITIONS.items() if not row}
    assert finals == {RequestState.DONE, RequestState.REFUSED, RequestState.EXPIRED}
    assert TRANSITIONS.keys() == set(RequestState)
    assert [state for state in RequestState if not origins(state)] == [RequestState.ASKED]
    assert origins(RequestState.EXPIRED) == [RequestState.ASKED, RequestState.TAKEN]
    assert origins(RequestState.DONE) == [RequestState.TAKEN]


def test_each_kind_has_terms_and_its_body_comes_back_as_it_went() -> None:
    assert TERMS.keys() == set(RequestKind)
    bodies = [
        PresenceBody(wanted=Presence.OFFLINE),
        PresenceBody(wanted=Presence.PAUSED, reason=PresenceReason.PAGE_GONE),
        PAUSE,
        PauseBody(paused=False),
        PresenceBody(wanted=Presence.PAUSED, pause="lunch"),
        WrapUpBody(),
        TalkBody(step=TalkStep.CONSULT, to="op-02", note="про кран", recording=RECORDING),
        TalkBody(step=TalkStep.HOLD),
        RingBody(answer=True),
        RingBody(answer=False),
        CallOutBody(number="+79161234567"),
    ]
    assert {kind_of(body) for body in bodies} == set(RequestKind)
    for body in bodies:
        assert read_body(kind_of(body), write_body(body)) == body


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("dance", {}),
        ("presence", {}),
        ("presence", {"wanted": "asleep"}),
        ("presence", {"wanted": "paused", "reason": "boredom"}),
        ("pause", {}),
        ("pause", {"paused": "yes"}),
        ("talk", {}),
        ("talk", {"step": "sing"}),
        ("call_out", {}),
    ],
)
def test_what_another_version_wrote_is_not_guessed_at(kind: str, data: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_body(kind, data)


def test_a_presence_is_answered_when_asterisk_has_done_it(playbook: Playbook) -> None:
    playbook >> presence_asked(1, at(20), Presence.PAUSED) << [MEMBER, KeepPresence, ShowOperator]
    playbook >> RequestCarriedOut(at=at(21), request=FIRST) << [finished(RequestState.DONE)]
    playbook >> RequestCarriedOut(at=at(21), request=FIRST) << []
    playbook >> AWAY << []


def test_a_pause_is_written_when_asterisk_has_done_it(playbook: Playbook) -> None:
    (
        playbook
        >> taken(1, at(7), PAUSE)
        << [PauseRecording(channel=CHANNEL, paused=True, request=FIRST, until=at(7) + OF_USE)]
    )
    (
        playbook
        >> RequestCarriedOut(at=at(8), request=FIRST)
        << [
            SavePause(recording=RECORDING, operator=OperatorId(1), paused=True, at=at(8)),
            finished(RequestState.DONE),
        ]
    )


def test_what_asterisk_refuses_is_answered_and_not_written(playbook: Playbook) -> None:
    playbook >> taken(1, at(7), PAUSE)
    (
        playbook
        >> RequestFailed(at=at(8), request=FIRST, reason=RefusalReason.ASTERISK_REFUSED)
        << [finished(RequestState.REFUSED, RefusalReason.ASTERISK_REFUSED)]
    )


@pytest.mark.parametrize("recording", [None, "node1-9.1_node1-9.2_5"])
def test_no_other_talk_is_paused(playbook: Playbook, recording: RecordingName | None) -> None:
    refused = finished(RequestState.REFUSED, RefusalReason.NO_TALK)
    playbook >> taken(1, at(7), replace(PAUSE, recording=recording)) << [refused]
    hung_up(playbook)
    playbook >> taken(1, at(10), PAUSE) << [refused]


def test_senseless_requests_are_refused_with_the_reason(playbook: Playbook) -> None:
    nowhere = replace(presence_asked(1, at(7), Presence.PAUSED), interface=None)
    playbook >> nowhere << [finished(RequestState.REFUSED, RefusalReason.NO_TELEPHONE)]
    for again in (False, True):
        (
            playbook
            >> taken(1, at(7), None, again=again)
            << [finished(RequestState.REFUSED, RefusalReason.NOT_UNDERSTOOD)]
        )


def test_what_is_of_no_use_any_more_is_not_carried_out(playbook: Playbook) -> None:
    late = replace(taken(1, at(7), PAUSE), expires_at=at(7))
    playbook >> late << [finished(RequestState.EXPIRED)]
    playbook >> replace(late, again=True) << [finished(RequestState.EXPIRED, RefusalReason.NOT_KNOWN)]
    playbook >> taken(1, at(7), PAUSE) << [PauseRecording]
    playbook >> RequestOverdue(at=at(30), request=FIRST) << [finished(RequestState.EXPIRED)]


def test_what_a_dead_node_had_in_hand_is_done_again_if_that_does_no_harm(
    playbook: Playbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Wanted already, and whether Asterisk received it is not known.
    (
        playbook
        >> presence_asked(1, at(7), Presence.AVAILABLE, again=True)
        << [replace(MEMBER, presence=Presence.AVAILABLE)]
    )
    playbook >> RequestCarriedOut(at=at(8), request=FIRST) << [finished(RequestState.DONE)]
    playbook >> taken(1, at(7), PAUSE, again=True) << [PauseRecording]
    playbook >> RequestCarriedOut(at=at(8), request=FIRST) << [SavePause, finished(RequestState.DONE)]
    only_once = {kind: replace(terms, repeatable=False) for kind, terms in TERMS.items()}
    monkeypatch.setattr(open_requests, "TERMS", MappingProxyType(only_once))
    not_known = finished(RequestState.REFUSED, RefusalReason.NOT_KNOWN)
    playbook >> taken(1, at(7), PAUSE, again=True) << [not_known]
    playbook >> taken(1, at(7), PAUSE) << [PauseRecording]
    playbook >> AWAY << [not_known]


def test_when_asterisk_goes_away_under_a_request_it_is_done_when_it_is_back(playbook: Playbook) -> None:
    playbook >> presence_asked(1, at(20), Presence.PAUSED)
    playbook >> LinkLost(at=at(20)) << []
    playbook >> AWAY << []
    playbook >> Tick(at=at(22)) << []
    playbook >> LinkRestored(at=at(30))
    assert playbook._commands[-1] == MEMBER
    playbook >> RequestCarriedOut(at=at(31), request=FIRST) << [finished(RequestState.DONE)]


def test_when_asterisk_stays_away_a_request_expires(playbook: Playbook) -> None:
    playbook >> taken(1, at(20), PAUSE) << [PauseRecording]
    playbook >> AWAY << []
    over = at(20) + OF_USE
    playbook >> Tick(at=over - timedelta(seconds=1)) << []
    playbook >> Tick(at=over) << [finished(RequestState.EXPIRED, RefusalReason.NOT_KNOWN)]
    playbook >> LinkRestored(at=at(60))
    assert not any(isinstance(command, PauseRecording | FinishRequest) for command in playbook._commands)


def test_a_talk_that_ended_while_asterisk_was_away_is_not_paused(playbook: Playbook) -> None:
    playbook >> taken(1, at(8), PAUSE)
    playbook >> AWAY << []
    hung_up(playbook)
    playbook >> LinkRestored(at=at(22))
    assert playbook._commands[-1] == finished(RequestState.REFUSED, RefusalReason.NO_TALK)


IDS = (1, 2, 3)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["taken", "taken again", "carried out", "away", "refused", "overdue", "restored", "late"]),
        st.sampled_from(IDS),
        st.sampled_from([PAUSE, PauseBody(paused=False), *(PresenceBody(wanted=wanted) for wanted in Presence)]),
    ),
    max_size=30,
)


@given(STEPS)
def test_whatever_happens_each_request_is_answered_once(steps: list[tuple[str, int, Body]]) -> None:
    board = talking()
    taken_, answered = set[int](), list[int]()

    def step(event: Event) -> None:
        answered.extend(
            command.request for command in board.switchboard.step(event) if isinstance(command, FinishRequest)
        )

    for second, (what, number, body) in enumerate(steps, 20):
        when, request = at(second), RequestId(number)
        match what:
            case "taken" | "taken again" if number in taken_:
                continue
            case "taken" | "taken again":
                taken_.add(number)
                step(taken(number, when, body, again=what == "taken again"))
            case "carried out":
                step(RequestCarriedOut(at=when, request=request))
            case "away" | "refused":
                reason = RefusalReason.ASTERISK_AWAY if what == "away" else RefusalReason.ASTERISK_REFUSED
                step(RequestFailed(at=when, request=request, reason=reason))
            case "overdue":
                step(RequestOverdue(at=when, request=request))
            case "restored":
                step(LinkRestored(at=when))
            case _:
                step(Tick(at=when + timedelta(hours=9)))
    step(LinkRestored(at=at(60)))
    for number in taken_:
        step(RequestCarriedOut(at=at(61), request=RequestId(number)))
    assert sorted(answered) == sorted(taken_)
