"""`callcenter import-directory`: a directory sheet from the command line."""

from pathlib import Path

from callcenter.common.sheet_problems import SheetRefused
from callcenter.directory.import_view import where
from callcenter.directory.importing import DirectoryImport
from callcenter.directory.texts import column_name, count_texts, line_count, note_text, row_problem
from callcenter.settings import Settings
from callcenter.storage import open_pool
from callcenter.web.language import translations
from callcenter.web.sheets import refusal

LANGUAGE = "en"


async def import_directory(settings: Settings, file: Path, *, apply: bool) -> int:
    """Check a sheet, or import it; print what is wrong or what changes. Returns the exit status."""
    t = translations(LANGUAGE)
    body = file.read_bytes()
    pool = await open_pool(settings.database)
    try:
        imports = DirectoryImport(pool)
        report = await (imports.apply(body, None, file.name) if apply else imports.preview(body))
    except SheetRefused as refused:
        print(f"{file.name}: {refusal(t, refused)}")
        return 1
    finally:
        await pool.close()
    for problem in report.problems:
        column = column_name(problem.column, LANGUAGE)
        print(f"line {where(report, problem.row)}{', ' if column else ''}{column}: {row_problem(t, problem)}")
    for note in report.about.notes:
        print(note_text(t, note, LANGUAGE))
    for line, address in report.unserved:
        print(f"line {where(report, line)}: served by no company: {address}")
    changes = ", ".join(count_texts(t, report.counts)) or "nothing changes"
    done = "written" if apply else "nothing is written yet: add --apply"
    left_out = f"; {report.left_out} left out" if report.left_out else ""
    print(f"{line_count(t, report.lines)}{left_out}: {changes}; {done}")
    return 1 if report.left_out else 0
