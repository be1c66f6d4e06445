"""The text of one cell: how it is compared, cleaned and guarded, and what is odd about it."""

import re
from collections.abc import Mapping

from callcenter.common.sheets import is_formula

_PUNCTUATION = re.compile(r"[\"'«»“”().,:;№#/\\_*-]+")


class OddCell(str):
    """A cell whose text is not what somebody typed: `code` says why, with the parameters of its text in `values`.

    `taken`: it is used all the same, and told.
    """

    __slots__ = ("code", "taken", "values")

    def __new__(cls, text: str, code: str, *, taken: bool = False, **values: object) -> "OddCell":
        """A cell with this text."""
        cell = super().__new__(cls, text)
        cell.code, cell.taken, cell.values = code, taken, values
        return cell

    code: str
    taken: bool
    values: Mapping[str, object]


def heading(text: str) -> str:
    """A heading as it is compared: its words in small letters, `№ кв.` and `кв` are one."""
    return " ".join(_PUNCTUATION.sub(" ", text.lower().replace("ё", "е")).split())


def clean(cell: str) -> str:
    """A cell without superfluous spaces, and without the apostrophe that `guarded` adds."""
    text = " ".join(cell.split())
    return text[1:].lstrip() if text.startswith("'") and _is_dangerous(text) else text


def guarded(cell: str) -> str:
    """The cell as no spreadsheet program takes for a formula: an apostrophe goes before it. `clean` takes it away."""
    text = " ".join(cell.split())
    return f"'{text}" if _is_dangerous(text) else text


def _is_dangerous(cell: str) -> bool:
    return is_formula(cell.lstrip("'"))
