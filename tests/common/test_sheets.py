import csv
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO, StringIO

import pytest
from openpyxl import load_workbook

from callcenter.common.sheets import NARROWEST, Cell, Xlsx, harmless, sheet

HEAD = ["Имя", "=Сумма"]


def written(format_: str, language: str, rows: Sequence[Sequence[Cell]]) -> bytes:
    body = BytesIO()
    writing = sheet(body, format_, language, "Отчёт: [1]/2", HEAD)
    writing.add(rows)
    writing.finish()
    return body.getvalue()


FORMULAS = [
    "=1+1",
    "+1+1",
    "-1",
    "@SUM(A1)",
    " =1",
    "\t=1",
    "\r=1",
    "\n=1",
    "+7900=cmd",
    "\ttext",
    "\rtext",
    "\ntext",
    " \ttext",
]
WIDE = [f"{before}{sign}1+1" for before in ("", " ", "\u3000", "\ufeff", "\u200b") for sign in "＝＋－＠﹦﹢﹣﹫=@"]


@pytest.mark.parametrize("text", FORMULAS + WIDE)
def test_what_would_be_a_formula_is_text(text: str):
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Иванова", "12 - 3", "+79001234567", "a=b"])
def test_what_is_no_formula_stays_as_it_is(text: str):
    assert harmless(text) == text


def test_signs_that_no_workbook_takes_are_left_out():
    assert harmless("a\x00b\x0bc") == "abc"
    assert harmless("\x00=1") == "'=1"


def test_a_csv_can_be_read_back():
    rows: list[list[Cell]] = [
        ['Иванова; "я"\nвторая', 12],
        ["=1", Decimal("12.50")],
        [None, datetime(2026, 3, 5, 9, 30, 1)],  # noqa: DTZ001
        ["х", date(2026, 3, 5)],
    ]
    body = written("csv", "ru", rows)
    assert body.startswith(b"\xef\xbb\xbf")
    assert list(csv.reader(StringIO(body.decode("utf-8-sig"), newline=""), delimiter=";")) == [
        ["Имя", "'=Сумма"],
        ['Иванова; "я"\nвторая', "12"],
        ["'=1", "12,50"],
        ["", "05.03.2026 09:30"],
        ["х", "05.03.2026"],
    ]
    assert written("csv", "en", []).decode("utf-8-sig") == "Имя,'=Сумма\r\n"


def test_a_workbook_keeps_the_kinds_of_its_cells():
    at = datetime(2026, 3, 5, 9, 30)  # noqa: DTZ001
    book = load_workbook(BytesIO(written("xlsx", "ru", [["=HYPERLINK(1)", 12], ["x", Decimal("1.5")], [None, at]])))
    assert book.sheetnames == ["Отчёт   1  2"]
    rows = list(book.active.iter_rows(values_only=True))
    assert rows == [("Имя", "'=Сумма"), ("'=HYPERLINK(1)", 12), ("x", 1.5), (None, at)]
    assert {cell.data_type for row in book.active.iter_rows() for cell in row} <= {"s", "n", "d"}


def test_rows_beyond_a_sheet_go_on_in_the_next():
    body = BytesIO()
    writing = Xlsx(body, "Журнал", ["n"], sheet_rows=3)
    writing.add([n] for n in range(5))
    writing.finish()
    book = load_workbook(body)
    found = [[row[0] for row in page.iter_rows(values_only=True)] for page in book.worksheets]
    assert found == [["n", 0, 1], ["n", 2, 3], ["n", 4]]


def test_a_workbook_looks_as_an_office_expects_it():
    at = datetime(2026, 3, 5, 9, 30)  # noqa: DTZ001
    rows: list[list[Cell]] = [[at, Decimal("1234.5")], [at.date(), 2.25], ["Очень длинное описание заявки", 1]]
    page = load_workbook(BytesIO(written("xlsx", "ru", rows))).active
    forms = [(page.cell(row, column).number_format, page.cell(row, column).is_date) for row, column in CELLS]
    assert forms == [("dd.mm.yyyy hh:mm", True), ("#,##0.00", False), ("dd.mm.yyyy", True), ("#,##0.0", False)]
    assert (page.freeze_panes, page.auto_filter.ref) == ("A2", "A1:B4")
    assert page.column_dimensions["A"].width == len("Очень длинное описание заявки") + 2
    assert page.column_dimensions["B"].width == NARROWEST


CELLS = ((2, 1), (2, 2), (3, 1), (3, 2))


def test_a_csv_in_english_has_points_and_dates_that_sort():
    body = written("csv", "en", [[Decimal("12.50"), datetime(2026, 3, 5, 9, 30)]])  # noqa: DTZ001
    assert body.decode("utf-8-sig").splitlines()[1] == "12.50,2026-03-05 09:30"
