"""Who calls about an outage: everything follows from the seed."""

import statistics
from dataclasses import replace

import pytest

from stack.errors import StackError
from stack.outage.plan import OutagePlan, people

RESIDENTS = {str(flat): [f"+7900{flat:07}", f"+7901{flat:07}"] for flat in range(1, 901)}
MANY = OutagePlan(callers=1000)


def share(values: list[bool]) -> float:
    return sum(values) / len(values)


def test_one_seed_decides_everything_and_another_one_something_else() -> None:
    assert people(OutagePlan(seed=2), RESIDENTS) == people(OutagePlan(seed=2), RESIDENTS)
    assert people(OutagePlan(seed=2), RESIDENTS) != people(OutagePlan(seed=3), RESIDENTS)


def test_the_shares_are_those_of_the_plan() -> None:
    cast = people(MANY, RESIDENTS)
    known, unknown = ([each for each in cast if each.known is wanted] for wanted in (True, False))
    assert len(known) == len(unknown) == 500
    assert share([each.silent for each in known]) == pytest.approx(1 / 3, abs=0.06)
    assert share([each.silent for each in unknown]) == pytest.approx(0.2, abs=0.05)
    assert share([each.redials for each in cast]) == pytest.approx(0.1, abs=0.03)
    assert share([each.quits for each in cast]) == pytest.approx(0.03, abs=0.015)
    assert share([each.other for each in cast]) == pytest.approx(0.03, abs=0.015)
    assert share([bool(each.fidget) for each in cast]) == pytest.approx(0.1, abs=0.03)
    assert statistics.median(each.patience for each in cast) == pytest.approx(240, rel=0.15)


def test_callers_are_different_known_ones_of_their_own_flat_and_call_at_the_rate() -> None:
    cast = people(MANY, RESIDENTS)
    assert len({each.number for each in cast}) == 1000
    assert all(each.number in RESIDENTS[each.flat] for each in cast if each.known)
    assert not any(each.number in numbers for each in cast if not each.known for numbers in RESIDENTS.values())
    assert [each.at for each in cast[:3]] == [0, 0.5, 1]


@pytest.mark.parametrize(
    "wrong", [{"operators": 0}, {"operators": 11}, {"callers": 0}, {"rate": 0.0}, {"outage": "maybe"}, {"quit": 1.5}]
)
def test_what_is_impossible_is_refused(wrong: dict[str, object]) -> None:
    OutagePlan().check(10, 900, 1800)
    with pytest.raises(StackError):
        replace(OutagePlan(), **wrong).check(10, 900, 1800)  # type: ignore[arg-type]


def test_more_known_callers_than_telephones_are_refused() -> None:
    with pytest.raises(StackError):
        OutagePlan(callers=300).check(10, 60, 149)
