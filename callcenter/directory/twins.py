"""Houses, flats and residents that are probably one and are in the directory twice: found, and merged."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import asyncpg
from aiohttp import web

from callcenter.addresses.likeness import alike, same_person
from callcenter.common.scope import Connection, audit, scoped
from callcenter.domain.audit import AuditAction, AuditSubject
from callcenter.domain.person import Person
from callcenter.errors import NotFound, Refusal, gettext_noop
from callcenter.storage import queries

SQL = queries("twins")
IMPORT_SQL = queries("directory_import")
MOST_SHOWN = 200
MOST_COMPARED = 5000
KINDS = {"house": AuditSubject.HOUSE, "premises": AuditSubject.PREMISES, "resident": AuditSubject.RESIDENT}


class TwinsRefused(Refusal):
    """These two are not merged. `code`: `outage` while something is off or planned in their house, `apart` for flats of
    different houses and residents of different flats.
    """

    status = 409
    text = gettext_noop("These two cannot be merged.")


@dataclass(frozen=True, slots=True)
class NearTwin:
    """A new house or resident of a sheet's line that may be `other`, which is in the directory, or in another line."""

    line: int
    named: str
    other: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Two rows of one kind that may be one. `place`: the address of flats and residents."""

    kind: str
    place: str
    one: tuple[int, str]
    other: tuple[int, str]


@dataclass(frozen=True, slots=True)
class Side:
    """One of two rows that are to be merged, with what hangs on it; None where its kind has no such thing."""

    id: int
    title: str
    place: str
    company: str | None
    key: str | None
    account: str | None
    flats: int | None
    residents: int | None
    tickets: int
    calls: int | None
    phones: Sequence[str] | None
    house_id: int | None
    premises_id: int | None


class Twins:
    """Twins over an open pool, for people who see every company."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def pairs(self, person: Person) -> list[Pair]:
        """What may be one; houses first."""
        async with scoped(self._pool, person) as connection:
            houses = await connection.fetch(SQL["houses"])
            flats = await connection.fetch(SQL["flats"], MOST_SHOWN)
            residents = await connection.fetch(SQL["residents"], MOST_COMPARED)
        found = [Pair("house", "", *each) for each in await asyncio.to_thread(_near_houses, houses)]
        found += [
            Pair("premises", address_of(row), (row["id"], row["flat"]), (row["other_id"], row["other"]))
            for row in flats
        ]
        found += [
            Pair(
                "resident",
                f"{address_of(row)}, {row['flat']}",
                (row["id"], row["name"]),
                (row["other_id"], row["other"]),
            )
            for row in residents
            if same_person(row["name"], row["other"])
        ][:MOST_SHOWN]
        return found

    async def sides(self, person: Person, kind: str, kept: int, gone: int) -> tuple[Side, Side]:
        """Both rows. Raises `NotFound`."""
        async with scoped(self._pool, person) as connection:
            return await _sides(connection, kind, kept, gone)

    async def merge(self, person: Person, kind: str, kept: int, gone: int) -> None:
        """Give all that hangs on one row to the other and remove it. Raises `NotFound`, `TwinsRefused`."""
        async with scoped(self._pool, person) as connection:
            # No import between the look and the merging.
            await connection.execute(IMPORT_SQL["lock"])
            one, other = await _sides(connection, kind, kept, gone)
            await _check(connection, kind, one, other)
            await connection.execute(SQL[f"merge_{kind}"], kept, gone)
            action = AuditAction(f"merged {kind}")
            await audit(
                connection,
                action,
                person=person,
                subject=KINDS[kind],
                subject_id=kept,
                details={"gone": gone, "tickets": other.tickets},
            )


TWINS = web.AppKey("twins", Twins)


async def _sides(connection: Connection, kind: str, kept: int, gone: int) -> tuple[Side, Side]:
    rows = [await connection.fetchrow(SQL[kind], row) for row in (kept, gone)]
    if kept == gone or None in rows:
        raise NotFound
    one, other = (Side(**row) for row in rows if row is not None)
    return one, other


async def _check(connection: Connection, kind: str, one: Side, other: Side) -> None:
    if kind == "resident":
        if one.premises_id != other.premises_id:
            raise TwinsRefused("apart")
        return
    if kind == "premises" and one.house_id != other.house_id:
        raise TwinsRefused("apart")
    houses = [one.id, other.id] if kind == "house" else [one.house_id]
    # Numbers of tickets are kept for their flats, and announcements name them.
    if await connection.fetchval(SQL["outages_now"], houses):
        raise TwinsRefused("outage")


async def near_twins(connection: Connection) -> list[NearTwin]:
    """The houses and residents that this import has added beside some that are like them; houses first."""
    people = await connection.fetch(IMPORT_SQL["fresh_residents"], MOST_COMPARED)
    return (
        await _near_fresh_houses(connection)
        + [
            NearTwin(row["line"], f"{address_of(row)}, {row['flat']}: {row['name']}", row["other"])
            for row in people
            if same_person(row["name"], row["other"])
        ][:MOST_SHOWN]
    )


async def _near_fresh_houses(connection: Connection) -> list[NearTwin]:
    fresh = await connection.fetch(IMPORT_SQL["fresh_houses"])
    if not fresh:
        return []
    towns, numbers = ({row[key] for row in fresh} for key in ("town_key", "loose_key"))
    neighbours = await connection.fetch(IMPORT_SQL["neighbours"], list(towns), list(numbers))
    lines = {row["id"]: row["line"] for row in fresh}
    found = []
    for (one, address), (other, other_address) in await asyncio.to_thread(_near_houses, neighbours, set(lines)):
        if other in lines:
            one, address, other, other_address = other, other_address, one, address
        found.append(NearTwin(lines[one], address, other_address))
    return sorted(found, key=lambda twin: twin.line)


def _near_houses(
    rows: Iterable[asyncpg.Record], only: set[int] | None = None
) -> list[tuple[tuple[int, str], tuple[int, str]]]:
    """Pairs of houses of one town and one number whose streets are alike. `only`: pairs with one of these."""
    near: dict[tuple[str, str, str], list[asyncpg.Record]] = defaultdict(list)
    found: dict[tuple[int, int], tuple[tuple[int, str], tuple[int, str]]] = {}
    for row in rows:
        for form in alike(row["street_key"]):
            same = near[row["town_key"], row["loose_key"], form]
            for other in same:
                if only is None or row["id"] in only or other["id"] in only:
                    sides = ((other["id"], address_of(other)), (row["id"], address_of(row)))
                    found.setdefault((other["id"], row["id"]), sides)
            same.append(row)
        if len(found) >= MOST_SHOWN:
            break
    return list(found.values())


def address_of(row: asyncpg.Record) -> str:
    """A house's address."""
    return f"{row['city']}, {row['street']}, {row['building']}"
