"""Who was helped, and what is wrong: by the callers, the telephones and the database."""

from dataclasses import replace
from typing import Any

import pytest

from stack.outage.hearing import Held, Told
from stack.outage.judge import Judge, KeptAnnouncement, KeptCall, KeptTicket, OutageVerdict, Seen, SeenCall
from stack.outage.plan import Person
from stack.sipp import Leg

HOUSE = 9
PERSON = Person(number="+79000000001", flat="12", known=True, at=0, patience=100)
HELD = Held(begun=True, whole=True, seconds=20.0)
TOLD = Told(outage=1, number=41, due=41, said="cafe", began=110.0, ended=130.0, whole=True, held=HELD)
PART = replace(TOLD, ended=115.0, whole=False, held=replace(HELD, whole=False, seconds=5.0))
CALL = SeenCall(
    started=100.0, answered=101.0, ended=131.0, ended_by="caller", asterisk_id="n-1", heard=True, declined=False,
    inside=False, told=(TOLD,),
)  # fmt: skip
ROW = KeptCall(id="n-1", caller=PERSON.number, state="ended", outcome="informed")
KEPT = KeptAnnouncement(
    call="n-1", number=41, began=110.0, whole=True, declined=False, ticket=41, house=HOUSE, flat="12"
)
UNTOLD = replace(CALL, told=(), heard=False)


def judged(
    call: SeenCall = CALL, row: KeptCall = ROW, kept: KeptAnnouncement | None = KEPT, **more: Any
) -> OutageVerdict:
    """The verdict about one caller with one call. `legs`, `person`, `within`: if not the usual ones."""
    judge = Judge(more.get("legs", ()), [row], [kept] if kept else [], HOUSE)
    judge.people([Seen(person=more.get("person", PERSON), calls=(call,))], more.get("within", 300.0))
    return judge.verdict


def test_heard_to_the_end_by_ear_and_by_the_database_is_help() -> None:
    verdict = judged()
    assert (verdict.helped_by_robot, verdict.helped_by_operator, verdict.helped_in_time) == (1, 0, 1)
    assert not any(verdict.faults.values())
    assert judged(within=29.0).helped_in_time == 0


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        (replace(TOLD, held=replace(HELD, whole=False)), KEPT),
        (TOLD, replace(KEPT, whole=False)),
        (TOLD, replace(KEPT, ticket=42)),
        (TOLD, replace(KEPT, declined=True, ticket=None, house=None, flat=None)),
        (replace(TOLD, due=42), KEPT),
        (replace(TOLD, number=42), KEPT),
    ],
)
def test_where_they_disagree_nobody_was_helped_and_it_is_said(told: Told, kept: KeptAnnouncement) -> None:
    verdict = judged(replace(CALL, told=(told,)), kept=kept)
    assert (verdict.helped_by_robot, list(verdict.disagreements)) == (0, [PERSON.number])


def test_an_announcement_that_the_database_lacks_is_a_disagreement() -> None:
    assert judged(kept=None).disagreements


def test_a_hang_up_inside_the_announcement_is_no_help() -> None:
    call = replace(CALL, told=(PART,), ended=115.0, heard=False, inside=True)
    verdict = judged(call, replace(ROW, outcome="hung_up_early"), replace(KEPT, whole=False))
    assert verdict.helped_by_robot == 0
    assert verdict.not_helped == {"hung up inside the announcement": 1}
    assert not any(verdict.faults.values())


def test_a_talk_is_help_if_a_telephone_had_it_and_the_database_too() -> None:
    leg = Leg("op-01", PERSON.number, 120.0, 130.0)
    answered = replace(ROW, outcome="answered")
    verdict = judged(UNTOLD, answered, None, legs=[leg])
    assert (verdict.helped_by_operator, verdict.helped_in_time, verdict.forgotten) == (1, 1, {})
    assert judged(UNTOLD, answered, None).forgotten, "no telephone had it"
    assert judged(UNTOLD, replace(ROW, outcome="abandoned"), None, legs=[leg]).forgotten


def test_whoever_was_told_first_and_talked_later_was_helped_by_the_robot() -> None:
    leg = Leg("op-01", PERSON.number, 140.0, 150.0)
    verdict = judged(replace(CALL, ended=150.0), replace(ROW, outcome="answered"), legs=[leg])
    assert (verdict.helped_by_robot, verdict.helped_by_operator) == (1, 0)


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (UNTOLD, "hung up waiting"),
        (replace(UNTOLD, declined=True), "something else, hung up waiting for an operator"),
        (replace(UNTOLD, answered=None, asterisk_id=""), "not answered"),
    ],
)
def test_why_somebody_was_not_helped(call: SeenCall, reason: str) -> None:
    assert judged(call, replace(ROW, outcome="abandoned"), None).not_helped == {reason: 1}


def test_a_caller_without_one_true_outcome_is_forgotten() -> None:
    assert judged(UNTOLD, replace(ROW, outcome="informed"), None).forgotten
    assert judged(row=replace(ROW, state="waiting", outcome=None)).forgotten
    assert judged(replace(CALL, asterisk_id="n-2"), kept=None).lost
    twice = Judge((), [ROW, replace(ROW, id="n-2")], [KEPT], HOUSE)
    twice.people([Seen(person=PERSON, calls=(CALL,))], 300)
    assert twice.verdict.forgotten


def test_whoever_was_told_without_a_ticket_is_forgotten_unless_theirs_is_different() -> None:
    assert judged(kept=replace(KEPT, ticket=None, house=None, flat=None)).forgotten
    declined = replace(CALL, told=(PART,), heard=False, declined=True)
    none = replace(KEPT, whole=False, declined=True, ticket=None, house=None, flat=None)
    assert not judged(declined, replace(ROW, outcome="abandoned"), none).forgotten


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        (replace(TOLD, held=Held(begun=False), wrong="beef"), KEPT),
        (replace(TOLD, said=None, held=None), KEPT),
        (TOLD, replace(KEPT, house=8)),
        (TOLD, replace(KEPT, flat="13")),
    ],
)
def test_what_is_of_another_address_is_wrong(told: Told, kept: KeptAnnouncement) -> None:
    assert judged(replace(CALL, told=(told,)), kept=kept).wrong_address


def test_gaps_and_a_missing_first_word_are_said() -> None:
    pause = replace(HELD, gaps=2, longest_gap_s=0.2)
    verdict = judged(replace(CALL, told=(replace(TOLD, held=pause),)))
    assert (verdict.gaps, verdict.heard_checked, list(verdict.late)) == (2, 1, [PERSON.number])
    for held in (Held(begun=False), replace(pause, missing=1)):
        assert judged(replace(CALL, told=(replace(TOLD, held=held),))).unheard


def test_two_tickets_of_a_flat_or_of_a_telephone_are_doubled_but_not_a_merged_one() -> None:
    flat = KeptTicket(number=41, state="new", caller="+7900", flat="12", open=True)
    unknown = replace(flat, number=900, caller="+7999", flat=None)
    judge = Judge((), (), (), HOUSE)
    merged = replace(flat, number=43, state="cancelled", open=False)
    judge.tickets([flat, unknown, merged, replace(unknown, number=901)], [], 40)
    assert judge.verdict.tickets == 3
    assert list(judge.verdict.doubled) == ["+7999"]
    judge.tickets([flat, replace(flat, number=42)], [], 40)
    assert list(judge.verdict.doubled) == ["flat 12"]


def test_a_ticket_left_open_when_the_outage_is_closed_is_forgotten() -> None:
    judge = Judge((), (), (), HOUSE)
    ticket = KeptTicket(number=41, state="new", caller="+7900", flat="12", open=True)
    judge.tickets([ticket], [ticket], 40)
    assert list(judge.verdict.forgotten) == ["ticket 41"]


def test_the_same_flats_with_the_same_numbers_have_the_same_key() -> None:
    keys = []
    for first, flats in ((40, ("1", "2")), (940, ("2", "1")), (40, ("1", "3"))):
        judge = Judge((), (), (), HOUSE)
        tickets = [KeptTicket(number=first + int(flat), state="new", caller="", flat=flat, open=True) for flat in flats]
        judge.tickets(tickets, [], first)
        keys.append(judge.verdict.tickets_key)
    assert keys[0] == keys[1] != keys[2]
