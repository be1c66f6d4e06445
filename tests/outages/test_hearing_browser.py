"""A supervisor's own voice for callers, in a real Chromium with a microphone that beeps."""

import re
from contextlib import AbstractAsyncContextManager

import pytest
from playwright.async_api import Page, expect

from tests import browser
from tests.outages.test_pages import house
from tests.outages.test_preview_pages import WORDS, engine
from tests.site import PASSWORD, Site
from tests.speech.voices import FakeEngine

__all__ = ["engine", "house"]
pytestmark = pytest.mark.e2e

MICROPHONE = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
NONE = ("--use-fake-device-for-media-stream", "--deny-permission-prompts")


def chromium(site: Site, *more: str) -> AbstractAsyncContextManager[Page]:
    return browser.chromium(str(site.server.make_url("")).rstrip("/"), "vera", PASSWORD, more)


async def opening(page: Page, site: Site) -> None:
    """The form of a new outage, filled in."""
    await expect(page.locator("#off")).to_be_visible()
    await page.goto(str(site.server.make_url("/outages/new")))
    await page.get_by_text("Холодная вода", exact=True).click()
    await page.locator("#house").select_option(label="Заречный, ул. Мира, 7")
    await page.locator("#since").fill("2026-03-05T12:20")


async def recorded(page: Page, seconds: int) -> None:
    """Speak for so many seconds, fewer than nine, and hear it as callers would."""
    form = page.locator("form[data-preview]").first
    await form.get_by_role("button", name="Записать").click()
    await expect(form.locator("[data-status]")).to_have_text(
        re.compile(f"Идёт запись: [{seconds}-9] с"), timeout=15_000
    )
    await form.get_by_role("button", name="Остановить").click()
    await expect(form.locator("[data-status]")).to_have_text("Так это прозвучит; номер заявки — для примера.")
    await expect(form.locator("[data-words]")).to_be_hidden()
    await expect(form.locator("audio")).to_be_visible()
    await expect(form.locator("audio")).to_have_js_property("readyState", 4)
    assert await form.locator("audio").evaluate("audio => audio.duration") > 1


async def test_an_outage_is_opened_with_a_recording_which_is_replaced_and_removed(
    site: Site, house: int, engine: FakeEngine
) -> None:
    async with chromium(site, *MICROPHONE) as page:
        await opening(page, site)
        await recorded(page, 1)
        await page.get_by_role("button", name="Открыть и оповещать звонящих").click()
        await expect(page.locator("#heard")).to_contain_text("Запись от")
        first = await site.pool.fetchval("select digest from outage_recordings")
        assert first is not None
        await recorded(page, 4)
        # It has gone nowhere yet.
        assert await site.pool.fetchval("select digest from outage_recordings") == first
        await page.get_by_role("button", name="Включить эту запись звонящим").click()
        await expect(page.get_by_text("Записано объявление для звонящих")).to_have_count(2)
        assert await site.pool.fetchval("select digest from outage_recordings") != first
        await page.locator("#heard > audio").evaluate("audio => audio.play()")
        await expect(page.locator("#heard > audio")).to_have_js_property("readyState", 4)
        await page.get_by_role("button", name="Удалить запись").click()
        await expect(page.locator("#heard > blockquote")).to_contain_text(WORDS)
    assert await site.pool.fetchval("select count(*) from outage_recordings") == 0


async def test_without_a_microphone_that_is_said_and_the_text_is_heard(
    site: Site, house: int, engine: FakeEngine
) -> None:
    async with chromium(site, *NONE) as page:
        await opening(page, site)
        await page.get_by_role("button", name="Записать").click()
        await expect(page.locator("[data-status]")).to_have_text("В браузере нет микрофона или он запрещён.")
        await page.get_by_role("button", name="Прослушать, что услышат звонящие").click()
        await expect(page.locator("[data-words]")).to_contain_text(WORDS)
        await expect(page.locator("audio[data-sound]")).to_have_js_property("readyState", 4)
        await page.locator("#until").fill("2026-03-05T11:00")
        await page.get_by_role("button", name="Прослушать, что услышат звонящие").click()
        await expect(page.locator("[data-status]")).to_have_text("Окончание раньше начала.")
        await expect(page.locator("audio[data-sound]")).to_be_hidden()
