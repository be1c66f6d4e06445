"""Files of a ticket: read piece by piece, and sent as downloads only."""

import tempfile
from pathlib import Path

import structlog
from aiohttp import BodyPartReader, web

from callcenter.domain.access import Permission
from callcenter.errors import StoreError
from callcenter.tickets.files import LARGEST, TICKET_FILES, BadFile
from callcenter.tickets.pages import PAGE, need_ticket, page, ticket_id_of
from callcenter.web.attachment import attachment
from callcenter.web.auth import needs
from callcenter.web.keys import PERSON
from callcenter.web.stored import send

log = structlog.get_logger()
routes = web.RouteTableDef()
# Multipart boundaries and headers around the file.
ENVELOPE = 64 * 1024


@routes.post(PAGE + "/files")
@needs(Permission.EDIT_TICKETS)
async def add(request: web.Request) -> web.Response:
    """Add a file to the ticket, or show why it was refused."""
    ticket = await need_ticket(request)
    problem = "missing"
    if (request.content_length or 0) > LARGEST + ENVELOPE:
        return await page(request, ticket.id, 413, file_problem="file too large")
    with tempfile.TemporaryDirectory(prefix="callcenter-upload-") as folder:
        try:
            name = await receive(request, Path(folder) / "file")
            if name is not None:
                await request.app[TICKET_FILES].add(request[PERSON], ticket.id, name, Path(folder) / "file")
                raise web.HTTPSeeOther(f"/tickets/{ticket.id}#files")
        except BadFile as bad:
            problem = bad.code
        except StoreError as error:
            log.error("file not kept", ticket=ticket.id, problem=type(error).__name__)
            problem = "store"
    status = {"store": 503, "too large": 413}.get(problem, 422)
    return await page(request, ticket.id, status, file_problem=f"file {problem}")


async def receive(request: web.Request, path: Path) -> str | None:
    """Write the form's file to `path`; return its name, or None when none was chosen. Raises `BadFile`."""
    if request.content_type != "multipart/form-data":
        raise web.HTTPBadRequest
    try:
        reader = await request.multipart()
        while (part := await reader.next()) is not None:
            if isinstance(part, BodyPartReader) and part.name == "file" and part.filename:
                await _write(part, path)
                return part.filename
    except (ValueError, AssertionError):
        # A body that is no form after all.
        raise web.HTTPBadRequest from None
    return None


async def _write(part: BodyPartReader, path: Path) -> None:
    size = 0
    with path.open("wb") as file:
        while chunk := await part.read_chunk(256 * 1024):
            size += len(chunk)
            if size > LARGEST:
                raise BadFile("too large")
            file.write(chunk)


@routes.get(PAGE + r"/files/{file:\d{1,18}}", allow_head=False)
@needs(Permission.SEE_TICKETS)
async def download(request: web.Request) -> web.StreamResponse:
    """Send the file as a download, never to be displayed under our origin."""
    files = request.app[TICKET_FILES]
    file = await files.open(
        request[PERSON], ticket_id_of(request), int(request.match_info["file"]), request.remote or ""
    )
    if file is None:
        raise web.HTTPNotFound
    answer = web.StreamResponse(headers=attachment(file.name) | {"Cache-Control": "private, no-store"})
    answer.content_type = file.media_type
    answer.content_length = file.size
    return await send(request, answer, files.content(file), file=file.id)
