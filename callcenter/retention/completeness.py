"""Completeness of recordings: by hour, node and company; talks without a recording, and why; deletions by policy."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from callcenter.common.scope import Connection
from callcenter.domain.recording import DUE_AFTER
from callcenter.storage import queries

SQL = queries("completeness")
MOST = 200


@dataclass(frozen=True, slots=True)
class Hour:
    """The talks that began in one hour on one node for one company (None: for none).

    `expected` = `verified` + `late` + `missing`; `open`: not due yet.
    """

    hour: datetime
    node: str
    company_id: int | None
    company: str | None
    expected: int
    verified: int
    late: int
    missing: int
    open: int


@dataclass(frozen=True, slots=True)
class UnverifiedTalk:
    """A talk without a verified recording. `state`: of its row, or `unknown` when it has none."""

    recording: int | None
    at: datetime
    node: str
    company: str | None
    zone: str
    ticket_id: int | None
    ticket: int | None
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class Stray:
    """A file that belongs to no call; it is stored nevertheless. `duration_s` in seconds."""

    recording: int
    at: datetime
    node: str
    duration_s: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class Deletion:
    """A recording that was deleted by policy, or (`expired`) waits for it. `days`: for how long it had to be kept."""

    recording: int
    node: str
    company: str | None
    zone: str
    ticket_id: int | None
    ticket: int | None
    at: datetime
    state: str
    retain_until: datetime
    deleted_at: datetime | None
    because: str
    duration_s: float | None
    size: int | None
    days: int


@dataclass(frozen=True, slots=True)
class Disk:
    """A node's last report about the disk on which recordings wait, in bytes.

    `files` and `bytes` wait there, since `oldest`; at the rate of the last minutes it is full at `full_at` (None: it is
    not filling up). `log_free`, `log_total`: of the disk of the ledger. `silent`: no report from the node for a minute.
    """

    node: str
    free: int
    total: int
    files: int
    bytes: int
    oldest: datetime | None
    full_at: datetime | None
    log_free: int | None
    log_total: int | None
    seen_at: datetime
    silent: bool


def ratio(hours: Sequence[Hour]) -> float | None:
    """Verified ÷ expected; None when nothing was expected."""
    expected = sum(hour.expected for hour in hours)
    return sum(hour.verified for hour in hours) / expected if expected else None


async def hours(connection: Connection | asyncpg.Pool, first: datetime, last: datetime) -> list[Hour]:
    """Every hour with talks between two moments, the newest first."""
    return [Hour(**row) for row in await connection.fetch(SQL["hours"], first, last, DUE_AFTER)]


async def unverified_talks(connection: Connection | asyncpg.Pool, since: datetime) -> list[UnverifiedTalk]:
    """Up to `MOST` of the talks since then whose recordings are late or missing, the newest first."""
    return [UnverifiedTalk(**row) for row in await connection.fetch(SQL["troubles"], since, DUE_AFTER, MOST)]


async def strays(connection: Connection | asyncpg.Pool, since: datetime) -> list[Stray]:
    """Up to `MOST` files that came since then and belong to no call, the newest first."""
    return [Stray(**row) for row in await connection.fetch(SQL["strays"], since, MOST)]


async def deletions(connection: Connection | asyncpg.Pool, since: datetime, most: int = MOST) -> list[Deletion]:
    """Up to `most` recordings that were deleted by policy since then; before them those that will be."""
    return [Deletion(**row) for row in await connection.fetch(SQL["deletions"], since, most)]


async def disks(connection: Connection | asyncpg.Pool) -> list[Disk]:
    """The disks of all nodes."""
    return [Disk(**row) for row in await connection.fetch(SQL["disks"])]
