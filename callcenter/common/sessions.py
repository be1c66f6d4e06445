"""Sessions of people: from a session's token to the person."""

from dataclasses import dataclass
from datetime import timedelta

import asyncpg
from aiohttp import web

from callcenter.common.passwords import digest
from callcenter.domain.access import Role
from callcenter.domain.ids import OperatorId
from callcenter.domain.person import Person
from callcenter.storage import queries

SQL = queries("people")


@dataclass(frozen=True, slots=True)
class SessionTerm:
    """How long a session lasts at most, and how long without being used."""

    lasts: timedelta
    idle: timedelta


class Sessions:
    """Sessions over PostgreSQL. Every method may raise `OSError` or an `asyncpg` error."""

    def __init__(self, pool: asyncpg.Pool, term: SessionTerm) -> None:
        self._pool = pool
        self.term = term

    async def who_is(self, token: str) -> Person | None:
        """The person of this session, unless it has ended. Records, at most once a minute, that it is in use."""
        row = await self._pool.fetchrow(SQL["session"], digest(token))
        if row is None:
            return None
        if row["seen_long_ago"]:
            await self._pool.execute(SQL["seen"], digest(token), self.term.idle)
        return person_of(row)

    async def set_language(self, person: OperatorId, language: str) -> None:
        """Remember the language of this person's pages, `ru` or `en`."""
        await self._pool.execute(SQL["language"], person, language)


SESSIONS = web.AppKey("sessions", Sessions)


def person_of(row: asyncpg.Record) -> Person:
    """The person in a row with these columns of `operators`."""
    return Person(
        id=OperatorId(row["id"]),
        login=row["login"],
        name=row["name"],
        role=Role(row["role"]),
        language=row["language"],
        has_phone=row["endpoint"] is not None,
        company_id=row["company_id"],
    )
