"""A crew's personal links: each opens one ticket to its holder."""

import asyncpg
from aiohttp import web

from callcenter.common.attempts import Attempts
from callcenter.common.scope import audit
from callcenter.dispatch.channels import CrewTicket
from callcenter.dispatch.handover import SQL, digest
from callcenter.domain.audit import AuditAction, AuditSubject


class CrewLinks:
    """Finds tickets by their links."""

    def __init__(self, pool: asyncpg.Pool, attempts: Attempts) -> None:
        self._pool = pool
        self._attempts = attempts

    async def find(self, token: str, address: str) -> CrewTicket | None:
        """The ticket, or None alike for a link that is wrong, has expired, or whose ticket went to another crew.

        `address`: where it was asked from. Raises `TooManyAttempts` for a wrong one when too many were.
        """
        row = await self._pool.fetchrow(SQL["link"], digest(token))
        if row is None:
            await self._attempts.wrong_link(address)
            return None
        return CrewTicket.of(row)

    async def viewed(self, ticket: CrewTicket, address: str) -> int:
        """Record that the crew viewed its ticket; return the number of the ticket's files."""
        async with self._pool.acquire() as connection, connection.transaction():
            await audit(
                connection,
                AuditAction.VIEWED_TICKET,
                company=ticket.company_id,
                subject=AuditSubject.TICKET,
                subject_id=ticket.ticket_id,
                address=address,
                details={"crew": ticket.crew_id},
            )
            return int(await connection.fetchval(SQL["files"], ticket.ticket_id))


CREW_LINKS = web.AppKey("crew_links", CrewLinks)
