"""Removes personal data whose term is over: by night, in small batches, each written with what it counted.

So a run that was killed goes on where it was, counts nothing twice, and ends with one report in the company's custody chain.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg
import structlog

from callcenter import metrics
from callcenter.common.object_store import ObjectStore
from callcenter.common.scope import Connection
from callcenter.errors import StoreError
from callcenter.recordings.hashes import NIGHT
from callcenter.retention.personal_data import (
    CENTRE,
    FIRST,
    MOST_COUNTED,
    SQL,
    CompanyKeeping,
    KeptReason,
    PersonalDataKind,
    companies,
    state,
)
from callcenter.retrying import watch
from callcenter.settings import DatabaseSettings
from callcenter.storage import AWAY

log = structlog.get_logger()

LOOK_S = 60.0
AT_ONCE = 100
REST = 4.0
"""How many times as long as a batch took nothing is done after it: calls come first."""


Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Run:
    """A run of one company; `until`: up to which moment each kind is removed."""

    id: int
    company: int
    until: Mapping[PersonalDataKind, datetime]


class Removal:
    """One company's run."""

    def __init__(self, connection: asyncpg.Connection, store: ObjectStore, run: Run) -> None:
        self._connection = connection
        self._store = store
        self._run = run
        self._kinds = [kind for kind in PersonalDataKind if kind in run.until]
        self._after = FIRST

    async def step(self) -> bool:
        """Remove the next batch; False when nothing is left to look at. Raises `StoreError`, or what asyncpg raises."""
        if not self._kinds:
            return False
        kind = self._kinds[0]
        before = self._run.until[kind]
        rows = await self._connection.fetch(SQL[f"due_{kind}"], self._run.company, before, *self._after, AT_ONCE)
        if due := [row["id"] for row in rows if row["kept"] is None]:
            await self._forget(kind, due)
        if len(rows) < AT_ONCE:
            self._kinds.pop(0)
            self._after = FIRST
        else:
            self._after = (rows[-1]["at"], rows[-1]["id"])
        return True

    async def finish(self) -> None:
        """End the run, with its report in the chain."""
        left = {kind: found for kind in self._run.until if (found := await self._left(kind))}
        async with self._connection.transaction():
            await self._forget_unwritten()
            row = await self._connection.fetchrow(SQL["finish"], self._run.id, left)
            if row is None:
                return
            if self._run.company != CENTRE:
                body = {
                    "run": self._run.id,
                    "day": row["day"],
                    "terms": row["terms"],
                    "removed": row["removed"],
                    "left": left,
                }
                await self._connection.execute(SQL["report"], self._run.id, self._run.company, body)
        log.info(
            "personal data removed", company=self._run.company, run=self._run.id, removed=row["removed"], left=left
        )

    async def _forget(self, kind: PersonalDataKind, ids: list[str]) -> None:
        async with self._connection.transaction():
            counts = await forget(self._connection, self._store, kind, self._run.company, ids)
            await self._connection.execute(SQL["count"], self._run.id, counts)

    async def _forget_unwritten(self) -> None:
        until = self._run.until.get(PersonalDataKind.CALLS)
        if self._run.company == CENTRE and until is not None:
            count = await self._connection.fetchval(SQL["forget_unwritten"], until)
            await self._connection.execute(SQL["count"], self._run.id, {"unwritten": count} if count else {})

    async def _left(self, kind: PersonalDataKind) -> dict[str, int]:
        rows = await self._connection.fetch(
            SQL[f"due_{kind}"], self._run.company, self._run.until[kind], *FIRST, MOST_COUNTED
        )
        return dict(Counter(row["kept"] or KeptReason.BUSY.value for row in rows))


async def forget(
    connection: Connection, store: ObjectStore, kind: PersonalDataKind, company: int, ids: Sequence[str]
) -> dict[str, int]:
    """Remove the personal part of these rows, in a transaction; how many of what. Raises `StoreError`."""
    gone = await connection.fetchval(SQL[f"forget_{kind}"], ids)
    counts = {kind.value: len(gone)}
    if kind is PersonalDataKind.TICKETS:
        files = await connection.fetch(SQL["forget_files"], gone)
        for row in files:
            await store.remove(row["object_key"])
        counts["files"] = len(files)
    if kind in (PersonalDataKind.TICKETS, PersonalDataKind.LINKS):
        tickets, links = (gone, []) if kind is PersonalDataKind.TICKETS else ([], gone)
        # Last, since from then on other entries of the company's chain wait.
        counts["entries"] = await connection.fetchval(SQL["empty_entries"], company, tickets, links)
    return {name: count for name, count in counts.items() if count}


async def begin(connection: asyncpg.Connection, of: CompanyKeeping, now: datetime) -> Run | None:
    """The company's run that has not ended, or a new one; None when it has no terms."""
    row = await connection.fetchrow(SQL["unfinished"], of.id)
    row = row or await connection.fetchrow(SQL["begin"], of.id, now, of.zone)
    if row is None:
        return None
    until = {PersonalDataKind(kind): datetime.fromisoformat(term["until"]) for kind, term in row["terms"].items()}
    return Run(row["id"], of.id, until)


class PersonalDataKeeper:
    """Of several processes one removes, and another when that one ends."""

    def __init__(self, settings: DatabaseSettings, store: ObjectStore, rest: float = REST) -> None:
        self._settings = settings
        self._store = store
        self._rest = rest

    async def run(self) -> None:
        """Remove until cancelled; reconnects by itself."""
        failure = "personal data cannot be removed"
        await watch(self._settings, SQL["lead"], self._look, LOOK_S, failure, errors=(StoreError, *AWAY))

    async def _look(self, connection: asyncpg.Connection) -> None:
        await self.look(connection, lambda: datetime.now(UTC))

    async def look(self, connection: asyncpg.Connection, clock: Clock) -> None:
        """Remove what is due tonight, company by company, while it is night there."""
        for of in await companies(connection):
            here = of.here(clock())
            if of.terms and of.day != here.date() and here.hour in NIGHT:
                await self._remove(connection, of, clock)
        found = await state(connection)
        metrics.personal_data_overdue.set(found.overdue)
        metrics.personal_data_last_run_seconds.set(found.last_s or 0)

    async def _remove(self, connection: asyncpg.Connection, of: CompanyKeeping, clock: Clock) -> None:
        run = await begin(connection, of, clock())
        if run is None:
            return
        removal = Removal(connection, self._store, run)
        while True:
            began = time.monotonic()
            if not await removal.step():
                await removal.finish()
                return
            if of.here(clock()).hour not in NIGHT:
                # It goes on tomorrow night.
                return
            await asyncio.sleep(self._rest * (time.monotonic() - began))
