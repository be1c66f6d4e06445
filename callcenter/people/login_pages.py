"""Login, with a code if the person has turned codes on, and logout."""

from datetime import UTC, datetime, timedelta

import structlog
from aiohttp import web

from callcenter.common.attempts import TooManyAttempts
from callcenter.common.sessions import SESSIONS
from callcenter.domain.access import Permission
from callcenter.people.logins import CODE_WITHIN, LOGINS, CodeNeeded, LoggedIn, LoginExpired
from callcenter.web.auth import COOKIE, cookie_name, needs, session_token
from callcenter.web.body import form_of
from callcenter.web.keys import PERSON, SETTINGS
from callcenter.web.navigation import start_page
from callcenter.web.proxies import origin_of
from callcenter.web.render import render

log = structlog.get_logger()
routes = web.RouteTableDef()

HALFWAY_COOKIE = "login"
HALFWAY_PATH = "/login"


@routes.get("/login")
@needs(Permission.ANYONE)
async def show_login(request: web.Request) -> web.Response:
    return _form(request, 200, None)


@routes.post("/login")
@needs(Permission.ANYONE)
async def log_in(request: web.Request) -> web.StreamResponse:
    """Open a session, ask for a code, or show the form again with what was wrong."""
    app = request.app
    form = await form_of(request)
    login, password = str(form.get("login", "")).strip().lower(), str(form.get("password", ""))
    try:
        result = await app[LOGINS].log_in(login, password, origin_of(request))
    except TooManyAttempts as refusal:
        log.warning("too many attempts to log in")
        return _form(request, 429, "too many", login, refusal)
    match result:
        case None:
            return _form(request, 401, "wrong", login)
        case CodeNeeded(token):
            answer = web.HTTPSeeOther("/login/code")
            _set(request, answer, HALFWAY_COOKIE, token, CODE_WITHIN)
            raise answer
        case LoggedIn():
            raise enter(request, result)


@routes.get("/login/code")
@needs(Permission.ANYONE)
async def show_code(request: web.Request) -> web.Response:
    """Ask for the code, if the password was right just now."""
    if not await request.app[LOGINS].waits_for_code(_halfway(request)):
        raise web.HTTPSeeOther("/login")
    return _code_form(request, 200, None)


@routes.post("/login/code")
@needs(Permission.ANYONE)
async def give_code(request: web.Request) -> web.StreamResponse:
    """Open a session, or ask for the code again."""
    form = await form_of(request)
    recovery = str(form.get("recovery", ""))
    token, code = _halfway(request), recovery or str(form.get("code", ""))
    try:
        entered = await request.app[LOGINS].give_code(token, code, origin_of(request), datetime.now(UTC))
    except LoginExpired:
        return _form(request, 401, "expired")
    except TooManyAttempts as refusal:
        log.warning("too many attempts to give a code")
        return _code_form(request, 429, "too many", refusal)
    if entered is None:
        return _code_form(request, 401, "wrong recovery" if recovery else "wrong")
    raise enter(request, entered)


@routes.post("/logout")
@needs(Permission.PERSON)
async def log_out(request: web.Request) -> web.StreamResponse:
    """End the session, here and on the server."""
    await request.app[LOGINS].log_out(session_token(request), request.remote or "")
    log.info("logged out", operator=request[PERSON].id)
    answer = web.HTTPSeeOther("/login")
    _forget(request, answer, COOKIE)
    raise answer


def _halfway(request: web.Request) -> str:
    return request.cookies.get(cookie_name(request.app, HALFWAY_COOKIE), "")


def _form(
    request: web.Request, status: int, problem: str | None, login: str = "", refusal: TooManyAttempts | None = None
) -> web.Response:
    answer = render(
        request, "people/login.html", status, problem=problem, login=login, minutes=refusal.minutes if refusal else 0
    )
    answer.headers.update(refusal.headers if refusal else {})
    return answer


def _code_form(
    request: web.Request, status: int, problem: str | None, refusal: TooManyAttempts | None = None
) -> web.Response:
    answer = render(
        request, "people/login_code.html", status, problem=problem, minutes=refusal.minutes if refusal else 0
    )
    answer.headers.update(refusal.headers if refusal else {})
    return answer


def enter(request: web.Request, entered: LoggedIn, path: str = "") -> web.HTTPSeeOther:
    """The way to the path, or else to the start page, with the session's cookie."""
    log.info("logged in", operator=entered.person.id)
    answer = web.HTTPSeeOther(path or start_page(request.app, entered.person))
    _set(request, answer, COOKIE, entered.token, request.app[SESSIONS].term.lasts)
    _forget(request, answer, HALFWAY_COOKIE)
    return answer


def _set(request: web.Request, answer: web.HTTPSeeOther, cookie: str, value: str, lasts: timedelta) -> None:
    answer.set_cookie(
        cookie_name(request.app, cookie),
        value,
        max_age=int(lasts.total_seconds()),
        httponly=True,
        samesite="Strict",
        secure=request.app[SETTINGS].web.cookie_secure,
    )


def _forget(request: web.Request, answer: web.HTTPSeeOther, cookie: str) -> None:
    # Browsers take no word about a `__Host-` cookie that is not itself a secure one.
    answer.del_cookie(cookie_name(request.app, cookie), secure=request.app[SETTINGS].web.cookie_secure)
