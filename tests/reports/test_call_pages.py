"""The pages of calls: figures, charts with a number in each cell, files; and today's totals, which the board shows."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from callcenter.domain.call import Outcome
from callcenter.reports.service import ReportCompany
from tests.reports.test_calls import call
from tests.site import Site

NOW = datetime(2026, 11, 2, 6, 30, tzinfo=UTC)
DAY = "period=own&first=2026-11-02&last=2026-11-02"


async def own(site: Site) -> ReportCompany:
    row = await site.pool.fetchrow("select id, name, zone from companies")
    company = ReportCompany(row["id"], row["name"], row["zone"])
    await call(site.pool, company, NOW, Outcome.ANSWERED, answered_after=5, wait_s=3, talk_s=60, caller="+79160000007")
    await call(site.pool, company, NOW, Outcome.ABANDONED, wait_s=90, caller="+79160000008")
    return company


def plain(page: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", page).split())


async def test_the_page_of_calls_has_its_figures_charts_and_tables(site: Site):
    await own(site)
    async with site.browser("vera") as vera:
        page = await (await vera.get(f"/reports/calls?{DAY}")).text()
        said = plain(page)
        assert "2 звонка 1 отвечено 0 узнали об отключении 1 не отвечено 50 % отвечено за 5 мин" in said
        for title in ("Звонки по дням недели и часам", "Звонки по итогу", "Разговоры по операторам"):
            assert title in said, title
        # The number of an hour is written in its cell: nothing is said by colour alone.
        cells = re.findall(
            r'<rect class="heat4"[^>]*><title>[^<]*звонков 2, не отвечено 1</title></rect><text[^>]*>2<', page
        )
        assert len(cells) == 2


async def test_who_was_not_served_is_listed_with_what_became_of_them(site: Site):
    company = await own(site)
    async with site.browser("vera") as vera:
        said = plain(await (await vera.get(f"/reports/unserved?{DAY}")).text())
        assert "1 звонок без ответа 0 перезвонили мы 0 помогли при новом звонке 1 помощи пока не получили" in said
        assert "пока ничего" in said
        await call(
            site.pool, company, NOW + timedelta(minutes=1), Outcome.ANSWERED, caller="+79160000008", direction="out"
        )
        said = plain(await (await vera.get(f"/reports/unserved?{DAY}")).text())
        assert "1 перезвонили мы" in said
        assert "мы перезвонили" in said


@pytest.mark.parametrize("table", ["calls", "call_hours", "call_outcomes", "call_operators", "unserved"])
async def test_each_table_of_calls_is_a_file(site: Site, table: str):
    await own(site)
    async with site.browser("vera") as vera:
        for format_ in ("csv", "xlsx"):
            answer = await vera.get(f"/reports/{table}.{format_}?{DAY}")
            assert answer.status == 200
            assert len(await answer.read()) > 100


async def test_the_file_of_hours_has_every_hour_of_the_week(site: Site):
    await own(site)
    async with site.browser("vera") as vera:
        text = await (await vera.get(f"/reports/call_hours.csv?{DAY}")).text()
    assert len(text.strip().splitlines()) == 1 + 7 * 24
    # Of one company there is no table by company, and so no file.
    async with site.browser("vera") as vera:
        assert (await vera.get(f"/reports/call_companies.csv?{DAY}")).status == 404


async def test_todays_totals_are_on_the_board(site: Site):
    await own(site)
    async with site.browser("vera") as vera, site.browser("anna") as anna:
        assert 'id="today"' in await (await vera.get("/board")).text()
        assert re.match(
            r"0 звонков 0 отвечено .* – отвечено за 5 мин", plain(await (await vera.get("/reports/today")).text())
        )
        assert (await anna.get("/reports/today")).status == 403
