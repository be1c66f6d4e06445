"""A ticket's page: everything about it, and every change that a person can make."""

from collections.abc import Mapping
from datetime import UTC, datetime

from aiohttp import web
from babel.numbers import format_decimal

from callcenter.common.scope import Connection, snapshot
from callcenter.domain.access import Permission
from callcenter.domain.ticket import (
    CREW_STEPS,
    NEEDS_COMMENT,
    Step,
    StepRefused,
    TicketEventKind,
    is_open,
    steps_from,
)
from callcenter.tickets.choices import TICKET_CHOICES, choices_of
from callcenter.tickets.form import TYPED_AS, FormReader, TicketForm, typed_of, typed_value
from callcenter.tickets.incidents import for_all
from callcenter.tickets.reading import read_page
from callcenter.tickets.sections import TICKET_SECTIONS, TicketSection
from callcenter.tickets.service import TICKETS, Tickets
from callcenter.tickets.texts import read_out, span, ticket_texts, when
from callcenter.tickets.ticket import BadEdit, Conflict, Deadline, NoTicket, Ticket, TicketEdit
from callcenter.tickets.timeline import timeline, value_text
from callcenter.tickets.waiting import Waiting
from callcenter.web.auth import needs
from callcenter.web.forms import chosen_id, form_texts
from callcenter.web.keys import PERSON, POOL
from callcenter.web.language import language_of
from callcenter.web.render import render

routes = web.RouteTableDef()
LARGEST_VERSION = 2**31 - 1
PAGE = r"/tickets/{id:\d{1,18}}"


def ticket_id_of(request: web.Request) -> int:
    """The ticket's id in the address."""
    return int(request.match_info["id"])


def version_of(typed: dict[str, str]) -> int:
    """The version on which the form is based. Raises a refusal when it is missing."""
    version = chosen_id(typed.get("version", "")) or 0
    if not 0 < version <= LARGEST_VERSION:
        raise web.HTTPBadRequest
    return version


def tickets_for(request: web.Request, typed: dict[str, str]) -> Tickets:
    """The tickets, where a change of an incident is one of every ticket below it if the form says so."""
    tickets, person = request.app[TICKETS], request[PERSON]
    if typed.get("all") and person.may(Permission.EDIT_TICKETS):
        return tickets.also(for_all(person, typed.get("comment", "")))
    return tickets


async def need_ticket(request: web.Request) -> Ticket:
    """The ticket in the address. Raises a refusal when this person may see no such ticket."""
    ticket = await request.app[TICKETS].get(request[PERSON], ticket_id_of(request))
    if ticket is None:
        raise NoTicket
    return ticket


@routes.get(PAGE, allow_head=False)
@needs(Permission.SEE_TICKETS)
async def show(request: web.Request) -> web.Response:
    if await request.app[TICKETS].view(request[PERSON], ticket_id_of(request), request.remote or "") is None:
        raise NoTicket
    return await page(request, ticket_id_of(request))


@routes.post(PAGE)
@needs(Permission.EDIT_TICKETS)
async def edit(request: web.Request) -> web.Response:
    """Change the ticket; or show what prevents it, and keep what was typed."""
    app, person, ticket = request.app, request[PERSON], await need_ticket(request)
    sent = await form_texts(request)
    version = version_of(sent)
    known = typed_of(ticket)
    typed = {name: sent.get(name, "" if name == "common_property" else known[name]) for name in known}
    reader = FormReader(app[TICKET_CHOICES], person, ticket.company_id, ticket.zone)
    change, problems = await reader.read(typed, known)
    tickets = tickets_for(request, sent) if "planned_until" in change.given() else app[TICKETS]
    try:
        # An empty edit checks that the version is the newest before any mistakes are shown.
        await tickets.edit(person, ticket.id, version, TicketEdit() if problems else change)
    except Conflict as conflict:
        form = await merged(request, conflict, typed)
        return await page(request, ticket.id, 409, form=form, banner="conflict")
    except BadEdit as bad:
        problems = {TYPED_AS.get(name, name): problem for name, problem in bad.fields.items()}
    if problems:
        return await page(request, ticket.id, 422, form=TicketForm(typed, problems, version=version), banner="problems")
    raise web.HTTPSeeOther(f"/tickets/{ticket.id}")


async def merged(request: web.Request, conflict: Conflict, typed: dict[str, str]) -> TicketForm:
    """The form after a conflict: the other person's values where nothing was typed, both where something was."""
    newest, person, language = typed_of(conflict.current), request[PERSON], language_of(request)
    labels = await request.app[TICKETS].labels(person, conflict.changed)
    form = TicketForm(dict(typed), version=conflict.current.version)
    for name, (old, new) in conflict.changed.items():
        field = TYPED_AS.get(name, name)
        if field not in newest:
            continue
        was = typed_value(name, old, conflict.current.zone, labels.get((name, old), ("", ""))[0])
        if typed[field] == was:
            form.typed[field] = newest[field]
        elif typed[field] != newest[field]:
            form.theirs[field] = value_text(name, new, conflict.current.zone, language, labels)
    return form


@routes.post(PAGE + "/step")
@needs(Permission.EDIT_TICKETS)
async def step(request: web.Request) -> web.Response:
    """Take a step, or show why it cannot be taken."""
    person, ticket = request[PERSON], await need_ticket(request)
    typed = await form_texts(request)
    version = version_of(typed)
    if typed.get("step") not in list(Step):
        raise web.HTTPBadRequest
    text = typed.get("comment", "")
    try:
        await tickets_for(request, typed).step(
            person,
            ticket.id,
            version,
            Step(typed["step"]),
            crew_id=chosen_id(typed.get("crew_id", "")),
            responsible_id=chosen_id(typed.get("responsible_id", "")),
            comment=text,
        )
    except Conflict:
        return await page(request, ticket.id, 409, banner="moved", step_typed=typed)
    except StepRefused as refused:
        if refused.code == "state":
            return await page(request, ticket.id, 409, banner="moved", step_typed=typed)
        name = {"words": "comment", "crew": "crew_id"}[refused.code]
        return await page(request, ticket.id, 422, step_typed=typed, step_problems={name: refused.code})
    except BadEdit as bad:
        return await page(request, ticket.id, 422, step_typed=typed, step_problems=bad.fields)
    raise web.HTTPSeeOther(f"/tickets/{ticket.id}")


@routes.post(PAGE + "/comment")
@needs(Permission.COMMENT_TICKETS)
async def comment(request: web.Request) -> web.Response:
    ticket = await need_ticket(request)
    typed = await form_texts(request)
    try:
        await tickets_for(request, typed).comment(request[PERSON], ticket.id, typed.get("comment", ""))
    except BadEdit as bad:
        return await page(
            request, ticket.id, 422, comment=typed.get("comment", ""), comment_problem=bad.fields["comment"]
        )
    raise web.HTTPSeeOther(f"/tickets/{ticket.id}#timeline")


@routes.post(PAGE + "/mark")
@needs(Permission.EDIT_TICKETS)
async def mark(request: web.Request) -> web.Response:
    """Note that the resident was notified, the damage contained, or what the crew said seen."""
    typed = await form_texts(request)
    tickets, ticket_id = request.app[TICKETS], ticket_id_of(request)
    match typed.get("what"):
        case TicketEventKind.TOLD:
            await tickets.mark(request[PERSON], ticket_id, TicketEventKind.TOLD)
        case TicketEventKind.LOCALISED:
            await tickets.mark(request[PERSON], ticket_id, TicketEventKind.LOCALISED)
        case "heard":
            await Waiting(request.app[POOL], tickets).heard(request[PERSON], ticket_id)
        case _:
            raise web.HTTPBadRequest
    raise web.HTTPSeeOther(f"/tickets/{ticket_id}")


@routes.post(PAGE + "/wait")
@needs(Permission.EDIT_TICKETS)
async def wait(request: web.Request) -> web.Response:
    """It waits for the resident, or waits no more."""
    person, ticket_id, typed = request[PERSON], ticket_id_of(request), await form_texts(request)
    waiting = Waiting(request.app[POOL], request.app[TICKETS])
    try:
        if typed.get("over"):
            await waiting.resume(person, ticket_id)
        else:
            await waiting.wait(person, ticket_id, typed.get("comment", ""))
    except StepRefused as refused:
        if refused.code == "state":
            return await page(request, ticket_id, 409, banner="moved")
        return await page(
            request, ticket_id, 422, step_typed={"step": "wait", **typed}, step_problems={"comment": refused.code}
        )
    except BadEdit as bad:
        return await page(request, ticket_id, 422, step_typed={"step": "wait", **typed}, step_problems=bad.fields)
    raise web.HTTPSeeOther(f"/tickets/{ticket_id}")


async def page(
    request: web.Request,
    ticket_id: int,
    status: int = 200,
    *,
    form: TicketForm | None = None,
    banner: str = "",
    step_typed: dict[str, str] | None = None,
    step_problems: dict[str, str] | None = None,
    comment: str = "",
    comment_problem: str = "",
    file_problem: str = "",
    answers: Mapping[str, object] | None = None,
) -> web.Response:
    """The whole page, read at one moment, with what was typed and what was wrong with it. Raises `NoTicket`.

    `answers`: the result of a section's form, by the section's name.
    """
    app, person, language = request.app, request[PERSON], language_of(request)
    edits = person.may(Permission.EDIT_TICKETS)
    choices = None
    async with snapshot(app[POOL], person) as connection:
        shown = await read_page(connection, person, ticket_id, chosen_id(request.query.get("below", "")) or 0)
        ticket = shown.ticket
        if edits:
            choices = await choices_of(
                connection, ticket.company_id, category=ticket.category_id, premises=ticket.premises_id
            )
        added = await sections(request, connection, ticket, answers or {})
    now = datetime.now(UTC)
    return render(
        request,
        "tickets/ticket.html",
        status,
        ticket=ticket,
        is_open=is_open(ticket.state),
        names=ticket_texts(language),
        edits=edits,
        comments=person.may(Permission.COMMENT_TICKETS),
        listens=person.may(Permission.LISTEN),
        form=form or TicketForm(typed_of(ticket)),
        banner=banner,
        steps=steps_for(ticket),
        needs_comment=NEEDS_COMMENT,
        step_typed=step_typed or {},
        step_problems=step_problems or {},
        comment=comment,
        comment_problem=comment_problem,
        file_problem=file_problem,
        choices=choices,
        deadlines=deadline_texts(ticket, now, language),
        price="" if ticket.price is None else format_decimal(ticket.price, "#,##0.00", language),
        read_out=read_out(ticket),
        timeline=timeline(shown, language),
        files=shown.files,
        below=shown.below,
        query=request.query,
        sections=added,
        now=now,
    )


async def sections(
    request: web.Request, connection: Connection, ticket: Ticket, answers: Mapping[str, object]
) -> list[tuple[TicketSection, object]]:
    """The sections of other subjects that this person may see, each with its content."""
    shown = []
    for section in request.app[TICKET_SECTIONS]:
        content = await section.content(request, connection, ticket, answers.get(section.name))
        if content is not None:
            shown.append((section, content))
    return shown


def deadline_texts(ticket: Ticket, now: datetime, language: str) -> list[tuple[Deadline, bool, str, str]]:
    """Each deadline, whether it was or is missed, when it ends, and by how much it is early or late.

    For a ticket that is over, the time of its end is used as the current time.
    """
    now = ticket.closed_at or now
    return [
        (
            line,
            line.late(now),
            when(line.due_at, ticket.zone, language),
            span(abs((line.met_at or now) - line.due_at), language),
        )
        for line in ticket.deadlines
    ]


def steps_for(ticket: Ticket) -> list[Step]:
    """The steps that the desk may take now; those that a crew normally takes itself come last."""
    return sorted(steps_from(ticket.state), key=lambda step: step in CREW_STEPS)
