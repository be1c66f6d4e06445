"""Legal holds: while one is active on a ticket, none of its recordings is deleted, however old."""

from dataclasses import dataclass
from datetime import datetime

import asyncpg
from aiohttp import web

from callcenter.common.scope import Connection, audit, scoped
from callcenter.domain.audit import AuditAction, AuditSubject
from callcenter.domain.person import Person
from callcenter.errors import Refusal, gettext_noop
from callcenter.storage import queries
from callcenter.tickets.rows import lock

SQL = queries("legal_holds")
LONGEST_REASON = 1000


class BadReason(Refusal):
    """A hold needs a reason, of at most `LONGEST_REASON` characters."""

    text = gettext_noop("Explain why in a few words.")


@dataclass(frozen=True, slots=True)
class LegalHold:
    """A hold. It is active while `released_at` is None."""

    id: int
    reason: str
    placed_by: str
    placed_at: datetime
    released_by: str
    released_at: datetime | None


@dataclass(frozen=True, slots=True)
class TicketRetention:
    """How a ticket's recordings are kept.

    `recordings`: how many there are, deleted ones not counted; `locked` and `held`: how many of them the store itself
    protects from deletion, by their retention and by the hold; `kept_until`: the end of the longest retention.
    """

    holds: tuple[LegalHold, ...]
    recordings: int
    locked: int
    held: int
    deleted: int
    kept_until: datetime | None

    @property
    def standing(self) -> LegalHold | None:
        """The active hold."""
        return next((hold for hold in self.holds if hold.released_at is None), None)


class LegalHolds:
    """Holds over PostgreSQL; `recordings.keeper` sets them in the store. Methods raise `NoTicket`."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def place(self, person: Person, ticket_id: int, reason: str, address: str = "") -> bool:
        """Place a hold. False when one is active already. Raises `BadReason`."""
        reason = " ".join(reason.split())
        if not 0 < len(reason) <= LONGEST_REASON:
            raise BadReason("words", "reason")
        return await self._change("place", AuditAction.PLACED_LEGAL_HOLD, person, ticket_id, address, reason)

    async def release(self, person: Person, ticket_id: int, address: str = "") -> bool:
        """Release the active hold. False when there is none."""
        return await self._change("release", AuditAction.RELEASED_LEGAL_HOLD, person, ticket_id, address)

    async def _change(
        self, statement: str, action: AuditAction, person: Person, ticket_id: int, address: str, *values: object
    ) -> bool:
        async with scoped(self._pool, person) as connection:
            ticket = await lock(connection, person, ticket_id)
            hold = await connection.fetchval(SQL[statement], ticket.id, *values, person.id)
            if hold is None:
                return False
            await audit(
                connection,
                action,
                person=person,
                company=ticket.company_id,
                subject=AuditSubject.TICKET,
                subject_id=ticket.id,
                address=address,
                details={"hold": hold},
            )
        return True


LEGAL_HOLDS = web.AppKey("legal_holds", LegalHolds)


async def retention_of(connection: Connection, ticket_id: int) -> TicketRetention:
    """How the recordings of a ticket are kept."""
    holds = tuple(LegalHold(**row) for row in await connection.fetch(SQL["of_ticket"], ticket_id))
    row = await connection.fetchrow(SQL["kept"], ticket_id)
    assert row is not None
    return TicketRetention(holds, **row)
