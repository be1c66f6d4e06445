"""What operators have typed into the forms of their cards and not saved yet: it outlives the page."""

from collections.abc import Mapping

import asyncpg
from aiohttp import web

from callcenter.common.scope import scoped
from callcenter.domain.person import Person
from callcenter.storage import queries
from callcenter.tickets.ticket import Ticket

SQL = queries("filing_drafts")
TICKETS = queries("tickets")


class FilingDrafts:
    """Over an open pool; each person has their own."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def of(self, person: Person, ticket: int) -> tuple[Mapping[str, object] | None, bool]:
        """What the person typed for the ticket, and whether the resident was told already."""
        async with scoped(self._pool, person) as connection:
            draft = await connection.fetchrow(SQL["draft"], ticket, person.id)
            told = await connection.fetchval(TICKETS["told"], ticket)
        return None if draft is None else dict(draft), told

    async def keep(self, person: Person, ticket: Ticket, category: int | None, subject: str) -> None:
        """Keep it in place of what was kept before; a category of another company is left out."""
        async with scoped(self._pool, person) as connection:
            await connection.execute(SQL["keep"], ticket.id, person.id, category, subject, ticket.company_id)
            await connection.execute(SQL["forget_old"], person.id)

    async def forget(self, person: Person, ticket: int) -> None:
        """It was saved."""
        async with scoped(self._pool, person) as connection:
            await connection.execute(SQL["forget"], ticket, person.id)

    async def unfinished(self, person: Person) -> list[dict[str, object]]:
        """The id and number of each ticket of which the person has typed something, the oldest first."""
        async with scoped(self._pool, person) as connection:
            return [dict(row) for row in await connection.fetch(SQL["unfinished"], person.id)]


FILING_DRAFTS = web.AppKey("filing drafts", FilingDrafts)
