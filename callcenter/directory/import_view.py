"""What the page of an import shows: counts, notes, problems, lines as understood, values before and after."""

from collections import defaultdict
from typing import Any

from aiohttp import web
from babel.numbers import format_decimal
from babel.support import NullTranslations

from callcenter.common.sheet_problems import SheetProblem, SheetRefused, place_of
from callcenter.directory.headings import HEADERS
from callcenter.directory.importing import ImportChoices, ImportReport
from callcenter.directory.offices import OFFICES
from callcenter.directory.texts import column_name, count_texts, note_text, row_problem
from callcenter.domain.phone import local
from callcenter.web.keys import PERSON
from callcenter.web.language import language_of, translations
from callcenter.web.render import render
from callcenter.web.sheets import refusal

PROBLEMS_SHOWN = 200


async def import_page(
    request: web.Request,
    status: int = 200,
    *,
    report: ImportReport | None = None,
    refused: SheetRefused | None = None,
    name: str = "",
    upload: int | None = None,
    choices: ImportChoices | None = None,
    applied: bool = False,
) -> web.Response:
    """The page, with what is known of a file. `refused` with an `upload`: its columns can be assigned by hand."""
    language = language_of(request)
    t = translations(language)
    return render(
        request,
        "directory/import.html",
        status,
        report=report,
        refusal=None if refused is None else refusal(t, refused),
        name=name,
        upload=upload,
        choices=choices or ImportChoices(),
        applied=applied,
        headings=[column_name(column, language) for column in HEADERS],
        companies=await request.app[OFFICES].companies(request[PERSON]),
        **({} if report is None else _said(t, report, language)),
    )


def _said(t: NullTranslations, report: ImportReport, language: str) -> dict[str, Any]:
    used = [place for place in range(len(HEADERS)) if any(cells[place] for _, cells in report.shown)]
    names = list(HEADERS)
    return {
        "show": lambda count: format_decimal(count, locale=language),
        "lines": [_problem(t, report, problem, language) for problem in report.problems[:PROBLEMS_SHOWN]],
        "counts": count_texts(t, report.counts, lambda count: format_decimal(count, locale=language)),
        "notes": [note_text(t, note, language) for note in report.about.notes],
        "shown_columns": [column_name(names[place], language) for place in used],
        "shown": [
            (where(report, line), [_shown(names[place], cells[place]) for place in used])
            for line, cells in report.shown
        ],
        "changed": [(where(report, each.line), each, column_name(each.field, language)) for each in report.changed],
        "unserved": [(where(report, line), address) for line, address in report.unserved[:PROBLEMS_SHOWN]],
        "twins": [(where(report, twin.line), twin) for twin in report.twins],
    }


def _problem(
    t: NullTranslations, report: ImportReport, problem: SheetProblem, language: str
) -> tuple[str, str, str, bool]:
    return (
        where(report, problem.row),
        column_name(problem.column, language),
        row_problem(t, problem),
        report.mended and report.bad_lines[problem.row],
    )


def _shown(column: str, cell: str) -> str:
    return ", ".join(map(local, cell.split(", "))) if column == "phones" and cell else cell


def where(report: ImportReport, line: int) -> str:
    """A line as a person finds it: its number, after the name of its sheet when there are several."""
    page, row = place_of(line)
    pages = report.about.pages
    return f"{pages[page]}: {row}" if len(pages) > 1 else str(row)


def reasons_of(t: NullTranslations, report: ImportReport, language: str) -> dict[int, str]:
    """For each line with problems what is to be corrected."""
    found: dict[int, list[str]] = defaultdict(list)
    for problem in report.problems:
        column = column_name(problem.column, language)
        found[problem.row].append(f"{column}{': ' if column else ''}{row_problem(t, problem)}")
    return {line: "; ".join(texts) for line, texts in found.items()}
