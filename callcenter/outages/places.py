"""Where an outage is, and the ticket numbers kept for the flats there. Everything works inside the caller's transaction."""

from callcenter.common.scope import Connection
from callcenter.outages.outage import BadOutage, PlaceEdit
from callcenter.storage import queries

SQL = queries("outages")
LEAST_SPARE = 300
"""Ticket numbers kept for callers whose flat is not known, at least; as many as there are flats, if those are more."""


async def put_places(connection: Connection, outage_id: int, company: int, places: tuple[PlaceEdit, ...]) -> None:
    """Let the outage be in these houses, and no others. Raises `BadOutage`, `BadFlats`."""
    houses = [place.house_id for place in places]
    if len(set(houses)) != len(houses) or not houses:
        raise BadOutage("twice" if houses else "missing", "places")
    known = {row["id"] for row in await connection.fetch(SQL["houses_of"], houses, company)}
    if known != set(houses):
        raise BadOutage("unknown", "places")
    rows = [(outage_id, each.house_id, list(each.place.entrances), each.flats, each.riser) for each in places]
    await connection.execute(SQL["remove_places"], outage_id, houses)
    await connection.executemany(SQL["add_place"], rows)


async def reserve_numbers(connection: Connection, company: int, outage_id: int) -> None:
    """Keep a ticket number for each flat that is in it and has none yet, and as many for callers whose flat is not known.

    When it outgrows the latter a longer range takes their place: whoever was told a number keeps it.
    """
    places = {
        row["house_id"]: PlaceEdit(house_id=row["house_id"], entrances=row["entrances"], flats=row["flats"]).place
        for row in await connection.fetch(SQL["places"], [outage_id])
    }
    rows = await connection.fetch(SQL["premises"], list(places))
    affected = [row["id"] for row in rows if places[row["house_id"]].has(row["flat"], row["entrance"])]
    numbered = {row["premises_id"] for row in await connection.fetch(SQL["numbered"], outage_id)}
    if fresh := [premises for premises in affected if premises not in numbered]:
        first = await connection.fetchval(SQL["draw_numbers"], company, len(fresh))
        await connection.execute(SQL["number_flats"], outage_id, first, fresh)
    spare = max(LEAST_SPARE, len(affected))
    if spare > await connection.fetchval(SQL["spare_count"], outage_id):
        first = await connection.fetchval(SQL["draw_numbers"], company, spare)
        await connection.execute(SQL["spare"], outage_id, first, first + spare)
