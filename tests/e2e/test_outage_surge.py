"""A small outage through the whole stack: who is told, who has a ticket, and what came in packets."""

import asyncio

import pytest

from stack.instance import Instance
from stack.outage import kills
from stack.outage.plan import OutagePlan
from stack.outage.report import grave
from stack.outage.surge import OutageSurge

pytestmark = pytest.mark.e2e


def test_callers_of_an_outage_are_told_their_own_ticket_and_nobody_is_forgotten(stack: Instance) -> None:
    description = stack.description()
    assert description is not None
    plan = OutagePlan(callers=12, rate=4, operators=2, talk=3, open_after=2, silent_known=0)
    report, verdict = asyncio.run(OutageSurge(description, plan).run())
    assert grave(verdict) == {}
    helped = verdict.helped_by_robot + verdict.helped_by_operator
    assert helped + verdict.not_helped.total() == 12
    assert verdict.helped_by_robot >= 6
    assert verdict.helped_in_time == helped
    assert verdict.heard_checked >= verdict.helped_by_robot
    assert report.items() >= {"callers": 12, "known": 6, "unknown": 6, "forgotten": 0, "packets_missing": 0}.items()
    assert verdict.tickets > 0


def test_with_nothing_but_asterisk_alive_all_are_told_and_have_the_tickets_of_an_undisturbed_run(
    stack: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The outage is opened, then PostgreSQL and the store die, soon the service; it comes back to nothing."""
    monkeypatch.setattr(kills, "KILLED_AFTER_S", 2.0)
    monkeypatch.setattr(kills, "BACK_AFTER_S", 8.0)
    description = stack.description()
    assert description is not None
    keys = []
    for kill in (1, 0):
        plan = OutagePlan(
            callers=12,
            rate=1,
            operators=2,
            talk=3,
            open_after=-2,
            unknown=0,
            silent_known=0,
            quit=0,
            other=0,
            kill=kill,
        )
        _, verdict = asyncio.run(OutageSurge(description, plan).run())
        assert grave(verdict) == {}
        assert verdict.helped_by_robot == 12
        keys.append(verdict.tickets_key)
    assert keys[0] == keys[1]
