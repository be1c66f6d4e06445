"""Tickets opened by hand: somebody came, or wrote, or called past the queue."""

from collections.abc import Mapping

from aiohttp import web

from callcenter.domain.access import Permission
from callcenter.domain.phone import e164
from callcenter.domain.ticket import TicketSource
from callcenter.tickets.choices import TICKET_CHOICES, CompanyChoice
from callcenter.tickets.form import TYPED_AS, FormReader, TicketForm
from callcenter.tickets.service import TICKETS
from callcenter.tickets.texts import ticket_texts
from callcenter.tickets.ticket import BadEdit
from callcenter.web.auth import needs
from callcenter.web.forms import chosen_id, form_texts
from callcenter.web.keys import PERSON
from callcenter.web.language import language_of
from callcenter.web.render import render

routes = web.RouteTableDef()
FIELDS = "category_id subject description contact_name contact_phone house_id flat resident_id common_property parent"
BLANK = dict.fromkeys(FIELDS.split(), "")
BY_HAND = (TicketSource.VISIT, TicketSource.LETTER, TicketSource.MESSAGE, TicketSource.CALL, TicketSource.OTHER)


@routes.get("/tickets/new", allow_head=False)
@needs(Permission.EDIT_TICKETS)
async def show(request: web.Request) -> web.Response:
    """Show the form, for the house, the flat or the resident in the query; or first the companies to choose from."""
    choices, person = request.app[TICKET_CHOICES], request[PERSON]
    companies = await choices.companies(person)
    about = {name: chosen_id(request.query.get(name, "")) for name in ("house", "flat", "resident")}
    place = await choices.place(person, **about) if any(about.values()) else None
    wanted = chosen_id(request.query.get("company", "")) if place is None else place.company_id
    company = next((one for one in companies if one.id == wanted), companies[0] if len(companies) == 1 else None)
    known = {} if place is None else place.typed
    return await _page(request, companies, company, TicketForm({**BLANK, "source": TicketSource.VISIT, **known}))


@routes.post("/tickets/new")
@needs(Permission.EDIT_TICKETS)
async def create(request: web.Request) -> web.Response:
    """Open the ticket and redirect to its page, or show what is wrong."""
    app, person = request.app, request[PERSON]
    sent = await form_texts(request)
    companies = await app[TICKET_CHOICES].companies(person)
    company = next((one for one in companies if one.id == chosen_id(sent.get("company", ""))), None)
    typed = {name: sent.get(name, "") for name in BLANK}
    source = _source(sent)
    shown = {**typed, "source": source}
    if company is None:
        return await _page(request, companies, None, TicketForm(shown, {"company": "company"}), 422)
    resident = await app[TICKET_CHOICES].place(person, resident=chosen_id(typed["resident_id"]) or 0)
    if resident is None or any(resident.typed[name] != typed[name] for name in ("house_id", "flat")):
        # The address was changed: it is somebody else's.
        typed["resident_id"] = ""
    edit, problems = await FormReader(app[TICKET_CHOICES], person, company.id, company.zone).read(typed, BLANK)
    if not problems:
        try:
            ticket = await app[TICKETS].create(person, company.id, edit, caller=e164(edit.contact_phone), source=source)
        except BadEdit as bad:
            problems = {TYPED_AS.get(name, name): problem for name, problem in bad.fields.items()}
        else:
            raise web.HTTPSeeOther(f"/tickets/{ticket.id}")
    return await _page(request, companies, company, TicketForm(shown, problems), 422)


def _source(sent: Mapping[str, str]) -> TicketSource:
    """Raises a refusal for one that the form does not offer."""
    source = sent.get("source", TicketSource.VISIT)
    if source not in BY_HAND:
        raise web.HTTPBadRequest
    return TicketSource(source)


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
        sources=[(source, names.sources[source]) for source in BY_HAND],
        banner="problems" if form.problems else "",
    )
