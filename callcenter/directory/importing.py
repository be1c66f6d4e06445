"""Imports of sheets into the directory: checked first, then applied as a whole or not at all; idempotent.

A house is identified by its key, else by its address; a flat by its house and number; a resident by the account, else
by the flat and name. An import adds and changes but never removes, and an empty cell leaves the stored value.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import asyncpg
from aiohttp import web

from callcenter.common.address_keys import fill_keys
from callcenter.common.scope import Connection, audit, scoped_to
from callcenter.common.sheet_problems import MAX_BYTES, SheetProblem, SheetRefused
from callcenter.common.sheet_reader import ReadSheet, SheetReader
from callcenter.directory.rows import PHONE_PROBLEMS
from callcenter.directory.sheet_process import MODULE
from callcenter.domain.audit import AuditAction, AuditSubject
from callcenter.domain.person import Person
from callcenter.domain.phone import PhoneFault, existing
from callcenter.storage import queries

SQL = queries("directory_import")
# Rows written before control is given to other tasks.
AT_ONCE = 5000
# Telephones checked before control is given to other tasks: some 10 ms.
CHECKED_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import would do, or has done.

    `problems`: what must be fixed first; while there are any, nothing is saved. `counts`: rows added and changed, by
    kind. `unserved`: lines and addresses of houses that no company serves.
    """

    lines: int
    problems: Sequence[SheetProblem] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    unserved: Sequence[tuple[int, str]] = ()

    @property
    def changes(self) -> int:
        """Rows that are added or changed in all."""
        return sum(self.counts.values())


class DirectoryImport:
    """Imports over an open pool, for people who see every company."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._reader = SheetReader(MODULE)

    async def preview(self, body: bytes) -> ImportReport:
        """What the sheet would change; nothing is saved. Raises `SheetRefused`."""
        return await self._run(body, None, apply=False)

    async def apply(self, body: bytes, person: Person | None, name: str = "") -> ImportReport:
        """Import the sheet, unless the report has problems. Raises `SheetRefused`."""
        return await self._run(body, person, apply=True, name=name)

    async def _run(self, body: bytes, person: Person | None, *, apply: bool, name: str = "") -> ImportReport:
        if len(body) > MAX_BYTES:
            raise SheetRefused("too large", limit=MAX_BYTES >> 20)
        read = await self._reader.read(body)
        async with scoped_to(self._pool, None) as connection:
            attempt = connection.transaction()
            await attempt.start()
            try:
                report = await _write(connection, read)
            except BaseException:
                await attempt.rollback()
                raise
            if not apply or report.problems:
                await attempt.rollback()
                return report
            await attempt.commit()
            details = {"file": name, "lines": read.lines, **report.counts}
            await audit(
                connection,
                AuditAction.IMPORTED_DIRECTORY,
                person=person,
                subject=AuditSubject.DIRECTORY,
                details=details,
            )
        return report


DIRECTORY_IMPORT = web.AppKey("directory import", DirectoryImport)


async def _write(connection: Connection, read: ReadSheet) -> ImportReport:
    await connection.execute(SQL["lock"])
    await fill_keys(connection)
    await _stage(connection, read)
    problems = list(read.problems)
    for kind in ("house", "flat", "resident"):
        await connection.execute(SQL[f"find_{kind}s"])
        if kind != "flat":
            problems += await _problems(connection, f"{kind}_problems")
    problems += await _complete_phones(connection)
    if problems:
        return ImportReport(read.lines, sorted(problems, key=lambda problem: problem.row))
    counts = {}
    for kind in ("house", "flat", "resident"):
        counts[f"{kind}s added"] = await _count(connection, f"add_{kind}s")
        counts[f"{kind}s changed"] = await _count(connection, f"change_{kind}s")
    counts["phones added"] = await _count(connection, "add_phones")
    await fill_keys(connection)
    unserved = [(row["line"], row["address"]) for row in await connection.fetch(SQL["served_by_nobody"])]
    return ImportReport(read.lines, (), counts, unserved)


async def _stage(connection: Connection, read: ReadSheet) -> None:
    await connection.execute(SQL["stage"])
    for table, (columns, records) in read.tables.items():
        for start in range(0, len(records), AT_ONCE):
            part = records[start : start + AT_ONCE]
            await connection.copy_records_to_table(table, columns=columns, records=part)
    await connection.execute("analyze new_houses, new_flats, new_residents, new_phones")


async def _problems(connection: Connection, query: str) -> list[SheetProblem]:
    rows = await connection.fetch(SQL[query])
    return [SheetProblem(row["line"], row["field"], row["code"], {"value": row["value"]}) for row in rows]


async def _complete_phones(connection: Connection) -> list[SheetProblem]:
    """Put the companies' city codes before local telephones; what is then no telephone is a problem."""
    rows = await connection.fetch(SQL["local_phones"])
    problems, completed = [], []
    for place, row in enumerate(rows, 1):
        number = existing(row["phone"], city_code=row["city_code"])
        if isinstance(number, PhoneFault):
            problems.append(SheetProblem(row["line"], "phones", PHONE_PROBLEMS[number], {"value": row["phone"][:40]}))
        else:
            completed.append((row["resident"], row["phone"], number))
        if place % CHECKED_AT_ONCE == 0:
            await asyncio.sleep(0)
    if completed:
        await connection.execute(SQL["complete_phones"], *zip(*completed, strict=True))
    return problems


async def _count(connection: Connection, query: str) -> int:
    """How many rows the statement has written."""
    return int((await connection.execute(SQL[query])).rsplit(" ", 1)[1])
