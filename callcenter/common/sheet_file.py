"""Sheets made by strangers: CSV and XLSX to lines of text by column.

Pure: bytes in, no clock, no database. It is done in a process of its own: see `sheet_process`.
"""

import csv
import io
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from callcenter.common.sheet_problems import MAX_CELLS, MAX_ROWS, SheetProblem, SheetRefused
from callcenter.common.sheets import is_formula
from callcenter.common.workbook import read_workbook

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")


def heading(text: str) -> str:
    """A heading as it is compared."""
    return " ".join(text.strip().strip('"').lower().replace("ё", "е").split())


@dataclass(frozen=True, slots=True)
class Columns:
    """What a sheet may hold. `names`: columns by their headings; `lists`: those in which lines of a cell are several
    values; `missing`: the code of the refusal when columns are missing among these; `dates`: whether a spreadsheet
    program's own dates are taken, as `2026-03-05 12:30`.
    """

    names: Mapping[str, str]
    missing: Callable[[Collection[str]], str | None]
    lists: frozenset[str] = frozenset()
    dates: bool = False

    def known(self, text: str) -> str | None:
        """The column of this heading."""
        return self.names.get(heading(text))

    def clean(self, column: str, cell: str) -> str:
        """The cell's text."""
        # Several numbers in one cell are often written one under the other.
        return clean(cell.replace("\n", ", ") if column in self.lists else cell)


@dataclass(frozen=True, slots=True)
class SheetLine:
    """One line of a sheet: its number as a spreadsheet program shows it, and its cells by column."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SheetContent:
    """The content of a file, and the problems found while reading it."""

    lines: Sequence[SheetLine]
    problems: Sequence[SheetProblem] = field(default=())


def read_lines(body: bytes, columns: Columns) -> SheetContent:
    """The lines of a CSV or XLSX file, recognised by its first bytes.

    A cell that cannot be taken is a problem with its line's number; a file that cannot be read raises `SheetRefused`.
    """
    if not body.strip():
        raise SheetRefused("empty")
    problems: list[SheetProblem] = []
    if body.startswith(b"PK\x03\x04"):
        return _lines(read_workbook(body, problems, dates=columns.dates), problems, columns)
    if body.startswith(b"\xd0\xcf\x11\xe0"):
        raise SheetRefused("old excel")
    return _lines(_csv_rows(_text(body, columns)), problems, columns)


def _text(body: bytes, columns: Columns) -> str:
    """The decoded text, by its byte order mark or by trial; raises `SheetRefused`."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    elif b"\0" in body[:4096]:
        raise SheetRefused("not a table")
    else:
        encodings = ("utf-8-sig", "cp1251")
    for encoding in encodings:
        try:
            text = body.decode(encoding)
        except UnicodeDecodeError:
            continue
        # Any bytes decode as cp1251; only in the right encoding do the headings come out.
        first = next((line for line in text.splitlines() if line.strip()), "")
        if encoding != "cp1251" or any(columns.known(cell) for cell in re.split("[,;\t]", first)):
            return text
    raise SheetRefused("encoding")


def _csv_rows(text: str) -> Iterator[tuple[int, Sequence[str]]]:
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = count = 0
    try:
        for cells in reader:
            number += 1
            count += len(cells)
            if count > MAX_CELLS:
                raise SheetRefused("too many cells", limit=MAX_CELLS)
            if number > MAX_ROWS:
                raise SheetRefused("too many rows", limit=MAX_ROWS)
            yield number, cells
    except csv.Error:
        raise SheetRefused("broken csv", row=number + 1) from None


def _lines(rows: Iterable[tuple[int, Sequence[str]]], problems: list[SheetProblem], known: Columns) -> SheetContent:
    """The first row that is not blank names the columns."""
    columns: list[str | None] = []
    lines: list[SheetLine] = []
    for number, cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        if not columns:
            columns = _columns(cells, number, known)
            continue
        if any(cell.strip() for cell in cells[len(columns) :]):
            problems.append(SheetProblem(number, "", "too many cells", {"count": len(columns)}))
        taken = {column: known.clean(column, cell) for column, cell in zip(columns, cells, strict=False) if column}
        for column, cell in taken.items():
            if _CONTROL.search(cell):
                problems.append(SheetProblem(number, column, "control characters"))
        if any(taken.values()):
            lines.append(SheetLine(number, taken))
    if not columns:
        raise SheetRefused("empty")
    if not lines and not problems:
        raise SheetRefused("no rows")
    return SheetContent(lines, sorted(problems, key=lambda problem: problem.row))


def _columns(cells: Sequence[str], number: int, columns: Columns) -> list[str | None]:
    found = [columns.known(cell) for cell in cells]
    named = [column for column in found if column]
    if not named:
        raise SheetRefused("no headings", row=number)
    for cell, column in zip(cells, found, strict=True):
        if cell.strip() and column is None:
            raise SheetRefused("unknown heading", heading=cell.strip()[:60])
        if column and named.count(column) > 1:
            raise SheetRefused("heading twice", heading=cell.strip()[:60])
    if (missing := columns.missing(named)) is not None:
        raise SheetRefused(missing)
    return found


def clean(cell: str) -> str:
    """A cell without superfluous spaces, and without the apostrophe that `guarded` adds."""
    text = " ".join(cell.split())
    return text[1:].lstrip() if text.startswith("'") and _is_dangerous(text) else text


def guarded(cell: str) -> str:
    """The cell as no spreadsheet program takes for a formula: an apostrophe goes before it. `clean` takes it away."""
    text = " ".join(cell.split())
    return f"'{text}" if _is_dangerous(text) else text


def _is_dangerous(cell: str) -> bool:
    return is_formula(cell.lstrip("'"))
