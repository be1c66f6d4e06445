"""Directory sheets as files: CSV and XLSX to rows of text, and rows of text to CSV and XLSX.

Pure: bytes in, bytes out, no clock, no database. Reading is done in a process of its own: see `sheet_process`.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from callcenter.common.sheets import is_formula
from callcenter.directory.refusals import MAX_CELLS, MAX_ROWS, SheetProblem, SheetRefused
from callcenter.directory.workbook import read_workbook

HEADERS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "house_key": ("House key", "Ключ дома"),
        "company": ("Company", "Управляющая компания"),
        "city": ("City", "Город"),
        "street": ("Street", "Улица"),
        "building": ("Building", "Дом"),
        "entrances": ("Entrances", "Подъездов"),
        "flat": ("Flat", "Квартира"),
        "entrance": ("Entrance", "Подъезд"),
        "account": ("Account", "Лицевой счёт"),
        "name": ("Resident", "Житель"),
        "phones": ("Phones", "Телефоны"),
    }
)
"""The columns, in the order in which they are written: English and Russian headings; both are accepted."""

ALSO = MappingProxyType(
    {
        "ук": "company",
        "компания": "company",
        "номер дома": "building",
        "building no.": "building",
        "кв.": "flat",
        "помещение": "flat",
        "количество подъездов": "entrances",
        "лс": "account",
        "фио": "name",
        "собственник": "name",
        "name": "name",
        "телефон": "phones",
        "phone": "phones",
    }
)
NAMES = MappingProxyType(
    {heading.lower().replace("ё", "е"): column for column, both in HEADERS.items() for heading in (column, *both)}
    | dict(ALSO)
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class SheetLine:
    """One line of a sheet: its number as a spreadsheet program shows it, and its cells by column."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DirectorySheet:
    """The content of a file, and the problems found while reading it."""

    lines: Sequence[SheetLine]
    problems: Sequence[SheetProblem] = field(default=())


def read_sheet(body: bytes) -> DirectorySheet:
    """The lines of a CSV or XLSX file, recognised by its first bytes.

    A cell that cannot be taken is a problem with its line's number; a file that cannot be read raises `SheetRefused`.
    """
    if not body.strip():
        raise SheetRefused("empty")
    problems: list[SheetProblem] = []
    if body.startswith(b"PK\x03\x04"):
        return _lines(read_workbook(body, problems), problems)
    if body.startswith(b"\xd0\xcf\x11\xe0"):
        raise SheetRefused("old excel")
    return _lines(_csv_rows(_text(body)), problems)


def _text(body: bytes) -> str:
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
        if encoding != "cp1251" or any(_known(cell) for cell in re.split("[,;\t]", first)):
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


def _lines(rows: Iterable[tuple[int, Sequence[str]]], problems: list[SheetProblem]) -> DirectorySheet:
    """The first row that is not blank names the columns."""
    columns: list[str | None] = []
    lines: list[SheetLine] = []
    for number, cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        if not columns:
            columns = _columns(cells, number)
            continue
        if any(cell.strip() for cell in cells[len(columns) :]):
            problems.append(SheetProblem(number, "", "too many cells", {"count": len(columns)}))
        taken = {column: _clean(column, cell) for column, cell in zip(columns, cells, strict=False) if column}
        for column, cell in taken.items():
            if _CONTROL.search(cell):
                problems.append(SheetProblem(number, column, "control characters"))
        if any(taken.values()):
            lines.append(SheetLine(number, taken))
    if not columns:
        raise SheetRefused("empty")
    if not lines and not problems:
        raise SheetRefused("no rows")
    return DirectorySheet(lines, sorted(problems, key=lambda problem: problem.row))


def _columns(cells: Sequence[str], number: int) -> list[str | None]:
    found = [_known(cell) for cell in cells]
    named = [column for column in found if column]
    if not named:
        raise SheetRefused("no headings", row=number)
    for cell, column in zip(cells, found, strict=True):
        if cell.strip() and column is None:
            raise SheetRefused("unknown heading", heading=cell.strip()[:60])
        if column and named.count(column) > 1:
            raise SheetRefused("heading twice", heading=cell.strip()[:60])
    if "house_key" not in named and not {"city", "street", "building"} <= set(named):
        raise SheetRefused("no house columns")
    return found


def _known(cell: str) -> str | None:
    return NAMES.get(" ".join(cell.strip().strip('"').lower().replace("ё", "е").split()))


def _clean(column: str, cell: str) -> str:
    # Several numbers in one cell are often written one under the other.
    return clean(cell.replace("\n", ", ") if column == "phones" else cell)


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


def write_csv(rows: Iterable[Mapping[str, str]], language: str) -> bytes:
    """UTF-8 with a byte order mark and semicolons, as spreadsheet programs expect it in Russia."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(_headings(language))
    writer.writerows([guarded(row[column]) for column in HEADERS] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def write_xlsx(rows: Iterable[Mapping[str, str]], language: str) -> bytes:
    """Every cell is text, so that no flat becomes a date and no telephone number a power of ten."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Directory" if language == "en" else "Справочник")
    sheet.freeze_panes = "A2"
    for letter in "ABCDEFGHIJK":
        sheet.column_dimensions[letter].width = 22
    sheet.append(_headings(language))
    for row in rows:
        cells = []
        for column in HEADERS:
            cell = WriteOnlyCell(sheet, guarded(row[column]))
            cell.data_type, cell.number_format = "s", "@"
            cells.append(cell)
        sheet.append(cells)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def _headings(language: str) -> list[str]:
    return [both[0 if language == "en" else 1] for both in HEADERS.values()]
