"""An office with its Asterisk, node and pages behind a router, and the telephone company beyond it: what tests of trunks share."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import asyncpg
import pytest
from prometheus_client import REGISTRY

from callcenter.settings import Settings
from callcenter.telephony.render import Directory
from callcenter.trunks import names
from tests.e2e.asterisk_instance import AsteriskInstance, asterisk
from tests.e2e.carrier import FIRST, PASSWORD, REGISTRAR, SECOND, SECURE, Carrier, carrier
from tests.e2e.internet import COMPANY6, OFFICE, OFFICE6, ROUTER, internet
from tests.e2e.name_server import NameServer
from tests.e2e.node import node, settings_of, until
from tests.e2e.telephone import Telephone
from tests.site import BOX, Browser, Site

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
    "epsilon": {"server": COMPANY6},
    "gamma": {"server": SECURE, "transport": "tls", "srtp": "on", "login": "gamma", "from_user": "gamma", **ACCOUNT},
}
CLIENTS = ("alpha", "beta1", "beta2", "epsilon", "gamma")
"""Of the company: what each trunk is to it; beta calls from two addresses."""


@dataclass
class World:
    """The office with its node and pages, and the company."""

    office: AsteriskInstance
    carrier: Carrier
    names: NameServer
    site: Site
    settings: Settings
    alla: Browser
    began_at: datetime
    """Of this test: the ledger has the calls of those before it, too."""


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[AsteriskInstance, Carrier, NameServer]]:
    """The office verifies the company's certificate, and asks a name server of its own."""
    more = {
        "bind": OFFICE,
        "bind_ipv6": OFFICE6,
        "external_address": ROUTER,
        "sip_port": PORT,
        "tls_ca": "/var/lib/asterisk/carrier.pem",
    }
    home = tmp_path_factory.mktemp("office")
    with internet(PORT), NameServer(OFFICE) as names, carrier(tmp_path_factory.mktemp("carrier"), PORT) as company:
        (home / "lib").mkdir()
        shutil.copy(company.pbx.home / "lib" / "carrier.pem", home / "lib")
        (home / "resolv.conf").write_text(f"nameserver {names.address}\n")
        with asterisk(home, Directory((), ()), more=more, ring_s=5) as office:
            yield office, company, names


@pytest.fixture
async def world(
    site: Site,
    database_url: str,
    networks: tuple[AsteriskInstance, Carrier, NameServer],
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[World]:
    office, company, servers = networks
    monkeypatch.setattr(names, "system_resolver", servers.resolver)
    settings = settings_of(office, database_url)
    async with node(settings), site.browser("alla") as alla:
        yield World(office, company, servers, site, settings, alla, datetime.now(UTC))
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


async def state(world: World, name: str, wanted: str) -> None:
    async def seen() -> bool:
        found = await world.site.pool.fetchval("select state from trunk_states where trunk = $1", name)
        return bool(found == wanted)

    await until(seen, f"{name} to be {wanted}")


async def shown(world: World, down: list[str], up: float, name: str = "alpha") -> None:
    """What the supervisors' board and the metric say."""
    body = await world.site.pool.fetchval("select body from screens where kind = 'trunks'")
    assert body == {"down": down}
    assert REGISTRY.get_sample_value("callcenter_trunk_up", {"trunk": name, "node": "node1"}) == up
