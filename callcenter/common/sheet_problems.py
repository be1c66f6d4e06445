"""Problems of an uploaded sheet, and its size limits."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from callcenter.errors import Refusal, gettext_noop

MAX_BYTES = 20 * 1024 * 1024
"""The maximum size of an uploaded file."""

MAX_UNPACKED = 160 * 1024 * 1024
"""The maximum unpacked size of an XLSX: some 200,000 full rows."""

MAX_ROWS = 200_000
MAX_COLUMNS = 40

MAX_CELLS = 4_000_000
"""Cells of all sheets of a file, empty ones too."""

MAX_STRINGS = 1_000_000
"""Different texts in an XLSX: five in each row."""

MAX_PROBLEMS = 10_000
"""Of a sheet with more of them the first are told."""

_ROWS_BITS = 20


def line_of(page: int, row: int) -> int:
    """One number for a row of one of several sheets of a file; of the first sheet it is the row's own."""
    return page << _ROWS_BITS | row


def place_of(line: int) -> tuple[int, int]:
    """The sheet's place in the file, and the row's number as a spreadsheet program shows it."""
    return line >> _ROWS_BITS, line & ((1 << _ROWS_BITS) - 1)


@dataclass(frozen=True, slots=True)
class SheetProblem:
    """Something that must be fixed in a line before it can be imported.

    `row`: the line, see `line_of`; `column`: the column's name, empty for the whole line; `code`: what is wrong,
    `values`: the parameters of its text; `mendable`: the line can be taken without this cell.
    """

    row: int
    column: str
    code: str
    values: Mapping[str, object] = field(default_factory=dict)
    mendable: bool = False


@dataclass(frozen=True, slots=True)
class SheetNote:
    """What was understood, changed or left out on reading, and should be known. `code` and `values` as of a problem."""

    code: str
    values: Mapping[str, object]


class SheetRefused(Refusal):
    """The file as a whole cannot be read. `code`: why, `values`: the parameters of its text.

    `head`: the first rows of the sheet in which the headings should be, when only these are missing.
    """

    text = gettext_noop("This file cannot be read.")

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.values = values
        self.head: list[list[str]] = []
