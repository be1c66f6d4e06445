"""Errors as a page for people and as a problem document for programs."""

import asyncpg
import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from callcenter.errors import NotFound, Refusal
from callcenter.web.body import UNREADABLE
from callcenter.web.language import language_of, translations
from callcenter.web.problem import ProblemDetails, for_programs
from callcenter.web.render import render

log = structlog.get_logger()
UNREACHABLE = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
)


@web.middleware
async def show_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn a refusal or a failure into a page for people, or a line of text for scripts."""
    try:
        return await handler(request)
    except web.HTTPException as refusal:
        if refusal.status < 400:
            raise
        return _refusal(request, refusal.status)
    except Refusal as refusal:
        return _refusal(request, refusal.status, refusal.text)
    except UNREADABLE:
        return _refusal(request, 400)
    except UNREACHABLE as problem:
        log.error("request failed", route=_route(request), problem=type(problem).__name__)
        return _refusal(request, 503)
    except Exception:
        log.exception("request failed", route=_route(request))
        return _refusal(request, 500)


def _refusal(request: web.Request, status: int, text: str = "") -> web.Response:
    if "text/html" in request.headers.get("Accept", ""):
        message = translations(language_of(request)).gettext(text) if text else ""
        return render(request, "web/error.html", status, text=message)
    return web.Response(status=status, text=f"{status}\n")


def _route(request: web.Request) -> str | None:
    resource = request.match_info.route.resource
    return None if resource is None else resource.canonical


_MESSAGES = {
    403: "The person whose token this is may not do this.",
    404: NotFound.text,
}
_KEPT_HEADERS = ("Allow", "Retry-After", "WWW-Authenticate")


@web.middleware
async def show_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn errors of the programming interface into problem documents; leaves pages alone."""
    if not for_programs(request):
        return await handler(request)
    try:
        return await handler(request)
    except ProblemDetails as problem:
        return problem.response()
    except Refusal as refusal:
        return problem_of(refusal).response()
    except web.HTTPException as refusal:
        kept = {name: refusal.headers[name] for name in _KEPT_HEADERS if name in refusal.headers}
        return ProblemDetails(refusal.status, _MESSAGES.get(refusal.status, ""), headers=kept).response()
    except UNREADABLE:
        return ProblemDetails(400, "The body cannot be read.").response()
    except UNREACHABLE as problem:
        log.error("request failed", route=_route(request), problem=type(problem).__name__)
        return ProblemDetails(503, "Not available for the moment; try again.", headers={"Retry-After": "10"}).response()
    except Exception:
        log.exception("request failed", route=_route(request))
        return ProblemDetails(500, "Something went wrong on our side. The error has been logged.").response()


def problem_of(refusal: Refusal) -> ProblemDetails:
    """The problem document of a refusal."""
    errors = [
        {"at": f"body.{field}", "message": refusal.meanings.get(code, code)} for field, code in refusal.fields.items()
    ]
    return ProblemDetails(refusal.status, refusal.text, errors=errors, extra={"code": refusal.code, **refusal.details})
