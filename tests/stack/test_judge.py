"""The verdict on a surge: one caller at a time, one fault at a time."""

from dataclasses import replace

import pytest

from stack.judge import JudgedCall, JudgedRecording, Pop, SurgeVerdict, judge
from stack.sipp import Caller, Leg

NUMBER = "+79000000001"
SERVED = Caller(NUMBER, "1@sipp", started=100.0, answered=100.1, ended=110.0, ended_by="asterisk")
LEG = Leg("op-01", NUMBER, began=105.0, ended=110.0)
ANSWERED = JudgedCall(
    id="call-1",
    caller=NUMBER,
    state="ended",
    outcome="answered",
    endpoint="op-01",
    queued=True,
    wait_s=2.0,
    tickets=1,
)
RECORDING = JudgedRecording(
    call_id="call-1", state="attached", on_ticket=True, intact=True, seconds=5.02, endpoint="op-01", began=105.0
)
POP = Pop(endpoint="op-01", caller=NUMBER, after_ms=3.0)

GAVE_UP = replace(SERVED, ended=104.0, ended_by="caller")
ABANDONED = replace(ANSWERED, outcome="abandoned", endpoint=None, wait_s=1.5, tickets=0)


def served(
    *,
    caller: Caller = SERVED,
    legs: tuple[Leg, ...] = (LEG,),
    calls: tuple[JudgedCall, ...] = (ANSWERED,),
    recordings: tuple[JudgedRecording, ...] = (RECORDING,),
    pops: tuple[Pop, ...] = (POP,),
) -> SurgeVerdict:
    return judge([caller], legs, calls, recordings, pops)


def test_a_caller_who_was_served_counts_in_every_column() -> None:
    verdict = served()
    assert (verdict.callers, verdict.queued, verdict.answered, verdict.abandoned) == (1, 1, 1, 0)
    assert (verdict.tickets, verdict.recordings_verified, verdict.pops_right) == (1, 1, 1)
    assert verdict.lost == {}
    assert verdict.pops_wrong == {}


@pytest.mark.parametrize(
    ("calls", "reason"),
    [
        ((), "not in the database"),
        ((ANSWERED, replace(ANSWERED, id="call-2")), "2 calls in the database"),
        ((replace(ANSWERED, state="talking", outcome=None),), "not ended"),
        ((replace(ANSWERED, outcome="abandoned"),), "the database says abandoned"),
        ((replace(ANSWERED, endpoint="op-02"),), "says op-02 answered, SIPp saw op-01"),
        ((replace(ANSWERED, tickets=0),), "0 tickets"),
        ((replace(ANSWERED, tickets=2),), "2 tickets"),
    ],
)
def test_a_row_that_is_not_the_truth_loses_the_caller(calls: tuple[JudgedCall, ...], reason: str) -> None:
    assert reason in served(calls=calls).lost[NUMBER]


@pytest.mark.parametrize(
    ("recordings", "reason"),
    [
        ((), "0 recordings"),
        ((RECORDING, RECORDING), "2 recordings"),
        ((replace(RECORDING, state="verified"),), "is verified, not attached"),
        ((replace(RECORDING, on_ticket=False),), "not attached to the ticket"),
        ((replace(RECORDING, intact=False),), "differs from its SHA-256"),
        ((replace(RECORDING, seconds=3.9),), "lasts 3.90 s, the talk lasted 5.00 s"),
    ],
)
def test_an_answer_without_one_true_recording_loses_the_caller(
    recordings: tuple[JudgedRecording, ...], reason: str
) -> None:
    verdict = served(recordings=recordings)
    assert reason in verdict.lost[NUMBER]
    assert verdict.recordings_verified == 0


def test_a_caller_whom_asterisk_never_answered_is_lost() -> None:
    refused = replace(SERVED, answered=None, ended=None, ended_by="")
    assert "ended by nobody" in served(caller=refused, legs=(), calls=(ABANDONED,)).lost[NUMBER]


def test_a_caller_who_gave_up_is_abandoned_with_a_waiting_time() -> None:
    verdict = served(caller=GAVE_UP, legs=(), calls=(ABANDONED,), recordings=(), pops=())
    assert (verdict.abandoned, verdict.answered, verdict.queued) == (1, 0, 1)
    assert verdict.lost == {}
    assert (verdict.pops_right, verdict.pops_wrong) == (0, {})


@pytest.mark.parametrize("wait_s", [None, -1.0, 60.0])
def test_a_waiting_time_that_cannot_be_loses_the_caller(wait_s: float | None) -> None:
    calls = (replace(ABANDONED, wait_s=wait_s),)
    assert "waiting time" in served(caller=GAVE_UP, legs=(), calls=calls, recordings=(), pops=()).lost[NUMBER]


def test_giving_up_during_the_greeting_is_another_truth_than_abandoning_the_queue() -> None:
    early = replace(ABANDONED, outcome="hung_up_early", queued=False, wait_s=None)
    verdict = served(caller=GAVE_UP, legs=(), calls=(early,), recordings=(), pops=())
    assert (verdict.queued, verdict.abandoned, verdict.lost) == (0, 0, {})


def test_a_hang_up_that_crosses_the_answer_may_count_as_either() -> None:
    crossing = replace(SERVED, ended=105.2, ended_by="caller")
    leg = replace(LEG, ended=105.2)
    abandoned = (replace(ABANDONED, wait_s=3.0),)
    assert served(caller=crossing, legs=(leg,), calls=abandoned, recordings=(), pops=()).lost == {}
    assert served(caller=crossing, legs=(leg,), recordings=(replace(RECORDING, seconds=0.2),)).lost == {}


def test_a_caller_who_talked_is_never_abandoned() -> None:
    left = replace(SERVED, ended_by="caller")
    assert "SIPp saw: talked" in served(caller=left, calls=(ABANDONED,)).lost[NUMBER]


@pytest.mark.parametrize(
    "pops",
    [(), (replace(POP, endpoint="op-02"),), (POP, replace(POP, endpoint="op-02"))],
    ids=["nobody", "another", "both"],
)
def test_a_card_anywhere_but_at_the_operator_alone_is_wrong(pops: tuple[Pop, ...]) -> None:
    verdict = served(pops=pops)
    assert verdict.pops_right == 0
    assert NUMBER in verdict.pops_wrong
    assert verdict.lost == {}


def test_a_card_for_a_caller_nobody_answered_is_wrong() -> None:
    verdict = served(caller=GAVE_UP, legs=(), calls=(ABANDONED,), recordings=())
    assert "talk at nobody" in verdict.pops_wrong[NUMBER]


SENT_ON = (replace(LEG, ended=107.0), Leg("op-02", NUMBER, began=108.0, ended=110.0))
PARTS = (replace(RECORDING, seconds=2.01), replace(RECORDING, seconds=2.02, endpoint="op-02", began=108.0))
BOTH_POPS = (POP, replace(POP, endpoint="op-02"))


def handed_on(recordings: tuple[JudgedRecording, ...]) -> SurgeVerdict:
    calls = (replace(ANSWERED, endpoint="op-02"),)
    return served(legs=SENT_ON[::-1], calls=calls, recordings=recordings, pops=BOTH_POPS)


def test_each_talk_of_a_caller_who_was_sent_on_has_its_recording() -> None:
    verdict = handed_on(PARTS[::-1])
    assert (verdict.lost, verdict.talks, verdict.talks_recorded) == ({}, 2, 2)
    assert (verdict.recordings_verified, verdict.pops_right) == (1, 1)


@pytest.mark.parametrize(
    ("recordings", "reason", "recorded"),
    [
        (PARTS[:1], "1 recordings of 2 talks", 1),
        ((PARTS[0], replace(PARTS[1], endpoint="op-03")), "of op-03, op-02 talked", 1),
        ((PARTS[0], replace(PARTS[1], seconds=4.0)), "lasts 4.00 s", 1),
        ((replace(PARTS[0], on_ticket=False), PARTS[1]), "not attached to the ticket", 1),
        ((), "0 recordings of 2 talks", 0),
    ],
)
def test_a_part_that_is_not_recorded_as_it_was_is_a_loss(
    recordings: tuple[JudgedRecording, ...], reason: str, recorded: int
) -> None:
    verdict = handed_on(recordings)
    assert reason in verdict.lost[NUMBER]
    assert (verdict.talks, verdict.talks_recorded) == (2, recorded)


def test_two_callers_at_one_telephone_are_a_fault_of_the_surge() -> None:
    verdict = judge([SERVED], [LEG], [ANSWERED], [RECORDING], [POP], double_rings=1)
    assert not verdict.lost | verdict.pops_wrong
    assert not verdict.flawless
    assert served().flawless
