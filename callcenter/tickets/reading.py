"""A ticket with everything about it, as its page shows it. Everything here reads inside the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass

from callcenter.common.scope import Connection
from callcenter.domain.person import Person
from callcenter.storage import queries
from callcenter.tickets.below import Below, read_below
from callcenter.tickets.files import TicketFile, files_of
from callcenter.tickets.rows import call_of, events, read
from callcenter.tickets.ticket import NoTicket, Ticket, TicketCall, TicketEvent

PAGE = queries("ticket_page")


@dataclass(frozen=True, slots=True)
class TicketPage:
    """A ticket and what belongs to it: events, calls and files oldest first."""

    ticket: Ticket
    events: Sequence[TicketEvent]
    calls: Sequence[TicketCall]
    files: Sequence[TicketFile]
    below: Below


async def read_page(connection: Connection, person: Person, ticket_id: int, below: int = 0) -> TicketPage:
    """Read all of it; consistent when the transaction is a `snapshot`. Raises `NoTicket`.

    `below`: the number from which on the tickets of an incident are read.
    """
    ticket = await read(connection, person, ticket_id)
    if ticket is None:
        raise NoTicket
    return TicketPage(
        ticket,
        events=await events(connection, ticket_id),
        calls=await _calls(connection, ticket_id),
        files=await files_of(connection, ticket_id),
        below=await read_below(connection, person, ticket_id, below),
    )


async def _calls(connection: Connection, ticket_id: int) -> list[TicketCall]:
    rows = await connection.fetch(PAGE["calls"], ticket_id)
    return [call_of(row) for row in rows]
