"""Sheets made by strangers: CSV and XLSX to lines of text by column.

Pure: bytes in, no clock, no database. It is done in a process of its own: see `sheet_process`.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from callcenter.common.sheet_cells import OddCell, heading
from callcenter.common.sheet_columns import Columns, Found, Layout, find_columns, is_total
from callcenter.common.sheet_problems import SheetNote, SheetProblem, SheetRefused, line_of
from callcenter.common.sheet_text import read_text
from callcenter.common.workbook import Page, read_workbook

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
MOST_NAMED = 20
"""Columns and rows that a note names."""


@dataclass(frozen=True, slots=True)
class SheetLine:
    """One line of a sheet: its number (see `line_of`), and its cells by column."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as it is in the file: `line` is its number, `top` says that it stands above the lines, with the headings."""

    line: int
    top: bool
    cells: Sequence[str]


@dataclass(slots=True)
class SheetContent:
    """The content of a file, what was noted, and the problems found while reading it.

    `pages`: the names of its sheets; `encoding` and `delimiter`: of a CSV; `raw`: the rows that were
    asked for.
    """

    lines: list[SheetLine] = field(default_factory=list)
    problems: list[SheetProblem] = field(default_factory=list)
    notes: list[SheetNote] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    encoding: str = ""
    delimiter: str = ""
    raw: list[RawRow] = field(default_factory=list)


def read_lines(
    body: bytes, columns: Columns, layouts: Sequence[Layout] = (), wanted: Collection[int] = ()
) -> SheetContent:
    """The lines of a CSV or XLSX file, recognised by its first bytes.

    `layouts`: columns as they were assigned by hand, the first that fits is taken; `wanted`: lines to be given as they
    are, with the rows above them. A cell that cannot be taken is a problem with its line's number; a file that cannot
    be read raises `SheetRefused`.
    """
    if not body.strip():
        raise SheetRefused("empty")
    if body.startswith(b"\xd0\xcf\x11\xe0"):
        raise SheetRefused("old excel")
    reading = _Reading(columns, layouts, wanted)
    if body.startswith(b"PK\x03\x04"):
        for page in read_workbook(body, dates=columns.dates):
            reading.add(page)
    else:
        text = read_text(body, columns)
        reading.out.encoding, reading.out.delimiter = text.encoding, text.delimiter
        reading.add(Page("", text.rows()))
    return reading.finished()


class _Reading:
    def __init__(self, columns: Columns, layouts: Sequence[Layout], wanted: Collection[int]) -> None:
        self.out = SheetContent()
        self._columns, self._layouts, self._wanted = columns, layouts, frozenset(wanted)
        self._left_out: list[tuple[str, SheetRefused]] = []
        self._read_any = False
        self._shown: dict[str, tuple[int, OddCell]] = {}

    def add(self, page: Page) -> None:
        """Read one sheet; one without headings is a cover, or a list of something else, and left out."""
        place = len(self.out.pages)
        self.out.pages.append(page.name)
        if page.hidden:
            self._note("sheet hidden", name=page.name)
            return
        try:
            found = find_columns(page.rows, self._columns, self._layouts)
        except SheetRefused as refused:
            if refused.code != "empty" and not refused.head:
                raise
            self._left_out.append((page.name, refused))
            return
        self._read_any = True
        self._take(place, page, found)

    def finished(self) -> SheetContent:
        """All sheets together. Raises `SheetRefused`."""
        out = self.out
        if not self._read_any:
            # The sheet that came nearest: which lacks a column, or which has rows at all.
            nearest = [refused for _, refused in self._left_out if refused.code not in ("empty", "no headings")]
            raise max(nearest or [refused for _, refused in self._left_out], key=lambda each: len(each.head))
        for name, refused in self._left_out:
            if refused.code != "empty":
                self._note("sheet left out", name=name)
        if not out.lines and not out.problems:
            raise SheetRefused("no rows")
        for column, (count, cell) in self._shown.items():
            self._note(cell.code, column=column, count=count, **cell.values)
        out.problems.sort(key=lambda problem: problem.row)
        return out

    def _take(self, page_place: int, page: Page, found: Found) -> None:
        start = len(self.out.lines)
        self._tell_columns(found)
        if self._wanted:
            self.out.raw += [RawRow(line_of(page_place, number), True, cells) for number, cells in found.top]
        ends = max((place for place, name in enumerate(found.headings, 1) if name), default=len(found.columns))
        last = max((number for number, _ in found.top), default=0)
        totals = []
        for number, cells in found.rows:
            last, line = number, line_of(page_place, number)
            if found.repeats(cells):
                continue
            if is_total(cells):
                totals.append(number)
                continue
            if line in self._wanted:
                self.out.raw.append(RawRow(line, False, cells))
            if any(cell.strip() for cell in cells[ends:]):
                self._refuse(line, "", "too many cells", count=ends)
            self._line(line, cells, found.columns)
        if totals:
            self._note("totals left out", count=len(totals), lines=", ".join(map(str, totals[:MOST_NAMED])))
        self._merged(page_place, page, found, last, any_lines=len(self.out.lines) > start)

    def _merged(self, page_place: int, page: Page, found: Found, last: int, *, any_lines: bool) -> None:
        """Merged cells among the lines; a title above them is often merged."""
        first = max((number for number, _ in found.top), default=0)
        for cells, number in page.merged if any_lines else ():
            if first < number <= last:
                self._refuse(line_of(page_place, number), "", "merged cells", cells=cells)

    def _line(self, line: int, cells: Sequence[str], columns: Sequence[str | None]) -> None:
        taken: dict[str, str] = {}
        for column, cell in zip(columns, cells, strict=False):
            if column is None:
                continue
            text = self._columns.clean(column, cell)
            if isinstance(cell, OddCell):
                text = self._odd(line, column, cell)
            if _CONTROL.search(text):
                self._refuse(line, column, "control characters", mendable=True)
                text = ""
            # Several columns of telephones are one list.
            taken[column] = ", ".join(filter(None, (taken.get(column, ""), text)))
        if any(taken.values()):
            self.out.lines.append(SheetLine(line, taken))

    def _odd(self, line: int, column: str, cell: OddCell) -> str:
        if cell.taken:
            count, first = self._shown.get(column, (0, cell))
            self._shown[column] = (count + 1, first)
            return str(cell)
        self._refuse(line, column, cell.code, mendable=True, **cell.values)
        return ""

    def _tell_columns(self, found: Found) -> None:
        names = [name for name in found.left_out if heading(name) not in self._columns.unsaid]
        if names:
            self._note("columns left out", count=len(names), names=", ".join(names[:MOST_NAMED]))

    def _refuse(self, line: int, column: str, code: str, *, mendable: bool = False, **values: object) -> None:
        self.out.problems.append(SheetProblem(line, column, code, values, mendable))

    def _note(self, code: str, **values: object) -> None:
        self.out.notes.append(SheetNote(code, values))
