"""Cursors of pages of a list that goes back in time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

import asyncpg


@dataclass(frozen=True, slots=True)
class PageCursor:
    """The last row of a page: its moment, and its id among those of that moment. The next page begins below it."""

    at: datetime
    id: int

    def __str__(self) -> str:
        return f"{self.at.astimezone(UTC):%Y%m%d%H%M%S%f}-{self.id}"

    @classmethod
    def below(cls, rows: Sequence[asyncpg.Record], size: int, moment: str) -> Self | None:
        """Where the page after the first `size` rows begins; None when there are no more. `moment`: the column with it."""
        return cls(rows[size - 1][moment], rows[size - 1]["id"]) if len(rows) > size else None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `str` wrote. Raises `ValueError`."""
        at, _, number = text.partition("-")
        if not (at.isascii() and at.isdigit() and len(at) == 20 and number.isascii() and number.isdigit()):
            raise ValueError(text)
        if (known := int(number)) >= 2**63:
            raise ValueError(text)
        return cls(datetime.strptime(at, "%Y%m%d%H%M%S%f").replace(tzinfo=UTC), known)
