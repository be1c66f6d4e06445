"""Clocks that jump in the middle of a surge: nobody is lost, and of everybody it is known who called."""

import asyncio
import os
from collections.abc import Iterator

import asyncpg
import pytest

from stack.instance import Instance
from stack.parts import ROOT
from stack.surge import Plan, Surge
from tests.e2e.clocks import LIBRARY, PARTS, ClockedInstance

pytestmark = [pytest.mark.e2e, pytest.mark.alone]

QUARTER_S = 900
PLAN = Plan(callers=15, rate=3, operators=4, talk=2)
LOOK_S = 0.1


@pytest.fixture(scope="module")
def clocked() -> Iterator[ClockedInstance]:
    assert LIBRARY.exists(), "install the package faketime: stack/setup.sh"
    instance = ClockedInstance(ROOT / "var" / f"test-clocks-{os.getpid()}", environment={})
    with instance:
        yield instance
    instance.remove()


async def calls(stack: Instance) -> list[asyncpg.Record]:
    description = stack.description()
    assert description is not None
    connection = await asyncpg.connect(description["postgres"]["dsn"])
    try:
        return list(
            await connection.fetch(
                "select c.id, c.caller, c.did, c.company_id, c.state, c.outcome, c.queue,"
                " (select count(*) from tickets t where t.call_id = c.id) as tickets,"
                " (select count(*) from talks k join recordings r on r.name = k.recording"
                "  where k.call_id = c.id and r.state = 'attached') as recordings"
                " from calls c order by c.id"
            )
        )
    finally:
        await connection.close()


async def told_of_the_past(stack: Instance, known: set[str]) -> bool:
    """Whether an event of another call than those has come, of a time that is long over."""
    description = stack.description()
    assert description is not None
    connection = await asyncpg.connect(description["postgres"]["dsn"])
    try:
        return bool(
            await connection.fetchval(
                "select exists (select from call_events where at < seen_at - interval '10 minutes' and call_id <> all($1))",
                list(known),
            )
        )
    finally:
        await connection.close()


@pytest.mark.parametrize("first", [QUARTER_S, -QUARTER_S], ids=["forward first", "back first"])
@pytest.mark.parametrize("part", PARTS)
async def test_nobody_is_lost_when_a_clock_jumps(clocked: ClockedInstance, part: str, first: int) -> None:
    description = clocked.description()
    assert description is not None
    known = {row["id"] for row in await calls(clocked)}

    async def ended(count: int) -> None:
        while sum(row["state"] == "ended" for row in await calls(clocked)) < len(known) + count:
            await asyncio.sleep(LOOK_S)

    async def jump() -> None:
        # One has just ended, of whom the ledger is still to be read; others come, wait and talk.
        await ended(1)
        clocked.set_clock(part, first)
        if part != "asterisk":
            await ended(PLAN.callers // 2)
            clocked.set_clock(part, 0)
        elif first < 0:
            # Whoever waited at that moment waits until the time has come again, which is Asterisk's own doing.
            while not await told_of_the_past(clocked, known):
                await asyncio.sleep(LOOK_S)
            clocked.set_clock(part, 0)

    jumping = asyncio.create_task(jump())
    surge = Surge(description, PLAN)
    surge.clocks_differ_s = 2 * QUARTER_S if part == "asterisk" else 0
    try:
        report, verdict = await surge.run()
        await jumping
    finally:
        jumping.cancel()
        clocked.set_clock(part, 0)
    rows = [row for row in await calls(clocked) if row["id"] not in known]
    assert len({row["caller"] for row in rows}) == len(rows) == report["callers"] == PLAN.callers
    assert all(row["caller"] and row["did"] and row["company_id"] and row["queue"] for row in rows)
    assert {row["state"] for row in rows} == {"ended"}
    if part != "asterisk":
        # Of Asterisk it decides who has waited too long, and earlier surges are in sight.
        assert verdict.lost == {}
        assert [row["outcome"] for row in rows] == ["answered"] * PLAN.callers
    answered = [row for row in rows if row["outcome"] == "answered"]
    assert len(answered) > PLAN.callers / 2
    assert all(row["tickets"] == 1 and row["recordings"] >= 1 for row in answered)
