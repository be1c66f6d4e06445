"""The page behind the link that the start prints: the first administrator chooses a login and a password."""

import structlog
from aiohttp import web

from callcenter.domain.access import Permission
from callcenter.people.first_administrator import FIRST_ADMINISTRATOR, newcomer
from callcenter.people.invitations import LOGIN
from callcenter.people.login_pages import enter
from callcenter.people.logins import LOGINS, LoggedIn
from callcenter.people.new_passwords import NEW_PASSWORDS
from callcenter.web.auth import needs
from callcenter.web.forms import form_texts
from callcenter.web.language import language_of
from callcenter.web.proxies import origin_of
from callcenter.web.render import render

log = structlog.get_logger()
routes = web.RouteTableDef()
EMPTY = {"login": "", "name": ""}
LONGEST_NAME = 100


@routes.get("/setup/{token}")
@needs(Permission.ANYONE)
async def show(request: web.Request) -> web.Response:
    """The form, or a page that says that the link no longer works."""
    return await _form(request, EMPTY, {})


@routes.post("/setup/{token}")
@needs(Permission.ANYONE)
async def make(request: web.Request) -> web.Response:
    """Make the account and log in with it; the link is used up."""
    typed = EMPTY | await form_texts(request)
    login, name, password = typed["login"].strip().lower(), typed["name"].strip(), typed.get("new", "")
    first, app = request.app[FIRST_ADMINISTRATOR], request.app
    if not await first.is_open(request.match_info["token"]):
        return await _form(request, typed, {})
    person = newcomer(login, name, language_of(request))
    problems: dict[str, str] = {}
    if not LOGIN.fullmatch(login):
        problems["login"] = "bad login"
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        problems["name"] = "bad name"
    if wrong := await app[NEW_PASSWORDS].problem_with(person, password, typed.get("again", "")):
        problems["again" if wrong == "different" else "new"] = wrong
    if problems:
        return await _form(request, typed, problems)
    if not await first.make(person, password, request.remote or ""):
        return await _form(request, typed, {"login": "taken"})
    log.info("first administrator made")
    entered = await app[LOGINS].log_in(login, password, origin_of(request))
    raise enter(request, entered, "/start") if isinstance(entered, LoggedIn) else web.HTTPSeeOther("/login")


async def _form(request: web.Request, typed: dict[str, str], problems: dict[str, str]) -> web.Response:
    opened = await request.app[FIRST_ADMINISTRATOR].is_open(request.match_info["token"])
    status = 400 if problems else 200
    answer = render(
        request, "people/first.html", status if opened else 404, opened=opened, typed=typed, problems=problems
    )
    answer.headers["Referrer-Policy"] = "same-origin"
    return answer
