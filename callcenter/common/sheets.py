"""Tables as files that office programs open: CSV and XLSX, a row at a time, whatever is in the cells."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import BinaryIO, Protocol

from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.workbook import Workbook

Cell = str | int | float | Decimal | bool | datetime | date | None
"""A moment has no zone in a file: convert it to the zone in which it is to be read."""

MEDIA = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
SHEET_ROWS = 1_048_576
"""What a sheet of Excel holds."""
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
    """UTF-8 with a byte order mark, for Excel; the separator is the one that Excel expects in the language."""

    def __init__(self, file: BinaryIO, language: str, head: Sequence[str]) -> None:
        self._text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
        self._csv = csv.writer(self._text, delimiter=";" if language == "ru" else ",")
        self.add([head])

    def add(self, rows: Iterable[Sequence[Cell]]) -> None:
        """Write some more rows."""
        self._csv.writerows([_text(cell) for cell in row] for row in rows)

    def finish(self) -> None:
        """Write the end. The file itself stays open."""
        self._text.flush()
        self._text.detach()


class Xlsx:
    """A workbook with one sheet, or more when the rows are more than a sheet holds, each with the head."""

    def __init__(self, file: BinaryIO, title: str, head: Sequence[str], sheet_rows: int = SHEET_ROWS) -> None:
        self._file = file
        self._title = _NOT_IN_A_NAME.sub(" ", title)[:24].strip() or "1"
        self._head = [harmless(name) for name in head]
        self._sheet_rows = sheet_rows
        self._book = Workbook(write_only=True)
        self._begin()

    def _begin(self) -> None:
        count = len(self._book.worksheets)
        self._sheet = self._book.create_sheet(self._title if count == 0 else f"{self._title} {count + 1}")
        self._sheet.freeze_panes = "A2"
        for place, name in enumerate(self._head):
            self._sheet.column_dimensions[_letters(place)].width = min(40, max(14, len(name) + 2))
        self._sheet.append(self._head)
        self._rows = 1

    def add(self, rows: Iterable[Sequence[Cell]]) -> None:
        """Write some more rows."""
        for row in rows:
            if self._rows == self._sheet_rows:
                self._begin()
            self._sheet.append([harmless(cell) if isinstance(cell, str) else cell for cell in row])
            self._rows += 1

    def finish(self) -> None:
        """Write the end. The file itself stays open."""
        self._book.save(self._file)


def sheet(file: BinaryIO, format_: str, language: str, title: str, head: Sequence[str]) -> Sheet:
    """Start a table of this format, `csv` or `xlsx`."""
    return Csv(file, language, head) if format_ == "csv" else Xlsx(file, title, head)


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.isoformat(" ", "seconds")
    return harmless(cell) if isinstance(cell, str) else str(cell)


def _letters(place: int) -> str:
    return (chr(ord("A") + place // 26 - 1) if place >= 26 else "") + chr(ord("A") + place % 26)
