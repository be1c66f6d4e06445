"""A ticket with everything about it, as its page shows it. Everything here reads inside the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass

from callcenter.common.scope import Connection
from callcenter.domain.person import Person
from callcenter.domain.ticket import TicketState
from callcenter.storage import queries
from callcenter.tickets.files import TicketFile, files_of
from callcenter.tickets.rows import call_of, events, read
from callcenter.tickets.ticket import Child, NoTicket, Ticket, TicketCall, TicketEvent

SQL, PAGE = queries("tickets"), queries("ticket_page")


@dataclass(frozen=True, slots=True)
class TicketPage:
    """A ticket and what belongs to it: events, calls and files oldest first, children by number."""

    ticket: Ticket
    events: Sequence[TicketEvent]
    calls: Sequence[TicketCall]
    files: Sequence[TicketFile]
    children: Sequence[Child]


async def read_page(connection: Connection, person: Person, ticket_id: int) -> TicketPage:
    """Read all of it; consistent when the transaction is a `snapshot`. Raises `NoTicket`."""
    ticket = await read(connection, person, ticket_id)
    if ticket is None:
        raise NoTicket
    return TicketPage(
        ticket,
        events=await events(connection, ticket_id),
        calls=await _calls(connection, ticket_id),
        files=await files_of(connection, ticket_id),
        children=await children_of(connection, ticket_id),
    )


async def children_of(connection: Connection, ticket_id: int) -> list[Child]:
    """The tickets linked to this incident, by number."""
    rows = await connection.fetch(SQL["children"], ticket_id)
    return [Child(**{**row, "state": TicketState(row["state"])}) for row in rows]


async def _calls(connection: Connection, ticket_id: int) -> list[TicketCall]:
    rows = await connection.fetch(PAGE["calls"], ticket_id)
    return [call_of(row) for row in rows]
