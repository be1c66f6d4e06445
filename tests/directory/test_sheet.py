import io
import re
import zipfile
from datetime import date

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from callcenter.common import workbook
from callcenter.common.sheet_cells import clean, guarded
from callcenter.common.sheet_file import SheetContent
from callcenter.common.sheet_problems import SheetRefused
from callcenter.common.sheets import is_formula
from callcenter.directory.headings import HEADERS
from callcenter.directory.rows import gather
from callcenter.directory.sheet import read_sheet, write_csv, write_xlsx
from callcenter.domain.phone import PhoneFault, existing

HEADINGS = "Город;Улица;Дом;Квартира;Житель;Телефоны"
LINE = "Москва;Лесная ул.;3;12;Иванова Анна;8 916 123-45-67"


def xlsx(*rows: tuple[object, ...], merge: str = "") -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    if merge:
        book.active.merge_cells(merge)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def with_part(body: bytes, name: str, text: bytes) -> bytes:
    """The archive with one part replaced, or added."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            if part != name:
                new.writestr(part, old.read(part))
        new.writestr(name, text)
    return made.getvalue()


HEAD = ("Город", "Улица", "Дом", "Квартира", "Житель", "Телефоны")
ROW = ("Москва", "Лесная ул.", 3, 12, "Иванова Анна", 79161234567)


def problems_of(body: bytes) -> list[tuple[int, str]]:
    sheet = read_sheet(body)
    return [(problem.row, problem.code) for problem in gather(sheet.lines, sheet.problems).problems]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_csv_is_recognised(encoding: str, delimiter: str):
    body = f"{HEADINGS}\r\n\r\n{LINE}\r\n".replace(";", delimiter).encode(encoding)
    [line] = read_sheet(body).lines
    assert line.number == 3
    assert line.cells["street"] == "Лесная ул."
    assert list(gather([line]).residents[0].phones) == ["+79161234567"]


def test_english_headings_and_xlsx_numbers_read_the_same():
    english = tuple(HEADERS[column][0] for column in ("city", "street", "building", "flat", "name", "phones"))
    [line] = read_sheet(
        xlsx(english, (None,), ("Москва", "Лесная ул.", 3.0, 12, " Иванова  Анна ", 7.9161234567e10))
    ).lines
    assert line.number == 3
    assert (
        line.cells == read_sheet(f"{HEADINGS}\nМосква;Лесная ул.;3;12;Иванова Анна;79161234567".encode()).lines[0].cells
    )


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "empty"),
        (b" \r\n\n ", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (HEADINGS.encode(), "no rows"),
        (b"a;b;c\n1;2;3\n", "no headings"),
        (f"{HEADINGS};Город\n{LINE};5".encode(), "heading twice"),
        (b"Flat;Resident\n1;x", "no house columns"),
        (f"{HEADINGS}\n{LINE}".encode("koi8-r"), "encoding"),
        (f"{HEADINGS}\n{LINE}".encode("cp866"), "encoding"),
        (f'{HEADINGS}\nМосква;"Лес;3;1;;'.encode(), "broken csv"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "not a table"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "old excel"),
        (b"PK\x03\x04" + b"x" * 500, "broken xlsx"),
        (xlsx(HEAD, ROW)[:-40], "broken xlsx"),
        (xlsx(), "empty"),
        (xlsx(HEAD), "no rows"),
        (with_part(xlsx(HEAD, ROW), "xl/worksheets/sheet1.xml", b"<worksheet><row"), "broken xlsx"),
        (with_part(xlsx(HEAD, ROW), "xl/workbook.xml", b"<!DOCTYPE x [<!ENTITY a 'b'>]><workbook/>"), "broken xlsx"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(body: bytes, code: str):
    with pytest.raises(SheetRefused) as refused:
        read_sheet(body)
    assert refused.value.code == code


def test_a_zip_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch):
    bomb = with_part(xlsx(HEAD, ROW), "xl/zeros.xml", bytes(2_000_000))
    monkeypatch.setattr(workbook, "MAX_UNPACKED", 1_000_000)
    monkeypatch.setattr(workbook, "_search", lambda *_: pytest.fail("unpacked"))
    with pytest.raises(SheetRefused) as refused:
        read_sheet(bomb)
    assert refused.value.code == "too large unpacked"


def test_a_bomb_that_lies_of_its_size_is_a_broken_file():
    sheet = b"<worksheet>" + bytes(5_000_000) + b"</worksheet>"
    body = with_part(xlsx(HEAD, ROW), "xl/worksheets/sheet1.xml", sheet)
    lie = body.replace(len(sheet).to_bytes(4, "little"), (100).to_bytes(4, "little"))
    assert lie != body
    with pytest.raises(SheetRefused) as refused:
        read_sheet(lie)
    assert refused.value.code == "broken xlsx"


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (("Москва", "Лесная", 3, "=1+1", "Иванова", None), "formula"),
        (("Москва", "Лесная", date(2026, 3, 12), "1", "Иванова", None), "date cell"),
        (("Москва", "Лесная", True, "1", "Иванова", None), "not text"),
        (("Москва", "Лесная", "#N/A", "1", "Иванова", None), "error cell"),
    ],
)
def test_a_cell_that_nobody_wrote_is_named_with_its_line(row: tuple[object, ...], code: str):
    assert (3, code) in problems_of(xlsx(HEAD, ROW, row))


def test_merged_cells_are_named():
    body = xlsx(HEAD, ROW, ROW, ROW, merge="A3:A4")
    [problem] = read_sheet(body).problems
    assert (problem.row, problem.code, problem.values) == (3, "merged cells", {"cells": "A3"})


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("Москва;Лесная;3;12;Иванова;12", "bad phone"),
        ("Москва;Лесная;3;12;Иванова;позвонить Ане", "bad phone"),
        ("Москва;Лесная;3;12;Иванова;7,9161E+10", "power of ten"),
        ("Москва;Лесная;3;12;Иванова;7.9161E+10", "power of ten"),
        ("Москва;;3;12;Иванова;", "no house"),
        ("Москва;Лесная;3;;Иванова;", "resident without flat"),
        ("Москва;Лесная;3;12;;89161234567", "no name"),
        (f"Москва;Лесная;3;12;{'я' * 201};", "too long"),
        ("Москва;Лесная;3;12;Ива\0нова;", "control characters"),
        ("Москва;Лесная;3;12;Иванова;;лишнее", "too many cells"),
    ],
)
def test_a_line_that_makes_no_sense_is_named(line: str, code: str):
    body = "\n".join([HEADINGS, *[LINE] * 80, line]).encode()
    assert code in {found for _row, found in problems_of(body)}


def test_lines_that_contradict_each_other_name_each_other():
    body = "\n".join(
        [
            "Ключ дома;Город;Улица;Дом;Подъездов;Квартира;Подъезд;Лицевой счёт;Житель",
            "k1;Москва;Лесная;3;4;1;1;100;Иванова",
            "k1;;;;5;1;2;;",
            "k2;МОСКВА;лесная;3;;;;;",
            "k1;Москва;Лесная;4;;;;;",
            ";Москва;Лесная;3;;2;;100;Иванова",
            "k1;;;;;1;;100;Петрова",
        ]
    )
    found = {(p.row, p.code): p.values.get("other") for p in gather(read_sheet(body.encode()).lines).problems}
    assert found == {
        (3, "contradiction"): 2,
        (4, "another key"): 2,
        (5, "another address"): 2,
        (6, "account in two flats"): 2,
        (7, "account of two"): 2,
    }


def test_one_resident_may_have_several_lines_and_two_may_have_one_phone():
    lines = [
        LINE,
        "москва;ЛЕСНАЯ ул.;3;12;иванова анна;+7 (495) 111-22-33",
        "Москва;Лесная ул.;3;13;Петров;89161234567",
    ]
    gathered = gather(read_sheet("\n".join([HEADINGS, *lines]).encode()).lines)
    assert not gathered.problems
    assert (len(gathered.houses), len(gathered.flats)) == (1, 2)
    assert [list(each.phones) for each in gathered.residents] == [["+79161234567", "+74951112233"], ["+79161234567"]]


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("8 916 123-45-67", "+79161234567"),
        ("+7(916)1234567", "+79161234567"),
        ("9161234567", "+79161234567"),
        ("тел. 8-916-123-45-67", "+79161234567"),
        ("+49 30 123456", "+4930123456"),
        ("112", None),
        ("", None),
        ("8 916", None),
    ],
)
def test_a_phone_in_any_form(written: str, number: str | None):
    found = existing(written)
    assert (None if isinstance(found, PhoneFault) else found) == number


def test_a_sheet_with_telephones_that_do_not_exist_is_refused_with_the_reason():
    faults = {
        "8 900 000 00 1": "no such phone",
        "0 29 123 45 67": "no such phone",
        "+7 000 123-45-67": "no such phone",
        "позвонить соседу": "bad phone",
    }
    lines = [f"Москва;Лесная ул.;3;{flat};Житель;{phone}" for flat, phone in enumerate(faults, 1)]
    problems = gather(read_sheet("\n".join([HEADINGS, *lines]).encode()).lines).problems
    assert {problem.values["value"]: problem.code for problem in problems} == faults
    assert [problem.row for problem in problems] == [2, 3, 4, 5]


def test_a_local_number_waits_for_the_city_code_of_its_company():
    gathered = gather(read_sheet(f"{HEADINGS}\nМосква;Лесная ул.;3;1;Житель;234-56-78".encode()).lines)
    assert not gathered.problems
    assert gathered.residents[0].phones == {"234-56-78": 2}


def test_a_number_that_a_person_would_understand_is_taken_from_a_sheet():
    understood = {
        "00 49 170 123 45 67": "+491701234567",
        "+8 900 000-00-05": "+79000000005",
        "8~10 375 29 123 45 67": "+375291234567",
    }
    lines = [f"Москва;Лесная ул.;3;{flat};Житель;{phone}" for flat, phone in enumerate(understood, 1)]
    gathered = gather(read_sheet("\n".join([HEADINGS, *lines]).encode()).lines)
    assert not gathered.problems
    assert [phone for each in gathered.residents for phone in each.phones] == list(understood.values())


CELLS = st.text(st.characters(exclude_categories=["Cs", "Cc"], max_codepoint=0x4FF), max_size=12).map(
    lambda text: " ".join(text.split())
)
ROWS = st.lists(
    st.fixed_dictionaries(dict.fromkeys(HEADERS, CELLS)).filter(lambda r: any(r.values())), min_size=1, max_size=5
)


@settings(max_examples=25, deadline=None)
@given(ROWS, st.sampled_from(["ru", "en"]))
def test_what_is_written_is_read_again(rows: list[dict[str, str]], language: str):
    for write in (write_csv, write_xlsx):
        assert [dict(line.cells) for line in read_sheet(write(rows, language)).lines] == rows


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: f"{HEADINGS}\n{text}".encode(errors="replace")))
def test_any_bytes_are_read_or_refused(body: bytes):
    try:
        sheet = read_sheet(body)
    except SheetRefused:
        return
    assert isinstance(sheet, SheetContent)
    gather(sheet.lines)


@given(st.text())
@example("＝1+1")
@example("'＝1+1")
@example("\ufeff=1")
@example(" =1")
@example("\t=1")
@example("\rtext")
def test_no_cell_is_written_as_a_formula(text: str):
    tidy = " ".join(text.split())
    assert not is_formula(guarded(text))
    assert not re.match(r"[=+\-@\t\r＝＋－＠]", guarded(tidy))
    assert clean(guarded(tidy)) == tidy
    assert clean(guarded(text)) == tidy
