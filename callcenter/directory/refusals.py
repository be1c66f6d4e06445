"""What can be wrong with an uploaded sheet, and how large one may be."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from callcenter.errors import Refusal, gettext_noop

MAX_BYTES = 20 * 1024 * 1024
"""An uploaded file, at most."""

MAX_UNPACKED = 160 * 1024 * 1024
"""What an XLSX may unpack to, at most: some 200,000 full rows."""

MAX_ROWS = 200_000
MAX_COLUMNS = 40

MAX_CELLS = 4_000_000
"""Cells of all sheets of a file, empty ones too."""

MAX_STRINGS = 1_000_000
"""Different texts in an XLSX: five in each row."""

MAX_PROBLEMS = 10_000
"""Of a sheet with more of them the first are told."""


@dataclass(frozen=True, slots=True)
class SheetProblem:
    """Something that must be mended in a line before the sheet can be taken.

    `row`: its number as a spreadsheet program shows it; `column`: the column's name, empty for the whole line;
    `code`: what is wrong, `values` the blanks in its words.
    """

    row: int
    column: str
    code: str
    values: Mapping[str, object] = field(default_factory=dict)


class SheetRefused(Refusal):
    """The file as a whole cannot be read. `code`: why, `values`: the blanks in its words."""

    text = gettext_noop("This file cannot be read.")

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.values = values
