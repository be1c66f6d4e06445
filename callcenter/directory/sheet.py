"""Directory sheets as files: CSV and XLSX to rows of text, and rows of text to CSV and XLSX.

Pure: bytes in, bytes out, no clock, no database. Reading is done in a process of its own: see `sheet_process`.
"""

import csv
import io
from collections.abc import Collection, Iterable, Mapping, Sequence

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils import get_column_letter

from callcenter.common.sheet_cells import guarded
from callcenter.common.sheet_columns import Layout
from callcenter.common.sheet_file import SheetContent, read_lines
from callcenter.common.sheets import MEASURED, column_widths, dress
from callcenter.directory.headings import HEADERS, columns_of


def read_sheet(
    body: bytes, layouts: Sequence[Layout] = (), wanted: Collection[int] = (), city: str = ""
) -> SheetContent:
    """The lines of a directory sheet: see `read_lines`. `city`: of houses that name none."""
    return read_lines(body, columns_of(city), layouts, wanted)


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
    every = list(rows)
    first = [[row[column] for column in HEADERS] for row in every[:MEASURED]]
    dress(sheet, column_widths([_headings(language), *first]))
    sheet.append(_headings(language))
    for row in every:
        cells = []
        for column in HEADERS:
            cell = WriteOnlyCell(sheet, guarded(row[column]))
            cell.data_type, cell.number_format = "s", "@"
            cells.append(cell)
        sheet.append(cells)
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(HEADERS))}{len(every) + 1}"
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def _headings(language: str) -> list[str]:
    return [both[0 if language == "en" else 1] for both in HEADERS.values()]
