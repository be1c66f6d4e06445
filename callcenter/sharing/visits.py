"""The public side of a link to recordings: its holder plays and downloads them, as often as the link allows.

Whether a link is unknown, expired, revoked or blocked by wrong PINs is one query with one result, so that neither the
answer nor its timing reveals which of them it is.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

import asyncpg
from aiohttp import web

from callcenter.common.attempts import Attempts
from callcenter.common.custody import matches_chain
from callcenter.common.origin import LONGEST_BROWSER, Origin
from callcenter.common.passwords import Passwords, digest, new_token
from callcenter.common.scope import Connection, audit
from callcenter.domain.audit import AuditAction, AuditSubject
from callcenter.domain.sharing import LinkUseKind
from callcenter.sharing.links import MOST_WRONG_PINS, SQL

VISIT_LASTS = timedelta(hours=2)
LONGEST_PIN = 20


class Variant(StrEnum):
    """How a recording is requested: to play on the page, or to download the original or the smaller copy.

    Each is counted apart, since they differ in size.
    """

    LISTEN = "listened"
    LISTEN_ORIGINAL = "listened_original"
    """For browsers that cannot play the copy (Opus in Ogg: Safari before 18.4), and while there is none."""
    ORIGINAL = "original"
    COPY = "copy"

    @property
    def kind(self) -> LinkUseKind:
        """As what its use is recorded."""
        return LinkUseKind.LISTENED if self is Variant.LISTEN_ORIGINAL else LinkUseKind(self)


@dataclass(frozen=True, slots=True)
class SharedLink:
    """A link that works. `number`: the ticket's."""

    id: int
    ticket_id: int
    company_id: int
    company: str
    zone: str
    number: int
    recipient: str
    purpose: str
    language: str
    has_pin: bool
    fetches: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes in the store, in the version that was verified; None means the newest."""

    object_key: str
    version: str | None
    size: int
    media_type: str


@dataclass(frozen=True, slots=True)
class SharedRecording:
    """A recording behind a link. `contents` is empty when it is no longer stored; `left`: variants not used up."""

    place: int
    id: int
    at: datetime
    duration_s: float | None
    sha256: str
    contents: dict[Variant, Content] = field(default_factory=dict)
    left: frozenset[Variant] = frozenset()

    @classmethod
    def of(cls, row: asyncpg.Record, fetches: int) -> Self:
        """From a row of the query `recordings`."""
        contents: dict[Variant, Content] = {}
        if row["kept"] and matches_chain(row["id"], as_chained=row["as_chained"]):
            original = Content(row["object_key"], row["version_id"], row["size"], "audio/wav")
            contents |= {Variant.ORIGINAL: original, Variant.LISTEN_ORIGINAL: original}
            if row["copy_key"] and matches_chain(row["id"], as_chained=row["copy_as_chained"]):
                copy = Content(row["copy_key"], row["copy_version"], row["copy_size"], row["copy_type"])
                contents |= {Variant.COPY: copy, Variant.LISTEN: copy}
        # A request may start while anything is left, so that an interrupted download can be restarted.
        left = {variant for variant, content in contents.items() if row[variant] < fetches * max(content.size, 1)}
        sha256 = row["sha256"].hex() if row["sha256"] else ""
        return cls(row["place"], row["id"], row["at"], row["duration_s"], sha256, contents, frozenset(left))


class LinkVisits:
    """Links over PostgreSQL, for those who hold them."""

    def __init__(self, pool: asyncpg.Pool, passwords: Passwords, attempts: Attempts) -> None:
        self._pool = pool
        self._passwords = passwords
        self._attempts = attempts

    async def find(self, token: str, address: str) -> SharedLink | None:
        """The link, or None alike for one that never existed and one that no longer works.

        `address`: where it was asked from. Raises `TooManyAttempts` for a wrong one when too many were.
        """
        row = await self._pool.fetchrow(SQL["find"], digest(token), MOST_WRONG_PINS)
        if row is None:
            await self._attempts.wrong_link(address)
            return None
        return SharedLink(**row)

    async def works(self, link: SharedLink) -> bool:
        """Whether the link still works."""
        return bool(await self._pool.fetchval(SQL["works"], link.id, MOST_WRONG_PINS))

    async def opened(self, link: SharedLink, origin: Origin) -> list[SharedRecording]:
        """The shared recordings; the visit is recorded."""
        async with self._pool.acquire() as connection, connection.transaction():
            await _use(connection, link, LinkUseKind.OPENED, origin)
            return [
                SharedRecording.of(row, link.fetches)
                for row in await connection.fetch(SQL["recordings"], link.id, None)
            ]

    async def may_enter(self, link: SharedLink, visit: str) -> bool:
        """Whether no PIN is needed, or this browser, identified by its `visit`, gave it before."""
        return not link.has_pin or bool(await self._pool.fetchval(SQL["visits"], digest(visit), link.id))

    async def give_pin(self, link: SharedLink, pin: str, origin: Origin) -> str | int:
        """A visit's token when the PIN is right; otherwise the number of attempts left."""
        pin = "".join(pin.split())[:LONGEST_PIN]
        # Counted before it is checked, so that simultaneous attempts cannot exceed the limit.
        row = await self._pool.fetchrow(SQL["try_pin"], link.id, MOST_WRONG_PINS)
        if row is None:
            return 0
        right = await self._passwords.check(row["pin_hash"], pin)
        async with self._pool.acquire() as connection, connection.transaction():
            await _use(connection, link, LinkUseKind.RIGHT_PIN if right else LinkUseKind.WRONG_PIN, origin)
            if right:
                visit = new_token()
                await connection.execute(SQL["pin_was_right"], digest(visit), link.id, VISIT_LASTS)
                return visit
        return MOST_WRONG_PINS - int(row["pin_failures"])

    async def recording(self, link: SharedLink, place: int) -> SharedRecording | None:
        """One of the link's recordings."""
        row = await self._pool.fetchrow(SQL["recordings"], link.id, place)
        return None if row is None else SharedRecording.of(row, link.fetches)

    async def begin(self, link: SharedLink, place: int, variant: Variant, length: int, origin: Origin) -> int | None:
        """Reserve `length` bytes for a request; the id of the use, or None when the link allows no more.

        Requests in progress count as if sent completely, so that simultaneous ones get no more than sequential ones.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            if await connection.fetchrow(SQL["lock"], link.id, MOST_WRONG_PINS) is None:
                return None
            row = await connection.fetchrow(SQL["recordings"], link.id, place)
            if row is None or variant not in SharedRecording.of(row, link.fetches).left:
                await _use(connection, link, LinkUseKind.NONE_LEFT, origin, place)
                return None
            of_original = variant is Variant.LISTEN_ORIGINAL
            return await _use(connection, link, variant.kind, origin, place, length, row["id"], of_original)

    async def settle(self, use: int, unsent: int) -> None:
        """A request has ended; `unsent` of its reserved bytes were not sent."""
        if unsent:
            await self._pool.execute(SQL["settle"], use, unsent)

    async def cut_off(self, link: SharedLink, place: int, origin: Origin) -> None:
        """Record that the link ended during a download."""
        async with self._pool.acquire() as connection, connection.transaction():
            await _use(connection, link, LinkUseKind.CUT_OFF, origin, place)


LINK_VISITS = web.AppKey("link_visits", LinkVisits)


AUDITED = {
    LinkUseKind.OPENED: AuditAction.OPENED_LINK,
    LinkUseKind.WRONG_PIN: AuditAction.GAVE_WRONG_PIN_OF_LINK,
    LinkUseKind.LISTENED: AuditAction.LISTENED_BY_LINK,
    LinkUseKind.ORIGINAL: AuditAction.DOWNLOADED_BY_LINK,
    LinkUseKind.COPY: AuditAction.DOWNLOADED_BY_LINK,
}


async def _use(
    connection: Connection,
    link: SharedLink,
    kind: LinkUseKind,
    origin: Origin,
    place: int | None = None,
    sent: int = 0,
    recording: int | None = None,
    of_original: bool = False,
) -> int:
    browser = origin.browser[:LONGEST_BROWSER].encode(errors="ignore").decode().replace("\0", "")
    row = await connection.fetchrow(SQL["use"], link.id, kind, place, origin.address, browser, sent, of_original)
    assert row is not None
    # Recorded once for all ranges in which a browser requests one recording.
    if kind in AUDITED and row["new"]:
        await audit(
            connection, AUDITED[kind], company=link.company_id, subject=AuditSubject.TICKET, subject_id=link.ticket_id,
            address=origin.address,
            details={"link": link.id} | ({} if recording is None else {"recording": recording}),
        )  # fmt: skip
    return int(row["id"])
