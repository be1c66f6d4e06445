"""How the reports say periods, durations, money and numbers."""

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal

from callcenter.domain.period import Period, Preset, Step, Unit
from callcenter.web.language import translations

SPACE = "\u00a0"
MINUTE, HOUR, DAY = 60, 3600, 86400
_AXIS = [MINUTE * n for n in (1, 2, 5, 10, 15, 30)] + [HOUR * n for n in (1, 2, 3, 6, 12)]


class Speech:
    """A catalogue that gives texts and nothing else."""

    def __init__(self, language: str) -> None:
        self._catalogue = translations(language)

    def gettext(self, text: str) -> str:
        """The text in the language."""
        return self._catalogue.gettext(text)

    def pgettext(self, context: str, text: str) -> str:
        """The text in the language, where a short word says different things in different places."""
        return str(self._catalogue.pgettext(context, text))

    def npgettext(self, context: str, one: str, many: str, count: int) -> str:
        """The text as it stands beside such a count."""
        return str(self._catalogue.npgettext(context, one, many, count))


def presets(language: str) -> dict[Preset, str]:
    """The names of the periods."""
    t = Speech(language)
    return {
        Preset.TODAY: t.gettext("Today"),
        Preset.WEEK: t.gettext("This week"),
        Preset.MONTH: t.gettext("This month"),
        Preset.QUARTER: t.gettext("This quarter"),
        Preset.YEAR: t.gettext("This year"),
        Preset.OWN: t.gettext("Own dates"),
    }


def period_problems(language: str) -> dict[str, str]:
    """What is wrong with the dates, by the reason of `BadPeriod`, and with what else was asked for."""
    t = Speech(language)
    return {
        "missing": t.gettext("Give a date."),
        "date": t.gettext("Give a date as year-month-day, such as 2026-03-31."),
        "range": t.gettext("Give a date between 2000 and 2199."),
        "order": t.gettext("The last day must not be before the first."),
        "long": t.gettext("Choose at most five years."),
        "period": t.gettext("Choose one of these periods."),
        "company": t.gettext("There is no such company. Choose one of the list."),
    }


def span(period: Period, language: str) -> str:
    """From which day to which, in full."""
    first, last = (format_date(day, "d MMMM yyyy", locale=language) for day in (period.first, period.last))
    return first if period.first == period.last else f"{first} – {last}"


def brief(step: Step, unit: Unit, language: str) -> str:
    """A step in a few letters, for the axis of a chart."""
    return format_date(step.first, "LLL yy" if unit is Unit.MONTH else "d MMM", locale=language).replace(" ", SPACE)


def full(step: Step, unit: Unit, language: str) -> str:
    """A step for a table. A month or week that is cut short shows its days."""
    if step.first == step.last:
        return format_date(step.first, "EEE, d MMMM", locale=language)
    if unit is Unit.MONTH and step.first.day == 1 and (step.last + timedelta(days=1)).day == 1:
        return format_date(step.first, "LLLL yyyy", locale=language)
    first, last = (format_date(day, "d MMM", locale=language).replace(" ", SPACE) for day in step)
    return f"{first} – {last}"


def number(value: float | Decimal, language: str) -> str:
    """A number with the language's spaces or commas; without fractions."""
    return format_decimal(round(value), locale=language)


def money(value: Decimal, language: str) -> str:
    """A sum with its hundredths."""
    return format_decimal(value, format="#,##0.00", locale=language)


def moment(at: datetime, zone: str, language: str) -> str:
    """Day and time, to the minute."""
    return format_datetime(at, "d MMM, HH:mm", tzinfo=ZoneInfo(zone), locale=language)


def duration(seconds: float | None, language: str) -> str:
    """The two largest of days, hours and minutes; seconds below two minutes; a dash for None."""
    if seconds is None:
        return "–"
    t = Speech(language)
    if seconds < 2 * MINUTE and seconds % MINUTE:
        return t.gettext("{n} s").format(n=round(seconds))
    minutes = round(seconds / MINUTE)
    days, hours, minutes = minutes // 1440, minutes % 1440 // 60, minutes % 60
    parts = [
        t.gettext("{n} d").format(n=days) if days else "",
        t.gettext("{n} h").format(n=hours) if hours else "",
        t.gettext("{n} min").format(n=minutes) if not days and (minutes or not hours) else "",
    ]
    return " ".join(part.replace(" ", SPACE) for part in parts if part)


def time_axis(longest: float) -> list[float]:
    """Five marks from nothing to at least the longest of these durations, a round time from each to the next."""
    days = (DAY * 10**power * n for power in range(6) for n in (1, 2, 5))
    step = next(step for step in (*_AXIS, *days) if 4 * step >= longest)
    return [float(step * mark) for mark in range(5)]
