"""Links to a ticket's recordings, created, sent and revoked from the ticket's page."""

import re
from datetime import timedelta

import structlog
from aiohttp import web

from callcenter.common.delivery import NotDelivered, one_line
from callcenter.common.smtp import MAIL_SERVER, address
from callcenter.domain.access import Permission
from callcenter.sharing.links import SHARE_LINKS, BadLink, LinkRequest, MadeLink
from callcenter.sharing.section import MOST_FETCHES, SECTION, Made, SharingAnswer
from callcenter.sharing.texts import link_letter
from callcenter.tickets.pages import PAGE, need_ticket, page
from callcenter.tickets.ticket import Ticket
from callcenter.web.auth import needs
from callcenter.web.body import form_of
from callcenter.web.forms import LARGEST_FORM
from callcenter.web.keys import PERSON, SETTINGS
from callcenter.web.language import LANGUAGES

log = structlog.get_logger()
routes = web.RouteTableDef()

LONGEST = {"recipient": 200, "email": 254, "purpose": 500}
FIELDS = ("recipient", "email", "purpose", "language", "days", "fetches", "pin")
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)


@routes.post(PAGE + "/links")
@needs(Permission.SHARE_RECORDINGS)
async def make(request: web.Request) -> web.Response:
    """Create a link, send it if an address is given, and show it only this once; or show what is wrong with the form."""
    ticket, app = await need_ticket(request), request.app
    form = await form_of(request.clone(client_max_size=LARGEST_FORM))
    typed = {name: str(form.get(name, "")).strip() for name in FIELDS}
    chosen = [str(each) for each in form.getall("recordings", [])]
    wish, problems = _read(typed, chosen, app[SETTINGS].sharing.longest_days)
    if wish is not None:
        try:
            made = await app[SHARE_LINKS].make(request[PERSON], ticket.id, wish, request.remote or "")
        except BadLink as bad:
            problems = dict(bad.fields)
        else:
            return await page(
                request,
                ticket.id,
                answers={SECTION.name: SharingAnswer(made=await _hand_out(request, ticket, wish, made))},
            )
    return await page(
        request, ticket.id, 422, answers={SECTION.name: SharingAnswer(typed=typed, chosen=chosen, problems=problems)}
    )


@routes.post(PAGE + r"/links/{link:\d{1,18}}/revoke")
@needs(Permission.SHARE_RECORDINGS)
async def revoke(request: web.Request) -> web.Response:
    """Revoke a link."""
    ticket = await need_ticket(request)
    link = int(request.match_info["link"])
    if not await request.app[SHARE_LINKS].revoke(request[PERSON], ticket.id, link, request.remote or ""):
        raise web.HTTPNotFound
    log.info("link revoked", link=link, operator=request[PERSON].id)
    raise web.HTTPSeeOther(f"/tickets/{ticket.id}#links")


def _read(typed: dict[str, str], chosen: list[str], longest_days: int) -> tuple[LinkRequest | None, dict[str, str]]:
    """The link to create, or what is wrong by field."""
    problems = {name: "zero byte" for name, value in typed.items() if "\0" in value}
    problems |= {name: "too long" for name, longest in LONGEST.items() if len(typed[name]) > longest}
    typed["recipient"] = one_line(typed["recipient"])
    problems |= {name: "missing" for name in ("recipient", "purpose") if not typed[name]}
    for name, most in (("days", longest_days), ("fetches", MOST_FETCHES)):
        if not _NUMBER.fullmatch(typed[name]) or not 1 <= int(typed[name]) <= most:
            problems[name] = "number"
    if typed["language"] not in LANGUAGES:
        problems["language"] = "wrong"
    if not chosen or not all(_NUMBER.fullmatch(each) for each in chosen):
        problems["recordings"] = "recordings"
    if typed["email"] and "email" not in problems:
        try:
            address(typed["email"])
        except NotDelivered:
            problems["email"] = "email"
    if problems:
        return None, problems
    return (
        LinkRequest(
            recordings=[int(each) for each in chosen],
            recipient=typed["recipient"],
            email=typed["email"] or None,
            purpose=typed["purpose"],
            language=typed["language"],
            lasts=timedelta(days=int(typed["days"])),
            fetches=int(typed["fetches"]),
            with_pin=bool(typed["pin"]),
        ),
        {},
    )


async def _hand_out(request: web.Request, ticket: Ticket, wish: LinkRequest, made: MadeLink) -> Made:
    """Send the e-mail, if an address is given, and return the result. The PIN is not sent by e-mail."""
    app = request.app
    url = f"{app[SETTINGS].web.url}/l/{made.token}"
    log.info("link made", link=made.id, operator=request[PERSON].id)
    if wish.email is None:
        return Made(url, made.pin)
    problem = ""
    subject, text = link_letter(
        wish.language, ticket=ticket, wish=wish, url=url, expires_at=made.expires_at, count=len(wish.recordings)
    )
    try:
        await app[MAIL_SERVER].send(
            app[MAIL_SERVER].letter(
                to=wish.email, name=wish.recipient, subject=subject, text=text, key=f"link-{made.id}"
            )
        )
    except NotDelivered as failure:
        problem = failure.problem.value
        log.warning("link not sent", link=made.id, problem=problem)
    await app[SHARE_LINKS].mailed(made.id, problem)
    return Made(url, made.pin, email=wish.email, problem=problem)
