"""A sheet of planned works: a line for each house, lines of the same works together.

Pure; done in a process of its own (`planned_process`). Companies, houses and kinds are looked up later.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from callcenter.common.sheet_cells import heading
from callcenter.common.sheet_columns import Columns
from callcenter.common.sheet_file import SheetLine, read_lines
from callcenter.common.sheet_problems import SheetProblem
from callcenter.common.sheet_process import SheetTable, SheetWish, Understood, about
from callcenter.domain.outage import BadFlats, Flats

HEADERS: Mapping[str, tuple[str, str]] = {
    "company": ("Company", "Управляющая компания"),
    "house": ("House", "Дом"),
    "kind": ("What is off", "Что отключают"),
    "since": ("Since", "Начало"),
    "until": ("Until", "Окончание"),
    "cause": ("Cause", "Причина"),
    "entrances": ("Entrances", "Подъезды"),
    "flats": ("Flats", "Квартиры"),
}
"""The columns: English and Russian headings; both are accepted."""
REQUIRED = ("house", "kind", "since", "until")
ALSO = {
    "компания": "company",
    "ук": "company",
    "адрес": "house",
    "address": "house",
    "вид": "kind",
    "ресурс": "kind",
    "kind": "kind",
    "с": "since",
    "по": "until",
    "до": "until",
    "работы": "cause",
}
LONGEST = 300
MOST_PLACES = 2_000
_MOMENT = ("%d.%m.%Y %H:%M", "%Y-%m-%d %H:%M", "%d.%m.%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M")
_ENTRANCES = re.compile(r"[1-9][0-9]?( ?, ?[1-9][0-9]?)*", re.ASCII)


def _missing(columns: Collection[str]) -> str | None:
    return None if set(REQUIRED) <= set(columns) else "no works columns"


COLUMNS = Columns(
    {heading(text): column for column, both in HEADERS.items() for text in (column, *both)}
    | {heading(text): column for text, column in ALSO.items()},
    _missing,
    dates=True,
)


@dataclass(frozen=True, slots=True)
class WorksLine:
    """A line: times are the company's own, without a zone."""

    line: int
    company: str
    house: str
    kind: str
    since: str
    until: str
    cause: str
    entrances: list[int]
    flats: str


def understand(body: bytes, wish: SheetWish) -> Understood:
    """What the sheet says. Raises `SheetRefused`."""
    sheet = read_lines(body, COLUMNS, wish.layouts)
    problems = list(sheet.problems)
    bad = {problem.row for problem in problems}
    found: list[WorksLine] = []
    for line in sheet.lines:
        wrong = list(_wrong(line))
        problems += wrong
        if not wrong and line.number not in bad:
            found.append(_works(line))
    columns = tuple(WorksLine.__slots__)
    rows = [[getattr(each, name) for name in columns] for each in found]
    problems.sort(key=lambda problem: problem.row)
    return Understood(len(sheet.lines), problems, (SheetTable("works", columns, rows),), about(sheet))


def _wrong(line: SheetLine) -> Iterator[SheetProblem]:
    cells = line.cells
    for column in REQUIRED:
        if not cells.get(column):
            yield SheetProblem(line.number, column, "missing")
    for column, cell in cells.items():
        if len(cell) > LONGEST:
            yield SheetProblem(line.number, column, "too long", {"limit": LONGEST})
    since, until = (moment(cells.get(column, "")) for column in ("since", "until"))
    for column, at in (("since", since), ("until", until)):
        if cells.get(column) and at is None:
            yield SheetProblem(line.number, column, "bad moment", {"value": cells[column][:40]})
    if since is not None and until is not None and until <= since:
        yield SheetProblem(line.number, "until", "before start")
    if cells.get("entrances") and not _ENTRANCES.fullmatch(cells["entrances"]):
        yield SheetProblem(line.number, "entrances", "bad entrances", {"value": cells["entrances"][:40]})
    try:
        Flats.parse(cells.get("flats", "")[:LONGEST])
    except BadFlats:
        yield SheetProblem(line.number, "flats", "bad flats", {"value": cells["flats"][:40]})


def _works(line: SheetLine) -> WorksLine:
    cells = line.cells
    since, until = moment(cells["since"]), moment(cells["until"])
    assert since is not None
    assert until is not None
    return WorksLine(
        line=line.number,
        company=cells.get("company", ""),
        house=cells["house"],
        kind=cells["kind"],
        since=since.isoformat(),
        until=until.isoformat(),
        cause=cells.get("cause", ""),
        entrances=[int(number) for number in re.findall(r"[0-9]+", cells.get("entrances", ""))],
        flats=cells.get("flats", ""),
    )


def moment(text: str) -> datetime | None:
    """`05.03.2026 12:30` or `2026-03-05 12:30`, in this century; None when it is something else."""
    for form in _MOMENT:
        try:
            at = datetime.strptime(text, form)  # noqa: DTZ007
        except ValueError:
            continue
        return at if 2000 <= at.year < 2100 else None
    return None


def same_address(text: str) -> str:
    """An address as it is compared: its words."""
    return " ".join(re.findall(r"[\w/-]+", text.lower().replace("ё", "е")))
