"""What an operator learns of a caller during the call: who it is, from which flat, what is worth knowing next time."""

from typing import Annotated

import asyncpg
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from callcenter.common.scope import Connection, audit, scoped
from callcenter.domain.audit import AuditAction, AuditSubject
from callcenter.domain.person import Person
from callcenter.errors import NotFound, Refusal, gettext_noop
from callcenter.storage import queries
from callcenter.tickets.call_tickets import of_call, show_card
from callcenter.tickets.service import Tickets
from callcenter.tickets.ticket import NoTicket, TicketEdit

SQL = queries("call_cards")
Id = Annotated[int, Field(ge=1, le=2**31 - 1)]


def _line(text: str) -> str:
    text = " ".join(text.split())
    if "\0" in text:
        raise ValueError("holds a zero byte")
    return text


class Caller(BaseModel):
    """Who calls: a resident, somebody new of a flat (`name`), a flat, or a house of which the flat is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    resident_id: Id | None = None
    premises_id: Id | None = None
    house_id: Id | None = None
    name: Annotated[str, Field(max_length=200), AfterValidator(_line)] = ""


class Note(BaseModel):
    """What is worth knowing of a resident."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    note: Annotated[str, Field(max_length=1000)]


class NoCall(NotFound):
    """No such call, or not for this person."""

    text = gettext_noop("There is no such call.")


class NoPlace(Refusal):
    """The call's company has no such resident, flat or house."""

    status = 409
    text = gettext_noop("There is no such entry; choose another.")


class Callers:
    """Over an open pool. Methods raise `NoCall` and `NoPlace`."""

    def __init__(self, pool: asyncpg.Pool, tickets: Tickets) -> None:
        self._pool = pool
        self._tickets = tickets

    async def settle(self, person: Person, call: str, caller: Caller, address: str) -> None:
        """It is this caller: on the card, in the call's ticket, and on the card of the next call from the number."""
        async with scoped(self._pool, person) as connection:
            row = await need_call(connection, call)
            place = await connection.fetchrow(
                SQL["place"], caller.resident_id, caller.premises_id, caller.house_id, row["company_id"]
            )
            if place is None or (caller.name and place["premises_id"] is None):
                raise NoPlace
            resident = place["resident_id"]
            if resident is None and caller.name:
                resident = await connection.fetchval(SQL["add_resident"], place["premises_id"], caller.name)
                await _audit(connection, AuditAction.ADDED_RESIDENT, person, row, resident, address)
            if resident is not None and row["caller"].startswith("+"):
                is_new = await connection.fetchval(SQL["remember"], row["caller"], resident)
                if is_new and place["resident_id"] is not None:
                    await _audit(connection, AuditAction.CHANGED_RESIDENT, person, row, resident, address)
            where = place["premises_id"], place["house_id"]
            await connection.execute(SQL["settle"], call, resident, *where, person.id)
            await connection.execute(SQL["name_caller"], call, resident)
            await self._place_ticket(connection, person, call, resident, *where)
            await show_card(connection, call)

    async def note(self, person: Person, call: str, text: str, address: str) -> None:
        """Keep what is worth knowing of the call's resident."""
        if "\0" in text:
            raise NoPlace
        async with scoped(self._pool, person) as connection:
            row = await need_call(connection, call)
            if row["resident_id"] is None:
                raise NoPlace
            await connection.execute(SQL["note"], row["resident_id"], text.strip())
            await _audit(connection, AuditAction.CHANGED_RESIDENT, person, row, row["resident_id"], address)

    async def _place_ticket(
        self, connection: Connection, person: Person, call: str, resident: int | None, premises: int | None, house: int
    ) -> None:
        try:
            own = await of_call(connection, call)
        except NoTicket:
            return
        # A ticket that is another call's own, too, stays where it is.
        if own["call_id"] == call:
            edit = TicketEdit(resident_id=resident, premises_id=premises, house_id=house)
            await self._tickets.edit_in(connection, person, own["id"], None, edit)


async def need_call(connection: Connection, call: str) -> asyncpg.Record:
    """The call with its caller. Raises `NoCall`, also for one of no company."""
    row = await connection.fetchrow(SQL["call"], call)
    if row is None or row["company_id"] is None:
        raise NoCall
    return row


async def _audit(
    connection: Connection, action: AuditAction, person: Person, call: asyncpg.Record, resident: int, address: str
) -> None:
    await audit(
        connection, action, person=person, company=call["company_id"], subject=AuditSubject.RESIDENT, subject_id=resident,
        address=address, details={"call": call["id"]},
    )  # fmt: skip
