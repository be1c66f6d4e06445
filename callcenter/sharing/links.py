"""Links to a ticket's recordings: created for one named person, listed with their uses, revoked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import randbelow, token_urlsafe

import asyncpg
from aiohttp import web

from callcenter.common.passwords import Passwords, digest
from callcenter.common.scope import Connection, audit
from callcenter.domain.audit import AuditAction, AuditSubject
from callcenter.domain.person import Person
from callcenter.domain.sharing import LinkState, LinkUseKind
from callcenter.errors import Refusal, gettext_noop
from callcenter.storage import queries
from callcenter.tickets.rows import lock

SQL = queries("links")

TOKEN_BYTES = 16
PIN_DIGITS = 6
MOST_WRONG_PINS = 10
"""Wrong PINs after which a link is blocked permanently, out of a million PINs."""
USES_SHOWN = 30


class BadLink(Refusal):
    """The link cannot be created. `field`: what is wrong, such as `recordings`."""

    text = gettext_noop("This link cannot be made.")


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRequest:
    """A link to be created. `recordings`: ids, in the order shown; `fetches`: the limit for each of them."""

    recordings: Sequence[int]
    recipient: str
    email: str | None
    purpose: str
    language: str
    lasts: timedelta
    fetches: int
    with_pin: bool


@dataclass(frozen=True, slots=True)
class MadeLink:
    """A new link: `token` and `pin` are known only now. `pin` is empty when there is none."""

    id: int
    token: str
    pin: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ShareableRecording:
    """A recording that can be shared. `at`: when the talk began."""

    id: int
    at: datetime
    duration_s: float | None
    operator: str


@dataclass(frozen=True, slots=True)
class LinkUse:
    """A use of a link. `place`: the recording's position in the link; `sent`: bytes."""

    link_id: int
    at: datetime
    kind: LinkUseKind
    place: int | None
    address: str
    browser: str
    sent: int


@dataclass(frozen=True, slots=True)
class ShareLink:
    """A link as the ticket's page lists it."""

    id: int
    recipient: str
    email: str | None
    purpose: str
    has_pin: bool
    fetches: int
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    sent_at: datetime | None
    problem: str
    made_by: str
    revoked_by: str
    state: LinkState
    recordings: int
    uses: tuple[LinkUse, ...] = ()


class ShareLinks:
    """Links over PostgreSQL, for our own people. Methods raise `NoTicket` for a ticket that the person may not see."""

    def __init__(self, pool: asyncpg.Pool, passwords: Passwords) -> None:
        self._pool = pool
        self._passwords = passwords

    async def make(self, person: Person, ticket_id: int, wish: LinkRequest, address: str) -> MadeLink:
        """Create a link; audited. Raises `BadLink` when a recording is not the ticket's."""
        token = token_urlsafe(TOKEN_BYTES)
        pin = f"{randbelow(10**PIN_DIGITS):0{PIN_DIGITS}}" if wish.with_pin else ""
        pin_hash = await self._passwords.hash(pin) if pin else None
        async with self._pool.acquire() as connection, connection.transaction():
            ticket = await lock(connection, person, ticket_id)
            there = {recording.id for recording in await shareable_of(connection, ticket_id)}
            wanted = list(dict.fromkeys(wish.recordings))
            if not wanted or not there.issuperset(wanted):
                raise BadLink("recordings", "recordings")
            row = await connection.fetchrow(
                SQL["add"], ticket.company_id, ticket_id, digest(token), wish.recipient, wish.email, wish.purpose,
                wish.language, pin_hash, wish.fetches, person.id, wish.lasts,
            )  # fmt: skip
            assert row is not None
            await connection.execute(SQL["add_recordings"], row["id"], wanted)
            await audit(
                connection, AuditAction.SHARED_RECORDINGS, person=person, company=ticket.company_id,
                subject=AuditSubject.TICKET, subject_id=ticket_id, address=address,
                details={"link": row["id"], "recordings": wanted, "pin": bool(pin)},
            )  # fmt: skip
        return MadeLink(row["id"], token, pin, row["expires_at"])

    async def mailed(self, link_id: int, problem: str = "") -> None:
        """Record that the e-mail with the link was sent, or why it was not."""
        await self._pool.execute(SQL["mailed"], link_id, problem)

    async def revoke(self, person: Person, ticket_id: int, link_id: int, address: str) -> bool:
        """Revoke the link, also for downloads in progress; False when there is none that could be revoked."""
        async with self._pool.acquire() as connection, connection.transaction():
            await lock(connection, person, ticket_id)
            company = await connection.fetchval(SQL["revoke"], link_id, ticket_id, person.id)
            if company is None:
                return False
            await audit(
                connection, AuditAction.REVOKED_LINK, person=person, company=company,
                subject=AuditSubject.TICKET, subject_id=ticket_id, address=address, details={"link": link_id},
            )  # fmt: skip
        return True


SHARE_LINKS = web.AppKey("share_links", ShareLinks)


async def links_of(connection: Connection, ticket_id: int) -> list[ShareLink]:
    """The ticket's links, newest first, each with its newest `USES_SHOWN` uses."""
    rows = await connection.fetch(SQL["of_ticket"], ticket_id, MOST_WRONG_PINS)
    found = await connection.fetch(SQL["uses"], [row["id"] for row in rows], USES_SHOWN)
    uses = [LinkUse(**{**row, "kind": LinkUseKind(row["kind"])}) for row in found]
    return [
        ShareLink(
            **{**row, "state": LinkState(row["state"])}, uses=tuple(use for use in uses if use.link_id == row["id"])
        )
        for row in rows
    ]


async def shareable_of(connection: Connection, ticket_id: int) -> list[ShareableRecording]:
    """The ticket's recordings that can be shared, oldest first."""
    return [ShareableRecording(**row) for row in await connection.fetch(SQL["offered"], ticket_id)]
