"""Sending objects of the store in chunks."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import structlog
from aiohttp import web

from callcenter.errors import CallcenterError, StoreError

log = structlog.get_logger()


class StopSending(CallcenterError):
    """Raised by the content to stop sending."""


def part_of(request: web.Request, size: int) -> range | None:
    """The requested range of bytes (RFC 9110, section 14), empty when it does not exist; None without a single range."""
    try:
        asked = request.http_range
    except ValueError:
        return None
    if asked.start is None and asked.stop is None:
        return None
    return range(*asked.indices(size))


async def send(
    request: web.Request, answer: web.StreamResponse, content: AsyncGenerator[bytes, None], **which: object
) -> web.StreamResponse:
    """Send `content` as the body of `answer`, whose headers are set already.

    `which`: what it is and its id, for the log, such as `recording=7`. When not even the first piece can be read the
    answer is 503, or 404 when `content` says `StopSending`; later the connection is cut, so that a part is never taken
    for the whole.
    """
    async with aclosing(content) as pieces:
        try:
            first = await anext(pieces, b"")
        except StoreError as problem:
            log.error(f"{next(iter(which))} not readable", **which, problem=type(problem).__name__)
            raise web.HTTPServiceUnavailable from None
        except StopSending:
            raise web.HTTPNotFound from None
        await answer.prepare(request)
        await answer.write(first)
        try:
            async for piece in pieces:
                await answer.write(piece)
        except (StoreError, StopSending) as problem:
            log.warning(f"{next(iter(which))} cut off", **which, problem=type(problem).__name__)
            if request.transport is not None:
                request.transport.abort()
            return answer
    await answer.write_eof()
    return answer
