"""The directory as files: a sheet is uploaded, looked through, then imported; everything can be exported as a sheet."""

from dataclasses import replace
from typing import Literal

import structlog
from aiohttp import web

from callcenter.common.sheet_problems import SheetRefused
from callcenter.common.sheet_return import written_back
from callcenter.common.sheets import MEDIA
from callcenter.common.uploads import UPLOADS, Upload
from callcenter.directory.exporting import export
from callcenter.directory.form_pages import number_in
from callcenter.directory.headings import REASONS
from callcenter.directory.import_view import import_page, reasons_of
from callcenter.directory.importing import DIRECTORY_IMPORT, ImportChoices, ImportReport
from callcenter.directory.offices import OFFICES
from callcenter.domain.access import Permission
from callcenter.errors import NotFound
from callcenter.web.attachment import attachment
from callcenter.web.auth import needs
from callcenter.web.body import form_of
from callcenter.web.keys import PERSON, POOL
from callcenter.web.language import language_of, translations
from callcenter.web.sheets import uploaded_form

log = structlog.get_logger()
routes = web.RouteTableDef()
LONGEST_CITY = 100


@routes.get("/directory/import")
@needs(Permission.EDIT_DIRECTORY)
async def show_import(request: web.Request) -> web.Response:
    """Choose a file."""
    return await import_page(request)


@routes.post("/directory/import")
@needs(Permission.EDIT_DIRECTORY)
async def preview(request: web.Request) -> web.Response:
    """Look through the file and show what it would change; nothing is saved yet."""
    person = request[PERSON]
    try:
        name, body, form = await uploaded_form(request)
    except SheetRefused as refused:
        return await import_page(request, 422, refused=refused)
    choices = await chosen(request, form, ImportChoices())
    try:
        report = await request.app[DIRECTORY_IMPORT].preview(body, choices)
    except SheetRefused as refused:
        if not refused.head:
            return await import_page(request, 422, refused=refused, choices=choices)
        upload = await request.app[UPLOADS].keep(person, name, body, choices.stored())
        return await import_page(request, 422, refused=refused, choices=choices, upload=upload, name=name)
    upload = await request.app[UPLOADS].keep(person, name, body, choices.stored())
    log.info("looked through a directory", operator=person.id, lines=report.lines, problems=len(report.problems))
    return await import_page(request, report=report, name=name, upload=upload, choices=choices)


@routes.post(r"/directory/import/{id:\d{1,18}}")
@needs(Permission.EDIT_DIRECTORY)
async def apply(request: web.Request) -> web.Response:
    """Import the file, or look through it again with other choices."""
    imports, person, number = request.app[DIRECTORY_IMPORT], request[PERSON], number_in(request)
    form = {name: value for name, value in (await form_of(request)).items() if isinstance(value, str)}
    try:
        upload = await kept(request, number)
        choices = await chosen(request, form, ImportChoices.restored(upload.choices))
        await request.app[UPLOADS].choose(person, number, choices.stored())
        if form.get("do") == "look":
            report = await imports.preview(upload.body, choices)
            return await import_page(request, report=report, name=upload.name, upload=number, choices=choices)
        report = await imports.apply(upload.body, person, upload.name, choices)
    except SheetRefused as refused:
        return await import_page(request, 422, refused=refused)
    if not report.problems:
        await request.app[UPLOADS].forget(person, number)
    log.info("imported a directory", operator=person.id, lines=report.lines, left_out=report.left_out)
    return await import_page(request, report=report, name=upload.name, upload=number, choices=choices, applied=True)


@routes.get(r"/directory/import/{id:\d{1,18}}/problems", allow_head=False)
@needs(Permission.EDIT_DIRECTORY)
async def problems(request: web.Request) -> web.Response:
    """The lines with problems as the same sheet, with what is to be corrected."""
    imports, language = request.app[DIRECTORY_IMPORT], language_of(request)
    try:
        upload = await kept(request, number_in(request))
        choices = ImportChoices.restored(upload.choices)
        report: ImportReport = await imports.preview(upload.body, choices)
        reasons = reasons_of(translations(language), report, language)
        read = await imports.rows(upload.body, choices, list(reasons))
    except SheetRefused as refused:
        return await import_page(request, 422, refused=refused)
    body, kind = written_back(read, reasons, REASONS[0 if language == "en" else 1])
    stem = upload.name.rpartition(".")[0] or upload.name
    to_correct = translations(language).pgettext("file name", "to correct")
    name = f"{stem} – {to_correct}.{kind}"
    return web.Response(body=body, content_type=MEDIA[kind], headers=attachment(name) | {"Cache-Control": "no-store"})


@routes.get(r"/directory/export.{kind:csv|xlsx}")
@needs(Permission.EDIT_DIRECTORY)
async def save(request: web.Request) -> web.Response:
    """The whole directory, or one company's, as a sheet."""
    kind: Literal["csv", "xlsx"] = "csv" if request.match_info["kind"] == "csv" else "xlsx"
    wanted = request.query.get("company", "")
    company = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 10 else None
    if wanted and company is None:
        raise web.HTTPBadRequest
    language = language_of(request)
    body = await export(request.app[POOL], request[PERSON], kind, language, company)
    name = translations(language).pgettext("file name", "Directory")
    return web.Response(body=body, content_type=MEDIA[kind], headers=attachment(f"{name}.{kind}"))


async def kept(request: web.Request, number: int) -> Upload:
    """The person's file. Raises `SheetRefused` when it is no longer stored."""
    upload = await request.app[UPLOADS].kept(request[PERSON], number)
    if upload is None:
        raise SheetRefused("gone")
    return upload


async def chosen(request: web.Request, form: dict[str, str], before: ImportChoices) -> ImportChoices:
    """What the form says of the file; what it does not say stays as it was."""
    if "company" not in form:
        return before
    company = None
    if form["company"]:
        companies = {str(row["id"]): row["id"] for row in await request.app[OFFICES].companies(request[PERSON])}
        if form["company"] not in companies:
            raise NotFound
        company = companies[form["company"]]
    city = " ".join(form.get("city", "").split())[:LONGEST_CITY]
    return replace(
        before, company=company, city=city, mended=form.get("mended") == "on", whole=form.get("whole") == "on"
    )
