"""Telephones as offices write them into one cell: several, with words beside them, or the word that there is none."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from callcenter.common.sheet_cells import heading
from callcenter.domain.phone import PhoneFault, existing

MOST_PIECES = 12
_NONE = frozenset(
    heading(text)
    for text in (
        *("-", "--", "—", "нет", "нет телефона", "нет тел.", "отсутствует", "не указан", "неизвестен", "неизвестно"),
        *("н/д", "нет данных", "б/т", "без телефона", "не имеет", "0", "no", "none", "n/a", "null", "unknown"),
    )
)
_BETWEEN = re.compile(r"[,;\n|]|(?<=\s)(?:и|или|and|or)(?=\s)")
_BESIDE = re.compile(r"\([^()]*[^\W\d_][^()]*\)")
_EXTENSION = re.compile(r"(?i:доб|ext|вн)\w*\.?\s*[0-9]+|#\s*[0-9]+")
_WORD = re.compile(r"[^\W\d_]+[.:]?")
_DECIMAL = re.compile(r"(?<![0-9])([0-9]{5,15})[.,]0{1,6}(?![0-9])")
_LETTERS = re.compile(r"[^\W\d_]")
_POWER_OF_TEN = re.compile(r"[0-9]+(?:[.,][0-9]+)?[eEеЕ]\+?[0-9]{1,2}")


@dataclass(frozen=True, slots=True)
class PhoneCell:
    """What a cell says: `numbers` in E.164, or as they stand there when they lack a city code; the parts that are no
    telephones with their faults; the words beside the numbers.
    """

    numbers: Sequence[str] = ()
    faults: Sequence[tuple[str, PhoneFault]] = ()
    words: str = ""


def is_power_of_ten(text: str) -> bool:
    """Whether a spreadsheet program has cut digits off: `7,91612E+10`."""
    return _POWER_OF_TEN.fullmatch(text.strip()) is not None


def read_phones(text: str) -> PhoneCell:
    """The telephones of a cell."""
    if not text or heading(text) in _NONE or not text.strip(" -–—./"):
        return PhoneCell()
    numbers: list[str] = []
    faults: list[tuple[str, PhoneFault]] = []
    words: list[str] = []
    for part in split_phones(_DECIMAL.sub(r"\1", text)):
        if heading(part) in _NONE:
            continue
        found = _numbers(part)
        if isinstance(found, PhoneFault):
            faults.append((part, found))
            continue
        numbers += found
        words += [word for word in _words(part) if word]
    return PhoneCell(tuple(dict.fromkeys(numbers)), faults, " ".join(words))


def split_phones(text: str) -> list[str]:
    """The numbers written in one field, between commas, semicolons or line ends."""
    return [part.strip() for part in _BETWEEN.split(text) if part.strip()]


def _words(part: str) -> list[str]:
    """What a person should know is left out: `муж`, `(после 18)`; not `тел.` or an extension."""
    plain = _EXTENSION.sub(" ", part)
    beside = [found[0] for found in _BESIDE.finditer(plain)]
    return beside + [word[0] for word in _WORD.finditer(_BESIDE.sub(" ", plain)) if heading(word[0]) not in _LABELS]


_LABELS = frozenset(
    (
        "т",
        "тел",
        "телефон",
        "моб",
        "мобильный",
        "сот",
        "сотовый",
        "дом",
        "домашний",
        "раб",
        "рабочий",
        "tel",
        "phone",
        "mob",
    )
)


def _numbers(part: str) -> list[str] | PhoneFault:
    """The numbers of a part, several when they stand side by side."""
    whole = existing(part)
    if not isinstance(whole, PhoneFault):
        return [whole]
    plain = _WORD.sub(" ", _BESIDE.sub(" ", _EXTENSION.sub(" ", part))).strip(" .:-/")
    if not any(letter.isdigit() for letter in plain):
        return PhoneFault.NOT_A_NUMBER
    if _LETTERS.search(part) and not isinstance(alone := existing(plain), PhoneFault):
        return [alone]
    halves = [existing(half) for half in plain.split("/")]
    if len(halves) > 1 and all(half is PhoneFault.NO_CODE or not isinstance(half, PhoneFault) for half in halves):
        written = zip(halves, plain.split("/"), strict=True)
        return [text.strip() if isinstance(half, PhoneFault) else half for half, text in written]
    pieces = [piece for piece in re.split(r"[\s/]+", plain) if piece]
    several = _side_by_side(pieces) if 1 < len(pieces) <= MOST_PIECES else None
    if several:
        return several
    fault = existing(plain)
    if fault is PhoneFault.NO_CODE:
        return [plain]
    return fault if isinstance(fault, PhoneFault) else [fault]


def _side_by_side(pieces: Sequence[str]) -> list[str] | None:
    """The pieces as several whole numbers, or None when they are not."""
    # From each piece on, beginning with the last.
    found: list[list[str] | None] = [*[None] * len(pieces), []]
    for start in reversed(range(len(pieces))):
        for end in range(start + 1, len(pieces) + 1):
            number = existing(" ".join(pieces[start:end])) if found[end] is not None else PhoneFault.NOT_A_NUMBER
            if not isinstance(number, PhoneFault):
                found[start] = [number, *(found[end] or [])]
                break
    return found[0]
