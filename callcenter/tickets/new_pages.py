"""Tickets opened by hand, and the two fields that an operator fills in while talking."""

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from callcenter.domain.access import Permission
from callcenter.domain.phone import e164
from callcenter.tickets.choices import TICKET_CHOICES, CompanyChoice
from callcenter.tickets.form import TYPED_AS, FormReader, TicketForm, problems_of
from callcenter.tickets.pages import PAGE, need_ticket
from callcenter.tickets.service import TICKETS
from callcenter.tickets.texts import read_out, ticket_texts
from callcenter.tickets.ticket import BadEdit, Conflict, Ticket, TicketEdit
from callcenter.web.auth import needs
from callcenter.web.body import json_of
from callcenter.web.forms import chosen_id, form_texts
from callcenter.web.keys import PERSON
from callcenter.web.language import language_of
from callcenter.web.render import render

routes = web.RouteTableDef()
FIELDS = "category_id subject description contact_name contact_phone house_id flat common_property parent"
BLANK = dict.fromkeys(FIELDS.split(), "")


@routes.get("/tickets/new", allow_head=False)
@needs(Permission.EDIT_TICKETS)
async def show(request: web.Request) -> web.Response:
    """Show the empty form, or first the companies to choose from."""
    companies = await request.app[TICKET_CHOICES].companies(request[PERSON])
    wanted = chosen_id(request.query.get("company", ""))
    company = next((one for one in companies if one.id == wanted), companies[0] if len(companies) == 1 else None)
    return await _page(request, companies, company, TicketForm(dict(BLANK)))


@routes.post("/tickets/new")
@needs(Permission.EDIT_TICKETS)
async def create(request: web.Request) -> web.Response:
    """Open the ticket and redirect to its page, or show what is wrong."""
    app, person = request.app, request[PERSON]
    sent = await form_texts(request)
    companies = await app[TICKET_CHOICES].companies(person)
    company = next((one for one in companies if one.id == chosen_id(sent.get("company", ""))), None)
    typed = {name: sent.get(name, "") for name in BLANK}
    if company is None:
        return await _page(request, companies, None, TicketForm(typed, {"company": "company"}), 422)
    edit, problems = await FormReader(app[TICKET_CHOICES], person, company.id, company.zone).read(typed, BLANK)
    if not problems:
        try:
            ticket = await app[TICKETS].create(person, company.id, edit, caller=e164(edit.contact_phone))
        except BadEdit as bad:
            problems = {TYPED_AS.get(name, name): problem for name, problem in bad.fields.items()}
        else:
            raise web.HTTPSeeOther(f"/tickets/{ticket.id}")
    return await _page(request, companies, company, TicketForm(typed, problems), 422)


async def _page(
    request: web.Request,
    companies: list[CompanyChoice],
    company: CompanyChoice | None,
    form: TicketForm,
    status: int = 200,
) -> web.Response:
    choices = None if company is None else await request.app[TICKET_CHOICES].of(request[PERSON], company.id)
    names = ticket_texts(language_of(request))
    return render(
        request,
        "tickets/ticket_new.html",
        status,
        companies=companies,
        company=company,
        choices=choices,
        form=form,
        names=names,
        banner="problems" if form.problems else "",
    )


class Filing(BaseModel):
    """The two fields, and the version of the ticket for which they were filled in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = Field(ge=1, le=2**31 - 1)
    category_id: int | None = None
    subject: str


@routes.get(PAGE + "/filing", allow_head=False)
@needs(Permission.EDIT_TICKETS)
async def filing(request: web.Request) -> web.Response:
    """The two fields' initial values, and the sentence to read out (docs/protocol.md)."""
    ticket = await need_ticket(request)
    body = _filed(request, ticket)
    categories = await request.app[TICKET_CHOICES].categories(request[PERSON], ticket.company_id, ticket.category_id)
    language = language_of(request)
    body["categories"] = [{"id": one.id, "name": one.name(language)} for one in categories]
    return web.json_response(body)


@routes.post(PAGE + "/filing")
@needs(Permission.EDIT_TICKETS)
async def file(request: web.Request) -> web.Response:
    """Save the two fields. 409 with the newest values on a conflict, 422 with what is wrong by field."""
    app, person = request.app, request[PERSON]
    ticket = await need_ticket(request)
    try:
        wanted = Filing.model_validate(await json_of(request))
    except ValidationError:
        raise web.HTTPBadRequest from None
    try:
        # The card may be older than the ticket; the two fields are compared with what it has now.
        edit = TicketEdit(category_id=wanted.category_id, subject=wanted.subject)
        saved = await app[TICKETS].edit(person, ticket.id, wanted.version, edit)
    except ValidationError as error:
        return _problems(request, problems_of(error))
    except BadEdit as bad:
        return _problems(request, bad.fields)
    except Conflict as conflict:
        return web.json_response(_filed(request, conflict.current), status=409)
    return web.json_response(_filed(request, saved))


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
