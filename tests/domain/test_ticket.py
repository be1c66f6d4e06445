from itertools import product

import pytest

from callcenter.domain.ticket import (
    CREW_STEPS,
    NEEDS_COMMENT,
    OPEN,
    OVER,
    TRANSITIONS,
    Step,
    StepRefused,
    TicketState,
    is_open,
    move,
    steps_from,
)

PAIRS = list(product(TicketState, Step))


@pytest.mark.parametrize(("state", "step"), PAIRS)
def test_every_step_is_in_the_table_or_refused(state: TicketState, step: Step):
    if (state, step) in TRANSITIONS:
        assert move(state, step, comment="почему", crew=1) is TRANSITIONS[state, step]
        assert step in steps_from(state)
    else:
        with pytest.raises(StepRefused) as refused:
            move(state, step, comment="почему", crew=1)
        assert refused.value.code == "state"
        assert step not in steps_from(state)


@pytest.mark.parametrize(("state", "step"), [pair for pair in TRANSITIONS if pair[1] in NEEDS_COMMENT])
@pytest.mark.parametrize("words", ["", " \n"])
def test_steps_that_need_words_are_refused_without(state: TicketState, step: Step, words: str):
    with pytest.raises(StepRefused) as refused:
        move(state, step, comment=words)
    assert refused.value.code == "words"


def test_nobody_is_assigned_to_nobody():
    with pytest.raises(StepRefused) as refused:
        move(TicketState.NEW, Step.ASSIGN)
    assert refused.value.code == "crew"


def test_what_is_over_can_be_reopened_and_nothing_else():
    assert {state: steps_from(state) for state in OVER} == dict.fromkeys(OVER, (Step.REOPEN,))


def test_every_state_can_be_reached_and_left():
    assert set(TRANSITIONS.values()) | {TicketState.NEW} == set(TicketState)
    assert {state for state, _ in TRANSITIONS} == set(TicketState)


def test_a_crews_steps_lead_from_assignment_to_done():
    state = TicketState.ASSIGNED
    for step in (Step.ACCEPT, Step.START, Step.FINISH):
        assert step in CREW_STEPS
        state = move(state, step, comment="готово")
    assert state is TicketState.DONE


def test_a_ticket_is_open_until_it_is_closed_or_cancelled():
    assert [state for state in TicketState if not is_open(state)] == [TicketState.CLOSED, TicketState.CANCELLED]
    assert set(OPEN) | OVER == set(TicketState)
    assert not OVER.intersection(OPEN)
