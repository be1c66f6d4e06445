"""Lines of a file given back in the form in which it came, with a column that says what is to be corrected."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils import get_column_letter

from callcenter.common.sheet_cells import guarded
from callcenter.common.sheet_problems import place_of
from callcenter.common.sheet_reader import ReadSheet
from callcenter.common.sheets import MEASURED, column_widths


def written_back(read: ReadSheet, reasons: Mapping[int, str], heading: str) -> tuple[bytes, str]:
    """The rows above the lines, then the lines, each with its reason; and the format, `csv` or `xlsx`.

    `read`: rows as they are in the file; `heading`: of the new column.
    """
    pages = _pages(read, reasons, heading)
    if read.about.encoding:
        text = io.StringIO()
        writer = csv.writer(text, delimiter=read.about.delimiter, lineterminator="\r\n")
        for rows in pages.values():
            writer.writerows([guarded(cell) for cell in row] for row in rows)
        return text.getvalue().encode(read.about.encoding, "replace"), "csv"
    book = Workbook(write_only=True)
    for place, rows in pages.items():
        sheet = book.create_sheet(read.about.pages[place])
        for at, width in enumerate(column_widths(rows[-MEASURED:]), 1):
            sheet.column_dimensions[get_column_letter(at)].width = width
        for row in rows:
            sheet.append([_text_cell(sheet, cell) for cell in row])
    made = io.BytesIO()
    book.save(made)
    return made.getvalue(), "xlsx"


def _pages(read: ReadSheet, reasons: Mapping[int, str], heading: str) -> dict[int, list[list[str]]]:
    """The rows of each sheet that has lines with reasons, all as wide as the widest."""
    tops: dict[int, list[Sequence[str]]] = defaultdict(list)
    found: dict[int, list[tuple[Sequence[str], str]]] = defaultdict(list)
    for line, top, cells in _raw(read):
        place, _ = place_of(line)
        if top:
            tops[place].append(cells)
        elif line in reasons:
            found[place].append((cells, reasons[line]))
    pages = {}
    for place, rows in found.items():
        width = max(len(cells) for cells in [*tops[place], *(cells for cells, _ in rows)])
        above = [_wide(cells, width) for cells in tops[place]]
        if above:
            above[-1].append(heading)
        pages[place] = above + [[*_wide(cells, width), reason] for cells, reason in rows]
    return pages


def _raw(read: ReadSheet) -> Iterator[tuple[int, bool, list[str]]]:
    _columns, rows = read.tables.get("raw", ((), []))
    for line, top, cells in rows:
        assert isinstance(line, int)
        assert isinstance(cells, list)
        yield line, bool(top), cells


def _wide(cells: Sequence[str], width: int) -> list[str]:
    return [*cells, *[""] * (width - len(cells))]


def _text_cell(sheet: object, text: str) -> WriteOnlyCell:
    """A cell of text, so that no flat becomes a date and no telephone number a power of ten."""
    cell = WriteOnlyCell(sheet, guarded(text))
    cell.data_type, cell.number_format = "s", "@"
    return cell
