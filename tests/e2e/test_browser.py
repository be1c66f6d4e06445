"""A resident calls over SIP, an operator's telephone answers, and the operator's browser shows who it is."""

import time
from pathlib import Path

import pytest
from playwright.async_api import expect

from stack.instance import Instance
from stack.sipp import speech
from tests.browser import chromium
from tests.e2e.telephones import RESIDENT, SCREENS, database, telephone

pytestmark = pytest.mark.e2e


async def test_the_operator_who_picks_up_sees_who_is_calling_and_a_supervisor_listens(
    stack: Instance, tmp_path: Path
) -> None:
    description = stack.description()
    assert description is not None
    logins = {person["login"]: person for person in description["logins"]}
    anna, supervisor, url = logins["op-03"], logins["supervisor"], description["web"]["url"]
    SCREENS.mkdir(exist_ok=True)
    async with database(description) as pool:
        name, flat, phone, number, _company = await pool.fetchrow(RESIDENT)
        with telephone(description, anna, tmp_path, talk_s=4) as sipp:
            async with chromium(url, anna["login"], anna["password"]) as page:
                await page.get_by_role("button", name="На линии").click()
                await expect(page.get_by_role("heading", name="Вы на линии")).to_be_visible(timeout=10_000)
                sipp.call([(phone.removeprefix("+"), number)], rate=1, audio=speech("caller", tmp_path))
                await expect(page.get_by_role("heading", name=name)).to_be_visible(timeout=20_000)
                await page.screenshot(path=SCREENS / "operator.png")
                ticket = await pool.fetchval(
                    "select t.number from tickets t join calls c on c.id = t.call_id where c.caller = $1", phone
                )
                await expect(page.get_by_text(f"Открыта заявка № {ticket}")).to_be_visible()
                await expect(page.locator("#card")).to_contain_text(flat)
                await expect(page.get_by_text("Разговор окончен")).to_be_visible(timeout=15_000)
                await page.get_by_role("button", name="Не в сети").click()
                await expect(page.locator("#state")).to_contain_text("Не в сети", timeout=10_000)
        deadline = time.monotonic() + 20
        while (
            await pool.fetchval(
                "select r.state from recordings r join calls c on c.id = r.call_id where c.caller = $1", phone
            )
            != "attached"
        ):
            assert time.monotonic() < deadline
        async with chromium(url, supervisor["login"], supervisor["password"]) as page:
            await page.goto(f"{url}/board")
            await page.screenshot(path=SCREENS / "board.png")
            await page.get_by_role("link", name="Слушать").first.click()
            await page.locator("button.reason").first.click()
            audio = page.locator("#audio")
            await expect(page.locator("#turn")).to_be_visible()
            await page.locator("#turn").click()
            await expect(audio).to_have_js_property("readyState", 4, timeout=10_000)
            assert 3 < await audio.evaluate("audio => audio.duration") < 5
            await page.screenshot(path=SCREENS / "player.png")
