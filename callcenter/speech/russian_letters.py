"""Names of letters, and letters of other alphabets as Russian ones."""

import re
import unicodedata

VOWELS = "аеёиоуыэюя"
NAMES = {letter: letter for letter in VOWELS} | {letter: f"{letter}э" for letter in "бвгджзптцч"}
NAMES |= {"к": "ка", "л": "эль", "м": "эм", "н": "эн", "р": "эр", "с": "эс", "ф": "эф", "х": "ха"}
NAMES |= {"ш": "ша", "щ": "ща", "й": "и краткое", "ъ": "твёрдый знак", "ь": "мягкий знак"}

# A Latin letter that was meant as the Russian one of the same shape, as in a house's "3A".
_SAME_SHAPE = str.maketrans("ABCEHKMOPTXYaceopxy", "АВСЕНКМОРТХУасеорху")
_PAIRS = {"shch": "щ", "sh": "ш", "ch": "ч", "zh": "ж", "kh": "х", "ts": "ц", "ya": "я", "yu": "ю", "yo": "ё"}
_SINGLE = dict(zip("abcdefghiklmnopqrstuvwyz", "абкдефгхиклмнопкрстуввиз", strict=True)) | {"j": "дж", "x": "кс"}
_LATIN = re.compile("|".join([*_PAIRS, "[a-z]"]))
_WORD = re.compile(r"[^\W\d_]+")


def spell(letters: str) -> str:
    """The names of the letters: "бэ", "ха вэ эс"."""
    return " ".join(NAMES.get(letter, letter) for letter in letters.lower())


def in_cyrillic(text: str) -> str:
    """The text with each letter of another alphabet as Russian ones that sound or look like it, or without it."""
    return _WORD.sub(lambda found: _word(found[0]), text)


def _word(word: str) -> str:
    mixed = re.search("[А-Яа-яЁё]", word)
    if mixed or (len(word) == 1 and word.isupper()):
        word = word.translate(_SAME_SHAPE)
    if re.fullmatch("[А-Яа-яЁё]+", word):
        return word
    # An accent is dropped with what it stands on kept; Russian ё and й are letters of their own.
    plain = "".join(each if re.match("[ЁёЙй]", each) else unicodedata.normalize("NFKD", each)[0] for each in word)
    spoken = _LATIN.sub(lambda found: _PAIRS.get(found[0]) or _SINGLE[found[0]], plain.lower())
    return re.sub("[^а-яё]", "", spoken)
