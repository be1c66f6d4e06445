"""The journal: tickets newest first, a page at a time, by filter and search; and the saved filters."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import asyncpg
from aiohttp import web

from callcenter.common.cursors import PageCursor
from callcenter.common.house_search import houses_at
from callcenter.common.scope import Connection, scoped
from callcenter.common.search import Search
from callcenter.domain.access import Role
from callcenter.domain.person import Person
from callcenter.domain.ticket import PaymentState, TicketClass, TicketState
from callcenter.errors import LimitReached
from callcenter.storage import queries
from callcenter.tickets.below import Below, crew_of, read_below

SQL = queries("journal")
MOST_SAVED = 50
# All open tickets are scanned to count the late ones; requests at the same moment share the count.
FRESH_S = 5.0


class DueFilter(StrEnum):
    """What somebody should look at: a limit has passed, its warning has begun, or it does not run; a crew has answered."""

    LATE = "late"
    SOON = "soon"
    WAITING = "waiting"
    CREW = "crew"


class TooManyFilters(LimitReached):
    """This person already has `MOST_SAVED` saved filters."""


@dataclass(frozen=True, slots=True)
class JournalFilter:
    """The criteria of a search; one that is None or empty does not count.

    `category_class`: of every company; `category`: one of one company. `house`: words of an address. Opened from
    `since` on and before `until`.
    """

    company: int | None = None
    states: tuple[TicketState, ...] = ()
    due: DueFilter | None = None
    category_class: TicketClass | None = None
    category: int | None = None
    house: str = ""
    crew: int | None = None
    operator: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    payments: tuple[PaymentState, ...] = ()
    search: Search | None = None


@dataclass(frozen=True, slots=True)
class JournalPage:
    """Rows of `page` in `storage/queries/journal.sql`; where the next page begins, if there is one; how many of all
    tickets of the company, or of all companies, are late and how many are due soon.

    A ticket below an incident that is found as well has no row of its own; the incident's `below` counts it.
    """

    rows: Sequence[asyncpg.Record]
    after: PageCursor | None
    late: int
    soon: int


class Journal:
    """The journal over PostgreSQL. Every method may raise `OSError` or an `asyncpg` error."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._counted: dict[tuple[int | None, int | None], tuple[float, tuple[int, int]]] = {}

    async def page(
        self, person: Person, criteria: JournalFilter, before: PageCursor | None = None, size: int = 50
    ) -> JournalPage:
        """At most `size` tickets that this person may see. Raises `NoSuchHouse`."""
        async with scoped(self._pool, person) as connection:
            asked = await _filter(connection, person, criteria)
            place = (None, None) if before is None else (before.at, before.id)
            crew = await crew_of(connection, person)
            rows = await connection.fetch(SQL["page"], asked, size + 1, *place, crew)
            late, soon = await self._counts(connection, person, asked["company"])
        return JournalPage(rows[:size], PageCursor.below(rows, size, "opened_at"), late, soon)

    async def below(self, person: Person, incident: int, first: int = 0) -> Below:
        """The tickets below an incident, from the number `first` on; nothing when this person may see none."""
        async with scoped(self._pool, person) as connection:
            return await read_below(connection, person, incident, first)

    async def counts(self, person: Person, company: int | None) -> tuple[int, int]:
        """How many tickets are late, and how many are due soon."""
        async with scoped(self._pool, person) as connection:
            return await self._counts(connection, person, _company(person, company))

    async def _counts(self, connection: Connection, person: Person, company: int | None) -> tuple[int, int]:
        crew = await crew_of(connection, person)
        now = time.monotonic()
        at, counts = self._counted.get((company, crew), (-FRESH_S, (0, 0)))
        if now - at >= FRESH_S:
            [row] = await connection.fetch(SQL["counts"], company, crew)
            counts = row["late"], row["soon"]
            self._counted[company, crew] = now, counts
        return counts

    async def choices(self, person: Person, company: int | None) -> asyncpg.Record:
        """What can be chosen: `companies`, the `categories` of one, `crews`, `operators`; and the person's `saved` ones."""
        chosen = _company(person, company)
        async with scoped(self._pool, person) as connection:
            [row] = await connection.fetch(SQL["choices"], person.company_id, person.id, chosen)
        return row

    async def save(self, person: Person, name: str, query: str) -> None:
        """Save a filter under a name, in place of one of the same name. Raises `TooManyFilters`."""
        async with scoped(self._pool, person) as connection:
            if await connection.fetchval(SQL["save_filter"], person.id, name, query, MOST_SAVED) is None:
                raise TooManyFilters

    async def forget(self, person: Person, name: str) -> None:
        """Delete a saved filter."""
        async with scoped(self._pool, person) as connection:
            await connection.execute(SQL["forget_filter"], person.id, name)


JOURNAL = web.AppKey("journal", Journal)


def _company(person: Person, asked: int | None) -> int | None:
    return asked if person.company_id is None else person.company_id


async def _filter(connection: Connection, person: Person, criteria: JournalFilter) -> dict[str, Any]:
    """The filter as the type `journal_filter` has it. People of a company or a crew get only its tickets."""
    company = _company(person, criteria.company)
    crew = criteria.crew
    if person.role is Role.CREW:
        crew = await crew_of(connection, person)
    categories = None if criteria.category is None else [criteria.category]
    if criteria.category_class is not None:
        found = await connection.fetch(SQL["categories_of_class"], company, criteria.category_class)
        categories = [row["id"] for row in found]
    return {
        "company": company,
        "states": criteria.states or None,
        "due": criteria.due,
        "categories": categories,
        "houses": await houses_at(connection, company, criteria.house) if criteria.house else None,
        "crew": crew,
        "operator": criteria.operator,
        "since": criteria.since,
        "until": criteria.until,
        "payments": criteria.payments or None,
        "folded": True,
        **(criteria.search or Search()).columns,
    }
