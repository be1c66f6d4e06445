"""Planned works from a sheet on a real PostgreSQL: looked through in a process of its own, then opened or refused."""

import io
import re
from datetime import UTC, datetime

import aiohttp
import pytest
from openpyxl import Workbook

from callcenter.common.address_keys import fill_keys
from callcenter.common.sheet_problems import SheetRefused
from callcenter.common.sheet_process import SheetWish
from callcenter.outages.planned.sheet import moment, same_address, understand
from tests.directory.test_sheet_reader import shared_strings
from tests.site import Browser, Site

HEAD = "Управляющая компания;Дом;Что отключают;Начало;Окончание;Причина;Подъезды;Квартиры"
GOOD = f"""{HEAD}
;Заречный, ул. Мира, 7;Горячая вода;01.06.2027 09:00;05.06.2027 18:00;Испытания сетей;;
УК «Заречье»;ул. мира 9;hot_water;01.06.2027 09:00;05.06.2027 18:00;Испытания сетей;1, 2;1-40
;Ул. Мира, 9;Лифт;2027-06-02 10:00;2027-06-02 12:00;;;
"""


@pytest.fixture
async def houses(site: Site) -> list[int]:
    company = await site.pool.fetchval("select id from companies")
    return [
        await site.pool.fetchval(
            "insert into houses (company_id, city, street, building) values ($1, 'Заречный', 'ул. Мира', $2) returning id",
            company,
            building,
        )
        for building in ("7", "9")
    ]


async def upload(browser: Browser, body: bytes, name: str = "работы.csv") -> tuple[int, str]:
    form = aiohttp.FormData()
    form.add_field("file", io.BytesIO(body), filename=name)
    answer = await browser.http.post("/outages/import", data=form, headers={"Origin": browser.origin})
    return answer.status, await answer.text()


async def test_an_address_may_be_written_as_people_write_it(site: Site, houses: list[int]) -> None:
    await fill_keys(site.pool)
    body = GOOD.replace("Ул. Мира, 9", "Мира д. 9").replace("Заречный, ул. Мира, 7", "г.Заречный улица Мира дом 7")
    assert body != GOOD
    async with site.browser("vera") as vera:
        status, page = await upload(vera, body.encode())
    assert status == 200, page


async def test_works_are_looked_through_then_opened(site: Site, houses: list[int]) -> None:
    async with site.browser("vera") as vera:
        status, page = await upload(vera, GOOD.encode())
        assert status == 200, page
        assert "2 отключения, пока ничего не внесено" in page
        assert await site.pool.fetchval("select count(*) from outages") == 0
        path = re.search(r"/outages/import/\d+", page)
        assert path is not None
        assert (await vera.post(path[0])).status == 303
        assert (await vera.post(path[0])).status == 422
        again, text = await upload(vera, GOOD.encode())
        assert (again, text.count("эти работы уже внесены")) == (422, 3)
    rows = await site.pool.fetch("select kind, planned, state, since, until, cause from outages order by id")
    assert [tuple(row) for row in rows] == [
        (
            "hot_water", True, "confirmed",
            datetime(2027, 6, 1, 6, tzinfo=UTC), datetime(2027, 6, 5, 15, tzinfo=UTC), "Испытания сетей",
        ),
        ("lift", True, "confirmed", datetime(2027, 6, 2, 7, tzinfo=UTC), datetime(2027, 6, 2, 9, tzinfo=UTC), ""),
    ]  # fmt: skip
    places = await site.pool.fetch("select house_id, entrances, flats from outage_places order by outage_id, house_id")
    assert [tuple(row) for row in places] == [(houses[0], [], ""), (houses[1], [1, 2], "1-40"), (houses[1], [], "")]
    assert await site.pool.fetchval("select details->>'works' from audit_log where action = 'imported outages'") == "2"


async def test_a_spreadsheet_programs_dates_are_taken(site: Site, houses: list[int]) -> None:
    book = Workbook()
    sheet = book.active
    sheet.append(["Address", "Kind", "Since", "Until"])
    sheet.append(["ул. Мира, 7", "Power", datetime(2027, 6, 1, 9, 0), datetime(2027, 6, 1, 18, 30)])  # noqa: DTZ001
    file = io.BytesIO()
    book.save(file)
    async with site.browser("vera") as vera:
        status, page = await upload(vera, file.getvalue(), "works.xlsx")
    assert (status, "1 июн., 09:00" in page, "18:30" in page) == (200, True, True)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (";ул. Мира 8;Лифт;01.06.2027 09:00;01.06.2027 10:00;;;", "дома «ул. Мира 8» нет в справочнике"),
        (";ул. Мира 7;Телепатия;01.06.2027 09:00;01.06.2027 10:00;;;", "отключения вида «Телепатия» нет"),
        ("Чужая;ул. Мира 7;Лифт;01.06.2027 09:00;01.06.2027 10:00;;;", "нет компании «Чужая»"),
        (";ул. Мира 7;Лифт;завтра;01.06.2027 10:00;;;", "«завтра» — не дата со временем"),
        (";ул. Мира 7;Лифт;01.06.2027;01.06.2027 10:00;;;", "не дата со временем"),
        (";ул. Мира 7;Лифт;01.06.2027 09:00;01.06.2027 08:00;;;", "окончание не позже начала"),
        (";ул. Мира 7;Лифт;01.06.2027 09:00;;;;", "не заполнено"),
        (";ул. Мира 7;Лифт;01.06.2020 09:00;01.06.2020 10:00;;;", "эти работы уже закончились"),
        (";ул. Мира 7;Лифт;01.06.2027 09:00;01.06.2027 10:00;;первый;", "пишите номера подъездов"),
        (";ул. Мира 7;Лифт;01.06.2027 09:00;01.06.2027 10:00;;;40-1", "пишите квартиры номерами"),
        (f";ул. Мира 7;Лифт;01.06.2027 09:00;01.06.2027 10:00;{'x' * 301};;", "длиннее 300 знаков"),
        (";ул. Мира 7;Лифт;01.06.2027 09:00;01.06.2027 10:00;\x07;;", "невидимые управляющие"),
    ],
)
async def test_each_bad_line_says_why_and_nothing_is_opened(
    site: Site, houses: list[int], line: str, said: str
) -> None:
    async with site.browser("vera") as vera:
        status, page = await upload(vera, f"{GOOD}{line}\n".encode())
    assert status == 422
    assert said in page
    assert '<td class="number">5</td>' in page
    assert "/outages/import/" not in page
    assert await site.pool.fetchval("select count(*) from outages") == 0


async def test_headings_below_a_title_are_found_and_what_is_left_out_is_told(site: Site, houses: list[int]) -> None:
    title = "План работ на июнь;;;;;;;;\n"
    lines = "\n".join(f"{line};{extra}" for line, extra in zip(GOOD.splitlines(), ("Секрет", *"xyz"), strict=True))
    async with site.browser("vera") as vera:
        status, page = await upload(vera, f"{title}{lines}\n".encode())
    assert (status, "Пропущен 1 столбец: Секрет" in page) == (200, True)


async def test_the_same_house_twice_and_an_address_of_two_towns(site: Site, houses: list[int]) -> None:
    company = await site.pool.fetchval("select id from companies")
    await site.pool.execute(
        "insert into houses (company_id, city, street, building) values ($1, 'Речной', 'ул. Мира', '7')", company
    )
    one = ";{};Лифт;01.06.2027 09:00;01.06.2027 10:00;;;\n"
    body = f"{HEAD}\n{one.format('Заречный ул. Мира 7') * 2}{one.format('ул. Мира 7')}"
    async with site.browser("vera") as vera:
        status, page = await upload(vera, body.encode())
    assert status == 422
    assert "тот же дом, что в строке 2" in page
    assert "несколько домов; добавьте город" in page


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "Файл пуст"),
        (b"%PDF-1.7\x00\x01", "не CSV и не XLSX"),
        ("Дом;Начало\nx;y\n".encode(), "Нужны столбцы"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "XLS"),
        (f"{HEAD}\n".encode(), "ничего"),
    ],
)
async def test_a_file_that_is_no_such_sheet_is_refused_in_words(site: Site, body: bytes, said: str) -> None:
    async with site.browser("vera") as vera:
        status, page = await upload(vera, body)
    assert (status, said in page) == (422, True)


async def test_a_bomb_ends_its_own_process_only(site: Site, houses: list[int]) -> None:
    async with site.browser("vera") as vera:
        status, _ = await upload(vera, shared_strings(1_100_000), "bomb.xlsx")
        assert status == 422
        assert (await upload(vera, GOOD.encode()))[0] == 200


def test_moments_and_addresses_in_the_forms_people_write() -> None:
    assert moment("05.03.2026 12:30") == moment("2026-03-05 12:30") == moment("2026-03-05T12:30")
    for nonsense in (
        "",
        "05.03.2026",
        "31.02.2026 10:00",
        "05.03.1926 12:30",
        "05.03.2026 25:00",
        "٠٥.٠٣.2026",
        "9" * 300,
    ):
        assert moment(nonsense) is None, nonsense
    assert same_address("Заречный,  УЛ. МИРА, 7") == same_address("заречный ул мира 7")
    assert same_address("Берёзовая 7") == same_address("Березовая, 7")


def test_a_file_without_columns_of_works_is_refused() -> None:
    with pytest.raises(SheetRefused, match="no works columns"):
        understand("Дом;Причина\nx;y\n".encode(), SheetWish())
