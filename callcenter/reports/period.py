"""Periods of whole days, and the steps in which they are shown. A day is as long as it is in the company's zone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple, assert_never
from zoneinfo import ZoneInfo

from callcenter.errors import Refusal, gettext_noop

LONGEST = timedelta(days=5 * 366)
EARLIEST = date(2000, 1, 1)
LATEST = date(2199, 12, 31)


class Preset(StrEnum):
    """A period that has a name."""

    TODAY = "today"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    OWN = "own"


class Unit(StrEnum):
    """How long a step is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class BadPeriod(Refusal):
    """Dates that make no period. `field`: `first` or `last`; `code`: `missing`, `range`, `order` or `long`."""

    text = gettext_noop("These dates make no period.")


class PeriodStep(NamedTuple):
    """Days of one unit that lie in the period, both ends included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days, both ends included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1

    @property
    def unit(self) -> Unit:
        """The step in which this period is best read."""
        if self.days <= 31:
            return Unit.DAY
        return Unit.WEEK if self.days <= 92 else Unit.MONTH

    def steps(self, unit: Unit) -> tuple[PeriodStep, ...]:
        """The period cut at the unit's borders; the first and the last step may be shorter than the others."""
        found = []
        first = self.first
        while first <= self.last:
            last = min(_end_of(first, unit), self.last)
            found.append(PeriodStep(first, last))
            first = last + timedelta(days=1)
        return tuple(found)


def named(preset: Preset, today: date) -> Period:
    """The period of this name that `today` lies in, up to its end: a week from Monday, a quarter from its first month.

    `Preset.OWN`, which has no days of its own, is the month.
    """
    first_of_month = today.replace(day=1)
    match preset:
        case Preset.TODAY:
            return Period(today, today)
        case Preset.WEEK:
            return Period(today - timedelta(days=today.weekday()), _end_of(today, Unit.WEEK))
        case Preset.MONTH | Preset.OWN:
            return Period(first_of_month, _end_of(today, Unit.MONTH))
        case Preset.QUARTER:
            first = first_of_month.replace(month=(today.month - 1) // 3 * 3 + 1)
            return Period(first, _end_of(first.replace(month=first.month + 2), Unit.MONTH))
        case Preset.YEAR:
            return Period(today.replace(month=1, day=1), today.replace(month=12, day=31))
    assert_never(preset)


def own(first: date | None, last: date | None) -> Period:
    """A period of two dates. Raises `BadPeriod`."""
    if first is None or last is None:
        raise BadPeriod("missing", "first" if first is None else "last")
    for field, day in (("first", first), ("last", last)):
        if not EARLIEST <= day <= LATEST:
            raise BadPeriod("range", field)
    if last < first:
        raise BadPeriod("order", "last")
    if last - first >= LONGEST:
        raise BadPeriod("long", "last")
    return Period(first, last)


def moments(steps: Sequence[PeriodStep], zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
    """When each step begins and when the next one would, in UTC."""
    return [(_midnight(step.first, zone), _midnight(step.last + timedelta(days=1), zone)) for step in steps]


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    # Where the clock skips midnight, the day begins at the skip: the earlier offset puts it there.
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _end_of(day: date, unit: Unit) -> date:
    match unit:
        case Unit.DAY:
            return day
        case Unit.WEEK:
            return day + timedelta(days=6 - day.weekday())
        case Unit.MONTH:
            return (day.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    assert_never(unit)
