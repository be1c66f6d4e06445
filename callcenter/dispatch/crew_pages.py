"""A crew's mobile pages, without login and without scripts: one ticket behind a personal link, or all that the crew has."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import structlog
from aiohttp import web

from callcenter.common.attempts import TooManyAttempts
from callcenter.dispatch.channels import CrewTicket
from callcenter.dispatch.crew_links import CREW_LINKS
from callcenter.dispatch.crew_lists import CREW_LISTS, CrewList
from callcenter.dispatch.texts import crew_states
from callcenter.domain.access import Permission
from callcenter.domain.ticket import CREW_STEPS, Step, StepRefused, TicketState, steps_from
from callcenter.errors import StoreError
from callcenter.tickets.files import LARGEST, TICKET_FILES, BadFile, media_type_of
from callcenter.tickets.service import TICKETS
from callcenter.tickets.ticket import BadEdit, NoTicket
from callcenter.tickets.waiting import Waiting
from callcenter.web.auth import needs
from callcenter.web.formats import Translator
from callcenter.web.keys import POOL
from callcenter.web.render import render
from callcenter.web.shield import from_any_origin
from callcenter.web.upload import TooLong, UploadedForm, read_form

log = structlog.get_logger()
routes = web.RouteTableDef()

# A link is a secret: it must not get into referrers, caches or search engines. Its forms therefore send no origin.
HEADERS = {"Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}
TAKES_PHOTOS = frozenset({TicketState.ACCEPTED, TicketState.IN_PROGRESS, TicketState.DONE})
LONGEST_COMMENT = 10_000

Page = Callable[[web.Request, CrewTicket], Awaitable[web.Response]]
ONE = "/w/{token}"
OF_LIST = r"/crew/{token}/{ticket:\d{1,18}}"


def _at(request: web.Request) -> str:
    """The address of the ticket's page."""
    token, ticket = request.match_info["token"], request.match_info.get("ticket")
    return f"/w/{token}" if ticket is None else f"/crew/{token}/{ticket}"


async def _find(request: web.Request) -> CrewTicket | None:
    token, ticket = request.match_info["token"], request.match_info.get("ticket")
    if ticket is None:
        return await request.app[CREW_LINKS].find(token, request.remote or "")
    return await request.app[CREW_LISTS].ticket(token, int(ticket), request.remote or "")


def _behind_link(page: Page) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Show the page to the holder of the link; all others get the same answer."""

    async def show(request: web.Request) -> web.Response:
        try:
            ticket = await _find(request)
        except TooManyAttempts:
            answer = render(request, "dispatch/crew_gone.html", 429)
        else:
            answer = render(request, "dispatch/crew_gone.html", 404) if ticket is None else await page(request, ticket)
        answer.headers.update(HEADERS)
        return answer

    return show


@routes.get("/crew/{token}")
@needs(Permission.ANYONE)
async def everything(request: web.Request) -> web.Response:
    """All that the crew has to do."""
    try:
        crew = await request.app[CREW_LISTS].find(request.match_info["token"], request.remote or "")
    except TooManyAttempts:
        answer = render(request, "dispatch/crew_gone.html", 429)
    else:
        answer = render(request, "dispatch/crew_gone.html", 404) if crew is None else _list(request, crew)
    answer.headers.update(HEADERS)
    return answer


def _list(request: web.Request, crew: CrewList) -> web.Response:
    return render(
        request,
        "dispatch/crew_list.html",
        language=crew.language,
        crew=crew,
        open=sum(ticket.state is not TicketState.DONE for ticket in crew.tickets),
        states=crew_states(crew.language),
        at=f"/crew/{request.match_info['token']}",
        now=datetime.now(UTC),
    )


@routes.get(ONE)
@routes.get(OF_LIST)
@needs(Permission.ANYONE)
@_behind_link
async def ticket_page(request: web.Request, ticket: CrewTicket) -> web.Response:
    """The ticket: what, where, by when, and the next step as a button."""
    return await _page(request, ticket)


@routes.post(ONE + "/{step:accept|start}")
@routes.post(OF_LIST + "/{step:accept|start}")
@needs(Permission.ANYONE)
@from_any_origin
@_behind_link
async def step(request: web.Request, ticket: CrewTicket) -> web.Response:
    """Accept the ticket, or report that the crew is on the way. Idempotent."""
    await _take(request, ticket, Step(request.match_info["step"]))
    return _back(request)


@routes.post(ONE + "/{said:refuse|absent|comment}")
@routes.post(OF_LIST + "/{said:refuse|absent|comment}")
@needs(Permission.ANYONE)
@from_any_origin
@_behind_link
async def say(request: web.Request, ticket: CrewTicket) -> web.Response:
    """Refuse the ticket with a reason, say that nobody is at home, or write something."""
    said = request.match_info["said"]
    try:
        async with read_form(request, LARGEST) as form:
            text = form.fields.get("text", "").strip()
    except TooLong as too_long:
        return await _page(request, ticket, 413, problem=f"{too_long.field} too large", said=said)
    problem = _wrong_with(text)
    if problem and not (said == "absent" and problem == "no comment"):
        return await _page(request, ticket, 422, problem=problem, comment=text, said=said)
    tickets = request.app[TICKETS]
    try:
        if said == "refuse":
            await tickets.step(None, ticket.ticket_id, None, Step.REFUSE, comment=text, by_crew=ticket.crew_id)
            log.info("refused by link", ticket=ticket.ticket_id, crew=ticket.crew_id)
            return render(
                request, "dispatch/crew_gone.html", language=ticket.language, ticket=ticket, back=_list_at(request)
            )
        if said == "absent":
            text = text or Translator(ticket.language).gettext("Nobody at home")
            await Waiting(request.app[POOL], tickets).wait(None, ticket.ticket_id, text, by_crew=ticket.crew_id)
        else:
            await tickets.comment(None, ticket.ticket_id, text, by_crew=ticket.crew_id)
    except (StepRefused, NoTicket):
        return _back(request)
    return await _page(request, ticket, told=True)


def _list_at(request: web.Request) -> str:
    """The address of all that the crew has; empty behind the link of one ticket."""
    return f"/crew/{request.match_info['token']}" if "ticket" in request.match_info else ""


@routes.post(ONE + "/done")
@routes.post(OF_LIST + "/done")
@needs(Permission.ANYONE)
@from_any_origin
@_behind_link
async def done(request: web.Request, ticket: CrewTicket) -> web.Response:
    """Report what was done, with a photograph if there is one. Idempotent."""
    if Step.FINISH not in steps_from(ticket.state):
        return _back(request)
    try:
        async with read_form(request, LARGEST) as form:
            comment = form.fields.get("comment", "").strip()
            problem = _wrong_with(comment) or await _wrong_photo(form)
            if problem:
                return await _page(request, ticket, 422, problem=problem, comment=comment, said="done")
            # The photograph after the step, so that a second press does not add it again.
            if await _take(request, ticket, Step.FINISH, comment) and (problem := await _keep(request, ticket, form)):
                return await _page(request, ticket, 503, problem=problem, state=TicketState.DONE, result=comment)
    except TooLong as too_long:
        return await _page(request, ticket, 413, problem=f"{too_long.field} too large")
    return _back(request)


@routes.post(ONE + "/photo")
@routes.post(OF_LIST + "/photo")
@needs(Permission.ANYONE)
@from_any_origin
@_behind_link
async def photo(request: web.Request, ticket: CrewTicket) -> web.Response:
    """Add a photograph."""
    if ticket.state not in TAKES_PHOTOS:
        return _back(request)
    try:
        async with read_form(request, LARGEST) as form:
            problem = "no photo" if form.file is None else await _wrong_photo(form)
            if problem:
                return await _page(request, ticket, 422, problem=problem)
            if problem := await _keep(request, ticket, form):
                return await _page(request, ticket, 503, problem=problem)
    except TooLong as too_long:
        return await _page(request, ticket, 413, problem=f"{too_long.field} too large")
    return _back(request)


async def _take(request: web.Request, ticket: CrewTicket, step: Step, comment: str = "") -> bool:
    """Take the step; False when it was taken already, or the ticket has changed."""
    try:
        await request.app[TICKETS].step(None, ticket.ticket_id, None, step, comment=comment, by_crew=ticket.crew_id)
    except (StepRefused, NoTicket):
        return False
    log.info("step by link", ticket=ticket.ticket_id, crew=ticket.crew_id, step=step.value)
    return True


def _wrong_with(comment: str) -> str:
    if not comment:
        return "no comment"
    return "comment too large" if len(comment) > LONGEST_COMMENT or "\0" in comment else ""


async def _wrong_photo(form: UploadedForm) -> str:
    if form.file is None:
        return ""
    try:
        await asyncio.to_thread(media_type_of, form.file)
    except BadFile as bad:
        return f"photo {bad.code}"
    return ""


async def _keep(request: web.Request, ticket: CrewTicket, form: UploadedForm) -> str:
    """Store the photograph; returns the problem, if any."""
    if form.file is None:
        return ""
    try:
        await request.app[TICKET_FILES].add(None, ticket.ticket_id, form.name, form.file, by_crew=ticket.crew_id)
    except (BadFile, BadEdit) as bad:
        return f"photo {bad}"
    except StoreError as problem:
        log.error("photo not kept", ticket=ticket.ticket_id, problem=type(problem).__name__)
        return "photo not kept"
    return ""


async def _page(
    request: web.Request,
    ticket: CrewTicket,
    status: int = 200,
    *,
    problem: str = "",
    comment: str = "",
    state: TicketState | None = None,
    result: str | None = None,
    said: str = "",
    told: bool = False,
) -> web.Response:
    """`said`: which of the forms was sent; `told`: the dispatcher has what was written."""
    files = await request.app[CREW_LINKS].viewed(ticket, request.remote or "")
    state = state or ticket.state
    return render(
        request,
        "dispatch/crew.html",
        status,
        language=ticket.language,
        ticket=ticket,
        state=state,
        state_name=crew_states(ticket.language)[state],
        result=ticket.result if result is None else result,
        steps=[step for step in steps_from(state) if step in CREW_STEPS],
        late=ticket.due_at is not None and ticket.due_at < datetime.now(UTC),
        files=files,
        at=_at(request),
        back=_list_at(request),
        problem=problem,
        comment=comment,
        said=said,
        told=told,
    )


def _back(request: web.Request) -> web.Response:
    return web.Response(status=303, headers={"Location": _at(request)})
