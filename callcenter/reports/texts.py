"""Texts of the reports: periods, steps, problems."""

from datetime import timedelta

from babel.dates import format_date

from callcenter.reports.period import Period, PeriodStep, Preset, Unit
from callcenter.web.formats import SPACE, Translator
from callcenter.web.labels import labels

MINUTE, HOUR, DAY = 60, 3600, 86400
_AXIS = [MINUTE * n for n in (1, 2, 5, 10, 15, 30)] + [HOUR * n for n in (1, 2, 3, 6, 12)]


@labels(Preset)
def presets(t: Translator) -> dict[Preset, str]:
    """The names of the periods."""
    return {
        Preset.TODAY: t.gettext("Today"),
        Preset.WEEK: t.gettext("This week"),
        Preset.MONTH: t.gettext("This month"),
        Preset.QUARTER: t.gettext("This quarter"),
        Preset.YEAR: t.gettext("This year"),
        Preset.OWN: t.gettext("Own dates"),
    }


def period_problems(language: str) -> dict[str, str]:
    """What is wrong with the dates, by the code of `BadPeriod`, and with the other parameters."""
    t = Translator(language)
    return {
        "missing": t.gettext("Enter a date."),
        "date": t.gettext("Enter a date as year-month-day, such as 2026-03-31."),
        "range": t.gettext("Enter a date between 2000 and 2199."),
        "order": t.gettext("The last day must not be before the first."),
        "long": t.gettext("Choose at most five years."),
        "period": t.gettext("Choose one of these periods."),
        "company": t.gettext("There is no such company. Choose one from the list."),
    }


def span(period: Period, language: str) -> str:
    """From which day to which, in full."""
    first, last = (format_date(day, "d MMMM yyyy", locale=language) for day in (period.first, period.last))
    return first if period.first == period.last else f"{first} – {last}"


def brief(step: PeriodStep, unit: Unit, language: str) -> str:
    """A step in a few letters, for the axis of a chart."""
    return format_date(step.first, "LLL yy" if unit is Unit.MONTH else "d MMM", locale=language).replace(" ", SPACE)


def full(step: PeriodStep, unit: Unit, language: str) -> str:
    """A step for a table. A month or week that is cut short shows its days."""
    if step.first == step.last:
        return format_date(step.first, "EEE, d MMMM", locale=language)
    if unit is Unit.MONTH and step.first.day == 1 and (step.last + timedelta(days=1)).day == 1:
        return format_date(step.first, "LLLL yyyy", locale=language)
    first, last = (format_date(day, "d MMM", locale=language).replace(" ", SPACE) for day in step)
    return f"{first} – {last}"


def time_axis(longest: float) -> list[float]:
    """Five marks from nothing to at least the longest of these durations, a round time from each to the next."""
    days = (DAY * 10**power * n for power in range(6) for n in (1, 2, 5))
    step = next(step for step in (*_AXIS, *days) if 4 * step >= longest)
    return [float(step * mark) for mark in range(5)]
