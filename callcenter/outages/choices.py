"""What the form of a new outage offers: companies, their houses, what can be off."""

from dataclasses import dataclass

import asyncpg
from aiohttp import web

from callcenter.common.scope import scoped
from callcenter.domain.person import Person
from callcenter.storage import queries

SQL = queries("outages")
Option = tuple[int, str]


@dataclass(frozen=True, slots=True)
class CompanyChoice:
    """A company for which an outage may be opened."""

    id: int
    name: str
    zone: str


class OutageChoices:
    """Choices from PostgreSQL, limited to what the person may see."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def companies(self, person: Person) -> list[CompanyChoice]:
        """By name."""
        async with scoped(self._pool, person) as connection:
            rows = await connection.fetch(SQL["companies"], person.company_id)
        return [CompanyChoice(row["id"], row["name"], row["zone"]) for row in rows]

    async def houses(self, person: Person, company: int) -> list[Option]:
        """The company's houses by address, at most 5,000."""
        async with scoped(self._pool, person) as connection:
            return [(row["id"], row["address"]) for row in await connection.fetch(SQL["houses"], company)]

    async def kinds(self, language: str) -> list[tuple[str, str]]:
        """What can be off: code and name."""
        name = "name_ru" if language == "ru" else "name_en"
        return [(row["code"], row[name]) for row in await self._pool.fetch(SQL["kinds"])]


OUTAGE_CHOICES = web.AppKey("outage_choices", OutageChoices)
