"""The sheets of an XLSX file as rows of text, without trusting the file."""

import io
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from xml.etree.ElementTree import ParseError
from xml.parsers import expat

from openpyxl.cell.read_only import ReadOnlyCell
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.stylesheet import apply_stylesheet
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

from callcenter.common.sheet_cells import OddCell
from callcenter.common.sheet_parts import Parts, part_name
from callcenter.common.sheet_problems import (
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_PROBLEMS,
    MAX_ROWS,
    MAX_STRINGS,
    MAX_UNPACKED,
    SheetRefused,
)

MAX_PARTS = 1000
# Spreadsheet programs nest some ten tags; the time that openpyxl takes grows with the square of the depth.
MAX_DEPTH = 100
# So long are they in spreadsheet programs at most; the time that openpyxl takes for one grows with the square of that.
MAX_FORMAT = 255
MAX_FORMULA = 8192
CHUNK = 1 << 20
# A spreadsheet program keeps 15 digits of a number.
MOST_EXACT = 10**15
_ZEROS = re.compile("0{2,40}")
_MERGED = re.compile(r"([A-Z]{1,3}([0-9]{1,7}))(?::|$)")
_COUNTED = {"c": (MAX_CELLS, "too many cells"), "si": (MAX_STRINGS, "too many texts")}
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    InvalidFileException,
    ParseError,
    KeyError,
    ValueError,
    TypeError,
    IndexError,
    AttributeError,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
)


@dataclass(frozen=True, slots=True)
class Page:
    """One sheet of a file: its name, its numbered rows, its merged cells with their first row."""

    name: str
    rows: Iterator[tuple[int, Sequence[str]]]
    merged: Sequence[tuple[str, int]] = ()
    hidden: bool = False


class _Reader(ExcelReader):  # type: ignore[misc]
    """Of a workbook only what its cells need: neither its properties nor what is printed of it."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file, read_only=True, data_only=False, keep_links=False)
        self.archive = Parts(file)
        self.valid_files = self.archive.namelist()

    def read(self) -> None:
        """Everything but the cells."""
        self.read_manifest()
        self.read_strings()
        self.read_workbook()
        apply_stylesheet(self.archive, self.wb)
        self.read_worksheets()


def read_workbook(body: bytes, *, dates: bool = False) -> Iterator[Page]:
    """The sheets of the file, each to be read before the next is asked for. What nobody typed is an `OddCell`.

    `dates`: whether a date with its time can be, as `2026-03-05 12:30`.

    Raises `SheetRefused` for a file that is not XLSX, is broken, or unpacks to more than `MAX_UNPACKED` bytes.
    """
    try:
        merged = _inspect(body)
        reader = _Reader(io.BytesIO(body))
        reader.read()
        book = reader.wb
    except SheetRefused:
        raise
    except _BROKEN:
        raise SheetRefused("broken xlsx") from None
    if not book.worksheets:
        raise SheetRefused("broken xlsx")
    try:
        for sheet in book.worksheets:
            part = part_name(getattr(sheet, "_worksheet_path", ""))
            yield Page(sheet.title, _rows(sheet, dates), merged.get(part, ()), sheet.sheet_state != "visible")
    finally:
        book.close()


def _rows(sheet: ReadOnlyWorksheet, dates: bool) -> Iterator[tuple[int, Sequence[str]]]:
    # The dimensions that the file declares may be wrong.
    sheet.reset_dimensions()
    try:
        for number, cells in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS), start=1):
            if number > MAX_ROWS:
                raise SheetRefused("too many rows", limit=MAX_ROWS)
            yield number, [_cell_text(cell, dates) for cell in cells]
    except SheetRefused:
        raise
    except _BROKEN:
        raise SheetRefused("broken xlsx") from None


def _inspect(body: bytes) -> dict[str, list[tuple[str, int]]]:
    """Unpack everything once, in chunks, and return each part's merged cells with their first row."""
    merged: dict[str, list[tuple[str, int]]] = {}
    count: Counter[str] = Counter()
    with zipfile.ZipFile(io.BytesIO(body)) as packed:
        parts = packed.infolist()
        # A part longer than its declared size fails its checksum, so the declared sizes can be summed.
        if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
            raise SheetRefused("too large unpacked", limit=MAX_UNPACKED >> 20)
        for part in parts:
            if part.flag_bits & 1:
                raise SheetRefused("encrypted")
            if part.filename.lower().endswith((".xml", ".rels")):
                merged[part_name(part.filename)] = _search(packed, part, count)
    return merged


def _search(packed: zipfile.ZipFile, part: zipfile.ZipInfo, count: Counter[str]) -> list[tuple[str, int]]:
    """The merged cells of a part. Adds its cells and texts to `count`."""
    found: dict[str, int] = {}
    depth = formula = 0

    def declared(*_: object) -> None:
        # A declaration is all that an XML bomb needs, and no spreadsheet program writes one.
        raise SheetRefused("broken xlsx")

    def began(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth, formula
        depth += 1
        formula = 0
        if depth > MAX_DEPTH or len(attributes.get("formatCode", "")) > MAX_FORMAT:
            raise SheetRefused("broken xlsx")
        name = name.rpartition(":")[2]
        parser.CharacterDataHandler = text if name == "f" else None
        if name in _COUNTED:
            count[name] += 1
        elif name == "mergeCell" and len(found) < MAX_PROBLEMS and (match := _MERGED.match(attributes.get("ref", ""))):
            found[match[1]] = int(match[2])

    def ended(_name: str) -> None:
        nonlocal depth
        depth -= 1

    def text(of_formula: str) -> None:
        nonlocal formula
        formula += len(of_formula)
        if formula > MAX_FORMULA:
            raise SheetRefused("broken xlsx")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = declared
    parser.StartElementHandler, parser.EndElementHandler = began, ended
    with packed.open(part) as file:
        while piece := file.read(CHUNK):
            try:
                parser.Parse(piece)
            except expat.ExpatError:
                # The same parser refuses it later, if it is a part that is read at all.
                break
            for name, (limit, code) in _COUNTED.items():
                if count[name] > limit:
                    raise SheetRefused(code, limit=limit)
    return list(found.items())


def _cell_text(cell: ReadOnlyCell, dates: bool) -> str:
    """The displayed text of the cell; formulas, dates and errors are odd, since nobody typed them so."""
    value = cell.value
    match value:
        case None:
            return ""
        case _ if cell.data_type == "f":
            return OddCell(str(value), "formula", cell=str(value)[:40])
        case _ if cell.data_type == "e":
            return OddCell(str(value), "error cell", cell=str(value)[:40])
        case str():
            return value
        case bool():
            return OddCell(str(value), "not text", cell=str(value))
        case datetime() if dates:
            # What is stored as a fraction of a day is a little off.
            return f"{value + timedelta(seconds=30):%Y-%m-%d %H:%M}"
        case datetime() | date():
            return OddCell(
                f"{value:%d.%m.%Y}", "date cell", cell=f"{value:%d.%m.%Y}", guess=f"{value.day}/{value.month}"
            )
        case time() | timedelta():
            return OddCell(str(value), "time cell", cell=str(value)[:40])
        case int() | float():
            return _number_text(cell, value)
        case _:
            return OddCell(str(value)[:200], "not text", cell=str(value)[:40])


def _number_text(cell: ReadOnlyCell, value: float) -> str:
    if isinstance(value, float) and (not value.is_integer() or abs(value) >= MOST_EXACT):
        return str(value)
    text = str(int(value))
    zeros = _ZEROS.fullmatch(cell.number_format)
    if zeros is None or len(zeros[0]) <= len(text) or value < 0:
        return text
    return OddCell(text, "zeros shown", taken=True, shown=text.zfill(len(zeros[0])), value=text)
