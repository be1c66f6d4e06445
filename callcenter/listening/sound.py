"""The audio of a recording, for supervisors who have given a reason; what is sent is recorded."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from aiohttp import web

from callcenter.common.object_store import OBJECT_STORE
from callcenter.domain.access import Permission
from callcenter.listening.listenings import LISTENINGS, StoredAudio
from callcenter.recordings.originals import open_original
from callcenter.web.auth import needs
from callcenter.web.keys import PERSON
from callcenter.web.stored import part_of, send

routes = web.RouteTableDef()
PAGE = r"/recordings/{id:\d{1,18}}"


@routes.get(PAGE, allow_head=False)
@needs(Permission.LISTEN)
async def original(request: web.Request) -> web.StreamResponse:
    """Send the original recording, or the one range of it that was requested (RFC 9110, section 14)."""
    return await _listen(request, copy=False)


@routes.get(PAGE + "/copy", allow_head=False)
@needs(Permission.LISTEN)
async def copy(request: web.Request) -> web.StreamResponse:
    """Send the copy for listening, or a range of it. 404 until it has been made."""
    return await _listen(request, copy=True)


async def _listen(request: web.Request, *, copy: bool) -> web.StreamResponse:
    listenings = request.app[LISTENINGS]
    audio = await listenings.audio(request[PERSON], int(request.match_info["id"]), copy=copy)
    if audio is None:
        raise web.HTTPNotFound
    if audio.listening is None:
        if "text/html" in request.headers.get("Accept", ""):
            raise web.HTTPSeeOther(f"/listening/{audio.recording}")
        raise web.HTTPForbidden(text="say first why you listen")
    requested = part_of(request, audio.size)
    headers = {"Accept-Ranges": "bytes", "Cache-Control": "private, no-store"}
    if requested is not None and not requested:
        return web.Response(status=416, headers=headers | {"Content-Range": f"bytes */{audio.size}"})
    part = range(audio.size) if requested is None else requested
    if requested is not None:
        headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{audio.size}"
    answer = web.StreamResponse(status=200 if requested is None else 206, headers=headers)
    answer.content_type = audio.media_type
    answer.content_length = len(part)
    return await send(request, answer, _noted(request, audio, audio.listening, part), recording=audio.recording)


async def _noted(request: web.Request, audio: StoredAudio, listening: int, part: range) -> AsyncGenerator[bytes, None]:
    """The bytes; how far they were sent is recorded at their end, or when the client disconnects."""
    note, at = request.app[LISTENINGS].sent, part.start
    try:
        async with aclosing(_bytes(request, audio, part)) as pieces:
            async for piece in pieces:
                at += len(piece)
                # Before the last piece is sent, so that a complete playback is always recorded.
                if at == part.stop:
                    await note(listening, audio, part)
                yield piece
    finally:
        if at < part.stop:
            await note(listening, audio, range(part.start, at))


async def _bytes(request: web.Request, audio: StoredAudio, part: range) -> AsyncGenerator[bytes, None]:
    # To the store a length of 0 means "all that follows".
    if part:
        store = request.app[OBJECT_STORE]
        async with aclosing(open_original(store, audio.key, part.start, len(part), audio.version)) as pieces:
            async for piece in pieces:
                yield piece
