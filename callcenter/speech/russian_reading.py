"""Russian text as it is read aloud: times, dates, houses, abbreviations and foreign letters become words."""

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from itertools import accumulate

from callcenter.speech.russian_letters import VOWELS, in_cyrillic, spell
from callcenter.speech.russian_numbers import MONTHS, cardinal, day_and_month, ordinal, time_of_day, whole_date
from callcenter.speech.words import Case, digit_pieces

Rule = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]

_KINDS = {
    r"ул\.?|улица": "улица",
    r"пр-?к?т\.?|просп?\.|пр\.|проспект": "проспект",
    r"пр-?д\.?|проезд": "проезд",
    r"пер\.?|переулок": "переулок",
    r"наб\.?|набережная": "набережная",
    r"б-р\.?|бул\.?|бульв\.?|бульвар": "бульвар",
    r"мк?р-?о?н\.?|мкр\.?|м-н\.?|микрорайон": "микрорайон",
    r"ш\.?|шоссе": "шоссе",
    r"пл\.?|площадь": "площадь",
    r"туп\.?|тупик": "тупик",
    r"ал\.?|аллея": "аллея",
    r"кв-?л\.?|квартал": "квартал",
}
"""What a street may be, as the directory and people shorten it."""

_WHOLE_KIND = {re.compile(rf"(?i)(?:{short})"): full for short, full in _KINDS.items()}

_SHORT = {
    **{short: full for short, full in _KINDS.items() if not short.startswith("ш")},
    r"ш\.": "шоссе",
    r"г\.": "город",
    r"пос\.|п\.": "посёлок",
    r"дер\.": "деревня",
    r"с\.": "село",
    r"р-н": "район",
    r"обл\.": "область",
    r"д\.": "дом",
    r"корп\.?|к\.": "корпус",
    r"стр\.|стр(?=\s*\d)": "строение",
    r"вл\.|вл(?=\s*\d)": "владение",
    r"лит\.": "литера",
    r"кв\.|кв(?=\s*\d)": "квартира",
    r"пом\.": "помещение",
    r"оф\.": "офис",
    r"под\.": "подъезд",
    r"эт\.": "этаж",
    r"им\.": "имени",
    r"тел\.": "телефон",
    r"мин\.|мин\b": "минут",
    r"руб\.": "рублей",
    r"ген\.": "генерала",
    r"акад\.": "академика",
    r"н/п": "нежилое помещение",
    r"УК": "у ка",
    r"т\.\s?е\.": "то есть",
    r"т\.\s?д\.": "так далее",
    r"т\.\s?п\.": "тому подобное",
}
_SYMBOLS = {"№": " номер ", "%": " процентов ", "+": " плюс ", "&": " и ", "°": " градусов ", "§": " параграф "}

_GENITIVE_AFTER = r"(?:\b(с|со|до|от|после|около|из|без|более|менее|не позднее)\s+)?"
_IN = r"(?:\b(в|на|за|через)\s+)?"
_FEMININE = re.compile(r"\s+(?:минут|секунд|квартир|заяв|недел|тысяч|бригад|улиц)")
_MONTH = "|".join(MONTHS)
_ENDINGS = {"й": "m", "ый": "m", "ой": "m", "ий": "m", "я": "f", "ая": "f", "е": "n", "ое": "n", "ого": "g", "го": "g"}


def _time(found: re.Match[str]) -> str:
    case = Case.GENITIVE if found[1] else Case.ACCUSATIVE if found[2] else Case.NOMINATIVE
    time = time_of_day(int(found[3]), int(found[4]), case)
    before = found[1] or found[2]
    return f"{before} {time}" if before else time


def _date(found: re.Match[str]) -> str:
    day, month, year = int(found[1]), int(found[2]), found[3]
    try:
        named = date(int(year) + (2000 if len(year) == 2 else 0) if year else 2024, month, day)
    except ValueError:
        return found[0]
    return whole_date(named) if year else day_and_month(day, month)


def _ordinal(found: re.Match[str]) -> str:
    kind = _ENDINGS[found[2]]
    return ordinal(int(found[1]), Case.GENITIVE) if kind == "g" else ordinal(int(found[1]), gender=kind)


def _anniversary(found: re.Match[str]) -> str:
    number = int(found[1])
    whole = {90: "девяносто", 100: "сто", 1000: "тысяче"}.get(number)
    return f"{whole or cardinal(number, Case.GENITIVE).replace(' ', '')}лет{found[2]}"


def _number(found: re.Match[str]) -> str:
    """A long number, or one that begins with zeros, is read in groups of three from its beginning."""
    before, digits = found[1], found[2]
    if len(digits) > 6 or (len(digits) > 1 and digits.startswith("0")):
        spoken = ", ".join(_in_group(digits[at : at + 3]) for at in range(0, len(digits), 3))
    else:
        case = Case.GENITIVE if before else Case.NOMINATIVE
        gender = "f" if _FEMININE.match(found.string, found.end()) else "m"
        spoken = cardinal(int(digits), case, gender)
    return f"{before} {spoken} " if before else f" {spoken} "


def _telephone(found: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", found[0])
    if len(digits) not in (10, 11):
        return found[0]
    sizes = (3, 3, 2, 2) if len(digits) == 10 else (1, 3, 3, 2, 2)
    ends = list(accumulate(sizes))
    return " " + ", ".join(_in_group(digits[end - size : end]) for size, end in zip(sizes, ends, strict=True)) + " "


def _in_group(digits: str) -> str:
    return " ".join(digit_pieces(digits, cardinal))


def _lettered(found: re.Match[str]) -> str:
    return f"{found[1]} {spell(found[2])}"


def _capitals(found: re.Match[str]) -> str:
    """A word in capitals: spelled when nobody could pronounce it."""
    word = found[0].lower()
    return spell(word) if len(word) <= 5 and not set(word) & set(VOWELS) else word


def _rule(pattern: str, then: str | Callable[[re.Match[str]], str], flags: re.RegexFlag = re.IGNORECASE) -> Rule:
    return re.compile(pattern, flags), then


_ASIDE = r"(?<![\w.-])"
_DONE = r"(?:(?<=\.)|(?![\w-]))"
_RULES: tuple[Rule, ...] = (
    _rule(r"<[^<>]*>", " "),
    _rule(rf"{_GENITIVE_AFTER}{_IN}(?<![\d:.])([01]?\d|2[0-4]):([0-5]\d)(?![\d:])", _time),
    _rule(r"(?<![\d.])(\d{4})-(\d\d)-(\d\d)(?!\d)", r"\3.\2.\1"),
    _rule(r"(?<![\d.])(\d{1,2})\.(\d{1,2})(?:\.(\d{4}|\d\d))?(?!\.?\d)", _date),
    _rule(r"(?<![\w.])\+?\d[\d ()-]{8,16}\d(?![\w.])", _telephone),
    _rule(rf"(?<!\d)(\d{{1,2}}) ({_MONTH})", lambda found: f"{ordinal(int(found[1]), Case.GENITIVE)} {found[2]}"),
    _rule(r"(?<!\d)(\d{1,4})-?лет(ия|ие|ию)", _anniversary),
    _rule(r"(?<!\d)(\d{1,4})-(ый|ой|ий|й|ая|я|ое|е|ого|го)\b", _ordinal),
    _rule(r"(?<!\d)(\d{1,4})-(?:ти|х|и|ёх|мя)\b", lambda found: cardinal(int(found[1]), Case.GENITIVE)),
    _rule(r"(\d)\s*к\s*\.?\s*(?=\d)", r"\1 корпус "),
    _rule(r"(\d)\s*с\s*\.?\s*(?=\d)", r"\1 строение "),
    _rule(r"(\d)(?=[а-яё]{2})", r"\1 "),
    *(_rule(rf"{_ASIDE}(?:{short}){_DONE}", f" {full} ") for short, full in _SHORT.items()),
    _rule(r"(\d[а-яё]?)\s*/\s*(?=\w)", r"\1 дробь "),
    _rule(r"(\d)\s*[-–—]\s*(?=\d)", r"\1 тире "),
    _rule(r"(\d)\.(?=\d)", r"\1 точка "),
    _rule(r"(\d)([а-яё])(?!\w)", _lettered),
    _rule(r"(\d)[\s-]([А-ЯЁ])(?=$|,)", _lettered, re.NOFLAG),
    _rule(r"(литера|корпус|строение)\s+([а-яё])(?!\w)", _lettered),
    _rule(rf"{_GENITIVE_AFTER}(\d+)", _number),
    _rule(r"(?<!\w)[А-ЯЁ]{2,}(?!\w)", _capitals, re.NOFLAG),
    _rule(r"[;:()\[\]{}]|\s[-–—]+\s", ", "),
    _rule(r"[^а-яё,.!?]+", " "),
    _rule(r"\s*([,.!?])[\s,.!?]*", r"\1 "),
)


def read(text: str) -> str:
    """The text in Russian letters, spaces and `,.!?`; empty when there is nothing to say."""
    for symbol, word in _SYMBOLS.items():
        text = text.replace(symbol, word)
    text = in_cyrillic(unicodedata.normalize("NFKC", text))
    for pattern, then in _RULES:
        text = pattern.sub(then, text)
    return text.lstrip(" ,.!?").rstrip(" ,") if re.search("[а-яё]", text, re.IGNORECASE) else ""


def read_street(name: str) -> str:
    """A street with what it is in front: `Мира пр-т` is "проспект Мира"."""
    words = name.replace(",", " ").split()
    for short, full in _WHOLE_KIND.items():
        for at in (0, -1):
            if len(words) > 1 and short.fullmatch(words[at]):
                words.pop(at)
                return read(" ".join([full, *words]))
    return read(name)
