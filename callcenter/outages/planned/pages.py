"""The page that opens planned works from a sheet: what is wrong in which line, what would be opened, then open it."""

import structlog
from aiohttp import web

from callcenter.common.sheet_problems import SheetRefused, place_of
from callcenter.common.uploads import UPLOADS
from callcenter.domain.access import Permission
from callcenter.outages.outage import BadOutage
from callcenter.outages.planned.importing import PLANNED_IMPORT, PlannedReport
from callcenter.outages.planned.sheet import HEADERS
from callcenter.outages.planned.texts import works_problem, works_refusal
from callcenter.web.auth import needs
from callcenter.web.formats import Translator
from callcenter.web.keys import PERSON
from callcenter.web.language import language_of
from callcenter.web.render import render
from callcenter.web.sheets import sheet_note, uploaded_sheet

log = structlog.get_logger()
routes = web.RouteTableDef()
SHOWN = 500


@routes.get("/outages/import")
@needs(Permission.MANAGE_OUTAGES)
async def show_import(request: web.Request) -> web.Response:
    """Choose a file."""
    return _page(request)


@routes.post("/outages/import")
@needs(Permission.MANAGE_OUTAGES)
async def preview(request: web.Request) -> web.Response:
    """Check the file and show what it would open; nothing is saved yet."""
    person = request[PERSON]
    try:
        name, body = await uploaded_sheet(request)
        report = await request.app[PLANNED_IMPORT].preview(person, body)
    except SheetRefused as refused:
        return _page(request, 422, refused=refused)
    upload = None if report.problems else await request.app[UPLOADS].keep(person, name, body)
    log.info("checked planned works", operator=person.id, lines=report.lines, problems=len(report.problems))
    return _page(request, 422 if report.problems else 200, report=report, name=name, upload=upload)


@routes.post(r"/outages/import/{id:\d{1,18}}")
@needs(Permission.MANAGE_OUTAGES)
async def apply(request: web.Request) -> web.Response:
    """Open what was shown, unless the directory has changed so that there are problems now."""
    person, upload = request[PERSON], int(request.match_info["id"])
    try:
        kept = await request.app[UPLOADS].kept(person, upload)
        if kept is None:
            raise SheetRefused("gone")
        name = kept.name
        report = await request.app[PLANNED_IMPORT].apply(person, kept.body, name)
    except SheetRefused as refused:
        return _page(request, 422, refused=refused)
    except BadOutage:
        # A house that changed hands between the look and the opening.
        return _page(request, 409, refused=SheetRefused("gone"))
    if report.problems:
        return _page(request, 422, report=report, name=name)
    await request.app[UPLOADS].forget(person, upload)
    log.info("imported planned works", operator=person.id, works=len(report.works))
    raise web.HTTPSeeOther("/outages")


def _page(
    request: web.Request,
    status: int = 200,
    *,
    report: PlannedReport | None = None,
    refused: SheetRefused | None = None,
    name: str = "",
    upload: int | None = None,
) -> web.Response:
    language = language_of(request)
    t = Translator(language)
    place = 0 if language == "en" else 1
    problems = () if report is None else report.problems[:SHOWN]
    return render(
        request,
        "outages/import.html",
        status,
        report=report,
        refusal=None if refused is None else works_refusal(t, refused),
        lines=[
            (place_of(each.row)[1], HEADERS[each.column][place] if each.column else "", works_problem(t, each))
            for each in problems
        ],
        notes=[sheet_note(t, note) for note in (report.notes if report else ())],
        name=name,
        upload=upload,
        headings=[both[place] for both in HEADERS.values()],
    )
