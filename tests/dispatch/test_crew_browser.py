"""A crew's page in a real Chromium that runs no scripts, at the width of a phone."""

from pathlib import Path

import pytest
from playwright.async_api import async_playwright, expect

from callcenter.dispatch.crew_answers import CrewAnswers
from tests.browser import ARGUMENTS, CHROMIUM, chromium
from tests.dispatch.test_crew_answers import list_link
from tests.dispatch.test_crew_pages import assigned, picture, press, state
from tests.site import PASSWORD, Site, settings_for

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


async def test_a_crew_refuses_from_its_list_without_scripts(site: Site):
    ticket, _ = await assigned(site)
    async with site.browser("vera") as vera:
        await vera.post(f"/tickets/{ticket.id}/crew-list")
        link = await list_link(vera, ticket)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = await browser.new_page(viewport={"width": 390, "height": 800}, java_script_enabled=False)
        await page.goto(str(site.server.make_url(link)))
        await page.get_by_role("link", name="Заявка № 1053").click()
        await page.get_by_text("Не можем выполнить").click()
        await page.get_by_label("Почему").fill("Нужна автовышка")
        await page.get_by_role("button", name="Отказаться").click()
        await expect(page.get_by_text("Диспетчер получил отказ")).to_be_visible()
        await page.get_by_role("link", name="Все заявки бригады").click()
        await expect(page.get_by_text("Сейчас дел нет.")).to_be_visible()
        await browser.close()
    assert (await state(site, ticket))[0] == "new"


async def test_the_workplace_says_what_a_crew_answered_until_it_was_seen(site: Site):
    ticket, path = await assigned(site)
    answers = CrewAnswers(settings_for("postgresql://").database)
    address = str(site.server.make_url("")).rstrip("/")
    async with chromium(address, "anna", PASSWORD) as page, site.pool.acquire() as connection:
        await expect(page.locator("#no-card h1")).to_be_visible()
        await answers.check(connection)
        async with site.browser() as phone:
            await press(phone, f"{path}/refuse", text="Нужна автовышка")
        await answers.check(connection)
        await expect(page.locator("#crew-answers")).to_have_text("1 ответ бригады")
        await expect(page.locator("#toast")).to_contain_text("Заявка № 1053: бригада отказалась (Дежурные)")
        async with site.browser("vera") as vera:
            await vera.post(f"/tickets/{ticket.id}/mark", what="heard")
        await answers.check(connection)
        await expect(page.locator("#crew-answers")).to_be_hidden()
