"""An address written in one cell taken apart: `170100, г. Тверь, ул. Мира, д. 7, корп. 2, кв. 12`. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from callcenter.addresses.building import read_building, read_flat, says_flat
from callcenter.addresses.letters import fold, tidy
from callcenter.addresses.street import WORD, street_kind, town_kind

LONGEST = 400
_INDEX = re.compile(r"(?<!\d)\d{6}(?!\d)[\s,]*")
_REGION = re.compile(
    fold(
        r"(?:^|[\s.])(?:обл|область|край|респ|республика|р-н|район|округ|ао|го|мо|россия|рф|сельсовет|с/с|с/п|г/п|"
        r"внутригородская территория|вн тер г)(?:[\s.]|$)"
    )
)
_NUMBER_AT = re.compile(
    rf"(?<![^\W_])(?=\S)(?:(?:{fold('дом|зд|здание|д|владение|влад|вл')})(?![^\W\d_])[\s.]*)?(?:#\s*)?[0-9]"
)
_SAID_HOUSE = re.compile(rf"(?:{fold('дом|зд|здание|д|владение|влад|вл')})(?![^\W\d_])")
_HOUSE_WORD = re.compile(rf"^(?:(?:{fold('дом|зд|здание|д')})(?![^\W\d_])[\s.]*)?#?\s*")
_ROOM = re.compile(
    fold(
        r"(?:пом|помещ|помещение|оф|офис|ком|комн|комната|неж|нежил|нежилое|гараж|м/м|машиноместо|кладовая|подвал|магазин)"
    )
    + r"(?![^\W\d_])"
)
_FLAT_WORD = re.compile(rf"^(?:(?:{fold('квартира|кварт|кв')})(?![^\W\d_])[\s.]*)?#?\s*")
_ENTRANCE = re.compile(fold(r"(?:подъезд|под|п-д)") + r"(?![^\W\d_])[\s.]*#?\s*([0-9]{1,2})(?!\d)[\s,]*")
_FLOOR = re.compile(fold(r"(?:этаж|эт)") + r"(?![^\W\d_])[\s.]*#?\s*[0-9]{1,2}(?!\d)[\s,]*")
_TOWN_WORD = re.compile(rf"^(?:{fold('город|гор|г')})(?:\.\s*|\s+)")
_TOWN_THEN_MORE = re.compile(rf"^(?:{fold('город|гор|г')})(?:\.\s*|\s+)(\S+)\s+(\S.*)$")
# `12/5` is a house on a corner.
_JOINED = re.compile(r"([0-9]+[^\W\d_]?)-([0-9]+[^\W\d_]?)")
_FLAT_BEFORE = re.compile(rf"(?<![^\W_])(?:{fold('квартира|кварт|кв')})[\s.]*$")
_NUMBER_ALONE = re.compile(r"(?:^|,)[\W\d]*$")


@dataclass(frozen=True, slots=True)
class WrittenAddress:
    """The parts as they were written; empty where nothing was said. `entrance`: digits."""

    city: str
    street: str
    building: str
    flat: str = ""
    entrance: str = ""


@lru_cache(maxsize=4096)
def take_apart(text: str, *, city: str = "", flat_apart: bool = False) -> WrittenAddress | None:
    """The parts of an address, or None when no street and house can be told.

    `city`: the one that may stand before a street without a comma between them; `flat_apart`: flats are written elsewhere, so that `Мира, 7-12` is a house; otherwise it is the flat 12.
    """
    plain = _INDEX.sub("", tidy(text[:LONGEST]).strip(" ,;."), count=1).strip(" ,;.")
    folded = fold(plain)
    if len(folded) != len(plain):
        plain = folded
    entrance = ""
    if found := _ENTRANCE.search(folded):
        entrance = str(int(found[1]))
        plain, folded = (whole[: found.start()] + whole[found.end() :] for whole in (plain, folded))
    if found := _FLOOR.search(folded):
        plain, folded = (whole[: found.start()] + whole[found.end() :] for whole in (plain, folded))
    best = max(_readings(plain.strip(" ,;."), folded.strip(" ,;."), flat_apart), default=None, key=lambda each: each[0])
    if best is None:
        return None
    _, before, building, flat = best
    town, street = _town_and_street(before)
    if not town and city and fold(street).startswith(f"{fold(city)} "):
        town, street = city, street[len(city) :].strip()
    return WrittenAddress(town, street, building, flat, entrance) if street else None


def _readings(plain: str, folded: str, flat_apart: bool) -> Iterator[tuple[int, str, str, str]]:
    """What may be the house: how sure, what stands before it, the house, the flat."""
    for at in (place.start() for place in _NUMBER_AT.finditer(folded)):
        read = read_building(folded, at)
        before = plain[:at].strip(" ,;.")
        if read is None or _NUMBER_ALONE.search(before) or _FLAT_BEFORE.search(folded[:at]) or says_flat(folded, at):
            continue
        building = _without(plain[at : read[1]], _HOUSE_WORD)
        rest = folded[read[1] :]
        after = len(folded) - len(rest.lstrip(" ,;.-"))
        left = rest.strip(" ,;.-")
        sure = 4 if _SAID_HOUSE.match(folded, at) else 0
        flat = read_flat(folded, read[1]) if left else None
        joined = _JOINED.fullmatch(building)
        if not left and joined and not flat_apart:
            yield sure + 2, before, joined[1], joined[2]
        elif not left:
            yield sure + 2, before, building, ""
        elif says_flat(folded, read[1]) or _ROOM.match(folded, after):
            yield sure + 3, before, building, _without(plain[after:], _FLAT_WORD)
        elif flat and not folded[flat[1] :].strip(" ,.;"):
            yield sure + 1, before, building, _without(plain[after:], _FLAT_WORD)


def _without(text: str, word: re.Pattern[str]) -> str:
    """The text without the word before it, its commas as blanks."""
    found = word.match(fold(text))
    return " ".join(
        text[found.end() if found and len(fold(text)) == len(text) else 0 :].replace(",", " ").split()
    ).strip(" .-")


@lru_cache(maxsize=4096)
def _town_and_street(text: str) -> tuple[str, str]:
    """The town and the street that stand before a house."""
    towns: list[str] = []
    streets: list[str] = []
    unsaid: list[str] = []
    for part in [part.strip(" .;") for part in text.split(",")]:
        if not part or _REGION.search(fold(part)):
            continue
        town, street = _two_in_one(part)
        if town:
            towns.append(town)
        if not street:
            continue
        if street_kind(street):
            streets.append(street)
        elif town_kind(street) and len(WORD.findall(fold(street))) > 1:
            towns.append(street)
        else:
            unsaid.append(street)
    if not streets and unsaid:
        streets = [unsaid.pop()]
    towns += unsaid if not towns else []
    return ", ".join(_town(each) for each in towns), ", ".join(streets)


def _two_in_one(part: str) -> tuple[str, str]:
    """Town and street of one part without a comma between them: `г. Тверь ул. Мира`; the town is empty when there is one."""
    folded = fold(part)
    if len(folded) != len(part):
        return "", part
    words = list(WORD.finditer(folded.replace(".", " ")))
    at = next((place for place, word in enumerate(words) if street_kind(f"{word[0]} x") and place), None)
    if at is not None and at < len(words) - 1 and town_kind(part[: words[at].start()]):
        return part[: words[at].start()].strip(" ."), part[words[at].start() :].strip()
    if (more := _TOWN_THEN_MORE.match(folded)) and street_kind(more[2]):
        return part[: more.end(1)], part[more.start(2) :]
    if at is not None and 0 < at < len(words) - 1 and len(words) > 2:
        return part[: words[at].start()].strip(" ."), part[words[at].start() :].strip()
    return "", part


def _town(text: str) -> str:
    """A town without the word that says it is one."""
    folded = fold(text)
    found = _TOWN_WORD.match(folded)
    return text[found.end() :].strip() if found and len(folded) == len(text) else text
