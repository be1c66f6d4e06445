"""Pages: who is told of outages, and the messages that have not reached them."""

import asyncpg
import structlog
from aiohttp import web
from pydantic import ValidationError

from callcenter.common.delivery import DeliveryState
from callcenter.domain.access import Permission
from callcenter.outages.notices.recipients import RECIPIENTS, Recipient, RecipientForm
from callcenter.outages.notices.texts import notice_events, notice_problems, notice_ways, parties, recipient_problems
from callcenter.tickets.choices import TICKET_CHOICES
from callcenter.web.auth import needs
from callcenter.web.formats import Translator
from callcenter.web.forms import chosen_id, form_texts
from callcenter.web.keys import PERSON
from callcenter.web.language import language_of
from callcenter.web.render import render

log = structlog.get_logger()
routes = web.RouteTableDef()


@routes.get("/outages/recipients")
@needs(Permission.MANAGE_RECIPIENTS)
async def show_recipients(request: web.Request) -> web.Response:
    """All of them, and a form for another."""
    return await _page(request, {"active": "on", "language": "ru"})


@routes.post("/outages/recipients")
@needs(Permission.MANAGE_RECIPIENTS)
async def add_recipient(request: web.Request) -> web.Response:
    """Add one. The secret of a webhook is shown on this one page."""
    typed = await form_texts(request)
    form, problems = _read(typed)
    company = chosen_id(typed.get("company", ""))
    if form is None or not company:
        return await _page(request, typed, problems=problems if company else problems | {"company"}, status=422)
    try:
        secret = await request.app[RECIPIENTS].add(request[PERSON], company, form)
    except asyncpg.ForeignKeyViolationError:
        return await _page(request, typed, problems={"company"}, status=422)
    log.info("outage recipient added", company=company, operator=request[PERSON].id)
    return await _done(request, secret, form.name)


@routes.get(r"/outages/recipients/{id:\d{1,9}}")
@needs(Permission.MANAGE_RECIPIENTS)
async def show_recipient(request: web.Request) -> web.Response:
    """One, in the form."""
    one = await _one(request)
    typed = {name: str(getattr(one, name)) for name in ("name", "party", "way", "address", "language")}
    return await _page(request, typed | ({"active": "on"} if one.active else {}), one=one)


@routes.post(r"/outages/recipients/{id:\d{1,9}}")
@needs(Permission.MANAGE_RECIPIENTS)
async def change_recipient(request: web.Request) -> web.Response:
    """Change it."""
    one, typed = await _one(request), await form_texts(request)
    form, problems = _read(typed)
    if form is None:
        return await _page(request, typed, one=one, problems=problems, status=422)
    there, secret = await request.app[RECIPIENTS].change(request[PERSON], one.id, form)
    if not there:
        raise web.HTTPNotFound
    log.info("outage recipient changed", recipient=one.id, operator=request[PERSON].id)
    return await _done(request, secret, form.name)


@routes.get("/outages/messages")
@needs(Permission.RESEND)
async def show_messages(request: web.Request) -> web.Response:
    """What has not been delivered, and why."""
    found, language = await request.app[RECIPIENTS].undelivered(request[PERSON]), language_of(request)
    return render(
        request,
        "outages/messages.html",
        dead=[each for each in found if each.state is DeliveryState.DEAD],
        waiting=[each for each in found if each.state is DeliveryState.WAITING],
        problems=notice_problems(language),
        ways=notice_ways(language),
        events=notice_events(language),
    )


@routes.post(r"/outages/messages/{id:\d{1,18}}/again")
@needs(Permission.RESEND)
async def send_again(request: web.Request) -> web.Response:
    """Send a dead message again. Idempotent."""
    notice, person = int(request.match_info["id"]), request[PERSON]
    if await request.app[RECIPIENTS].send_again(person, notice):
        log.info("outage notice sent again", notice=notice, operator=person.id)
    raise web.HTTPSeeOther("/outages/messages")


async def _one(request: web.Request) -> Recipient:
    wanted = int(request.match_info["id"])
    found = next((each for each in await request.app[RECIPIENTS].all(request[PERSON]) if each.id == wanted), None)
    if found is None:
        raise web.HTTPNotFound
    return found


def _read(typed: dict[str, str]) -> tuple[RecipientForm | None, set[str]]:
    try:
        return RecipientForm.model_validate(typed), set()
    except ValidationError as wrong:
        return None, {str(error["loc"][0]) if error["loc"] else "address" for error in wrong.errors()}


async def _done(request: web.Request, secret: str | None, name: str) -> web.Response:
    if secret is None:
        raise web.HTTPSeeOther("/outages/recipients")
    return await _page(request, {"active": "on", "language": "ru"}, secret=(name, secret))


async def _page(
    request: web.Request,
    typed: dict[str, str],
    *,
    one: Recipient | None = None,
    problems: set[str] | frozenset[str] = frozenset(),
    secret: tuple[str, str] | None = None,
    status: int = 200,
) -> web.Response:
    language, person = language_of(request), request[PERSON]
    return render(
        request,
        "outages/recipients.html",
        status,
        recipients=await request.app[RECIPIENTS].all(person),
        companies=await request.app[TICKET_CHOICES].companies(person),
        one=one,
        typed=typed,
        wrong={name: name for name in problems},
        problem_texts=recipient_problems(Translator(language)),
        secret=secret,
        parties=parties(language),
        ways=notice_ways(language),
    )
