"""The name under which a browser saves a file."""

import re
import unicodedata
from urllib.parse import quote

_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]+')


def attachment(name: str) -> dict[str, str]:
    """The header for a file of this name in any letters (RFC 6266, RFC 5987), with one in ASCII for old programs."""
    clean = " ".join(_FORBIDDEN.sub(" ", unicodedata.normalize("NFC", name)).split()).strip(" .") or "file"
    stem, dot, kind = clean.rpartition(".")
    plain = "".join(_LATIN.get(letter, letter if letter.isascii() else "-") for letter in (stem if dot else kind))
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", plain).strip("-_") or "file"
    ascii_name = f"{plain}.{kind}" if dot and kind.isascii() else plain
    return {"Content-Disposition": f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(clean, safe='')}"}


_LETTERS = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        [
            "a",
            "b",
            "v",
            "g",
            "d",
            "e",
            "e",
            "zh",
            "z",
            "i",
            "y",
            "k",
            "l",
            "m",
            "n",
            "o",
            "p",
            "r",
            "s",
            "t",
            "u",
            "f",
            "kh",
            "ts",
            "ch",
            "sh",
            "shch",
            "",
            "y",
            "",
            "e",
            "yu",
            "ya",
        ],
        strict=True,
    )
)
_LATIN = _LETTERS | {letter.upper(): latin.capitalize() for letter, latin in _LETTERS.items()}
