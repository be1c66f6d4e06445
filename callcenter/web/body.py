"""The body of a request as a form or as JSON. What cannot be read is the sender's fault: 400, and no failure of ours."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler
from aiohttp.web_request import FileField
from multidict import MultiDictProxy

from callcenter.web.keys import SETTINGS

SLOWEST = 1024
"""Bytes a second at which the time for a body grows, so that a large upload over a poor line is not cut off."""
UNREADABLE = (web.RequestPayloadError, HttpProcessingError)
"""The bytes themselves are broken: chunks, compression, headers of parts."""
# What the readers of forms and JSON raise besides: broken text, unknown encodings, missing boundaries, deep nesting.
_FAILURES = (*UNREADABLE, ValueError, LookupError, RuntimeError, AssertionError)


@web.middleware
async def limit_time(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer 408 when the body does not arrive: a connection that is held open costs its holder nothing."""
    content, loop = request.content, asyncio.get_running_loop()
    if content.is_eof():
        return await handler(request)
    timer: asyncio.TimerHandle
    ends_at = loop.time() + request.app[SETTINGS].web.body_within_s

    def look() -> None:
        nonlocal timer
        due = ends_at + content.total_bytes / SLOWEST
        if not content.is_eof():
            if loop.time() < due:
                timer = loop.call_at(due, look)
            else:
                limit.reschedule(due)

    timer = loop.call_at(ends_at, look)
    try:
        async with asyncio.timeout(None) as limit:
            return await handler(request)
    except TimeoutError:
        if limit.expired():
            raise web.HTTPRequestTimeout from None
        raise
    finally:
        timer.cancel()


async def form_of(request: web.Request) -> MultiDictProxy[str | bytes | bytearray | FileField]:
    """The form that was sent. Raises 400 when it is none, 413 when it is larger than the request may be."""
    with _refused():
        return await request.post()


async def json_of(request: web.Request) -> Any:
    """The JSON that was sent. Raises 400 when it is none or nested too deep, 413 as `form_of`."""
    with _refused():
        return await request.json()


@contextmanager
def _refused() -> Iterator[None]:
    try:
        yield
    except _FAILURES:
        raise web.HTTPBadRequest from None
