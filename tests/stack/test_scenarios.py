"""Which parameters a scenario of a surge takes, and what it says at the end."""

import argparse
from typing import Any

import pytest

from stack import scenarios
from stack.errors import StackError
from stack.outage.judge import OutageVerdict
from stack.outage.plan import OutagePlan
from stack.outage.report import describe, grave, report, summary
from stack.surge import Plan


def ran(monkeypatch: pytest.MonkeyPatch, *words: str) -> Plan | OutagePlan:
    """The plan that the command with these words would run."""
    plans: list[Any] = []
    for module in (scenarios.surge, scenarios.outage_surge):
        monkeypatch.setattr(module, "run", lambda _stack, plan: plans.append(plan) or 0)
    parser = argparse.ArgumentParser()
    scenarios.add_options(parser)
    scenarios.run({}, parser.parse_args(words))
    [plan] = plans
    return plan  # type: ignore[no-any-return]


def test_each_scenario_has_its_own_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ran(monkeypatch) == Plan()
    assert ran(monkeypatch, "--SCENARIO=outage") == OutagePlan()


def test_parameters_may_be_written_as_make_does(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = ran(monkeypatch, "--scenario", "outage", "--OPEN_AFTER=-5", "--callers", "30", "--KILL=1")
    assert plan == OutagePlan(open_after=-5, callers=30, kill=1)


@pytest.mark.parametrize("words", [("--SEED=2",), ("--scenario=outage", "--blind=3")])
def test_a_parameter_of_another_scenario_is_refused(monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]) -> None:
    with pytest.raises(StackError, match=r"SEED|BLIND"):
        ran(monkeypatch, *words)


def test_the_figures_are_said_as_json_and_as_text() -> None:
    verdict = OutageVerdict(callers=5, known=2, calls=6, helped_by_robot=3, helped_by_operator=1, helped_in_time=4)
    verdict.not_helped["hung up waiting"] += 1
    verdict.late["+7900"] = "1 pauses"
    result = report(OutagePlan(seed=7), verdict, 1.234, {})
    assert result.items() >= {"seed": 7, "callers": 5, "unknown": 3, "helped_in_5_min": 4, "opened_s": 1.23}.items()
    text = summary(result | {"callcenter_cpu_s": 1.5}, verdict)
    assert "3 by the robot, 1 by operators; 4 within five minutes" in text
    assert "1: 1 hung up waiting" in text
    assert grave(verdict) == {}
    verdict.forgotten["+7900"] = "told of the outage, without a ticket"
    assert "without a ticket" in summary(result | {"callcenter_cpu_s": 1.5}, verdict)


def test_the_progress_is_a_line_of_counts() -> None:
    assert describe({}).startswith("called 0  helped by the robot 0")
    assert "waiting 7" in describe({"waiting": 7})
