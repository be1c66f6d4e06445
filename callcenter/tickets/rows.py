"""A ticket's rows: read, locked, written, and its history. Everything here works inside the caller's transaction."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg

from callcenter.common.scope import Connection
from callcenter.domain.access import Role
from callcenter.domain.call import CallState, Outcome
from callcenter.domain.deadlines import Limit, LimitStep, due
from callcenter.domain.person import Person
from callcenter.domain.ticket import CrewAnswer, PaymentState, TicketClass, TicketEventKind, TicketSource, TicketState
from callcenter.storage import queries
from callcenter.tickets.ticket import Conflict, Deadline, NoTicket, Ticket, TicketCall, TicketEvent

SQL = queries("tickets")
Pairs = dict[str, tuple[object, object]]
Labels = dict[tuple[str, object], tuple[str, str]]
DECIDES_LIMITS = frozenset({"category_id", "parent_id", "resident_id", "contact_name", "contact_phone"})
POINTERS = ("category_id", "house_id", "premises_id", "resident_id", "responsible_id", "crew_id", "parent_id")


async def read(connection: Connection, person: Person | None, ticket_id: int) -> Ticket | None:
    """The ticket, if this person may see it; None for `person` sees all."""
    row = await connection.fetchrow(SQL["ticket"], ticket_id, *_seen_by(person))
    if row is None:
        return None
    deadlines = tuple(
        Deadline(LimitStep(line["step"]), line["due_at"], line["warn_at"], line["met_at"], line["held_at"])
        for line in await connection.fetch(SQL["deadlines"], ticket_id)
    )
    kind = row["category_class"]
    enumerated = {
        "state": TicketState(row["state"]),
        "payment": PaymentState(row["payment"]),
        "source": TicketSource(row["source"]),
        "crew_said": None if row["crew_said"] is None else CrewAnswer(row["crew_said"]),
        "category_class": None if kind is None else TicketClass(kind),
    }
    return Ticket(**{**row, **enumerated}, deadlines=deadlines)


async def lock(connection: Connection, person: Person | None, ticket_id: int, by_crew: int | None = None) -> Ticket:
    """The ticket, locked until the transaction ends. Raises `NoTicket`."""
    if await connection.fetchval(SQL["lock"], ticket_id, *_seen_by(person)) is None:
        raise NoTicket
    ticket = await read(connection, person, ticket_id)
    if ticket is None or (by_crew is not None and ticket.crew_id != by_crew):
        raise NoTicket
    return ticket


async def require_newest(connection: Connection, ticket: Ticket, version: int | None) -> None:
    """Raise `Conflict` unless the version, if one is given, is the newest."""
    if version is None or version == ticket.version:
        return
    changed: Pairs = {}
    for row in await connection.fetch(SQL["since"], ticket.id, version):
        moved = {"state": (row["from_state"], row["to_state"])} if row["to_state"] else {}
        for name, (old, new) in {**row["changes"], **moved}.items():
            changed[name] = (changed[name][0] if name in changed else old, new)
    raise Conflict(ticket, changed)


async def write(connection: Connection, ticket: Ticket, changes: Mapping[str, Any]) -> None:
    """Set the columns to their new values and increment the version; what changes the limits sets the deadlines."""
    columns = "".join(f"{name} = ${place}, " for place, name in enumerate(changes, 2))
    await connection.execute(
        f"update tickets set {columns}version = version + 1 where id = $1",
        ticket.id,
        *changes.values(),
    )
    if DECIDES_LIMITS & changes.keys():
        await set_deadlines(connection, replace(ticket, **changes), keep_met="category_id" not in changes)


async def set_deadlines(connection: Connection, ticket: Ticket, *, keep_met: bool = False) -> None:
    """Set the deadlines by the limits of the category, or without one of the company; those already met stay met.

    Below an incident the work's limits are the incident's. `keep_met`: also those that apply no more, if they are met.
    """
    limits = [
        Limit(LimitStep(row["step"]), row["minutes"], row["warn_before"], row["opens"], row["closes"])
        for row in await connection.fetch(SQL["limits"], ticket.category_id, ticket.company_id)
        if (ticket.has_somebody_to_tell if row["step"] == LimitStep.TELL else ticket.parent_id is None)
    ]
    await connection.execute(SQL["due_no_more"], ticket.id, [limit.step for limit in limits], keep_met)
    begin = ticket.limits_from or ticket.opened_at
    for limit in limits:
        moments = due(begin, limit, ZoneInfo(ticket.zone))
        later = ticket.waited if limit.step is not LimitStep.TELL else timedelta()
        await connection.execute(SQL["due"], ticket.id, limit.step, moments.due_at + later, moments.warn_at + later)


async def note(
    connection: Connection,
    ticket: Ticket,
    kind: TicketEventKind,
    *,
    person: Person | None,
    crew: int | None = None,
    comment: str = "",
    states: tuple[TicketState | None, TicketState | None] = (None, None),
    changes: Pairs | None = None,
    version: int | None = None,
) -> None:
    """Add an event to the history. `states`: before and after a step; `version`: the one that this created, if any."""
    who = None if person is None else person.id
    said = None if crew is None else _answer(kind, states[1])
    await connection.execute(
        SQL["event"], ticket.id, who, crew, kind, *states, comment, dict(changes or {}), version, said
    )  # fmt: skip


def _answer(kind: TicketEventKind, state: TicketState | None) -> CrewAnswer | None:
    """What the desk is told when a crew does this; None: nothing."""
    by_kind = {TicketEventKind.WAITING: CrewAnswer.ABSENT, TicketEventKind.COMMENT: CrewAnswer.COMMENT}
    by_state = {TicketState.DONE: CrewAnswer.DONE, TicketState.NEW: CrewAnswer.REFUSED}
    return by_kind.get(kind) or (None if state is None else by_state.get(state))


async def events(connection: Connection, ticket_id: int) -> list[TicketEvent]:
    """What happened to the ticket, oldest first."""
    rows = await connection.fetch(SQL["events"], ticket_id)
    labels = await labels_of(connection, [row["changes"] for row in rows])
    return [_event(row, labels) for row in rows]


async def labels_of(connection: Connection, changes: Iterable[Mapping[str, Iterable[object]]]) -> Labels:
    """The names of the rows that changes refer to, by field and id: in Russian and in English."""
    wanted: dict[str, set[object]] = {name: set() for name in POINTERS}
    for change in changes:
        for name in change.keys() & wanted.keys():
            wanted[name].update(value for value in change[name] if value is not None)
    rows = (
        await connection.fetch(SQL["labels"], *([*wanted[name]] for name in POINTERS)) if any(wanted.values()) else []
    )
    return {(row["field"], row["id"]): (row["ru"], row["en"]) for row in rows}


def call_of(row: asyncpg.Record) -> TicketCall:
    """A call about a ticket."""
    outcome = None if row["outcome"] is None else Outcome(row["outcome"])
    known = {"state": CallState(row["state"]), "outcome": outcome, "recordings": tuple(row["recordings"])}
    return TicketCall(**{**row, **known})


def pairs(ticket: Ticket, changes: Mapping[str, Any]) -> Pairs:
    """The value before and after, by field, of the fields that really change."""
    both = {name: (getattr(ticket, name), value) for name, value in changes.items()}
    return {name: pair for name, pair in both.items() if pair[0] != pair[1]}


def _seen_by(person: Person | None) -> tuple[int | None, int | None]:
    if person is None:
        return None, None
    return person.company_id, person.id if person.role is Role.CREW else None


def _event(row: asyncpg.Record, labels: Labels) -> TicketEvent:
    states = {name: None if row[name] is None else TicketState(row[name]) for name in ("from_state", "to_state")}
    changes = {name: (old, new) for name, (old, new) in row["changes"].items()}
    kind = TicketEventKind(row["kind"])
    return TicketEvent(**{**row, **states, "kind": kind, "changes": changes}, labels=labels)
