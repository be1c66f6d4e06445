"""CSV files as people have them: in whatever encoding, with whatever separator."""

import contextlib
import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from callcenter.common.sheet_columns import LOOKED_THROUGH, Columns
from callcenter.common.sheet_problems import MAX_CELLS, MAX_ROWS, SheetRefused

DELIMITERS = ";,\t|"
SAMPLE = 50_000
"""Characters by which a file is recognised."""
_DECLARED = re.compile(r"sep=(.)\r?(?:\n|$)", re.IGNORECASE)
_RUSSIAN = re.compile(r"[а-яё]")
_SHOUTED = re.compile(r"[А-ЯЁ]")
# What cp1251 makes of a text in another encoding.
_NOT_RUSSIAN = re.compile(r"[^\x00-\x7fА-яЁё«»№–—“”„‘’…°±·•®©€\xa0\xad]")


@dataclass(frozen=True, slots=True)
class CsvText:
    """A decoded file and how it was written: `skipped` lines before it say the separator."""

    text: str
    encoding: str
    delimiter: str
    skipped: int = 0

    def rows(self) -> Iterator[tuple[int, Sequence[str]]]:
        """Its numbered rows. Raises `SheetRefused`."""
        reader = csv.reader(io.StringIO(self.text, newline=""), delimiter=self.delimiter, strict=True)
        number, count = self.skipped, 0
        try:
            for cells in reader:
                number += 1
                count += len(cells)
                if count > MAX_CELLS:
                    raise SheetRefused("too many cells", limit=MAX_CELLS)
                if number > MAX_ROWS:
                    raise SheetRefused("too many rows", limit=MAX_ROWS)
                yield number, cells
        except csv.Error:
            raise SheetRefused("broken csv", row=number + 1) from None


def read_text(body: bytes, columns: Columns) -> CsvText:
    """The decoded text, by its byte order mark or by trial; raises `SheetRefused`."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    elif b"\0" in body[:4096]:
        encodings = ("utf-16-le", "utf-16-be")
    else:
        encodings = ("utf-8-sig", "cp1251")
    for encoding in encodings:
        try:
            text = body.decode(encoding)
        except UnicodeDecodeError:
            continue
        found = _separated(text, encoding, columns)
        # Any bytes decode as these; only in the right encoding do the headings come out, or a Russian text does.
        if encoding in ("utf-8-sig", "utf-16") or _headings_in(found, columns) or _is_russian(text, encoding):
            return found
    raise SheetRefused("not a table" if b"\0" in body[:4096] else "encoding")


def _separated(text: str, encoding: str, columns: Columns) -> CsvText:
    """The text with the separator that it names, else that which gives most headings, else most cells."""
    if declared := _DECLARED.match(text):
        return CsvText(text[declared.end() :], encoding, declared[1], 1)
    tried = [CsvText(text[:SAMPLE], encoding, delimiter) for delimiter in DELIMITERS]
    best = max(tried, key=lambda each: (_headings_in(each, columns), _cells_in(each)))
    return CsvText(text, encoding, best.delimiter)


def _first(written: CsvText) -> list[Sequence[str]]:
    found: list[Sequence[str]] = []
    # A sample may end within quotes.
    with contextlib.suppress(SheetRefused):
        found.extend(cells for _, cells in islice(replace(written, text=written.text[:SAMPLE]).rows(), LOOKED_THROUGH))
    return found


def _headings_in(written: CsvText, columns: Columns) -> int:
    """How many columns one row names."""
    return max((sum(columns.meant(cell) is not None for cell in cells) for cells in _first(written)), default=0)


def _cells_in(written: CsvText) -> int:
    """How many cells most rows have."""
    widths = sorted(len(cells) for cells in _first(written) if cells)
    return widths[len(widths) // 2] if widths else 0


def _is_russian(text: str, encoding: str) -> bool:
    sample = text[:SAMPLE]
    small, large = len(_RUSSIAN.findall(sample)), len(_SHOUTED.findall(sample))
    return encoding == "cp1251" and small > large and len(_NOT_RUSSIAN.findall(sample)) * 50 < small
