import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.reports.period import EARLIEST, LATEST, BadPeriod, Period, PeriodStep, Preset, Unit, moments, named, own

DAYS = st.dates(EARLIEST, LATEST)


@pytest.mark.parametrize(
    ("preset", "first", "last"),
    [
        (Preset.TODAY, date(2026, 11, 25), date(2026, 11, 25)),
        (Preset.WEEK, date(2026, 11, 23), date(2026, 11, 29)),
        (Preset.MONTH, date(2026, 11, 1), date(2026, 11, 30)),
        (Preset.QUARTER, date(2026, 10, 1), date(2026, 12, 31)),
        (Preset.YEAR, date(2026, 1, 1), date(2026, 12, 31)),
    ],
)
def test_a_named_period_is_the_one_that_today_lies_in(preset: Preset, first: date, last: date):
    assert named(preset, date(2026, 11, 25)) == Period(first, last)


@given(DAYS, st.sampled_from(Preset))
def test_every_day_lies_in_its_periods(today: date, preset: Preset):
    period = named(preset, today)
    assert period.first <= today <= period.last


@given(DAYS, st.integers(1, 1000), st.sampled_from(Unit))
def test_steps_are_the_period_without_gaps(first: date, days: int, unit: Unit):
    period = Period(first, min(LATEST, first + timedelta(days=days - 1)))
    steps = period.steps(unit)
    found = [step.first + timedelta(days=n) for step in steps for n in range((step.last - step.first).days + 1)]
    assert found == [period.first + timedelta(days=n) for n in range(period.days)]
    for step in steps[1:]:
        assert unit is Unit.DAY or step.first == (
            step.first - timedelta(days=step.first.weekday()) if unit is Unit.WEEK else step.first.replace(day=1)
        )


@pytest.mark.parametrize(
    ("days", "unit", "steps"),
    [(1, Unit.DAY, 1), (31, Unit.DAY, 31), (32, Unit.WEEK, 5), (92, Unit.WEEK, 14), (93, Unit.MONTH, 4)],
)
def test_long_periods_are_shown_in_long_steps(days: int, unit: Unit, steps: int):
    period = Period(date(2026, 1, 1), date(2026, 1, 1) + timedelta(days=days - 1))
    assert period.unit is unit
    assert len(period.steps(unit)) == steps


def test_a_day_is_as_long_as_its_zone_makes_it():
    spring, autumn = (
        PeriodStep(date(2026, 3, 29), date(2026, 3, 29)),
        PeriodStep(date(2026, 10, 25), date(2026, 10, 25)),
    )
    (began, ended), (again, until) = moments([spring, autumn], ZoneInfo("Europe/Berlin"))
    assert ended - began == timedelta(hours=23)
    assert until - again == timedelta(hours=25)
    assert began == datetime(2026, 3, 28, 23, tzinfo=UTC)


def test_where_midnight_is_skipped_the_day_begins_at_the_skip():
    # In 2018 Brazil put its clocks from 00:00 to 01:00 on the fourth of November.
    ((began, ended),) = moments([PeriodStep(date(2018, 11, 4), date(2018, 11, 4))], ZoneInfo("America/Sao_Paulo"))
    assert began == datetime(2018, 11, 4, 3, tzinfo=UTC)
    assert ended - began == timedelta(hours=23)


@given(DAYS, st.sampled_from(["Europe/Moscow", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kathmandu", "Africa/Cairo"]))
def test_one_day_ends_where_the_next_begins(day: date, zone: str):
    steps = Period(day, min(LATEST, day + timedelta(days=3))).steps(Unit.DAY)
    found = moments(steps, ZoneInfo(zone))
    for (_began, ended), (began, _ended) in itertools.pairwise(found):
        assert ended == began


@pytest.mark.parametrize(
    ("first", "last", "field", "reason"),
    [
        (None, date(2026, 1, 1), "first", "missing"),
        (date(2026, 1, 1), None, "last", "missing"),
        (date(2026, 1, 2), date(2026, 1, 1), "last", "order"),
        (date(1999, 12, 31), date(2026, 1, 1), "first", "range"),
        (date(2026, 1, 1), date.max, "last", "range"),
        (date(2020, 1, 1), date(2026, 1, 1), "last", "long"),
    ],
)
def test_dates_that_make_no_period_say_which_and_why(first: date | None, last: date | None, field: str, reason: str):
    with pytest.raises(BadPeriod) as refused:
        own(first, last)
    assert (refused.value.field, refused.value.code) == (field, reason)


def test_five_years_are_a_period():
    assert own(date(2022, 1, 1), date(2026, 12, 31)).days == 1826
