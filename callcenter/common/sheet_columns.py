"""Which column of a sheet is which: by its headings, below whatever stands above them, or as a person assigned them."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

from callcenter.common.sheet_cells import clean, heading
from callcenter.common.sheet_problems import SheetRefused

LOOKED_THROUGH = 40
"""Rows in which headings are looked for."""
HEAD_ROWS = 12
"""Rows that are shown to the person who assigns the columns."""
LONGEST_HEADING = 60
Row = tuple[int, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Layout:
    """Columns as a person assigned them: for each heading (as `heading` gives it) the column's name or nothing.

    All headings are empty when the sheet has none and the columns are meant by their places.
    """

    headings: Sequence[str]
    columns: Sequence[str]

    @property
    def by_place(self) -> bool:
        """Whether the sheet has no headings."""
        return not any(self.headings)


@dataclass(frozen=True, slots=True)
class Columns:
    """What a sheet may hold. `names`: columns by their headings; `lists`: those in which lines of a cell are several
    values, and which may be in several columns; `missing`: the code of the refusal when columns are missing among these;
    `dates`: whether a spreadsheet program's own dates are taken, as `2026-03-05 12:30`; `guess`: the column that an
    unknown heading probably names; `unsaid`: headings that are left out without saying so.
    """

    names: Mapping[str, str]
    missing: Callable[[Collection[str]], str | None]
    lists: frozenset[str] = frozenset()
    dates: bool = False
    guess: Callable[[str], str | None] = field(default=lambda _heading: None)
    unsaid: frozenset[str] = frozenset()

    def known(self, text: str) -> str | None:
        """The column of this heading."""
        return self.names.get(heading(text))

    def meant(self, text: str) -> str | None:
        """The column that this heading names, or probably names."""
        plain = heading(text)
        return self.names.get(plain) or (self.guess(plain) if 0 < len(plain) <= LONGEST_HEADING else None)

    def clean(self, column: str, cell: str) -> str:
        """The cell's text."""
        # Several numbers in one cell are often written one under the other.
        return clean(cell.replace("\n", ", ") if column in self.lists else cell)


@dataclass(slots=True)
class Found:
    """The columns of one sheet by their places (None: left out), its headings as they are written, and its rows."""

    columns: list[str | None]
    headings: list[str]
    rows: Iterator[Row]
    top: list[Row]
    repeated: tuple[str, ...] = ()

    @property
    def left_out(self) -> list[str]:
        """Headings of columns that are not taken."""
        return [name for name, column in zip(self.headings, self.columns, strict=True) if name and column is None]

    def repeats(self, cells: Sequence[str]) -> bool:
        """Whether the row is the headings again, as on every page of a printed register."""
        return bool(self.repeated) and _plain(cells) == self.repeated


def find_columns(rows: Iterable[Row], columns: Columns, layouts: Sequence[Layout]) -> Found:
    """The columns of a sheet. Raises `SheetRefused` when they cannot be told; its `head` has the first rows."""
    rows = iter(rows)
    first = [row for row in islice(rows, LOOKED_THROUGH) if any(cell.strip() for cell in row[1])]
    if not first:
        raise SheetRefused("empty")
    search = _Search(first, rows, columns)
    found = search.remembered(layouts) or search.guessed() or search.by_place(layouts)
    if found is None:
        refused = search.refusal()
        refused.head = [[cell.strip()[:LONGEST_HEADING] for cell in cells] for _, cells in first[:HEAD_ROWS]]
        raise refused
    return found


class _Search:
    def __init__(self, first: list[Row], rest: Iterator[Row], columns: Columns) -> None:
        self._first, self._rest, self._columns = first, rest, columns
        self._refused: tuple[int, SheetRefused] | None = None

    def remembered(self, layouts: Sequence[Layout]) -> Found | None:
        """By a layout with the headings of one of the rows."""
        known = {_plain(each.headings): each.columns for each in layouts if not each.by_place}
        for place, (_, cells) in enumerate(self._first):
            plain = _plain(cells)
            if plain in known:
                return self._found(place + 1, cells, [column or None for column in known[plain]])
        return None

    def by_place(self, layouts: Sequence[Layout]) -> Found | None:
        """By a layout for a sheet without headings, of so many columns."""
        width = max(len(_plain(cells)) for _, cells in self._first[:HEAD_ROWS])
        for each in layouts:
            if each.by_place and len(each.columns) == width:
                return self._found(0, [""] * width, [column or None for column in each.columns])
        return None

    def guessed(self) -> Found | None:
        """By the first row whose cells, or whose cells together with the next row's, name enough columns."""
        for place, (number, cells) in enumerate(self._first):
            below = self._first[place + 1][1] if place + 1 < len(self._first) else ()
            both = [under if under.strip() else over for over, under in _side_by_side(cells, below)]
            one, two = self._taken(cells), self._taken(both)
            if len(_named(two)) > len(_named(one)) and self._enough(two, number, both):
                return self._found(place + 2, both, two)
            if self._enough(one, number, cells):
                return self._found(place + 1, cells, one)
        return None

    def refusal(self) -> SheetRefused:
        """Why no row names the columns: what is wrong with the row that named the most."""
        return self._refused[1] if self._refused else SheetRefused("no headings", row=self._first[0][0])

    def _taken(self, cells: Sequence[str]) -> list[str | None]:
        """The column of each heading; of several that probably name one the first, unless it is a list."""
        exact = {column for cell in cells if (column := self._columns.known(cell))}
        found: list[str | None] = []
        for cell in cells:
            column = self._columns.meant(cell)
            sure = self._columns.known(cell) is not None or column in self._columns.lists
            found.append(column if sure or (column not in exact and column not in found) else None)
        return found

    def _enough(self, found: Sequence[str | None], number: int, cells: Sequence[str]) -> bool:
        named = _named(found)
        sure = [column for cell in cells if (column := self._columns.known(cell))]
        # A title may name one thing, as `Реестр помещений`, and a cover has lines like `Адрес: Тверь, Мира, 7`.
        others = "".join(cell for cell in cells if not self._columns.known(cell))
        if not named or (len(named) < 2 and (not sure or _DIGIT.search(others))):
            return False
        twice = next((each for each in sure if each not in self._columns.lists and sure.count(each) > 1), None)
        missing = self._columns.missing(named)
        if twice is None and missing is None:
            return True
        refused = SheetRefused(missing or "no headings", row=number)
        if twice is not None:
            repeated = [cell for cell in cells if self._columns.known(cell) == twice]
            refused = SheetRefused("heading twice", heading=repeated[1].strip()[:LONGEST_HEADING])
        if self._refused is None or len(named) > self._refused[0]:
            self._refused = (len(named), refused)
        return False

    def _found(self, start: int, cells: Sequence[str], columns: Sequence[str | None]) -> Found:
        rest = chain(self._first[start:], self._rest)
        rows = (row for row in rest if any(cell.strip() for cell in row[1]))
        repeated = _plain(cells)
        width = max(len(columns), len(cells))
        named = [*columns, *[None] * (width - len(columns))]
        headings = [" ".join(cell.split())[:LONGEST_HEADING] for cell in [*cells, *[""] * (width - len(cells))]]
        return Found(named, headings, _without_numbers(rows), self._first[:start], repeated if any(repeated) else ())


def _named(found: Sequence[str | None]) -> list[str]:
    return [column for column in dict.fromkeys(found) if column]


def _plain(cells: Sequence[str]) -> tuple[str, ...]:
    plain = [heading(cell) for cell in cells]
    while plain and not plain[-1]:
        plain.pop()
    return tuple(plain)


def _side_by_side(over: Sequence[str], under: Sequence[str]) -> Iterator[tuple[str, str]]:
    width = max(len(over), len(under))
    yield from zip([*over, *[""] * (width - len(over))], [*under, *[""] * (width - len(under))], strict=True)


def _without_numbers(rows: Iterator[Row]) -> Iterator[Row]:
    """The rows without a first one that only counts the columns: 1, 2, 3."""
    for number, cells in islice(rows, 1):
        said = [cell.strip() for cell in cells if cell.strip()]
        if len(said) < 3 or said != [str(place) for place in range(1, len(said) + 1)]:
            yield number, cells
    yield from rows


_DIGIT = re.compile(r"[0-9]")
_TOTAL = re.compile(r"(?:итого|всего|total|grand total)\b")


def is_total(cells: Sequence[str]) -> bool:
    """Whether the row is a sum of those above it."""
    first = next((cell for cell in cells if cell.strip()), "")
    return _TOTAL.match(heading(first)) is not None
