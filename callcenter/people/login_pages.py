"""Logging in, with a code if the person wants that, and out."""

from datetime import UTC, datetime, timedelta

import structlog
from aiohttp import web

from callcenter.common.attempts import TooManyAttempts
from callcenter.domain.access import Permission
from callcenter.people.logins import CODE_WITHIN, LOGINS, CodeNeeded, Entered, LoginExpired
from callcenter.web.auth import COOKIE, needs
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
    """Show the form."""
    return _form(request, 200, None)


@routes.post("/login")
@needs(Permission.ANYONE)
async def log_in(request: web.Request) -> web.StreamResponse:
    """Open a session, ask for a code, or show the form again with what was wrong."""
    app = request.app
    form = await request.post()
    login, password = str(form.get("login", "")).strip().lower(), str(form.get("password", ""))
    try:
        result = await app[LOGINS].log_in(login, password, origin_of(request), _lasts(request))
    except TooManyAttempts as refusal:
        log.warning("too many attempts to log in")
        return _form(request, 429, "too many", login, refusal)
    match result:
        case None:
            return _form(request, 401, "wrong", login)
        case CodeNeeded(token):
            answer = web.HTTPSeeOther("/login/code")
            _set(request, answer, HALFWAY_COOKIE, token, CODE_WITHIN, HALFWAY_PATH)
            raise answer
        case Entered():
            raise _entered(request, result)


@routes.get("/login/code")
@needs(Permission.ANYONE)
async def show_code(request: web.Request) -> web.Response:
    """Ask for the code, if the password was right just now."""
    if not await request.app[LOGINS].waits_for_code(request.cookies.get(HALFWAY_COOKIE, "")):
        raise web.HTTPSeeOther("/login")
    return _code_form(request, 200, None)


@routes.post("/login/code")
@needs(Permission.ANYONE)
async def give_code(request: web.Request) -> web.StreamResponse:
    """Open a session, or ask for the code again."""
    form = await request.post()
    token, code = request.cookies.get(HALFWAY_COOKIE, ""), str(form.get("code", ""))
    try:
        entered = await request.app[LOGINS].give_code(
            token, code, origin_of(request), _lasts(request), datetime.now(UTC)
        )
    except LoginExpired:
        return _form(request, 401, "expired")
    except TooManyAttempts as refusal:
        log.warning("too many attempts to give a code")
        return _code_form(request, 429, "too many", refusal)
    if entered is None:
        return _code_form(request, 401, "wrong")
    raise _entered(request, entered)


@routes.post("/logout")
@needs(Permission.PERSON)
async def log_out(request: web.Request) -> web.StreamResponse:
    """End the session, here and on the server."""
    await request.app[LOGINS].log_out(request.cookies.get(COOKIE, ""), request.remote or "")
    log.info("logged out", operator=request[PERSON].id)
    answer = web.HTTPSeeOther("/login")
    answer.del_cookie(COOKIE)
    raise answer


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


def _lasts(request: web.Request) -> timedelta:
    return timedelta(hours=request.app[SETTINGS].web.session_hours)


def _entered(request: web.Request, entered: Entered) -> web.HTTPSeeOther:
    log.info("logged in", operator=entered.person.id)
    answer = web.HTTPSeeOther(start_page(request.app, entered.person))
    _set(request, answer, COOKIE, entered.token, _lasts(request), "/")
    answer.del_cookie(HALFWAY_COOKIE, path=HALFWAY_PATH)
    return answer


def _set(request: web.Request, answer: web.HTTPSeeOther, cookie: str, value: str, lasts: timedelta, path: str) -> None:
    answer.set_cookie(
        cookie,
        value,
        max_age=int(lasts.total_seconds()),
        path=path,
        httponly=True,
        samesite="Strict",
        secure=request.app[SETTINGS].web.cookie_secure,
    )
