"""Tickets opened by hand."""

from aiohttp import web

from callcenter.domain.access import Permission
from callcenter.domain.phone import e164
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
