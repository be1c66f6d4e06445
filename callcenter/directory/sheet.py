"""Directory sheets as files: CSV and XLSX to rows of text, and rows of text to CSV and XLSX.

Pure: bytes in, bytes out, no clock, no database. Reading is done in a process of its own: see `sheet_process`.
"""

import csv
import io
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from callcenter.common.sheet_file import Columns, SheetContent, guarded, read_lines

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


def _missing(columns: Collection[str]) -> str | None:
    """Every line names its house."""
    enough = "house_key" in columns or {"city", "street", "building"} <= set(columns)
    return None if enough else "no house columns"


COLUMNS = Columns(NAMES, lists=frozenset({"phones"}), missing=_missing)


def read_sheet(body: bytes) -> SheetContent:
    """The lines of a directory sheet: see `read_lines`."""
    return read_lines(body, COLUMNS)


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
