"""Files of a ticket: photographs and PDF, checked before they are stored, and addressed by id."""

import asyncio
import hashlib
import unicodedata
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import asyncpg
from aiohttp import web
from PIL import Image, UnidentifiedImageError

from callcenter.common.object_store import ObjectStore
from callcenter.common.scope import Connection, audit, scoped, scoped_to
from callcenter.domain.audit import AuditAction, AuditSubject
from callcenter.domain.person import Person
from callcenter.domain.ticket import TicketEventKind
from callcenter.errors import Refusal, gettext_noop
from callcenter.storage import queries
from callcenter.tickets.rows import lock, note, read
from callcenter.tickets.ticket import NoTicket

SQL = queries("ticket_page")
NOTIFY = queries("tickets")["notify"]

LARGEST = 20 * 1024 * 1024
"""Maximum bytes of one file."""
# Above this Pillow, too, reports a decompression bomb.
MOST_PIXELS = 89_000_000
MOST_FILES = 50
LONGEST_NAME = 100
PDF = b"%PDF-"
# MPO is a JPEG that holds further pictures, as telephones make them.
MEDIA_TYPES = {"JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
ENDINGS: Mapping[str, str] = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "application/pdf": ".pdf",
}


class BadFile(Refusal):
    """This file is refused. `code`: `empty`, `too large`, `kind` (neither photo nor PDF), `pixels`, `too many`."""

    text = gettext_noop("This file cannot be saved.")


@dataclass(frozen=True, slots=True)
class TicketFile:
    """A file that belongs to a ticket. `size` in bytes."""

    id: int
    ticket_id: int
    name: str
    media_type: str
    size: int
    object_key: str
    added_at: datetime


class TicketFiles:
    """Files over PostgreSQL and the store. Methods raise `NoTicket` for a ticket that this person may not see."""

    def __init__(self, pool: asyncpg.Pool, store: ObjectStore) -> None:
        self._pool = pool
        self._store = store

    async def add(
        self, person: Person | None, ticket_id: int, name: str, path: Path, *, by_crew: int | None = None
    ) -> TicketFile:
        """Store the file at `path`. `by_crew`: the crew that adds it by its link, instead of a person.

        Raises `BadFile`, and `StoreError` when the store cannot take it; then nothing was stored.
        """
        media_type = await asyncio.to_thread(media_type_of, path)
        sha256 = await asyncio.to_thread(_sha256, path)
        await self._require_room(person, ticket_id)
        # In the store before it is in the table, so that no page offers a file that does not exist.
        key = f"tickets/{ticket_id}/{uuid4().hex}"
        await self._store.put(key, path, sha256, media_type)
        shown, size = clean_name(name, media_type), path.stat().st_size
        async with scoped(self._pool, person) if person else scoped_to(self._pool, None) as connection:
            ticket = await lock(connection, person, ticket_id, by_crew)
            [row] = await connection.fetch(SQL["add_file"], ticket_id, shown, media_type, size, sha256, key)
            await note(
                connection, ticket, TicketEventKind.FILE, person=person, crew=by_crew, changes={"file": (None, shown)}
            )
            await connection.execute(NOTIFY, ticket_id, ticket.company_id)
        return TicketFile(**row)

    async def open(self, person: Person, ticket_id: int, file_id: int, address: str) -> TicketFile | None:
        """The file; the access is audited. `address`: where it came from."""
        async with scoped(self._pool, person) as connection:
            ticket = await read(connection, person, ticket_id)
            row = None if ticket is None else await connection.fetchrow(SQL["file"], ticket_id, file_id)
            if ticket is None or row is None:
                return None
            await audit(
                connection,
                AuditAction.VIEWED_FILE,
                person=person,
                company=ticket.company_id,
                subject=AuditSubject.TICKET,
                subject_id=ticket_id,
                address=address,
                details={"file": file_id},
            )
        return TicketFile(**row)

    def content(self, file: TicketFile) -> AsyncGenerator[bytes, None]:
        """The file's bytes, in pieces. Raises `StoreError`."""
        return self._store.open(file.object_key, 0, 0)

    async def _require_room(self, person: Person | None, ticket_id: int) -> None:
        async with scoped(self._pool, person) if person else scoped_to(self._pool, None) as connection:
            if await read(connection, person, ticket_id) is None:
                raise NoTicket
            if len(await files_of(connection, ticket_id)) >= MOST_FILES:
                raise BadFile("too many")


TICKET_FILES = web.AppKey("ticket_files", TicketFiles)


async def files_of(connection: Connection, ticket_id: int) -> list[TicketFile]:
    """The ticket's files, oldest first."""
    return [TicketFile(**row) for row in await connection.fetch(SQL["files"], ticket_id)]


def media_type_of(path: Path) -> str:
    """The file's media type, by its content alone. Raises `BadFile`. Blocks."""
    size = path.stat().st_size
    if not size:
        raise BadFile("empty")
    if size > LARGEST:
        raise BadFile("too large")
    with path.open("rb") as file:
        if file.read(len(PDF)) == PDF:
            return "application/pdf"
    try:
        # Reads the header only: the picture is never decoded here.
        with Image.open(path, formats=("JPEG", "PNG", "WEBP")) as picture:
            width, height = picture.size
            media_type = MEDIA_TYPES[picture.format or ""]
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise BadFile("pixels") from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, KeyError):
        raise BadFile("kind") from None
    if width * height > MOST_PIXELS:
        raise BadFile("pixels")
    return media_type


def clean_name(name: str, media_type: str) -> str:
    """A name that is safe to show and to save: no folders, no control or direction marks, the type's own ending."""
    name = unicodedata.normalize("NFC", name.replace("\\", "/").rsplit("/", 1)[-1])
    stem = name.rsplit(".", 1)[0] if "." in name else name
    stem = "".join(letter for letter in stem if unicodedata.category(letter)[0] != "C" and letter not in '<>:"|?*')
    stem = " ".join(stem.split()).strip(". ")[:LONGEST_NAME].strip()
    return (stem or "file") + ENDINGS[media_type]


def _sha256(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
