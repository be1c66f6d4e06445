"""Trunks of every kind, from an office behind a router: a call in by each, a call out by each, real Asterisks at both ends."""

import asyncio
import wave
from pathlib import Path

import numpy as np
import pytest

from callcenter.cli.checks import CheckFailed
from callcenter.cli.trunks import examine_trunks
from callcenter.common.requests import ask
from callcenter.domain.events import Presence
from callcenter.domain.ids import OperatorId
from callcenter.domain.request import PresenceBody
from tests.e2e.internet import COMPANIES, cut
from tests.e2e.node import until
from tests.e2e.office import (
    CLIENTS,
    DID,
    RESIDENT,
    TRUNKS,
    TYPED,
    World,
    add_trunks,
    allow,
    ended,
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


async def test_a_call_comes_in_by_each(world: World) -> None:
    await add_trunks(world, *TRUNKS)
    for name in TRUNKS:
        await reachable(world, name)
    for client in CLIENTS:
        await queued(world, client)
    calls = await world.site.pool.fetch("select did, outcome from calls where arrived_at >= $1", world.began_at)
    assert [call["did"] for call in calls] == [DID] * len(CLIENTS)


@pytest.mark.parametrize("name", list(TRUNKS))
async def test_a_call_goes_out_by_each_recorded_and_on_a_ticket(world: World, name: str) -> None:
    await add_trunks(world, name)
    await reachable(world, name)
    await allow(world, "any", "+7916")
    async with telephone(world) as anna:
        before = len(world.carrier.came())
        answer = await asyncio.to_thread(anna.call, "89160000001")
        assert answer.status == 200, answer.first
        client = "beta1" if name == "beta" else name
        assert world.carrier.came()[before:] == [f"{client} {RESIDENT} from +{DID}"]
        # The router lets the company's sound in after that.
        with anna.sending(answer):
            await until(lambda: heard(world), "the company's tone in the recording")
        anna.hang_up(answer)
    call = await ended(world)
    assert (call["direction"], call["outcome"], call["caller"], call["did"]) == ("out", "answered", RESIDENT, DID)
    talk = await world.site.pool.fetchrow("select * from talks where call_id = $1", call["id"])
    assert (talk["kind"], talk["interface"], talk["ended_by"]) == ("out", "PJSIP/op-01", "operator")
    ticket = await world.site.pool.fetchrow("select * from tickets where id = ticket_of_call($1)", call["id"])
    assert (ticket["caller"], ticket["operator_id"]) == (RESIDENT, world.site.ids["anna"])
    path = world.office.home / "spool" / "callcenter" / "ready" / f"{talk['recording']}.wav"
    await until(lambda: exists(path), "the recording")
    with wave.open(str(path)) as file:
        sides = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    loudest = np.abs(sides.astype(int)).max(axis=0)
    assert loudest[0] < 500 < loudest[1], "the operator's side is the left one, and says nothing"


async def heard(world: World) -> bool:
    """Whether a tone is recorded; Asterisk writes the company's side first."""
    recorded = (world.office.home / "spool" / "callcenter" / "rec").glob("*.sln")
    sounds = [np.frombuffer(data[: len(data) // 4 * 4], "<i2") for data in map(Path.read_bytes, recorded)]
    return any(np.abs(sound[::2].astype(int)).max(initial=0) > 500 for sound in sounds)


async def exists(path: Path) -> bool:
    return path.exists()


async def test_a_registration_that_is_lost_is_said_everywhere_and_comes_back(world: World) -> None:
    """The account is blocked at the company, and opened again; then nothing passes the router."""
    await add_trunks(world, "alpha")
    await reachable(world, "alpha")
    await shown(world, [], 1.0)
    await asyncio.to_thread(world.carrier.block, "alpha", True)
    await asyncio.to_thread(world.office.cli, "pjsip send register trunk_alpha")
    await state(world, "alpha", "refused")
    await shown(world, ["alpha"], 0.0)
    assert "не принимает логин" in await (await world.alla.get("/trunks")).text()
    async with world.site.pool.acquire() as connection:
        with pytest.raises(CheckFailed, match="alpha refused"):
            await examine_trunks(connection, "node1")
    await asyncio.to_thread(world.carrier.block, "alpha", False)
    await asyncio.to_thread(world.office.cli, "pjsip send register trunk_alpha")
    await state(world, "alpha", "up")
    await shown(world, [], 1.0)
    await queued(world, "alpha")

    with cut():
        await asyncio.to_thread(world.office.cli, "pjsip qualify trunk_alpha")
        await state(world, "alpha", "down")
        await shown(world, ["alpha"], 0.0)
    await asyncio.to_thread(world.office.cli, "pjsip qualify trunk_alpha")
    await state(world, "alpha", "up")
    await queued(world, "alpha")


async def test_the_next_trunk_takes_a_call_that_the_first_cannot(world: World) -> None:
    """The first is at an address where nobody is; then full: its only line is taken by a call that came."""
    nobody = {"server": COMPANIES[-1], "name": "nobody", "position": "0"}
    assert (await world.alla.post("/trunks/new", **(TYPED | nobody))).status == 303
    first = TRUNKS["alpha"] | {"name": "alpha", "position": "1", "calls_at_once": "1"}
    assert (await world.alla.post("/trunks/new", **(TYPED | first))).status == 303
    last = TRUNKS["gamma"] | {"name": "gamma", "position": "2"}
    assert (await world.alla.post("/trunks/new", **(TYPED | last))).status == 303
    for name in ("alpha", "gamma"):
        await reachable(world, name)
    await state(world, "nobody", "down")
    await allow(world, "any", "+7916")
    async with telephone(world) as anna:
        for taken, by in ((False, "alpha"), (True, "gamma")):
            if taken:
                await asyncio.to_thread(world.carrier.call, "alpha", DID)
                await until(lambda: asyncio.to_thread(world.carrier.channels), "the call that takes the line")
            before = len(world.carrier.came())
            answer = await asyncio.to_thread(anna.call, "+79160000001")
            assert answer.status == 200, answer.first
            assert world.carrier.came()[before:] == [f"{by} {RESIDENT} from +{DID}"]
            anna.hang_up(answer)


async def test_what_no_rule_allows_does_not_leave_and_is_on_the_page(world: World) -> None:
    await add_trunks(world, "beta")
    await allow(world, "crew", "+")
    await allow(world, "any", "+7495", per_operator_hour=1)
    async with telephone(world) as anna:
        before = len(world.carrier.came())
        for dialled in ("89160000001", "81049301234567", "0511"):
            assert (await asyncio.to_thread(anna.call, dialled)).status >= 400
        assert world.carrier.came()[before:] == []
        answer = await asyncio.to_thread(anna.call, "84957654321")
        assert answer.status == 200
        anna.hang_up(answer)
        assert (await asyncio.to_thread(anna.call, "84957654321")).status >= 400, "once an hour"
    assert len(world.carrier.came()) == before + 1
    page = await (await world.alla.get("/trunks/rules")).text()
    for words in ("ни одно правило", "не номер телефона", "этот оператор уже позвонил"):
        assert words in page


async def test_an_emergency_call_needs_no_node_and_no_rule(world: World) -> None:
    await add_trunks(world, "beta")
    async with telephone(world) as anna:
        before = len(world.carrier.came())
        answer = await asyncio.to_thread(anna.call, "112")
        assert answer.status == 200
        anna.hang_up(answer)
        assert [came.split()[1] for came in world.carrier.came()[before:]] == ["112"]
        assert (await asyncio.to_thread(anna.call, "101")).status >= 400
    call = await ended(world)
    assert (call["caller"], call["outcome"], call["did"]) == ("112", "answered", DID)
    assert await world.site.pool.fetchval("select count(*) from outbound_attempts") == 0


async def test_a_call_about_a_caller_on_the_line_is_recorded_with_it(world: World) -> None:
    """The operator has a resident on the line and calls a crew: a consultation of that call, shown as its company."""
    await add_trunks(world, "beta")
    await allow(world, "crew", "+")
    await world.site.pool.execute("update crews set phone = '+79160000002'")
    async with telephone(world) as anna:
        async with world.site.pool.acquire() as connection:
            await ask(connection, PresenceBody(wanted=Presence.AVAILABLE), asker=OperatorId(world.site.ids["anna"]))
        await asyncio.to_thread(world.carrier.call, "beta1", DID)

        async def talks() -> bool:
            return bool(
                await world.site.pool.fetchval(
                    "select count(*) from talks where kind = 'queue' and began_at >= $1", world.began_at
                )
            )

        await until(talks, "the talk with the resident")
        before = len(world.carrier.came())
        answer = await asyncio.to_thread(anna.call, "89160000002")
        assert answer.status == 200, answer.first
        assert len(world.carrier.came()) == before + 1
        anna.hang_up(answer)

        async def consulted() -> bool:
            return bool(
                await world.site.pool.fetchval(
                    "select count(*) from talks t join calls c on c.id = t.call_id"
                    " where t.kind = 'consultation' and t.ended_at is not null and c.direction = 'in'"
                    " and t.began_at >= $1",
                    world.began_at,
                )
            )

        await until(consulted, "the consultation")
    counted = "select count(*) filter (where direction = 'out'), count(*) from calls where arrived_at >= $1"
    assert tuple(await world.site.pool.fetchrow(counted, world.began_at)) == (0, 1)
    opened = "select count(*) from tickets where opened_at >= $1"
    assert await world.site.pool.fetchval(opened, world.began_at) == 1
