"""What a newcomer does in the demonstration, in a real Chromium with a microphone: from the link to the recording."""

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest
from playwright.async_api import expect

from callcenter.common.passwords import digest
from callcenter.web.auth import COOKIE
from stack.demo import show
from stack.demo_data import NEWCOMER
from stack.instance import Instance
from stack.outage.plan import OutagePlan
from tests.browser import opened
from tests.e2e.browser_operator import microphone, phase, ready
from tests.e2e.telephones import SCREENS, database
from tests.e2e.test_ticket_journey import file_from_the_card

pytestmark = pytest.mark.e2e

PLAN = OutagePlan(callers=4, rate=4.0, operators=1, talk=3.0, outage="off", patience=300.0, redial=0, quit=0, other=0)

NUMBERED = "select t.number, c.name from tickets t join companies c on c.id = t.company_id where t.id = $1"
"""Each company numbers its tickets from 1, and the board shows all of them."""


async def printed(capsys: pytest.CaptureFixture[str], pattern: str, showing: "asyncio.Task[None]") -> re.Match[str]:
    """What the demonstration says next that looks like this."""
    text = ""
    async with asyncio.timeout(60):
        while not (found := re.search(pattern, text)):
            assert not showing.done(), showing.exception()
            text += capsys.readouterr().out
            await asyncio.sleep(0.05)
    return found


async def test_somebody_comes_in_with_a_click_takes_a_caller_files_the_ticket_and_hears_it(
    stack: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    description = stack.description()
    assert description is not None
    SCREENS.mkdir(exist_ok=True)
    end, keyboard = os.pipe()
    with os.fdopen(end) as terminal, os.fdopen(keyboard, "w"):
        monkeypatch.setattr(sys, "stdin", terminal)
        flawless: list[bool] = []
        showing = asyncio.create_task(show(description, PLAN, flawless, wait=True))
        try:
            link = (await printed(capsys, r"http://\S+", showing))[0]
            async with opened(microphone(tmp_path), "ru-RU") as page, database(description) as pool:
                await page.goto(link)
                await page.screenshot(path=SCREENS / "demo-welcome.png")
                await page.get_by_role("button", name="Войти и принимать звонки").click()
                await ready(page)
                await page.get_by_role("button", name="На линии").click()
                await phase(page, "ringing", 60)
                await page.keyboard.press("F2")
                await phase(page, "talking")
                ticket = await file_from_the_card(page)
                # Long enough to be heard again.
                await expect(page.locator("#telephone-since")).to_have_text(
                    re.compile(r"0:(0[3-9]|[1-5])"), timeout=15_000
                )
                await page.keyboard.press("F4")
                await phase(page, "")
                await page.get_by_role("button", name="Не в сети").click()
                await printed(capsys, "once more", showing)
                assert flawless == [True]

                await page.goto(description["web"]["url"] + "/board")
                number, company = await pool.fetchrow(NUMBERED, int(ticket.rpartition("/")[2]))
                numbered = page.locator("#calls tr", has=page.get_by_role("cell", name=str(number), exact=True))
                line = numbered.filter(has_text=company)
                await line.get_by_role("link", name="Слушать").click()
                await page.get_by_role("button", name="Жалоба или спор").click()
                await page.locator("#turn").click()
                await expect(page.locator("#clock")).to_have_text(re.compile(r"0:0[1-9] из"), timeout=15_000)
                await page.screenshot(path=SCREENS / "demo-heard.png")
                await only_the_first_browser(page.context.browser, link, pool)
        finally:
            showing.cancel()
            await asyncio.gather(showing, return_exceptions=True)


async def only_the_first_browser(browser, link: str, pool) -> None:
    """The link lets nobody else in, nor does a wrong one; and a session that it opened is a person's like any other."""
    other = await browser.new_context()
    for address, status in ((link, 403), (f"{link}/enter/{NEWCOMER}", 403), (link[:-1], 404)):
        answer = await (other.request.post(address) if "enter" in address else other.request.get(address))
        assert answer.status == status, address
    await other.close()
    (cookie,) = [each for each in await browser.contexts[0].cookies(link) if each["name"] == COOKIE]
    person = "select o.login from sessions s join operators o on o.id = s.operator_id where s.token_hash = $1"
    assert await pool.fetchval(person, digest(cookie["value"])) == NEWCOMER
