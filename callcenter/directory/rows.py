"""The lines of a directory sheet merged: each house, flat and resident once, with all that the lines say of it.

Pure: checks the sheet against itself; the database checks it against the directory.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from callcenter.addresses.building import building_key, flat_key
from callcenter.addresses.street import street_key, town_key
from callcenter.common.sheet_file import SheetLine
from callcenter.common.sheet_problems import SheetNote, SheetProblem
from callcenter.directory.cells import CheckedLine, Tally, check
from callcenter.directory.headings import HEADERS

SHOWN = 8
"""Lines that are shown as they were understood."""


@dataclass(slots=True)
class HouseRow:
    """A house of the sheet; None stands for an empty cell. `row`: the first line with it; `keys`: of its address."""

    row: int
    key: str | None
    city: str | None
    street: str | None
    building: str | None
    entrances: int | None = None
    company: str | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """The town's, the street's, the house's; none when the address is missing."""
        return _keys(self.city, self.street, self.building) if self.city and self.street and self.building else ()


@lru_cache(maxsize=10_000)
def _keys(city: str, street: str, building: str) -> tuple[str, ...]:
    return town_key(city), street_key(street), building_key(building)


@dataclass(slots=True)
class FlatRow:
    """A flat of the house with this place in the list of houses."""

    row: int
    house: int
    flat: str
    entrance: int | None = None


@dataclass(slots=True)
class ResidentRow:
    """A resident of the flat with this place in the list of flats.

    `phones`: each with its line; in E.164, or as it stands there when it is local, for the city code of the company.
    """

    row: int
    flat: int
    name: str
    account: str | None = None
    phones: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TakenLine:
    """Places of what a line names, in the lists of houses, flats and residents."""

    line: int
    house: int
    flat: int | None = None
    resident: int | None = None


@dataclass(slots=True)
class Gathered:
    """The merged lines, their problems, and what was changed on reading. `shown`: the first lines as understood."""

    houses: list[HouseRow] = field(default_factory=list)
    flats: list[FlatRow] = field(default_factory=list)
    residents: list[ResidentRow] = field(default_factory=list)
    lines: list[TakenLine] = field(default_factory=list)
    problems: list[SheetProblem] = field(default_factory=list)
    notes: list[SheetNote] = field(default_factory=list)
    shown: list[tuple[int, list[str]]] = field(default_factory=list)


def fold(text: str) -> str:
    """The form in which names are compared: letter case does not count."""
    return text.lower()


def gather(
    lines: Iterable[SheetLine], earlier: Sequence[SheetProblem] = (), *, city: str = "", mended: bool = False
) -> Gathered:
    """Merge the lines; one with problems is left out. A contradiction is a problem of the later line.

    `earlier`: problems found while reading; they are among the problems that come back. `city`: of lines that name
    none. `mended`: lines that can be taken without their bad cells are.
    """
    gathering = _Gathering(city, mended)
    by_line: dict[int, list[SheetProblem]] = defaultdict(list)
    for problem in earlier:
        by_line[problem.row].append(problem)
    for line in lines:
        gathering.add(line, by_line.pop(line.number, ()))
    gathering.out.problems += [problem for problems in by_line.values() for problem in problems]
    gathering.join_namesakes()
    gathering.out.notes = gathering.tally.notes()
    return gathering.out


class _Gathering:
    def __init__(self, city: str, mended: bool) -> None:
        self.out = Gathered()
        self.tally = Tally()
        self._city, self._mended = city, mended
        self._by_key: dict[str, int] = {}
        self._by_address: dict[tuple[str, ...], int] = {}
        self._flats: dict[tuple[int, str], int] = {}
        self._residents: dict[tuple[int, str], int] = {}
        self._accounts: dict[str, int] = {}

    def add(self, written: SheetLine, earlier: Sequence[SheetProblem]) -> None:
        line = check(written, earlier, self._city, self.tally)
        house = None
        if line.mendable:
            house = self._house(line)
            line.problems += self._contradictions(line, house)
        self.out.problems += line.problems
        if line.problems and not (self._mended and line.mendable):
            return
        self._take(line, house)
        if len(self.out.shown) < SHOWN:
            self.out.shown.append((line.number, [_text(line, column) for column in HEADERS]))

    def join_namesakes(self) -> None:
        """A resident without an account is the namesake in the same flat who has one."""
        kept: list[ResidentRow] = []
        places: list[int] = []
        with_account = {(r.flat, fold(r.name)): r for r in reversed(self.out.residents) if r.account}
        joined: list[tuple[int, ResidentRow]] = []
        for place, resident in enumerate(self.out.residents):
            same = with_account.get((resident.flat, fold(resident.name)))
            places.append(len(kept))
            if resident.account or same is None:
                kept.append(resident)
            else:
                same.phones |= resident.phones
                joined.append((place, same))
        at = {id(resident): place for place, resident in enumerate(kept)}
        for place, same in joined:
            places[place] = at[id(same)]
        self.out.residents = kept
        self.out.lines = [
            TakenLine(each.line, each.house, each.flat, None if each.resident is None else places[each.resident])
            for each in self.out.lines
        ]

    def _house(self, line: CheckedLine) -> int | None:
        """The place of the line's house among those that are known."""
        key = line.cells.get("house_key")
        by_key = self._by_key.get(key) if key else None
        by_address = self._by_address.get(_address(line).keys)
        return by_key if by_key is not None else by_address

    def _contradictions(self, line: CheckedLine, place: int | None) -> Iterator[SheetProblem]:
        """Where it says something else than lines before it. Takes what contradicts out of the line."""
        if place is None:
            yield from self._account(line, None)
            return
        house, address, key = self.out.houses[place], _address(line).keys, line.cells.get("house_key")
        by_address = self._by_address.get(address)
        if by_address is not None and by_address != place:
            yield _problem(line, "house_key", "two houses", other=self.out.houses[by_address].row)
        elif key and house.key not in (None, key):
            yield _problem(line, "house_key", "another key", other=house.row, value=house.key)
        elif address and house.city and by_address != place:
            yield _problem(line, "street", "another address", other=house.row)
        else:
            yield from self._details(line, house, place)

    def _details(self, line: CheckedLine, house: HouseRow, place: int) -> Iterator[SheetProblem]:
        if _differ(house.entrances, line.entrances):
            yield _contradiction(line, "entrances", house.row, house.entrances)
            line.entrances = None
        if _differ(house.company, line.cells.get("company")):
            yield _contradiction(line, "company", house.row, house.company)
            line.cells["company"] = None
        flat = self._flats.get((place, flat_key(line.cells.get("flat") or "")))
        if flat is not None and _differ(self.out.flats[flat].entrance, line.entrance):
            yield _contradiction(line, "entrance", self.out.flats[flat].row, self.out.flats[flat].entrance)
            line.entrance = None
        yield from self._account(line, flat)

    def _account(self, line: CheckedLine, flat: int | None) -> Iterator[SheetProblem]:
        account, name = line.cells.get("account"), line.cells.get("name")
        if not account or account not in self._accounts:
            return
        known = self.out.residents[self._accounts[account]]
        if known.flat != flat:
            code = "account in two flats"
        elif fold(known.name) != fold(name or ""):
            code = "account of two"
        else:
            return
        yield SheetProblem(line.number, "account", code, {"other": known.row}, mendable=True)
        line.cells["account"] = None

    def _take(self, line: CheckedLine, place: int | None) -> None:
        cells = line.cells
        if place is None:
            place = len(self.out.houses)
            self.out.houses.append(_address(line))
        house, address = self.out.houses[place], _address(line)
        house.key = house.key or address.key
        if address.keys and not house.city:
            house.city, house.street, house.building = address.city, address.street, address.building
        if house.key:
            self._by_key[house.key] = place
        if address.keys:
            self._by_address[address.keys] = place
        house.entrances = house.entrances or line.entrances
        house.company = house.company or cells.get("company")
        flat = resident = None
        if name := cells.get("flat"):
            flat = self._flats.setdefault((place, flat_key(name)), len(self.out.flats))
            if flat == len(self.out.flats):
                self.out.flats.append(FlatRow(line.number, place, name))
            self.out.flats[flat].entrance = self.out.flats[flat].entrance or line.entrance
            resident = self._resident(line, flat) if cells.get("name") else None
        self.out.lines.append(TakenLine(line.number, place, flat, resident))

    def _resident(self, line: CheckedLine, flat: int) -> int:
        name, account = line.cells.get("name") or "", line.cells.get("account")
        place = self._accounts.get(account) if account else self._residents.get((flat, fold(name)))
        phones = dict.fromkeys(line.phones, line.number)
        if place is not None:
            known = self.out.residents[place].phones
            known |= {phone: row for phone, row in phones.items() if phone not in known}
            return place
        place = len(self.out.residents)
        self.out.residents.append(ResidentRow(line.number, flat, name, account, phones))
        if account:
            self._accounts[account] = place
        else:
            self._residents[flat, fold(name)] = place
        return place


def _address(line: CheckedLine) -> HouseRow:
    cells = line.cells
    return HouseRow(line.number, cells.get("house_key"), cells.get("city"), cells.get("street"), cells.get("building"))


def _differ(known: str | int | None, said: str | int | None) -> bool:
    return known is not None and said is not None and fold(str(known)) != fold(str(said))


def _contradiction(line: CheckedLine, column: str, other: int, value: object) -> SheetProblem:
    return SheetProblem(line.number, column, "contradiction", {"value": value, "other": other}, mendable=True)


def _problem(line: CheckedLine, column: str, code: str, **values: object) -> SheetProblem:
    return SheetProblem(line.number, column, code, values)


def _text(line: CheckedLine, column: str) -> str:
    made = {"entrances": line.entrances, "entrance": line.entrance, "phones": ", ".join(line.phones)}
    return str(made.get(column, line.cells.get(column)) or "")
