"""Russian and English: the catalogues, and the language of each request.

The catalogues are read from their sources (`<subject>/locale/ru.po`), once per process; nothing is compiled.
After changing a text, `python -m stack.texts` brings them up to date.
"""

from functools import cache
from io import BytesIO
from pathlib import Path

from aiohttp import web
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

from callcenter.web.keys import PERSON, SETTINGS

PACKAGE = Path(__file__).resolve().parent.parent
LANGUAGES = ("ru", "en")
LANGUAGE_COOKIE = "language"


@cache
def translations(language: str) -> Translations:
    """The catalogue of a language."""
    together = Translations()
    for path in sorted(PACKAGE.glob(f"*/locale/{language}.po")):
        compiled = BytesIO()
        with path.open("rb") as text:
            write_mo(compiled, read_po(text, locale=language))
        compiled.seek(0)
        together = Translations(compiled).merge(together)
    return together


def language_of(request: web.Request) -> str:
    """The person's language; before they have logged in, the browser's last choice or the setting."""
    person = request.get(PERSON)
    chosen = person.language if person else request.cookies.get(LANGUAGE_COOKIE, "")
    return chosen if chosen in LANGUAGES else request.app[SETTINGS].language
