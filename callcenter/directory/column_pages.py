"""The page on which a person says which column of a sheet is which, when its headings do not tell."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import structlog
from aiohttp import web

from callcenter.common.sheet_cells import heading
from callcenter.common.sheet_columns import HEAD_ROWS, Layout
from callcenter.common.sheet_problems import MAX_COLUMNS, SheetRefused, line_of
from callcenter.common.uploads import UPLOADS, Upload
from callcenter.directory.file_pages import chosen, kept
from callcenter.directory.form_pages import number_in
from callcenter.directory.headings import ALL, columns_of
from callcenter.directory.import_view import import_page
from callcenter.directory.importing import DIRECTORY_IMPORT, ImportChoices
from callcenter.directory.offices import OFFICES
from callcenter.directory.texts import column_name
from callcenter.domain.access import Permission
from callcenter.web.auth import needs
from callcenter.web.body import form_of
from callcenter.web.keys import PERSON
from callcenter.web.language import language_of, translations
from callcenter.web.render import render
from callcenter.web.sheets import refusal

log = structlog.get_logger()
routes = web.RouteTableDef()
PAGES = 10
"""Sheets of a file whose first rows are looked at."""
NO_HEADINGS = "none"


@routes.get(r"/directory/import/{id:\d{1,18}}/columns")
@needs(Permission.EDIT_DIRECTORY)
async def show(request: web.Request) -> web.Response:
    """The first rows of the file, with what each column is taken for."""
    try:
        upload = await kept(request, number_in(request))
        return await _page(request, upload, await _head(request, upload))
    except SheetRefused as refused:
        return await import_page(request, 422, refused=refused)


@routes.post(r"/directory/import/{id:\d{1,18}}/columns")
@needs(Permission.EDIT_DIRECTORY)
async def assign(request: web.Request) -> web.Response:
    """Look through the file with these columns; they are kept for the company's next sheet of this kind."""
    imports, number = request.app[DIRECTORY_IMPORT], number_in(request)
    form = {name: value for name, value in (await form_of(request)).items() if isinstance(value, str)}
    try:
        upload = await kept(request, number)
        head = await _head(request, upload)
        before = await chosen(request, form, ImportChoices.restored(upload.choices))
    except SheetRefused as refused:
        return await import_page(request, 422, refused=refused)
    layout = _layout(form, head)
    choices = replace(before, layout=layout)
    if (missing := columns_of(before.city).missing([column for column in layout.columns if column])) is not None:
        return await _page(request, upload, head, form, SheetRefused(missing))
    try:
        report = await imports.preview(upload.body, choices)
    except SheetRefused as refused:
        return await _page(request, upload, head, form, refused)
    if choices.company is not None:
        await imports.remember(choices.company, layout)
    await request.app[UPLOADS].choose(request[PERSON], number, choices.stored())
    log.info("assigned columns of a directory", operator=request[PERSON].id, company=choices.company)
    return await import_page(request, report=report, name=upload.name, upload=number, choices=choices)


async def _head(request: web.Request, upload: Upload) -> list[list[str]]:
    """The first rows of the first sheet that has any headings, else of the one that came nearest."""
    wanted = [line_of(page, row) for page in range(PAGES) for row in range(1, 2 * HEAD_ROWS)]
    choices = replace(ImportChoices.restored(upload.choices), layout=None)
    try:
        read = await request.app[DIRECTORY_IMPORT].rows(upload.body, choices, wanted)
    except SheetRefused as refused:
        if refused.head:
            return refused.head
        raise
    _columns, rows = read.tables["raw"]
    return [[str(cell) for cell in cells] for _line, _top, cells in rows if isinstance(cells, list)][:HEAD_ROWS]


def _layout(form: Mapping[str, str], head: Sequence[Sequence[str]]) -> Layout:
    width = min(max(map(len, head)), MAX_COLUMNS)
    said = form.get("headings", NO_HEADINGS)
    cells = head[int(said)] if said.isascii() and said.isdigit() and int(said) < len(head) else []
    columns = [form.get(f"column_{place}", "") for place in range(width)]
    names = [heading(cell) for cell in cells][:width]
    known = tuple(column if column in ALL else "" for column in columns)
    return Layout((*names, *[""] * (width - len(names))), known)


async def _page(
    request: web.Request,
    upload: Upload,
    head: Sequence[Sequence[str]],
    form: Mapping[str, str] | None = None,
    refused: SheetRefused | None = None,
) -> web.Response:
    language = language_of(request)
    choices = ImportChoices.restored(upload.choices)
    width = min(max(map(len, head)), MAX_COLUMNS)
    meant = columns_of(choices.city)
    # The row that names the most.
    best = max(range(len(head)), key=lambda row: (sum(meant.meant(cell) is not None for cell in head[row]), -row))
    guessed = [meant.meant(cell) or "" for cell in head[best]]
    taken = [*guessed, *[""] * (width - len(guessed))]
    if form is not None:
        taken = [form.get(f"column_{place}", "") for place in range(width)]
    return render(
        request,
        "directory/columns.html",
        200 if refused is None else 422,
        name=upload.name,
        upload=number_in(request),
        choices=choices,
        refusal=None if refused is None else refusal(translations(language), refused),
        head=[[*cells[:width], *[""] * (width - len(cells))] for cells in head],
        headings=form.get("headings", NO_HEADINGS) if form is not None else str(best) if any(guessed) else NO_HEADINGS,
        no_headings=NO_HEADINGS,
        taken=taken,
        options=[(column, column_name(column, language)) for column in ALL],
        companies=await request.app[OFFICES].companies(request[PERSON]),
    )
