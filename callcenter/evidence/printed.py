"""The readable page of a pack: a plain document as a PDF, in a font that has both languages."""

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace

FONTS = Path("/usr/share/fonts/truetype/dejavu")
_FAMILY = "DejaVu"
_MARGIN_MM = 16
_GREY = (90, 98, 110)
_SHADE = (238, 241, 245)
# A hundredth of the page's width holds one letter and more, even a wide one.
_LINES_OF_A_ROW = 25


@dataclass(frozen=True, slots=True)
class PrintedTable:
    """Rows under a head. `widths`: the columns' shares of the page; `empty`: the text instead of no rows."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[int]
    empty: str


@dataclass(frozen=True, slots=True)
class PrintedSection:
    """A heading and what is under it: facts by name, then a table, then text."""

    heading: str
    facts: Sequence[tuple[str, str]] = ()
    table: PrintedTable | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class PrintedDocument:
    """`foot`: the line at the end of each page, with `{page}` and `{pages}` in it."""

    language: str
    title: str
    subtitle: str
    sections: Sequence[PrintedSection]
    foot: str
    made_at: datetime


class _Paper(FPDF):
    foot = ""

    def footer(self) -> None:
        """Written by fpdf2 at the end of each page."""
        self.set_y(-_MARGIN_MM + 4)
        self.set_font(_FAMILY, size=7.5)
        self.set_text_color(*_GREY)
        text = self.foot.replace("{page}", str(self.page_no())).replace("{pages}", "{nb}")
        self.cell(0, 4, text, align="C")


def print_document(document: PrintedDocument, target: Path) -> None:
    """Write the document. Blocks."""
    paper = _Paper(format="A4")
    paper.foot = document.foot
    paper.set_title(document.title)
    paper.set_lang(document.language)
    paper.set_creator("callcenter")
    paper.set_creation_date(document.made_at)
    for style, name in (("", "DejaVuSans.ttf"), ("B", "DejaVuSans-Bold.ttf")):
        paper.add_font(_FAMILY, style, FONTS / name)
    paper.set_margin(_MARGIN_MM)
    paper.set_auto_page_break(True, margin=_MARGIN_MM + 2)
    paper.add_page()
    paper.set_font(_FAMILY, "B", 16)
    _lines(paper, 8, document.title)
    paper.set_font(_FAMILY, size=9)
    paper.set_text_color(*_GREY)
    _lines(paper, 5, document.subtitle)
    for section in document.sections:
        _print_section(paper, section)
    paper.output(str(target))


def _print_section(paper: FPDF, section: PrintedSection) -> None:
    # A heading stays on one page with what follows it.
    if paper.will_page_break(24):
        paper.add_page()
    paper.ln(5)
    paper.set_text_color(0, 0, 0)
    paper.set_font(_FAMILY, "B", 11.5)
    _lines(paper, 7, section.heading)
    paper.set_font(_FAMILY, size=8.5)
    if section.facts:
        _print_rows(paper, [(name, _clean(value)) for name, value in section.facts], (30, 70))
    if section.table is not None:
        if section.table.rows:
            _print_rows(paper, section.table.rows, section.table.widths, section.table.head)
        else:
            _lines(paper, 5, section.table.empty)
    if section.words:
        paper.ln(1)
        _lines(paper, 4.6, section.words)


def _print_rows(
    paper: FPDF, rows: Sequence[Sequence[str]], widths: Sequence[int], head: Sequence[str] | None = None
) -> None:
    style = FontFace(emphasis="BOLD", fill_color=_SHADE)
    with paper.table(
        col_widths=tuple(widths),
        headings_style=style,
        first_row_as_headings=head is not None,
        borders_layout="HORIZONTAL_LINES",
        line_height=4.4,
        padding=0.8,
        text_align="LEFT",
    ) as table:
        for row in [head, *rows] if head is not None else rows:
            for part in _parts(row, widths):
                line = table.row()
                for cell in part:
                    line.cell(_clean(cell))


def _parts(row: Sequence[str], widths: Sequence[int]) -> Iterable[Sequence[str]]:
    """The row, or several instead of it: a row higher than a page cannot be printed."""
    cells = [_pieces(cell, width) for cell, width in zip(row, widths, strict=True)]
    return zip_longest(*cells, fillvalue="")


def _pieces(text: str, width: int) -> list[str]:
    lines = [piece for line in text.split("\n") for piece in textwrap.wrap(_breakable(line, width), width) or [""]]
    if len(lines) <= _LINES_OF_A_ROW:
        return [text]
    return ["\n".join(lines[at : at + _LINES_OF_A_ROW]) for at in range(0, len(lines), _LINES_OF_A_ROW)]


def _breakable(line: str, width: int) -> str:
    """The line without long words and gaps: `textwrap` copies the rest of one for each piece that it cuts off."""
    return " ".join(word[at : at + width] for word in line.split() for at in range(0, len(word), width))


def _lines(paper: FPDF, height: float, text: str) -> None:
    paper.multi_cell(0, height, _clean(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _clean(text: str) -> str:
    """The text with U+FFFD for each character that cannot be printed."""
    shown = (letter.isprintable() or letter.isspace() for letter in text)
    return "".join(letter if fits else "\N{REPLACEMENT CHARACTER}" for letter, fits in zip(text, shown, strict=True))
