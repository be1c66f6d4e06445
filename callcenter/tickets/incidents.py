"""An incident and the tickets below it, changed together inside the caller's transaction."""

from datetime import datetime

from callcenter.common.scope import Connection
from callcenter.domain.person import Person
from callcenter.domain.ticket import Step, TicketEventKind
from callcenter.storage import queries
from callcenter.tickets.service import OnChange, TicketChange
from callcenter.tickets.steps import MET_WHEN_DONE
from callcenter.tickets.ticket import Ticket

SQL = queries("incidents")


async def expect(connection: Connection, person: Person | None, incident: int, until: datetime | None) -> None:
    """Note in the incident and its open tickets until when the repair is expected to last; None: not known."""
    await connection.execute(SQL["expect"], incident, until, _id(person))
    await _notify(connection, incident)


async def comment_below(connection: Connection, person: Person | None, incident: int, text: str) -> None:
    """Add a comment to the open tickets below the incident."""
    await connection.execute(SQL["comment_below"], incident, text, _id(person))


async def finish(connection: Connection, operator: int | None, incident: int, step: Step, text: str) -> int:
    """Close or cancel the incident and its open tickets, whatever state they are in; how many there were.

    `operator`: the id of who does it; `step`: `CLOSE`, the text is the result, or `CANCEL`, the text is the reason.
    """
    if step not in (Step.CLOSE, Step.CANCEL):
        raise ValueError(step)
    finished = await connection.fetch(SQL["finish"], incident, step is Step.CANCEL, text, operator)
    ids = [row["id"] for row in finished]
    if step is Step.CLOSE:
        await connection.execute(SQL["met"], ids, MET_WHEN_DONE)
    await _notify(connection, incident)
    return len(ids)


def for_all(person: Person, text: str) -> OnChange:
    """What makes a change of an incident one of every open ticket below it too: for `Tickets.also`.

    A comment, closing or cancelling with the same `text`, a new expected end; nothing else is passed on.
    """

    async def pass_on(connection: Connection, ticket: Ticket, what: TicketChange) -> None:
        match what:
            case Step() as step if step in (Step.CLOSE, Step.CANCEL):
                await finish(connection, person.id, ticket.id, step, text.strip())
            case TicketEventKind.COMMENT:
                await comment_below(connection, person, ticket.id, text.strip())
            case TicketEventKind.EDITED:
                await expect(connection, person, ticket.id, ticket.planned_until)

    return pass_on


async def _notify(connection: Connection, incident: int) -> None:
    await connection.execute(SQL["notify"], incident)


def _id(person: Person | None) -> int | None:
    return None if person is None else person.id
