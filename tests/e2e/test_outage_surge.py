"""A small outage through the whole stack: who is told, who has a ticket, and what came in packets."""

import asyncio

import pytest

from stack.instance import Instance
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
