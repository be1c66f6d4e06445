"""The reports as tables: the same on the page and in files."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from callcenter.common.sheets import Cell
from callcenter.reports.period import Period, PeriodStep, Unit
from callcenter.reports.service import CategoryCount, Counts, LineReviews, OperatorReviews, Paid, Reaction, Visits
from callcenter.reports.texts import full
from callcenter.web.formats import Translator
from callcenter.web.labels import ticket_classes

Kind = Literal["text", "step", "count", "share", "seconds", "money", "moment"]
Value = str | int | float | Decimal | datetime | PeriodStep | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column's head, and the kind of its values. Money is in roubles, durations are in seconds, shares in hundredths."""

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of values, each of its column's kind. `unit`: the length of the steps; `zone`: that of its moments."""

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]]
    unit: Unit = Unit.DAY
    zone: str = "UTC"

    def head(self, language: str) -> list[str]:
        """The first row of a file."""
        t = Translator(language)
        names = []
        for column in self.columns:
            match column.kind:
                case "step":
                    names += [t.gettext("First day"), t.gettext("Last day")]
                case "seconds":
                    names.append(t.gettext("{name}, min").format(name=column.name))
                case _:
                    names.append(column.name)
        return names

    def cells(self) -> Iterator[list[Cell]]:
        """The rows of a file: days as days, durations in minutes, moments in the zone."""
        for row in self.rows:
            cells: list[Cell] = []
            for column, value in zip(self.columns, row, strict=True):
                if isinstance(value, PeriodStep):
                    cells += value
                elif isinstance(value, datetime):
                    cells.append(value.astimezone(ZoneInfo(self.zone)).replace(tzinfo=None, microsecond=0))
                elif column.kind == "share" and isinstance(value, float):
                    cells.append(round(value, 1))
                elif column.kind == "money" and isinstance(value, int):
                    cells.append(Decimal(value))
                elif column.kind == "seconds" and isinstance(value, (int, float)):
                    cells.append(round(value / 60, 1))
                else:
                    cells.append(value)
            yield cells


def tickets(rows: Sequence[tuple[PeriodStep, Counts]], period: Period, language: str) -> Table:
    """Tickets by step."""
    t = Translator(language)
    return Table(
        "tickets",
        t.gettext("Tickets"),
        [Column(t.pgettext("report", "When accepted"), "step"), *_counts(language)],
        [(step, *_figures(counts)) for step, counts in rows],
        period.unit,
    )


def categories(rows: Sequence[tuple[CategoryCount, Counts]], language: str) -> Table:
    """Tickets by category."""
    t = Translator(language)
    return Table(
        "categories",
        t.gettext("Tickets by category"),
        [Column(t.gettext("Category"), "text"), Column(t.pgettext("report", "Kind"), "text"), *_counts(language)],
        [
            (
                category_name(category, language),
                "" if category.kind is None else ticket_classes(language)[category.kind],
                *_figures(counts),
            )
            for category, counts in rows
        ],
    )


def reactions(name: str, rows: Sequence[Reaction], language: str) -> Table:
    """How fast emergencies were handled, by house or by crew: `houses` or `crews`."""
    t = Translator(language)
    house = name == "houses"
    return Table(
        name,
        t.gettext("Emergencies by house") if house else t.gettext("Emergencies by crew"),
        [
            Column(t.gettext("House") if house else t.gettext("Crew"), "text"),
            Column(t.gettext("Emergencies"), "count"),
            Column(t.gettext("Accepted by a crew"), "count"),
            Column(t.gettext("To acceptance, median"), "seconds"),
            Column(t.gettext("To acceptance, 90%"), "seconds"),
            Column(t.pgettext("report", "Localised"), "count"),
            Column(t.gettext("To localisation, median"), "seconds"),
            Column(t.gettext("To localisation, 90%"), "seconds"),
        ],
        [
            (
                row.name or (t.gettext("No house given") if house else t.gettext("No crew")),
                row.emergencies,
                *(row.accepted.count, row.accepted.median_s, row.accepted.tenth_s),
                *(row.localised.count, row.localised.median_s, row.localised.tenth_s),
            )
            for row in rows
        ],
    )


def paid(rows: Sequence[tuple[PeriodStep, Paid]], period: Period, language: str) -> Table:
    """Paid works by step."""
    t = Translator(language)
    return Table(
        "paid",
        t.gettext("Paid works"),
        [
            Column(t.pgettext("report", "When ordered"), "step"),
            Column(t.gettext("Works"), "count"),
            Column(t.gettext("Sum, ₽"), "money"),
            Column(t.gettext("Paid, ₽"), "money"),
            Column(t.gettext("Due, ₽"), "money"),
            Column(t.gettext("Refunded, ₽"), "money"),
        ],
        [(step, line.works, line.price, line.paid, line.due, line.refunded) for step, line in rows],
        period.unit,
    )


def visits(rows: Sequence[Visits], zone: str, language: str) -> Table:
    """Managers' logins and views, in total."""
    t = Translator(language)
    return Table(
        "visits",
        t.gettext("Visits by managers"),
        [
            Column(t.gettext("Manager"), "text"),
            Column(t.gettext("Company"), "text"),
            Column(t.pgettext("report", "Logins"), "count"),
            Column(t.pgettext("report", "Views"), "count"),
            Column(t.gettext("Last seen"), "moment"),
        ],
        [(row.name, row.company, row.logins, row.views, row.last_at) for row in rows],
        zone=zone,
    )


def visits_by_week(rows: Sequence[Visits], period: Period, language: str, today: date) -> Table:
    """Managers' logins and views, a row for each manager and week until today: the content of the file."""
    t = Translator(language)
    columns = visits([], "UTC", language).columns
    weeks = period.steps(Unit.WEEK)
    return Table(
        "visits",
        t.gettext("Visits by managers"),
        [Column(t.gettext("Week"), "step"), *columns[:4]],
        [
            (week, row.name, row.company, logins, views)
            for row in rows
            for week, (logins, views) in zip(weeks, row.steps, strict=True)
            if week.first <= today
        ],
        Unit.WEEK,
    )


def reviews(rows: Sequence[OperatorReviews], language: str) -> Table:
    """Reviews of talks by operator."""
    t = Translator(language)
    return Table(
        "reviews",
        t.pgettext("report", "Reviews by operator"),
        [
            Column(t.pgettext("report", "Operator"), "text"),
            Column(t.pgettext("report", "Reviews"), "count"),
            Column(t.pgettext("report", "Mean score, %"), "share"),
            Column(t.pgettext("report", "Lowest score, %"), "share"),
            Column(t.pgettext("report", "Failed"), "count"),
        ],
        [(row.name or t.pgettext("report", "Unknown"), row.reviews, row.mean, row.lowest, row.failed) for row in rows],
    )


def review_lines(rows: Sequence[LineReviews], language: str) -> Table:
    """Reviews of talks by line of the score cards."""
    t = Translator(language)
    return Table(
        "review_lines",
        t.pgettext("report", "Reviews by line"),
        [
            Column(t.pgettext("report", "Line of the card"), "text"),
            Column(t.pgettext("report", "Answers"), "count"),
            Column(t.pgettext("report", "Mean, %"), "share"),
            Column(t.pgettext("report", "Scored zero"), "count"),
        ],
        [(row.title, row.answers, row.mean, row.nothing) for row in rows],
    )


def category_name(category: CategoryCount, language: str) -> str:
    """The name of the category."""
    name = category.name_ru if language == "ru" else category.name_en
    return name or Translator(language).gettext("No category yet")


def step_name(step: PeriodStep, unit: Unit, language: str) -> str:
    """A step in a table."""
    name = full(step, unit, language)
    return name[:1].upper() + name[1:]


def file_name(table: Table, period: Period, format_: str) -> str:
    """The name of its file."""
    return f"{table.title} {period.first:%d.%m.%Y}–{period.last:%d.%m.%Y}.{format_}"


def _counts(language: str) -> list[Column]:
    t = Translator(language)
    names = (
        t.pgettext("report", "Accepted"),
        t.pgettext("report", "Closed"),
        t.pgettext("report", "Cancelled"),
        t.pgettext("report", "In work"),
        t.pgettext("report", "Late"),
    )
    return [Column(name, "count") for name in names]


def _figures(counts: Counts) -> tuple[int, ...]:
    return (counts.accepted, counts.closed, counts.cancelled, counts.open, counts.late)
