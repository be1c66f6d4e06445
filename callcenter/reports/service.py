"""The reports: PostgreSQL's figures over a period, for the companies that the person may see."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from zoneinfo import ZoneInfo

import asyncpg
from aiohttp import web

from callcenter.common.scope import scoped
from callcenter.domain.person import Person
from callcenter.domain.ticket import TicketClass
from callcenter.reports.calls import MOST_UNSERVED, CallCounts, CallSummary, OperatorCalls, Unserved
from callcenter.reports.period import Period, PeriodStep, Unit, moments
from callcenter.storage import queries

SQL, CALLS = queries("reports"), queries("call_reports")


@dataclass(frozen=True, slots=True)
class ReportCompany:
    """A company of which reports can be made, with the zone of its days."""

    id: int
    name: str
    zone: str


@dataclass(frozen=True, slots=True)
class Counts:
    """The number of accepted tickets, and how many of them are closed, cancelled, or were or are late."""

    accepted: int = 0
    closed: int = 0
    cancelled: int = 0
    late: int = 0

    @property
    def open(self) -> int:
        """How many are still in work."""
        return self.accepted - self.closed - self.cancelled


@dataclass(frozen=True, slots=True)
class CategoryCount:
    """Counts of a category; all None for tickets without one."""

    code: str | None
    kind: TicketClass | None
    name_ru: str | None
    name_en: str | None


@dataclass(frozen=True, slots=True)
class Spread:
    """The median and the ninth decile of `count` durations, in seconds; None when there are none."""

    count: int
    median_s: float | None
    tenth_s: float | None


@dataclass(frozen=True, slots=True)
class Reaction:
    """How fast emergencies were accepted by a crew, and localised or else done. `name` empty: no house, no crew."""

    name: str
    emergencies: int
    accepted: Spread
    localised: Spread


@dataclass(frozen=True, slots=True)
class Paid:
    """How many paid works were ordered, for how much, and how much of it is paid, due, given back."""

    works: int = 0
    price: Decimal = Decimal(0)
    paid: Decimal = Decimal(0)
    due: Decimal = Decimal(0)
    refunded: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Visits:
    """A manager's logins and views, a pair for each step."""

    name: str
    company: str
    steps: tuple[tuple[int, int], ...]
    last_at: datetime | None

    @property
    def logins(self) -> int:
        """In all."""
        return sum(logins for logins, _views in self.steps)

    @property
    def views(self) -> int:
        """In all."""
        return sum(views for _logins, views in self.steps)


@dataclass(frozen=True, slots=True)
class OperatorReviews:
    """Reviews of an operator's talks, in hundredths; `name` empty: not known. `failed`: zero on a critical line."""

    name: str
    reviews: int
    mean: float | None
    lowest: float | None
    failed: int


@dataclass(frozen=True, slots=True)
class LineReviews:
    """The mean score of a line of the score cards, in hundredths, and how often it was zero."""

    title: str
    answers: int
    mean: float
    nothing: int


class Reports:
    """Reports over an open pool. Companies that the person may not see are ignored."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def companies(self, person: Person) -> list[ReportCompany]:
        """The companies of which the person may see reports, by name."""
        async with scoped(self._pool, person) as connection:
            rows = await connection.fetch(SQL["companies"], person.company_id)
        return [ReportCompany(row["id"], row["name"], row["zone"]) for row in rows]

    async def tickets(
        self, person: Person, companies: Iterable[ReportCompany], period: Period
    ) -> list[tuple[PeriodStep, Counts]]:
        """Tickets by the step in which they were accepted."""
        steps = period.steps(period.unit)
        rows = await self._ask(person, SQL["tickets"], companies, steps)
        found = {row["step"]: _counts(row) for row in rows}
        return [(step, found.get(place, Counts())) for place, step in enumerate(steps)]

    async def categories(
        self, person: Person, companies: Iterable[ReportCompany], period: Period
    ) -> list[tuple[CategoryCount, Counts]]:
        """Tickets by category, those with most tickets first."""
        rows = await self._ask(person, SQL["categories"], companies, [PeriodStep(period.first, period.last)])
        return [(_category(row), _counts(row)) for row in rows]

    async def houses(self, person: Person, companies: Iterable[ReportCompany], period: Period) -> list[Reaction]:
        """Emergencies by house, the house with most of them first. Cancelled ones do not count."""
        rows = await self._ask(person, SQL["houses"], companies, [PeriodStep(period.first, period.last)])
        return [_reaction(row) for row in rows]

    async def crews(self, person: Person, companies: Iterable[ReportCompany], period: Period) -> list[Reaction]:
        """Emergencies by crew, the crew with most of them first. Cancelled ones do not count."""
        rows = await self._ask(person, SQL["crews"], companies, [PeriodStep(period.first, period.last)])
        return [_reaction(row) for row in rows]

    async def paid(
        self, person: Person, companies: Iterable[ReportCompany], period: Period
    ) -> list[tuple[PeriodStep, Paid]]:
        """Paid works by the step in which they were ordered. Cancelled ones do not count."""
        steps = period.steps(period.unit)
        rows = await self._ask(person, SQL["paid"], companies, steps)
        found = {
            row["step"]: Paid(row["works"], row["price"], row["paid"], row["due"], row["refunded"]) for row in rows
        }
        return [(step, found.get(place, Paid())) for place, step in enumerate(steps)]

    async def visits(self, person: Person, companies: Iterable[ReportCompany], period: Period) -> list[Visits]:
        """Each manager's logins and views, week by week; managers without any are included."""
        weeks = period.steps(Unit.WEEK)
        lines: dict[int, list[asyncpg.Record]] = {}
        for row in await self._ask(person, SQL["visits"], companies, weeks):
            lines.setdefault(row["id"], []).append(row)
        return [
            Visits(
                rows[0]["name"],
                rows[0]["company"],
                tuple((row["logins"], row["views"]) for row in rows),
                max((row["last_at"] for row in rows if row["last_at"] is not None), default=None),
            )
            for rows in lines.values()
        ]

    async def reviews(
        self, person: Person, companies: Iterable[ReportCompany], period: Period
    ) -> list[OperatorReviews]:
        """Reviews by operator, those with the lowest mean first."""
        rows = await self._ask(person, SQL["reviews"], companies, [PeriodStep(period.first, period.last)])
        return [OperatorReviews(row["name"], row["reviews"], row["mean"], row["lowest"], row["failed"]) for row in rows]

    async def review_lines(
        self, person: Person, companies: Iterable[ReportCompany], period: Period
    ) -> list[LineReviews]:
        """Reviews by line, the lowest first."""
        rows = await self._ask(person, SQL["review_lines"], companies, [PeriodStep(period.first, period.last)])
        return [LineReviews(row["title"], row["answers"], row["mean"], row["nothing"]) for row in rows]

    async def calls(self, person: Person, companies: Iterable[ReportCompany], period: Period) -> CallSummary:
        """Calls by step, hour of the week, company and outcome."""
        steps = period.steps(period.unit)
        return CallSummary.of(await self._count(person, CALLS["summary"], companies, steps), len(steps))

    async def calls_today(self, person: Person, companies: Iterable[ReportCompany], now: datetime) -> CallCounts:
        """The calls since each company's midnight."""
        rows: list[asyncpg.Record] = []
        for zone, own in groupby(sorted(companies, key=lambda each: each.zone), key=lambda each: each.zone):
            day = now.astimezone(ZoneInfo(zone)).date()
            rows += await self._count(person, CALLS["summary"], own, [PeriodStep(day, day)])
        return CallCounts.total(CallCounts.of(row) for row in rows if row["part"] == "step")

    async def call_operators(
        self, person: Person, companies: Iterable[ReportCompany], period: Period
    ) -> list[OperatorCalls]:
        """Talks and wrap-ups by operator, those with most talks first."""
        rows = await self._count(person, CALLS["by_operator"], companies, [PeriodStep(period.first, period.last)])
        return [OperatorCalls(**row) for row in rows]

    async def unserved(self, person: Person, companies: Iterable[ReportCompany], period: Period) -> list[Unserved]:
        """The newest calls that ended unserved, at most `MOST_UNSERVED`."""
        step = PeriodStep(period.first, period.last)
        return [
            Unserved.of(row) for row in await self._ask(person, CALLS["unserved"], companies, [step], MOST_UNSERVED)
        ]

    async def _count(
        self, person: Person, statement: str, companies: Iterable[ReportCompany], steps: Sequence[PeriodStep]
    ) -> list[asyncpg.Record]:
        """What is counted by days of the companies' zones."""
        own = [company for company in companies if person.company_id in (None, company.id)]
        asked = [(company.id, place, *step) for company in own for place, step in enumerate(steps)]
        return await self._fetch(person, statement, asked)

    async def _ask(
        self,
        person: Person,
        statement: str,
        companies: Iterable[ReportCompany],
        steps: Sequence[PeriodStep],
        *more: object,
    ) -> list[asyncpg.Record]:
        own = [company for company in companies if person.company_id in (None, company.id)]
        asked = [
            (company.id, place, start, until)
            for company in own
            for place, (start, until) in enumerate(moments(steps, ZoneInfo(company.zone)))
        ]
        return await self._fetch(person, statement, asked, *more)

    async def _fetch(
        self, person: Person, statement: str, asked: Sequence[tuple[object, ...]], *more: object
    ) -> list[asyncpg.Record]:
        """`asked`: rows, each column of which is a parameter."""
        if not asked:
            return []
        async with scoped(self._pool, person) as connection:
            return await connection.fetch(statement, *(list(column) for column in zip(*asked, strict=True)), *more)


REPORTS = web.AppKey("reports", Reports)


def _category(row: asyncpg.Record) -> CategoryCount:
    kind = None if row["class"] is None else TicketClass(row["class"])
    return CategoryCount(row["code"], kind, row["name_ru"], row["name_en"])


def _counts(row: asyncpg.Record) -> Counts:
    return Counts(row["accepted"], row["closed"], row["cancelled"], row["late"])


def _reaction(row: asyncpg.Record) -> Reaction:
    def spread(measure: str) -> Spread:
        median, tenth = row[f"{measure}_s"] or (None, None)
        return Spread(row[measure], median, tenth)

    return Reaction(row["name"], row["emergencies"], spread("accepted"), spread("localised"))
