"""The whole journal as a file: from the form to the download, by a real worker."""

import asyncio
import csv
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.async_api import expect

from callcenter.common.file_jobs import ATTEMPTS
from callcenter.common.jobs import Again, Worker
from callcenter.errors import StoreError
from callcenter.reports.export_texts import export_texts
from callcenter.reports.exports import FIELDS, Exports
from tests import browser
from tests.conftest import by_owner
from tests.site import PASSWORD, Browser, Shelf, Site, settings_for

FORM = {"period": "own", "first": "2026-11-01", "last": "2026-11-30", "format": "csv"}


@pytest.fixture
async def filled(site: Site) -> Site:
    """A ticket of the manager's company with a formula in it, and one of another company."""
    await site.pool.execute("insert into companies (name) values ('Чужая')")
    await site.pool.execute(by_owner("truncate exports, pgqueuer cascade"))
    for name, number, subject in (("УК «Заречье»", 7, "=2+2"), ("Чужая", 8, "Чужое")):
        await site.pool.execute(
            "insert into tickets (company_id, number, caller, opened_at, subject, category_id, payment, price)"
            " select c.id, $2, '+79001234567', $3, $4, k.id, 'due', 100 from companies c"
            " join categories k on k.company_id = c.id and k.code = 'paid' where c.name = $1",
            name,
            number,
            datetime(2026, 11, 2, 6, 30, tzinfo=UTC),
            subject,
        )
    return site


@asynccontextmanager
async def working(site: Site, url: str) -> AsyncIterator[Exports]:
    exports = Exports(site.pool, site.shelf, export_texts)
    running = asyncio.create_task(Worker(settings_for(url).database, [exports.kind], dead_after_s=1).run())
    try:
        yield exports
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def ready(site: Site) -> int:
    async with asyncio.timeout(15):
        while (row := await site.pool.fetchrow("select id, state from exports order by id desc limit 1"))[
            "state"
        ] != "ready":
            await asyncio.sleep(0.05)
    return int(row["id"])


async def body(who: Browser, order: int) -> bytes:
    answer = await who.get(f"/reports/exports/{order}")
    assert answer.status == 200
    assert "-01.11.2026-30.11.2026." in answer.headers["Content-Disposition"]
    return await answer.read()


async def test_a_manager_orders_waits_and_downloads(filled: Site, database_url: str):
    async with working(filled, database_url), filled.browser("maria") as maria, filled.browser("vera") as vera:
        assert (await maria.post("/reports/exports", **FORM)).status == 303
        order = await ready(filled)
        page = await (await maria.get("/reports/exports")).text()
        assert f'href="/reports/exports/{order}"' in page
        assert "data-working" not in page
        head, *rows = csv.reader(StringIO((await body(maria, order)).decode("utf-8-sig")), delimiter=";")
        assert len(head) == len(FIELDS)
        (row,) = [dict(zip(FIELDS, row, strict=True)) for row in rows]
        assert (row["number"], row["subject"], row["caller"]) == ("7", "'=2+2", "+79001234567")
        # Shown in the company's zone, three hours ahead.
        assert row["opened_at"] == "02.11.2026 09:30"
        assert (row["kind"], row["payment"], row["state"]) == ("Платная", "К оплате", "Новая")

        assert (await vera.get(f"/reports/exports/{order}")).status == 404
        assert f"/reports/exports/{order}" not in await (await vera.get("/reports/exports")).text()
        actions = [row["action"] for row in await filled.pool.fetch("select action from audit_log order by id")]
        assert [action for action in actions if "export" in action] == [
            "ordered journal export",
            "downloaded journal export",
        ]


async def test_a_supervisor_gets_all_companies_in_a_workbook(filled: Site, database_url: str):
    async with working(filled, database_url), filled.browser("vera") as vera:
        assert (await vera.post("/reports/exports", **FORM | {"format": "xlsx"})).status == 303
        sheet = load_workbook(BytesIO(await body(vera, await ready(filled)))).active
        rows = list(sheet.iter_rows(min_row=2, values_only=True))
        assert [row[1] for row in rows] == [7, 8]
        assert rows[0][FIELDS.index("subject")] == "'=2+2"
        assert rows[0][FIELDS.index("opened_at")] == datetime(2026, 11, 2, 9, 30)  # noqa: DTZ001


async def test_a_manager_cannot_order_another_company(filled: Site):
    other = await filled.pool.fetchval("select id from companies where name = 'Чужая'")
    async with filled.browser("maria") as maria:
        assert (await maria.post("/reports/exports", **FORM, company=str(other))).status == 422
    assert await filled.pool.fetchval("select count(*) from exports") == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [({"format": "exe"}, "format"), ({"format": ""}, "format"), ({"first": "x"}, "first"), ({"period": "x"}, "period")],
)
async def test_what_makes_no_sense_is_said_beside_the_field(filled: Site, change: dict[str, str], field: str):
    async with filled.browser("vera") as vera:
        answer = await vera.post("/reports/exports", **FORM | change)
        assert answer.status == 422
        assert f'id="{field}-problem"' in await answer.text()


async def test_a_fourth_file_at_a_time_is_refused(filled: Site):
    async with filled.browser("vera") as vera:
        answers = [await vera.post("/reports/exports", **FORM) for _ in range(4)]
        assert [answer.status for answer in answers] == [303, 303, 303, 429]
        assert "Три ваших файла уже готовятся" in await answers[-1].text()
        page = await (await vera.get("/reports/exports")).text()
        assert page.count("в очереди") == 3
        assert "data-working" in page


async def test_what_a_dead_process_left_is_made_by_the_next(filled: Site, database_url: str):
    async with filled.browser("vera") as vera:
        await vera.post("/reports/exports", **FORM)
        await filled.pool.execute("update exports set state = 'running', attempts = 1, written = 1")
        await filled.pool.execute("delete from pgqueuer")
        async with working(filled, database_url):
            order = await ready(filled)
        assert b"\xef\xbb\xbf" in await body(vera, order)
        assert await filled.pool.fetchval("select attempts from exports") == 2


async def test_a_store_out_of_reach_is_tried_again_and_given_up_at_last(filled: Site):
    exports = Exports(filled.pool, filled.shelf, export_texts)
    filled.shelf.broken = True
    async with filled.browser("vera") as vera:
        await vera.post("/reports/exports", **FORM)
        order = str(await filled.pool.fetchval("select id from exports"))
        for _ in range(ATTEMPTS - 1):
            with pytest.raises(Again):
                await exports.kind.handle(order)
        await exports.kind.handle(order)
        assert await filled.pool.fetchval("select state from exports") == "failed"
        assert "не удалось подготовить" in await (await vera.get("/reports/exports")).text()
        filled.shelf.broken = False
        await exports.kind.handle(order)
        assert await filled.pool.fetchval("select state from exports") == "failed"


async def test_what_has_expired_is_removed_with_its_file(filled: Site, database_url: str):
    async with filled.browser("vera") as vera, working(filled, database_url) as exports:
        await vera.post("/reports/exports", **FORM)
        order = await ready(filled)
        await exports.tidy()
        assert filled.shelf.objects
        await filled.pool.execute("update exports set expires_at = now()")
        assert (await vera.get(f"/reports/exports/{order}")).status == 404
        filled.shelf.broken = True
        with pytest.raises(StoreError):
            await exports.tidy()
        filled.shelf.broken = False
        await exports.tidy()
        assert filled.shelf.objects == {}
        assert await filled.pool.fetchval("select count(*) from exports") == 0


async def test_progress_is_shown_while_the_file_is_made(filled: Site, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("callcenter.reports.exports.CHUNK", 10)
    monkeypatch.setattr("callcenter.reports.exports.TELL_EVERY_S", 0.0)
    await filled.pool.execute(
        "insert into tickets (company_id, number, caller, opened_at) select min(id), 100 + n, '', '2026-11-05'"
        " from companies, generate_series(1, 30) n group by n"
    )
    seen: list[tuple[int, int]] = []
    page: list[str] = []
    async with filled.browser("vera") as vera:

        class Slow(Shelf):
            async def put(self, key: str, path: Path, _sha256: bytes, _media_type: str) -> None:
                row = await filled.pool.fetchrow("select written, expected from exports")
                seen.append((row["written"], row["expected"]))
                page.append(await (await vera.get("/reports/exports")).text())

        await vera.post("/reports/exports", **FORM)
        await Exports(filled.pool, Slow(), export_texts).kind.handle(
            str(await filled.pool.fetchval("select id from exports"))
        )
    assert seen == [(32, 32)]
    assert '<progress max="32" value="32"' in page[0]


@pytest.mark.e2e
async def test_the_page_shows_by_itself_that_the_file_is_ready(filled: Site, database_url: str):
    async with browser.chromium(str(filled.server.make_url("")).rstrip("/"), "maria", PASSWORD) as page:
        await page.goto(str(filled.server.make_url("/reports/exports")))
        await page.get_by_label("Файл", exact=True).select_option("csv")
        await page.get_by_role("button", name="Подготовить файл").click()
        await expect(page.get_by_text("в очереди")).to_be_visible()
        async with working(filled, database_url):
            await expect(page.get_by_role("link", name="Скачать")).to_be_visible(timeout=15_000)
        async with page.expect_download() as download:
            await page.get_by_role("link", name="Скачать").click()
        assert (await download.value).suggested_filename.startswith("Журнал 01.11.2026")


async def test_people_who_may_not_see_reports_get_no_files(filled: Site):
    async with filled.browser("anna") as anna:
        assert (await anna.get("/reports/exports")).status == 403
        assert (await anna.post("/reports/exports", **FORM)).status == 403
        assert (await anna.get("/reports/exports/1")).status == 403


@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_field_has_a_head_of_its_own(language: str):
    head = export_texts(language).head
    assert len(set(head)) == len(head) == len(FIELDS)
