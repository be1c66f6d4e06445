"""Trunks of every kind, from an office behind a router: a call in by each, a call out by each, real Asterisks at both ends."""

import asyncio
import itertools
import re
import socket
import struct
import threading
import wave
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import asyncpg
import numpy as np
import pytest

from callcenter.settings import Settings
from callcenter.telephony.render import Directory
from stack.sip_message import Message
from tests.e2e.asterisk_instance import AsteriskInstance, asterisk
from tests.e2e.carrier import FIRST, PASSWORD, REGISTRAR, SECOND, SECURE, Carrier, carrier
from tests.e2e.internet import OFFICE, ROUTER, internet
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


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[AsteriskInstance, Carrier]]:
    more = {"bind": OFFICE, "external_address": ROUTER, "sip_port": PORT, "ami_permit": [f"{OFFICE}/32"]}
    with (
        internet(PORT),
        carrier(tmp_path_factory.mktemp("carrier"), PORT) as company,
        asterisk(tmp_path_factory.mktemp("office"), Directory((), ()), more=more, ring_s=5) as office,
    ):
        yield office, company


@pytest.fixture
async def world(site: Site, database_url: str, networks: tuple[AsteriskInstance, Carrier]) -> AsyncIterator[World]:
    office, company = networks
    settings = settings_of(office, database_url)
    async with node(settings), site.browser("alla") as alla:
        yield World(office, company, site, settings, alla)
        await asyncio.to_thread(company.hang_up)
        await asyncio.to_thread(office.cli, "channel request hangup all")
    await site.pool.execute("delete from trunks")
    await site.pool.execute("delete from outbound_rules")


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
    calls = await world.site.pool.fetch("select did, outcome from calls")
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
        with silence(anna, answer):
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


@contextmanager
def silence(phone: Telephone, answer: Message) -> Iterator[None]:
    """The telephone sends packets, as one does in a talk: the router lets the company's sound in after that."""
    found = re.search(r"m=audio (\d+)", answer.body)
    assert found
    stop = threading.Event()

    def send() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as rtp:
            rtp.bind((phone.host, phone.port + 1))
            for number in itertools.count(1):
                packet = struct.pack("!BBHII", 0x80, 8, number, number * 160, 7) + b"\xd5" * 160
                rtp.sendto(packet, (OFFICE, int(found[1])))
                if stop.wait(0.02):
                    return

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


async def heard(world: World) -> bool:
    """Whether a second of sound is recorded."""
    recorded = (world.office.home / "spool" / "callcenter" / "rec").glob("*.sln")
    return any(path.stat().st_size > 32_000 for path in recorded)


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
    wanted = "select * from calls where direction = 'out' and state = 'ended'"
    await until(lambda: world.site.pool.fetchrow(wanted), "the end of the call")
    return await world.site.pool.fetchrow(wanted)
