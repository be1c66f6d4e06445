"""One action on many tickets: in one transaction, where each that cannot take it is left as it is and named."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import asyncpg

from callcenter.common.scope import Connection, scoped
from callcenter.domain.person import Person
from callcenter.domain.ticket import Step, StepRefused, is_open
from callcenter.storage import queries
from callcenter.tickets.incidents import for_all
from callcenter.tickets.rows import lock
from callcenter.tickets.service import Tickets
from callcenter.tickets.ticket import BadEdit, NoTicket, Ticket, TicketEdit

SQL = queries("ticket_page")
MOST = 500


class BulkAction(StrEnum):
    """What is done with all of them."""

    ASSIGN = "assign"
    JOIN = "join"
    CLOSE = "close"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkOrder:
    """`crew_id` belongs to an assignment, the number of the `incident` to joining, the `comment` to the others.

    `below`: closing or cancelling an incident is one of the open tickets below it as well.
    """

    action: BulkAction
    crew_id: int | None = None
    incident: int | None = None
    comment: str = ""
    below: bool = True


@dataclass(frozen=True, slots=True)
class NotDone:
    """A ticket that was left as it is. `code`: why, as `StepRefused` or `BadEdit` has it, or `missing`."""

    ticket: int
    number: int
    code: str


@dataclass(frozen=True, slots=True)
class BulkResult:
    """How many tickets took the action, and which did not."""

    done: int
    left: Sequence[NotDone]


class Bulk:
    """Over an open pool."""

    def __init__(self, pool: asyncpg.Pool, tickets: Tickets) -> None:
        self._pool = pool
        self._tickets = tickets

    async def carry_out(self, person: Person, wanted: Sequence[int], order: BulkOrder) -> BulkResult:
        """Do it with each of these tickets, of which there are at most `MOST`."""
        left: list[NotDone] = []
        tickets = self._tickets
        if order.below and order.action in (BulkAction.CLOSE, BulkAction.CANCEL):
            tickets = tickets.also(for_all(person, order.comment))
        # In the order of their ids: two who do something with the same ones do not wait for each other.
        chosen = sorted(set(wanted))
        async with scoped(self._pool, person) as connection:
            for ticket_id in chosen:
                number = 0
                try:
                    # One that is refused is undone alone.
                    async with connection.transaction():
                        ticket = await lock(connection, person, ticket_id)
                        number = ticket.number
                        if order.below and ticket.parent_id in chosen and not is_open(ticket.state):
                            # Its incident was one of them, and took it along.
                            continue
                        await _take(connection, tickets, person, ticket, order)
                except StepRefused as refused:
                    left.append(NotDone(ticket_id, number, refused.code))
                except BadEdit as bad:
                    left.append(NotDone(ticket_id, number, next(iter(bad.fields.values()))))
                except NoTicket:
                    left.append(NotDone(ticket_id, number, "missing"))
        return BulkResult(len(chosen) - len(left), left)


async def _take(connection: Connection, tickets: Tickets, person: Person, ticket: Ticket, order: BulkOrder) -> None:
    match order.action:
        case BulkAction.ASSIGN:
            await tickets.step_in(connection, person, ticket, Step.ASSIGN, crew_id=order.crew_id, comment=order.comment)
        case BulkAction.JOIN:
            incident = await connection.fetchval(SQL["by_number"], ticket.company_id, order.incident)
            if incident is None:
                raise BadEdit({"parent_id": "unknown"})
            await tickets.edit_in(connection, person, ticket.id, None, TicketEdit(parent_id=incident))
        case BulkAction.CLOSE | BulkAction.CANCEL as action:
            if not order.comment.strip():
                raise StepRefused("words")
            await tickets.step_in(connection, person, ticket, Step(action), comment=order.comment)
