"""Listening to a recording: for supervisors, and noted."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from aiohttp import web

from callcenter.desk.scope import audit
from callcenter.domain.access import Permission
from callcenter.storage import queries
from callcenter.web.auth import needs
from callcenter.web.parts import PERSON, parts_of
from callcenter.web.stored import send

routes = web.RouteTableDef()
SQL = queries("web")


@routes.get(r"/recordings/{id:\d{1,18}}", allow_head=False)
@needs(Permission.LISTEN)
async def listen(request: web.Request) -> web.StreamResponse:
    """Send the recording, or the one range of it that was asked for (RFC 9110, section 14)."""
    parts, person = parts_of(request), request[PERSON]
    row = await parts.pool.fetchrow(SQL["recording"], int(request.match_info["id"]))
    if row is None:
        raise web.HTTPNotFound
    size = row["size"]
    wanted = _range(request, size)
    headers = {"Accept-Ranges": "bytes", "Cache-Control": "private, no-store"}
    if wanted is not None and not wanted:
        return web.Response(status=416, headers=headers | {"Content-Range": f"bytes */{size}"})
    part = range(size) if wanted is None else wanted
    if wanted is not None:
        headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
    async with parts.pool.acquire() as connection, connection.transaction():
        if await connection.fetchval(SQL["played"], row["id"], person.id) is not None:
            await audit(
                connection,
                "listened to recording",
                person=person,
                subject="recording",
                subject_id=row["id"],
                address=request.remote or "",
            )
    answer = web.StreamResponse(status=200 if wanted is None else 206, headers=headers)
    answer.content_type = "audio/wav"
    answer.content_length = len(part)
    return await send(request, answer, _bytes(request, row["object_key"], part), recording=row["id"])


async def _bytes(request: web.Request, key: str, part: range) -> AsyncGenerator[bytes, None]:
    # To the store a length of 0 means "all that follows".
    if part:
        async with aclosing(parts_of(request).store.open(key, part.start, len(part))) as pieces:
            async for piece in pieces:
                yield piece


def _range(request: web.Request, size: int) -> range | None:
    """The bytes asked for, empty when there are none such; None when the header is absent or not understood."""
    try:
        asked = request.http_range
    except ValueError:
        return None
    if asked.start is None and asked.stop is None:
        return None
    return range(*asked.indices(size))
