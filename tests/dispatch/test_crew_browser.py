"""A crew's page in a real Chromium that runs no scripts, at the width of a phone."""

from pathlib import Path

import pytest
from playwright.async_api import async_playwright, expect

from tests.browser import ARGUMENTS, CHROMIUM
from tests.dispatch.test_crew_pages import assigned, picture, state
from tests.site import Site

pytestmark = pytest.mark.e2e


async def test_from_the_link_to_the_last_button_without_scripts(site: Site, tmp_path: Path):
    ticket, path = await assigned(site)
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(picture())
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = await browser.new_page(viewport={"width": 390, "height": 800}, java_script_enabled=False)
        await page.goto(str(site.server.make_url(path)))
        await expect(page.get_by_role("link", name="Позвонить")).to_have_attribute("href", "tel:+79001234567")
        await page.get_by_role("button", name="Принять").click()
        await page.get_by_role("button", name="Выезжаем").click()
        assert (await state(site, ticket))[0] == "in_progress"
        await page.get_by_label("Что сделано").fill("Прочистили стояк")
        await page.get_by_label("Фото").set_input_files(photo)
        await page.get_by_role("button", name="Готово").click()
        await expect(page.get_by_text("Спасибо. Диспетчер уже знает.")).to_be_visible()
        await expect(page.get_by_text("1 файл при заявке")).to_be_visible()
        width = await page.locator("html").bounding_box()
        assert width is not None
        assert width["width"] == 390
        await browser.close()
    assert await state(site, ticket) == ("done", "Прочистили стояк")
    assert list(site.shelf.objects.values()) == [picture()]
