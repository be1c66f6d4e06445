"""The ticket's forms in a real Chromium: by keyboard, without leaving the card, and with nothing typed lost."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from playwright.async_api import expect

from callcenter.push.shapes import TicketKey
from callcenter.tickets.service import TicketEdit
from tests import browser
from tests.messages import card
from tests.site import PASSWORD
from tests.tickets.ticket_work import Work

pytestmark = pytest.mark.e2e


def address(work: Work) -> str:
    return str(work.site.server.make_url("")).rstrip("/")


async def test_a_ticket_is_filed_in_two_fields_while_the_card_changes(work: Work):
    ticket = await work.ticket()
    me = f"operator:{work.site.ids['anna']}"
    popped = card(datetime.now(UTC), ticket=TicketKey(id=ticket.id, number=ticket.number))
    async with browser.chromium(address(work), "anna", PASSWORD) as page:
        await work.site.push(me, popped)
        await expect(page.locator(".filing .sentence")).to_have_text("Номер вашей заявки — 1.")
        await expect(page.get_by_role("link", name="Открыть заявку целиком")).to_have_attribute(
            "href", f"/tickets/{ticket.id}"
        )
        subject = page.get_by_label("Тема")
        await page.get_by_role("button", name="Засор канализации").click()
        await subject.focus()
        await page.keyboard.type("Засор")
        await work.site.push(me, replace(popped, talk_ended_at=datetime.now(UTC)))
        await expect(page.locator(".card.over")).to_be_visible()
        await page.keyboard.type(" на кухне")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("Сохранено")).to_be_visible()
        await expect(page.locator(".filing .sentence")).to_contain_text("Засор будет устранён до")
        saved = await work.now(ticket)
        assert (saved.category, saved.subject) == ("sewer", "Засор на кухне")

        theirs = TicketEdit(subject="Чужая тема", category_id=work.ids["damage"])
        await work.tickets.edit(work.person, ticket.id, saved.version, theirs)
        await subject.fill("Моя тема")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("Ваш текст на месте")).to_contain_text("Чужая тема")
        await expect(subject).to_have_value("Моя тема")
        await expect(page.get_by_role("button", name="Авария")).to_have_attribute("aria-pressed", "true")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("Сохранено")).to_be_visible()
    saved = await work.now(ticket)
    assert (saved.category, saved.subject) == ("damage", "Моя тема")


async def test_a_filing_that_fails_keeps_what_was_typed(work: Work):
    ticket = await work.ticket()
    async with browser.chromium(address(work), "anna", PASSWORD) as page:
        popped = card(datetime.now(UTC), ticket=TicketKey(id=ticket.id, number=ticket.number))
        await work.site.push(f"operator:{work.site.ids['anna']}", popped)
        await expect(page.locator(".filing .sentence")).to_be_visible()
        await page.route("**/filing", lambda route: route.abort())
        await page.get_by_label("Тема").fill("Дорогой текст")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("Не удалось сохранить")).to_be_visible()
        await page.unroute("**/filing")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("Сохранено")).to_be_visible()
    assert (await work.now(ticket)).subject == "Дорогой текст"


async def test_a_conflict_on_the_page_is_met_by_keyboard(work: Work):
    ticket = await work.ticket(subject="Было")
    async with browser.chromium(address(work), "anna", PASSWORD) as page:
        await page.goto(f"{address(work)}/tickets/{ticket.id}")
        await work.tickets.edit(work.person, ticket.id, ticket.version, TicketEdit(subject="Их", price="7"))
        await page.get_by_label("Тема").fill("Моё")
        await page.keyboard.press("Control+Enter")
        await expect(page.get_by_text("Другой сотрудник сохранил")).to_contain_text("Их")
        await expect(page.get_by_label("Цена")).to_have_value("7.00")
        await page.get_by_label("Тема").press("Control+Enter")
        await expect(page.locator(".ticket-subject")).to_have_text("Моё")
        for width in (1280, 390):
            await page.set_viewport_size({"width": width, "height": 800})
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    saved = await work.now(ticket)
    assert (saved.subject, str(saved.price)) == ("Моё", "7.00")


async def test_the_journal_is_searched_while_words_are_typed_and_shows_what_comes_in(work: Work):
    await work.ticket(subject="Течёт кран")
    await work.ticket(subject="Нет света")
    async with browser.chromium(address(work), "vera", PASSWORD) as page:
        await page.goto(f"{address(work)}/tickets")
        rows = page.locator("#list tbody tr")
        await expect(rows).to_have_count(2)
        await page.keyboard.press("Tab")
        await page.locator("#q").fill("кран")
        await expect(rows).to_have_count(1)
        await expect(rows).to_contain_text("Течёт кран")
        assert page.url.endswith("/tickets?q=%D0%BA%D1%80%D0%B0%D0%BD")
        await page.locator("#list a").first.focus()
        await work.ticket(subject="Капает кран")
        await expect(rows).to_have_count(2)
        # The keyboard focus in the list stays where it was.
        focused = page.locator("#list a:focus")
        await expect(focused).to_have_count(1)
        await page.locator("#due").select_option("late")
        await expect(page).to_have_url(re.compile(r"/tickets\?q=.*&due=late$"))
