"""An outage from the board to the public page: heard by the supervisor, told to twenty callers, closed with all of them."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest
from playwright.async_api import Page, expect

from stack.instance import Instance
from stack.sipp import Sipp
from tests.browser import chromium
from tests.e2e.telephones import SCREENS, database

pytestmark = [pytest.mark.e2e, pytest.mark.long]

CALLERS = 20
DID, COMPANY, STREET = "74957654321", "УК «Северный квартал»", "Лесная ул., 3"
PUBLIC = "severny-kvartal"
PHONES = """
select distinct on (p.id) f.phone from resident_phones f join residents r on r.id = f.resident_id
join premises p on p.id = r.premises_id join houses h on h.id = p.house_id join numbers n on n.company_id = h.company_id
where n.number = $1 and f.phone not in (select caller from calls) order by p.id limit $2
"""
HELPED = "select count(distinct caller) from announcements where outage_id = $1 and whole"
TICKETS = """
select count(*) as all, count(*) filter (where is_open(t.state)) as open
from outages o join tickets t on t.parent_id = o.incident_id where o.id = $1
"""
CHILDREN = "select t.id from outages o join tickets t on t.parent_id = o.incident_id where o.id = $1"


async def until(found: Callable[[], Coroutine[Any, Any, bool]], what: str, within_s: float) -> None:
    deadline = time.monotonic() + within_s
    while not await found():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.2)


@asynccontextmanager
async def callers(description: dict[str, Any], phones: list[str], folder: Path) -> AsyncIterator[Sipp]:
    """These telephones call the company and listen; at the end all hang up."""
    sip = description["sip"]
    sipp = Sipp(folder, target=(sip["host"], sip["port"]), trunk=sip["trunk_address"], phones=sip["phones_address"])
    sipp.call([(phone.removeprefix("+"), DID) for phone in phones], rate=10, audio=None)
    try:
        yield sipp
    finally:
        await asyncio.to_thread(sipp.end)


async def open_from_the_board(page: Page) -> int:
    """Open an outage from the page that a supervisor comes to, after hearing it; its id."""
    await page.locator("#off-new").get_by_role("link", name=COMPANY).click()
    await page.get_by_text("Холодная вода", exact=True).click()
    await page.get_by_label("Дома").last.select_option(label=f"Москва, {STREET}")
    await page.get_by_role("button", name="Прослушать, что услышат звонящие").click()
    await expect(page.locator("[data-words]")).to_contain_text(f"По адресу {STREET}: нет холодной воды", timeout=90_000)
    first = await plays(page, "audio[data-sound]")
    await page.get_by_label("Сказать звонящим ещё").fill("Вода подвозится к подъезду.")
    await page.get_by_role("button", name="Прослушать, что услышат звонящие").click()
    await expect(page.locator("[data-words]")).to_contain_text("Вода подвозится к подъезду.", timeout=90_000)
    assert await plays(page, "audio[data-sound]") > first + 1
    await page.screenshot(path=SCREENS / "outage-new.png", full_page=True)
    await page.get_by_role("button", name="Открыть и оповещать звонящих").click()
    await expect(page.get_by_role("heading", name="Что слышат звонящие")).to_be_visible()
    return int(page.url.rsplit("/", 1)[1])


async def plays(page: Page, sound: str) -> float:
    """Let the sound play; how long it lasts."""
    audio = page.locator(sound)
    # Browsers play nothing on a page that nobody has touched.
    await page.locator("h1").click()
    await audio.evaluate("audio => audio.play()")
    await expect(audio).to_have_js_property("readyState", 4, timeout=90_000)
    await page.wait_for_function("found => document.querySelector(found).currentTime > 0.2", arg=sound)
    duration = float(await audio.evaluate("audio => audio.duration"))
    await audio.evaluate("audio => audio.pause()")
    return duration


async def public_page(url: str) -> str:
    async with aiohttp.ClientSession() as http, http.get(f"{url}/public/outages/{PUBLIC}") as answer:
        assert answer.status == 200
        return await answer.text()


async def test_an_outage_from_the_board_to_the_public_page(stack: Instance, tmp_path: Path) -> None:
    description = stack.description()
    assert description is not None
    [supervisor] = [each for each in description["logins"] if each["login"] == "supervisor"]
    url = description["web"]["url"]
    SCREENS.mkdir(exist_ok=True)
    async with database(description) as pool, chromium(url, supervisor["login"], supervisor["password"]) as page:
        await pool.execute("update companies set outage_page = $1 where name = $2", PUBLIC, COMPANY)
        outage = await open_from_the_board(page)
        assert await plays(page, "#heard > audio") > 8
        await page.screenshot(path=SCREENS / "outage.png", full_page=True)
        await told(stack, pool, description, outage, tmp_path)
        await one_line(page, pool, url, outage)

        assert "Холодная вода" in await public_page(url)
        await page.goto(f"{url}/outages/{outage}")
        await page.get_by_label("Комментарий").fill("Вода есть")
        await page.get_by_role("button", name="Закрыть вместе с заявками").click()
        await expect(page.locator(".tag").first).to_have_text("Закрыто")
        assert tuple(await pool.fetchrow(TICKETS, outage)) == (CALLERS, 0)

        async def gone() -> bool:
            return "Об отключениях ничего не известно" in await public_page(url)

        await until(gone, "the public page without the outage", 20)


async def told(stack: Instance, pool: asyncpg.Pool, description: dict[str, Any], outage: int, folder: Path) -> None:
    """Twenty of the house call, hear it to the end, and hang up."""
    phones = [row["phone"] for row in await pool.fetch(PHONES, DID, CALLERS)]
    assert len(phones) == CALLERS

    async def written() -> bool:
        return (stack.directory / "asterisk/spool/callcenter/announcements/by-number" / DID / phones[-1]).exists()

    await until(written, "the announcement on Asterisk's disk", 120)
    async with callers(description, phones, folder):

        async def heard() -> bool:
            return await pool.fetchval(HELPED, outage) == CALLERS

        await until(heard, "heard by all", 120)

    async def ticketed() -> bool:
        return tuple(await pool.fetchrow(TICKETS, outage)) == (CALLERS, CALLERS)

    await until(ticketed, "a ticket for each flat", 30)
    outcomes = await pool.fetch("select distinct outcome from calls where caller = any ($1::text[])", phones)
    assert [row["outcome"] for row in outcomes] == ["informed"]


async def one_line(page: Page, pool: asyncpg.Pool, url: str, outage: int) -> None:
    """The journal has one line of it, which opens to the tickets of the flats."""
    await page.goto(f"{url}/outages/{outage}")
    # Each company counts its tickets from 1: a number alone may be another's.
    incident = await page.locator("a[href^='/tickets/']").first.get_attribute("href")
    await page.goto(f"{url}/tickets")
    rows = page.locator("tbody tr").filter(has=page.locator(f".no a[href='{incident}']"))
    await expect(rows).to_have_count(1)
    shown = await page.locator("tbody .no a").evaluate_all("links => links.map((link) => link.getAttribute('href'))")
    children = {f"/tickets/{row['id']}" for row in await pool.fetch(CHILDREN, outage)}
    assert children
    assert not children & set(shown)
    await page.screenshot(path=SCREENS / "outage-journal.png")
    await rows.get_by_role("link", name=f"{CALLERS} заявок").click()
    await expect(page.locator("tbody tr.below")).to_have_count(CALLERS)
    await page.screenshot(path=SCREENS / "outage-journal-open.png", full_page=True)
