"""Sending what lies in the store, a piece at a time."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import structlog
from aiohttp import web

from callcenter.errors import StoreError

log = structlog.get_logger()


async def send(
    request: web.Request, answer: web.StreamResponse, content: AsyncGenerator[bytes, None], **which: object
) -> web.StreamResponse:
    """Send `content` as the body of `answer`, whose headers are set already.

    `which`: what it is and its id, for the log, such as `recording=7`. When not even the first piece can be read the
    answer is 503.
    """
    async with aclosing(content) as pieces:
        try:
            first = await anext(pieces, b"")
        except StoreError as problem:
            log.error(f"{next(iter(which))} not readable", **which, problem=type(problem).__name__)
            raise web.HTTPServiceUnavailable from None
        await answer.prepare(request)
        await answer.write(first)
        async for piece in pieces:
            await answer.write(piece)
    await answer.write_eof()
    return answer
