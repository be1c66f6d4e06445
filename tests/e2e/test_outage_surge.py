"""A small outage through the whole stack: who is told, who has a ticket, and what came in packets."""

import asyncio
from typing import Any

import asyncpg
import pytest

from stack.demo_data import settle
from stack.instance import Instance
from stack.outage import kills, surge
from stack.outage.facts import House
from stack.outage.plan import OutagePlan
from stack.outage.report import grave
from stack.outage.surge import OutageSurge
from tests.e2e.telephones import database

pytestmark = [pytest.mark.e2e, pytest.mark.long]


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


QUIET_HOUSE = """
with house as (
    insert into houses (company_id, city, street, building)
    select company_id, 'Москва', 'Тихая ул.', '1' from numbers where number = $1 returning id, company_id
)
select h.id, h.company_id as company, n.number as did, c.language, c.zone, 40 as flats
from house h join companies c on c.id = h.company_id join numbers n on n.number = $1
"""
DID = "74957654321"


async def quiet_house(description: dict[str, Any]) -> House:
    """One of which nothing was ever known."""
    async with database(description) as pool, pool.acquire() as connection:
        house = House(**await connection.fetchrow(QUIET_HOUSE, DID))
        await settle(connection, house.id, house.flats, 9_000_000)
    return house


async def suspected(description: dict[str, Any], house: House) -> asyncpg.Record:
    async with database(description) as pool:
        return await pool.fetchrow(
            "select o.state, (o.evidence ->> 'flats')::integer as flats, o.confirmed_at - o.opened_at as confirmed_after"
            " from outages o join outage_places p on p.outage_id = o.id where p.house_id = $1",
            house.id,
        )


def test_what_the_calls_make_the_service_suspect_is_confirmed_and_told(
    stack: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in the demonstration, where nobody was quicker."""
    description = stack.description()
    assert description is not None
    house = asyncio.run(quiet_house(description))

    async def chosen(_pool: asyncpg.Pool) -> House:
        return house

    monkeypatch.setattr(surge, "biggest_house", chosen)
    plan = OutagePlan(
        callers=16, rate=4, operators=2, talk=3, outage="suggested", open_after=1, unknown=0, silent_known=0, quit=0, other=0
    )  # fmt: skip
    _, verdict = asyncio.run(OutageSurge(description, plan).run())
    assert grave(verdict) == {}
    assert verdict.helped_by_robot + verdict.helped_by_operator == 16
    assert verdict.helped_by_robot >= 8
    found = asyncio.run(suspected(description, house))
    assert (found["state"], found["flats"] >= 3) == ("closed", True)
    assert found["confirmed_after"].total_seconds() >= 1
