"""The player in a real Chromium: by keyboard, to the second, with what was heard noted."""

import re

import pytest
from playwright.async_api import Page, expect

from tests import browser
from tests.listening.listening_work import Tapes
from tests.site import PASSWORD, Site

pytestmark = pytest.mark.e2e
PARTS = (("operator", 3), ("nobody", 20), ("caller", 3), ("nobody", 20), ("operator", 14))


def address(site: Site) -> str:
    return str(site.server.make_url("")).rstrip("/")


async def tape(site: Site) -> int:
    tapes = Tapes(site)
    await tapes.open()
    return await tapes.record("long", parts=PARTS)


async def current_time(page: Page) -> float:
    return float(await page.evaluate("document.getElementById('audio').currentTime"))


async def test_a_recording_is_found_opened_and_heard_by_keyboard_alone(site: Site):
    recording = await tape(site)
    async with browser.chromium(address(site), "vera", PASSWORD) as page:
        await page.goto(f"{address(site)}/listening")
        await page.keyboard.press("j")
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"**/listening/{recording}")
        await page.keyboard.press("2")
        turn = page.locator("#turn")
        await expect(turn).to_be_visible()
        await expect(page.locator("#clock")).to_contain_text("0:00 из 1:00")
        await page.evaluate("document.activeElement.blur()")
        await page.keyboard.press("Space")
        await expect(turn).to_have_text("Пауза")
        await expect(page.locator("#clock")).to_have_text(re.compile(r"0:0[1-9] из 1:00"))
        await page.keyboard.press("Space")
        await expect(turn).to_have_text("Слушать")
        for _ in range(2):
            await page.keyboard.press("ArrowRight")
        assert 11 <= await current_time(page) < 15
        await page.keyboard.press("Period")
        assert await page.evaluate("document.getElementById('audio').playbackRate") == 1.25
        async with page.expect_response(lambda answer: answer.url.endswith("/heard") and answer.status == 204):
            pass
    heard = await site.pool.fetchrow("select reason, lower(heard) as since, upper(heard) as until from recording_plays")
    assert heard is not None
    assert (heard["reason"], heard["since"]) == ("quality", 0)
    assert 1 < heard["until"] <= 5


async def test_a_link_leads_to_the_second_and_a_mark_is_made_where_it_is_heard(site: Site):
    recording = await tape(site)
    async with browser.chromium(address(site), "vera", PASSWORD) as page:
        await page.goto(f"{address(site)}/listening/{recording}#t=25")
        # The reason is required first, and the second in the address survives that.
        await page.get_by_role("button", name="Жалоба или спор").click()
        await expect(page.locator("#clock")).to_contain_text("0:25 из 1:00")
        await page.evaluate("document.activeElement.blur()")
        await page.keyboard.press("m")
        await page.keyboard.type("Спор о цене")
        await page.keyboard.press("Enter")
        await expect(page.locator(".marks .words")).to_have_text("Спор о цене")
        assert await site.pool.fetchval("select at_s from recording_marks") == 25
        await page.locator(".flags a").click()
        await expect(page.locator("#clock")).to_contain_text("0:25")


async def test_silence_is_skipped_when_asked(site: Site):
    recording = await tape(site)
    async with browser.chromium(address(site), "vera", PASSWORD) as page:
        await page.goto(f"{address(site)}/listening/{recording}")
        await page.get_by_role("button", name="Обучение").click()
        await page.get_by_label("Без тишины").check()
        await page.evaluate("location.hash = 't=4'")
        await page.locator("#turn").click()
        await expect(page.locator("#line")).to_contain_text("Пропущена тишина")
        assert await current_time(page) > 20


async def test_a_recording_that_cannot_be_fetched_is_said_and_tried_again(site: Site):
    recording = await tape(site)
    async with browser.chromium(address(site), "vera", PASSWORD) as page:
        await page.goto(f"{address(site)}/listening/{recording}")
        site.shelf.broken = True
        await page.get_by_role("button", name="Обучение").click()
        await expect(page.locator("#line")).to_contain_text("не воспроизводится")
        await expect(page.locator("#turn")).to_have_text("Слушать")
        site.shelf.broken = False
        await page.locator("#turn").click()
        await expect(page.locator("#turn")).to_have_text("Пауза")
        await expect(page.locator("#clock")).to_have_text(re.compile(r"0:0[1-9] из 1:00"))


async def test_without_scripts_the_browser_plays_it_by_itself(site: Site):
    recording = await tape(site)
    async with site.browser("vera") as vera:
        await vera.post(f"/listening/{recording}/begin", reason="facts")
        text = await (await vera.get(f"/listening/{recording}")).text()
    assert '<audio id="audio" controls preload="metadata">' in text
    assert 'id="transport" hidden' in text
