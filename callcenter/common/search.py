"""Search queries for tickets: a ticket number, the end of a telephone number, or words."""

import re
from dataclasses import dataclass
from typing import Self

from callcenter.common.word_forms import LONG, forms, is_whole
from callcenter.domain.phone import national

LONGEST = 200
MOST_WORDS = 10
SHORTEST_TAIL = 4
# With this many digits or more it is a telephone number, whatever stands beside it.
_PHONE = re.compile(r"(?<![\w/])\+?\d(?:[ ()-]{0,2}\d){6,}(?![\w/])", re.ASCII)
_NUMBER = re.compile(r"(?:№|#|n|no)\.? ?(\d{1,9})", re.ASCII | re.IGNORECASE)
_BETWEEN = re.compile(r"[ ().-]")
_WORD = re.compile(r"\w+")
# Said in an address for the ear; the same for all, or written in other ways.
_FILLERS = frozenset(
    (
        "г",
        "город",
        "ул",
        "улица",
        "пр",
        "проспект",
        "пер",
        "переулок",
        "д",
        "дом",
        "к",
        "корп",
        "корпус",
        "кв",
        "квартира",
    )
)


@dataclass(frozen=True, slots=True)
class Search:
    """A parsed query. `tail`: the last digits of a telephone number, reversed.

    `number` and `tail` of the same digits mean either; `prefix` is one more word, the last. Each word, and the
    last, has a `*` when it may be the beginning of a longer one, and is followed by its other forms, with `|` between.
    """

    words: tuple[str, ...] = ()
    prefix: str | None = None
    number: int | None = None
    tail: str | None = None

    @property
    def columns(self) -> dict[str, object]:
        """Its fields in the filter types of the database, such as `journal_filter`."""
        return {"words": self.words or None, "prefix": self.prefix, "number": self.number, "tail": self.tail}

    @classmethod
    def of(cls, typed: str) -> Self | None:
        """Parse it; None when it contains neither a letter nor a digit."""
        text = clean(typed)
        if found := _NUMBER.fullmatch(text):
            return cls(number=int(found[1]))
        written = _BETWEEN.sub("", text.partition("#")[0] or text)
        digits = written.removeprefix("+")
        if digits.isascii() and digits.isdigit():
            short = len(digits) < SHORTEST_TAIL
            number = int(digits) if short or (len(digits) <= 9 and digits == text) else None
            return cls(number=number, tail=None if short else _tail(written))
        phones = _PHONE.findall(text)
        words = address_words(_PHONE.sub(" ", text))
        if not words and not phones:
            return None
        return cls(
            words=tuple(map(_word, words if words and not _WORD.fullmatch(words[-1]) else words[:-1])),
            prefix=_word(words[-1].lower().replace("ё", "е"), is_last=True)
            if words and _WORD.fullmatch(words[-1])
            else None,
            tail=_tail(_BETWEEN.sub("", phones[0])) if phones else None,
        )


def clean(typed: str) -> str:
    """The text as one line of printable characters, truncated."""
    line = " ".join(typed[: 2 * LONGEST].split())
    return "".join(each for each in line if each.isprintable())[:LONGEST]


def address_words(text: str) -> list[str]:
    """The distinctive words, without `ul.`, `d.`, `kv.` and the like, unless there are no others."""
    words = [word.strip(".-+\"'«»()№#*") for word in re.split(r"[\s,;:!?|*]+", text)]
    words = [word for word in words if _WORD.search(word)][:MOST_WORDS]
    return [word for word in words if word.lower() not in _FILLERS] or words


def _word(word: str, *, is_last: bool = False) -> str:
    begins = (is_last or (len(word) >= LONG and _WORD.fullmatch(word))) and not is_whole(word)
    return "|".join((f"{word}*" if begins else word, *forms(word)[1:]))


def _tail(digits: str) -> str:
    # 8 916 … and 7 916 … are +7 916 …, and 916 … is both.
    return national(digits)[::-1]
