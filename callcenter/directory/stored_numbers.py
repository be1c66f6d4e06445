"""Companies' numbers that were stored by older rules (`84951234567`, ten digits), brought into the one form."""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from callcenter.domain.phone import e164
from callcenter.storage import queries

SQL = queries("directory_offices")


@dataclass(frozen=True, slots=True)
class StoredNumber:
    """`company`: the company's id; `taken_by`: the company that has `canonical` already, so that it stays as it is."""

    number: str
    canonical: str
    company: int
    taken_by: int | None = None


async def rewrite_numbers(connection: asyncpg.Connection) -> Sequence[StoredNumber]:
    """Rewrite what has another form; returns that, and what cannot be. What is no number, such as a short code, stays."""
    found = []
    async with connection.transaction():
        stored: dict[str, int] = {
            row["number"]: row["company_id"] for row in await connection.fetch(SQL["stored_numbers"])
        }
        for number, company in sorted(stored.items()):
            canonical = e164(number).removeprefix("+")
            if canonical == number:
                continue
            if (taken_by := stored.get(canonical)) is None:
                await connection.execute(SQL["rewrite_number"], number, canonical)
                stored[canonical] = company
            elif taken_by == company:
                # The company has both.
                await connection.execute(SQL["remove_number"], number)
                taken_by = None
            found.append(StoredNumber(number, canonical, company, taken_by))
    return found
