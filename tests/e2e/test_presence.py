"""What an operator is: the page, the table and Asterisk's queue agree, also after each connection between them was lost."""

import asyncio
import os
import re
import signal
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
from playwright.async_api import Page, expect

from callcenter.domain.events import Presence
from callcenter.domain.ids import OPERATORS
from stack.instance import Instance
from stack.parts import ROOT
from tests.browser import chromium
from tests.e2e.browser_operator import break_connection, calling, cli, until
from tests.e2e.telephones import RESIDENT, database, telephone

pytestmark = [pytest.mark.e2e, pytest.mark.long]

LOGIN, WRAP_UP_S = "op-06", 60
NAMES = {Presence.AVAILABLE: "На линии", Presence.PAUSED: "Пауза", Presence.OFFLINE: "Не в сети"}


@pytest.fixture(scope="module")
def centre() -> Iterator[Instance]:
    """One with a limit for the wrap-up, of which parts are killed."""
    instance = Instance(
        ROOT / "var" / f"test-presence-{os.getpid()}", environment={"CALLCENTER_QUEUEING__WRAP_UP_S": str(WRAP_UP_S)}
    )
    with instance:
        yield instance
    instance.remove()


@pytest.fixture
async def page(centre: Instance) -> AsyncIterator[Page]:
    description = described(centre)
    password = next(person["password"] for person in description["logins"] if person["login"] == LOGIN)
    async with chromium(description["web"]["url"], LOGIN, password) as made:
        await expect(made.get_by_role("button", name="На линии")).to_be_enabled()
        yield made


def described(centre: Instance) -> dict:
    found = centre.description()
    assert found is not None
    return found


def member(description: dict) -> Presence:
    """What Asterisk takes the telephone for."""
    queue = re.sub(r"\x1b\[[\d;]*m", "", cli(description, f"queue show {OPERATORS}"))
    line = next((line for line in queue.splitlines() if f"PJSIP/{LOGIN} " in f"{line.strip()} "), None)
    if line is None:
        return Presence.OFFLINE
    return Presence.PAUSED if "(paused" in line else Presence.AVAILABLE


async def agree(description: dict, pool: asyncpg.Pool, page: Page, wanted: Presence, why: str) -> None:
    """Until all three say so."""
    began = time.monotonic()
    await expect(page.locator("#state")).to_have_class(f"state {wanted}", timeout=30_000)
    await until(lambda: member(description) is wanted, f"{wanted} in Asterisk {why}", 30)
    kept = "select wanted from presence p join operators o on o.id = p.operator_id where o.login = $1"
    assert await pool.fetchval(kept, LOGIN) == wanted
    print(f"{why}: {wanted} after {time.monotonic() - began:.2f} s")


async def choose(page: Page, wanted: Presence) -> None:
    await page.locator("#presence").get_by_role("button", name=NAMES[wanted], exact=True).click()


async def test_page_table_and_asterisk_agree_after_every_change_and_every_reconnection(
    centre: Instance, page: Page
) -> None:
    description = described(centre)
    async with database(description) as pool:
        for wanted in (Presence.AVAILABLE, Presence.PAUSED, Presence.OFFLINE, Presence.AVAILABLE):
            await choose(page, wanted)
            await agree(description, pool, page, wanted, "asked")

        # What Asterisk has is made wrong, which it tells nobody.
        await asyncio.to_thread(cli, description, f"queue pause member PJSIP/{LOGIN} queue {OPERATORS}")
        break_connection(description["ami"]["port"])
        await agree(description, pool, page, Presence.AVAILABLE, "after AMI was lost")

        await asyncio.to_thread(cli, description, f"queue remove member PJSIP/{LOGIN} from {OPERATORS}")
        os.kill(centre.pids()["callcenter"], signal.SIGKILL)
        # Until it is connected again the page shows what was, and takes no wishes.
        await expect(page.locator("#disconnected")).to_be_visible()
        await asyncio.to_thread(centre.wait_ready, "callcenter")
        await expect(page.locator("#disconnected")).to_be_hidden(timeout=30_000)
        await agree(description, pool, page, Presence.AVAILABLE, "after the service was killed")

        await choose(page, Presence.PAUSED)
        await agree(description, pool, page, Presence.PAUSED, "asked")
        killed = centre.pids()["asterisk"]
        os.kill(killed, signal.SIGKILL)
        await until(lambda: centre.pids().get("asterisk", killed) != killed, "another Asterisk", 30)
        await asyncio.to_thread(centre.wait_ready, "asterisk")
        await agree(description, pool, page, Presence.PAUSED, "after Asterisk was killed")
        await choose(page, Presence.AVAILABLE)
        await agree(description, pool, page, Presence.AVAILABLE, "asked")
        await choose(page, Presence.OFFLINE)
        await agree(description, pool, page, Presence.OFFLINE, "asked")


async def test_after_a_talk_the_next_caller_waits_until_the_wrap_up_is_ended(
    centre: Instance, page: Page, tmp_path: Path
) -> None:
    description = described(centre)
    person = next(person for person in description["logins"] if person["login"] == LOGIN)
    async with database(description) as pool:
        with telephone(description, person, tmp_path, talk_s=1):
            await choose(page, Presence.AVAILABLE)
            await agree(description, pool, page, Presence.AVAILABLE, "asked")
            _, _, phone, number, _ = await pool.fetchrow(RESIDENT)
            async with calling(description, phone, number) as caller:
                await asyncio.to_thread(caller.wait_for_bye, 30.0)
            await expect(page.locator("#state")).to_have_class("state wrap_up", timeout=20_000)
            await expect(page.locator("#wrap-up-left")).to_contain_text("осталось")
            await until(lambda: member(description) is Presence.PAUSED, "the wrap-up in Asterisk")
            _, _, phone, number, _ = await pool.fetchrow(RESIDENT)
            async with calling(description, phone, number) as caller:
                waiting = "select count(*) from calls where caller = $1 and state = 'waiting'"
                await until(lambda: pool.fetchval(waiting, phone), "the next caller in the queue")
                assert member(description) is Presence.PAUSED
                await page.keyboard.press("F2")
                await asyncio.to_thread(caller.wait_for_bye, 30.0)
            await page.keyboard.press("F2")
            await choose(page, Presence.OFFLINE)
            await agree(description, pool, page, Presence.OFFLINE, "asked")
