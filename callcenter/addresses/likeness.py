"""Streets and people that are probably one, written with a mistake or without a word. Pure."""

import re

from callcenter.addresses.letters import fold
from callcenter.addresses.street import WORD

_SHORTEST = 5
_DIGITS = re.compile(r"[0-9]+")


def same_person(one: str, other: str) -> bool:
    """Whether two names in one flat are probably one person's: other letters, initials, another order."""
    first, second = ([word.strip(".") for word in WORD.findall(fold(name).replace(".", " "))] for name in (one, other))
    if sorted(first) == sorted(second):
        return True
    short, long = sorted((first, second), key=len)
    if not short or short[0] != long[0]:
        return len(first) == len(second) > 1 and first[1:] == second[1:] and bool(alike(first[0]) & alike(second[0]))
    rest = zip(short[1:], long[1:], strict=False)
    return len(long) > 1 and all(a == b or (min(len(a), len(b)) == 1 and a[0] == b[0]) for a, b in rest)


def alike(street_key: str) -> set[str]:
    """Forms of which two streets share one when they are alike: with a letter wrong, missing or too many, or a word."""
    words = street_key.split()
    forms = {street_key}
    if len(words) > 1:
        forms |= {" ".join(words[:at] + words[at + 1 :]) for at in range(len(words))}
    if len(street_key) >= _SHORTEST:
        forms |= {street_key[:at] + street_key[at + 1 :] for at in range(len(street_key))}
    # `1-я Парковая` is not the 2nd one.
    numbers = " ".join(_DIGITS.findall(street_key))
    return {f"{numbers}|{form}" for form in forms if " ".join(_DIGITS.findall(form)) == numbers}
