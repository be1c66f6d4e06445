"""English."""

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime

from num2words import num2words

from callcenter.speech.words import DAY, FAR, Case, Noun, Words, last_day

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_NOUNS = {
    Noun.MINUTE: ("minute", "minutes"),
    Noun.HOUR: ("hour", "hours"),
    Noun.TICKET: ("ticket", "tickets"),
    Noun.CALL: ("call", "calls"),
    Noun.FLAT: ("flat", "flats"),
}
_SHORT = {"st.": "street", "ave.": "avenue", "rd.": "road", "blvd.": "boulevard", "bldg.": "building", "apt.": "flat"}
_SHORT |= {"ул.": "street", "пр-т": "avenue", "пер.": "lane", "наб.": "embankment", "б-р": "boulevard", "ш.": "highway"}
_SHORT |= {"пр-д": "drive", "пл.": "square", "мкр.": "district", "корп.": "block", "стр.": "building", "кв.": "flat"}
_SYMBOLS = {"№": " number ", "#": " number ", "%": " per cent ", "+": " plus ", "&": " and ", "°": " degrees "}
_CYRILLIC = dict(zip("абвгдезийклмнопрстуфыэ", "abvgdeziyklmnoprstufye", strict=True))
_CYRILLIC |= {"ё": "yo", "ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ю": "yu", "я": "ya"}
_CYRILLIC |= {"ъ": "", "ь": ""}


class English(Words):
    """Times are of twelve hours, as they are said."""

    def number(self, number: int) -> str:
        return _spoken(num2words(number, lang="en"))

    def count(self, number: int, noun: Noun, case: Case = Case.NOMINATIVE) -> str:
        return f"{self.number(number)} {_NOUNS[noun][number != 1]}"

    def flat(self, name: str) -> str:
        spoken = self.read(name)
        return spoken if spoken.startswith("flat ") else f"flat {spoken}"

    def entrance(self, number: int) -> str:
        return f"entrance {self.number(number)}"

    def house(self, building: str) -> str:
        return f"house {self.read(building)}"

    def street(self, name: str) -> str:
        return self.read(name)

    def day(self, day: date) -> str:
        return f"the {_ordinal(day.day)} of {_MONTHS[day.month - 1]}"

    def since(self, moment: datetime, now: datetime) -> str:
        return f"since {_time(moment.hour, moment.minute)}{self._on(moment.date(), now)}"

    def until(self, moment: datetime, now: datetime) -> str:
        return f"until {_time(moment.hour, moment.minute)}{self._on(last_day(moment), now)}"

    def period(self, begin: datetime, end: datetime, now: datetime) -> str:
        same_day = begin.date() == last_day(end)
        day = "" if same_day else self._on(begin.date(), now)
        return f"from {_time(begin.hour, begin.minute)}{day} {self.until(end, now)}"

    def _on(self, day: date, now: datetime) -> str:
        days = (day - now.date()) // DAY
        if abs(days) <= 1:
            return (" yesterday", "", " tomorrow")[days + 1]
        year = f" {_spoken(num2words(day.year, lang='en', to='year'))}" if abs(days) > FAR // DAY else ""
        return f" on {self.day(day)}{year}"

    def read(self, text: str) -> str:
        for symbol, word in _SYMBOLS.items():
            text = text.replace(symbol, word)
        text = unicodedata.normalize("NFKC", text)
        for pattern, then in _RULES:
            text = pattern.sub(then, text)
        return text.lstrip(" ',.!?").rstrip(" ,") if re.search("[A-Za-z]", text) else ""


def _spoken(words: object) -> str:
    """Without "and" after hundreds and without hyphens and commas, which voices read as pauses."""
    return str(words).replace(" and ", " ").replace("-", " ").replace(",", "")


def _ordinal(number: int) -> str:
    return _spoken(num2words(number, lang="en", to="ordinal"))


def _time(hour: int, minute: int) -> str:
    if minute == 0 and hour % 12 == 0:
        return "noon" if hour == 12 else "midnight"
    minutes = "" if minute == 0 else f" {'oh ' if minute < 10 else ''}{_spoken(num2words(minute, lang='en'))}"
    return f"{_spoken(num2words(hour % 12 or 12, lang='en'))}{minutes} {'a' if hour % 24 < 12 else 'p'} m"


def _read_date(found: re.Match[str]) -> str:
    day, month = int(found[1]), int(found[2])
    if not (1 <= day <= 31 and 1 <= month <= 12):
        return found[0]
    year = f" {_spoken(num2words(int(found[3]), lang='en', to='year'))}" if found[3] else ""
    return f"the {_ordinal(day)} of {_MONTHS[month - 1]}{year}"


def _number(found: re.Match[str]) -> str:
    digits = found[0]
    if len(digits) > 6 or (len(digits) > 1 and digits.startswith("0")):
        return " ".join(_spoken(num2words(int(each), lang="en")) for each in digits)
    return f" {_spoken(num2words(int(digits), lang='en'))} "


def _in_latin(found: re.Match[str]) -> str:
    letter = found[0]
    if (latin := _CYRILLIC.get(letter.lower())) is not None:
        return latin if letter.islower() else latin.capitalize()
    plain = unicodedata.normalize("NFKD", letter)[0]
    return plain if plain.isascii() else ""


def _short(found: re.Match[str]) -> str:
    return f" {_SHORT[found[0].lower()]} "


_RULES: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"<[^<>]*>"), " "),
    (re.compile(r"(?<![\d:.])([01]?\d|2[0-4]):([0-5]\d)(?![\d:])"), lambda found: _time(int(found[1]), int(found[2]))),
    (re.compile(r"(?<![\d.])(\d{1,2})\.(\d{1,2})(?:\.(\d{4}))?(?!\.?\d)"), _read_date),
    (re.compile(rf"(?i)(?<![\w.])(?:{'|'.join(map(re.escape, _SHORT))})(?!-)"), _short),
    (re.compile(r"(\d\w?)\s*/\s*(?=\w)"), r"\1 slash "),
    (re.compile(r"(\d)\s*[-–—]\s*(?=\d)"), r"\1 dash "),
    (re.compile(r"(\d)\.(?=\d)"), r"\1 point "),
    (re.compile(r"(?<!\d)(\d{1,3})(?:st|nd|rd|th)\b"), lambda found: _ordinal(int(found[1]))),
    (re.compile(r"\d+"), _number),
    (re.compile(r"[^\W\da-zA-Z_]"), _in_latin),
    (re.compile(r"(?<=[a-zA-Z])[’'](?=[a-z])"), "'"),
    (re.compile(r"[;:()\[\]{}]|\s[-–—]+\s"), ", "),
    (re.compile(r"(?:[^a-zA-Z',.!?]|(?<![a-zA-Z])'|'(?![a-z]))+"), " "),
    (re.compile(r"\s*([,.!?])[\s,.!?]*"), r"\1 "),
)
