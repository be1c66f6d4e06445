"""The listening room: recordings newest first, a page at a time, and the details of one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
from aiohttp import web

from callcenter.common.cursors import PageCursor
from callcenter.common.house_search import houses_at
from callcenter.common.scope import Connection, scoped
from callcenter.common.search import Search
from callcenter.domain.person import Person
from callcenter.domain.recording import PLAYABLE, Waveform
from callcenter.storage import queries

SQL = queries("listening")


@dataclass(frozen=True, slots=True)
class RecordingFilter:
    """The criteria of a search; one that is None or empty does not count.

    `house`: words of an address. Begun from `since` on and before `until`. Lengths in seconds.
    """

    company: int | None = None
    operator: int | None = None
    house: str = ""
    since: datetime | None = None
    until: datetime | None = None
    shortest: float | None = None
    longest: float | None = None
    states: tuple[str, ...] = ()
    marked: bool | None = None
    reviewed: bool | None = None
    search: Search | None = None


@dataclass(frozen=True, slots=True)
class RecordingsPage:
    """Rows of `page` in `storage/queries/listening.sql`, and the cursor of the next page, if there is one."""

    rows: Sequence[asyncpg.Record]
    after: PageCursor | None = None


@dataclass(frozen=True, slots=True)
class RecordingDetails:
    """One recording: its row, the talks of its call, its pauses and marks."""

    row: asyncpg.Record
    talks: Sequence[asyncpg.Record]
    pauses: Sequence[asyncpg.Record]
    marks: Sequence[asyncpg.Record]

    @property
    def playable(self) -> bool:
        """Whether there is audio to play."""
        return self.row["state"] in PLAYABLE


class ListeningRoom:
    """The room over PostgreSQL. Every method may raise `OSError` or an `asyncpg` error."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def page(
        self, person: Person, criteria: RecordingFilter, before: PageCursor | None = None, size: int = 50
    ) -> RecordingsPage:
        """At most `size` recordings that this person may see. Raises `NoSuchHouse`."""
        async with scoped(self._pool, person) as connection:
            asked = await _filter(connection, person, criteria)
            place = (None, None) if before is None else (before.at, before.id)
            rows = await connection.fetch(SQL["page"], asked, size + 1, *place, person.id)
        return RecordingsPage(rows[:size], PageCursor.below(rows, size, "placed_at"))

    async def choices(self, person: Person) -> tuple[list[asyncpg.Record], list[asyncpg.Record]]:
        """The companies and the operators that can be chosen, by name."""
        async with scoped(self._pool, person) as connection:
            return await connection.fetch(SQL["companies"]), await connection.fetch(SQL["operators"])

    async def show(self, person: Person, recording: int) -> RecordingDetails | None:
        """The details of one recording; None when this person may see no such recording."""
        async with scoped(self._pool, person) as connection:
            row = await connection.fetchrow(SQL["recording"], recording)
            if row is None:
                return None
            return RecordingDetails(
                row,
                await connection.fetch(SQL["talks"], recording),
                await connection.fetch(SQL["pauses"], recording),
                await connection.fetch(SQL["marks"], recording),
            )

    async def waveform(self, person: Person, recording: int) -> Waveform | None:
        """The waveform of both voices, once it has been made."""
        async with scoped(self._pool, person) as connection:
            row = await connection.fetchrow(SQL["waveform"], recording)
        return None if row is None else Waveform(row["per_s"], row["channels"], row["peaks"])

    async def mark(self, person: Person, recording: int, at_s: float, comment: str) -> int | None:
        """Add a mark at a position, in seconds from the beginning; None when there is no such recording."""
        async with scoped(self._pool, person) as connection:
            made: int | None = await connection.fetchval(SQL["mark"], recording, at_s, comment, person.id)
        return made

    async def unmark(self, person: Person, recording: int, mark: int) -> bool:
        """Remove a mark; False when there is none."""
        async with scoped(self._pool, person) as connection:
            return await connection.fetchval(SQL["unmark"], mark, recording, person.id) is not None


LISTENING_ROOM = web.AppKey("listening_room", ListeningRoom)


async def _filter(connection: Connection, person: Person, criteria: RecordingFilter) -> dict[str, Any]:
    """The filter as the type `listening_filter` has it."""
    company = criteria.company if person.company_id is None else person.company_id
    return {
        "company": company,
        "operator": criteria.operator,
        "houses": await houses_at(connection, company, criteria.house) if criteria.house else None,
        "since": criteria.since,
        "until": criteria.until,
        "shortest": criteria.shortest,
        "longest": criteria.longest,
        "states": criteria.states or None,
        "marked": criteria.marked,
        "reviewed": criteria.reviewed,
        **(criteria.search or Search()).columns,
    }
