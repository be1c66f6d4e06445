"""The directory as files: a sheet is uploaded, checked, then applied; everything can be exported as a sheet."""

from typing import Literal

import structlog
from aiohttp import web
from babel.numbers import format_decimal

from callcenter.common.sheet_problems import SheetRefused
from callcenter.common.uploads import UPLOADS
from callcenter.directory.exporting import export
from callcenter.directory.form_pages import number_in
from callcenter.directory.importing import DIRECTORY_IMPORT, ImportReport
from callcenter.directory.offices import OFFICES
from callcenter.directory.sheet import HEADERS
from callcenter.directory.texts import column_name, count_names, row_problem
from callcenter.domain.access import Permission
from callcenter.web.auth import needs
from callcenter.web.keys import PERSON, POOL
from callcenter.web.language import language_of, translations
from callcenter.web.render import render
from callcenter.web.sheets import refusal, uploaded_sheet

log = structlog.get_logger()
routes = web.RouteTableDef()
PROBLEMS_SHOWN = 500
TYPES = {"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


@routes.get("/directory/import")
@needs(Permission.EDIT_DIRECTORY)
async def show_import(request: web.Request) -> web.Response:
    """Choose a file."""
    return await _page(request)


@routes.post("/directory/import")
@needs(Permission.EDIT_DIRECTORY)
async def preview(request: web.Request) -> web.Response:
    """Check the file and show what it would change; nothing is saved yet."""
    imports, person = request.app[DIRECTORY_IMPORT], request[PERSON]
    try:
        name, body = await uploaded_sheet(request)
        report = await imports.preview(body)
    except SheetRefused as refused:
        return await _page(request, 422, refused=refused)
    upload = None if report.problems else await request.app[UPLOADS].keep(person, name, body)
    log.info("checked a directory", operator=person.id, lines=report.lines, problems=len(report.problems))
    return await _page(request, 422 if report.problems else 200, report=report, name=name, upload=upload)


@routes.post(r"/directory/import/{id:\d{1,18}}")
@needs(Permission.EDIT_DIRECTORY)
async def apply(request: web.Request) -> web.Response:
    """Import the checked file, unless the directory has changed so that it has problems now."""
    imports, person, upload = request.app[DIRECTORY_IMPORT], request[PERSON], number_in(request)
    try:
        kept = await request.app[UPLOADS].kept(person, upload)
        if kept is None:
            raise SheetRefused("gone")
        name, body = kept
        report = await imports.apply(body, person, name)
    except SheetRefused as refused:
        return await _page(request, 422, refused=refused)
    await request.app[UPLOADS].forget(person, upload)
    log.info("imported a directory", operator=person.id, lines=report.lines, problems=len(report.problems))
    return await _page(request, 422 if report.problems else 200, report=report, name=name, applied=not report.problems)


@routes.get(r"/directory/export.{kind:csv|xlsx}")
@needs(Permission.EDIT_DIRECTORY)
async def save(request: web.Request) -> web.Response:
    """The whole directory, or one company's, as a sheet."""
    kind: Literal["csv", "xlsx"] = "csv" if request.match_info["kind"] == "csv" else "xlsx"
    wanted = request.query.get("company", "")
    company = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 10 else None
    if wanted and company is None:
        raise web.HTTPBadRequest
    body = await export(request.app[POOL], request[PERSON], kind, language_of(request), company)
    headers = {"Content-Disposition": f'attachment; filename="directory.{kind}"'}
    return web.Response(body=body, content_type=TYPES[kind], headers=headers)


async def _page(
    request: web.Request,
    status: int = 200,
    *,
    report: ImportReport | None = None,
    refused: SheetRefused | None = None,
    name: str = "",
    upload: int | None = None,
    applied: bool = False,
) -> web.Response:
    language = language_of(request)
    t = translations(language)
    return render(
        request,
        "directory/import.html",
        status,
        report=report,
        refusal=None if refused is None else refusal(t, refused),
        lines=[
            (problem.row, column_name(problem.column, language), row_problem(t, problem))
            for problem in (report.problems[:PROBLEMS_SHOWN] if report else ())
        ],
        counts=[
            (count_names(t)[kind], format_decimal(count, locale=language))
            for kind, count in report.counts.items()
            if count
        ]
        if report
        else [],
        name=name,
        upload=upload,
        applied=applied,
        headings=[column_name(column, language) for column in HEADERS],
        companies=await request.app[OFFICES].companies(request[PERSON]),
    )
