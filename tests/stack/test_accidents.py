"""The result of a run of accidents: what counts against it, and its line."""

import pytest

from stack.accidents.drill import Findings
from stack.accidents.kinds import Kind


def test_the_line_has_the_times_of_each_kind() -> None:
    found = Findings(kinds={"+71": Kind.RELOAD, "+72": Kind.RELOAD, "+73": Kind.LID}, lost={"+73": "lid: not there"})
    found.back_s[Kind.RELOAD] += [2.0, 4.0]
    found.back_s[Kind.LID] += [1.5]
    assert found.line() == {
        "accidents": 3,
        "dropped": 0,
        "doubled_cards": 0,
        "parts_lost": 1,
        "back_in_s": {"lid": {"p50": 1.5, "p95": 1.5}, "reload": {"p50": 2.0, "p95": 4.0}},
    }


@pytest.mark.parametrize("what", ["dropped", "doubled", "lost", "wrong"])
def test_whatever_is_wrong_counts(what: str) -> None:
    assert Findings().clean
    assert not Findings(**{what: {"+71": "reload: so it is"}}).clean


def test_who_loads_the_page_again_must_be_back_in_time() -> None:
    found = Findings()
    found.back_s[Kind.RELOAD] += [8.0] * 19
    found.back_s[Kind.LID] += [20.0]
    assert found.clean
    found.back_s[Kind.RELOAD] += [8.1, 8.1]
    assert not found.clean
