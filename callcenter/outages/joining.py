"""A call that reached an operator, taken to be about an outage: it gets the ticket of its flat, and no second one."""

import asyncpg
from aiohttp import web

from callcenter.common.scope import Connection, scoped
from callcenter.domain.outage import OVER, OutageState
from callcenter.domain.person import Person
from callcenter.errors import Refusal, gettext_noop
from callcenter.outages.outage import NoOutage, Outage
from callcenter.outages.rows import one
from callcenter.storage import queries
from callcenter.tickets.call_tickets import is_fresh, move_call, of_call, show_card
from callcenter.tickets.service import Tickets
from callcenter.tickets.ticket import TicketEdit

SQL = queries("outage_joining")
OUTAGES = queries("outages")


class JoinRefused(Refusal):
    """The call's ticket is more than a fresh one, or the outage is over or only suspected. `code`: `ticket`, `outage`."""

    status = 409
    text = gettext_noop("This call cannot be attached to the outage any more.")


class Joining:
    """Attaches calls to outages. Methods may raise `OSError` or an `asyncpg` error."""

    def __init__(self, pool: asyncpg.Pool, tickets: Tickets) -> None:
        self._pool = pool
        self._tickets = tickets

    async def join(self, person: Person, outage_id: int, call: str) -> int:
        """Attach the call to the outage; the id of the ticket that it has from now on.

        A known flat has one ticket in an outage: the call gets that one, opened with the number kept for the flat if
        it is the flat's first, and the ticket opened at the answer is cancelled. Otherwise that one becomes the child.
        Raises `NoOutage`, `NoTicket` when the call has none, `JoinRefused`. Again changes nothing.
        """
        async with scoped(self._pool, person) as connection:
            outage = await one(connection, person, outage_id)
            if outage.state in OVER or outage.state is OutageState.SUSPECTED:
                raise JoinRefused("outage")
            fresh = await of_call(connection, call)
            if fresh["company_id"] != outage.company_id:
                raise NoOutage
            if fresh["parent_id"] == outage.incident_id:
                return int(fresh["id"])
            if not is_fresh(fresh):
                raise JoinRefused("ticket")
            who = fresh["caller"] or call
            number = await connection.fetchrow(SQL["number"], outage.id, fresh["premises_id"], who)
            if number is None:
                ticket = await self._link(connection, person, outage, fresh)
            else:
                ticket = await _attach(connection, person, outage, fresh, number, call)
            await show_card(connection, call)
            return ticket

    async def _link(self, connection: Connection, person: Person, outage: Outage, fresh: asyncpg.Record) -> int:
        """The call's own ticket becomes one of the outage's."""
        edit: dict[str, object] = {"parent_id": outage.incident_id}
        if fresh["category_id"] is None:
            known = outage.company_id, outage.kind, outage.planned
            edit["category_id"] = await connection.fetchval(OUTAGES["category"], *known)
        if not fresh["subject"]:
            edit["subject"] = outage.names[outage.language]
        await self._tickets.edit_in(connection, person, fresh["id"], None, TicketEdit.model_validate(edit))
        return int(fresh["id"])


async def _attach(
    connection: Connection,
    person: Person,
    outage: Outage,
    fresh: asyncpg.Record,
    number: asyncpg.Record,
    call: str,
) -> int:
    """The call gets the flat's ticket, and its own is cancelled."""
    ticket: int | None = number["ticket_id"]
    if ticket is None:
        ticket = await connection.fetchval(SQL["open"], outage.id, number["number"], call, fresh["caller"])
    assert ticket is not None
    await move_call(connection, person, call, fresh, ticket, number["number"])
    return ticket


JOINING = web.AppKey("joining", Joining)
