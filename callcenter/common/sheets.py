"""Tables as files that office programs open: CSV and XLSX, a row at a time, whatever is in the cells."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import BinaryIO, Protocol

from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.utils import get_column_letter
from openpyxl.workbook import Workbook
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

Cell = str | int | float | Decimal | bool | datetime | date | None
"""A moment has no zone in a file: convert it to the zone in which it is to be read."""

MEDIA = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
SHEET_ROWS = 1_048_576
"""What a sheet of Excel holds."""
MEASURED = 200
"""Rows by which the widths of columns are found."""
NARROWEST, WIDEST = 10, 60
# The wide and the small forms of the signs are as good as the signs to programs of East Asian languages; blanks and
# what is not seen may be skipped by the program or by the reader of the file.
_FORMULA = re.compile(r"[\s\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠﹦﹢﹣﹫]|\s*[\t\r\n]")
_TELEPHONE = re.compile(r"\+[0-9]{3,15}")
_NOT_IN_A_NAME = re.compile(r"[\\/*?:\[\]']")


def is_formula(text: str) -> bool:
    """Whether an office program may run a cell with this text."""
    return _FORMULA.match(text) is not None


def harmless(text: str) -> str:
    """The text as a cell that no office program takes for a formula. Telephone numbers stay as they are."""
    text = ILLEGAL_CHARACTERS_RE.sub("", text)
    return f"'{text}" if is_formula(text) and not _TELEPHONE.fullmatch(text) else text


class Sheet(Protocol):
    """A table being written."""

    def add(self, rows: Iterable[Sequence[Cell]]) -> None:
        """Write some more rows."""

    def finish(self) -> None:
        """Write the end. The file itself stays open."""


class Csv:
    """UTF-8 with a byte order mark, for Excel; separators, dates and fractions are those that it expects in the language."""

    def __init__(self, file: BinaryIO, language: str, head: Sequence[str]) -> None:
        self._text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
        self._russian = language == "ru"
        self._csv = csv.writer(self._text, delimiter=";" if self._russian else ",")
        self.add([head])

    def add(self, rows: Iterable[Sequence[Cell]]) -> None:
        """Write some more rows."""
        self._csv.writerows([_text(cell, self._russian) for cell in row] for row in rows)

    def finish(self) -> None:
        """Write the end. The file itself stays open."""
        self._text.flush()
        self._text.detach()


class Xlsx:
    """A workbook with one sheet, or more when the rows are more than a sheet holds, each with the head.

    The head stays in sight and filters; columns are as wide as the first rows need.
    """

    def __init__(self, file: BinaryIO, title: str, head: Sequence[str], sheet_rows: int = SHEET_ROWS) -> None:
        self._file = file
        self._title = _NOT_IN_A_NAME.sub(" ", title)[:24].strip() or "1"
        self._head = [harmless(name) for name in head]
        self._sheet_rows = sheet_rows
        self._book = Workbook(write_only=True)
        self._sheet: WriteOnlyWorksheet | None = None
        self._waiting: list[Sequence[Cell]] = []
        self._rows = 0

    def add(self, rows: Iterable[Sequence[Cell]]) -> None:
        """Write some more rows."""
        for row in rows:
            if self._sheet is None:
                self._waiting.append(row)
                if len(self._waiting) >= MEASURED:
                    self._write_waiting()
            else:
                self._write(row)

    def finish(self) -> None:
        """Write the end. The file itself stays open."""
        self._write_waiting()
        self._end()
        self._book.save(self._file)

    def _write_waiting(self) -> None:
        self._widths = column_widths([self._head, *self._waiting])
        if self._sheet is None:
            self._begin()
        for row in self._waiting:
            self._write(row)
        self._waiting = []

    def _write(self, row: Sequence[Cell]) -> None:
        if self._rows == self._sheet_rows:
            self._end()
            self._begin()
        assert self._sheet is not None
        self._sheet.append([_cell(self._sheet, cell) for cell in row])
        self._rows += 1

    def _begin(self) -> None:
        count = len(self._book.worksheets)
        self._sheet = self._book.create_sheet(self._title if count == 0 else f"{self._title} {count + 1}")
        dress(self._sheet, self._widths)
        self._sheet.append(self._head)
        self._rows = 1

    def _end(self) -> None:
        assert self._sheet is not None
        self._sheet.auto_filter.ref = f"A1:{get_column_letter(max(1, len(self._head)))}{self._rows}"


def dress(sheet: WriteOnlyWorksheet, widths: Sequence[int]) -> None:
    """Keep the head in sight and give columns their widths; before the first row is written."""
    sheet.freeze_panes = "A2"
    for place, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(place)].width = width


def column_widths(rows: Sequence[Sequence[Cell]]) -> list[int]:
    """Widths in letters for what these rows have, within limits."""
    widths: list[int] = []
    for row in rows:
        widths += [NARROWEST] * (len(row) - len(widths))
        for place, cell in enumerate(row):
            longest = max(map(len, _text(cell, True).splitlines()), default=0)
            widths[place] = max(widths[place], min(WIDEST, longest + 2))
    return widths


def sheet(file: BinaryIO, format_: str, language: str, title: str, head: Sequence[str]) -> Sheet:
    """Start a table of this format, `csv` or `xlsx`."""
    return Csv(file, language, head) if format_ == "csv" else Xlsx(file, title, head)


def _cell(sheet: WriteOnlyWorksheet, cell: Cell) -> object:
    """The cell with the form in which it is shown, where the usual one would mislead."""
    if isinstance(cell, str):
        return harmless(cell)
    form = next((form for kind, form in _FORMS if isinstance(cell, kind)), None)
    if form is None:
        return cell
    formed = WriteOnlyCell(sheet, cell)
    formed.number_format = form
    return formed


# A moment is a day too.
_FORMS: tuple[tuple[type, str], ...] = (
    (datetime, "dd.mm.yyyy hh:mm"),
    (date, "dd.mm.yyyy"),
    (Decimal, "#,##0.00"),
    (float, "#,##0.0"),
)


def _text(cell: Cell, russian: bool) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return harmless(cell)
    if isinstance(cell, datetime):
        return f"{cell:%d.%m.%Y %H:%M}" if russian else f"{cell:%Y-%m-%d %H:%M}"
    if isinstance(cell, date):
        return f"{cell:%d.%m.%Y}" if russian else cell.isoformat()
    # With a point `12.05` would be a day in May.
    return str(cell).replace(".", ",") if russian and isinstance(cell, (float, Decimal)) else str(cell)
