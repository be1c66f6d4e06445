"""The whole journal of a period as a file: ordered by a person, made by a job, stored for a limited time."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import structlog
from aiohttp import web

from callcenter.common import jobs
from callcenter.common.file_jobs import FileJobs
from callcenter.common.object_store import ObjectStore
from callcenter.common.scope import Connection, audit, scoped, scoped_to
from callcenter.common.sheets import MEDIA, Cell, Sheet, sheet
from callcenter.domain.audit import AuditAction, AuditSubject
from callcenter.domain.file_order import FileOrderState
from callcenter.domain.person import Person
from callcenter.errors import LimitReached, NotFound
from callcenter.reports.period import Period, PeriodStep, moments
from callcenter.storage import queries

log = structlog.get_logger()

SQL = queries("exports")
JOB = "export"
CHUNK = 500
"""Rows that are fetched and written at a time: few enough that a thread does not hold the interpreter noticeably."""
TELL_EVERY_S = 0.5
AT_ONCE = 3
"""Files of one person that may be made at the same time."""
FIELDS = (
    *("company", "number", "opened_at", "state", "kind", "category", "subject", "description", "address", "flat"),
    *("entrance", "common_property", "caller", "resident", "account", "contact_name", "contact_phone", "access_at"),
    *("access_reason", "access_people", "price", "payment", "operator", "crew", "responsible", "planned_from"),
    *("planned_until", "accepted_at", "localised_at", "started_at", "done_at", "closed_at", "late_from", "result"),
    *("cancel_reason", "parent", "call", "recordings", "files"),
)
_MOMENTS = frozenset(name for name in FIELDS if name.endswith(("_at", "_from", "_until")))


@dataclass(frozen=True)
class ExportTexts:
    """The file's texts in one language: its title, the head for each of `FIELDS`, the labels of codes."""

    title: str
    head: Sequence[str]
    values: Mapping[str, Mapping[Any, str]]


@dataclass(frozen=True, slots=True)
class Export:
    """One order. `expected` is None until the tickets have been counted."""

    id: int
    company: str | None
    period: Period
    format: str
    state: FileOrderState
    written: int
    expected: int | None
    size: int | None
    expires_at: datetime | None


class TooManyExports(LimitReached):
    """`AT_ONCE` files of this person are being made."""


class ExportOrders:
    """A person's orders of files."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def add(
        self, person: Person, company: int | None, period: Period, format_: str, language: str, address: str = ""
    ) -> int:
        """Order a file. `company` None: all companies. Raises `TooManyExports`, and `NotFound` for a company not the
        person's.
        """
        if person.company_id is not None and person.company_id != company:
            raise NotFound
        async with scoped_to(self._pool, None) as connection:
            # Serialises the counting of simultaneous orders of one person.
            await connection.execute("select pg_advisory_xact_lock(hashtext('exports'), $1)", person.id)
            if await connection.fetchval(SQL["being_made"], person.id) >= AT_ONCE:
                raise TooManyExports
            order = int(
                await connection.fetchval(SQL["add"], person.id, company, period.first, period.last, format_, language)
            )
            await jobs.put(connection, JOB, [str(order)])
            await self._note(connection, AuditAction.ORDERED_JOURNAL_EXPORT, person, order, company, address)
        return order

    async def list(self, person: Person) -> list[Export]:
        """The person's orders, newest first."""
        async with scoped(self._pool, person) as connection:
            rows = await connection.fetch(SQL["of_person"], person.id, person.company_id)
        return [
            Export(
                row["id"],
                row["company"],
                Period(row["first_day"], row["last_day"]),
                row["format"],
                FileOrderState(row["state"]),
                row["written"],
                row["expected"],
                row["size"],
                row["expires_at"],
            )
            for row in rows
        ]

    async def take(self, person: Person, order: int, address: str = "") -> tuple[str, int, str, str] | None:
        """Key, size in bytes, format and the period as the name of the person's file, if there is one; the download is audited."""
        async with scoped(self._pool, person) as connection:
            row = await connection.fetchrow(SQL["file"], order, person.id, person.company_id)
            if row is None:
                return None
            await self._note(
                connection, AuditAction.DOWNLOADED_JOURNAL_EXPORT, person, order, row["company_id"], address
            )
        name = f"{row['first_day']:%d.%m.%Y}–{row['last_day']:%d.%m.%Y}.{row['format']}"
        return row["object_key"], row["size"], row["format"], name

    async def _note(
        self, connection: Connection, action: AuditAction, person: Person, order: int, company: int | None, address: str
    ) -> None:
        await audit(
            connection,
            action,
            person=person,
            company=company,
            subject=AuditSubject.EXPORT,
            subject_id=order,
            address=address,
        )


EXPORT_ORDERS = web.AppKey("export orders", ExportOrders)


class Exports(FileJobs):
    """Makes the files; `texts` returns their texts in a language."""

    name, job, sql, kept, tidy_every_s = "export", JOB, SQL, timedelta(days=1), 600.0

    def __init__(self, pool: asyncpg.Pool, store: ObjectStore, texts: Callable[[str], ExportTexts]) -> None:
        super().__init__(pool, store)
        self._texts = texts

    async def _fail(self, order: int, _problem: str) -> None:
        await self._pool.execute(SQL["fail"], order, self.kept)

    async def _make(self, order: asyncpg.Record) -> None:
        key = f"exports/{order['id']}.{order['format']}"
        with TemporaryDirectory(prefix="callcenter-export-") as folder:
            path = Path(folder) / "file"
            written = await self._write(order, path)
            size, _sha256 = await self._upload(key, path, MEDIA[order["format"]])
        await self._pool.execute(SQL["ready"], order["id"], written, key, size, self.kept)
        log.info("export ready", export=order["id"], rows=written, size=size)

    async def _write(self, order: asyncpg.Record, path: Path) -> int:
        texts = self._texts(order["language"])
        with path.open("wb") as file:
            async with scoped_to(self._pool, order["company_id"]) as connection:
                journal = _Journal(connection, order)
                await self._pool.execute(SQL["expect"], order["id"], await journal.count())
                writing = sheet(file, order["format"], order["language"], texts.title, texts.head)
                written = await self._write_rows(order["id"], journal, writing, texts)
            await asyncio.to_thread(writing.finish)
        return written

    async def _write_rows(self, order: int, journal: "_Journal", writing: Sheet, texts: ExportTexts) -> int:
        written, told_at = 0, time.monotonic()
        for company in journal.companies:
            zone = ZoneInfo(company["zone"])
            cursor = await journal.cursor(company)
            while rows := await cursor.fetch(CHUNK):
                await asyncio.to_thread(writing.add, [_cells(row, zone, texts) for row in rows])
                written += len(rows)
                if time.monotonic() - told_at >= TELL_EVERY_S:
                    await self._pool.execute(SQL["progress"], order, written)
                    told_at = time.monotonic()
        return written


class _Journal:
    """The tickets of an order, a company at a time."""

    def __init__(self, connection: Connection, order: asyncpg.Record) -> None:
        self._connection = connection
        self._order = order
        self.companies: Sequence[asyncpg.Record] = ()

    async def count(self) -> int:
        """The number of tickets."""
        self.companies = await self._connection.fetch(SQL["companies"], self._order["company_id"])
        return sum(
            [
                await self._connection.fetchval(SQL["count"], company["id"], *self._days(company))
                for company in self.companies
            ]
        )

    async def cursor(self, company: asyncpg.Record) -> "asyncpg.cursor.Cursor[asyncpg.Record]":
        """The tickets of one company, in order."""
        return await self._connection.cursor(
            SQL["journal"], company["id"], *self._days(company), self._order["language"]
        )

    def _days(self, company: asyncpg.Record) -> tuple[datetime, datetime]:
        first: date = self._order["first_day"]
        return moments([PeriodStep(first, self._order["last_day"])], ZoneInfo(company["zone"]))[0]


def _cells(row: asyncpg.Record, zone: ZoneInfo, texts: ExportTexts) -> list[Cell]:
    cells: list[Cell] = []
    for name in FIELDS:
        value = row[name]
        if value is not None and name in _MOMENTS:
            value = value.astimezone(zone).replace(tzinfo=None, microsecond=0)
        elif name in texts.values:
            value = texts.values[name].get(value, "")
        cells.append(value)
    return cells
