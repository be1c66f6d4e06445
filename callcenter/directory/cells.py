"""One line of a register: its cells checked, and put into the columns of the directory.

What a spreadsheet program made of a number is told, not taken: `12.май` was a house 12/5.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from callcenter.addresses.written import take_apart
from callcenter.common.sheet_cells import heading
from callcenter.common.sheet_file import SheetLine
from callcenter.common.sheet_problems import SheetNote, SheetProblem
from callcenter.directory.phone_cells import is_power_of_ten, read_phones
from callcenter.domain.phone import PhoneFault

LONGEST = {
    "house_key": 64,
    "company": 200,
    "city": 100,
    "street": 200,
    "building": 30,
    "flat": 30,
    "account": 40,
    "name": 200,
}
MOST_ENTRANCES = 99
MOST_PHONES = 20
MOST_LETTERS_OF_PHONES = 1000
PHONE_PROBLEMS = {
    PhoneFault.NOT_A_NUMBER: "bad phone",
    PhoneFault.NO_CODE: "phone without code",
    PhoneFault.NO_SUCH_NUMBER: "no such phone",
}
# In these a spreadsheet program takes for numbers and dates what is none.
_NUMBERED = ("building", "block", "flat", "account", "entrance", "entrances")
_NUMBER = re.compile(r"[0-9]{1,3}")
_DECIMAL = re.compile(r"([0-9]+)[.,]0+")
_MONTHS = ("янв", "фев", "мар", "апр", "май", "июн", "июл", "авг", "сен", "окт", "ноя", "дек")
_ENGLISH = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = {name: number for names in (_MONTHS, _ENGLISH) for number, name in enumerate(names, 1)} | {"мая": 5}
_NAMED = rf"({'|'.join(_MONTH)})[а-яa-z]*\.?"
_DATES = (
    re.compile(rf"(?P<day>[0-9]{{1,2}})[.\- /]{_NAMED}(?:[.\- /][0-9]{{2,4}})?", re.IGNORECASE),
    re.compile(rf"{_NAMED}[.\- /](?P<day>[0-9]{{1,4}})", re.IGNORECASE),
    re.compile(r"(?P<day>[0-9]{1,2})[./-]([0-9]{1,2})[./-](?:19|20)[0-9]{2}(?: 00?:00(?::00)?)?"),
    re.compile(r"(?:19|20)[0-9]{2}-([0-9]{2})-(?P<day>[0-9]{2})(?: 00:00(?::00)?)?"),
)


@dataclass(slots=True)
class Tally:
    """What was changed on reading: how often, in which column, and the first of them."""

    counts: dict[tuple[str, str], tuple[int, Mapping[str, object]]] = field(default_factory=dict)

    def add(self, code: str, column: str, **values: object) -> None:
        """One more."""
        count, first = self.counts.get((code, column), (0, values))
        self.counts[code, column] = (count + 1, first)

    def notes(self) -> list[SheetNote]:
        """All of it, each kind once."""
        return [
            SheetNote(code, {**first, "count": count, "column": column})
            for (code, column), (count, first) in self.counts.items()
        ]


@dataclass(slots=True)
class CheckedLine:
    """A line's cells (None: empty) without those that have problems. `phones`: in E.164, or local ones as they stand."""

    number: int
    cells: dict[str, str | None]
    problems: list[SheetProblem]
    entrances: int | None = None
    entrance: int | None = None
    phones: list[str] = field(default_factory=list)

    @property
    def mendable(self) -> bool:
        """Whether it can be taken without its bad cells."""
        return all(problem.mendable for problem in self.problems)


def check(line: SheetLine, earlier: Collection[SheetProblem], city: str, tally: Tally) -> CheckedLine:
    """The line in the columns of the directory. `earlier`: its problems so far; `city`: of a line that names none."""
    return _Check(line, earlier, city, tally).checked()


class _Check:
    def __init__(self, line: SheetLine, earlier: Collection[SheetProblem], city: str, tally: Tally) -> None:
        self._number, self._city, self._tally = line.number, city, tally
        self._cells: dict[str, str] = dict(line.cells)
        self._found = list(earlier)

    def checked(self) -> CheckedLine:
        for column in _NUMBERED:
            self._undamaged(column)
        self._put_together()
        for column, limit in LONGEST.items():
            if len(self._cells.get(column, "")) > limit:
                self._refuse(column, "too long", limit=limit)
        entrances, entrance = self._count("entrances"), self._count("entrance")
        phones = self._phones()
        cells = {column: cell or None for column, cell in self._cells.items()}
        self._judge(cells)
        if not cells.get("name"):
            cells["account"], phones = None, []
        return CheckedLine(self._number, cells, self._found, entrances, entrance if cells.get("flat") else None, phones)

    def _undamaged(self, column: str) -> None:
        text = self._cells.get(column, "")
        if decimal := _DECIMAL.fullmatch(text):
            self._tally.add("decimals", column, value=text, taken=decimal[1])
            self._cells[column] = decimal[1]
        elif is_power_of_ten(text):
            self._refuse(column, "power of ten", value=text[:40])
        elif (guess := _date(text)) is not None:
            self._refuse(column, "excel date", value=text[:40], guess=guess)

    def _put_together(self) -> None:
        """The address and the name, when they stand in other columns than the directory's."""
        cells = self._cells
        if address := cells.pop("address", ""):
            apart = take_apart(address, city=self._city, flat_apart="flat" in cells)
            if apart is None:
                if not all(cells.get(column) for column in ("street", "building")):
                    self._refuse("address", "address not understood", value=address[:80])
            else:
                for column in ("city", "street", "building", "flat", "entrance"):
                    cells[column] = cells.get(column) or getattr(apart, column)
        if block := cells.pop("block", ""):
            cells["building"] = _with_block(cells.get("building", ""), block)
        parts = [cells.pop(column, "") for column in ("surname", "given_name", "patronymic")]
        cells["name"] = cells.get("name") or " ".join(filter(None, parts))
        if not cells.get("city") and cells.get("street") and self._city:
            cells["city"] = self._city

    def _count(self, column: str) -> int | None:
        text = self._cells.get(column, "")
        if not text:
            return None
        if not _NUMBER.fullmatch(text) or not 1 <= int(text) <= MOST_ENTRANCES:
            self._refuse(column, "not a count", limit=MOST_ENTRANCES, value=text[:40])
            return None
        return int(text)

    def _phones(self) -> list[str]:
        text = self._cells.get("phones", "")
        if len(text) > MOST_LETTERS_OF_PHONES:
            self._refuse("phones", "too long", limit=MOST_LETTERS_OF_PHONES)
            return []
        if is_power_of_ten(text):
            self._refuse("phones", "power of ten", value=text[:40])
            return []
        cell = read_phones(text)
        for part, fault in cell.faults:
            self._refuse("phones", "power of ten" if is_power_of_ten(part) else PHONE_PROBLEMS[fault], value=part[:40])
        if cell.words:
            self._tally.add("words beside telephones", "phones", value=cell.words[:60])
        if len(cell.numbers) > MOST_PHONES:
            self._refuse("phones", "too many phones", limit=MOST_PHONES)
        return list(cell.numbers[:MOST_PHONES])

    def _judge(self, cells: Mapping[str, str | None]) -> None:
        """What the line lacks; when that is for a bad cell of it, it cannot be taken without that cell."""
        bad = {problem.column for problem in self._found}
        if "address" in bad:
            bad |= {"city", "street", "building"}
        lacks = [SheetProblem(self._number, *each) for each in _lacks(cells)]
        if any(not problem.mendable for problem in lacks):
            self._found = [replace(problem, mendable=False) for problem in self._found]
        self._found += [problem for problem in lacks if problem.column not in bad]

    def _refuse(self, column: str, code: str, **values: object) -> None:
        self._found.append(SheetProblem(self._number, column, code, values, mendable=True))
        if column != "phones":
            self._cells[column] = ""


def _lacks(cells: Mapping[str, str | None]) -> Iterator[tuple[str, str, Mapping[str, object], bool]]:
    """Column, code, values, and whether the line can be taken all the same."""
    address = [column for column in ("city", "street", "building") if cells.get(column)]
    missing = next((column for column in ("city", "street", "building") if column not in address), "")
    if missing and not cells.get("house_key"):
        yield missing, "no house", {}, False
    elif missing and address:
        yield missing, "half an address", {}, False
    if cells.get("name") and not cells.get("flat"):
        yield "flat", "resident without flat", {}, False
    elif cells.get("entrance") and not cells.get("flat"):
        yield "flat", "entrance without flat", {}, True
    if (cells.get("phones") or cells.get("account")) and not cells.get("name"):
        yield "name", "no name", {}, True


def _date(text: str) -> str | None:
    """What was probably typed where the spreadsheet program shows a date: `12/5`."""
    for pattern in _DATES:
        if found := pattern.fullmatch(text):
            other = found[2] if found.start("day") == found.start(1) else found[1]
            month = _MONTH.get(other[:3].lower()) or (int(other) if other.isdigit() else 0)
            return f"{int(found['day'])}/{month}"
    return None


def _with_block(building: str, block: str) -> str:
    """A house with its block, which may stand in a column of its own."""
    if heading(block) in ("", "0", "нет"):
        return building
    said = re.match(r"\s*(?:к|корп|корпус|стр|строение|лит|литера)\b", block, re.IGNORECASE)
    return f"{building} {block}" if said else f"{building} корп. {block}"
