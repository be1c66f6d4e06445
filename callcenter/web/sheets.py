"""Uploaded sheets: the file in the request, and why one cannot be read."""

from collections.abc import Mapping
from typing import Protocol

from aiohttp import web

from callcenter.common.sheet_problems import MAX_BYTES, SheetNote, SheetRefused
from callcenter.web.body import form_of

# Around the file: its name, the multipart boundaries.
ENVELOPE = 64 * 1024


class Catalogue(Protocol):
    """The texts of a language."""

    def gettext(self, message: str) -> str:
        """The text of this message."""
        ...

    def ngettext(self, message: str, messages: str, count: int) -> str:
        """The text of this message, for so many."""
        ...


async def uploaded_sheet(request: web.Request) -> tuple[str, bytes]:
    """The file's name and content. Raises `SheetRefused`."""
    name, body, _form = await uploaded_form(request)
    return name, body


async def uploaded_form(request: web.Request) -> tuple[str, bytes, dict[str, str]]:
    """The file's name and content, and the form's other fields. Raises `SheetRefused`."""
    # Only here may a request be this large.
    larger = request.clone(client_max_size=MAX_BYTES + ENVELOPE)
    try:
        form = await form_of(larger)
    except web.HTTPRequestEntityTooLarge:
        raise SheetRefused("too large", limit=MAX_BYTES >> 20) from None
    except ValueError:
        raise web.HTTPBadRequest from None
    file = form.get("file")
    if not isinstance(file, web.FileField) or not file.filename:
        raise SheetRefused("no file")
    with file.file:
        others = {name: value for name, value in form.items() if isinstance(value, str)}
        return file.filename, file.file.read(), others


def cell_problems(t: Catalogue) -> Mapping[str, str]:
    """Problems of a cell in whatever sheet, without the line's number."""
    return {
        "merged cells": t.gettext("the cells %(cells)s are merged; unmerge them and fill in each"),
        "formula": t.gettext("there is a formula (%(cell)s); replace it by its value"),
        "error cell": t.gettext("a cell holds the error %(cell)s; correct it"),
        "date cell": t.gettext(
            "the spreadsheet program has made a date (%(cell)s) of what was probably %(guess)s;"
            " format the column as text and enter it again"
        ),
        "time cell": t.gettext(
            "the spreadsheet program has made a time (%(cell)s); format the column as text and enter it again"
        ),
        "not text": t.gettext("“%(cell)s” is neither text nor a number"),
        "too many cells": t.gettext("more cells than the %(count)s headings; quote cells that contain the separator"),
        "control characters": t.gettext("contains invisible control characters"),
    }


def sheet_note(t: Catalogue, note: SheetNote) -> str | None:
    """What was left out on reading whatever sheet, as a sentence; None when it is another note."""
    count = int(str(note.values.get("count", 1)))
    texts = {
        "columns left out": t.ngettext(
            "%(count)s column is left out: %(names)s.", "%(count)s columns are left out: %(names)s.", count
        ),
        "totals left out": t.ngettext(
            "%(count)s line with a total is left out: %(lines)s.",
            "%(count)s lines with totals are left out: %(lines)s.",
            count,
        ),
        "sheet left out": t.gettext("The sheet “%(name)s” is left out: its columns have no known headings."),
        "sheet hidden": t.gettext("The sheet “%(name)s” is left out: it is hidden."),
    }
    return texts[note.code] % note.values if note.code in texts else None


def refusal(t: Catalogue, refused: SheetRefused) -> str:
    """Why a file as a whole cannot be read."""
    texts = {
        "no file": t.gettext("Choose a file first."),
        "empty": t.gettext("The file is empty."),
        "no rows": t.gettext("The file has headings and nothing under them."),
        "too large": t.gettext("The file is larger than %(limit)s MB. Split it, for example by house."),
        "too large unpacked": t.gettext("The file unpacks to more than %(limit)s MB. Split it, or save it as CSV."),
        "too many rows": t.gettext("There are more than %(limit)s rows. Split the file, for example by house."),
        "too many cells": t.gettext("There are more than %(limit)s cells. Remove empty columns, or split the file."),
        "too many texts": t.gettext(
            "There are more than %(limit)s different texts. Split the file, for example by house."
        ),
        "too slow": t.gettext("Reading the file takes too long. Split it, for example by house, or save it as CSV."),
        "too much memory": t.gettext("Reading the file takes too much memory. Split it, or save it as CSV."),
        "busy": t.gettext("Other sheets are being read just now. Try again in a few minutes."),
        "old excel": t.gettext("This is an old XLS or a protected file. Save it as XLSX or CSV, without a password."),
        "encrypted": t.gettext("The file has a password. Save it without one."),
        "not a table": t.gettext("This is neither CSV nor XLSX. Save the sheet as one of them."),
        "encoding": t.gettext("The text cannot be read. Save the file as CSV in UTF-8, or as XLSX."),
        "broken xlsx": t.gettext("The XLSX file is damaged. Open it in a spreadsheet program and save it again."),
        "broken csv": t.gettext("A quotation mark is not closed, or misplaced, from line %(row)s on."),
        "no headings": t.gettext("No line names the columns, as City, Street, Building, Flat do."),
        "heading twice": t.gettext("The heading “%(heading)s” names a column that is there already."),
        "no house columns": t.gettext(
            "There must be a column House key or Address, or the columns City, Street and Building."
        ),
        "gone": t.gettext("The file is no longer stored. Choose it again."),
    }
    return texts[refused.code] % refused.values
