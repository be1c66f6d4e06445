"""The tickets of a call: its own, that of an earlier call which it is about, a second one, or none."""

import asyncpg

from callcenter.common.scope import Connection, scoped
from callcenter.domain.person import Person
from callcenter.domain.ticket import NoTicketReason, Step, TicketSource, TicketState
from callcenter.errors import Refusal, gettext_noop
from callcenter.storage import queries
from callcenter.tickets import incidents
from callcenter.tickets.rows import lock
from callcenter.tickets.service import Tickets
from callcenter.tickets.texts import no_ticket_reasons
from callcenter.tickets.ticket import NoTicket, Ticket, TicketEdit
from callcenter.web.formats import Translator

SQL = queries("call_tickets")
TICKETS = queries("tickets")


class CallTicketRefused(Refusal):
    """The call's ticket is more than a fresh one, or the other one is not open. `code`: `ticket`, `other`."""

    status = 409
    text = gettext_noop("This cannot be done with the call's ticket any more.")


async def of_call(connection: Connection, call: str) -> asyncpg.Record:
    """The ticket that the call is about, locked. Raises `NoTicket`."""
    row = await connection.fetchrow(SQL["of_call"], call)
    if row is None:
        raise NoTicket
    return row


def is_fresh(ticket: asyncpg.Record) -> bool:
    """Whether nobody has done anything with the ticket of a call yet that would be lost with it."""
    return ticket["parent_id"] is None and ticket["state"] == TicketState.NEW


async def move_call(
    connection: Connection, person: Person, call: str, own: asyncpg.Record, ticket: int, number: int
) -> None:
    """Let the call be about another ticket, with its recordings; its own is cancelled."""
    await connection.execute(SQL["join"], call, ticket, person.id)
    await connection.execute(SQL["move_recordings"], call, ticket, own["id"])
    await connection.execute(SQL["called"], ticket, person.id, own["caller"])
    reason = Translator(own["language"]).pgettext("ticket", "Belongs to ticket No. {number}")
    await incidents.finish(connection, person.id, own["id"], Step.CANCEL, reason.format(number=number))
    await connection.execute(TICKETS["due_nothing"], own["id"])


async def show_card(connection: Connection, call: str) -> None:
    """Show the call's card again, wherever it is, as it is now."""
    await connection.execute(SQL["show_card"], call)


class CallTickets:
    """Over an open pool. Methods raise `NoTicket` when the call has no ticket, `CallTicketRefused` otherwise."""

    def __init__(self, pool: asyncpg.Pool, tickets: Tickets) -> None:
        self._pool = pool
        self._tickets = tickets

    async def join(self, person: Person, call: str, ticket: int) -> None:
        """Attach the call to an open ticket of its company; what was typed goes along as a comment. Again changes nothing."""
        async with scoped(self._pool, person) as connection:
            own = await connection.fetchrow(SQL["of_call"], call)
            if own is None:
                await self._give(connection, person, call, ticket)
                return
            if own["id"] == ticket:
                return
            other = await connection.fetchrow(SQL["open_one"], ticket, own["company_id"])
            if other is None:
                raise CallTicketRefused("other")
            if own["call_id"] != call or not is_fresh(own):
                raise CallTicketRefused("ticket")
            await move_call(connection, person, call, own, other["id"], other["number"])
            if own["subject"]:
                await self._tickets.comment_in(connection, person, ticket, own["subject"])
            await show_card(connection, call)

    async def _give(self, connection: Connection, person: Person, call: str, ticket: int) -> None:
        """A call that nobody answered, or that needed no ticket when it came, is about this one."""
        caller = await connection.fetchrow(SQL["caller_of"], call)
        if caller is None or await connection.fetchrow(SQL["open_one"], ticket, caller["company_id"]) is None:
            raise CallTicketRefused("other")
        await connection.execute(SQL["join"], call, ticket, person.id)
        await connection.execute(SQL["adopt_recordings"], call, ticket)
        await connection.execute(SQL["called"], ticket, person.id, caller["caller"])
        await show_card(connection, call)

    async def another(self, person: Person, call: str) -> Ticket:
        """Open a second ticket of the call, for the same caller and place."""
        async with scoped(self._pool, person) as connection:
            own = await of_call(connection, call)
            known = {name: own[name] for name in ("house_id", "premises_id", "resident_id") if own[name] is not None}
            edit = TicketEdit.model_validate(known)
            ticket = await self._tickets.create_in(
                connection, person, own["company_id"], edit, caller=own["caller"], source=TicketSource.CALL
            )
            await connection.execute(SQL["further"], ticket.id, call)
            return ticket

    async def without(self, person: Person, call: str, reason: NoTicketReason | None) -> None:
        """The call needs no ticket: its own is cancelled and named after the reason. None: it needs one after all."""
        async with scoped(self._pool, person) as connection:
            own = await of_call(connection, call)
            words = {each: no_ticket_reasons(own["language"])[each] for each in NoTicketReason}
            untouched = is_fresh(own) or own["no_ticket"] is not None or own["state"] == TicketState.REOPENED
            if own["call_id"] != call or (reason is not None and not untouched):
                raise CallTicketRefused("ticket")
            if own["no_ticket"] is not None:
                await self._need_again(connection, person, own, words[NoTicketReason(own["no_ticket"])])
            if reason is not None:
                if own["subject"] in ("", *words.values()):
                    edit = TicketEdit(subject=words[reason])
                    await self._tickets.edit_in(connection, person, own["id"], None, edit)
                await incidents.finish(connection, person.id, own["id"], Step.CANCEL, words[reason])
                await connection.execute(TICKETS["due_nothing"], own["id"])
            await connection.execute(SQL["without"], call, reason, person.id)
            await show_card(connection, call)

    async def _need_again(self, connection: Connection, person: Person, own: asyncpg.Record, word: str) -> None:
        ticket = await lock(connection, person, own["id"])
        if ticket.state is TicketState.CANCELLED:
            reason = Translator(own["language"]).pgettext("call", "A ticket is needed after all")
            await self._tickets.step_in(connection, person, ticket, Step.REOPEN, comment=reason)
        if own["subject"] == word:
            await self._tickets.edit_in(connection, person, own["id"], None, TicketEdit(subject=""))
