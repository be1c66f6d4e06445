"""Streets that are probably one, written with a mistake or without a word. Pure."""

import re

_SHORTEST = 5
_DIGITS = re.compile(r"[0-9]+")


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
