"""Registers as offices have them: titles, covers, sheets, other columns, and what spreadsheet programs make of cells."""

import io
import zipfile
from collections.abc import Callable
from datetime import datetime

import pytest
from openpyxl import Workbook

from callcenter.common.sheet_columns import Layout
from callcenter.common.sheet_file import SheetContent
from callcenter.common.sheet_problems import SheetRefused, place_of
from callcenter.directory.headings import columns_of
from callcenter.directory.rows import Gathered, gather
from callcenter.directory.sheet import read_sheet
from tests.directory.test_sheet import HEAD, HEADINGS, LINE, ROW, with_part, xlsx

TITLED = """Реестр лицевых счетов ООО «УК Пример» на 01.11.2026;;;;;;
№ п/п;Лицевой счет;ФИО собственника;Адрес;Кв.;Площадь, м2;Контактный телефон
1;100001;Первый Житель;г. Тверь, ул. Мира, д. 7, корп. 2;1;45,3;8 900 000-00-01
2;100002;Второй Житель;г. Тверь, ул. Мира, д. 7, корп. 2;2;33,1;8 900 000-00-02
Итого: 2;;;;;;
"""
Rows = list[tuple[object, ...]]


def book(**sheets: Rows) -> bytes:
    made = Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def understood(body: bytes, city: str = "", *, mended: bool = False) -> tuple[SheetContent, Gathered]:
    sheet = read_sheet(body, city=city)
    return sheet, gather(sheet.lines, sheet.problems, city=city, mended=mended)


def notes(sheet: SheetContent) -> dict[str, object]:
    return {
        note.code: note.values.get("names", note.values.get("name", note.values.get("lines"))) for note in sheet.notes
    }


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("before", ["", "sep=;\n"])
def test_headings_below_a_title_and_addresses_in_one_cell(encoding: str, before: str):
    sheet, gathered = understood(f"{before}{TITLED}".encode(encoding))
    assert gathered.problems == []
    [house] = gathered.houses
    assert (house.city, house.street, house.building) == ("Тверь", "ул. Мира", "7 корп. 2")
    assert [flat.flat for flat in gathered.flats] == ["1", "2"]
    residents = [(each.name, each.account, list(each.phones)) for each in gathered.residents]
    assert residents == [
        ("Первый Житель", "100001", ["+79000000001"]),
        ("Второй Житель", "100002", ["+79000000002"]),
    ]
    row = 5 + bool(before)
    assert notes(sheet) == {"columns left out": "Площадь, м2", "totals left out": str(row)}
    assert [line.number for line in sheet.lines] == [row - 2, row - 1]


def test_a_separator_that_is_named_is_taken():
    body = f"sep=|\r\n{HEADINGS}\r\n{LINE}".replace(";", "|")
    assert read_sheet(body.encode()).lines[0].cells["flat"] == "12"


def test_a_title_full_of_commas_does_not_hide_the_separator():
    title = "Реестр, составленный по домам, квартирам, жителям, телефонам, улицам, городам, подъездам и счетам"
    assert len(read_sheet(f"{title}\n{HEADINGS}\n{LINE}".encode("cp1251")).lines) == 1


def test_a_cover_sheet_and_a_list_are_left_out_and_several_sheets_are_one_register():
    body = book(
        Обложка=[("Реестр жителей",), ("Адрес:", "г. Тверь, ул. Мира, д. 1"), ("Телефон:", "8 4822 32-11-22")],
        Дом1=[("Дом 1",), (), HEAD, ROW],
        Дом2=[HEAD, ("Москва", "Лесная ул.", 5, 1, "Петров Пётр", None)],
        Пустой=[],
    )
    sheet, gathered = understood(body)
    assert gathered.problems == []
    assert [house.building for house in gathered.houses] == ["3", "5"]
    assert notes(sheet) == {"sheet left out": "Обложка"}
    assert [(sheet.pages[page], row) for page, row in (place_of(line.number) for line in sheet.lines)] == [
        ("Дом1", 4),
        ("Дом2", 2),
    ]


def test_a_merged_title_is_no_problem():
    body = xlsx(("Реестр",), HEAD, ROW, merge="A1:F1")
    assert understood(body)[1].problems == []


def test_headings_in_two_lines_are_read_together():
    upper, lower = "Адрес;;;Житель;;", "Город;Улица;Дом;Квартира;ФИО;Телефон"
    body = f"{upper}\n{lower}\n1;2;3;4;5;6\n{LINE}"
    assert read_sheet(body.encode()).lines[0].cells["building"] == "3"


def test_headings_on_every_printed_page_are_no_lines():
    body = f"{HEADINGS}\n{LINE}\n{HEADINGS}\n{LINE.replace(';12;', ';13;')}"
    assert [line.cells["flat"] for line in read_sheet(body.encode()).lines] == ["12", "13"]


@pytest.mark.parametrize(
    ("named", "column"),
    [
        ("№ кв.", "flat"),
        ("Номер квартиры", "flat"),
        ("Площадь квартиры", None),
        ("Л/с", "account"),
        ("№ лиц. счёта", "account"),
        ("Ф.И.О. собственника (нанимателя)", "name"),
        ("ФИО собственника помещения", "name"),
        ("Ответственный квартиросъёмщик", "name"),
        ("Фамилия, имя, отчество", "name"),
        ("Дом. телефон", "phones"),
        ("Моб. тел.", "phones"),
        ("Адрес электронной почты", None),
        ("Почтовый адрес", None),
        ("Адрес МКД", "address"),
        ("Населенный пункт", "city"),
        ("№ подъезда", "entrance"),
        ("Кол-во подъездов", "entrances"),
        ("Кол-во комнат", None),
        ("Корп.", "block"),
        ("Дата рождения", None),
        ("Код домофона", None),
        ("Owner", "name"),
        ("Mobile phone", "phones"),
    ],
)
def test_headings_in_the_words_of_offices(named: str, column: str | None):
    assert columns_of().meant(named) == column


def test_a_block_a_name_in_three_columns_and_two_columns_of_telephones_are_put_together():
    head = "Населённый пункт;Улица;№ дома;Корпус;Кв;Фамилия;Имя;Отчество;Дом. тел.;Моб. тел."
    line = "Тверь;Мира;7;2;1;Иванова;Анна;Петровна;32-11-22;8 900 000-00-01"
    gathered = understood(f"{head}\n{line}".encode())[1]
    assert (gathered.houses[0].keys, gathered.residents[0].name) == (("тверь", "мира", "7к2"), "Иванова Анна Петровна")
    assert list(gathered.residents[0].phones) == ["32-11-22", "+79000000001"]


def test_a_register_without_a_town_takes_the_one_that_is_said():
    body = "Адрес;Квартира;ФИО\nул. Мира, д. 7;1;Анна\n".encode()
    assert [(problem.column, problem.code) for problem in understood(body)[1].problems] == [("city", "no house")]
    assert understood(body, "Тверь")[1].houses[0].city == "Тверь"


def test_columns_that_a_person_assigned_are_taken_by_their_headings_and_by_place():
    body = "Отчёт;;;\nA;B;C;D\nТверь;Мира;7;1\n".encode()
    with pytest.raises(SheetRefused) as refused:
        read_sheet(body)
    assert (refused.value.code, refused.value.head[1]) == ("no headings", ["A", "B", "C", "D"])
    assigned = ("city", "street", "building", "flat")
    by_name = read_sheet(body, [Layout(("a", "b", "c", "d"), assigned)])
    assert [dict(line.cells) for line in by_name.lines] == [
        dict(zip(assigned, ("Тверь", "Мира", "7", "1"), strict=True))
    ]
    by_place = read_sheet("Тверь;Мира;7;1\nТверь;Мира;7;2\n".encode(), [Layout(("",) * 4, assigned)])
    assert [line.cells["flat"] for line in by_place.lines] == ["1", "2"]


def test_a_russian_text_in_cp1251_without_known_headings_can_still_be_assigned():
    with pytest.raises(SheetRefused) as refused:
        read_sheet("Колонка;Другая\nзначение;и ещё\n".encode("cp1251"))
    assert refused.value.head[0] == ["Колонка", "Другая"]


@pytest.mark.parametrize(
    ("column", "text", "code", "guess"),
    [
        ("Дом", "12.май", "excel date", "12/5"),
        ("Дом", "05.дек", "excel date", "5/12"),
        ("Квартира", "01.мар", "excel date", "1/3"),
        ("Квартира", "May-12", "excel date", "12/5"),
        ("Дом", "12.05.2026", "excel date", "12/5"),
        ("Дом", "2026-05-12 00:00:00", "excel date", "12/5"),
        ("Лицевой счёт", "1,23457E+11", "power of ten", None),
        ("Лицевой счёт", "4.08e+19", "power of ten", None),
        ("Телефоны", "7,91612E+10", "power of ten", None),
    ],
)
def test_what_a_spreadsheet_program_made_of_a_cell_is_told(column: str, text: str, code: str, guess: str | None):
    cells = {"Город": "Тверь", "Улица": "Мира", "Дом": "7", "Квартира": "1", "Лицевой счёт": "1", "Житель": "Анна"}
    cells |= {"Телефоны": "", column: text}
    body = f"{';'.join(cells)}\n{';'.join(cells.values())}\n".encode("cp1251")
    [problem] = understood(body)[1].problems
    assert (problem.code, problem.values["value"], problem.values.get("guess")) == (code, text, guess)


def test_a_number_with_a_point_and_a_nought_is_the_number_and_is_told():
    body = f"{HEADINGS}\nТверь;Мира;7.0;2.0;Анна;79000000003.0".encode()
    gathered = understood(body)[1]
    assert (gathered.houses[0].building, gathered.flats[0].flat, gathered.problems) == ("7", "2", [])
    assert [(note.code, note.values["value"], note.values["taken"]) for note in gathered.notes] == [
        ("decimals", "7.0", "7"),
        ("decimals", "2.0", "2"),
    ]


def test_noughts_that_a_cell_shows_and_does_not_hold_are_told():
    made = Workbook()
    made.active.append((*HEAD, "Лицевой счёт"))
    made.active.append((*ROW, 123))
    made.active["G2"].number_format = "00000000"
    file = io.BytesIO()
    made.save(file)
    sheet, gathered = understood(file.getvalue())
    assert gathered.residents[0].account == "123"
    [note] = sheet.notes
    assert (note.code, note.values["shown"], note.values["value"]) == ("zeros shown", "00000123", "123")


def test_a_date_and_a_long_number_of_a_workbook_are_told_and_other_columns_do_not_matter():
    head = (*HEAD, "Лицевой счёт", "Дата рождения", "Долг")
    day = datetime(2026, 5, 12)  # noqa: DTZ001
    body = xlsx(head, ("Тверь", "Мира", day, 1, "А", None, None, day, "=1+1"), (*ROW, 4.0817810000000001e19, day, "=1"))
    problems = understood(body)[1].problems
    assert [(problem.row, problem.column, problem.code) for problem in problems] == [
        (2, "building", "date cell"),
        (3, "account", "power of ten"),
    ]
    assert problems[0].values["guess"] == "12/5"


def renamed(change: Callable[[str], str], body: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            info = zipfile.ZipInfo("x")
            info.filename = change(part.filename)
            new.writestr(info, old.read(part))
    return made.getvalue()


@pytest.mark.parametrize(
    "change",
    [
        lambda name: name.replace("sharedStrings", "SharedStrings"),
        lambda name: name.replace("sharedStrings", "SHAREDSTRINGS").replace("sheet1", "Sheet1"),
        lambda name: name.replace("/", "\\"),
        lambda name: name.lower() if name != "[Content_Types].xml" else name,
    ],
)
def test_a_workbook_whose_parts_are_named_otherwise_is_read(change: Callable[[str], str]):
    body = renamed(change, xlsx(HEAD, ROW))
    assert [line.cells for line in read_sheet(body).lines] == [line.cells for line in read_sheet(xlsx(HEAD, ROW)).lines]


def test_a_workbook_of_strict_open_xml_is_read():
    body = xlsx(HEAD, ROW)
    main = (
        b"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
        b"http://purl.oclc.org/ooxml/spreadsheetml/main",
    )
    rels = (
        b"http://schemas.openxmlformats.org/officeDocument/2006/relationships",
        b"http://purl.oclc.org/ooxml/officeDocument/relationships",
    )
    strict = body
    with zipfile.ZipFile(io.BytesIO(body)) as old:
        for name in old.namelist():
            strict = with_part(strict, name, old.read(name).replace(*main).replace(*rels))
    assert b"purl.oclc.org" in zipfile.ZipFile(io.BytesIO(strict)).read("xl/workbook.xml")
    assert [line.cells for line in read_sheet(strict).lines] == [line.cells for line in read_sheet(body).lines]


def test_a_line_with_a_bad_cell_is_left_out_or_taken_without_it():
    body = "\n".join(
        [
            f"{HEADINGS};Лицевой счёт",
            "Тверь;Мира;7;1;Житель 1;8 900 000-00-01;1",
            "Тверь;Мира;7;2;Житель 2;8 900;2",
            "Тверь;Мира;12.май;3;Житель 3;;3",
            "Тверь;Мира;7;4;Житель 4;8 900 000-00-04, 12;1,2E+11",
        ]
    ).encode()
    strict, mended = understood(body)[1], understood(body, mended=True)[1]
    found = [(problem.row, problem.column, problem.mendable) for problem in strict.problems]
    assert found == [(3, "phones", True), (4, "building", False), (5, "account", True), (5, "phones", True)]
    assert [each.name for each in strict.residents] == ["Житель 1"]
    assert [(each.name, each.account, list(each.phones)) for each in mended.residents] == [
        ("Житель 1", "1", ["+79000000001"]),
        ("Житель 2", "2", []),
        ("Житель 4", None, ["+79000000004"]),
    ]
    assert mended.problems == strict.problems


def test_a_line_that_contradicts_another_leaves_nothing_of_itself():
    body = "\n".join([f"{HEADINGS};Лицевой счёт", f"{LINE};1", LINE.replace(";12;", ";99;") + ";1"]).encode()
    gathered = understood(body)[1]
    assert [problem.code for problem in gathered.problems] == ["account in two flats"]
    assert [flat.flat for flat in gathered.flats] == ["12"]
