"""A register from the office's file to the directory, by the pages."""

import csv
import io
import re

import aiohttp
import pytest
from openpyxl import Workbook, load_workbook

from stack.register_file import BAD, FLATS, ROWS, titled_register
from tests.conftest import by_owner
from tests.directory.test_register import TITLED
from tests.site import Browser, Site

HEAD = "Город;Улица;Дом;Квартира;Житель;Телефоны;Этаж"
LINES = [
    "Тверь;Мира;7;1;Первый Житель;8 900 000-00-01;3",
    "Тверь;Мира;7;2;Второй Житель;8 900;4",
    "Тверь;Мира;12.май;3;Третий Житель;;5",
    "Тверь;Мира;7;4;Четвёртый Житель;8 900 000-00-04;6",
]


async def upload(browser: Browser, body: bytes, name: str = "реестр.csv", **fields: str) -> tuple[int, str, str]:
    """The status, the text, and the address under which the file is kept."""
    # As browsers do it.
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("file", io.BytesIO(body), filename=name)
    for field, value in fields.items():
        form.add_field(field, value)
    answer = await browser.http.post("/directory/import", data=form, headers={"Origin": browser.origin})
    text = await answer.text()
    kept = re.search(r"/directory/import/\d+", text)
    return answer.status, text, kept[0] if kept else ""


async def company(site: Site) -> int:
    return int(await site.pool.fetchval("select min(id) from companies"))


async def residents(site: Site) -> set[str]:
    return {row["name"] for row in await site.pool.fetch("select name from residents")}


async def test_lines_with_problems_are_left_out_and_come_back_with_the_reasons(site: Site):
    body = "\r\n".join(["Реестр УК;;;;;;", HEAD, *LINES]).encode("cp1251")
    async with site.browser("vera") as vera:
        status, text, kept = await upload(vera, body)
        assert (status, "2 строки с ошибками" in text, "Пропущен 1 столбец: Этаж" in text) == (200, True, True)
        assert await residents(site) == set()
        assert (await vera.post(kept, do="import", company="", city="")).status == 200
        assert await residents(site) == {"Первый Житель", "Четвёртый Житель"}
        answer = await vera.get(f"{kept}/problems")
        assert "filename*=UTF-8''%D1%80%D0%B5%D0%B5%D1%81%D1%82%D1%80" in answer.headers["Content-Disposition"]
        rows = list(csv.reader(io.StringIO((await answer.read()).decode("cp1251")), delimiter=";"))
    assert rows[0] == ["Реестр УК", *[""] * 7][: len(rows[0])]
    assert rows[1] == [*HEAD.split(";"), "Что исправить"]
    assert [row[:7] for row in rows[2:]] == [LINES[1].split(";"), LINES[2].split(";")]
    assert "Телефоны: " in rows[2][7]
    assert "12/5" in rows[3][7]


async def test_the_sheet_of_reasons_can_be_corrected_and_imported_as_it_is(site: Site):
    made = Workbook()
    made.active.title = "Дом 7"
    for line in ("Реестр УК", HEAD, *LINES):
        made.active.append(line.split(";"))
    made.create_sheet("Заметки").append(["просто текст"])
    file = io.BytesIO()
    made.save(file)
    async with site.browser("vera") as vera:
        _, _, kept = await upload(vera, file.getvalue(), "реестр.xlsx")
        await vera.post(kept, do="import", company="", city="")
        back = load_workbook(io.BytesIO(await (await vera.get(f"{kept}/problems")).read()))
        assert back.sheetnames == ["Дом 7"]
        rows = [[cell.value for cell in row] for row in back.active.iter_rows()]
        assert [row[4] for row in rows[2:]] == ["Второй Житель", "Третий Житель"]
        back.active["F3"], back.active["C4"] = "8 900 000-00-02", "12/5"
        corrected = io.BytesIO()
        back.save(corrected)
        status, text, kept = await upload(vera, corrected.getvalue(), "реестр.xlsx")
        assert (status, "строки с ошибками" in text, "Что исправить" in text) == (200, False, False)
        await vera.post(kept, do="import", company="", city="")
    assert len(await residents(site)) == 4
    assert await site.pool.fetchval("select count(*) from houses where building_key = '12/5'") == 1


async def test_lines_are_taken_without_their_bad_cells_when_that_is_wished(site: Site):
    body = "\n".join([HEAD, *LINES]).encode()
    async with site.browser("vera") as vera:
        _, text, kept = await upload(vera, body)
        assert "Взять 1 строку с ошибкой без ошибочных ячеек" in text
        looked = await (await vera.post(kept, do="look", company="", city="", mended="on")).text()
        assert "строка взята без этого" in looked
        assert await residents(site) == set()
        await vera.post(kept, do="import", company="", city="", mended="on")
    assert await residents(site) == {"Первый Житель", "Второй Житель", "Четвёртый Житель"}
    assert await site.pool.fetchval("select count(*) from resident_phones") == 2


async def test_columns_are_assigned_by_hand_and_remembered_for_the_company(site: Site):
    body = "Отчёт программы\nA;B;C;D\nТверь;Мира 7;1;Анна\nТверь;Мира 7;2;Пётр\n".encode()
    ours = await company(site)
    async with site.browser("vera") as vera:
        status, text, kept = await upload(vera, body)
        assert (status, f'href="{kept}/columns"' in text) == (422, True)
        text = await (await vera.get(f"{kept}/columns")).text()
        assert "Отчёт программы" in text
        assert re.search(r'value="none" checked', text)
        assigned = {"column_0": "city", "column_1": "address", "column_2": "flat", "column_3": "name", "headings": "1"}
        lacking = await vera.post(f"{kept}/columns", **(assigned | {"column_1": ""}), company=str(ours), city="")
        assert (lacking.status, "Нужен столбец" in await lacking.text()) == (422, True)
        answer = await vera.post(f"{kept}/columns", **assigned, company=str(ours), city="")
        assert (answer.status, "2 новых жителя" in await answer.text()) == (200, True)
        await vera.post(kept, do="import", company=str(ours), city="")
        assert await residents(site) == {"Анна", "Пётр"}
        assert await site.pool.fetchval("select company_id from houses") == ours
        status, text, _ = await upload(vera, body.replace("Пётр".encode(), "Павел".encode()), company=str(ours))
        assert (status, "1 новый житель" in text) == (200, True)
        assert (await upload(vera, body))[0] == 422


async def test_what_changes_is_shown_before_and_after(site: Site):
    head = "Ключ дома;Город;Улица;Дом;Квартира;Лицевой счёт;Житель"
    async with site.browser("vera") as vera:
        _, _, kept = await upload(vera, f"{head}\nk1;Тверь;Мира;7;1;100;Иванова Анна\n".encode())
        await vera.post(kept, do="import", company="", city="")
        _, text, _ = await upload(vera, f"{head}\nk1;Тверь;Победы;9;1;100;Петрова Анна\n".encode())
    cells = [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<td[^>]*>.*?</td>", text)]
    for before, after in (("Мира", "Победы"), ("7", "9"), ("Иванова Анна", "Петрова Анна")):
        assert cells[cells.index(before) + 1] == after
    assert await residents(site) == {"Иванова Анна"}


async def test_houses_that_may_be_in_the_directory_already_are_shown(site: Site):
    async with site.browser("vera") as vera:
        _, _, kept = await upload(vera, "Город;Улица;Дом\nТверь;Склизкова;7\nТверь;1-я Парковая;3\n".encode())
        await vera.post(kept, do="import", company="", city="")
        _, text, _ = await upload(vera, "Город;Улица;Дом\nТверь;Склискова;7\nТверь;2-я Парковая;3\n".encode())
    assert "1 новая запись, возможно, уже есть в справочнике" in text
    assert "Тверь, Склискова, 7" in text
    assert "Тверь, Склизкова, 7" in text


async def test_residents_that_may_be_in_the_directory_already_are_shown(site: Site):
    head = "Город;Улица;Дом;Квартира;Житель"
    async with site.browser("vera") as vera:
        _, _, kept = await upload(vera, f"{head}\nТверь;Мира;7;1;Иванова Анна Петровна\n".encode())
        await vera.post(kept, do="import", company="", city="")
        lines = "Тверь;Мира;7;1;Иванова А. П.\nТверь;Мира;7;1;Иванова Ольга\nТверь;Мира;7;2;Иванова А. П.\n"
        _, text, _ = await upload(vera, f"{head}\n{lines}".encode())
    assert "1 новая запись, возможно, уже есть в справочнике" in text
    assert "Тверь, Мира, 7, 1: Иванова А. П." in text


async def test_a_titled_register_goes_in_after_two_looks(site: Site):
    ours = await company(site)
    async with site.browser("vera") as vera:
        status, text, kept = await upload(vera, TITLED.encode("cp1251"), company=str(ours))
        assert (status, "пока ничего не записано" in text) == (200, True)
        answer = await vera.post(kept, do="import", company=str(ours), city="")
        assert "импортирован" in await answer.text()
    house = await site.pool.fetchrow("select company_id, city, street, building_key from houses")
    assert tuple(house) == (ours, "Тверь", "ул. Мира", "7к2")


@pytest.mark.parametrize("end", ["", "/columns"])
async def test_a_file_of_somebody_else_is_not_there(site: Site, end: str):
    async with site.browser("vera") as vera, site.browser("alla") as alla:
        _, _, kept = await upload(vera, f"{HEAD}\n{LINES[0]}".encode())
        assert (await alla.post(f"{kept}{end}", do="import", company="", city="")).status == 422
        assert (await alla.get(f"{kept}/problems")).status == 422
        assert (await alla.get(f"{kept}/columns")).status == 422
    assert await residents(site) == set()


@pytest.mark.long
async def test_a_register_of_20_000_rows_with_500_bad_cells_goes_in_after_two_looks(site: Site):
    body = titled_register()
    ours = await company(site)
    async with site.browser("vera") as vera:
        status, text, kept = await upload(vera, body, company=str(ours))
        assert (status, re.sub(r"\s", " ", text).count("500 с ошибками пропущено")) == (200, 1)
        # As autovacuum may do it meanwhile: it counts no rows in files that the look has grown.
        await site.pool.execute(by_owner("analyze houses, premises, residents, resident_phones"))
        assert (await vera.post(kept, do="import", company=str(ours), city="")).status == 200
        back = await (await vera.get(f"{kept}/problems")).read()
    counted = (
        "select count(*) from houses h join premises p on p.house_id = h.id join residents r on r.premises_id = p.id"
    )
    assert await site.pool.fetchval(f"{counted} where h.company_id = $1 and h.city = 'Тверь'", ours) == ROWS - BAD
    assert await site.pool.fetchval("select count(*) from resident_phones") == ROWS - BAD
    assert await site.pool.fetchval("select count(*) from houses") == ROWS // FLATS
    rows = list(csv.reader(io.StringIO(back.decode("cp1251")), delimiter=";"))
    assert (rows[1][-1], len(rows) - 2) == ("Что исправить", BAD)
    assert all(row[-1] for row in rows[2:])
