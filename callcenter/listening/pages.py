"""The list of recordings, newest first, with filters; and the log of listenings."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import asyncpg
from aiohttp import web

from callcenter.common.cursors import PageCursor
from callcenter.common.house_search import NoSuchHouse
from callcenter.domain.access import Permission
from callcenter.domain.listening import ListeningReason
from callcenter.domain.recording import PLAYABLE
from callcenter.listening import texts
from callcenter.listening.listenings import LISTENINGS
from callcenter.listening.query import RecordingFilterForm, RecordingQuery
from callcenter.listening.room import LISTENING_ROOM, RecordingsPage
from callcenter.web.auth import needs
from callcenter.web.formats import when
from callcenter.web.keys import PERSON
from callcenter.web.language import language_of
from callcenter.web.query import cursor_of
from callcenter.web.render import ZONE, lasting, render

routes = web.RouteTableDef()
# The fields that are collapsed on a mobile screen until one of them is used.
MORE = ("house", "company", "operator", "since", "until", "shortest", "longest", "state", "noted")
SHOWN_LISTENINGS = 100


@routes.get("/listening")
@needs(Permission.LISTEN)
async def room(request: web.Request) -> web.Response:
    """The recordings with their filters."""
    return await _show(request, "listening/listening.html")


@routes.get("/listening/list")
@needs(Permission.LISTEN)
async def listing(request: web.Request) -> web.Response:
    """The list alone, fetched by the page's script."""
    return await _show(request, "listening/listening_list.html")


@routes.get("/listening/log")
@needs(Permission.LISTEN)
async def log(request: web.Request) -> web.Response:
    """The log of listenings: who, which part, and why."""
    app, person, language = request.app, request[PERSON], language_of(request)
    who, before = _number(request.query.get("who", "")), cursor_of(request.query.get("before", ""))
    _companies, operators = await app[LISTENING_ROOM].choices(person)
    rows = await app[LISTENINGS].listed(person, who=who, before=before, size=SHOWN_LISTENINGS + 1)
    now = datetime.now(UTC)
    return render(
        request,
        "listening/listening_log.html",
        rows=[listening_row(row, now, language) for row in rows[:SHOWN_LISTENINGS]],
        operators=operators,
        who=who,
        first=before is None,
        after=_after(rows[SHOWN_LISTENINGS - 1]) if len(rows) > SHOWN_LISTENINGS else "",
    )


def listening_row(row: asyncpg.Record, now: datetime, language: str) -> dict[str, Any]:
    """A listening as it is displayed: when, why, and which parts."""
    reason = texts.reasons(language)[ListeningReason(row["reason"])] if row["reason"] else ""
    return {
        **row,
        "began": when(row["at"], row["zone"], now, language),
        "why": ": ".join(filter(None, (reason, row["words"]))),
        "heard": spans(row["heard"]),
        "sent": spans(row["sent"]),
    }


def _after(row: asyncpg.Record) -> str:
    return quote(str(PageCursor(row["at"], row["id"])))


def spans(parts: list[list[int]]) -> list[str]:
    """Parts in seconds as `0:05–1:20`."""
    return [f"{lasting(since)}–{lasting(until)}" for since, until in parts]


async def _show(request: web.Request, template: str) -> web.Response:
    app, person, language = request.app, request[PERSON], language_of(request)
    form = RecordingFilterForm.read(RecordingQuery, request.query)
    companies, operators = await app[LISTENING_ROOM].choices(person)
    zone = next((each["zone"] for each in companies if each["id"] == form.asked.company), ZONE)
    found = await _recordings(request, form, zone, cursor_of(request.query.get("before", "")))
    now = datetime.now(UTC)
    return render(
        request,
        template,
        400 if form.problems else 200,
        form=form,
        rows=[_row(row, now, language) for row in found.rows],
        first="before" not in request.query,
        after=form.address(before=str(found.after)) if found.after else "",
        more_open=sum(name in form.typed for name in MORE),
        companies=[(each["id"], each["name"]) for each in companies],
        operators=[(each["id"], each["name"]) for each in operators],
        options=texts.choices(language),
        states=texts.states_to_note(language),
        kinds=texts.talk_kinds(language),
        problems=texts.problems(language),
    )


async def _recordings(
    request: web.Request, form: RecordingFilterForm, zone: str, before: PageCursor | None
) -> RecordingsPage:
    """The requested page; an empty one when there is no such house, which is shown beside the field."""
    criteria = form.criteria(zone)
    try:
        return await request.app[LISTENING_ROOM].page(request[PERSON], criteria, before)
    except NoSuchHouse as problem:
        form.problems["house"] = problem.code
        return RecordingsPage(())


def _row(row: asyncpg.Record, now: datetime, language: str) -> dict[str, Any]:
    return {
        **row,
        "began": when(row["began_at"], row["zone"], now, language),
        "playable": row["state"] in PLAYABLE,
        "score": None if row["score"] is None else round(row["score"]),
    }


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None
