"""Forms with a file, read in chunks, so that an upload cannot fill the memory or the disk."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import BodyPartReader, web

from callcenter.errors import Refusal, gettext_noop

# 10,000 characters of four bytes, and a reserve.
MOST_TEXT = 64 * 1024
MOST_FIELDS = 20
PIECE = 64 * 1024


class TooLong(Refusal):
    """A field, or the file, is larger than it may be. `field`: its name."""

    status = 413
    text = gettext_noop("This is larger than allowed.")
    code = "too large"


@dataclass
class UploadedForm:
    """A submitted form. `file` is deleted with the form; None when no file was chosen. `name`: as sent."""

    fields: dict[str, str] = field(default_factory=dict)
    file: Path | None = None
    name: str = ""


@asynccontextmanager
async def read_form(request: web.Request, largest: int) -> AsyncIterator[UploadedForm]:
    """The form in the request. `largest`: bytes that a file may have. Raises `TooLong`, and 400 when the body is not a
    form.
    """
    form = UploadedForm()
    with tempfile.TemporaryDirectory(prefix="callcenter-upload-") as folder:
        try:
            async for part in await request.multipart():
                if not isinstance(part, BodyPartReader) or not part.name or len(form.fields) >= MOST_FIELDS:
                    raise web.HTTPBadRequest
                if part.filename is None:
                    form.fields[part.name] = await _text(part, part.name)
                elif part.filename and form.file is None:
                    form.file, form.name = Path(folder) / "file", part.filename
                    await _save(part, part.name, form.file, largest)
        except (ValueError, AssertionError):
            raise web.HTTPBadRequest from None
        yield form


async def _text(part: BodyPartReader, name: str) -> str:
    read = bytearray()
    while piece := await part.read_chunk(PIECE):
        read += piece
        if len(read) > MOST_TEXT:
            raise TooLong(field=name)
    return read.decode(errors="replace")


async def _save(part: BodyPartReader, name: str, path: Path, largest: int) -> None:
    size = 0
    with path.open("wb") as file:
        while piece := await part.read_chunk(PIECE):
            size += len(piece)
            if size > largest:
                raise TooLong(field=name)
            file.write(piece)
