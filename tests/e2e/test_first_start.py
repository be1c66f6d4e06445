"""From an empty database to a test call that was answered and a ticket that was filed, by pages alone."""

import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from stack import processes
from stack.instance import Instance
from stack.parts import ROOT
from tests.browser import opened
from tests.e2e.browser_operator import microphone, phase, ready
from tests.e2e.telephones import SCREENS
from tests.e2e.test_ticket_journey import file_from_the_card

pytestmark = [pytest.mark.e2e, pytest.mark.long]

PASSWORD = "четыре разных слова"
NUMBER = "+7 495 765-43-21"


async def test_a_company_is_started_in_the_browser_alone_up_to_a_test_call_and_its_ticket(tmp_path: Path) -> None:
    said: list[str] = []
    instance = Instance(ROOT / "var" / f"test-first-{os.getpid()}", empty=True, environment={}, say=said.append)
    SCREENS.mkdir(exist_ok=True)
    try:
        with instance:
            (link,) = re.findall(r"http://\S+/setup/\S+", "\n".join(said))
            async with opened(microphone(tmp_path), "ru-RU") as page:
                await make_the_company(page, link)
                async with colleague(page) as workplace:
                    await expect(page.locator("#people")).to_contain_text("на линии", timeout=20_000)
                    await expect(page.locator("#number")).to_contain_text("в Asterisk с", timeout=20_000)
                    await page.get_by_role("button", name="Позвонить на номер").click()
                    await phase(workplace, "ringing", 30)
                    await expect(page.locator("#try")).to_contain_text("идёт звонок")
                    await workplace.keyboard.press("F2")
                    await phase(workplace, "talking")
                    await expect(page.locator("#try")).to_contain_text("Отвечает Ольга Первая", timeout=20_000)
                    await page.screenshot(path=SCREENS / "first-5-talking.png", full_page=True)
                    await file_from_the_card(workplace)
                    await workplace.keyboard.press("F4")
                    await phase(workplace, "")
                    await workplace.get_by_role("button", name="Не в сети").click()
                await expect(page.locator("#try")).to_contain_text("№ 1 оформлена", timeout=20_000)
                await expect(page.get_by_text("Всё работает")).to_be_visible()
                await page.screenshot(path=SCREENS / "first-6-done.png", full_page=True)
    finally:
        assert processes.marked(str(instance.directory)) == []
        instance.remove()


async def make_the_company(page: Page, link: str) -> None:
    """The first administrator, the company with its number, and the usual crews."""
    await page.goto(link)
    await page.screenshot(path=SCREENS / "first-1-link.png")
    for field, value in (("#login", "alla"), ("#name", "Алла Первая"), ("#new", PASSWORD), ("#again", PASSWORD)):
        await page.fill(field, value)
    await page.get_by_role("button", name="Начать").click()
    await page.get_by_label("Название компании").fill("УК «Новая»")
    await page.get_by_label("Номера, по которым звонят жители").fill(NUMBER)
    await page.screenshot(path=SCREENS / "first-2-company.png")
    await page.get_by_role("button", name="Добавить компанию").click()
    await expect(page.get_by_role("heading", name="УК «Новая»")).to_be_visible()
    await page.screenshot(path=SCREENS / "first-3-points.png", full_page=True)
    await page.get_by_role("button", name="Добавить эти бригады").click()
    await expect(page.get_by_text("Аварийная бригада", exact=False).first).to_be_visible()


@asynccontextmanager
async def colleague(page: Page) -> AsyncIterator[Page]:
    """An operator who comes by the link that the page shows, and goes on the line."""
    await page.get_by_label("Имя", exact=True).fill("Ольга Первая")
    await page.get_by_label("Логин").fill("olga")
    await page.get_by_role("button", name="Добавить оператора с телефоном в браузере").click()
    invitation = await page.get_by_label("Ссылка").input_value()
    await page.screenshot(path=SCREENS / "first-4-link.png", full_page=True)
    context = await page.context.browser.new_context(viewport={"width": 1366, "height": 768}, locale="ru-RU")
    own = await context.new_page()
    await own.goto(invitation)
    await own.fill("#new", PASSWORD)
    await own.fill("#again", PASSWORD)
    await own.press("#again", "Enter")
    await own.get_by_role("link", name="Войти").click()
    await own.fill("#login", "olga")
    await own.fill("#password", PASSWORD)
    await own.press("#password", "Enter")
    await ready(own)
    await own.get_by_role("button", name="На линии").click()
    await expect(own.locator("#state")).to_contain_text("На линии", timeout=10_000)
    try:
        yield own
    finally:
        await context.close()
