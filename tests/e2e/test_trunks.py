"""Trunks of every kind, from an office behind a router: a call in by each, a call out by each, real Asterisks at both ends."""

import asyncio
import shutil
import wave
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import numpy as np
import pytest
from prometheus_client import REGISTRY

from callcenter.cli.checks import CheckFailed
from callcenter.cli.trunks import examine_trunks
from callcenter.common.requests import ask
from callcenter.domain.events import Presence
from callcenter.domain.ids import OperatorId
from callcenter.domain.request import PresenceBody
from callcenter.settings import Settings
from callcenter.telephony.render import Directory
from tests.e2e.asterisk_instance import AsteriskInstance, asterisk
from tests.e2e.carrier import FIRST, PASSWORD, REGISTRAR, SECOND, SECURE, Carrier, carrier
from tests.e2e.internet import COMPANIES, OFFICE, ROUTER, cut, internet
from tests.e2e.node import node, settings_of, until
from tests.e2e.telephone import Telephone
from tests.site import BOX, Browser, Site, site

__all__ = ["site"]

pytestmark = pytest.mark.e2e

DID = "74951234567"
PORT = 5060
RESIDENT = "+79160000001"
SECRET = "first-secret"
TYPED = {
    "active": "on",
    "transport": "udp",
    "dtmf": "rfc4733",
    "session_timers": "always",
    "number_form": "plus",
    "codecs": "alaw",
    "dialled_number_in": "request To Diversion",
    "trust_asserted_identity": "on",
    "calls_out": "on",
}
ACCOUNT = {"registers": "on", "password": PASSWORD, "send_asserted_identity": "on"}
TRUNKS = {
    "alpha": {"server": REGISTRAR, "login": "alpha", "from_user": "alpha", **ACCOUNT},
    "beta": {"server": FIRST, "hosts": SECOND},
    "gamma": {"server": SECURE, "transport": "tls", "srtp": "on", "login": "gamma", "from_user": "gamma", **ACCOUNT},
}
CLIENTS = ("alpha", "beta1", "beta2", "gamma")
"""Of the company: what each trunk is to it; beta calls from two addresses."""


@dataclass
class World:
    """The office with its node and pages, and the company."""

    office: AsteriskInstance
    carrier: Carrier
    site: Site
    settings: Settings
    alla: Browser
    began_at: datetime
    """Of this test: the ledger has the calls of those before it, too."""


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[AsteriskInstance, Carrier]]:
    """The office verifies the company's certificate."""
    more = {"bind": OFFICE, "external_address": ROUTER, "sip_port": PORT, "tls_ca": "/var/lib/asterisk/carrier.pem"}
    home = tmp_path_factory.mktemp("office")
    with internet(PORT), carrier(tmp_path_factory.mktemp("carrier"), PORT) as company:
        (home / "lib").mkdir()
        shutil.copy(company.pbx.home / "lib" / "carrier.pem", home / "lib")
        with asterisk(home, Directory((), ()), more=more, ring_s=5) as office:
            yield office, company


@pytest.fixture
async def world(site: Site, database_url: str, networks: tuple[AsteriskInstance, Carrier]) -> AsyncIterator[World]:
    office, company = networks
    settings = settings_of(office, database_url)
    async with node(settings), site.browser("alla") as alla:
        yield World(office, company, site, settings, alla, datetime.now(UTC))
        await asyncio.to_thread(company.hang_up)
        await asyncio.to_thread(office.cli, "channel request hangup all")
    for table in ("trunks", "outbound_rules", "outbound_attempts"):
        await site.pool.execute(f"delete from {table}")


async def add_trunks(world: World, *names: str) -> None:
    for position, name in enumerate(names):
        answer = await world.alla.post("/trunks/new", **(TYPED | TRUNKS[name]), name=name, position=str(position))
        assert answer.status == 303, await answer.text()

    async def there() -> bool:
        known = await world.site.pool.fetchval("select count(*) from asterisk_entries where kind = 'trunk'")
        return bool(known == len(names))

    await until(there, "the trunks in Asterisk")


async def queued(world: World, client: str) -> None:
    """A call from the company comes to the queue."""
    before = len(world.office.ledger())
    await asyncio.to_thread(world.carrier.call, client, DID)

    async def came() -> bool:
        return any(line[4] == "ENTERQUEUE" for line in world.office.ledger()[before:])

    await until(came, f"the call by {client}")
    await asyncio.to_thread(world.carrier.hang_up)


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


async def reachable(world: World, name: str) -> None:
    """The node sees that the trunk works."""

    async def is_up() -> bool:
        state = await world.site.pool.fetchval("select state from trunk_states where trunk = $1", name)
        return bool(state == "up")

    await until(is_up, f"{name} to work")


async def allow(world: World, purpose: str, prefix: str, per_operator_hour: int | None = None) -> None:
    await world.site.pool.execute(
        "insert into outbound_rules (purpose, prefix, per_operator_hour) values ($1, $2, $3)",
        purpose,
        prefix,
        per_operator_hour,
    )


@asynccontextmanager
async def telephone(world: World) -> AsyncIterator[Telephone]:
    """Anna's, registered."""
    await world.site.pool.execute("update operators set sip_secret = $1 where login = 'anna'", BOX.seal(SECRET))
    with Telephone(replace(world.office, directory=Directory((), (("op-01", SECRET),))), "op-01") as anna:

        async def registers() -> bool:
            return await asyncio.to_thread(anna.register) == 200

        await until(registers, "the telephone to register")
        yield anna


async def ended(world: World) -> asyncpg.Record:
    """The call that went out, when it is over."""
    wanted = "select * from calls where direction = 'out' and state = 'ended' and arrived_at >= $1"
    await until(lambda: world.site.pool.fetchrow(wanted, world.began_at), "the end of the call")
    return await world.site.pool.fetchrow(wanted, world.began_at)


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


async def state(world: World, name: str, wanted: str) -> None:
    async def seen() -> bool:
        found = await world.site.pool.fetchval("select state from trunk_states where trunk = $1", name)
        return bool(found == wanted)

    await until(seen, f"{name} to be {wanted}")


async def shown(world: World, down: list[str], up: float) -> None:
    """What the supervisors' board and the metric say."""
    body = await world.site.pool.fetchval("select body from screens where kind = 'trunks'")
    assert body == {"down": down}
    assert REGISTRY.get_sample_value("callcenter_trunk_up", {"trunk": "alpha", "node": "node1"}) == up


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
