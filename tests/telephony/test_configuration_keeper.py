"""A node that brings changes into an Asterisk which is played here, and what it writes about it for the pages."""

import asyncio
from collections.abc import Collection
from pathlib import Path

import asyncpg
import pytest
from asyncpg.pool import PoolConnectionProxy
from pydantic import SecretStr

from callcenter.app import asterisk_directory
from callcenter.domain.ids import NodeName
from callcenter.errors import NotConnected, RenderError
from callcenter.settings import DatabaseSettings
from callcenter.telephony import configuration_keeper
from callcenter.telephony.asterisk_entries import AsteriskEntries, ConfigurationProblem
from callcenter.telephony.configuration import ConfigurationRefused, RunningConfiguration, reload_of
from callcenter.telephony.configuration_keeper import ConfigurationKeeper
from callcenter.telephony.owned_folder import ForeignFolder
from callcenter.telephony.render import Directory
from tests.asterisk.test_render import settings
from tests.site import BOX, Site, site

__all__ = ["site"]

NODE, OTHER = NodeName("node1"), NodeName("node2")
NUMBER = "74951234567"
MORE = "74957654321"


class Played(RunningConfiguration):
    """Keeps what it was given, or fails with `error`."""

    def __init__(self, **asterisk: object) -> None:
        super().__init__(settings(asterisk=asterisk))
        self.given: list[Directory] = []
        self.ended: list[list[str]] = []
        self.error: Exception | None = None

    async def apply(self, directory: Directory, ended: Collection[str]) -> None:
        if self.error is not None:
            raise self.error
        self.given.append(directory)
        self.ended.append(sorted(ended))


class Kept:
    """A keeper, what it gave to Asterisk, and whether it told of new numbers."""

    def __init__(self, site: Site, url: str, node: NodeName = NODE, **asterisk: object) -> None:
        self.asterisk = Played(**asterisk)
        self.told: list[bool] = []

        async def load(connection: asyncpg.Connection | PoolConnectionProxy) -> Directory:
            return await asterisk_directory(connection, node, BOX)

        async def tell(more: bool) -> None:
            self.told.append(more)

        database = DatabaseSettings(url=SecretStr(url))
        self.keeper = ConfigurationKeeper(site.pool, database, node, self.asterisk, load, tell)

    async def look(self) -> None:
        await self.keeper.look()


async def add_number(site: Site, number: str = MORE) -> int:
    company: int = await site.pool.fetchval("select id from companies")
    await site.pool.execute("insert into numbers values ($1, $2)", number, company)
    return company


async def test_each_change_is_brought_in_once(site: Site, database_url: str) -> None:
    node = Kept(site, database_url)
    await node.look()
    await node.look()
    assert node.told == [True]
    company = await add_number(site)
    await node.look()
    assert node.told == [True, True]
    await site.pool.execute("update companies set language = 'en'")
    await node.look()
    assert node.told == [True, True, False]
    assert [given.numbers for given in node.asterisk.given] == [
        ((NUMBER, "ru"),),
        ((NUMBER, "ru"), (MORE, "ru")),
        ((NUMBER, "en"), (MORE, "en")),
    ]
    states = await AsteriskEntries(site.pool).numbers(company)
    assert {number: entry.since is not None for number, entry in states.items()} == {NUMBER: True, MORE: True}
    assert await AsteriskEntries(site.pool).behind() == []


async def test_only_telephones_of_people_who_may_work_at_this_node_are_brought_in(
    site: Site, database_url: str
) -> None:
    await site.pool.execute("insert into nodes values ('node2')")
    await site.pool.execute("update operators set node = 'node2' where login = 'boris'")
    here, there = Kept(site, database_url), Kept(site, database_url, OTHER)
    await here.look()
    await there.look()
    assert [name for name, _ in here.asterisk.given[-1].endpoints] == ["op-01"]
    assert [name for name, _ in there.asterisk.given[-1].endpoints] == ["op-01", "op-02"]
    await site.pool.execute("update operators set active = false where login = 'anna'")
    await here.look()
    assert here.asterisk.given[-1].endpoints == ()
    assert here.asterisk.ended[-1] == ["op-01"]


async def test_the_trunks_of_the_page_are_not_at_a_node_whose_pbx_has_its_own(site: Site, database_url: str) -> None:
    """Neither one for every node nor one that was for this node before stands in the way of what else it has to do."""
    here = Kept(site, database_url)
    there = Kept(site, database_url, OTHER, shared=True, etc="/etc/asterisk/callcenter")
    await site.pool.execute("insert into nodes values ('node2')")
    await site.pool.execute("insert into trunks (name, hosts) values ('everywhere', '{203.0.113.1}')")
    await site.pool.execute("insert into trunks (name, hosts, node) values ('mine', '{203.0.113.2}', 'node2')")
    for node in (here, there):
        await node.look()
    assert [trunk.name for trunk in here.asterisk.given[-1].trunks] == ["everywhere"]
    assert there.asterisk.given[-1].trunks == ()
    await add_number(site)
    await there.look()
    assert MORE in dict(there.asterisk.given[-1].numbers)
    entries = AsteriskEntries(site.pool)
    assert OTHER not in {each.node for each in await entries.behind()}
    assert await entries.trunk_nodes() == [NODE]
    assert (await entries.trunks())["everywhere"].node == NODE
    await site.pool.execute("delete from trunks")


async def test_an_account_that_is_another_one_now_is_ended_though_the_node_was_away(
    site: Site, database_url: str
) -> None:
    first = Kept(site, database_url)
    await first.look()
    await site.pool.execute("update operators set sip_secret = 'x', sip_version = sip_version + 1 where login = 'anna'")
    await site.pool.execute("update operators set endpoint = null, sip_secret = null where login = 'boris'")
    await site.pool.execute("update operators set endpoint = 'op-02', sip_secret = 'y' where login = 'vera'")
    assert (await AsteriskEntries(site.pool).behind())[0].changes > 0
    started = Kept(site, database_url)
    await started.look()
    assert started.asterisk.ended == [["op-01", "op-02"]]
    assert started.told == [False]


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (NotConnected("gone"), ConfigurationProblem.ASTERISK_AWAY),
        (RenderError("a number must match"), ConfigurationProblem.VALUE_REFUSED),
        (ConfigurationRefused("7495"), ConfigurationProblem.NOT_ACCEPTED),
        (PermissionError(13, "Permission denied", "/etc/asterisk"), ConfigurationProblem.NOT_WRITABLE),
        (ForeignFolder("/etc/asterisk"), ConfigurationProblem.NOT_WRITABLE),
    ],
)
async def test_what_fails_is_said_and_tried_again(
    site: Site, database_url: str, error: Exception, problem: ConfigurationProblem, monkeypatch: pytest.MonkeyPatch
) -> None:
    node, entries = Kept(site, database_url), AsteriskEntries(site.pool)
    await node.look()
    company = await add_number(site)
    node.asterisk.error = error
    await node.look()
    state = (await entries.numbers(company))[MORE]
    assert (state.since, state.node, state.away, state.problem) == (None, NODE, False, problem)
    assert state.details == str(error)
    assert (await entries.numbers(company))[NUMBER].since is not None
    [behind] = await entries.behind()
    assert (behind.changes, behind.problem, behind.away) == (1, problem, False)

    monkeypatch.setattr(configuration_keeper, "TRY_AGAIN_S", 0.0)
    node.keeper._try_at = 0.0
    node.asterisk.error = None
    await node.look()
    assert (await entries.numbers(company))[MORE].since is not None
    assert await entries.behind() == []
    assert node.told == [True, True]


async def test_the_same_that_failed_is_not_tried_at_each_look(site: Site, database_url: str) -> None:
    node = Kept(site, database_url)
    node.asterisk.error = ConfigurationRefused("7495")
    await node.look()
    node.asterisk.error = None
    await node.look()
    assert node.asterisk.given == []
    # What somebody corrects is tried at once.
    await add_number(site)
    await node.look()
    assert len(node.asterisk.given) == 1


async def test_a_node_that_says_nothing_is_away(site: Site, database_url: str) -> None:
    node, entries = Kept(site, database_url), AsteriskEntries(site.pool)
    await node.look()
    company = await add_number(site)
    await site.pool.execute("update node_configurations set seen_at = now() - interval '1 minute'")
    states = await entries.numbers(company)
    assert (states[MORE].since, states[MORE].away) == (None, True)
    assert states[NUMBER].since is not None
    [behind] = await entries.behind()
    assert (behind.node, behind.away, behind.changes) == (NODE, True, 1)
    assert (await entries.telephone(site.ids["vera"])) is None
    telephone = await entries.telephone(site.ids["anna"])
    assert telephone is not None
    assert telephone.since is not None


async def test_a_change_is_heard_at_once(site: Site, database_url: str) -> None:
    node = Kept(site, database_url)
    running = asyncio.create_task(node.keeper.run())
    try:
        async with asyncio.timeout(10):
            while len(node.told) < 1:
                await asyncio.sleep(0.01)
        # Sooner than by itself.
        async with asyncio.timeout(configuration_keeper.BEAT_S / 2):
            await add_number(site)
            while len(node.told) < 2:
                await asyncio.sleep(0.01)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def test_each_file_is_reloaded_by_what_reads_it() -> None:
    reloads = {
        "pjsip.conf": "module reload res_pjsip.so",
        "queues.conf": "module reload app_queue.so",
        "dialplan/numbers.conf": "dialplan reload",
        "extensions.conf": "dialplan reload",
        "manager.conf": "manager reload",
    }
    assert {name: reload_of(Path(name)) for name in reloads} == reloads
