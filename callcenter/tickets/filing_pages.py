"""The two fields that an operator fills in while talking, what is typed into them, and that the resident was told.

docs/protocol.md describes the requests.
"""

from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from callcenter.domain.access import Permission
from callcenter.domain.ticket import TicketEventKind
from callcenter.tickets.choices import TICKET_CHOICES
from callcenter.tickets.drafts import FILING_DRAFTS
from callcenter.tickets.form import problems_of
from callcenter.tickets.pages import PAGE, need_ticket, ticket_id_of
from callcenter.tickets.service import TICKETS
from callcenter.tickets.texts import read_out, ticket_texts
from callcenter.tickets.ticket import BadEdit, Conflict, Ticket, TicketEdit
from callcenter.web.auth import needs
from callcenter.web.body import json_of
from callcenter.web.keys import PERSON
from callcenter.web.language import language_of

routes = web.RouteTableDef()


class Typed(BaseModel):
    """The two fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    category_id: int | None = None
    subject: str

    def edit(self) -> TicketEdit:
        """As a change of the ticket. Raises `ValidationError`."""
        return TicketEdit(category_id=self.category_id, subject=self.subject)


class Filing(Typed):
    """The two fields, and the version of the ticket for which they were filled in."""

    version: int = Field(ge=1, le=2**31 - 1)


S = TypeVar("S", bound=BaseModel)


async def sent(request: web.Request, shape: type[S]) -> S:
    """What was sent, as this shape. Raises a refusal when it is not of it."""
    try:
        return shape.model_validate(await json_of(request))
    except ValidationError:
        raise web.HTTPBadRequest from None


@routes.get(PAGE + "/filing", allow_head=False)
@needs(Permission.EDIT_TICKETS)
async def filing(request: web.Request) -> web.Response:
    """The two fields' initial values, what was typed before, and the sentence to read out."""
    person, ticket = request[PERSON], await need_ticket(request)
    draft, told = await request.app[FILING_DRAFTS].of(person, ticket.id)
    categories = await request.app[TICKET_CHOICES].categories(person, ticket.company_id, ticket.category_id)
    language = language_of(request)
    return web.json_response(
        {
            **_filed(request, ticket),
            "told": told,
            "draft": draft,
            "categories": [{"id": one.id, "name": one.name(language)} for one in categories],
        }
    )


@routes.post(PAGE + "/filing")
@needs(Permission.EDIT_TICKETS)
async def file(request: web.Request) -> web.Response:
    """Save the two fields. 409 with the newest values on a conflict, 422 with what is wrong by field."""
    app, person = request.app, request[PERSON]
    ticket, wanted = await need_ticket(request), await sent(request, Filing)
    try:
        # The card may be older than the ticket; the two fields are compared with what it has now.
        saved = await app[TICKETS].edit(person, ticket.id, wanted.version, wanted.edit())
    except ValidationError as error:
        return _problems(request, problems_of(error))
    except BadEdit as bad:
        return _problems(request, bad.fields)
    except Conflict as conflict:
        return web.json_response(_filed(request, conflict.current), status=409)
    await app[FILING_DRAFTS].forget(person, ticket.id)
    return web.json_response(_filed(request, saved))


@routes.post(PAGE + "/draft")
@needs(Permission.EDIT_TICKETS)
async def keep(request: web.Request) -> web.Response:
    """Keep what is typed for this person, without a change of the ticket. 422 with what is wrong by field."""
    ticket, typed = await need_ticket(request), await sent(request, Typed)
    try:
        edit = typed.edit()
    except ValidationError as error:
        return _problems(request, problems_of(error))
    await request.app[FILING_DRAFTS].keep(request[PERSON], ticket, edit.category_id, edit.subject)
    return web.Response(status=204)


@routes.post(PAGE + "/told")
@needs(Permission.EDIT_TICKETS)
async def told(request: web.Request) -> web.Response:
    """Note that the sentence was read out; only the first time counts."""
    await request.app[TICKETS].mark(request[PERSON], ticket_id_of(request), TicketEventKind.TOLD)
    return web.Response(status=204)


def _filed(request: web.Request, ticket: Ticket) -> dict[str, object]:
    return {
        "version": ticket.version,
        "category_id": ticket.category_id,
        "subject": ticket.subject,
        "read_out": read_out(ticket),
        "language": ticket.language,
    }


def _problems(request: web.Request, problems: dict[str, str]) -> web.Response:
    words = ticket_texts(language_of(request)).problems
    return web.json_response({"problems": {name: words[code] for name, code in problems.items()}}, status=422)
