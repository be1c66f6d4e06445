"""What happens to operators' machines in a talk, each once: nobody is lost. `python -m stack accidents` does it twenty times."""

import os

import pytest

from stack.accidents.drill import drill
from stack.accidents.kinds import Kind
from stack.parts import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.alone]


async def test_no_accident_costs_a_caller_the_operator() -> None:
    # On a slow machine a browser is not back within a quarter of a minute.
    patient = {"BROWSER_TELEPHONES__BACK_WITHIN_S": "60"}
    found = await drill(ROOT / "var" / f"test-accidents-{os.getpid()}", 1, 2, list(Kind), **patient)
    assert (found.dropped, found.doubled, found.lost, found.wrong) == ({}, {}, {}, {})
    # The service dies for both desks at once.
    assert sorted(found.kinds.values()) == sorted([*Kind, Kind.SERVICE])
    assert {kind for kind, times in found.back_s.items() if times} == set(Kind)
