"""What people type to find a house: `мира 7 12`, `набереж 12`, `ул.Мира,д.7 кв 3`, `Vbhf 7`, in every way it may be meant."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from callcenter.addresses.building import loose_key, read_building, read_flat, says_flat
from callcenter.addresses.letters import fold, other_layout
from callcenter.addresses.street import SAYS_NOTHING, STREET, TOWN, WORD, kind_of, words_of

LONGEST = 200
MOST_WORDS = 8
MOST_READINGS = 24
# Left out of what is looked for: nobody has to say it, and some do.
_LEFT_OUT = SAYS_NOTHING | {fold(word) for word in ("на", "по", "в", "во", "у")}
_USUAL = (STREET, TOWN)
_NUMBER_AT = re.compile(rf"(?<![^\W_])(?:(?:{fold('дом|д|владение|влад|вл')})[\s.]*)?#?[0-9]")
_SAID_HOUSE = re.compile(rf"(?:{fold('дом|д')})(?![^\W\d_])")
_JOINED = re.compile(r"([0-9]+[^\W\d_]?)/([0-9]+)")
# What is cut from a word that may stand in another case: `на Лесной`, `по Лесную`.
_ENDINGS = fold("ого|его|ому|ему|ая|яя|ой|ей|ую|юю|ое|ее|ый|ий|ые|ие|ых|их|ом|ем|а|я|у|ю|е|ы|и|о|ь")
_ENDING = re.compile(rf"(?:{_ENDINGS})$")
_SHORTEST_STEM = 3


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to understand it: every one of `words` is found in the street or the town, by one of its spellings.

    A spelling of letters begins a word of the address, one of digits is a whole word, one with `~` may have any ending.
    `building` and `loose` are keys, `begins` the beginning of a key: at most one of the three is given, none for a
    street. `flat` is a key. `street`: somebody said `улица`, so that it is no `переулок`.
    """

    words: tuple[tuple[str, ...], ...]
    building: str | None = None
    loose: str | None = None
    begins: str | None = None
    flat: str | None = None
    street: bool = False

    @property
    def patterns(self) -> list[str]:
        """For each word a regular expression to find in ` town street `."""
        return ["|".join(map(_pattern, spellings)) for spellings in self.words]

    def names(self, street_key: str) -> bool:
        """Whether the whole street is named, not only a part of it."""
        named = {spelling for word in self.words for spelling in word}
        return all(word in named for word in street_key.split())


def readings(typed: str, *, complete: bool = False) -> list[Reading]:
    """Ways to read it, the likeliest first, each to be tried until one finds a house; none when nothing is asked for.

    `complete`: it is not typed at this moment, so the last number is a whole one.
    """
    found: dict[Reading, None] = {}
    typed = typed[:LONGEST]
    # What has no letter is no word of another layout, though its comma would be one.
    for text in (typed, *([other_layout(typed)] if re.search(r"[^\W\d_]", typed) else [])):
        folded = fold(text)
        street = any(kind_of(word) == STREET for word in words_of(folded))
        plain = [replace(each, street=street) for each in dict.fromkeys(_plain_readings(folded))]
        found |= dict.fromkeys(plain)
        found |= dict.fromkeys(_loosely(plain))
        if not complete:
            found |= dict.fromkeys(
                replace(each, building=None, begins=each.building) for each in plain if each.building and not each.flat
            )
        found |= dict.fromkeys(replace(each, words=_with_stems(each.words)) for each in plain)
    return [each for each in found if each.words][:MOST_READINGS]


def _plain_readings(folded: str) -> Iterator[Reading]:
    later: list[Reading] = []
    said: list[Reading] = []
    whole: list[Reading] = []
    for at in [place.start() for place in _NUMBER_AT.finditer(folded)]:
        if at and says_flat(folded, at):
            continue
        if (read := read_building(folded, at)) is None:
            continue
        building, end = read
        rest = folded[end:].strip(" ,.;")
        flat = read_flat(folded, end) if rest else None
        before = _words(folded[:at])
        into = said if _SAID_HOUSE.match(folded, at) else whole
        if not rest:
            into.append(Reading(before, building))
            if joined := _JOINED.fullmatch(building):
                later.append(Reading(before, joined[1], flat=joined[2]))
        elif rest in ("/", "-"):
            later.append(Reading(before, begins=f"{building}/"))
        elif flat and not folded[flat[1] :].strip(" ,.;"):
            sure = said if says_flat(folded, end) else later
            sure.append(Reading(before, building, flat=flat[0]))
            later.append(Reading(before, building))
        else:
            later.append(Reading((*before, *_words(rest)), building))
    yield from said
    yield from whole
    yield from sorted(later, key=lambda reading: reading.flat is None)
    yield Reading(_words(folded))


def _loosely(plain: list[Reading]) -> Iterator[Reading]:
    """The same without what stands between the numbers of a house; what was read as its flat may belong to it too."""
    for each in plain:
        if each.building:
            yield replace(each, building=None, loose=loose_key(each.building))
            if each.flat:
                yield replace(each, building=None, loose=loose_key(f"{each.building} {each.flat}"), flat=None)


def _words(text: str) -> tuple[tuple[str, ...], ...]:
    """Each word with its one form and as it was typed."""
    plain, typed = words_of(text), WORD.findall(text.replace(".", " "))
    spelled = zip(plain, typed, strict=True) if len(plain) == len(typed) else ((word, word) for word in plain)
    return tuple(
        tuple(dict.fromkeys((kind_of(word) or word, *((raw,) if not raw[0].isdigit() else ()))))
        for word, raw in spelled
        if kind_of(word) not in _USUAL and word not in _LEFT_OUT
    )[:MOST_WORDS]


def _with_stems(words: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
    """Each word in any case too, and beside another word as its first letter: `К. Либкнехта`."""
    return tuple(tuple(dict.fromkeys((*word, *_stems(word, initial=len(words) > 1)))) for word in words)


def _stems(word: tuple[str, ...], *, initial: bool) -> Iterator[str]:
    for spelling in word:
        stem = _ENDING.sub("", spelling)
        if not spelling.isdigit() and len(stem) >= _SHORTEST_STEM:
            yield f"{stem}~"
            if initial:
                yield f"{spelling[0]}~"


def _pattern(spelling: str) -> str:
    if spelling.endswith("~"):
        return f" {spelling[:-1]}({_ENDINGS})? "
    return f" {spelling} " if spelling.isdigit() else f" {spelling}"
