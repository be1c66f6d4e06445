"""Outages in a real Chromium: suspected ones confirmed in one click, figures that change, a call attached by one key."""

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from playwright.async_api import Page, expect

from callcenter.domain.outage import OutageState
from callcenter.outages.detection.watcher import OutageWatcher
from callcenter.push.outage_messages import OutageFiguresMessage, OutageFiguresRow
from callcenter.push.shapes import TicketKey
from callcenter.settings import DatabaseSettings
from tests import browser
from tests.messages import NUMBER, call_outage, card, outage_row, outages, ringing
from tests.site import PASSWORD, Site

pytestmark = pytest.mark.e2e

HOSTILE = "<img src=x onerror=document.title='owned'>, 12 & {n} %s"


def chromium(site: Site, login: str) -> AbstractAsyncContextManager[Page]:
    return browser.chromium(str(site.server.make_url("")).rstrip("/"), login, PASSWORD)


async def house_of(site: Site) -> tuple[int, int]:
    """The company and a house of it, with nine flats."""
    company = await site.pool.fetchval("select id from companies")
    house = await site.pool.fetchval(
        "insert into houses (company_id, city, street, building) values ($1, 'Заречный', 'Набережная', '12') returning id",
        company,
    )
    await site.pool.execute(
        "insert into premises (house_id, flat) select $1, n::text from generate_series(1, 9) n", house
    )
    return company, house


async def suspected(site: Site, company: int, house: int, key: str) -> int:
    outage: int = await site.pool.fetchval(
        "insert into outages (company_id, state, since, evidence, suggested_as)"
        " values ($1, 'suspected', now(), '{}', $2) returning id",
        company,
        key,
    )
    await site.pool.execute("insert into outage_places (outage_id, house_id) values ($1, $2)", outage, house)
    return outage


async def state_of(site: Site, outage: int) -> tuple[str, str | None]:
    row = await site.pool.fetchrow("select state, kind from outages where id = $1", outage)
    return row["state"], row["kind"]


def figures(outage: int, **changes: int) -> OutageFiguresMessage:
    row = OutageFiguresRow(id=outage, calls=6, hearing=1, helped=4, waiting=1, tickets=5)
    return OutageFiguresMessage(figures=(replace(row, **changes),))


@pytest.mark.parametrize("login", ["vera", "anna"])
async def test_a_suspected_outage_is_confirmed_and_another_dismissed_in_one_click(site: Site, login: str) -> None:
    company, house = await house_of(site)
    first, second = [await suspected(site, company, house, f"house:1:{n}:0") for n in (1, 2)]
    async with chromium(site, login) as page:
        row = page.locator("#off li").filter(has_text="Набережная, 12")
        await expect(page.locator("#off")).to_have_text("Отключений нет.")
        await site.push("all", outages(outage_row(id=first), outage_row(id=second, addresses=(HOSTILE,))))
        await expect(row).to_contain_text("Возможно, отключение")
        await expect(row).to_contain_text("6 звонков из 5 квартир: Набережная, 12 за 4 минуты; обычно 0,1")
        await expect(page.locator("#toast")).to_contain_text("Возможно, отключение")
        assert await page.locator("#off img").count() == 0

        # Whoever is about to press a button keeps it while more calls come.
        button = row.get_by_role("button", name="Холодная вода")
        await button.focus()
        more = replace(outage_row(id=first).evidence, calls=21, flats=21)
        await site.push(
            "all", outages(outage_row(id=first, evidence=more), outage_row(id=second, addresses=(HOSTILE,)))
        )
        await expect(row).to_contain_text("21 звонок из 21 квартиры")
        await expect(button).to_be_focused()
        async with page.expect_response(f"**/outages/{first}/confirm") as answer:
            await button.click()
        assert (await answer.value).status == 204
        assert await state_of(site, first) == ("confirmed", "cold_water")

        other = page.locator("#off li").filter(has_text=HOSTILE)
        dismiss = other.get_by_role("button", name="Отключения нет")
        async with page.expect_response(f"**/outages/{second}/dismiss"):
            await dismiss.click()
        assert (await state_of(site, second))[0] == "cancelled"
        await expect(dismiss).to_be_disabled()


async def test_what_somebody_else_has_done_already_is_said(site: Site) -> None:
    company, house = await house_of(site)
    outage = await suspected(site, company, house, "house:1:1:0")
    async with chromium(site, "vera") as page:
        await site.push("all", outages(outage_row(id=outage)))
        button = page.locator("#off").get_by_role("button", name="Газ")
        await expect(button).to_be_visible()
        await site.pool.execute("update outages set state = 'cancelled', finished_at = now()")
        await button.click()
        await expect(page.locator("#toast")).to_contain_text("Этого уже нельзя сделать")
        await expect(button).to_be_enabled()


async def test_the_board_shows_the_figures_and_what_does_not_fit(site: Site) -> None:
    off = outage_row(
        id=4,
        state=OutageState.REPAIRING,
        kind="heating",
        evidence=None,
        more_houses=2,
        until=datetime(2026, 3, 5, 15, 30, tzinfo=UTC),
    )
    async with chromium(site, "vera") as page:
        await site.push("all", outages(off, not_shown=5))
        row = page.locator("#off li").first
        await expect(row).to_contain_text("Отопление Набережная, 12 и ещё 2 дома УК «Заречье»")
        await expect(row).to_contain_text("отключение до 5 мар., 18:30")
        await expect(row).not_to_contain_text("Голос не сработал")
        await site.push("all", outages(replace(off, unspoken=True), not_shown=5))
        await expect(row).to_contain_text("Голос не сработал: звонящие слышат прежнее объявление")
        await expect(row).to_contain_text("0 звонков")
        await expect(page.locator("#off")).to_contain_text("и ещё 5 отключений")
        await site.push("all", figures(4, calls=212, helped=190))
        await expect(row).to_contain_text(
            "212 звонков · слушают сейчас: 1 · дослушали до конца: 190 · ждут оператора: 1 · заявок: 5"
        )
        await expect(row.get_by_role("link", name="Отопление")).to_have_attribute("href", "/outages/4")


async def test_an_outage_is_opened_from_the_board_in_four_clicks(site: Site) -> None:
    await house_of(site)
    async with chromium(site, "vera") as page:
        await page.locator("#off-new").get_by_role("link", name="УК «Заречье»").click()
        await page.get_by_text("Электричество", exact=True).click()
        await page.get_by_role("option", name="Заречный, Набережная, 12").click()
        await page.get_by_role("button", name="Открыть и оповещать звонящих").click()
        await expect(page.get_by_role("heading", name="Электричество")).to_be_visible()
    assert await site.pool.fetchval("select kind from outages where state = 'confirmed'") == "power"


async def test_an_outage_is_opened_from_a_card_with_its_house_chosen(site: Site) -> None:
    company, house = await house_of(site)
    me = f"operator:{site.ids['anna']}"
    async with chromium(site, "anna") as page:
        await site.push(me, card(datetime.now(UTC), company_id=company, house_id=house))
        async with page.context.expect_page() as opened:
            await page.locator("#card").get_by_role("link", name="Открыть отключение").click()
        form = await opened.value
        await form.get_by_text("Электричество", exact=True).click()
        await form.get_by_role("button", name="Открыть и оповещать звонящих").click()
        await expect(form.get_by_role("heading", name="Электричество")).to_be_visible()
    places = await site.pool.fetch("select house_id from outage_places")
    assert [row["house_id"] for row in places] == [house]


async def test_an_operator_knows_before_hello_and_attaches_the_call_with_one_key(site: Site) -> None:
    company, house = await house_of(site)
    outage = await suspected(site, company, house, "house:1:1:0")
    me, now = f"operator:{site.ids['anna']}", datetime.now(UTC)
    async with site.browser("vera") as vera:
        await vera.post(f"/outages/{outage}/confirm", kind="cold_water")
    await site.pool.execute(
        "insert into calls (id, node, company_id, did, caller, state, arrived_at)"
        " values ('node1-1.1', 'node1', $1, $2, '+79001234567', 'talking', now())",
        company,
        NUMBER,
    )
    fresh = await site.pool.fetchrow(
        "insert into tickets (company_id, number, call_id, caller, opened_at, premises_id, house_id)"
        " select $1, 9001, 'node1-1.1', '+79001234567', now(), id, house_id from premises where flat = '3'"
        " returning id, number, premises_id",
        company,
    )
    reserved = await site.pool.fetchval(
        "select number from outage_numbers where premises_id = $1", fresh["premises_id"]
    )
    until = datetime(2026, 3, 5, 15, 30, tzinfo=UTC)
    known = call_outage(id=outage, until=until)
    line = "Холодная вода: отключение до 5 мар., 18:30, 212 звонков, заявка № 1041 в этой квартире уже есть"
    async with chromium(site, "anna") as page:
        await site.push(me, replace(ringing(now), outage=known))
        await expect(page.locator("[aria-live=assertive]")).to_contain_text(line)
        key = TicketKey(id=fresh["id"], number=fresh["number"])
        await site.push(me, card(now, company_id=company, house_id=house, ticket=key, outage=known))
        await expect(page.locator("#card .off-line")).to_contain_text(line)
        button = page.locator("#card").get_by_role("button", name="Звонок об этом")
        await expect(button).to_be_visible()
        # One key, also while something is typed.
        await page.locator("#card input[name=subject]").focus()
        await page.keyboard.press("Alt+o")
        await expect(page.locator("#card .ticket")).to_contain_text(str(reserved))
        await expect(button).to_have_count(0)
    assert await site.pool.fetchval("select state from tickets where id = $1", fresh["id"]) == "cancelled"


async def test_a_strangers_call_may_be_attached_to_an_outage_of_the_company(site: Site) -> None:
    company, _house = await house_of(site)
    me, now = f"operator:{site.ids['anna']}", datetime.now(UTC)
    off = outage_row(id=4, state=OutageState.CONFIRMED, kind="heating", company_id=company, evidence=None)
    foreign = outage_row(id=5, state=OutageState.CONFIRMED, kind="power", company_id=company + 1, evidence=None)
    async with chromium(site, "anna") as page:
        await site.push(me, card(now, company_id=company, house_id=None))
        await expect(page.locator("#card .off-line")).to_be_visible()
        await expect(page.locator("#card .off-join")).to_have_count(0)
        await site.push("all", outages(off, foreign, outage_row(id=6, company_id=company)))
        await expect(page.locator("#card .off-join")).to_have_text("Звонок об этом: Отопление, Набережная, 12 Alt+O")


async def test_a_suspected_outage_is_confirmed_on_the_card_of_a_caller(site: Site) -> None:
    company, house = await house_of(site)
    outage = await suspected(site, company, house, "house:1:1:0")
    me, now = f"operator:{site.ids['anna']}", datetime.now(UTC)
    maybe = call_outage(id=outage, kind=None, until=None, calls=6, ticket=None)
    row = outage_row(id=outage, company_id=company)
    async with chromium(site, "anna") as page:
        await site.push("all", outages(row))
        await site.push(me, card(now, company_id=company, house_id=house, outage=maybe))
        line = page.locator("#card .off-line")
        await expect(line).to_contain_text("Возможно, отключение: 6 звонков")
        button = line.get_by_role("button", name="Горячая вода")
        await button.focus()
        await site.push("all", outages(replace(row, evidence=replace(row.evidence, calls=9))))
        await expect(page.locator("#off")).to_contain_text("9 звонков")
        await expect(button).to_be_focused()
        async with page.expect_response(f"**/outages/{outage}/confirm"):
            await button.press("Enter")
        assert await state_of(site, outage) == ("confirmed", "hot_water")
        await site.push("all", outages(replace(row, state=OutageState.CONFIRMED, kind="hot_water")))
        await expect(line).to_contain_text("Горячая вода: отключение, 6 звонков")
        await expect(line.get_by_role("button")).to_have_text("Звонок об этом Alt+O")


async def test_flats_call_and_the_board_shows_it_by_itself(site: Site, database_url: str) -> None:
    _company, house = await house_of(site)
    await site.pool.execute(
        "with r as (insert into residents (premises_id, name)"
        " select id, 'Жилец' from premises where house_id = $1 returning id)"
        " insert into resident_phones (phone, resident_id) select '+7916' || lpad(id::text, 7, '0'), id from r",
        house,
    )
    settings = DatabaseSettings(url=database_url)
    async with chromium(site, "vera") as page:
        running = asyncio.create_task(OutageWatcher(settings, every_s=0.1).run())
        try:
            await expect(page.locator("#off")).to_have_text("Отключений нет.")
            await site.pool.execute(
                "insert into calls (id, node, company_id, did, caller, state, arrived_at)"
                " select 'node1-9.' || n.phone, 'node1', c.id, $1, n.phone, 'waiting', now()"
                " from resident_phones n, companies c",
                NUMBER,
            )
            row = page.locator("#off li").first
            await expect(row).to_contain_text("9 звонков из 9 квартир: Набережная, 12 за 1 минуту; обычно 0")
            await row.get_by_role("button", name="Холодная вода").click()
            await expect(row).to_contain_text("Холодная вода Набережная, 12")
            await expect(page.locator("#off li")).to_have_count(1)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
