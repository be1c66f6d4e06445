"""The body of a request as a form or as JSON. What cannot be read is the sender's fault: 400, and no failure of ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_request import FileField
from multidict import MultiDictProxy

UNREADABLE = (web.RequestPayloadError, HttpProcessingError)
"""The bytes themselves are broken: chunks, compression, headers of parts."""
# What the readers of forms and JSON raise besides: broken text, unknown encodings, missing boundaries, deep nesting.
_FAILURES = (*UNREADABLE, ValueError, LookupError, RuntimeError, AssertionError)


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
