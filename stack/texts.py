"""`python -m stack.texts` brings the catalogues up to date after a text was changed, added or removed.

Each subject has its own, `locale/ru.po` and `locale/en.po`; what several subjects say stands in the one of `web`, once.
A new text comes out untranslated, and the tests name it.
"""

import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from callcenter.web.language import LANGUAGES, PACKAGE

Key = tuple[str | None, str | tuple[str, ...]]
"""Context and text of a message; the text and its plural where it has one."""

METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2"), ("**/templates/**.txt", "jinja2")]
KEYWORDS = {
    "_": None,
    "gettext_noop": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
SHARED = "web"


def extracted(package: Path = PACKAGE) -> dict[str, set[Key]]:
    """What each subject says, by the folder whose catalogue holds it."""
    said: dict[str, set[Key]] = {}
    for file, _line, message, _comments, context in extract_from_dir(package, METHODS, keywords=KEYWORDS):
        room, *inner = Path(file).parts
        said.setdefault(room if inner else SHARED, set()).add((context, message))
    times = Counter(key for keys in said.values() for key in keys)
    shared = {key for key, count in times.items() if count > 1}
    return {
        room: keys | shared if room == SHARED else keys - shared - said.get(SHARED, set())
        for room, keys in said.items()
    }


def read(room: str, language: str, package: Path = PACKAGE) -> Catalog | None:
    """A subject's catalogue; None when it has none."""
    path = package / room / "locale" / f"{language}.po"
    if not path.exists():
        return None
    with path.open("rb") as file:
        return read_po(file, locale=language)


def _translations(language: str) -> Mapping[Key, Any]:
    rooms = (path.parent.parent.name for path in PACKAGE.glob(f"*/locale/{language}.po"))
    catalogues = (catalogue for room in rooms if (catalogue := read(room, language)))
    messages = (message for catalogue in catalogues for message in catalogue)
    return {(each.context, cast(Any, each.id)): each.string for each in messages if each.id and each.string}


def update(language: str) -> int:
    """Write the catalogues of a language; return how many texts have no translation."""
    known, missing = _translations(language), 0
    for room, keys in extracted().items():
        catalogue = Catalog(locale=language)
        for context, text in sorted(
            keys, key=lambda key: (key[1] if isinstance(key[1], str) else key[1][0], key[0] or "")
        ):
            # English is what the program says; only its plurals are written out.
            if language != "en" or (context, text) in known or isinstance(text, tuple):
                catalogue.add(text, known.get((context, text), ""), context=context)
                missing += (context, text) not in known
        path = PACKAGE / room / "locale" / f"{language}.po"
        if len(catalogue):
            path.parent.mkdir(exist_ok=True)
            with path.open("wb") as file:
                write_po(file, catalogue, width=120, no_location=True, omit_header=True)
        else:
            path.unlink(missing_ok=True)
    return missing


if __name__ == "__main__":
    without = {language: update(language) for language in LANGUAGES}
    print(", ".join(f"{language}: {count} without translation" for language, count in without.items()))
    sys.exit(any(without.values()))
