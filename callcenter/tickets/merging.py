"""Two tickets that are the same become one: what hangs on the one goes to the other, and its history stays where it is."""

from typing import ClassVar

import asyncpg

from callcenter.common.scope import Connection, audit, scoped
from callcenter.domain.audit import AuditAction, AuditSubject
from callcenter.domain.person import Person
from callcenter.domain.ticket import TRANSITIONS, Step, TicketEventKind, is_open
from callcenter.errors import Refusal, gettext_noop
from callcenter.storage import queries
from callcenter.tickets.call_tickets import show_card
from callcenter.tickets.rows import lock, note, set_deadlines
from callcenter.tickets.service import Tickets
from callcenter.tickets.ticket import Ticket, TicketEdit
from callcenter.web.formats import Translator

SQL = queries("merging")
TICKETS = queries("tickets")
FILLED = ("category_id", "subject", "description", "contact_name", "contact_phone")
PLACE = ("house_id", "premises_id", "resident_id")


class MergeRefused(Refusal):
    """These two cannot become one; nothing has changed."""

    status = 409
    text = gettext_noop("These tickets cannot be merged.")
    meanings: ClassVar = {
        "unknown": "the company has no ticket of this number",
        "same": "it is the ticket itself",
        "over": "one of them is over",
        "done": "the work is done: close it",
        "held": "it is under a legal hold",
        "incident": "it is the incident of an outage",
        "linked": "it has tickets below it, and the other one is below an incident",
    }


class Merging:
    """Over an open pool."""

    def __init__(self, pool: asyncpg.Pool, tickets: Tickets) -> None:
        self._pool = pool
        self._tickets = tickets

    async def merge(self, person: Person, ticket_id: int, into: int | None, address: str) -> Ticket:
        """Merge a ticket into another one of its company, which is returned. Raises `NoTicket`, `MergeRefused`, `BadEdit`.

        Calls, recordings, files and tickets below it go along; what the other one does not say yet is taken over, and
        its limits count from the earlier of both. Packs, links and messages, which name the number, stay.
        """
        async with scoped(self._pool, person) as connection:
            if into is None:
                raise MergeRefused("unknown")
            # In the order of their ids, so that two who merge the same ones do not wait for each other.
            locked = {each: await lock(connection, person, each) for each in sorted({ticket_id, into})}
            one, other = locked[ticket_id], locked[into]
            await _check(connection, one, other)
            await self._take_over(connection, person, one, other)
            calls = await _move(connection, person, one, other)
            reason = Translator(one.language).pgettext("ticket", "Merged into ticket No. {number}")
            one = await lock(connection, person, one.id)
            await self._tickets.step_in(
                connection, person, one, Step.CANCEL, comment=reason.format(number=other.number)
            )
            await connection.execute(SQL["merged"], one.id, other.id)
            await self._note(connection, person, one, other)
            for call in calls:
                await show_card(connection, call)
            await audit(
                connection, AuditAction.MERGED_TICKETS, person=person, company=one.company_id,
                subject=AuditSubject.TICKET, subject_id=one.id, address=address, details={"into": other.id},
            )  # fmt: skip
            return await self._tickets.changed_in(connection, other.id, TicketEventKind.MERGED)

    async def _take_over(self, connection: Connection, person: Person, one: Ticket, other: Ticket) -> None:
        missing = [name for name in FILLED if getattr(one, name) and not getattr(other, name)]
        if other.house_id is None:
            missing += [name for name in PLACE if getattr(one, name)]
        if missing:
            edit = TicketEdit.model_validate({name: getattr(one, name) for name in missing})
            await self._tickets.edit_in(connection, person, other.id, None, edit)

    async def _note(self, connection: Connection, person: Person, one: Ticket, other: Ticket) -> None:
        said = "\n".join(text for text in (one.subject, one.description) if text)
        for ticket, with_it, text in ((one, other, ""), (other, one, said)):
            await note(
                connection, ticket, TicketEventKind.MERGED, person=person, comment=text,
                changes={"merged": (None, with_it.number)},
            )  # fmt: skip


async def _check(connection: Connection, one: Ticket, other: Ticket) -> None:
    if one.company_id != other.company_id:
        raise MergeRefused("unknown")
    if one.id == other.id:
        raise MergeRefused("same")
    if not (is_open(one.state) and is_open(other.state)):
        raise MergeRefused("over")
    if (one.state, Step.CANCEL) not in TRANSITIONS:
        raise MergeRefused("done")
    facts = await connection.fetchrow(SQL["cannot_merge"], one.id)
    assert facts is not None
    for code in ("held", "incident"):
        if facts[code]:
            raise MergeRefused(code)
    if facts["has_parts"] and other.parent_id is not None:
        raise MergeRefused("linked")


async def _move(connection: Connection, person: Person, one: Ticket, other: Ticket) -> list[str]:
    calls = [row["call_id"] for row in await connection.fetch(SQL["move_calls"], one.id, other.id, person.id)]
    await connection.execute(SQL["move_further"], one.id, other.id)
    await connection.execute(SQL["forget_double"], other.id)
    for name in ("recordings", "files", "announcements", "outage_numbers", "planned_calls"):
        await connection.execute(SQL[f"move_{name}"], one.id, other.id)
    await connection.execute(SQL["move_parts"], one.id, other.id, person.id)
    await connection.execute(SQL["keep_earlier"], one.id, other.id)
    await set_deadlines(connection, await lock(connection, person, other.id), keep_met=True)
    await connection.execute(SQL["met_already"], one.id, other.id)
    await connection.execute(TICKETS["due_nothing"], one.id)
    await connection.execute(SQL["forget_drafts"], one.id)
    return calls
