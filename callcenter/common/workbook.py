"""The first sheet of an XLSX file as rows of text, without trusting the file."""

import io
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from xml.etree.ElementTree import ParseError
from xml.parsers import expat

from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.stylesheet import apply_stylesheet
from openpyxl.utils.exceptions import InvalidFileException

from callcenter.common.sheet_problems import (
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_PROBLEMS,
    MAX_ROWS,
    MAX_STRINGS,
    MAX_UNPACKED,
    SheetProblem,
    SheetRefused,
)

MAX_PARTS = 1000
# Spreadsheet programs nest some ten tags; the time that openpyxl takes grows with the square of the depth.
MAX_DEPTH = 100
# So long are they in spreadsheet programs at most; the time that openpyxl takes for one grows with the square of that.
MAX_FORMAT = 255
MAX_FORMULA = 8192
CHUNK = 1 << 20
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


class _Reader(ExcelReader):  # type: ignore[misc]
    """Of a workbook only what its cells need: neither its properties nor what is printed of it."""

    def read(self) -> None:
        """Everything but the cells."""
        self.read_manifest()
        self.read_strings()
        self.read_workbook()
        apply_stylesheet(self.archive, self.wb)
        self.read_worksheets()


def read_workbook(
    body: bytes, problems: list[SheetProblem], *, dates: bool = False
) -> Iterator[tuple[int, Sequence[str]]]:
    """The numbered rows of the first sheet. Cells that cannot be taken are added to `problems` and come out empty.

    `dates`: whether a date with its time can be, as `2026-03-05 12:30`.

    Raises `SheetRefused` for a file that is not XLSX, is broken, or unpacks to more than `MAX_UNPACKED` bytes.
    """
    try:
        merged = _inspect(body)
        reader = _Reader(io.BytesIO(body), read_only=True, data_only=False, keep_links=False)
        reader.read()
        book = reader.wb
    except SheetRefused:
        raise
    except _BROKEN:
        raise SheetRefused("broken xlsx") from None
    if not book.worksheets:
        raise SheetRefused("broken xlsx")
    sheet = book.worksheets[0]
    part = getattr(sheet, "_worksheet_path", "")
    problems.extend(SheetProblem(row, "", "merged cells", {"cells": cells}) for cells, row in merged.get(part, ()))
    # The dimensions that the file declares may be wrong.
    sheet.reset_dimensions()
    try:
        for number, cells in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS), start=1):
            if number > MAX_ROWS:
                raise SheetRefused("too many rows", limit=MAX_ROWS)
            yield number, [_cell_text(number, cell.value, cell.data_type, problems, dates) for cell in cells]
    except SheetRefused:
        raise
    except _BROKEN:
        raise SheetRefused("broken xlsx") from None
    finally:
        book.close()


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
            if part.filename.endswith((".xml", ".rels")):
                merged[part.filename] = _search(packed, part, count)
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


def _cell_text(number: int, value: object, kind: str, problems: list[SheetProblem], dates: bool) -> str:
    """The displayed text of the cell; formulas, dates and errors are refused, since nobody typed them so."""
    match value:
        case None:
            return ""
        case _ if kind == "f":
            problems.append(SheetProblem(number, "", "formula", {"cell": str(value)[:40]}))
        case _ if kind == "e":
            problems.append(SheetProblem(number, "", "error cell", {"cell": str(value)[:40]}))
        case str():
            return value
        case bool():
            problems.append(SheetProblem(number, "", "not text", {"cell": str(value)}))
        case datetime() if dates:
            # What is stored as a fraction of a day is a little off.
            return f"{value + timedelta(seconds=30):%Y-%m-%d %H:%M}"
        case datetime() | date() | time() | timedelta():
            problems.append(SheetProblem(number, "", "date cell", {"cell": str(value)[:40]}))
        case float() if value.is_integer() and abs(value) < 1e16:
            return str(int(value))
        case int() | float():
            return str(value)
        case _:
            problems.append(SheetProblem(number, "", "not text", {"cell": str(value)[:40]}))
    return ""
