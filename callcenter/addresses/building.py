"""Houses and flats: `д. 7 корп. 2`, `7к2` and `7 К2` are one house, `кв. 1` and `№1` one flat."""

import re

from callcenter.addresses.letters import fold

_HOUSE = fold("(?:дом|д|зд|здание)")
_PARTS = {
    fold("к"): fold("корпус|корп|кор|к"),
    fold("с"): fold("строение|строен|стр|с"),
    fold("л"): fold("литера|литер|лит|л"),
    fold("вл"): fold("владение|влад|вл"),
    fold("соор"): fold("сооружение|соор"),
}
_LETTER = "[^\\W\\d_]"
# `7к2с3`: the next part may follow at once.
_END = rf"(?=$|[\W_]|(?:{'|'.join(_PARTS.values())})[0-9])"
# A letter stands apart from the word before it: `корп. А`; `кв` is no `к` with a `в`.
_PART = {
    name: re.compile(rf"[\s,.-]*(?:{words})(?:[\s.]*#?\s*([0-9]+{_LETTER}?)|[\s.]+({_LETTER})){_END}")
    for name, words in _PARTS.items()
}
_NUMBER = re.compile(rf"\s*(?:#\s*)?([0-9]{{1,6}})(?:[\s-]?({_LETTER})(?![^\W_]))?")
_JOINED = re.compile(rf"\s*[/-]\s*([0-9]{{1,6}})(?:\s?({_LETTER})(?![^\W_]))?")
_LEAD = re.compile(rf"[\s,]*(?:{_HOUSE}(?![^\W\d_])[\s.]*)?")
_OWNED = re.compile(rf"(?:{_PARTS[fold('вл')]})(?![^\W\d_])[\s.]*")
_FLAT = re.compile(rf"[\s,]*(?:(?:{fold('квартира|кварт|кв')})(?![^\W\d_])[\s.]*#?|#)\s*")
_FLAT_NAME = re.compile(rf"([0-9]{{1,6}})[\s-]?({_LETTER})?(?![^\W_])")


def building_key(text: str) -> str:
    """The one form of a house's number: `7к2`, `14/16`, `12а`, `5лб`; words when it has no number."""
    folded = fold(text)
    found = read_building(folded)
    return found[0] if found and not folded[found[1] :].strip(" ,.") else folded.replace(" ", "").strip(".,")


def loose_key(key: str) -> str:
    """Numbers and letters of a `building_key` without what stands between: `7к2`, `7/2` and `7 2` are one here."""
    spread = re.sub(rf"({'|'.join(_PARTS)})(?=[0-9]|{_LETTER}$)", " ", key.replace("/", " "))
    return " ".join(re.findall(rf"[0-9]+|{_LETTER}+", spread))


def flat_key(text: str) -> str:
    """The one form of a flat: `1`, `12а`; what it is called when that is no number."""
    folded = fold(text)
    found = read_flat(folded)
    return found[0] if found and not folded[found[1] :].strip(" ,.") else folded


def read_building(folded: str, at: int = 0) -> tuple[str, int] | None:
    """The house that stands in the folded text from there on, in its one form, and where it ends."""
    at = _end(_LEAD.match(folded, at), at)
    owned = _OWNED.match(folded, at)
    number = _NUMBER.match(folded, _end(owned, at))
    if number is None:
        return None
    key, letter = str(int(number[1])), number[2]
    end = number.end()
    # `7 к 2`: not the letter к, but a part.
    if letter and _part(folded, number.end(1)):
        letter, end = "", number.end(1)
    key += letter or ""
    while (more := _JOINED.match(folded, end)) and not (more[2] and _part(folded, more.end(1))):
        key, end = f"{key}/{int(more[1])}{more[2] or ''}", more.end()
    if more:
        key, end = f"{key}/{int(more[1])}", more.end(1)
    while part := _part(folded, end):
        name, what, end = part
        key += name + what
    return (fold("вл") if owned else "") + key, end


def read_flat(folded: str, at: int = 0) -> tuple[str, int] | None:
    """The flat that stands in the folded text from there on, with or without `кв.` before it, and where it ends."""
    start = _end(_FLAT.match(folded, at), at)
    name = _FLAT_NAME.match(folded, start + len(folded[start:]) - len(folded[start:].lstrip(" ,-/")))
    return (str(int(name[1])) + (name[2] or ""), name.end()) if name else None


def says_flat(folded: str, at: int) -> bool:
    """Whether `кв.` or `№` stands there."""
    return _FLAT.match(folded, at) is not None


def _part(folded: str, at: int) -> tuple[str, str, int] | None:
    for name, pattern in _PART.items():
        if found := pattern.match(folded, at):
            what = found[1] or found[2]
            return name, str(int(what)) if what.isdigit() else what, found.end()
    return None


def _end(found: re.Match[str] | None, otherwise: int) -> int:
    return found.end() if found else otherwise
