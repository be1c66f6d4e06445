"""Tickets: search, read, open, change, take steps, comment. Every change takes the same path as a person's."""

from pydantic import BaseModel

from callcenter.api.endpoint import ApiRequest, endpoints
from callcenter.api.ticket_models import (
    Assign,
    EventModel,
    NewComment,
    NewStep,
    NewTicket,
    PageOfTickets,
    TicketChange,
    TicketLine,
    TicketModel,
)
from callcenter.api.types import All, LongId, PageModel, page_of
from callcenter.common.scope import Connection, scoped
from callcenter.domain.access import Permission, Scope
from callcenter.storage import queries
from callcenter.tickets.incidents import for_all
from callcenter.tickets.service import TICKETS, Tickets
from callcenter.tickets.ticket import NoTicket
from callcenter.tickets.ticket import Ticket as Held

SQL = queries("api")
READ = (Scope.TICKETS_READ, Permission.SEE_TICKETS)
WRITE = (Scope.TICKETS_WRITE, Permission.EDIT_TICKETS)
COMMENT = (Scope.TICKETS_WRITE, Permission.COMMENT_TICKETS)


@endpoints.get("/tickets", *READ)
async def tickets(call: ApiRequest, query: PageOfTickets) -> PageModel[TicketLine]:
    """Tickets, the newest first."""
    company = call.person.company_id
    asked = {
        "company": query.company_id if company is None else company,
        "states": query.state and [query.state],
        "due": query.due,
        "categories": query.category_id and [query.category_id],
        "houses": query.house_id and [query.house_id],
        "crew": query.crew_id,
        "payments": query.payment and [query.payment],
        "since": query.since,
        "until": query.until,
        "number": query.number,
        "tail": query.phone and query.phone[::-1],
    }
    if company is not None and query.company_id not in (None, company):
        return page_of(TicketLine, [], query.limit)
    async with scoped(call.pool, call.person) as connection:
        opened_at = await connection.fetchval(SQL["opened_at"], company, query.cursor)
        if query.cursor is not None and opened_at is None:
            return page_of(TicketLine, [], query.limit)
        rows = await connection.fetch(SQL["page_of_tickets"], company, asked, query.limit + 1, opened_at, query.cursor)
    return page_of(TicketLine, rows, query.limit)


@endpoints.get("/tickets/{ticket_id}", *READ, problems=(404,))
async def ticket(call: ApiRequest, ticket_id: LongId) -> TicketModel:
    """One ticket."""
    held = await call.app[TICKETS].view(call.person, ticket_id, call.address)
    if held is None:
        raise NoTicket
    return TicketModel.model_validate(held)


@endpoints.get("/tickets/{ticket_id}/history", *READ, problems=(404,))
async def history(call: ApiRequest, ticket_id: LongId) -> All[EventModel]:
    """Everything that happened to a ticket, comments too, from the beginning."""
    if await call.app[TICKETS].get(call.person, ticket_id) is None:
        raise NoTicket
    events = await call.app[TICKETS].history(call.person, ticket_id)
    return All(items=[EventModel.model_validate(event) for event in events])


@endpoints.post("/tickets", *WRITE, status=201, once=True, problems=(409,))
async def create_ticket(call: ApiRequest, body: NewTicket) -> TicketModel:
    """Open a ticket. It gets the company's next number."""
    made = await _tickets(call, 201).create(
        call.person, body.company_id, body.edit(), caller=body.caller, source=body.source
    )
    return TicketModel.model_validate(made)


@endpoints.patch("/tickets/{ticket_id}", *WRITE, problems=(404, 409))
async def change_ticket(call: ApiRequest, ticket_id: LongId, body: TicketChange) -> TicketModel:
    """Change fields of a ticket. When somebody else has changed it since, the answer is 409 with those changes."""
    held = await call.app[TICKETS].edit(call.person, ticket_id, body.version, body.edit())
    return TicketModel.model_validate(held)


@endpoints.post("/tickets/{ticket_id}/steps", *WRITE, once=True, problems=(404, 409))
async def take_step(call: ApiRequest, ticket_id: LongId, body: NewStep) -> TicketModel:
    """Assign, accept, start, finish, close, cancel or reopen a ticket."""
    asked = body.root
    crew, responsible = (asked.crew_id, asked.responsible_id) if isinstance(asked, Assign) else (None, None)
    tickets = _tickets(call, 200)
    if asked.below:
        tickets = tickets.also(for_all(call.person, asked.comment))
    held = await tickets.step(
        call.person,
        ticket_id,
        asked.version,
        asked.step,
        crew_id=crew,
        responsible_id=responsible,
        comment=asked.comment,
    )
    return TicketModel.model_validate(held)


@endpoints.post("/tickets/{ticket_id}/comments", *COMMENT, status=204, once=True, problems=(404, 409))
async def add_comment(call: ApiRequest, ticket_id: LongId, body: NewComment) -> None:
    """Add a comment; it is read in the history."""
    await _tickets(call, 204).comment(call.person, ticket_id, body.text)


def _tickets(call: ApiRequest, status: int) -> Tickets:
    """Tickets whose change stores the answer under the request's key, if it has one."""
    once = call.once
    if once is None:
        return call.app[TICKETS]

    async def keep(connection: Connection, held: Held, _what: str) -> None:
        answer: BaseModel | None = None if status == 204 else TicketModel.model_validate(held)
        await once.keep(connection, status, answer)

    return call.app[TICKETS].also(keep)
