"""Durations, moments, money and numbers as text in a language."""

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from babel.numbers import format_decimal

from callcenter.web.language import translations

SPACE = "\u00a0"
MINUTE = 60


class Translator:
    """The translations of one language, typed as text."""

    def __init__(self, language: str) -> None:
        self._catalogue = translations(language)

    def gettext(self, text: str) -> str:
        """The text in the language."""
        return self._catalogue.gettext(text)

    def ngettext(self, one: str, many: str, count: int) -> str:
        """The text in the plural form of the count."""
        return str(self._catalogue.ngettext(one, many, count))

    def pgettext(self, context: str, text: str) -> str:
        """The text in the language, where a short word says different things in different places."""
        return str(self._catalogue.pgettext(context, text))

    def npgettext(self, context: str, one: str, many: str, count: int) -> str:
        """The text in the plural form of the count."""
        return str(self._catalogue.npgettext(context, one, many, count))


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
    t = Translator(language)
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


def when(at: datetime, zone: str, now: datetime, language: str) -> str:
    """A moment in the ticket's time zone; with the year unless it is the current one."""
    here = at.astimezone(ZoneInfo(zone))
    this_year = here.year == now.astimezone(here.tzinfo).year
    return format_datetime(here, "d MMM, HH:mm" if this_year else "d MMM y, HH:mm", locale=language)
