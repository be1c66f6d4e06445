"""The operator's card and the ticket's form in a real Chromium, by keyboard."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from playwright.async_api import Page, expect

from callcenter.push.messages import SilentMessage
from callcenter.tickets.ticket import TicketEdit
from tests import browser
from tests.calls.card_work import CALL, Desk, desk
from tests.messages import CALLER, call_outage, ringing
from tests.site import PASSWORD

__all__ = ["desk"]

pytestmark = [pytest.mark.e2e, pytest.mark.long]

NEXT = "node1-1772704009.2"


@asynccontextmanager
async def workplace(desk: Desk) -> AsyncIterator[Page]:
    """Anna's page, once it is live."""
    async with browser.chromium(str(desk.site.server.make_url("")).rstrip("/"), "anna", PASSWORD) as page:
        await expect(page.locator("#no-card h1")).to_have_text("Вы не в сети")
        yield page


async def show(desk: Desk, shown: object) -> None:
    await desk.site.push(f"operator:{desk.site.ids['anna']}", shown)


async def stored(desk: Desk, statement: str, expected: object) -> None:
    """Until the database has it."""
    async with asyncio.timeout(10):
        while await desk.site.pool.fetchval(statement) != expected:
            await asyncio.sleep(0.02)


async def test_it_rings_with_who_and_where_in_one_line(desk: Desk):
    async with workplace(desk) as page:
        await show(desk, ringing(datetime.now(UTC)))
        await expect(page.locator("#ringing-call .notice b")).to_have_text("Иванова Мария, Москва, Мира, 7, кв. 12")
        assert "Иванова Мария, Москва, Мира, 7, кв. 12" in await page.title()
        await show(desk, SilentMessage())
        await expect(page.locator("#ringing-call")).to_be_empty()
        assert "Иванова" not in await page.title()


async def test_whoever_types_is_disturbed_by_nothing_that_the_card_shows(desk: Desk):
    work = desk.work
    await desk.resident("Иванова Мария", "12", CALLER)
    for number in range(14):
        await work.ticket(subject=f"Заявка {number}", house_id=work.ids["house"])
    async with workplace(desk) as page:
        popped = await desk.answered()
        subject = page.locator("#forms .filing:visible [name=subject]")
        await subject.fill("Течёт")
        await subject.evaluate("field => field.setSelectionRange(2, 4)")
        await expect(page.locator("#open-tickets li")).to_have_count(12)
        await page.locator("#open-tickets").evaluate("list => { list.scrollTop = 40; window.kept = list.children[1]; }")
        await show(desk, replace(popped, outage=call_outage()))
        await expect(page.locator("#card-outage")).to_contain_text("212 звонков")
        await work.ticket(subject="Совсем новая", house_id=work.ids["house"])
        await show(desk, replace(popped, outage=call_outage(), talk_ended_at=datetime.now(UTC)))
        await expect(page.locator(".card.over")).to_be_visible()
        await expect(page.locator("#card-timer")).to_contain_text("Постобработка")
        await expect(subject).to_be_focused()
        await expect(subject).to_have_value("Течёт")
        assert await subject.evaluate("field => [field.selectionStart, field.selectionEnd]") == [2, 4]
        assert await page.locator("#open-tickets").evaluate("list => [list.scrollTop, window.kept.isConnected]") == [
            40,
            True,
        ]


async def test_an_unknown_caller_is_found_by_address_and_named_without_leaving_the_call(desk: Desk):
    async with workplace(desk) as page:
        await desk.answered()
        await expect(page.get_by_role("heading", name="Неизвестный абонент")).to_be_visible()
        await page.keyboard.press("a")
        await expect(page.locator("#lookup-query")).to_be_focused()
        await page.keyboard.type("лесн 3 12а")
        await expect(page.locator("#lookup-found li").first).to_have_text("М, Лесная, 3, кв. 12А · Иванова")
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("ArrowDown")
        await expect(page.locator("#lookup-found button").nth(1)).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator("[data-card=flat]")).to_have_text("кв. 12А")
        await expect(page.locator("#new-resident-name")).to_be_focused()
        await page.keyboard.type("Сидоров Олег")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="Сидоров Олег")).to_be_visible()
        await expect(page.locator("#forms [name=subject]")).to_be_focused()
        await page.keyboard.press("Alt+m")
        await page.keyboard.type("Звонить в домофон дважды")
        await expect(page.locator("#note-saved")).to_be_visible()
        await page.reload()
        await expect(page.get_by_role("heading", name="Сидоров Олег")).to_be_visible()
        await expect(page.locator("#note")).to_have_value("Звонить в домофон дважды")
    assert (await desk.answered(NEXT)).resident == "Сидоров Олег"


async def test_of_several_on_one_number_one_key_chooses(desk: Desk):
    await desk.resident("Иванова Мария", "12", CALLER)
    await desk.resident("Иванов Пётр", "40", CALLER)
    async with workplace(desk) as page:
        await desk.answered()
        await expect(page.locator("#candidates button")).to_have_count(2)
        await page.locator("#forms [name=subject]").focus()
        await page.keyboard.press("Alt+Shift+Digit2")
        await expect(page.get_by_role("heading", name="Иванов Пётр")).to_be_visible()
        await expect(page.locator("#candidates button").nth(0)).to_contain_text("Иванов Пётр")
        await expect(page.locator("#candidates button").nth(0)).to_have_attribute("aria-pressed", "true")
        await expect(page.locator("#forms [name=subject]")).to_be_focused()
        # The ticket has another version by now, of which the operator need not know.
        await page.keyboard.type("Кран")
        await page.keyboard.press("Enter")
        await expect(page.locator("#forms .filing:visible [data-message=saved]")).to_be_visible()
    assert (await desk.ticket_of())["subject"] == "Кран"


async def test_what_is_typed_is_on_the_server_and_back_after_a_reload(desk: Desk):
    async with workplace(desk) as page:
        await desk.answered()
        await expect(page.get_by_role("button", name="Засор канализации")).to_be_visible()
        await page.keyboard.press("2")
        await page.keyboard.press("s")
        await page.keyboard.type("Засор на кух")
        await stored(desk, "select subject from filing_drafts", "Засор на кух")
        await expect(page.get_by_text("Черновик сохранён")).to_be_visible()
        assert (await desk.ticket_of())["subject"] == ""
        await page.reload()
        form = page.locator("#forms .filing:visible")
        await expect(form.locator("[name=subject]")).to_have_value("Засор на кух")
        await expect(form.get_by_role("button", name="Засор канализации")).to_have_attribute("aria-pressed", "true")
        await form.locator("[name=subject]").press("End")
        await page.keyboard.type("не")
        await page.keyboard.press("Control+Enter")
        await expect(page.locator("#forms .filing:visible [data-message=saved]")).to_be_visible()
        await stored(desk, "select count(*) from filing_drafts", 0)
    ticket = await desk.ticket_of()
    assert (ticket["subject"], ticket["category_id"]) == ("Засор на кухне", desk.work.ids["sewer"])


async def test_what_was_not_saved_when_the_next_call_came_is_saved_then(desk: Desk):
    async with workplace(desk) as page:
        await desk.answered()
        await page.locator("#forms [name=subject]").fill("Первая тема")
        await desk.answered(NEXT)
        await expect(page.locator("#forms .filing:visible [name=subject]")).to_have_value("")
        await stored(desk, f"select subject from tickets where call_id = '{CALL}'", "Первая тема")
        await expect(page.locator("#forms .filing")).to_have_count(1)


async def test_a_similar_ticket_of_the_house_is_joined_by_one_key(desk: Desk):
    work = desk.work
    await desk.resident("Иванова Мария", "12", CALLER)
    same = await work.ticket(subject="Стояк забит", house_id=work.ids["house"], category_id=work.ids["sewer"])
    await work.ticket(subject="Лифт стоит", house_id=work.ids["house"], category_id=work.ids["repair"])
    async with workplace(desk) as page:
        await desk.answered()
        await expect(page.locator(".similar-count")).to_have_text("Здесь открыты 2 похожие заявки")
        await expect(page.get_by_role("button", name="Засор канализации")).to_be_visible()
        await page.keyboard.press("2")
        await expect(page.locator(".similar-list li")).to_have_count(1)
        await page.locator("#forms [name=subject]").fill("И у нас")
        await page.keyboard.press("Alt+j")
        await expect(page.locator("#card-ticket")).to_have_text(f"Открыта заявка № {same.number}")
        await expect(page.locator("#forms .filing")).to_have_count(1)
        await expect(page.locator("#forms [name=subject]")).to_have_value("Стояк забит")
    assert (await desk.ticket_of())["id"] == same.id
    assert (await work.tickets.history(work.person, same.id))[-1].comment == "И у нас"


async def test_the_sentence_is_told_by_one_key(desk: Desk):
    async with workplace(desk) as page:
        await desk.answered()
        await expect(page.locator(".sentence")).to_contain_text("Номер вашей заявки")
        await page.keyboard.press("r")
        await expect(page.get_by_text("Житель оповещён")).to_be_visible()
        await stored(desk, "select count(*) from ticket_events where kind = 'told'", 1)
        await page.reload()
        await expect(page.get_by_text("Житель оповещён")).to_be_visible()


async def test_a_second_ticket_in_the_same_call(desk: Desk):
    async with workplace(desk) as page:
        popped = await desk.answered()
        first = page.locator("#forms .filing:visible [name=subject]")
        await first.fill("Первая")
        await first.press("Enter")
        await expect(page.locator("#forms .filing:visible [data-message=saved]")).to_be_visible()
        await page.keyboard.press("Alt+n")
        await expect(page.locator("#form-tabs button")).to_have_count(2)
        await expect(page.locator("#forms .filing:visible [name=subject]")).to_be_focused()
        await page.keyboard.type("Вторая")
        await page.keyboard.press("Enter")
        await expect(page.locator("#forms .filing:visible [data-message=saved]")).to_be_visible()
    found = await desk.site.pool.fetch("select subject, call_id from tickets order by number")
    assert [tuple(row) for row in found] == [("Первая", CALL), ("Вторая", None)]
    assert popped.ticket.id == (await desk.ticket_of())["id"]


async def test_a_call_without_a_ticket_by_a_key_and_a_digit(desk: Desk):
    async with workplace(desk) as page:
        await desk.answered()
        await expect(page.locator("#without-open")).to_be_visible()
        await page.keyboard.press("w")
        await expect(page.get_by_role("dialog", name="Почему заявка не нужна?")).to_be_visible()
        await page.keyboard.press("1")
        await expect(page.locator("#no-ticket-reason")).to_have_text("Без заявки: Ошиблись номером")
        await expect(page.locator("#forms .filing:visible")).to_have_count(0)
        await stored(desk, "select subject from tickets where state = 'cancelled'", "Ошиблись номером")
        await page.get_by_role("button", name="Заявка всё же нужна").click()
        await expect(page.locator("#forms .filing:visible")).to_have_count(1)
        await expect(page.locator("#forms [name=subject]")).to_have_value("")


async def test_keys_are_known_by_their_place_and_do_nothing_to_what_is_typed(desk: Desk):
    async with workplace(desk) as page:
        await desk.answered()
        subject = page.locator("#forms [name=subject]")
        # In the Russian layout the key S types another letter.
        press = "([code, key, alt]) => document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {code, key, altKey: alt, bubbles: true, cancelable: true}))"
        await expect(page.locator(".sentence")).to_be_visible()
        assert await page.evaluate(press, ["KeyS", "ы", False]) is False
        await expect(subject).to_be_focused()
        for code, key in (("KeyA", "ф"), ("KeyW", "ц"), ("Digit1", "1"), ("KeyN", "т"), ("KeyR", "к"), ("Slash", ".")):
            assert await page.evaluate(press, [code, key, False]) is True, code
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await expect(page.locator("#forms [name=category]")).to_have_value("")
        assert await page.evaluate(press, ["Digit1", "1", True]) is False
        await expect(page.locator("#forms [name=category]")).to_have_value(str(desk.work.ids["damage"]))


async def test_the_help_sheet_is_the_table_of_the_keys(desk: Desk):
    async with workplace(desk) as page:
        await page.keyboard.press("Shift+Slash")
        sheet = page.get_by_role("dialog", name="Клавиши")
        await expect(sheet).to_be_visible()
        keys = await page.evaluate("import('/static/calls/keys.js').then(({ KEYS }) => KEYS.length)")
        await expect(sheet.locator("dt")).to_have_count(keys)
        await expect(sheet).to_contain_text("F4Повесить трубку или отклонить")
        await page.keyboard.press("Escape")
        await expect(sheet).to_be_hidden()


async def test_nothing_of_the_workplace_needs_scrolling(desk: Desk):
    await desk.resident("Иванова Мария", "12", CALLER)
    await desk.resident("Иванов Пётр", "40", CALLER)
    house = desk.work.ids["house"]
    for number in range(6):
        await desk.work.ticket(subject=f"Заявка {number}", house_id=house, category_id=desk.work.ids["damage"])
    async with workplace(desk) as page:
        popped = await desk.answered()
        await show(desk, replace(popped, outage=call_outage()))
        await expect(page.locator(".similar-list li")).to_have_count(3)
        await page.set_viewport_size({"width": 1366, "height": 768})
        heights = await page.evaluate("[document.documentElement.scrollHeight, document.documentElement.clientHeight]")
        assert heights[0] <= heights[1] == 768
        # Neither does any part of it scroll by itself but for lists.
        cut = "[...document.querySelectorAll('.card > *, .desk > *')].filter((part) => part.scrollHeight > part.clientHeight + 1)"
        assert await page.evaluate(f"{cut}.map((part) => part.className)") == []
        # 200 % of 1366 × 768, and a telephone.
        for width, height in ((683, 384), (390, 844)):
            await page.set_viewport_size({"width": width, "height": height})
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width


async def test_a_call_is_a_notification_when_nobody_looks_at_the_page(desk: Desk):
    async with workplace(desk) as page:
        await page.context.grant_permissions(["notifications"])
        await page.evaluate(
            "window.said = []; window.Notification = class { static permission = 'granted';"
            " constructor(title, { body }) { said.push(`${title}: ${body}`); } close() { said.push('closed'); } };"
            " Object.defineProperty(document, 'hidden', { value: true, configurable: true })"
        )
        await show(desk, ringing(datetime.now(UTC)))
        await expect(page.locator("#ringing-call .notice")).to_be_attached()
        assert await page.evaluate("said") == ["Вам звонят: Иванова Мария, Москва, Мира, 7, кв. 12\nУК «Заречье»"]
        await show(desk, SilentMessage())
        await expect(page.locator("#ringing-call")).to_be_empty()
        assert (await page.evaluate("said"))[-1] == "closed"


async def test_another_person_changes_the_ticket_meanwhile(desk: Desk):
    async with workplace(desk) as page:
        popped = await desk.answered()
        subject = page.locator("#forms [name=subject]")
        await subject.fill("Моя тема")
        await desk.work.tickets.edit(desk.work.person, popped.ticket.id, None, TicketEdit(subject="Чужая"))
        await subject.press("Enter")
        await expect(page.get_by_text("Ваш текст на месте")).to_contain_text("Чужая")
        await expect(subject).to_have_value("Моя тема")
