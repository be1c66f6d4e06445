"""Planned works from a sheet: looked through first, then opened, all of them or none."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
from aiohttp import web

from callcenter.common.house_search import find_houses
from callcenter.common.scope import audit, scoped
from callcenter.common.sheet_problems import MAX_BYTES, SheetNote, SheetProblem, SheetRefused, place_of
from callcenter.common.sheet_reader import ReadSheet, SheetReader
from callcenter.domain.audit import AuditAction, AuditSubject
from callcenter.domain.person import Person
from callcenter.outages.outage import NewOutage, PlaceEdit
from callcenter.outages.planned.process import MODULE
from callcenter.outages.planned.sheet import MOST_PLACES, same_address
from callcenter.outages.service import Outages
from callcenter.storage import queries
from callcenter.tickets.choices import CompanyChoice, companies_of

SQL = queries("outages")
MOST_WORKS = 500


@dataclass(frozen=True, slots=True)
class PlannedWorks:
    """Works to be opened. `names`: what is off, by language."""

    new: NewOutage
    names: Mapping[str, str]
    company: str
    zone: str
    addresses: Sequence[str]


@dataclass(frozen=True, slots=True)
class PlannedReport:
    """What an import would do, or has done. While there are problems nothing is opened."""

    lines: int
    problems: Sequence[SheetProblem] = ()
    works: Sequence[PlannedWorks] = ()
    notes: Sequence[SheetNote] = ()


class PlannedImport:
    """Imports over an open pool, within what a person may see."""

    def __init__(self, pool: asyncpg.Pool, outages: Outages) -> None:
        self._pool = pool
        self._outages = outages
        self._reader = SheetReader(MODULE)

    async def preview(self, person: Person, body: bytes) -> PlannedReport:
        """What the sheet would open. Raises `SheetRefused`."""
        if len(body) > MAX_BYTES:
            raise SheetRefused("too large", limit=MAX_BYTES >> 20)
        read = await self._reader.read(body)
        async with scoped(self._pool, person) as connection:
            finder = _Finder(
                await companies_of(connection, person),
                await connection.fetch(SQL["all_houses"], person.company_id),
                await connection.fetch(SQL["kinds"]),
                {
                    (row["company_id"], row["kind"], row["since"], row["house_id"])
                    for row in await connection.fetch(SQL["planned"])
                },
            )
            for address in finder.unknown(read)[:MOST_PLACES]:
                meant = await find_houses(connection, person.company_id, address, 2, complete=True)
                finder.know(address, [row["id"] for row in meant.rows])
        return finder.report(read)

    async def apply(self, person: Person, body: bytes, name: str) -> PlannedReport:
        """Open the works, unless the report has problems. Raises `SheetRefused`, `BadOutage`."""
        report = await self.preview(person, body)
        if report.problems:
            return report
        async with scoped(self._pool, person) as connection:
            for each in report.works:
                await self._outages.open_in(connection, person, each.new)
            details = {"file": name, "lines": report.lines, "works": len(report.works)}
            await audit(
                connection,
                AuditAction.IMPORTED_OUTAGES,
                person=person,
                subject=AuditSubject.DIRECTORY,
                details=details,
            )
        return report


PLANNED_IMPORT = web.AppKey("planned_import", PlannedImport)


class _Finder:
    """Finds what lines name, and joins those of the same works."""

    def __init__(
        self,
        companies: Sequence[CompanyChoice],
        houses: Sequence[asyncpg.Record],
        kinds: Sequence[asyncpg.Record],
        known: set[tuple[int, str, datetime, int]],
    ) -> None:
        self._companies = {company.id: company for company in companies}
        self._named = {same_address(company.name): company.id for company in companies}
        self._by_id = {row["id"]: row for row in houses}
        self._houses: dict[str, list[asyncpg.Record]] = defaultdict(list)
        for row in houses:
            whole, short = (same_address(" ".join((row[name] or "") for name in names)) for names in _ADDRESSES)
            for text in {whole, short, same_address(row["key"] or "")} - {""}:
                self._houses[text].append(row)
        self._kinds = {same_address(row[name]): row for row in kinds for name in ("code", "name_ru", "name_en")}
        self._known = known
        self._problems: list[SheetProblem] = []

    def unknown(self, read: ReadSheet) -> list[str]:
        """Addresses that no house has as they are written."""
        columns, rows = read.tables.get("works", ((), []))
        written = dict.fromkeys(str(dict(zip(columns, row, strict=True))["house"]) for row in rows)
        return [text for text in written if same_address(text) not in self._houses]

    def know(self, address: str, houses: Sequence[int]) -> None:
        """The houses that are meant by it."""
        self._houses[same_address(address)] = [self._by_id[house] for house in houses if house in self._by_id]

    def report(self, read: ReadSheet) -> PlannedReport:
        """The whole sheet."""
        self._problems = list(read.problems)
        columns, rows = read.tables.get("works", ((), []))
        works: dict[tuple[Any, ...], dict[int, dict[str, Any]]] = defaultdict(dict)
        addresses: dict[int, str] = {}
        for row in rows:
            cells = dict(zip(columns, row, strict=True))
            if (found := self._found(cells)) is None:
                continue
            key, house = found
            addresses[house["id"]] = house["address"]
            if house["id"] in works[key]:
                self._refuse(cells, "house", "house twice", value=place_of(works[key][house["id"]]["line"])[1])
            works[key][house["id"]] = cells
            if len(works[key]) == MOST_PLACES + 1:
                self._refuse(cells, "house", "too many houses", limit=MOST_PLACES)
            if len(works) == MOST_WORKS + 1:
                raise SheetRefused("too many works", limit=MOST_WORKS)
        if self._problems:
            problems = sorted(self._problems, key=lambda problem: problem.row)
            return PlannedReport(read.lines, problems, notes=read.about.notes)
        return PlannedReport(read.lines, (), tuple(self._made(works, addresses)), read.about.notes)

    def _found(self, cells: dict[str, Any]) -> tuple[tuple[Any, ...], asyncpg.Record] | None:
        """The works that a line belongs to, and its house."""
        before = len(self._problems)
        company = self._named.get(same_address(cells["company"]))
        if cells["company"] and company is None:
            self._refuse(cells, "company", "unknown company", value=cells["company"][:60])
        kind = self._kinds.get(same_address(cells["kind"]))
        if kind is None:
            self._refuse(cells, "kind", "unknown kind", value=cells["kind"][:60])
        houses = {
            row["id"]: row
            for row in self._houses.get(same_address(cells["house"]), ())
            if company is None or row["company_id"] == company
        }
        if len(houses) != 1:
            self._refuse(cells, "house", "several houses" if houses else "unknown house", value=cells["house"][:60])
        if len(self._problems) > before or kind is None:
            return None
        [house] = houses.values()
        zone = ZoneInfo(self._companies[house["company_id"]].zone)
        since, until = (datetime.fromisoformat(cells[name]).replace(tzinfo=zone) for name in ("since", "until"))
        if until <= datetime.now(UTC):
            self._refuse(cells, "until", "works over")
            return None
        if (house["company_id"], kind["code"], since, house["id"]) in self._known:
            self._refuse(cells, "house", "works known")
            return None
        return (house["company_id"], kind["code"], since, until, cells["cause"]), house

    def _made(
        self, works: Mapping[tuple[Any, ...], Mapping[int, dict[str, Any]]], addresses: Mapping[int, str]
    ) -> Iterator[PlannedWorks]:
        codes = {row["code"]: row for row in self._kinds.values()}
        for (company, kind, since, until, cause), houses in works.items():
            places = tuple(
                PlaceEdit(house_id=house, entrances=tuple(cells["entrances"]), flats=cells["flats"])
                for house, cells in houses.items()
            )
            new = NewOutage(
                company_id=company, kind=kind, planned=True, since=since, until=until, cause=cause, places=places
            )
            yield PlannedWorks(
                new=new,
                names={"ru": codes[kind]["name_ru"], "en": codes[kind]["name_en"]},
                company=self._companies[company].name,
                zone=self._companies[company].zone,
                addresses=[addresses[house] for house in houses],
            )

    def _refuse(self, cells: Mapping[str, Any], column: str, code: str, **values: object) -> None:
        self._problems.append(SheetProblem(cells["line"], column, code, values))


_ADDRESSES = (("city", "street", "building"), ("street", "building"))
