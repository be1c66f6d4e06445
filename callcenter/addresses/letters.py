"""Letters that are the same to the eye, and what was typed with the keyboard of the other language."""

import unicodedata

# Latin letters that look like Cyrillic ones, in small letters (a capital B is В, a capital H is Н).
_LOOKALIKES = str.maketrans("abcehkmoptxyё", "авсенкмортхуе")
_DASHES = str.maketrans(
    dict.fromkeys("‐‑‒–—−", "-") | dict.fromkeys("\\∕", "/") | dict.fromkeys("\"'«»“”„`_", " ") | {"№": "#"}
)
_QWERTY = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`"
_YTSUKEN = "йцукенгшщзхъфывапролджэячсмитьбюё"
_OTHER_KEYS = str.maketrans(_QWERTY + _YTSUKEN, _YTSUKEN + _QWERTY)


def fold(text: str) -> str:
    """The text as it is compared: small letters, е for ё, Cyrillic for what looks the same, plain dashes, `#` for №, no quotes."""
    return tidy(text).lower().translate(_LOOKALIKES)


def tidy(text: str) -> str:
    """The same in the letters in which it was written: plain dashes, `#` for №, no quotes, single blanks."""
    return " ".join(unicodedata.normalize("NFKC", text.translate(_DASHES)).split())


def other_layout(typed: str) -> str:
    """What the same keys give in the other layout of a Russian keyboard: `Vbhf 7` is `мира 7`."""
    return typed.lower().translate(_OTHER_KEYS)
