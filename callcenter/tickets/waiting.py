"""A ticket waits for its resident, or waits no more; and what its crew said was seen."""

import asyncpg

from callcenter.common.scope import scoped, scoped_to
from callcenter.domain.person import Person
from callcenter.domain.ticket import StepRefused, TicketEventKind, TicketState, is_open
from callcenter.storage import queries
from callcenter.tickets.rows import lock, note
from callcenter.tickets.service import Tickets, words

SQL = queries("tickets")


class Waiting:
    """Over an open pool. Methods raise `NoTicket`."""

    def __init__(self, pool: asyncpg.Pool, tickets: Tickets) -> None:
        self._pool = pool
        self._tickets = tickets

    async def wait(self, person: Person | None, ticket_id: int, comment: str, *, by_crew: int | None = None) -> None:
        """It waits, for the reason given: the limits of the work do not run. Raises `StepRefused`, `BadEdit`.

        `by_crew`: the crew that says so by its link, instead of a person.
        """
        comment = words(comment)
        async with scoped_to(self._pool, None) if person is None else scoped(self._pool, person) as connection:
            ticket = await lock(connection, person, ticket_id, by_crew)
            if not is_open(ticket.state) or ticket.state is TicketState.DONE:
                raise StepRefused("state")
            if not comment:
                raise StepRefused("words")
            await connection.execute(SQL["hold"], ticket_id)
            await note(connection, ticket, TicketEventKind.WAITING, person=person, crew=by_crew, comment=comment)
            await self._tickets.changed_in(connection, ticket_id, TicketEventKind.WAITING)

    async def resume(self, person: Person, ticket_id: int) -> None:
        """It waits no more; so does a ticket with which a step is taken. Again changes nothing."""
        async with scoped(self._pool, person) as connection:
            ticket = await lock(connection, person, ticket_id)
            if ticket.waiting_since is None:
                return
            await connection.execute(SQL["resume"], ticket_id)
            await note(connection, ticket, TicketEventKind.RESUMED, person=person)
            await self._tickets.changed_in(connection, ticket_id, TicketEventKind.RESUMED)

    async def heard(self, person: Person, ticket_id: int) -> None:
        """Somebody at the desk has seen what the crew said."""
        async with scoped(self._pool, person) as connection:
            ticket = await lock(connection, person, ticket_id)
            await connection.execute(SQL["heard"], ticket_id)
            await connection.execute(SQL["notify"], ticket_id, ticket.company_id)
