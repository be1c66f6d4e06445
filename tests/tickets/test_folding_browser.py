"""Three hundred tickets of one incident in a real Chromium: one line, opened, searched, closed at once."""

import pytest
from playwright.async_api import expect

from callcenter.tickets.service import Ticket
from tests import browser
from tests.site import PASSWORD
from tests.tickets.ticket_work import Work

pytestmark = pytest.mark.e2e
TICKETS = 300


@pytest.fixture
async def incident(work: Work) -> Ticket:
    incident = await work.ticket(
        subject="Холодная вода: Лесная, 3", category_id=work.ids["damage"], house_id=work.ids["house"]
    )
    await work.ticket(subject="Не работает домофон")
    await work.site.pool.execute(
        "with flats as (insert into premises (house_id, flat) select $3, n::text from generate_series(101, 400) n"
        "  returning id, flat)"
        " insert into tickets (company_id, number, caller, opened_at, subject, parent_id, house_id, premises_id)"
        " select $1, 1000 + flat::integer, '+7916000' || lpad(flat, 4, '0'), now(), 'Холодная вода', $2, $3, id from flats",
        incident.company_id,
        incident.id,
        work.ids["house"],
    )
    return incident


async def test_three_hundred_tickets_are_one_line_that_opens(work: Work, incident: Ticket):
    address = str(work.site.server.make_url("")).rstrip("/")
    async with browser.chromium(address, "vera", PASSWORD) as page:
        await page.goto(f"{address}/tickets")
        lines = page.locator(".records tbody tr")
        await expect(lines).to_have_count(2)
        fold = page.get_by_role("link", name="300 заявок")
        await expect(fold).to_have_attribute("aria-expanded", "false")
        await fold.focus()
        await page.keyboard.press("Enter")
        await expect(page.locator("tr.below")).to_have_count(101)
        await expect(fold).to_have_attribute("aria-expanded", "true")
        await expect(fold).to_be_focused()
        assert f"unfolded={incident.id}" in page.url
        # A change fetches the list again, and what is open stays open.
        await work.tickets.comment(work.person, incident.id, "Слесари на месте")
        await work.ticket(subject="Протечка")
        await expect(lines).to_have_count(104)
        await expect(page.locator("tr.below")).to_have_count(101)
        await page.keyboard.press("Enter")
        await expect(page.locator("tr.below")).to_have_count(0)
        await page.fill("#q", "№ 1250")
        await expect(page.locator(".records .no")).to_have_text(["1250"])


async def test_all_are_closed_by_one_step_of_the_incident(work: Work, incident: Ticket):
    address = str(work.site.server.make_url("")).rstrip("/")
    async with browser.chromium(address, "vera", PASSWORD) as page:
        await page.goto(f"{address}/tickets/{incident.id}")
        await expect(page.get_by_role("heading", name="Заявки этой аварии (300)")).to_be_visible()
        await page.locator("summary", has_text="Закрыть").click()
        step = page.locator("details[open]", has=page.locator("button[value=close]"))
        await expect(step.get_by_label("также для 300 открытых заявок аварии")).to_be_checked()
        await step.get_by_role("textbox").fill("Вода есть")
        await step.get_by_role("button", name="Закрыть").click()
        await expect(page.locator(".ticket-head .tag")).to_have_text("Закрыта")
        await page.goto(f"{address}/tickets?state=open")
        await expect(page.locator(".records .no")).to_have_text(["2"])
        await page.goto(f"{address}/tickets")
        await expect(page.get_by_text("Закрыта: 300")).to_be_visible()
    left = await work.site.pool.fetchval(
        "select count(*) from tickets where parent_id = $1 and result <> 'Вода есть'", incident.id
    )
    assert left == 0
