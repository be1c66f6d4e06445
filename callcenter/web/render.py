"""Templates, each language with its own environment; autoescaped."""

import re
from datetime import datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from aiohttp import web
from babel.dates import format_date, format_datetime
from jinja2 import Environment, FileSystemLoader, PrefixLoader, StrictUndefined

from callcenter.domain.access import Permission
from callcenter.domain.call import CallState
from callcenter.domain.deadlines import LimitStep
from callcenter.domain.file_order import FileOrderState
from callcenter.domain.listening import ListeningReason
from callcenter.domain.recording import RecordingState
from callcenter.domain.sharing import LinkState
from callcenter.domain.talk import TalkKind
from callcenter.domain.ticket import PaymentState, Step, TicketClass, TicketEventKind, TicketSource, TicketState
from callcenter.web.keys import PERSON
from callcenter.web.labels import label, outcomes
from callcenter.web.language import language_of, translations
from callcenter.web.navigation import entries_for
from callcenter.web.script_texts import script_texts

PACKAGE = Path(__file__).resolve().parent.parent
TEMPLATES = {folder.parent.name: folder for folder in sorted(PACKAGE.glob("*/templates"))}
"""Where the templates of each subject lie. `tickets/ticket.html` is `ticket.html` of `callcenter/tickets/templates`."""
ZONE = "Europe/Moscow"
ENUMERATIONS: tuple[type[StrEnum], ...] = (
    *(CallState, FileOrderState, LimitStep, LinkState, ListeningReason, PaymentState, Permission, RecordingState, Step),
    *(TalkKind, TicketClass, TicketEventKind, TicketSource, TicketState),
)
"""The enumerations whose members templates may use."""
# Never wrapped between the digits and the brackets.
SPACE, HYPHEN = "\u00a0", "\u2011"
_RUSSIAN = re.compile(r"\+?7(\d{3})(\d{3})(\d{2})(\d{2})")


def render(
    request: web.Request, template: str, status: int = 200, *, language: str | None = None, **values: object
) -> web.Response:
    """Answer with a page in this language, or in that of the request."""
    language = language or language_of(request)
    text = (
        environment(language)
        .get_template(template)
        .render(
            language=language,
            person=request.get(PERSON),
            path=request.path,
            navigation=entries_for(request),
            status=status,
            script_texts=script_texts(language),
            outcomes=outcomes(language),
            zone=ZONE,
            **values,
        )
    )
    return web.Response(text=text, status=status, content_type="text/html", charset="utf-8")


@cache
def environment(language: str) -> Environment:
    """The templates of a language."""
    made = Environment(
        loader=PrefixLoader({name: FileSystemLoader(folder) for name, folder in TEMPLATES.items()}),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    made.globals |= {enumeration.__name__: enumeration for enumeration in ENUMERATIONS}

    def moment(at: datetime, zone: str) -> str:
        return format_datetime(at, "d MMM, HH:mm:ss", tzinfo=ZoneInfo(zone), locale=language)

    def minute(at: datetime, zone: str) -> str:
        return format_datetime(at, "d MMM, HH:mm", tzinfo=ZoneInfo(zone), locale=language)

    def day(at: datetime, zone: str) -> str:
        return format_date(at.astimezone(ZoneInfo(zone)), "medium", locale=language)

    def labelled(member: StrEnum) -> str:
        return label(member, language)

    made.filters |= {"moment": moment, "day": day, "minute": minute, "lasting": lasting, "telephone": telephone}
    made.filters["label"] = labelled
    return made


def lasting(seconds: float | None) -> str:
    """`m:ss`, or `h:mm:ss` from an hour on; a dash when there is none."""
    if seconds is None:
        return "–"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def telephone(number: str) -> str:
    """A Russian number in groups; any other as it is."""
    if found := _RUSSIAN.fullmatch(number):
        code, *groups = found.groups()
        return f"+7{SPACE}{code}{SPACE}{HYPHEN.join(groups)}"
    return number
