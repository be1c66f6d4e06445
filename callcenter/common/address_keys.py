"""The keys of stored addresses: worked out here for every house and flat that has none yet, whoever wrote it."""

from callcenter.addresses.building import building_key, flat_key, loose_key
from callcenter.addresses.street import street_key, town_key
from callcenter.common.scope import Connection
from callcenter.storage import queries

SQL = queries("search")
AT_ONCE = 2000


async def fill_keys(connection: Connection) -> None:
    """Work out what is missing; nothing is written when nothing is."""
    while houses := await connection.fetch(SQL["houses_without_key"], AT_ONCE):
        keys = [(h["id"], town_key(h["city"]), street_key(h["street"]), building_key(h["building"])) for h in houses]
        ids, towns, streets, buildings = zip(*keys, strict=True)
        await connection.execute(
            SQL["set_house_keys"], ids, towns, streets, buildings, [loose_key(building) for building in buildings]
        )
    while flats := [row["flat"] for row in await connection.fetch(SQL["flats_without_key"], 50 * AT_ONCE)]:
        await connection.execute(SQL["set_flat_keys"], flats, [flat_key(flat) for flat in flats])
