"""Logging in and out, and who is asking."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from callcenter.desk.people import WINDOW, Person, TooManyAttempts
from callcenter.domain.access import Permission
from callcenter.web.language import LANGUAGE_COOKIE, LANGUAGES
from callcenter.web.parts import PERSON, parts_of
from callcenter.web.render import render

log = structlog.get_logger()
routes = web.RouteTableDef()

COOKIE = "session"
# A page of ours: no other host can be named.
_OWN_PATH = re.compile(r"/(?![/\\])[\w./?&=%+-]*", re.ASCII)
YEAR_S = 365 * 24 * 3600

Function = TypeVar("Function", bound=Callable[..., Any])


def needs(permission: Permission) -> Callable[[Function], Function]:
    """Open the handler to those who have this permission, and to nobody else."""

    def mark(handler: Function) -> Function:
        handler.permission = permission  # type: ignore[attr-defined]
        return handler

    return mark


@web.middleware
async def know_person(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Find the person by the session cookie, and let nobody pass whom the handler's permission does not let in.

    A handler that names no permission is closed to everybody.
    """
    if request.match_info.http_exception is not None:
        return await handler(request)
    permission = getattr(request.match_info.handler, "permission", None)
    if permission is Permission.ANYONE:
        return await handler(request)
    token = request.cookies.get(COOKIE)
    person = await parts_of(request).people.who_is(token) if token else None
    if person is None:
        if request.method == "GET" and "text/html" in request.headers.get("Accept", ""):
            raise web.HTTPSeeOther("/login")
        raise web.HTTPUnauthorized
    request[PERSON] = person
    if permission is None or not person.may(permission):
        raise web.HTTPForbidden
    return await handler(request)


def home(person: Person) -> str:
    """The page on which this person's work begins."""
    if person.may(Permission.SEE_BOARD):
        return "/board"
    return "/" if person.may(Permission.TAKE_CALLS) else "/tickets"


@routes.get("/login")
@needs(Permission.ANYONE)
async def show_login(request: web.Request) -> web.Response:
    """Show the form."""
    return render(request, "login.html", problem=None, login="")


@routes.post("/login")
@needs(Permission.ANYONE)
async def log_in(request: web.Request) -> web.StreamResponse:
    """Open a session, or show the form again with what was wrong."""
    parts = parts_of(request)
    form = await request.post()
    login, password = str(form.get("login", "")).strip().lower(), str(form.get("password", ""))
    lasts = timedelta(hours=parts.settings.web.session_hours)
    try:
        entered = await parts.people.log_in(login, password, request.remote or "", lasts)
    except TooManyAttempts:
        log.warning("too many attempts to log in")
        minutes = int(WINDOW.total_seconds() // 60)
        return render(request, "login.html", 429, problem="too many", login=login, minutes=minutes)
    if entered is None:
        return render(request, "login.html", 401, problem="wrong", login=login)
    person, token = entered
    log.info("logged in", operator=person.id)
    answer = web.HTTPSeeOther(home(person))
    answer.set_cookie(
        COOKIE,
        token,
        max_age=int(lasts.total_seconds()),
        httponly=True,
        samesite="Strict",
        secure=parts.settings.web.cookie_secure,
    )
    raise answer


@routes.get("/session")
@needs(Permission.PERSON)
async def session(_request: web.Request) -> web.Response:
    """Nothing, or 401: lets a page whose socket was refused find out whether the session has ended."""
    return web.Response(status=204)


@routes.post("/logout")
@needs(Permission.PERSON)
async def log_out(request: web.Request) -> web.StreamResponse:
    """End the session, here and on the server."""
    await parts_of(request).people.log_out(request.cookies[COOKIE])
    log.info("logged out", operator=request[PERSON].id)
    answer = web.HTTPSeeOther("/login")
    answer.del_cookie(COOKIE)
    raise answer


@routes.post("/language")
@needs(Permission.ANYONE)
async def set_language(request: web.Request) -> web.StreamResponse:
    """Change the language of the pages, for this browser and for the person if there is one."""
    parts = parts_of(request)
    form = await request.post()
    language, back = str(form.get("language", "")), str(form.get("back", "/"))
    if language not in LANGUAGES:
        raise web.HTTPBadRequest
    token = request.cookies.get(COOKIE)
    if token and (person := await parts.people.who_is(token)):
        await parts.people.set_language(person.id, language)
    answer = web.HTTPSeeOther(back if _OWN_PATH.fullmatch(back) else "/")
    answer.set_cookie(
        LANGUAGE_COOKIE,
        language,
        max_age=YEAR_S,
        httponly=True,
        samesite="Strict",
        secure=parts.settings.web.cookie_secure,
    )
    raise answer
