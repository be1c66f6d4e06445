"""The printed page takes whatever a journal holds."""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from callcenter.evidence.printed import PrintedDocument, PrintedSection, PrintedTable, _parts, print_document

LONG = "Течёт стояк и никто не идёт, звоню третий раз. " * 210


def pages(target: Path, *sections: PrintedSection, title: str = "Пакет") -> int:
    print_document(
        PrintedDocument("ru", title, "УК", sections, "{page} из {pages}", datetime(2026, 3, 5, tzinfo=UTC)), target
    )
    return target.read_bytes().count(b"/Type /Page\n")


@pytest.mark.long
@pytest.mark.parametrize(
    "text", [LONG, "Ш" * 10_000, "\n" * 10_000, "а\n" * 5000, "😀 \u202e عربي \0 \x1b[31m", "**x** <b>y</b> {nb}", ""]
)
def test_any_text_can_be_printed(tmp_path: Path, text: str):
    table = PrintedTable(
        ("когда", "кто", "что"), [("05.03.2026", text[:200], text), ("x", "y", "z")], (20, 20, 60), "нет"
    )
    section = PrintedSection(text[:200], [("описание", text), ("тема", text[:200])], table, words=text)
    assert pages(tmp_path / "a.pdf", section, title=text[:50] or "x") >= 1


@pytest.mark.long
@pytest.mark.parametrize("text", ["Ш", "a-", "--", "—", "а ", "а\n", "слово ", "\t"])
def test_a_megabyte_is_cut_into_rows_in_time(text: str):
    began = time.process_time()
    rows = list(_parts(["", text * ((1 << 20) // len(text))], (20, 60)))
    assert time.process_time() - began < 5
    assert rows


def test_a_long_journal_takes_as_many_pages_as_it_needs(tmp_path: Path):
    def journal(entries: int) -> int:
        rows = [("05.03.2026 12:30:00", "Вера", f"запись {number}") for number in range(entries)]
        return pages(
            tmp_path / "a.pdf", PrintedSection("Журнал", table=PrintedTable(("а", "б", "в"), rows, (20, 20, 60), "нет"))
        )

    assert journal(3) == 1
    assert 5 < journal(400) < 15


def test_without_rows_it_says_so_and_is_still_a_page(tmp_path: Path):
    assert (
        pages(tmp_path / "a.pdf", PrintedSection("Журнал", table=PrintedTable(("а",), [], (100,), "Записей нет"))) == 1
    )
