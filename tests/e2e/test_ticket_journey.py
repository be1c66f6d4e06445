"""A ticket's whole way: from the card that popped to the crew's telephone, and into the reports."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from stack.instance import Instance
from stack.sipp import speech
from tests.browser import chromium
from tests.dispatch.crew import mailbox
from tests.e2e.telephones import RESIDENT, SCREENS, database, telephone

pytestmark = pytest.mark.e2e

SUBJECT = "Нет холодной воды на кухне"
RESULT = "Заменили вентиль, вода есть"


async def file_from_the_card(page: Page) -> str:
    """File the ticket in two fields while the caller talks; return the address of its page."""
    filing = page.locator("#card .filing")
    await filing.get_by_role("button", name="Авария").click()
    await filing.locator("[name=subject]").fill(SUBJECT)
    await filing.locator("[name=subject]").press("Enter")
    await expect(filing.get_by_text("Сохранено")).to_be_visible()
    await expect(filing.locator(".sentence")).to_contain_text("Номер вашей заявки")
    await page.keyboard.press("Alt+r")
    await expect(filing.get_by_text("Житель оповещён")).to_be_visible()
    await page.screenshot(path=SCREENS / "journey-1-filed.png")
    return str(await filing.get_by_role("link", name="Открыть заявку целиком").get_attribute("href"))


async def work_on_the_telephone(page: Page, link: str) -> None:
    """What the crew does: accept, on the way, done."""
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.goto(link)
    await expect(page.get_by_text(SUBJECT)).to_be_visible()
    await page.screenshot(path=SCREENS / "journey-3-crew.png")
    await page.get_by_role("button", name="Принять").click()
    await page.get_by_role("button", name="Выезжаем").click()
    await page.get_by_label("Что сделано").fill(RESULT)
    await page.get_by_role("button", name="Готово").click()
    await expect(page.get_by_text(RESULT)).to_be_visible()
    await page.screenshot(path=SCREENS / "journey-4-done.png")


async def test_a_ticket_goes_from_the_card_to_the_crew_and_into_the_reports(
    stack: Instance, mail_port: int, tmp_path: Path
) -> None:
    description = stack.description()
    assert description is not None
    logins = {person["login"]: person for person in description["logins"]}
    boris, supervisor, url = logins["op-04"], logins["supervisor"], description["web"]["url"]
    SCREENS.mkdir(exist_ok=True)
    async with database(description) as pool, mailbox(mail_port) as box:
        name, _flat, phone, number, company = await pool.fetchrow(RESIDENT)
        await pool.execute(
            "update crews set email = 'crew@example.org' where company_id = $1 and name = 'Сантехники'", company
        )
        with telephone(description, boris, tmp_path, talk_s=20) as sipp:
            async with chromium(url, boris["login"], boris["password"]) as page:
                await page.get_by_role("button", name="На линии").click()
                await expect(page.get_by_role("heading", name="Вы на линии")).to_be_visible(timeout=10_000)
                sipp.call([(phone.removeprefix("+"), number)], rate=1, audio=speech("caller", tmp_path))
                await expect(page.get_by_role("heading", name=name)).to_be_visible(timeout=20_000)
                ticket = await file_from_the_card(page)
                await page.get_by_role("button", name="Не в сети").click()
                await page.goto(f"{url}{ticket}")
                await page.locator("#step-crew").select_option(label="Сантехники")
                await page.get_by_role("button", name="Назначить", exact=True).click()
                await expect(page.locator("main")).to_contain_text("Назначена")
                await page.screenshot(path=SCREENS / "journey-2-assigned.png")
                letter = await box.letters.get()
                assert "crew@example.org" in letter["To"]
                text = letter.get_content()
                assert SUBJECT in text
                found = re.search(r"https?://\S+/w/\S+", text)
                assert found is not None
                await work_on_the_telephone(await page.context.browser.new_page(), found[0])
                await page.goto(f"{url}{ticket}")
                await page.get_by_text("Закрыть", exact=True).first.click()
                await page.get_by_role("button", name="Закрыть", exact=True).click()
                await expect(page.locator("main")).to_contain_text("Закрыта")
        async with chromium(url, supervisor["login"], supervisor["password"]) as page:
            await page.goto(f"{url}/tickets?q={SUBJECT.split()[2]}")
            await expect(page.locator(f"tr:has(a[href='{ticket}'])")).to_contain_text(SUBJECT)
            await page.goto(f"{url}/reports/emergencies")
            await expect(page.get_by_role("rowheader", name="Сантехники")).to_be_visible()
            await page.screenshot(path=SCREENS / "journey-5-report.png", full_page=True)
            await page.goto(f"{url}/reports")
            closed = await pool.fetchval("select count(*) from tickets where state = 'closed'")
            assert closed >= 1
            await expect(page.get_by_text("закрыто", exact=False).first).to_be_visible()
            await page.screenshot(path=SCREENS / "journey-6-totals.png")
