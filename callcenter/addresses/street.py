"""Streets and towns: their words in the one form, in one order, with what they are (`пр-т`) told from the name."""

import re
from dataclasses import dataclass

from callcenter.addresses.letters import fold


def _table(lines: dict[str, str]) -> dict[str, str]:
    return {fold(short): fold(full) for full, shorts in lines.items() for short in (full, *shorts.split())}


# What a street may be, with its short forms. A street that says nothing is an `улица`.
STREET = fold("улица")
_STREET_TYPES = _table(
    {
        "улица": "ул улице улицы улицу st street",
        "проспект": "пр пр-т пр-кт прт просп проспекте ave avenue",
        "проезд": "пр-д пр-зд прд проезде",
        "переулок": "пер пер-к переулке lane ln",
        "набережная": "наб набер набережной embankment",
        "бульвар": "б-р бул бульв бульваре blvd boulevard",
        "микрорайон": "мкр мкрн мкр-н м-н м-он мк-н микр микрорайоне",
        "шоссе": "ш highway hwy",
        "площадь": "пл пл-дь площади square sq",
        "тупик": "туп тупике",
        "аллея": "ал аллее",
        "квартал": "кв-л кварт квартале",
        "линия": "лин линии",
        "тракт": "тр-т тракте",
        "road": "rd",
    }
)
# A town that says nothing is a `город`.
TOWN = fold("город")
_TOWN_TYPES = _table(
    {
        "город": "г гор",
        "посёлок": "п пос",
        "село": "с",
        "деревня": "д дер",
        "рабочий посёлок": "рп",
        "посёлок городского типа": "пгт",
        "станица": "ст-ца",
        "хутор": "х хут",
    }
)
_WORDS = _table(
    {
        "большая": "б бол больш большой большое",
        "малая": "м мал малый малое",
        "верхняя": "верх верхн верхний верхнее",
        "нижняя": "ниж нижн нижний нижнее",
        "новая": "нов новый новое",
        "старая": "стар старый старое",
        "академика": "акад ак",
        "генерала": "ген",
        "маршала": "марш",
        "адмирала": "адм",
        "профессора": "проф",
        "святого": "св",
        "летия": "лет летие",
        "1": "первая первый первое первой",
        "2": "вторая второй второе",
        "3": "третья третий третье третьей",
        "4": "четвертая четвертый четвертое четвертой",
        "5": "пятая пятый пятое пятой",
        "6": "шестая шестой шестое",
        "7": "седьмая седьмой седьмое",
        "8": "восьмая восьмой восьмое",
        "9": "девятая девятый девятое девятой",
        "10": "десятая десятый десятое десятой",
    }
)
_OF_MANY_WORDS = {
    fold(long): f"{fold(short)} "
    for long, short in {
        "р.п.": "рп",
        "рабочий посёлок": "рп",
        "п.г.т.": "пгт",
        "посёлок городского типа": "пгт",
    }.items()
}
SAYS_NOTHING = frozenset(fold(word) for word in ("им", "имени", "россия", "рф"))
WORD = re.compile(r"\w+(?:-\w+)*")
_YEARS = re.compile(f"([0-9])-?({fold('лет')})")
_ORDINAL = re.compile(f"([0-9]+)-?(?:{fold('я|ая|й|ый|ий|ой|е|ое|ые|го|ого|му|ому|ти|х|ых')})")


@dataclass(frozen=True, slots=True)
class _Named:
    """A street or a town: the words of its name, sorted, and what it is, or nothing when that is not said."""

    words: tuple[str, ...]
    kind: str = ""


def street_key(text: str) -> str:
    """The one form of a street; equal for the same street however it is written."""
    return _key(_named(text, _STREET_TYPES), STREET)


def town_key(text: str) -> str:
    """The one form of a town."""
    return _key(_named(text, _TOWN_TYPES), TOWN)


def words_of(text: str) -> tuple[str, ...]:
    """The words of a name in their one form, in the order in which they stand, with what the street is."""
    return tuple(_plain(word) for word in WORD.findall(_abbreviations_apart(fold(text))))


def kind_of(word: str) -> str:
    """What a street or a town is by this word, or nothing when it is no such word."""
    return _STREET_TYPES.get(word, "") or _TOWN_TYPES.get(word, "")


def street_kind(text: str) -> str:
    """What a street is by the word before or after its name, or nothing when none says it."""
    return _said_kind(text, _STREET_TYPES)


def town_kind(text: str) -> str:
    """What a town is by the word before or after its name, or nothing when none says it."""
    return _said_kind(text, _TOWN_TYPES)


def is_street_alone(key: str) -> bool:
    """Whether a `street_key` is that of an `улица`."""
    return not any(key.endswith(f" {kind}") for kind in _STREET_TYPES.values())


def _named(text: str, kinds: dict[str, str]) -> _Named:
    words = [_plain(word) if word not in kinds else word for word in WORD.findall(_abbreviations_apart(fold(text)))]
    kind = ""
    # What it is stands before or after the name; a name of one word is a name: `Набережная`, `Набережная ул.`.
    if ends := [at for at in (0, -1) if len(words) > 1 and words[at] in kinds]:
        at = min(ends, key=lambda end: kinds[words[end]] == words[end])
        kind = kinds[words.pop(at)]
    if len(words) == 1 and not kind and words[0] in kinds:
        words = [kinds[words[0]]]
    return _Named(tuple(sorted([word for word in words if word not in SAYS_NOTHING] or words)), kind)


def _said_kind(text: str, kinds: dict[str, str]) -> str:
    words = WORD.findall(_abbreviations_apart(fold(text)))
    return next((kinds[words[at]] for at in (0, -1) if len(words) > 1 and words[at] in kinds), "")


def _key(named: _Named, usual: str) -> str:
    return " ".join([*named.words, *([named.kind] if named.kind not in ("", usual) else [])])


def _abbreviations_apart(text: str) -> str:
    """`ул.Мира` as `ул Мира`; what a town is becomes one word."""
    for long, short in _OF_MANY_WORDS.items():
        text = text.replace(long, short)
    return _YEARS.sub(r"\1 \2", text).replace(".", " ")


def _plain(word: str) -> str:
    if ordinal := _ORDINAL.fullmatch(word):
        return str(int(ordinal[1]))
    if word.isascii() and word.isdigit():
        return str(int(word[:9]))
    return _WORDS.get(word, word)
