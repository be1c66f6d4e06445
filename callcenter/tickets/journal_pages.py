"""The page of the journal, its list, which is fetched again when a ticket changes, and the saved filters."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import asyncpg
import structlog
from aiohttp import web
from babel.numbers import format_decimal

from callcenter.common.cursors import PageCursor
from callcenter.common.house_search import NoSuchHouse
from callcenter.common.search import clean
from callcenter.common.sessions import SESSIONS
from callcenter.domain.access import Permission
from callcenter.storage import AWAY
from callcenter.tickets import journal_texts
from callcenter.tickets.below import in_order
from callcenter.tickets.feed import TICKET_FEED
from callcenter.tickets.journal import JOURNAL, JournalPage, TooManyFilters
from callcenter.tickets.journal_query import JournalFilterForm, JournalQuery
from callcenter.tickets.texts import crew_answers
from callcenter.web.auth import needs, session_token
from callcenter.web.body import form_of
from callcenter.web.formats import when
from callcenter.web.forms import chosen_id
from callcenter.web.keys import PERSON
from callcenter.web.labels import ticket_states
from callcenter.web.language import language_of
from callcenter.web.query import cursor_of
from callcenter.web.render import ZONE, render

log = structlog.get_logger()
routes = web.RouteTableDef()

LONGEST_NAME = 60
# The fields that are collapsed until one of them is used.
MORE = ("company", "house", "crew", "operator", "since", "until", "paid")
PING_EVERY_S = 20.0
# Many changes at once are sent as one.
SETTLE_S = 1.0


@routes.get("/tickets")
@needs(Permission.SEE_TICKETS)
async def journal(request: web.Request) -> web.Response:
    return await _show(request, request.query)


@routes.get("/tickets/list")
@needs(Permission.SEE_TICKETS)
async def listing(request: web.Request) -> web.Response:
    """The list alone, fetched by the page's script."""
    return await _show(request, request.query, template="tickets/journal_list.html")


@routes.post("/tickets/filters")
@needs(Permission.SEE_TICKETS)
async def keep(request: web.Request) -> web.StreamResponse:
    """Keep the filter that is shown under a name."""
    typed = await form_of(request)
    name, query = clean(str(typed.get("name", ""))), dict(parse_qsl(str(typed.get("query", ""))))
    form = JournalFilterForm.read(JournalQuery, query)
    problem = "" if 0 < len(name) <= LONGEST_NAME else "name"
    if not problem:
        try:
            await request.app[JOURNAL].save(request[PERSON], name, form.address())
        except TooManyFilters:
            problem = "filters"
    if problem:
        return await _show(request, query, name=name, name_problem=problem)
    raise web.HTTPSeeOther(_at(form.address()))


@routes.post("/tickets/filters/delete")
@needs(Permission.SEE_TICKETS)
async def forget(request: web.Request) -> web.StreamResponse:
    """Keep a filter no longer."""
    typed = await form_of(request)
    await request.app[JOURNAL].forget(request[PERSON], clean(str(typed.get("name", ""))))
    raise web.HTTPSeeOther(
        _at(JournalFilterForm.read(JournalQuery, dict(parse_qsl(str(typed.get("query", ""))))).address())
    )


@routes.get("/tickets/live")
@needs(Permission.SEE_TICKETS)
async def live(request: web.Request) -> web.StreamResponse:
    """Server-sent events: `changed` whenever tickets that this person may see have changed; `ended` with the session."""
    answer = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
    await answer.prepare(request)
    app, person = request.app, request[PERSON]
    with app[TICKET_FEED].reader(person.company_id) as reader:
        try:
            await answer.write(b"retry: 2000\n\n")
            while not reader.ended:
                if await reader.changed(PING_EVERY_S):
                    await answer.write(b"event: changed\ndata:\n\n")
                    await asyncio.sleep(SETTLE_S)
                elif await app[SESSIONS].who_is(session_token(request)) is None:
                    await answer.write(b"event: ended\ndata:\n\n")
                    break
                else:
                    await answer.write(b": here\n\n")
        except ConnectionResetError:
            pass
        except AWAY as problem:
            log.warning("live journal ended", operator=person.id, problem=type(problem).__name__)
    return answer


async def feeding(app: web.Application) -> AsyncIterator[None]:
    """Listen for changes of tickets while the application runs."""
    listening = asyncio.create_task(app[TICKET_FEED].run(), name="ticket-feed")
    yield
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def end_feed(app: web.Application) -> None:
    """End the open streams, so that the server does not wait for them when it stops."""
    app[TICKET_FEED].end()


async def _show(
    request: web.Request,
    query: Mapping[str, str],
    *,
    template: str = "tickets/journal.html",
    name: str = "",
    name_problem: str = "",
) -> web.Response:
    app, person, language = request.app, request[PERSON], language_of(request)
    form = JournalFilterForm.read(JournalQuery, query)
    choices = await app[JOURNAL].choices(person, form.asked.company)
    chosen = person.company_id or form.asked.company
    zone = next((company["zone"] for company in choices["companies"] if company["id"] == chosen), ZONE)
    before = query.get("before", "")
    page = await _page(request, form, zone, cursor_of(before))
    unfolded = chosen_id(query.get("unfolded", ""))
    below = None if not unfolded else await app[JOURNAL].below(person, unfolded)
    now = datetime.now(UTC)
    return render(
        request,
        template,
        400 if form.problems or name_problem else 200,
        form=form,
        page=page,
        rows=[_row(row, now, language) for row in page.rows],
        first="before" not in query,
        unfolded=unfolded,
        below=below,
        fold=lambda incident: _at(form.address(before=before, unfolded=incident)),
        after=form.address(before=str(page.after)) if page.after else "",
        more_open=sum(name in form.typed for name in MORE),
        at=_at,
        choices=choices,
        companies=[(each["id"], each["name"]) for each in choices["companies"]],
        operators=[(each["id"], each["name"]) for each in choices["operators"]],
        crews=_by_company(choices["crews"]),
        counted={
            name: format_decimal(count, locale=language) for name, count in (("late", page.late), ("soon", page.soon))
        },
        states=ticket_states(language),
        answers=crew_answers(language),
        options=journal_texts.choices(language),
        problems=journal_texts.problems(language),
        saved_name=name,
        name_problem=name_problem,
    )


async def _page(request: web.Request, form: JournalFilterForm, zone: str, before: PageCursor | None) -> JournalPage:
    """The requested page; an empty one when there is no such house, which is shown beside the field."""
    criteria = form.criteria(zone)
    try:
        return await request.app[JOURNAL].page(request[PERSON], criteria, before)
    except NoSuchHouse as problem:
        form.problems["house"] = problem.code
        return JournalPage((), None, *await request.app[JOURNAL].counts(request[PERSON], form.asked.company))


def _at(query: str) -> str:
    return f"/tickets?{query}" if query else "/tickets"


def _row(row: asyncpg.Record, now: datetime, language: str) -> dict[str, Any]:
    """A row as it is displayed: times and limits as text."""
    due, left = "", timedelta()
    if row["due_at"] is not None:
        left = row["due_at"] - now
        due = "late" if left < timedelta() else "soon" if row["warn_at"] <= now else "fine"
    return {
        **row,
        "opened": when(row["opened_at"], row["zone"], now, language),
        "category": row[f"category_{language}"],
        "below": in_order(row["below"] or {}),
        "due": due,
        "left": journal_texts.lasts(left, language) if due else "",
        "due_moment": when(row["due_at"], row["zone"], now, language) if due else "",
    }


def _by_company(crews: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for crew in crews:
        found.setdefault(crew["company"], []).append(crew)
    return found
