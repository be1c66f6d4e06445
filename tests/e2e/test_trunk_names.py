"""A telephone company by its name: its servers are found by SRV, its address changes, and no name server answers."""

import asyncio
import re

import pytest

from callcenter.cli.checks import CheckFailed
from callcenter.cli.trunks import examine_trunks
from tests.e2e.carrier import FIRST, SECOND, SECURE
from tests.e2e.node import until
from tests.e2e.office import (
    TRUNKS,
    TYPED,
    World,
    allow,
    networks,
    queued,
    reachable,
    shown,
    state,
    telephone,
    world,
)
from tests.site import site

__all__ = ["networks", "site", "world"]

pytestmark = [pytest.mark.e2e, pytest.mark.long]

NAME, GATE = "sip.delta.test", "gate.delta.test"


async def add_named(world: World) -> None:
    """The trunk delta, by a name that has no address of its own."""
    world.names.silent = False
    world.names.records = {(f"_sip._udp.{NAME}", "SRV"): f"10 0 5060 {GATE}.", (GATE, "A"): FIRST}
    answer = await world.alla.post("/trunks/new", **(TYPED | {"name": "delta", "server": NAME, "position": "0"}))
    assert answer.status == 303, await answer.text()
    await known(world, FIRST)
    await asyncio.to_thread(world.office.cli, "pjsip qualify trunk_delta")
    await reachable(world, "delta")


async def known(world: World, address: str) -> None:
    """Asterisk takes calls of this address for the trunk's, and of no other."""

    async def there() -> bool:
        shown = await asyncio.to_thread(world.office.cli, "pjsip show identify trunk_delta")
        return re.findall(r"Match: +([0-9.]+)/32", shown) == [address]

    await until(there, f"calls from {address} to be the trunk's")


async def called(world: World, address: str) -> None:
    """A call out comes to the company at this address of its."""
    async with telephone(world) as anna:
        before = len(world.carrier.came_to())
        answer = await asyncio.to_thread(anna.call, "89160000001")
        assert answer.status == 200, answer.first
        anna.hang_up(answer)
        assert world.carrier.came_to()[before:] == [address]


async def test_a_trunk_by_its_name_follows_the_address(world: World) -> None:
    await add_named(world)
    await allow(world, "any", "+7916")
    await queued(world, "beta1")
    await called(world, FIRST)
    world.names.records[GATE, "A"] = SECOND
    await known(world, SECOND)
    await called(world, SECOND)
    before = len(world.office.ledger())
    await asyncio.to_thread(world.carrier.call, "beta1", "74951234567")
    await queued(world, "beta2")
    arrived = [line for line in world.office.ledger()[before:] if line[4] == "ARRIVED"]
    assert len(arrived) == 1, "the address that it had is anybody's now"


async def test_while_no_name_server_answers_calls_come_in_and_go_out_by_the_next_trunk(world: World) -> None:
    """It is said where one looks, also by a node that starts then; and it goes on by itself afterwards."""
    await add_named(world)
    next_one = TYPED | TRUNKS["gamma"] | {"name": "gamma", "position": "1"}
    assert (await world.alla.post("/trunks/new", **next_one)).status == 303
    await reachable(world, "gamma")
    await allow(world, "any", "+7916")
    world.names.silent = True
    await asyncio.to_thread(world.office.cli, "pjsip qualify trunk_delta")
    await state(world, "delta", "nameless")
    await shown(world, ["delta"], 0.0, "delta")
    assert "имя не находится" in await (await world.alla.get("/trunks")).text()
    async with world.site.pool.acquire() as connection:
        with pytest.raises(CheckFailed, match=rf"delta nameless.*{NAME} not found since.*the 1 addresses"):
            await examine_trunks(connection, "node1")
    await queued(world, "beta1")
    await called(world, SECURE)

    world.names.silent = False
    await asyncio.to_thread(world.office.cli, "pjsip qualify trunk_delta")
    await reachable(world, "delta")
    await shown(world, [], 1.0, "delta")
    await called(world, FIRST)
