"""People who work here: who they are, and whose session this is."""

from dataclasses import dataclass

import asyncpg

from callcenter.desk.passwords import digest
from callcenter.domain.access import Permission, Role, may
from callcenter.domain.ids import OperatorId
from callcenter.storage import queries

SQL = queries("people")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a login."""

    id: OperatorId
    login: str
    name: str
    role: Role
    language: str
    has_phone: bool
    company_id: int | None = None

    def may(self, permission: Permission) -> bool:
        """Whether this person may do this."""
        return may(self.role, permission)


class People:
    """Sessions over PostgreSQL. Every method may raise `OSError` or an `asyncpg` error."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def who_is(self, token: str) -> Person | None:
        """The person whose session this is, unless it has ended. Notes, once a minute, that it is in use."""
        row = await self._pool.fetchrow(SQL["session"], digest(token))
        if row is None:
            return None
        if row["seen_long_ago"]:
            await self._pool.execute(SQL["seen"], digest(token))
        return person_of(row)

    async def set_language(self, person: OperatorId, language: str) -> None:
        """Remember the language of this person's pages, `ru` or `en`."""
        await self._pool.execute(SQL["language"], person, language)


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
