"""The lines of a directory sheet merged: each house, flat and resident once, with all that the lines say of it.

Pure: checks the sheet against itself; the database checks it against the directory.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from callcenter.addresses.building import building_key, flat_key
from callcenter.addresses.street import street_key, town_key
from callcenter.common.sheet_file import SheetLine
from callcenter.common.sheet_problems import SheetProblem
from callcenter.domain.phone import PhoneFault, existing

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
PHONE_PROBLEMS = {
    PhoneFault.NOT_A_NUMBER: "bad phone",
    PhoneFault.NO_CODE: "phone without code",
    PhoneFault.NO_SUCH_NUMBER: "no such phone",
}
_NUMBER = re.compile(r"[0-9]{1,3}")
_POWER_OF_TEN = re.compile(r"[0-9][.,]?[0-9]*[eEеЕ]\+?[0-9]{1,2}")


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
        if self.city and self.street and self.building:
            return town_key(self.city), street_key(self.street), building_key(self.building)
        return ()


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


@dataclass(slots=True)
class Gathered:
    """The merged lines, and their problems."""

    houses: list[HouseRow] = field(default_factory=list)
    flats: list[FlatRow] = field(default_factory=list)
    residents: list[ResidentRow] = field(default_factory=list)
    problems: list[SheetProblem] = field(default_factory=list)


def fold(text: str) -> str:
    """The form in which names are compared: letter case does not count."""
    return text.lower()


def gather(lines: Iterable[SheetLine]) -> Gathered:
    """Merge the lines. A contradiction is a problem of the later line."""
    gathering = _Gathering()
    for line in lines:
        gathering.add(line)
    gathering.join_namesakes()
    return gathering.out


class _Gathering:
    def __init__(self) -> None:
        self.out = Gathered()
        self._by_key: dict[str, int] = {}
        self._by_address: dict[tuple[str, ...], int] = {}
        self._flats: dict[tuple[int, str], int] = {}
        self._residents: dict[tuple[int, str, str | None], int] = {}
        self._accounts: dict[str, int] = {}

    def add(self, line: SheetLine) -> None:
        before = len(self.out.problems)
        cells = {column: cell or None for column, cell in line.cells.items()}
        for column, limit in LONGEST.items():
            if len(cells.get(column) or "") > limit:
                self._refuse(line.number, column, "too long", limit=limit)
        entrances = self._count(line, "entrances")
        entrance = self._count(line, "entrance")
        phones = self._phones(line)
        self._check_whole(line.number, cells)
        if len(self.out.problems) > before:
            return
        house = self._house(line.number, cells)
        if house is None:
            return
        self._agree(line.number, "entrances", self.out.houses[house], entrances)
        self._agree(line.number, "company", self.out.houses[house], cells.get("company"))
        if flat := cells.get("flat"):
            place = self._flats.setdefault((house, flat_key(flat)), len(self.out.flats))
            if place == len(self.out.flats):
                self.out.flats.append(FlatRow(line.number, house, flat))
            self._agree(line.number, "entrance", self.out.flats[place], entrance)
            if name := cells.get("name"):
                self._resident(line.number, place, name, cells.get("account"), phones)

    def join_namesakes(self) -> None:
        """A resident without an account is the namesake in the same flat who has one."""
        kept: list[ResidentRow] = []
        with_account = {(r.flat, fold(r.name)): r for r in reversed(self.out.residents) if r.account}
        for resident in self.out.residents:
            same = with_account.get((resident.flat, fold(resident.name)))
            if resident.account or same is None:
                kept.append(resident)
            else:
                same.phones |= resident.phones
        self.out.residents = kept

    def _check_whole(self, row: int, cells: dict[str, str | None]) -> None:
        address = [column for column in ("city", "street", "building") if cells.get(column)]
        if not cells.get("house_key") and len(address) < 3:
            missing = next(column for column in ("city", "street", "building") if column not in address)
            self._refuse(row, missing, "no house")
        elif address and len(address) < 3:
            missing = next(column for column in ("city", "street", "building") if column not in address)
            self._refuse(row, missing, "half an address")
        if cells.get("name") and not cells.get("flat"):
            self._refuse(row, "flat", "resident without flat")
        if cells.get("entrance") and not cells.get("flat"):
            self._refuse(row, "flat", "entrance without flat")
        if (cells.get("phones") or cells.get("account")) and not cells.get("name"):
            self._refuse(row, "name", "no name")

    def _house(self, row: int, cells: dict[str, str | None]) -> int | None:
        key, city, street, building = (cells.get(column) for column in ("house_key", "city", "street", "building"))
        address = HouseRow(row, key, city, street, building).keys
        by_key = self._by_key.get(key) if key else None
        by_address = self._by_address.get(address) if address else None
        if by_key is not None and by_address is not None and by_key != by_address:
            self._refuse(row, "house_key", "two houses", other=self.out.houses[by_address].row)
            return None
        place = by_key if by_key is not None else by_address
        if place is None:
            place = len(self.out.houses)
            self.out.houses.append(HouseRow(row, key, city, street, building))
        house = self.out.houses[place]
        if key and house.key not in (None, key):
            self._refuse(row, "house_key", "another key", other=house.row, value=house.key)
            return None
        if address and house.city and by_address != place and house.row != row:
            self._refuse(row, "street", "another address", other=house.row)
            return None
        house.key = house.key or key
        if address and not house.city:
            house.city, house.street, house.building = city, street, building
        if key:
            self._by_key[key] = place
        if address:
            self._by_address[address] = place
        return place

    def _resident(self, row: int, flat: int, name: str, account: str | None, phones: dict[str, int]) -> None:
        place = self._accounts.get(account) if account else self._residents.get((flat, fold(name), None))
        if place is not None:
            known = self.out.residents[place]
            if known.flat != flat:
                self._refuse(row, "account", "account in two flats", other=known.row)
            elif fold(known.name) != fold(name):
                self._refuse(row, "account", "account of two", other=known.row)
            else:
                known.phones |= phones
            return
        place = len(self.out.residents)
        self.out.residents.append(ResidentRow(row, flat, name, account, phones))
        if account:
            self._accounts[account] = place
        else:
            self._residents[flat, fold(name), None] = place

    def _agree(self, row: int, column: str, known: HouseRow | FlatRow, value: str | int | None) -> None:
        before = getattr(known, column)
        if value is None:
            return
        if before is None:
            setattr(known, column, value)
        elif fold(str(before)) != fold(str(value)):
            self._refuse(row, column, "contradiction", value=before, other=known.row)

    def _count(self, line: SheetLine, column: str) -> int | None:
        text = line.cells.get(column, "")
        if not text:
            return None
        if not _NUMBER.fullmatch(text) or not 1 <= int(text) <= MOST_ENTRANCES:
            self._refuse(line.number, column, "not a count", limit=MOST_ENTRANCES, value=text[:40])
            return None
        return int(text)

    def _phones(self, line: SheetLine) -> dict[str, int]:
        found: dict[str, int] = {}
        for part in split_phones(line.cells.get("phones", "")):
            if _POWER_OF_TEN.fullmatch(part):
                self._refuse(line.number, "phones", "power of ten", value=part[:40])
            elif (number := existing(part)) is PhoneFault.NO_CODE:
                found[part] = line.number
            elif isinstance(number, PhoneFault):
                self._refuse(line.number, "phones", PHONE_PROBLEMS[number], value=part[:40])
            else:
                found[number] = line.number
        if len(found) > MOST_PHONES:
            self._refuse(line.number, "phones", "too many phones", limit=MOST_PHONES)
        return found

    def _refuse(self, row: int, column: str, code: str, **values: object) -> None:
        self.out.problems.append(SheetProblem(row, column, code, values))


def split_phones(text: str) -> list[str]:
    """The numbers written in one field, between commas, semicolons or line ends."""
    return [part.strip() for part in re.split(r"[,;\n]", text) if part.strip()]
