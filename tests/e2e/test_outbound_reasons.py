"""What was refused at each door is on the page of rules with its reason, which is what the page answers when it is asked."""

import asyncio
import html
import re

import pytest

from tests.e2e.office import World, add_trunks, allow, networks, queued, telephone, world
from tests.site import site

__all__ = ["networks", "site", "world"]

pytestmark = pytest.mark.e2e

PAID, ABROAD = "+78095551234", "+4922112345678"


async def why(world: World, number: str) -> str:
    """What the page answers about Anna and this number."""
    query = f"operator={world.site.ids['anna']}&number={number.replace('+', '%2B')}"
    page = html.unescape(await (await world.alla.get(f"/trunks/rules?{query}")).text())
    answer = re.search(r"<b>op-01 → [^:<]*: ([^<]*)</b>", page)
    assert answer, page
    return answer[1]


async def test_every_door_that_is_judged_is_refused_for_the_reason_that_the_page_gives(world: World) -> None:
    """A caller who pretends to call from there, a ticket's number to call back, a forwarded call, and a plain call abroad."""
    await add_trunks(world, "beta")
    await allow(world, "resident", "+7916")
    await allow(world, "crew", "+7916")
    await queued(world, "beta1")
    company = await world.site.pool.fetchval("select id from companies limit 1")
    await world.site.pool.execute("update calls set caller = $1 where arrived_at >= $2", PAID, world.began_at)
    await world.site.pool.execute(
        "insert into tickets (company_id, number, caller, opened_at, contact_phone) values ($1, 9999, '+79160000003', now(), $2)",
        company,
        ABROAD,
    )
    async with telephone(world) as anna:
        before = len(world.carrier.came())
        for dialled, number in (
            ("88095551234", PAID),
            ("810492211234567", "+492211234567"),
            ("810" + ABROAD[1:], ABROAD),
        ):
            said = await why(world, number)
            assert said.startswith("нет: ")
            assert (await asyncio.to_thread(anna.call, dialled)).status >= 400
            row = await world.site.pool.fetchrow(
                "select number, reason from outbound_attempts order by id desc limit 1"
            )
            assert row["number"] == number
            page = html.unescape(await (await world.alla.get("/trunks/rules")).text())
            assert f"{number}: {said}" in page
        assert world.carrier.came()[before:] == []
