"""Houses that are probably one and are in the directory twice."""

from collections import defaultdict
from dataclasses import dataclass

import asyncpg

from callcenter.addresses.likeness import alike
from callcenter.common.scope import Connection
from callcenter.storage import queries

SQL = queries("directory_import")
MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class NearTwin:
    """A new house of a sheet's line that may be `other`: both as addresses."""

    line: int
    address: str
    other: str


async def near_twins(connection: Connection) -> list[NearTwin]:
    """The houses that this import has added beside some that are like them."""
    fresh = await connection.fetch(SQL["fresh_houses"])
    if not fresh:
        return []
    towns, numbers = ({row[key] for row in fresh} for key in ("town_key", "loose_key"))
    near: dict[tuple[str, str, str], list[asyncpg.Record]] = defaultdict(list)
    for row in await connection.fetch(SQL["neighbours"], list(towns), list(numbers)):
        for form in alike(row["street_key"]):
            near[row["town_key"], row["loose_key"], form].append(row)
    found: dict[tuple[int, int], NearTwin] = {}
    for row in fresh:
        for form in sorted(alike(row["street_key"])):
            for other in near[row["town_key"], row["loose_key"], form]:
                pair = (min(row["id"], other["id"]), max(row["id"], other["id"]))
                if row["id"] != other["id"] and pair not in found:
                    found[pair] = NearTwin(row["line"], address_of(row), address_of(other))
        if len(found) >= MOST_SHOWN:
            break
    return list(found.values())[:MOST_SHOWN]


def address_of(row: asyncpg.Record) -> str:
    """A house's address."""
    return f"{row['city']}, {row['street']}, {row['building']}"
