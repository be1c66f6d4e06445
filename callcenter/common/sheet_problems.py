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


@dataclass(frozen=True, slots=True)
class SheetProblem:
    """Something that must be fixed in a line before the sheet can be imported.

    `row`: its number as a spreadsheet program shows it; `column`: the column's name, empty for the whole line;
    `code`: what is wrong, `values`: the parameters of its text.
    """

    row: int
    column: str
    code: str
    values: Mapping[str, object] = field(default_factory=dict)


class SheetRefused(Refusal):
    """The file as a whole cannot be read. `code`: why, `values`: the parameters of its text."""

    text = gettext_noop("This file cannot be read.")

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.values = values
