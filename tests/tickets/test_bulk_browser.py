"""Many tickets are chosen in the journal and changed at once, in a real Chromium."""

import pytest
from playwright.async_api import expect

from tests import browser
from tests.site import PASSWORD
from tests.tickets.ticket_work import Work

pytestmark = pytest.mark.e2e


async def test_tickets_are_chosen_by_keyboard_and_mouse_and_stay_chosen_when_the_list_changes(work: Work):
    tickets = [await work.ticket(subject=f"Заявка {n}") for n in range(6)]
    address = str(work.site.server.make_url("")).rstrip("/")
    async with browser.chromium(address, "vera", PASSWORD) as page:
        await page.goto(f"{address}/tickets")
        boxes = page.locator("input[name=ticket]")
        await expect(boxes).to_have_count(6)
        await boxes.nth(1).focus()
        await page.keyboard.press("Space")
        await expect(page.locator("#bulk-count")).to_have_text("1")
        await boxes.nth(3).click(modifiers=["Shift"])
        await expect(page.locator("#bulk-count")).to_have_text("3")
        # A new ticket comes in above: the choice stays with the tickets, not with the lines.
        await work.ticket(subject="Новая")
        await expect(boxes).to_have_count(7)
        await expect(page.locator("input[name=ticket]:checked")).to_have_count(3)
        assert await page.locator("input[name=ticket]:checked").evaluate_all("all => all.map(box => box.value)") == [
            str(tickets[n].id) for n in (4, 3, 2)
        ]
        await page.get_by_label("Причина или результат, один для всех").fill("Ложный вызов")
        await page.locator("button[value=cancel]").click()
        await expect(page.get_by_text("Сделано с 3 заявками")).to_be_visible()
        await page.get_by_role("link", name="Обратно в журнал").click()
        await expect(page.locator(".records .tag.state-cancelled")).to_have_count(3)
        await page.locator("#choose-all").click()
        await expect(page.locator("#bulk-count")).to_have_text("7")
