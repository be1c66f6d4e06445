"""Security headers, and the protection against requests from other sites."""

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from callcenter.web.keys import SETTINGS
from callcenter.web.problem import for_programs

Function = TypeVar("Function", bound=Callable[..., Any])

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "media-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

FRAMED = web.RequestKey("framed", bool)
"""Set in a request by handlers whose answer other sites may put into a frame, as its own policy says."""
HTTPS_ALONE = "max-age=31536000"
"""For a year browsers come to this host by https alone. Of other hosts below it nothing is said."""


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Put the headers on every answer, and keep what is about people out of caches."""
    if request.app[SETTINGS].web.url.startswith("https://"):
        response.headers["Strict-Transport-Security"] = HTTPS_ALONE
    await hide_server(request, response)
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if FRAMED in request:
        # The only way to allow frames of any site: the header has no value that says so, and browsers that know the
        # policy's `frame-ancestors` go by that.
        del response.headers["X-Frame-Options"]
    response.headers.setdefault("Cache-Control", "no-store")


async def hide_server(_request: web.Request, response: web.StreamResponse) -> None:
    """Do not say with what, and in which version, this is served."""
    response.headers.popall("Server", None)


def allow_microphone(response: web.StreamResponse) -> None:
    """Let this page record what a person says, and play sounds that are part of an answer."""
    response.headers["Permissions-Policy"] = HEADERS["Permissions-Policy"].replace("microphone=()", "microphone=(self)")
    policy = HEADERS["Content-Security-Policy"]
    response.headers["Content-Security-Policy"] = policy.replace("media-src 'self'", "media-src 'self' data:")


def from_any_origin(handler: Function) -> Function:
    """Accept forms without an origin in this handler, such as those of pages that send no referrer.

    Only for handlers that use no cookie: then a foreign page can do nothing that its author could not do alone.
    """
    handler.any_origin = True  # type: ignore[attr-defined]
    return handler


@web.middleware
async def refuse_foreign_origin(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse changing requests, and the socket, unless they come from our own pages.

    Programs have no origin, and what they send is no cookie that a foreign page could use.
    """
    if for_programs(request) or getattr(request.match_info.handler, "any_origin", False):
        return await handler(request)
    upgrade = request.headers.get("Upgrade", "").lower() == "websocket"
    if (request.method not in ("GET", "HEAD", "OPTIONS") or upgrade) and not _is_own(request):
        raise web.HTTPForbidden(text="foreign origin")
    return await handler(request)


def _is_own(request: web.Request) -> bool:
    # The scheme is not compared: behind a proxy that ends TLS ours is http and the browser's is https.
    try:
        return urlsplit(request.headers.get("Origin", "")).netloc == request.host
    except ValueError:
        return False
