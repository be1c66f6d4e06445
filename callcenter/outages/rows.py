"""An outage's rows: read, and its history. Everything here works inside the caller's transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import fields

import asyncpg

from callcenter.common.scope import Connection
from callcenter.domain.outage import OutageEventKind, OutageState
from callcenter.domain.person import Person
from callcenter.outages.outage import NoOutage, Outage, OutageEvent, OutageFigures, PlaceView
from callcenter.storage import queries

SQL = queries("outages")
_FIGURES = [each.name for each in fields(OutageFigures)]
_SAME_NAME = [
    "id",
    "company_id",
    "company",
    "zone",
    "language",
    "kind",
    "planned",
    "cause",
    "since",
    "until",
    "crew_id",
    "workers",
    "message",
    "operator_note",
    "incident_id",
    "incident_number",
    "opened_at",
    "version",
    "evidence",
    "recording",
    "recorded_at",
    "unspoken",
]


async def read(
    connection: Connection, person: Person | None, only: Sequence[int] | None = None, *, only_open: bool = False
) -> list[Outage]:
    """The outages that this person may see, newest first: at most 500, or `only` those with these ids."""
    company = None if person is None else person.company_id
    rows = await connection.fetch(SQL["list"], only, only_open, company)
    places: dict[int, list[PlaceView]] = {row["id"]: [] for row in rows}
    for row in await connection.fetch(SQL["places"], list(places)):
        places[row["outage_id"]].append(_place(row))
    return [_outage(row, tuple(places[row["id"]])) for row in rows]


async def one(connection: Connection, person: Person | None, outage_id: int) -> Outage:
    """Raises `NoOutage`."""
    found = await read(connection, person, [outage_id])
    if not found:
        raise NoOutage
    return found[0]


async def read_events(connection: Connection, outage_id: int) -> list[OutageEvent]:
    """What happened to it, oldest first."""
    return [_event(row) for row in await connection.fetch(SQL["events"], outage_id)]


async def read_figures(connection: Connection, outages: Sequence[int]) -> dict[int, OutageFigures]:
    """How many callers each of these outages has, by its id."""
    rows = await connection.fetch(SQL["figures"], outages)
    counted = {row["outage_id"]: OutageFigures(**{name: row[name] for name in _FIGURES}) for row in rows}
    return {outage: counted.get(outage, OutageFigures()) for outage in outages}


async def note(
    connection: Connection,
    outage_id: int,
    person: Person | None,
    kind: OutageEventKind,
    *,
    states: tuple[OutageState | None, OutageState | None] = (None, None),
    comment: str = "",
    changes: Mapping[str, tuple[object, object]] | None = None,
) -> None:
    """Add an event to the history."""
    who = None if person is None else person.id
    await connection.execute(SQL["note"], outage_id, who, kind, *states, comment, dict(changes or {}))


def _place(row: asyncpg.Record) -> PlaceView:
    address = ", ".join(part for part in (row["city"], row["street"], row["building"]) if part)
    return PlaceView(
        house_id=row["house_id"],
        address=address,
        said=f"{row['street']}, {row['building']}",
        entrances=tuple(row["entrances"]),
        flats=row["flats"],
        riser=row["riser"],
    )


def _outage(row: asyncpg.Record, places: tuple[PlaceView, ...]) -> Outage:
    same = {name: row[name] for name in _SAME_NAME}
    names = {"ru": row["name_ru"] or "", "en": row["name_en"] or ""}
    said = row["said_ru" if row["language"] == "ru" else "said_en"] or ""
    return Outage(**same, names=names, said=said, state=OutageState(row["state"]), places=places)


def _event(row: asyncpg.Record) -> OutageEvent:
    states = {name: None if row[name] is None else OutageState(row[name]) for name in ("from_state", "to_state")}
    kind = OutageEventKind(row["kind"])
    changes = {name: (old, new) for name, (old, new) in row["changes"].items()}
    return OutageEvent(**{**row, **states, "kind": kind, "changes": changes})
