"""The audit log, read page by page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
from aiohttp import web

from callcenter.common.cursors import PageCursor
from callcenter.storage import queries

SQL = queries("audit")
PAGE = 50


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries: by person, action, subject; from `since` on, before `until`."""

    person: int | None = None
    action: str = ""
    subject: str = ""
    subject_id: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One entry. `subject_name` is known for people only."""

    id: int
    at: datetime
    operator_id: int | None
    person: str | None
    login: str | None
    company: str | None
    action: str
    subject: str
    subject_id: str
    address: str
    details: Mapping[str, Any]
    subject_name: str | None


@dataclass(frozen=True, slots=True)
class Names:
    """Of the companies and crews that entries name by their ids."""

    companies: Mapping[str, str]
    crews: Mapping[str, str]


class AuditLog:
    """The audit log over PostgreSQL. Every method may raise `OSError` or an `asyncpg` error."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def entries(
        self, criteria: AuditFilter, after: PageCursor | None = None
    ) -> tuple[Sequence[AuditEntry], PageCursor | None]:
        """A page, newest first, and the cursor of the next one if there is one."""
        conditions, values = _conditions(criteria, after)
        where = f" where {' and '.join(conditions)}" if conditions else ""
        text = f"{SQL['entries']}{where} order by a.at desc, a.id desc limit {PAGE + 1}"
        rows = [AuditEntry(**row) for row in await self._pool.fetch(text, *values)]
        shown = rows[:PAGE]
        return shown, PageCursor(shown[-1].at, shown[-1].id) if len(rows) > PAGE else None

    async def actions(self) -> list[str]:
        """Every action that occurs in the log."""
        return [row["action"] for row in await self._pool.fetch(SQL["actions"])]

    async def names(self) -> Names:
        """The names of the companies and the crews."""
        rows = await self._pool.fetch(SQL["names"])
        of = {kind: {row["id"]: row["name"] for row in rows if row["kind"] == kind} for kind in ("company", "crew")}
        return Names(of["company"], of["crew"])

    async def people(self) -> list[tuple[int, str]]:
        """Everybody who may occur in the log."""
        return [(row["id"], f"{row['name']} ({row['login']})") for row in await self._pool.fetch(SQL["people"])]


AUDIT_LOG = web.AppKey("audit_log", AuditLog)


def _conditions(criteria: AuditFilter, after: PageCursor | None) -> tuple[list[str], list[object]]:
    # Only the given conditions stand in the statement, so that the matching index is used.
    asked: list[tuple[str, list[object]]] = [
        ("a.operator_id = {}", [criteria.person]),
        ("a.action = {}", [criteria.action or None]),
        ("a.subject = {}", [criteria.subject or None]),
        ("a.subject_id = {}", [criteria.subject_id or None]),
        ("a.at >= {}", [criteria.since]),
        ("a.at < {}", [criteria.until]),
        ("(a.at, a.id) < ({}, {})", [None, None] if after is None else [after.at, after.id]),
    ]
    conditions: list[str] = []
    values: list[object] = []
    for text, given in asked:
        if given[0] is not None:
            first = len(values) + 1
            conditions.append(text.format(*(f"${first + n}" for n in range(len(given)))))
            values += given
    return conditions, values
