"""The reports' pages and files, against tickets counted by hand."""

import csv
from datetime import UTC, date, datetime
from io import BytesIO, StringIO
from xml.etree import ElementTree

import pytest
from openpyxl import load_workbook

from callcenter.reports.pages import Question
from tests.site import Browser, Site

NOVEMBER = "period=own&first=2026-11-01&last=2026-11-30"
PAGES = ("tickets", "categories", "emergencies", "paid", "visits")
FILES = ("tickets", "categories", "houses", "crews", "paid", "visits")


@pytest.fixture(autouse=True)
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """November is over."""
    monkeypatch.setattr(Question, "today", date(2026, 12, 5))


@pytest.fixture
async def filled(site: Site) -> Site:
    """Two companies; the first has four tickets in November, the second one."""
    pool = site.pool
    own = await pool.fetchval("select id from companies")
    other = await pool.fetchval("insert into companies (name) values ('УК «Чужая»') returning id")
    await pool.execute(
        "insert into operators (login, name, role, password_hash, company_id)"
        " select 'galina', '=Галина', 'manager', password_hash, $1 from operators where login = 'anna'",
        own,
    )
    house = await pool.fetchval(
        "insert into houses (company_id, city, street, building) values ($1, 'Тверь', 'Садовая', '1') returning id", own
    )
    crew = await pool.fetchval("insert into crews (company_id, name) values ($1, '@Аварийная') returning id", own)
    await pool.execute(
        "insert into houses (company_id, city, street, building) values ($1, 'Тверь', 'Чужая', '2')", other
    )

    async def ticket(company: int, day: int, code: str, **values: object) -> None:
        columns = {
            "company_id": company,
            "number": day,
            "caller": "",
            "opened_at": datetime(2026, 11, day, 9, tzinfo=UTC),
            "category_id": await pool.fetchval(
                "select id from categories where company_id = $1 and code = $2", company, code
            ),
            **values,
        }
        blanks = ", ".join(f"${place + 1}" for place in range(len(columns)))
        await pool.execute(f"insert into tickets ({', '.join(columns)}) values ({blanks})", *columns.values())

    at = datetime(2026, 11, 2, 9, tzinfo=UTC)
    times = {"accepted_at": at.replace(minute=10), "localised_at": at.replace(minute=25)}
    await ticket(own, 2, "damage", house_id=house, crew_id=crew, state="closed", closed_at=at.replace(hour=12), **times)
    await ticket(own, 3, "repair", state="cancelled", cancel_reason="x", closed_at=at.replace(day=3, hour=10))
    await ticket(own, 4, "paid", price=1500, payment="paid", late_from=at.replace(day=4, hour=10))
    await ticket(own, 5, "question")
    await ticket(other, 6, "damage")
    return site


async def table(browser: Browser, name: str, query: str = NOVEMBER) -> list[list[str]]:
    answer = await browser.get(f"/reports/{name}.csv?{query}")
    assert answer.status == 200
    body = await answer.read()
    assert body.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(StringIO(body.decode("utf-8-sig")), delimiter=";"))


async def test_the_numbers_are_those_counted_by_hand(filled: Site):
    async with filled.browser("galina") as galina:
        head, *rows = await table(galina, "tickets")
        assert head == ["Первый день", "Последний день", "Принято", "Закрыто", "Отменено", "В работе", "Просрочено"]
        assert len(rows) == 30
        assert rows[1:5] == [
            ["02.11.2026", "02.11.2026", "1", "1", "0", "0", "0"],
            ["03.11.2026", "03.11.2026", "1", "0", "1", "0", "0"],
            ["04.11.2026", "04.11.2026", "1", "0", "0", "1", "1"],
            ["05.11.2026", "05.11.2026", "1", "0", "0", "1", "0"],
        ]
        assert sum(int(row[2]) for row in rows) == 4
        assert {row[0]: row[2:] for row in (await table(galina, "categories"))[1:]} == {
            "Авария": ["1", "1", "0", "0", "0"],
            "Текущий ремонт": ["1", "0", "1", "0", "0"],
            "Платная услуга": ["1", "0", "0", "1", "1"],
            "Вопрос": ["1", "0", "0", "1", "0"],
        }
        assert (await table(galina, "houses"))[1:] == [
            ["Тверь, Садовая, 1", "1", "1", "10,0", "10,0", "1", "25,0", "25,0"]
        ]
        assert ["04.11.2026", "04.11.2026", "1", "1500,00", "1500,00", "0", "0"] in await table(galina, "paid")


async def test_of_days_to_come_nothing_is_said(filled: Site, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Question, "today", date(2026, 11, 4))
    async with filled.browser("galina") as galina:
        for name in ("tickets", "paid"):
            assert [row[0] for row in (await table(galina, name))[1:]] == [f"0{day}.11.2026" for day in (1, 2, 3, 4)]
            assert "5 ноября" not in await (await galina.get(f"/reports/{name}?{NOVEMBER}")).text()
        weeks = {row[0] for row in (await table(galina, "visits"))[1:]}
        assert weeks == {"01.11.2026", "02.11.2026"}


async def test_a_manager_sees_no_other_company(filled: Site):
    other = await filled.pool.fetchval("select id from companies where name like '%Чужая%'")
    async with filled.browser("galina") as galina, filled.browser("vera") as vera:
        for page in PAGES:
            text = await (await galina.get(f"/reports/{page}?{NOVEMBER}")).text()
            assert "Чужая" not in text
            refused = await galina.get(f"/reports/{page}?{NOVEMBER}&company={other}")
            assert refused.status == 422
            assert "Такой компании нет" in await refused.text()
        for name in FILES:
            assert (await galina.get(f"/reports/{name}.csv?{NOVEMBER}&company={other}")).status == 303
        accepted = [sum(int(row[2]) for row in (await table(each, "tickets"))[1:]) for each in (galina, vera)]
        assert accepted == [4, 5]
        assert sum(int(row[2]) for row in (await table(vera, "tickets", f"{NOVEMBER}&company={other}"))[1:]) == 1


@pytest.mark.parametrize(
    "query", ["", "period=", "period=today", "period=week", "period=month", "period=quarter", "period=year"]
)
async def test_a_named_period_needs_no_dates(filled: Site, query: str):
    async with filled.browser("vera") as vera:
        for path in ("/reports", "/reports/tickets"):
            answer = await vera.get(f"{path}?{query}&company=&first=&last=")
            assert answer.status == 200
            assert "<h2" in await answer.text()


async def test_an_operator_sees_no_reports(filled: Site):
    async with filled.browser("anna") as anna:
        for path in ("/reports", "/reports/paid", "/reports/paid.csv"):
            assert (await anna.get(path)).status == 403


async def test_logins_and_views_of_managers_are_counted_by_week(filled: Site):
    manager, company = await filled.pool.fetchrow("select id, company_id from operators where login = 'galina'")
    for day, action in (
        (2, "logged in"),
        (3, "viewed ticket"),
        (8, "viewed ticket"),
        (9, "logged in"),
        (9, "edited x"),
    ):
        await filled.pool.execute(
            "insert into audit_log (at, operator_id, company_id, action) values ($1, $2, $3, $4)",
            datetime(2026, 11, day, 12, tzinfo=UTC),
            manager,
            company,
            action,
        )
    async with filled.browser("galina") as galina:
        # The first of November 2026 is a Sunday.
        rows = [row for row in await table(galina, "visits") if row[2].endswith("Галина")]
        assert [row[0] for row in rows] == [
            "01.11.2026",
            "02.11.2026",
            "09.11.2026",
            "16.11.2026",
            "23.11.2026",
            "30.11.2026",
        ]
        assert [row[4:] for row in rows[:3]] == [["0", "0"], ["1", "2"], ["1", "0"]]


async def test_a_workbook_has_numbers_days_and_no_formulas(filled: Site):
    async with filled.browser("vera") as vera:
        answer = await vera.get(f"/reports/crews.xlsx?{NOVEMBER}")
        assert "%D0%90%D0%B2%D0%B0%D1%80%D0%B8%D0%B8" in answer.headers["Content-Disposition"]
        sheet = load_workbook(BytesIO(await answer.read())).active
        names = {row[0].value for row in sheet.iter_rows(min_row=2)}
        assert names == {"'@Аварийная, УК «Заречье»", "Без бригады"}
        visits = load_workbook(BytesIO(await (await vera.get(f"/reports/visits.xlsx?{NOVEMBER}")).read())).active
        assert visits["C2"].value == "'=Галина"
        assert visits["C2"].data_type == "s"
        assert visits["A2"].value == datetime(2026, 11, 1)  # noqa: DTZ001
        assert visits["E2"].value == 0


@pytest.mark.parametrize("page", PAGES)
async def test_a_chart_is_sound_svg_with_a_title_and_a_table_beside_it(filled: Site, page: str):
    async with filled.browser("vera") as vera:
        text = await (await vera.get(f"/reports/{page}?{NOVEMBER}")).text()
        assert "style=" not in text
        charts = [f"<svg{part.split('</svg>')[0]}</svg>" for part in text.split("<svg")[1:]]
        assert len(charts) == (4 if page == "emergencies" else 2)
        ids = []
        for chart in charts:
            root = ElementTree.fromstring(chart)
            title, description, *shapes = root
            assert root.attrib["aria-labelledby"] == f"{title.attrib['id']} {description.attrib['id']}"
            assert title.text
            assert description.text
            assert shapes
            ids += [title.attrib["id"], description.attrib["id"]]
        assert len(set(ids)) == len(ids)
        assert text.count("<table>") == len(charts) / 2


async def test_an_empty_period_says_so(filled: Site):
    async with filled.browser("galina") as galina:
        for page in ("tickets", "categories", "emergencies", "paid"):
            answer = await galina.get(f"/reports/{page}?period=own&first=2020-01-01&last=2020-12-31")
            text = await answer.text()
            assert answer.status == 200
            assert "За этот период ничего нет" in text
            assert "<svg" not in text


HOSTILE = {
    "period=own": ("first", "Укажите дату"),
    "period=own&first=2026-11-30&last=2026-11-01": ("last", "не раньше"),
    "period=own&first=1700000000&last=2026-11-01": ("first", "год-месяц-день"),
    "period=own&first=2026-02-30&last=2026-11-01": ("first", "год-месяц-день"),
    "period=own&first=0001-01-01&last=2026-11-01": ("first", "2000"),
    "period=own&first=2000-01-01&last=2199-12-31": ("last", "пяти лет"),
    "period=own&first=%00&last=%D9%A1": ("first", "год-месяц-день"),
    "period=century": ("period", "период"),
    "company=%27%3B--": ("company", "Такой компании нет"),
    "company=99999999999999999999": ("company", "Такой компании нет"),
    "company=0": ("company", "Такой компании нет"),
}


@pytest.mark.parametrize("query", HOSTILE)
async def test_what_makes_no_sense_is_said_beside_the_field(filled: Site, query: str):
    field, says = HOSTILE[query]
    async with filled.browser("vera") as vera:
        answer = await vera.get(f"/reports/tickets?{query}")
        text = await answer.text()
        assert answer.status == 422
        assert says in text.split(f'id="{field}-problem">')[1].split("</p>")[0]
        assert (await vera.get(f"/reports/tickets.xlsx?{query}")).status == 303


async def test_what_is_said_of_the_company_cannot_be_markup(filled: Site):
    await filled.pool.execute("update companies set name = '<b>&' || id")
    async with filled.browser("vera") as vera:
        for page in PAGES:
            text = await (await vera.get(f"/reports/{page}?{NOVEMBER}&first=%22%3E%3Cb%3E")).text()
            assert "<b>&" not in text
            assert '"><b>"' not in text


async def test_a_file_taken_is_written_down(filled: Site):
    async with filled.browser("galina") as galina:
        await table(galina, "paid")
    row = await filled.pool.fetchrow("select * from audit_log where action = 'downloaded report'")
    assert row["subject_id"] == "paid"
    assert row["company_id"] is not None
    assert row["details"] == {"first": "2026-11-01", "last": "2026-11-30", "format": "csv"}
