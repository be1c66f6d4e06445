"""Operators' states that others than they set: from the board, and when their page is gone."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from callcenter.calls import presence
from callcenter.calls.presence import GONE_AFTER, LOOK_S, PageWatch
from callcenter.domain.events import Presence
from callcenter.push.codec import to_json
from callcenter.push.messages import ErrorMessage, PresenceRequest
from callcenter.web.keys import SETTINGS
from tests.calls.test_socket import hear, hello
from tests.site import Site

PATIENCE_S = 30.0


class Clock:
    """A time that goes on only when told."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Watched:
    """The watch of a process that has looked without a break for as long as told."""

    def __init__(self, site: Site, connection: asyncpg.Connection) -> None:
        self.clock = Clock()
        self.connection = connection
        self.watch = PageWatch(site.server.app[SETTINGS].database, self.clock)

    async def look_for(self, seconds: float) -> None:
        for _ in range(int(seconds / LOOK_S) + 1):
            await self.watch.look(self.connection)
            self.clock.now += LOOK_S


@pytest.fixture
async def watched(site: Site) -> AsyncIterator[Watched]:
    async with site.pool.acquire() as connection:
        yield Watched(site, connection)


async def asked(site: Site) -> list[tuple[int, int, dict[str, Any]]]:
    rows = await site.pool.fetch("select * from requests order by id")
    return [(row["asked_by"], row["operator_id"], row["body"]) for row in rows]


async def seen(site: Site, login: str, ago: str) -> None:
    statement = "insert into open_pages values ($1, now() - $2::text::interval)"
    await site.pool.execute(statement, site.ids[login], ago)


async def says_again(site: Site, login: str) -> None:
    await site.pool.execute("update open_pages set seen_at = now() where operator_id = $1", site.ids[login])


GONE = {"wanted": "paused", "reason": "page_gone"}


async def test_a_page_gone_for_a_minute_pauses_its_operator_once(site: Site, watched: Watched):
    await seen(site, "anna", "1 second")
    await seen(site, "boris", "1 second")
    await watched.look_for(GONE_AFTER.total_seconds() - 2 * LOOK_S)
    await says_again(site, "boris")
    await watched.look_for(2 * LOOK_S)
    anna = site.ids["anna"]
    assert await asked(site) == [(anna, anna, GONE)]
    await says_again(site, "boris")
    await watched.look_for(GONE_AFTER.total_seconds() - 2 * LOOK_S)
    assert await asked(site) == [(anna, anna, GONE)]


@pytest.mark.parametrize("ago", ["15 minutes", "-15 minutes"])
async def test_a_clock_of_postgresql_that_jumps_pauses_nobody_and_hides_nobody(site: Site, watched: Watched, ago: str):
    await watched.look_for(GONE_AFTER.total_seconds())
    await seen(site, "anna", ago)
    await watched.look_for(GONE_AFTER.total_seconds() - 2 * LOOK_S)
    assert await asked(site) == []
    await watched.look_for(2 * LOOK_S)
    assert len(await asked(site)) == 1


async def test_after_the_service_was_away_pages_have_a_minute_to_come_back(site: Site, watched: Watched):
    await seen(site, "anna", "10 minutes")
    await watched.look_for(GONE_AFTER.total_seconds() - 2 * LOOK_S)
    assert await asked(site) == []
    # So long PostgreSQL was away, and no page could say that it is open.
    watched.clock.now += 60
    await watched.look_for(GONE_AFTER.total_seconds() - 2 * LOOK_S)
    assert await asked(site) == []
    await watched.look_for(3 * LOOK_S)
    assert len(await asked(site)) == 1


async def test_a_page_says_that_it_is_open_for_as_long_as_it_is(site: Site, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("callcenter.calls.socket.SAID_EVERY_S", 0.01)
    newest = "select seen_at from open_pages where operator_id = $1"
    async with site.browser("anna") as anna, site.browser("vera") as vera:
        sockets = [await browser.socket() for browser in (anna, vera)]
        for socket in sockets:
            await hello(socket)
        async with asyncio.timeout(PATIENCE_S):
            while (first := await site.pool.fetchval(newest, site.ids["anna"])) is None:
                await asyncio.sleep(0.01)
            while await site.pool.fetchval(newest, site.ids["anna"]) == first:
                await asyncio.sleep(0.01)
    # Without a telephone nobody is missed.
    assert await site.pool.fetchval("select count(*) from open_pages") == 1


@pytest.mark.parametrize("wanted", Presence)
async def test_a_supervisor_sets_an_operators_state_from_the_board(site: Site, wanted: Presence):
    async with site.browser("vera") as vera:
        socket = await vera.socket()
        await hello(socket)
        await socket.send_json(to_json(PresenceRequest(wanted=wanted, operator=site.ids["anna"])))
        told = await hear(socket)
        assert (told["kind"], told["body"]["state"]) == ("request/presence", "asked")
    assert await asked(site) == [(site.ids["vera"], site.ids["anna"], {"wanted": wanted.value, "reason": "supervisor"})]
    entry = await site.pool.fetchrow("select * from audit_log where action = 'set operator''s state'")
    assert entry is not None
    assert (entry["operator_id"], entry["subject_id"]) == (site.ids["vera"], str(site.ids["anna"]))
    assert entry["details"] == {"state": wanted.value}


@pytest.mark.parametrize(
    ("by", "whose", "told"),
    [
        ("boris", "anna", "this login may set no state but its own"),
        ("vera", "alla", "no such operator, or one without a telephone"),
        ("vera", "vera", "this login has no telephone"),
    ],
)
async def test_nobody_else_sets_anothers_state(site: Site, by: str, whose: str, told: str):
    async with site.browser(by) as browser:
        socket = await browser.socket()
        await hello(socket)
        await socket.send_json(to_json(PresenceRequest(wanted=Presence.OFFLINE, operator=site.ids[whose])))
        assert await hear(socket) == to_json(ErrorMessage(message=told))
    assert await asked(site) == []


async def test_one_who_is_shut_out_is_set_to_nothing(site: Site):
    await site.pool.execute("update operators set active = false where login = 'anna'")
    async with site.pool.acquire() as connection:
        assert not await connection.fetchval(presence.SQL["has_phone"], site.ids["anna"])
