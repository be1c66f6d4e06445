"""What a node finds of the host names of its trunks, and keeps while nothing is found."""

import asyncio
from collections.abc import Mapping

import dns.exception
import dns.resolver
import dns.rrset
import pytest

from callcenter.app import asterisk_directory
from callcenter.domain.ids import NodeName
from callcenter.trunks import names
from callcenter.trunks.names import NameKeeper, look_up
from tests.site import BOX, Site, site

__all__ = ["site"]

NODE = NodeName("node1")
NAME = "sip.example.org"
Records = dict[tuple[str, str], list[str] | Exception]


class Answer:
    """As dnspython gives one."""

    def __init__(self, name: str, kind: str, values: list[str]) -> None:
        self.rrset = dns.rrset.from_text(name, 60, "IN", kind, *values)

    def __iter__(self):
        return iter(self.rrset)


class Played:
    """A resolver that knows these records, and counts what it is asked."""

    def __init__(self, records: Mapping[tuple[str, str], list[str] | Exception]) -> None:
        self.records = records
        self.asked = 0

    async def resolve(self, name: str, kind: object) -> Answer:
        self.asked += 1
        word = kind.name  # type: ignore[attr-defined]
        known = self.records.get((name.rstrip("."), word))
        if isinstance(known, Exception):
            raise known
        if known is None:
            raise dns.resolver.NXDOMAIN
        return Answer(name, word, known)


async def test_addresses_are_those_of_the_name_and_of_the_servers_that_it_names() -> None:
    records: Records = {
        (NAME, "A"): ["203.0.113.1"],
        (f"_sip._udp.{NAME}", "SRV"): ["10 0 5060 a.example.org.", "20 0 5060 b.example.org."],
        (f"_sips._tcp.{NAME}", "SRV"): ["0 0 0 ."],
        ("a.example.org", "A"): ["203.0.113.2", "203.0.113.3"],
        ("b.example.org", "AAAA"): ["2001:db8::1"],
    }
    found = await look_up(Played(records), NAME)  # type: ignore[arg-type]
    assert found.addresses == {"203.0.113.1", "203.0.113.2", "203.0.113.3", "2001:db8::1"}
    assert (found.whole, found.ttl) == (True, 60)


async def test_what_was_found_is_kept_until_something_else_is(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence takes no address away, nor does an answer in part; a whole answer does."""
    for name in (NODE, "node2"):
        await site.pool.execute("insert into nodes (name) values ($1) on conflict do nothing", name)
    await site.pool.execute(
        "insert into trunks (name, server, hosts) values ('alpha', $1, '{203.0.113.9,203.0.113.64/28}')", NAME
    )
    records: Records = {(NAME, "A"): ["203.0.113.1"]}
    played = Played(records)
    monkeypatch.setattr(names, "system_resolver", lambda: played)

    async def given() -> list[str]:
        """After another look, at once, what Asterisk is given; by a node that has just started."""
        await NameKeeper(site.pool, NODE).look()
        async with site.pool.acquire() as connection:
            (trunk,) = (await asterisk_directory(connection, NODE, BOX)).trunks
        return trunk.networks[2:]

    async def fails() -> bool:
        return bool(await site.pool.fetchval("select failing_since is not null from trunk_names"))

    assert await given() == ["203.0.113.1"]
    silent: Records = {(name, kind): dns.exception.Timeout() for name, kind in (
        (NAME, "A"), (NAME, "AAAA"), *((f"{service}.{NAME}", "SRV") for service in names.SERVICES))}  # fmt: skip
    for word, wanted, failing in (
        (silent, ["203.0.113.1"], True),
        (
            {(NAME, "A"): ["203.0.113.2"], (NAME, "AAAA"): dns.exception.Timeout()},
            ["203.0.113.1", "203.0.113.2"],
            False,
        ),
        ({(NAME, "A"): ["203.0.113.2"]}, ["203.0.113.2"], False),
        ({}, ["203.0.113.2"], True),
    ):
        played.records = word
        assert (await given(), await fails()) == (wanted, failing)
    await site.pool.execute("update trunks set server = '203.0.113.7'")
    assert await given() == ["203.0.113.7"]
    assert await site.pool.fetchval("select count(*) from trunk_names") == 0
    await site.pool.execute("delete from trunks")


async def test_a_name_is_asked_for_again_when_its_records_are_too_old(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await site.pool.execute("insert into nodes (name) values ($1) on conflict do nothing", NODE)
    await site.pool.execute("insert into trunks (name, server) values ('alpha', $1)", NAME)
    played = Played({(NAME, "A"): ["203.0.113.1"]})
    monkeypatch.setattr(names, "system_resolver", lambda: played)
    keeper = NameKeeper(site.pool, NODE)
    for _ in range(2):
        assert await keeper.look() == [NAME]
    once = played.asked
    assert once == 5, "three for SRV records, two for addresses"
    later = asyncio.get_running_loop().time() + 61
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: later, raising=False)
    await keeper.look()
    assert played.asked == 2 * once
    await site.pool.execute("delete from trunks")
