"""Checks a change of a ticket against the directory: what it refers to exists and belongs together."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from callcenter.common.scope import Connection
from callcenter.storage import queries
from callcenter.tickets.ticket import BadEdit, Ticket, TicketEdit

SQL = queries("tickets")
Values = dict[str, Any]


async def changes_of(connection: Connection, ticket: Ticket, edit: TicketEdit) -> Values:
    """The new value of each field that really changes. Raises `BadEdit`.

    A flat sets its house too, and a resident their flat; what does not belong to a new address is cleared.
    """
    given = edit.given()
    await _settle_address(connection, ticket, given)
    changes = {name: value for name, value in given.items() if value != getattr(ticket, name)}
    problems: dict[str, str] = {}
    for name, check in CHECKS.items():
        if changes.get(name) is not None and (problem := await check(connection, ticket, changes[name])):
            problems[name] = problem
    begin, end = _after(ticket, changes, "planned_from"), _after(ticket, changes, "planned_until")
    if begin is not None and end is not None and end < begin:
        problems["planned_until"] = "before start"
    if problems:
        raise BadEdit(problems)
    return changes


def _after(ticket: Ticket, changes: Mapping[str, Any], name: str) -> datetime | None:
    moment: datetime | None = changes.get(name, getattr(ticket, name))
    return moment


async def _settle_address(connection: Connection, ticket: Ticket, given: Values) -> None:
    company = ticket.company_id
    if resident := given.get("resident_id"):
        flat = await connection.fetchval(SQL["resident_of"], resident, company)
        if flat is None:
            raise BadEdit({"resident_id": "unknown"})
        if given.setdefault("premises_id", flat) != flat:
            raise BadEdit({"resident_id": "other flat"})
    if flat := given.get("premises_id"):
        house = await connection.fetchval(SQL["premises_of"], flat, company)
        if house is None:
            raise BadEdit({"premises_id": "unknown"})
        if given.setdefault("house_id", house) != house:
            raise BadEdit({"premises_id": "other house"})
    if "house_id" in given and given["house_id"] != ticket.house_id:
        given.setdefault("premises_id", None)
    if "premises_id" in given and given["premises_id"] != ticket.premises_id:
        given.setdefault("resident_id", None)


async def _category(connection: Connection, ticket: Ticket, category: int) -> str:
    active = await connection.fetchval(SQL["category_of"], category, ticket.company_id)
    return "unknown" if active is None else "" if active else "inactive"


async def _house(connection: Connection, ticket: Ticket, house: int) -> str:
    return "" if await connection.fetchval(SQL["house_of"], house, ticket.company_id) else "unknown"


async def _responsible(connection: Connection, ticket: Ticket, responsible: int) -> str:
    return "" if await connection.fetchrow(SQL["responsible_of"], responsible, ticket.company_id) else "unknown"


async def _parent(connection: Connection, ticket: Ticket, parent: int) -> str:
    # Two tickets linked to one another at the same moment would each find the other one free.
    await connection.execute(SQL["lock_parents"], ticket.company_id)
    possible = await connection.fetchval(SQL["parent_of"], parent, ticket.company_id, ticket.id)
    return "unknown" if possible is None else "" if possible else "linked"


CHECKS: Mapping[str, Callable[[Connection, Ticket, Any], Awaitable[str]]] = {
    "category_id": _category,
    "house_id": _house,
    "responsible_id": _responsible,
    "parent_id": _parent,
}
