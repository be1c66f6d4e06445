"""The log of who listened to which part of which recording, and why. Nothing is played before a reason is given."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
from aiohttp import web

from callcenter.common.cursors import PageCursor
from callcenter.common.custody import matches_chain
from callcenter.common.scope import audit, scoped
from callcenter.domain.audit import AuditAction, AuditSubject
from callcenter.domain.listening import ListeningReason
from callcenter.domain.person import Person
from callcenter.errors import Refusal, gettext_noop
from callcenter.storage import queries

SQL = queries("listening")
OPEN_FOR = timedelta(hours=12)
"""How long a listening stays open; afterwards a reason is required again."""
LONGEST_WORDS = 300
MOST_PARTS = 500


class NoReason(Refusal):
    """The reason `other` needs an explanation."""

    text = gettext_noop("Explain why in a few words.")
    code = "reason"


@dataclass(frozen=True, slots=True)
class Listening:
    """A listening that is open."""

    id: int
    reason: ListeningReason
    words: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StoredAudio:
    """The audio to send: its key, its size in bytes, its length in seconds; `listening`: None unless one is open.

    `version`: the object's that was verified; None means the newest.
    """

    recording: int
    listening: int | None
    key: str
    version: str | None
    size: int
    media_type: str
    duration_s: float | None


class Listenings:
    """The listenings over PostgreSQL. Every method may raise `OSError` or an `asyncpg` error."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def begin(
        self, person: Person, recording: int, reason: ListeningReason, words: str, address: str
    ) -> int | None:
        """Open a listening, which is audited; its id, None when there is no such recording. Raises `NoReason`."""
        words = words.strip()[:LONGEST_WORDS]
        if reason is ListeningReason.OTHER and not words:
            raise NoReason
        async with scoped(self._pool, person) as connection:
            made: int | None = await connection.fetchval(SQL["begin"], recording, person.id, reason, words)
            if made is not None:
                await audit(
                    connection,
                    AuditAction.LISTENED_TO_RECORDING,
                    person=person,
                    subject=AuditSubject.RECORDING,
                    subject_id=recording,
                    address=address,
                    details={"reason": reason},
                )
        return made

    async def open(self, person: Person, recording: int) -> Listening | None:
        """The listening that this person has open."""
        async with scoped(self._pool, person) as connection:
            row = await connection.fetchrow(SQL["open"], recording, person.id, OPEN_FOR)
        return None if row is None else Listening(row["id"], ListeningReason(row["reason"]), row["words"], row["at"])

    async def last_reason(self, person: Person) -> ListeningReason | None:
        """The last reason that this person gave."""
        async with scoped(self._pool, person) as connection:
            reason = await connection.fetchval(SQL["last_reason"], person.id)
        return None if reason is None else ListeningReason(reason)

    async def audio(self, person: Person, recording: int, *, copy: bool) -> StoredAudio | None:
        """The copy for listening or the original; None when there is none in the store."""
        async with scoped(self._pool, person) as connection:
            row = await connection.fetchrow(SQL["audio"], recording, person.id, copy, OPEN_FOR)
        if row is None or row["object_key"] is None or not matches_chain(row["id"], as_chained=row["as_chained"]):
            return None
        return StoredAudio(
            row["id"],
            row["play"],
            row["object_key"],
            row["version_id"],
            row["size"],
            row["media_type"],
            row["duration_s"],
        )

    async def sent(self, listening: int, audio: StoredAudio, part: range) -> None:
        """Record that these bytes were sent, converted to seconds at a constant rate and rounded outwards."""
        if not part or not audio.duration_s:
            return
        per_byte = audio.duration_s / audio.size
        await self._pool.execute(SQL["sent"], listening, int(part.start * per_byte), int(part.stop * per_byte) + 1)

    async def heard(self, person: Person, recording: int, listening: int, parts: Sequence[tuple[int, int]]) -> bool:
        """Record which parts were played, in seconds; False when it is not this person's listening."""
        async with scoped(self._pool, person) as connection:
            columns = [[part[side] for part in parts[:MOST_PARTS]] for side in (0, 1)]
            return await connection.fetchval(SQL["heard"], listening, recording, person.id, *columns) is not None

    async def listed(
        self,
        person: Person,
        *,
        recording: int | None = None,
        who: int | None = None,
        before: PageCursor | None = None,
        size: int = 50,
    ) -> list[asyncpg.Record]:
        """Listenings newest first, by a link too: of one recording, of one person, of all; older than `before`."""
        async with scoped(self._pool, person) as connection:
            at, last = (None, None) if before is None else (before.at, before.id)
            return await connection.fetch(SQL["listenings"], recording, who, at, last, size)


LISTENINGS = web.AppKey("listenings", Listenings)
