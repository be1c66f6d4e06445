"""A resident calls over SIP, an operator's telephone answers, and the operator's browser shows who it is."""

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest
from playwright.async_api import expect

from stack.instance import Instance
from stack.parts import ROOT
from stack.sipp import Sipp, speech
from tests.browser import chromium

pytestmark = pytest.mark.e2e

SCREENS = ROOT / "var" / "test-screens"
RESIDENT = """
select r.name, p.flat, ph.phone, n.number
from resident_phones ph join residents r on r.id = ph.resident_id join premises p on p.id = r.premises_id
join houses h on h.id = p.house_id join numbers n on n.company_id = h.company_id
where ph.phone not in (select caller from calls) order by ph.phone desc limit 1
"""


@pytest.fixture
async def database(stack: Instance) -> AsyncIterator[asyncpg.Pool]:
    description = stack.description()
    assert description is not None
    async with asyncpg.create_pool(description["postgres"]["dsn"], min_size=0, max_size=1) as pool:
        yield pool


@contextmanager
def telephone(stack: dict, person: dict, folder: Path, talk_s: float) -> Iterator[Sipp]:
    """The telephone of one operator; it rings a second, talks, hangs up."""
    sip = stack["sip"]
    sipp = Sipp(folder, target=(sip["host"], sip["port"]), trunk=sip["trunk_address"], phones=sip["phones_address"])
    phone = [(person["endpoint"], person["sip_secret"])]
    try:
        sipp.answer(count=1, ring_s=1, talk_s=talk_s, audio=speech("operator", folder))
        sipp.register(phone, seconds=600)
        yield sipp
        sipp.register(phone, seconds=0)
    finally:
        sipp.end()


async def test_the_operator_who_picks_up_sees_who_is_calling_and_a_supervisor_listens(
    stack: Instance, database: asyncpg.Pool, tmp_path: Path
) -> None:
    description = stack.description()
    assert description is not None
    logins = {person["login"]: person for person in description["logins"]}
    anna, supervisor, url = logins["op-03"], logins["supervisor"], description["web"]["url"]
    SCREENS.mkdir(exist_ok=True)
    name, flat, phone, number = await database.fetchrow(RESIDENT)
    with telephone(description, anna, tmp_path, talk_s=4) as sipp:
        async with chromium(url, anna["login"], anna["password"]) as page:
            await page.get_by_role("button", name="На линии").click()
            await expect(page.get_by_role("heading", name="Вы на линии")).to_be_visible(timeout=10_000)
            sipp.call([phone.removeprefix("+")], did=number, rate=1, audio=speech("caller", tmp_path))
            await expect(page.get_by_role("heading", name=name)).to_be_visible(timeout=20_000)
            await page.screenshot(path=SCREENS / "operator.png")
            ticket = await database.fetchval(
                "select t.number from tickets t join calls c on c.id = t.call_id where c.caller = $1", phone
            )
            await expect(page.get_by_text(f"Открыта заявка № {ticket}")).to_be_visible()
            await expect(page.locator("#card")).to_contain_text(flat)
            await expect(page.get_by_text("Разговор окончен")).to_be_visible(timeout=15_000)
            await page.get_by_role("button", name="Не в сети").click()
            await expect(page.locator("#state")).to_contain_text("Не в сети", timeout=10_000)
    deadline = time.monotonic() + 20
    while (
        await database.fetchval(
            "select r.state from recordings r join calls c on c.id = r.call_id where c.caller = $1", phone
        )
        != "attached"
    ):
        assert time.monotonic() < deadline
    async with chromium(url, supervisor["login"], supervisor["password"]) as page:
        await page.goto(f"{url}/board")
        await page.get_by_role("button", name="Слушать").first.click()
        audio = page.locator("#player audio")
        await expect(audio).to_have_js_property("readyState", 4, timeout=10_000)
        assert 3 < await audio.evaluate("audio => audio.duration") < 5
        await page.screenshot(path=SCREENS / "board.png")
