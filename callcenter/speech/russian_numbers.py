"""Russian numbers, dates and times of day, in their cases and genders; the forms are num2words'."""

import re
from collections.abc import Mapping
from datetime import date

from num2words import num2words

from callcenter.speech.words import Case, Noun

Forms = tuple[str, str, str]
"""Of a noun after 1, after 2 and after 5."""

MONTHS = (
    *("января", "февраля", "марта", "апреля", "мая", "июня"),
    *("июля", "августа", "сентября", "октября", "ноября", "декабря"),
)
NOUNS: Mapping[Noun, tuple[str, Mapping[Case, Forms]]] = {
    Noun.MINUTE: (
        "f",
        {
            Case.NOMINATIVE: ("минута", "минуты", "минут"),
            Case.GENITIVE: ("минуты", "минут", "минут"),
            Case.ACCUSATIVE: ("минуту", "минуты", "минут"),
        },
    ),
    Noun.HOUR: (
        "m",
        {
            Case.NOMINATIVE: ("час", "часа", "часов"),
            Case.GENITIVE: ("часа", "часов", "часов"),
            Case.ACCUSATIVE: ("час", "часа", "часов"),
        },
    ),
    Noun.TICKET: (
        "f",
        {
            Case.NOMINATIVE: ("заявка", "заявки", "заявок"),
            Case.GENITIVE: ("заявки", "заявок", "заявок"),
            Case.ACCUSATIVE: ("заявку", "заявки", "заявок"),
        },
    ),
    Noun.CALL: (
        "m",
        {
            Case.NOMINATIVE: ("звонок", "звонка", "звонков"),
            Case.GENITIVE: ("звонка", "звонков", "звонков"),
            Case.ACCUSATIVE: ("звонок", "звонка", "звонков"),
        },
    ),
    Noun.FLAT: (
        "f",
        {
            Case.NOMINATIVE: ("квартира", "квартиры", "квартир"),
            Case.GENITIVE: ("квартиры", "квартир", "квартир"),
            Case.ACCUSATIVE: ("квартиру", "квартиры", "квартир"),
        },
    ),
}
"""Gender and forms of what is counted."""

_NIGHT = range(1, 4)
_MORNING = range(4, 12)


def cardinal(number: int, case: Case = Case.NOMINATIVE, gender: str = "m") -> str:
    """A number that counts; `gender` is m, f or n. "Тысяча", not "одна тысяча", as people say it."""
    words = num2words(number, lang="ru", case=case.value, gender=gender, animate=False)
    return re.sub(r"^(?:один|одн\w+) (?=тысяч|миллион)", "", str(words))


def ordinal(number: int, case: Case = Case.NOMINATIVE, gender: str = "m") -> str:
    """A number that orders."""
    return str(num2words(number, lang="ru", to="ordinal", case=case.value, gender=gender, animate=False))


def counted(number: int, noun: Noun, case: Case = Case.NOMINATIVE) -> str:
    """A number with its noun."""
    gender, forms = NOUNS[noun]
    return f"{cardinal(number, case, gender)} {_after(number, forms[case])}"


def _after(number: int, forms: Forms) -> str:
    if number % 100 in range(11, 15):
        return forms[2]
    return {1: forms[0], 2: forms[1], 3: forms[1], 4: forms[1]}.get(number % 10, forms[2])


def time_of_day(hour: int, minute: int, case: Case = Case.NOMINATIVE) -> str:
    """`9, 0` in the genitive: "девяти утра"; `18, 30`: "восемнадцати часов тридцати минут"."""
    if minute:
        return f"{counted(hour, Noun.HOUR, case)} {counted(minute, Noun.MINUTE, case)}"
    if hour == 1:
        return f"{NOUNS[Noun.HOUR][1][case][0]} ночи"
    if hour in _NIGHT:
        return f"{cardinal(hour, case)} ночи"
    if hour in _MORNING:
        return f"{cardinal(hour, case)} утра"
    return counted(hour, Noun.HOUR, case)


def day_and_month(day: int, month: int) -> str:
    """In the genitive: "двадцать девятого ноября"."""
    return f"{ordinal(day, Case.GENITIVE)} {MONTHS[month - 1]}"


def whole_date(day: date) -> str:
    """With the year, in the genitive."""
    return f"{day_and_month(day.day, day.month)} {ordinal(day.year, Case.GENITIVE)} года"
