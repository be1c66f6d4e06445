"""Host names of trunks, looked up by the node: Asterisk knows by addresses who calls, also while no name server answers."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

import asyncpg
import dns.asyncresolver
import dns.exception
import dns.rdatatype
import dns.resolver
import structlog

from callcenter import metrics
from callcenter.domain.ids import NodeName
from callcenter.retrying import repeat
from callcenter.storage import queries
from callcenter.telephony.trunk_line import is_network

log = structlog.get_logger()
SQL = queries("trunks")
LOOK_S, AGAIN_S = 5.0, 2.0
LATEST_S = 300.0
"""A name is looked up again when its records are too old by their own word, but not sooner than at each look, nor later."""
SERVICES = ("_sip._udp", "_sip._tcp", "_sips._tcp")


def system_resolver() -> dns.asyncresolver.Resolver:
    """Of the name servers that this machine asks. Raises `dns.exception.DNSException` when there are none."""
    return dns.asyncresolver.Resolver()


@dataclass(slots=True)
class Found:
    """The addresses found. `whole`: every question was answered, if only by "there is none". `ttl`: seconds for which it holds."""

    addresses: set[str] = field(default_factory=set)
    whole: bool = True
    ttl: float = LATEST_S


async def look_up(resolver: dns.asyncresolver.Resolver, name: str) -> Found:
    """The addresses of this name, and of the servers for SIP that its SRV records name (RFC 3263)."""
    found = Found()
    records = await asyncio.gather(*(_ask(resolver, f"{service}.{name}", "SRV", found) for service in SERVICES))
    hosts = {str(record.target) for each in records for record in each} - {"."}
    asked = [_ask(resolver, host, kind, found) for host in sorted({name, *hosts}) for kind in ("A", "AAAA")]
    for each in await asyncio.gather(*asked):
        found.addresses |= {record.address for record in each}
    return found


async def _ask(resolver: dns.asyncresolver.Resolver, name: str, kind: str, found: Found) -> Iterable:  # type: ignore[type-arg]
    try:
        answer = await resolver.resolve(name, dns.rdatatype.from_text(kind))
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return ()
    except (dns.exception.DNSException, OSError):
        found.whole = False
        return ()
    if answer.rrset is not None:
        found.ttl = min(found.ttl, answer.rrset.ttl)
    return answer


class NameKeeper:
    """Of one node. Looks the names up and writes what it found; the configuration keeper brings that into Asterisk."""

    def __init__(self, pool: asyncpg.Pool, node: NodeName) -> None:
        self._pool = pool
        self._node = node
        self._changed = asyncio.Event()
        # When each name is to be looked up again, in the loop's time.
        self._due: dict[str, float] = {}

    def wake(self) -> None:
        """There may be other names. Never blocks."""
        self._changed.set()

    async def run(self) -> None:
        """Look until cancelled; without names only when woken."""
        await repeat(self._keep, AGAIN_S, "names of trunks not looked up")

    async def _keep(self) -> None:
        while True:
            self._changed.clear()
            names = await self.look()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S if names else None):
                    await self._changed.wait()

    async def look(self) -> list[str]:
        """Look up the names whose time has come; all names that there are. Raises what `storage.AWAY` names."""
        rows = await self._pool.fetch(SQL["names"], self._node)
        names = sorted(row["name"] for row in rows if not is_network(row["name"]))
        await self._pool.execute(SQL["forget_names"], self._node, names)
        now = asyncio.get_running_loop().time()
        self._due = {name: self._due.get(name, now) for name in names}
        await asyncio.gather(*(self._renew(name) for name, at in self._due.items() if at <= now))
        return names

    async def _renew(self, name: str) -> None:
        try:
            found = await look_up(system_resolver(), name)
        except dns.exception.DNSException:
            found = Found(whole=False)
        wait_s = found.ttl if found.addresses and found.whole else 0.0
        self._due[name] = asyncio.get_running_loop().time() + wait_s
        async with self._pool.acquire() as connection, connection.transaction():
            if await connection.fetchval(SQL["set_failing"], self._node, name, not found.addresses) is not None:
                log.error("name of a trunk not found", node=self._node)
                metrics.problems_total.labels(problem="name of a trunk not found").inc()
            if found.addresses:
                # What could not be asked may still be there.
                await connection.execute(SQL["set_addresses"], self._node, name, sorted(found.addresses), found.whole)
