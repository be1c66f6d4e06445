"""Authentication and authorisation of requests."""

import re
from collections.abc import Callable
from typing import Any, TypeVar

from aiohttp import web
from aiohttp.typedefs import Handler

from callcenter.common.sessions import SESSIONS
from callcenter.domain.access import Permission
from callcenter.domain.person import Person
from callcenter.web.bearer import person_by_token
from callcenter.web.body import form_of
from callcenter.web.keys import PERSON, SETTINGS
from callcenter.web.language import LANGUAGE_COOKIE, LANGUAGES

routes = web.RouteTableDef()

COOKIE = "session"
# A path on this site only: another host cannot be given.
_OWN_PATH = re.compile(r"/(?![/\\])[\w./?&=%+-]*", re.ASCII)
YEAR_S = 365 * 24 * 3600

Function = TypeVar("Function", bound=Callable[..., Any])


def cookie_name(app: web.Application, name: str) -> str:
    """What the cookie is called: behind https by a name under which no other host and no plain http can set it."""
    return f"__Host-{name}" if app[SETTINGS].web.cookie_secure else name


def session_token(request: web.Request) -> str:
    """The token of the session, or nothing."""
    return request.cookies.get(cookie_name(request.app, COOKIE), "")


def needs(permission: Permission) -> Callable[[Function], Function]:
    """Require this permission for the handler."""

    def mark(handler: Function) -> Function:
        handler.permission = permission  # type: ignore[attr-defined]
        return handler

    return mark


@web.middleware
async def know_person(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Find the person, and refuse requests without the handler's permission.

    A handler with a scope is for programs and accepts a token only; every other one accepts the session cookie only. A
    handler without a permission is closed to everybody.
    """
    if request.match_info.http_exception is not None:
        return await handler(request)
    permission = getattr(request.match_info.handler, "permission", None)
    if permission is Permission.ANYONE:
        return await handler(request)
    scope = getattr(request.match_info.handler, "scope", None)
    person = await (_person_by_cookie(request) if scope is None else person_by_token(request, scope))
    request[PERSON] = person
    if permission is None or not person.may(permission):
        raise web.HTTPForbidden
    return await handler(request)


async def _person_by_cookie(request: web.Request) -> Person:
    token = session_token(request)
    person = await request.app[SESSIONS].who_is(token) if token else None
    if person is not None:
        return person
    if request.method == "GET" and "text/html" in request.headers.get("Accept", ""):
        raise web.HTTPSeeOther("/login")
    raise web.HTTPUnauthorized


@routes.get("/session")
@needs(Permission.PERSON)
async def session(_request: web.Request) -> web.Response:
    """204 or 401: tells a page whose socket was refused whether the session has ended."""
    return web.Response(status=204)


@routes.post("/language")
@needs(Permission.ANYONE)
async def set_language(request: web.Request) -> web.StreamResponse:
    """Change the language of the pages, for this browser and for the person if there is one."""
    app = request.app
    form = await form_of(request)
    language, back = str(form.get("language", "")), str(form.get("back", "/"))
    if language not in LANGUAGES:
        raise web.HTTPBadRequest
    token = session_token(request)
    if token and (person := await app[SESSIONS].who_is(token)):
        await app[SESSIONS].set_language(person.id, language)
    answer = web.HTTPSeeOther(back if _OWN_PATH.fullmatch(back) else "/")
    answer.set_cookie(
        LANGUAGE_COOKIE,
        language,
        max_age=YEAR_S,
        httponly=True,
        samesite="Strict",
        secure=app[SETTINGS].web.cookie_secure,
    )
    raise answer
