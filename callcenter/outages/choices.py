"""What the form of a new outage offers: a company's houses, what can be off."""

import asyncpg
from aiohttp import web

from callcenter.common.scope import scoped
from callcenter.domain.person import Person
from callcenter.storage import queries

SQL = queries("outages")
Option = tuple[int, str]


class OutageChoices:
    """Choices from PostgreSQL, limited to what the person may see."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def houses(self, person: Person, company: int) -> list[Option]:
        """The company's houses by address, at most 5,000."""
        async with scoped(self._pool, person) as connection:
            return [(row["id"], row["address"]) for row in await connection.fetch(SQL["houses"], company)]

    async def kinds(self, language: str) -> list[tuple[str, str]]:
        """What can be off: code and name."""
        name = "name_ru" if language == "ru" else "name_en"
        return [(row["code"], row[name]) for row in await self._pool.fetch(SQL["kinds"])]


OUTAGE_CHOICES = web.AppKey("outage_choices", OutageChoices)
