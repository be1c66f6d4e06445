"""Houses and flats found by what people type; see `callcenter/addresses/query.py` for what that may be."""

from dataclasses import dataclass

import asyncpg

from callcenter.addresses.query import readings
from callcenter.addresses.street import is_street_alone
from callcenter.common.scope import Connection
from callcenter.errors import Refusal, gettext_noop
from callcenter.storage import queries

SQL = queries("search")
# A street rather than a house; too many houses to filter by.
MOST_HOUSES = 100


class NoSuchHouse(Refusal):
    """`few`: no house has such an address; `many`: too many have."""

    text = gettext_noop("No house has such an address, or too many have.")


@dataclass(frozen=True, slots=True)
class FoundHouses:
    """`rows`: houses by address, with the flat in `premises_id` and `flat` where one was named (`flat_named`)."""

    rows: list[asyncpg.Record]
    flat_named: bool = False


async def find_houses(
    connection: Connection, company: int | None, typed: str, limit: int, *, complete: bool = False
) -> FoundHouses:
    """The houses, of one company or of all, that are most probably meant; at most `limit` of them.

    `complete`: it is not being typed at this moment.
    """
    otherwise: FoundHouses | None = None
    for reading in readings(typed, complete=complete):
        asked = (reading.patterns, reading.building, reading.loose, reading.begins, reading.flat)
        rows = await connection.fetch(SQL["houses"], company, *asked, limit)
        # `Мира 7` is no house of the street `Мира Новая` where there is one of the street `Мира`.
        rows = [row for row in rows if reading.names(row["street_key"])] or rows
        streets = [row for row in rows if is_street_alone(row["street_key"])] if reading.street else rows
        if streets:
            return FoundHouses(streets, reading.flat is not None)
        if rows and otherwise is None:
            otherwise = FoundHouses(rows, reading.flat is not None)
    return otherwise or FoundHouses([])


async def houses_at(connection: Connection, company: int | None, address: str) -> list[int]:
    """The ids of the houses at an address, of one company or of all. Raises `NoSuchHouse`."""
    rows = (await find_houses(connection, company, address, MOST_HOUSES + 1, complete=True)).rows
    if not rows:
        raise NoSuchHouse("few")
    if len(rows) > MOST_HOUSES:
        raise NoSuchHouse("many")
    return [row["id"] for row in rows]
