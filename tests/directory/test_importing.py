import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from callcenter.common.sheet_problems import MAX_BYTES, SheetRefused
from callcenter.directory.exporting import export
from callcenter.directory.importing import DirectoryImport, ImportChoices
from callcenter.domain.access import Role
from callcenter.domain.ids import OperatorId
from callcenter.domain.person import Person
from callcenter.settings import DatabaseSettings
from callcenter.storage import open_pool
from tests.conftest import emptied

HEADINGS = "Ключ дома;Управляющая компания;Город;Улица;Дом;Подъездов;Квартира;Подъезд;Лицевой счёт;Житель;Телефоны"
LINES = [
    "k1;УК «Заречье»;Москва;Лесная ул.;3;4;1;1;100;Иванова Анна;8 916 111-22-33, +49 30 123456",
    "k1;УК «Заречье»;Москва;Лесная ул.;3;4;1;1;;Иванов Пётр;8 916 111-22-33",
    "k1;;;;;;2;1;;;",
    ";;Москва;Ничья ул.;1;;;;;;",
    ";УК «Заречье»;Москва;Лесная ул.;5;;7;;;=Сидоров;",
]
TABLES = ("houses", "premises", "residents", "resident_phones", "house_companies")


def sheet(*lines: str) -> bytes:
    return "\n".join([HEADINGS, *lines]).encode()


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    pool = await open_pool(DatabaseSettings(url=database_url))
    await pool.execute(emptied("companies", "operators", "audit_log"))
    await pool.execute("insert into companies (name) values ('УК «Заречье»'), ('УК «Север»')")
    yield pool
    await pool.close()


async def a_person(pool: asyncpg.Pool, company: int | None = None) -> Person:
    role = Role.SUPERVISOR if company is None else Role.MANAGER
    row = await pool.fetchval(
        "insert into operators (login, name, role, company_id) values ($1, 'x', $2, $3) returning id",
        f"p{company or 0}",
        role.value,
        company,
    )
    return Person(OperatorId(row), "x", "x", role, "ru", False, company)


async def everything(pool: asyncpg.Pool) -> list[list[tuple[object, ...]]]:
    return [[tuple(row) for row in await pool.fetch(f"select * from {table} order by 1, 2")] for table in TABLES]


async def test_a_sheet_is_taken_whole_and_a_second_time_changes_nothing(pool: asyncpg.Pool):
    imports, person = DirectoryImport(pool), await a_person(pool)
    looked = await imports.preview(sheet(*LINES))
    assert await everything(pool) == [[], [], [], [], []]
    report = await imports.apply(sheet(*LINES), person, "дома.csv")
    assert report == looked
    assert report.counts == {
        "houses added": 3,
        "houses changed": 0,
        "flats added": 3,
        "flats changed": 0,
        "residents added": 3,
        "residents changed": 0,
        "phones added": 3,
    }
    assert report.unserved == [(5, "Москва, Ничья ул., 1")]
    written = await everything(pool)
    assert (await imports.apply(sheet(*LINES), person)).changes == 0
    assert await everything(pool) == written
    details = await pool.fetchval(
        "select details from audit_log where action = 'imported directory' order by id limit 1"
    )
    assert (details["file"], details["residents added"]) == ("дома.csv", 3)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("language", ["ru", "en"])
async def test_what_is_exported_and_imported_changes_nothing(pool: asyncpg.Pool, kind: str, language: str):
    imports, person = DirectoryImport(pool), await a_person(pool)
    await imports.apply(sheet(*LINES), person)
    flat = await pool.fetchval("select id from premises where flat = '2'")
    for name, phone in (("Тёзка", "+79160000001"), ("Тёзка", "+79160000002"), ("'=1+1", "+12125550123")):
        resident = await pool.fetchval(
            "insert into residents (premises_id, name) values ($1, $2) returning id", flat, name
        )
        await pool.execute("insert into resident_phones values ($1, $2)", phone, resident)
    written = await everything(pool)
    body = await export(pool, person, "csv" if kind == "csv" else "xlsx", language)
    report = await imports.apply(body, person)
    assert (report.problems, report.changes, report.lines) == ((), 0, 7)
    assert await everything(pool) == written
    if kind == "csv":
        assert "'=Сидоров" in body.decode()


async def test_a_manager_exports_one_company_whatever_is_asked_for(pool: asyncpg.Pool):
    await DirectoryImport(pool).apply(sheet(*LINES), None)
    north = await pool.fetchval("select id from companies where name = 'УК «Север»'")
    body = await export(pool, await a_person(pool, north), "csv", "en", north - 1)
    assert len(body.decode().splitlines()) == 1


async def test_changes_are_made_by_key_and_account(pool: asyncpg.Pool):
    imports = DirectoryImport(pool)
    await imports.apply(sheet(*LINES), None)
    report = await imports.apply(
        sheet(
            "k1;УК «Север»;Москва;Лесная улица;3А;5;1;2;100;Иванова-Петрова Анна;",
            "k5;;москва;лесная ул.;5;;7;;200;=сидоров;8 916 555-00-00",
        ),
        None,
    )
    assert report.counts == {
        "houses added": 0,
        "houses changed": 2,
        "flats added": 0,
        "flats changed": 1,
        "residents added": 0,
        "residents changed": 2,
        "phones added": 1,
    }
    house = await pool.fetchrow("select * from houses where key = 'k1'")
    assert (house["street"], house["building"], house["entrances"]) == ("Лесная улица", "3А", 5)
    served = await pool.fetch("select until from house_companies where house_id = $1 order by since", house["id"])
    assert [row["until"] is None for row in served] == [False, True]
    assert await pool.fetchval("select name from residents where account = '100'") == "Иванова-Петрова Анна"
    assert await pool.fetchval("select name from residents where account = '200'") == "=Сидоров"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("k9;УК «Нет»;Москва;Новая;1;;;;;;", "unknown company"),
        ("k9;;;;;;1;;;;", "unknown house"),
        ("k9;;Москва;Лесная ул.;3;;;;;;", "house has another key"),
        ("k1;;Москва;Ничья ул.;1;;;;;;", "address of another house"),
        ("k1;;;;;;2;;100;Иванова Анна;", "account of another flat"),
    ],
)
async def test_what_does_not_fit_is_named_and_left_out_and_the_rest_is_written(
    pool: asyncpg.Pool, line: str, code: str
):
    imports = DirectoryImport(pool)
    await imports.apply(sheet(*LINES), None)
    good = "k7;;Москва;Новая ул.;7;;1;;;Новая Жительница;"
    await imports.apply(sheet(good), None)
    written = await everything(pool)
    await pool.execute("delete from residents where name = 'Новая Жительница'")
    report = await imports.apply(sheet(good, line), None)
    assert [(problem.row, problem.code) for problem in report.problems] == [(3, code)]
    assert (report.left_out, report.counts["residents added"]) == (1, 1)
    now = await everything(pool)
    assert [len(rows) for rows in now] == [len(rows) for rows in written]
    assert [now[0], now[1]] == [written[0], written[1]]


async def test_all_problems_are_reported_at_once(pool: asyncpg.Pool):
    imports = DirectoryImport(pool)
    await imports.apply(sheet(*LINES), None)
    report = await imports.apply(
        sheet(
            "k9;;Москва;;1;;;;;;",
            "k8;УК «Нет»;Москва;Новая ул.;8;;;;;;",
            "k7;;Москва;Новая ул.;7;;1;;100;Иванова Анна;",
        ),
        None,
    )
    codes = [(problem.row, problem.code) for problem in report.problems]
    assert codes == [(2, "half an address"), (3, "unknown company"), (4, "account of another flat")]


async def test_one_house_under_two_names_is_seen(pool: asyncpg.Pool):
    imports = DirectoryImport(pool)
    await imports.apply(sheet(*LINES), None)
    report = await imports.preview(sheet("k1;;Москва;Новая ул.;9;;;;;;", ";;Москва;Лесная ул.;3;;;;;;"))
    assert [(problem.row, problem.code) for problem in report.problems] == [(3, "one house twice")]


async def test_a_large_sheet_leaves_the_loop_to_others(pool: asyncpg.Pool):
    lines = [
        f"k{n // 250};УК «Заречье»;Москва;Лесная ул.;{n // 250};4;{n % 250 + 1};1;{n};Житель {n};8 916 {n:07}"
        for n in range(5000)
    ]
    longest, done = 0.0, False
    loop = asyncio.get_running_loop()

    async def watch() -> None:
        nonlocal longest
        while not done:
            began = loop.time()
            await asyncio.sleep(0.005)
            longest = max(longest, loop.time() - began)

    watching = asyncio.create_task(watch())
    report = await DirectoryImport(pool).apply(sheet(*lines), None)
    done = True
    await watching
    assert report.counts["residents added"] == 5000
    assert longest < 0.5


async def test_two_imports_at_once_double_nothing(pool: asyncpg.Pool):
    imports = DirectoryImport(pool)
    reports = await asyncio.gather(*(imports.apply(sheet(*LINES), None) for _ in range(4)))
    assert sorted(report.changes for report in reports)[:3] == [0, 0, 0]
    assert await pool.fetchval("select count(*) from residents") == 3


async def test_a_file_over_the_limit_is_refused(pool: asyncpg.Pool):
    with pytest.raises(SheetRefused) as refused:
        await DirectoryImport(pool).preview(b"x" * (MAX_BYTES + 1))
    assert refused.value.code == "too large"


async def test_local_numbers_get_the_city_code_of_the_company_that_serves_the_house(pool: asyncpg.Pool):
    imports = DirectoryImport(pool)
    await pool.execute("update companies set city_code = case when name = 'УК «Север»' then '4012' else '495' end")
    await imports.apply(sheet("k1;УК «Заречье»;Москва;Лесная ул.;3;4;;;;;"), None)
    lines = (
        "k1;;;;;;1;;;Иванова Анна;234-56-78, +49 30 123456",
        "k2;УК «Север»;Калининград;Речная ул.;1;;1;;;Иванов Пётр;23-45-67",
        "k2;;;;;;1;;;Иванов Пётр;8 (4012) 23-45-67",
    )
    assert (await imports.apply(sheet(*lines), None)).problems == ()
    rows = await pool.fetch("select r.name, p.phone from resident_phones p join residents r on r.id = p.resident_id")
    assert {tuple(row) for row in rows} == {
        ("Иванова Анна", "+74952345678"),
        ("Иванова Анна", "+4930123456"),
        ("Иванов Пётр", "+74012234567"),
    }
    written = await everything(pool)
    assert (await imports.apply(sheet(*lines), None)).changes == 0
    assert await everything(pool) == written


@pytest.mark.parametrize(
    ("code", "phone", "problem"),
    [
        ("", "234-56-78", "phone without code"),
        ("495", "234-56", "no such phone"),
    ],
)
async def test_a_local_number_that_no_city_code_completes_is_refused_with_the_reason(
    pool: asyncpg.Pool, code: str, phone: str, problem: str
):
    await pool.execute("update companies set city_code = $1", code)
    lines = (f"k1;УК «Заречье»;Москва;Лесная ул.;3;;1;;;Иванова Анна;{phone}", f";;Москва;Ничья;1;;1;;;Пётр;{phone}")
    report = await DirectoryImport(pool).apply(sheet(*lines), None)
    found = [(each.row, each.column, each.code, each.values) for each in report.problems]
    assert found == [(2, "phones", problem, {"value": phone}), (3, "phones", "phone without code", {"value": phone})]
    assert await everything(pool) == [[], [], [], [], []]


@pytest.mark.parametrize(
    ("line", "code", "residents"),
    [
        ("k9;УК «Нет»;Москва;Новая;1;;1;;;Новый Житель;", "unknown company", 4),
        ("k9;;Москва;Лесная ул.;3;;9;;;Новый Житель;", "house has another key", 4),
        ("k1;;;;;;2;;100;Новый Житель;", "account of another flat", 4),
        ("k1;;;;;;2;;;Новый Житель;234-56-78, 8 916 111-22-33", "phone without code", 4),
        ("k9;;;;;;1;;;Новый Житель;", "unknown house", 3),
        ("k1;;Москва;Ничья ул.;1;;2;;;Новый Житель;", "address of another house", 3),
    ],
)
async def test_a_cell_that_does_not_fit_the_directory_is_left_out_alone_when_that_is_wished(
    pool: asyncpg.Pool, line: str, code: str, residents: int
):
    imports = DirectoryImport(pool)
    await imports.apply(sheet(*LINES), None)
    report = await imports.apply(sheet(line), None, choices=ImportChoices(mended=True))
    assert [(problem.code, problem.mendable) for problem in report.problems] == [(code, residents == 4)]
    assert (report.left_out, await pool.fetchval("select count(*) from residents")) == (4 - residents, residents)


async def test_every_line_of_a_house_that_does_not_fit_is_left_out(pool: asyncpg.Pool):
    lines = [f"k9;УК «Нет»;Москва;Новая;1;;{flat};;;Житель {flat};" for flat in range(1, 4)]
    report = await DirectoryImport(pool).apply(sheet(*lines, LINES[0]), None)
    assert [(problem.row, problem.code) for problem in report.problems] == [
        (row, "unknown company") for row in (2, 3, 4)
    ]
    assert [row["name"] for row in await pool.fetch("select name from residents")] == ["Иванова Анна"]
    assert await pool.fetchval("select count(*) from houses") == 1


async def test_houses_that_name_no_company_and_no_town_get_those_that_were_chosen(pool: asyncpg.Pool):
    north = await pool.fetchval("select id from companies where name = 'УК «Север»'")
    body = "Улица;Дом;Квартира;Житель\nРечная;1;1;Анна\n".encode()
    imports = DirectoryImport(pool)
    with pytest.raises(SheetRefused, match="no house columns"):
        await imports.apply(body, None, choices=ImportChoices(north))
    await imports.apply(body, None, choices=ImportChoices(north, "Калининград"))
    assert tuple(await pool.fetchrow("select company_id, city from houses")) == (north, "Калининград")
    # The only town of the company's houses need not be said again.
    report = await imports.apply(body.replace("Анна".encode(), "Пётр".encode()), None, choices=ImportChoices(north))
    assert report.counts["residents added"] == 1


async def test_of_a_whole_register_whoever_is_not_in_it_has_moved_out(pool: asyncpg.Pool):
    imports = DirectoryImport(pool)
    await imports.apply(sheet(*LINES), None)
    left = "select name from residents where left_at is not null order by name"
    later = sheet(LINES[0])
    assert (await imports.preview(later)).absent == 1
    await imports.apply(later, None)
    assert await pool.fetch(left) == []
    looked = await imports.preview(later, ImportChoices(whole=True))
    assert looked.counts["residents moved out"] == 1
    assert await pool.fetch(left) == []
    await imports.apply(later, None, choices=ImportChoices(whole=True))
    # Of the other house the sheet says nothing.
    assert [row["name"] for row in await pool.fetch(left)] == ["Иванов Пётр"]
    # Somebody on a line with a problem is not absent.
    bad = sheet(LINES[0], "k1;УК «Заречье»;Москва;Лесная ул.;3;4;1;x;;Иванова Вера;1")
    report = await imports.apply(bad, None, choices=ImportChoices(whole=True))
    assert (report.left_out, "residents moved out" in report.counts) == (1, False)
    await imports.apply(sheet(*LINES), None)
    assert await pool.fetch(left) == []
