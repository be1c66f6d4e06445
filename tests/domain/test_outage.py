"""The states of an outage, and where it is."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.domain.outage import (
    LONGEST_FLATS,
    NEEDS_COMMENT,
    OFF,
    OVER,
    TRANSITIONS,
    BadFlats,
    Flats,
    OutagePlace,
    OutageState,
    OutageStep,
    OutageStepRefused,
    move,
    steps_from,
)


@pytest.mark.parametrize(("state", "step"), [*product(OutageState, OutageStep)])
def test_every_step_is_in_the_table_or_refused(state: OutageState, step: OutageStep) -> None:
    if (state, step) in TRANSITIONS:
        assert move(state, step, comment="почему") is TRANSITIONS[state, step]
        assert step in steps_from(state)
    else:
        with pytest.raises(OutageStepRefused) as refused:
            move(state, step, comment="почему")
        assert refused.value.code == "state"
        assert step not in steps_from(state)


def test_an_outage_goes_from_a_suspicion_to_its_end_by_each_state() -> None:
    seen = [OutageState.SUSPECTED]
    for step in (OutageStep.CONFIRM, OutageStep.REPAIR, OutageStep.RESTORE, OutageStep.CHECK, OutageStep.CLOSE):
        seen.append(move(seen[-1], step))
    assert {*seen} == {*OutageState} - {OutageState.CANCELLED}


@pytest.mark.parametrize("words", ["", " \n"])
@pytest.mark.parametrize(("state", "step"), [pair for pair in TRANSITIONS if pair[1] in NEEDS_COMMENT])
def test_a_reason_is_asked_of_whoever_takes_back_what_callers_were_told(
    state: OutageState, step: OutageStep, words: str
) -> None:
    if state is OutageState.SUSPECTED:
        assert move(state, step, comment=words) is OutageState.CANCELLED
    else:
        with pytest.raises(OutageStepRefused) as refused:
            move(state, step, comment=words)
        assert refused.value.code == "words"


def test_what_is_over_stays_over_and_everything_else_can_end() -> None:
    assert {state: steps_from(state) for state in OVER} == dict.fromkeys(OVER, ())
    ends = {OutageStep.CLOSE, OutageStep.CANCEL}
    assert all(ends.intersection(steps_from(state)) for state in set(OutageState) - OVER)


def test_callers_are_told_only_while_it_is_off() -> None:
    assert {OutageState.CONFIRMED, OutageState.REPAIRING} == OFF
    for state in OFF:
        assert move(move(state, OutageStep.RESTORE), OutageStep.FAIL_AGAIN, comment="снова") in OFF


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("", ["1", "57а", "лит. А"], []),
        ("1-40, 55, 57а", ["1", "40", "040", "12а", "55", "57А"], ["0", "41", "55а", "57", "кв"]),
        ("7–9,012", ["7", "9", "12"], ["6", "10", "120"]),
        ("5-5", ["5"], ["4", "6", "55"]),
    ],
)
def test_flats_are_given_as_ranges_and_single_ones(text: str, inside: list[str], outside: list[str]) -> None:
    flats = Flats.parse(text)
    assert [flat for flat in inside if flat not in flats] == []
    assert [flat for flat in outside if flat in flats] == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("40-1", "order"),
        ("1-", "form"),
        ("1-2-3", "form"),
        ("1,,2", "form"),
        ("все", "form"),
        ("123456", "form"),
        ("1," * LONGEST_FLATS, "too long"),
    ],
)
def test_flats_that_make_no_sense_are_refused(text: str, code: str) -> None:
    with pytest.raises(BadFlats) as refused:
        Flats.parse(text)
    assert refused.value.code == code


@given(st.text("0123456789-–, аa", max_size=40), st.text(max_size=8))
def test_any_text_is_flats_or_refused(text: str, flat: str) -> None:
    try:
        flats = Flats.parse(text)
    except BadFlats:
        return
    assert (flat in flats) in (True, False)


def test_a_place_is_a_house_its_entrances_or_the_flats_of_a_riser() -> None:
    house = OutagePlace(house_id=1)
    second = OutagePlace(house_id=1, entrances=frozenset({2}))
    riser = OutagePlace(house_id=1, entrances=frozenset({1}), flats=Flats.parse("3, 7, 11"), riser="стояк 2")
    assert [house.has("3", 1), second.has("3", 1), riser.has("3", 1)] == [True, False, True]
    assert [house.has("4", 2), second.has("4", 2), riser.has("4", 1)] == [True, True, False]
    # Of a flat whose entrance nobody wrote down the number decides.
    assert [second.has("3", None), riser.has("3", None), riser.has("4", None)] == [True, True, False]
