"""The reports: pages with charts and tables, and the same tables as files."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from io import BytesIO

from aiohttp import web

from callcenter.common.scope import audit, scoped
from callcenter.common.sheets import MEDIA, sheet
from callcenter.domain.access import Permission
from callcenter.domain.audit import AuditAction, AuditSubject
from callcenter.reports import call_answers
from callcenter.reports import charts as charts
from callcenter.reports import tables as tables
from callcenter.reports.panels import Answer, Figures, Panel, Question
from callcenter.reports.period import Preset
from callcenter.reports.query import Choice, choose
from callcenter.reports.service import REPORTS, Counts
from callcenter.reports.tables import Table
from callcenter.reports.texts import period_problems, presets, span
from callcenter.web.attachment import attachment
from callcenter.web.auth import needs
from callcenter.web.formats import Translator, duration, moment, money, number
from callcenter.web.keys import PERSON, POOL
from callcenter.web.language import language_of
from callcenter.web.render import render

routes = web.RouteTableDef()


async def _tickets(question: Question) -> Answer:
    rows = question.until_today(
        await question.reports.tickets(question.person, question.choice.companies, question.period)
    )
    table = tables.tickets(rows, question.period, question.language)
    some = any(counts.accepted for _step, counts in rows)
    drawn = charts.tickets(rows, question.period, question.language) if some else None
    return _outcomes([counts for _step, counts in rows], question.language), [Panel(table, table, drawn)]


async def _categories(question: Question) -> Answer:
    rows = await question.reports.categories(question.person, question.choice.companies, question.period)
    table = tables.categories(rows, question.language)
    drawn = charts.categories(rows, question.period, question.language) if rows else None
    return _outcomes([counts for _category, counts in rows], question.language), [Panel(table, table, drawn)]


async def _emergencies(question: Question) -> Answer:
    t = Translator(question.language)
    asked = question.person, question.choice.companies, question.period
    houses, crews = await asyncio.gather(question.reports.houses(*asked), question.reports.crews(*asked))
    panels = []
    for name, rows in (("houses", houses), ("crews", crews)):
        table = tables.reactions(name, rows, question.language)
        timed = any(row.name and (row.accepted.count or row.localised.count) for row in rows)
        drawn = charts.reactions(name, rows, question.period, question.language) if timed else None
        panels.append(Panel(table, table, drawn))
    figures = [
        (sum(row.emergencies for row in crews), t.pgettext("report", "emergencies")),
        (sum(row.accepted.count for row in crews), t.gettext("accepted by a crew")),
        (sum(row.localised.count for row in crews), t.gettext("localised or done")),
    ]
    return [(number(value, question.language), name, "") for value, name in figures], panels


async def _paid(question: Question) -> Answer:
    t = Translator(question.language)
    rows = question.until_today(
        await question.reports.paid(question.person, question.choice.companies, question.period)
    )
    table = tables.paid(rows, question.period, question.language)
    lines = [line for _step, line in rows]
    some = any(line.price for line in lines)
    drawn = charts.paid(rows, question.period, question.language) if some else None
    figures = [
        (sum(line.works for line in lines), t.pgettext("report", "works"), ""),
        (sum(line.price for line in lines), t.gettext("for, ₽"), ""),
        (sum(line.paid for line in lines), t.gettext("paid, ₽"), ""),
        (sum(line.due for line in lines), t.gettext("due, ₽"), "busy"),
    ]
    return [(number(value, question.language), name, look if value else "") for value, name, look in figures], [
        Panel(table, table, drawn)
    ]


async def _visits(question: Question) -> Answer:
    t = Translator(question.language)
    rows = await question.reports.visits(question.person, question.choice.companies, question.period)
    table = tables.visits(rows, question.choice.zone, question.language)
    by_week = tables.visits_by_week(rows, question.period, question.language, question.today)
    drawn = charts.visits(rows, question.period, question.language) if rows else None
    never = sum(1 for row in rows if row.last_at is None)
    figures = [
        (len(rows), t.pgettext("report", "managers"), ""),
        (sum(row.logins for row in rows), t.pgettext("report", "logins"), ""),
        (sum(row.views for row in rows), t.pgettext("report", "views"), ""),
        (never, t.gettext("no visits"), "busy" if never else ""),
    ]
    return [(number(value, question.language), name, look) for value, name, look in figures], [
        Panel(table, by_week, drawn)
    ]


async def _reviews(question: Question) -> Answer:
    t = Translator(question.language)
    asked = question.person, question.choice.companies, question.period
    operators, lines = await asyncio.gather(question.reports.reviews(*asked), question.reports.review_lines(*asked))
    by_operator, by_line = tables.reviews(operators, question.language), tables.review_lines(lines, question.language)
    judged = [row for row in operators if row.mean is not None]
    count = sum(row.reviews for row in judged)
    mean = sum((row.mean or 0) * row.reviews for row in judged) / count if count else None
    reviews, failed = (sum(getattr(row, name) for row in operators) for name in ("reviews", "failed"))
    figures = [
        (number(reviews, question.language), t.npgettext("report", "review", "reviews", reviews), ""),
        ("–" if mean is None else number(mean, question.language), t.pgettext("report", "mean score, %"), ""),
        (
            number(len(operators), question.language),
            t.npgettext("report", "operator reviewed", "operators reviewed", len(operators)),
            "",
        ),
        (
            number(failed, question.language),
            t.pgettext("report", "failed for a critical line"),
            "busy" if failed else "",
        ),
    ]
    return figures, [Panel(table, table, None, plain=True) for table in (by_operator, by_line)]


PAGES: Mapping[str, Callable[[Question], Awaitable[Answer]]] = {
    "tickets": _tickets,
    "emergencies": _emergencies,
    "paid": _paid,
    "visits": _visits,
    "categories": _categories,
    "reviews": _reviews,
    "calls": call_answers.calls,
    "unserved": call_answers.unserved,
}
PAGE_OF = {
    **{name: name for name in PAGES if name != "emergencies"},
    **dict.fromkeys(("houses", "crews"), "emergencies"),
    "review_lines": "reviews",
    **dict.fromkeys(("call_hours", "call_companies", "call_outcomes", "call_operators"), "calls"),
}
"""The page of each table."""


@routes.get("/reports")
@needs(Permission.SEE_REPORTS)
async def first(request: web.Request) -> web.Response:
    """The first of the reports."""
    return await _page(request, "tickets")


@routes.get(f"/reports/{{page:{'|'.join(PAGES)}}}")
@needs(Permission.SEE_REPORTS)
async def page(request: web.Request) -> web.Response:
    return await _page(request, request.match_info["page"])


@routes.get(f"/reports/{{table:{'|'.join(PAGE_OF)}}}.{{format:csv|xlsx}}")
@needs(Permission.SEE_REPORTS)
async def file(request: web.Request) -> web.Response:
    """A table of a report as a file. An invalid request is redirected to the page, which says what is wrong."""
    name, format_ = request.match_info["table"], request.match_info["format"]
    language = language_of(request)
    question = await _question(request)
    if isinstance(question, Choice):
        raise web.HTTPSeeOther(f"/reports/{PAGE_OF[name]}?{question.query}")
    _figures, panels = await PAGES[PAGE_OF[name]](question)
    table = next((panel.file for panel in panels if panel.file.name == name), None)
    if table is None:
        raise web.HTTPNotFound
    body = await asyncio.to_thread(_written, table, format_, language)
    company = question.choice.company
    async with scoped(request.app[POOL], question.person) as connection:
        await audit(
            connection,
            AuditAction.DOWNLOADED_REPORT,
            person=question.person,
            company=company.id if company else None,
            subject=AuditSubject.REPORT,
            subject_id=name,
            address=request.remote or "",
            details={"first": str(question.period.first), "last": str(question.period.last), "format": format_},
        )
    kept_as = tables.file_name(table, question.period, format_)
    return web.Response(
        body=body,
        content_type=MEDIA[format_],
        charset="utf-8" if format_ == "csv" else None,
        headers=attachment(kept_as),
    )


@routes.get("/reports/today")
@needs(Permission.SEE_BOARD)
async def today(request: web.Request) -> web.Response:
    """The calls of today so far, a part of the board."""
    reports, person = request.app[REPORTS], request[PERSON]
    counts = await reports.calls_today(person, await reports.companies(person), datetime.now(UTC))
    return render(request, "reports/today.html", figures=call_answers.figures(counts, language_of(request)))


async def _question(request: web.Request) -> Question | Choice:
    """The request, or the choice that says what is wrong with it."""
    reports, person = request.app[REPORTS], request[PERSON]
    choice = choose(request.query, await reports.companies(person), datetime.now(UTC))
    if choice.period is None:
        return choice
    return Question(reports, person, choice, choice.period, language_of(request))


async def _page(request: web.Request, name: str) -> web.Response:
    reports, person, language = request.app[REPORTS], request[PERSON], language_of(request)
    companies = await reports.companies(person)
    choice = choose(request.query, companies, datetime.now(UTC))
    figures: Figures = []
    panels: list[Panel] = []
    if choice.period is not None:
        figures, panels = await PAGES[name](Question(reports, person, choice, choice.period, language))
    return render(
        request,
        "reports/reports.html",
        200 if choice.period is not None else 422,
        name=name,
        companies=companies,
        choice=choice,
        span=span(choice.period, language) if choice.period else "",
        figures=figures,
        panels=panels,
        presets=presets(language),
        own=Preset.OWN,
        problems=period_problems(language),
        step_name=lambda step, unit: tables.step_name(step, unit, language),
        duration=lambda seconds: duration(seconds, language),
        money=lambda value: money(value, language),
        count=lambda value: number(value, language),
        moment=lambda at, zone: moment(at, zone, language),
    )


def _written(table: Table, format_: str, language: str) -> bytes:
    body = BytesIO()
    writing = sheet(body, format_, language, table.title, table.head(language))
    writing.add(table.cells())
    writing.finish()
    return body.getvalue()


def _outcomes(counts: list[Counts], language: str) -> Figures:
    t = Translator(language)
    late = sum(line.late for line in counts)
    figures = [
        (sum(line.accepted for line in counts), t.pgettext("report", "accepted"), ""),
        (sum(line.closed for line in counts), t.pgettext("report", "closed"), ""),
        (sum(line.open for line in counts), t.pgettext("report", "in work"), ""),
        (sum(line.cancelled for line in counts), t.pgettext("report", "cancelled"), ""),
        (late, t.pgettext("report", "late"), "busy" if late else ""),
    ]
    return [(number(value, language), name, look) for value, name, look in figures]
