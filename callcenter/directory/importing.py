"""Imports of sheets into the directory: looked through first, then written; idempotent.

A house is identified by its key, else by its address; a flat by its house and number; a resident by the account, else
by the flat and name. An import adds and changes but never removes (of a whole register it notes who moved out), and an empty cell leaves the stored value. A line
with a problem is left out, or taken without the bad cell when that is wished; all others are written, in one transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import asyncpg
from aiohttp import web

from callcenter.common.scope import Connection, audit, scoped_to
from callcenter.common.sheet_columns import Layout
from callcenter.common.sheet_problems import MAX_BYTES, SheetProblem, SheetRefused
from callcenter.common.sheet_process import SheetAbout, SheetWish
from callcenter.common.sheet_reader import ReadSheet, SheetReader
from callcenter.directory.sheet_process import MODULE
from callcenter.directory.staging import Staging
from callcenter.directory.twins import NearTwin, near_twins
from callcenter.domain.audit import AuditAction, AuditSubject
from callcenter.domain.person import Person
from callcenter.storage import queries

SQL = queries("directory_import")
CHANGES_SHOWN = 100


@dataclass(frozen=True, slots=True)
class ImportChoices:
    """What a person says of a file: whose houses are those that name no company, where those are that name no town, the
    columns when they were assigned by hand, whether lines are taken without their bad cells, and whether it is the whole
    register of its houses, so that whoever is not in it has moved out.
    """

    company: int | None = None
    city: str = ""
    layout: Layout | None = None
    mended: bool = False
    whole: bool = False

    def stored(self) -> dict[str, Any]:
        """It as it is kept with the file."""
        return asdict(self)

    @staticmethod
    def restored(stored: Mapping[str, Any]) -> "ImportChoices":
        """It as it was kept."""
        layout = stored.get("layout")
        return ImportChoices(**{**stored, "layout": Layout(**layout) if layout else None})


@dataclass(frozen=True, slots=True)
class Change:
    """A value of a house, flat or resident before and after. `field`: the column's name."""

    line: int
    address: str
    flat: str
    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import would do, or has done.

    `problems`: of lines that are left out, or taken without a cell. `counts`: rows added and changed, by kind.
    `unserved`: lines and addresses of houses that no company serves. `shown`: the first lines as they were understood.
    `twins`: new houses and residents that may be others. `absent`: residents of its houses who are not in it.
    `bad_lines`: lines with problems, and whether they can be taken without their bad cells.
    """

    lines: int
    problems: Sequence[SheetProblem] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    unserved: Sequence[tuple[int, str]] = ()
    about: SheetAbout = field(default=SheetAbout())
    shown: Sequence[tuple[int, Sequence[str]]] = ()
    changed: Sequence[Change] = ()
    twins: Sequence[NearTwin] = ()
    mended: bool = False
    absent: int = 0
    bad_lines: Mapping[int, bool] = field(init=False)

    def __post_init__(self) -> None:
        found: dict[int, bool] = {}
        for problem in self.problems:
            found[problem.row] = found.get(problem.row, True) and problem.mendable
        object.__setattr__(self, "bad_lines", found)

    @property
    def changes(self) -> int:
        """Rows that are added or changed in all."""
        return sum(self.counts.values())

    @property
    def mendable(self) -> int:
        """How many lines can be taken without their bad cells, or were."""
        return sum(self.bad_lines.values())

    @property
    def left_out(self) -> int:
        """How many lines are not taken."""
        return len(self.bad_lines) - (self.mendable if self.mended else 0)


class DirectoryImport:
    """Imports over an open pool, for people who see every company."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._reader = SheetReader(MODULE)

    async def preview(self, body: bytes, choices: ImportChoices | None = None) -> ImportReport:
        """What the sheet would change; nothing is saved. Raises `SheetRefused`."""
        return await self._run(body, choices or ImportChoices(), None, apply=False)

    async def apply(
        self, body: bytes, person: Person | None, name: str = "", choices: ImportChoices | None = None
    ) -> ImportReport:
        """Import the sheet, but for the lines that have problems. Raises `SheetRefused`."""
        return await self._run(body, choices or ImportChoices(), person, apply=True, name=name)

    async def rows(self, body: bytes, choices: ImportChoices, lines: Sequence[int]) -> ReadSheet:
        """These lines as they are in the file, and the rows above them. Raises `SheetRefused`."""
        return await self._read(body, choices, lines)

    async def layouts(self, company: int | None) -> list[Layout]:
        """Columns as they were assigned by hand for a company before."""
        rows = await self._pool.fetch(SQL["layouts"], company) if company is not None else []
        return [Layout(row["headings"], row["columns"]) for row in rows]

    async def remember(self, company: int, layout: Layout) -> None:
        """Keep columns that were assigned by hand for the company's next sheet of this kind."""
        await self._pool.execute(SQL["remember_layout"], company, list(layout.headings), list(layout.columns))

    async def _read(self, body: bytes, choices: ImportChoices, wanted: Sequence[int] = ()) -> ReadSheet:
        if len(body) > MAX_BYTES:
            raise SheetRefused("too large", limit=MAX_BYTES >> 20)
        city = choices.city or await self._pool.fetchval(SQL["only_city"], choices.company) or ""
        own = [choices.layout] if choices.layout else []
        wish = SheetWish((*own, *await self.layouts(choices.company)), city, choices.mended, wanted)
        return await self._reader.read(body, wish)

    async def _run(
        self, body: bytes, choices: ImportChoices, person: Person | None, *, apply: bool, name: str = ""
    ) -> ImportReport:
        read = await self._read(body, choices)
        async with scoped_to(self._pool, None) as connection:
            attempt = connection.transaction()
            await attempt.start()
            try:
                report = await _write(connection, read, choices)
            except BaseException:
                await attempt.rollback()
                raise
            if not apply:
                await attempt.rollback()
                return report
            await attempt.commit()
            details = {"file": name, "lines": read.lines, "left out": report.left_out, **report.counts}
            await audit(
                connection,
                AuditAction.IMPORTED_DIRECTORY,
                person=person,
                subject=AuditSubject.DIRECTORY,
                details=details,
            )
        return report


DIRECTORY_IMPORT = web.AppKey("directory import", DirectoryImport)


async def _write(connection: Connection, read: ReadSheet, choices: ImportChoices) -> ImportReport:
    staging = Staging(connection, choices.company, mended=choices.mended)
    problems = [*read.problems, *await staging.fill(read)]
    counts = await staging.write()
    unserved = [(row["line"], row["address"]) for row in await connection.fetch(SQL["served_by_nobody"])]
    _columns, shown = read.tables.get("shown", ((), []))
    absent = await connection.fetchval(SQL["absent"])
    report = ImportReport(
        read.lines,
        tuple(sorted(problems, key=lambda problem: problem.row)),
        counts,
        unserved,
        read.about,
        [(int(str(line)), tuple(cells)) for line, cells in shown],  # type: ignore[arg-type]
        [Change(**row) for row in await connection.fetch(SQL["changed"], CHANGES_SHOWN)],
        await near_twins(connection),
        choices.mended,
        absent,
    )
    # Whoever is on a line that is left out is not absent.
    if choices.whole and not report.left_out:
        await connection.execute(SQL["move_out"])
        return replace(report, counts={**counts, "residents moved out": absent})
    return report
