"""A sheet in temporary tables: compared with the directory, without the lines that do not fit, then written."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence

import asyncpg

from callcenter.common.address_keys import fill_keys
from callcenter.common.scope import Connection
from callcenter.common.sheet_problems import SheetProblem
from callcenter.common.sheet_reader import ReadSheet
from callcenter.directory.cells import PHONE_PROBLEMS
from callcenter.domain.phone import PhoneFault, existing
from callcenter.storage import queries

SQL = queries("directory_import")
KINDS = ("house", "flat", "resident")
# Rows written before control is given to other tasks.
AT_ONCE = 5000
# Telephones checked before control is given to other tasks: some 10 ms.
CHECKED_AT_ONCE = 200


class Staging:
    """One import, within its transaction. `company`: of houses that name none; `mended`: bad cells alone are left out."""

    def __init__(self, connection: Connection, company: int | None, *, mended: bool) -> None:
        self._connection, self._company, self._mended = connection, company, mended

    async def fill(self, read: ReadSheet) -> list[SheetProblem]:
        """Stage the sheet and leave out what does not fit the directory; the problems of that."""
        await self._connection.execute(SQL["lock"])
        await fill_keys(self._connection)
        await self._stage(read)
        await self._analyze()
        problems: list[SheetProblem] = []
        for kind in KINDS:
            await self._find(kind)
            if kind != "flat":
                problems += await self._settle(kind)
        problems += await self._complete_phones()
        return problems

    async def write(self) -> dict[str, int]:
        """Add and change rows of the directory; how many, by kind."""
        for kind in KINDS:
            await self._connection.execute(SQL[f"keep_{kind}s"])
        # Of rows just added the planner knows nothing until they are analyzed: so they come last, and nothing reads before.
        changed = {f"{kind}s changed": await self._count(f"change_{kind}s") for kind in KINDS}
        added = {f"{kind}s added": await self._count(f"add_{kind}s") for kind in KINDS}
        await self._analyze()
        added["phones added"] = await self._count("add_phones")
        await fill_keys(self._connection)
        return added | changed

    async def _stage(self, read: ReadSheet) -> None:
        await self._connection.execute(SQL["stage"])
        for table, (columns, records) in read.tables.items():
            for start in range(0, len(records) if table.startswith("new_") else 0, AT_ONCE):
                part = records[start : start + AT_ONCE]
                await self._connection.copy_records_to_table(table, columns=columns, records=part)

    async def _analyze(self) -> None:
        for tables in ("analyze_directory", "analyze"):
            await self._connection.execute(SQL[tables])

    async def _find(self, kind: str) -> None:
        await self._connection.execute(SQL[f"find_{kind}s"], *([self._company] if kind == "house" else []))

    async def _settle(self, kind: str) -> list[SheetProblem]:
        """The problems of one kind; their lines are left out, or taken without what is wrong."""
        rows = await self._connection.fetch(SQL[f"{kind}_problems"])
        if self._mended and await self._mend(kind, rows):
            await self._find(kind)
            # What was mended may now be the same as another.
            rows += [row for row in await self._connection.fetch(SQL[f"{kind}_problems"]) if row not in rows]
        await self._drop(row["line"] for row in rows if not (self._mended and row["mendable"]))
        return [
            SheetProblem(row["line"], row["field"], row["code"], {"value": row["value"]}, row["mendable"])
            for row in rows
        ]

    async def _mend(self, kind: str, rows: Sequence[asyncpg.Record]) -> bool:
        places: dict[str, set[int]] = defaultdict(set)
        for row in rows:
            if row["mendable"]:
                places[row["field"]].add(row["place"])
        for column, of_column in places.items():
            await self._connection.execute(SQL[f"mend_{kind}s"], list(of_column), column)
        return bool(places)

    async def _drop(self, lines: Iterable[int]) -> None:
        if not (bad := list(set(lines))):
            return
        for what in ("lines", "phones"):
            await self._connection.execute(SQL[f"drop_{what}"], bad)
        for what in ("residents", "flats", "houses"):
            await self._connection.execute(SQL[f"drop_{what}"])

    async def _complete_phones(self) -> list[SheetProblem]:
        """Put the companies' city codes before local telephones; what is then no telephone is a problem."""
        rows = await self._connection.fetch(SQL["local_phones"])
        problems, completed, bad = [], [], []
        for place, row in enumerate(rows, 1):
            number = existing(row["phone"], city_code=row["city_code"])
            if isinstance(number, PhoneFault):
                code, values = PHONE_PROBLEMS[number], {"value": row["phone"][:40]}
                problems.append(SheetProblem(row["line"], "phones", code, values, mendable=True))
                bad.append((row["resident"], row["phone"]))
            else:
                completed.append((row["resident"], row["phone"], number))
            if place % CHECKED_AT_ONCE == 0:
                await asyncio.sleep(0)
        if completed:
            await self._connection.execute(SQL["complete_phones"], *zip(*completed, strict=True))
        if bad:
            await self._connection.execute(SQL["drop_local_phones"], *zip(*bad, strict=True))
        if not self._mended:
            await self._drop(problem.row for problem in problems)
        return problems

    async def _count(self, query: str) -> int:
        """How many rows the statement has written."""
        return int((await self._connection.execute(SQL[query])).rsplit(" ", 1)[1])
