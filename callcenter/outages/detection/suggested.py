"""Suggestions of the detector as rows: suspected outages, one for each place, with their evidence."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import asyncpg
import structlog

from callcenter.domain.outage import OVER, OutageState
from callcenter.outages.detection.detector import QUIET_S, Detector, Suggestion, place_of
from callcenter.outages.detection.pattern import Level, Place
from callcenter.storage import queries

log = structlog.get_logger()

SQL = queries("outage_watch")
DISMISSED = timedelta(hours=2)
"""So long nothing is suggested of a place of which somebody said that it has no outage."""
AFTERWARDS = timedelta(minutes=30)
"""So long those of an outage that is over still call about it."""


async def tell_known(connection: asyncpg.Connection, detector: Detector, now: datetime) -> dict[Place, int]:
    """Tell the detector of what nothing is to be suggested; the suspected outages that there are, by their place."""
    suspected: dict[Place, int] = {}
    for row in await connection.fetch(SQL["known"], DISMISSED):
        place = None if row["suggested_as"] is None else place_of(row["suggested_as"])
        state = OutageState(row["state"])
        if state is OutageState.SUSPECTED:
            if place is not None:
                suspected[place] = row["id"]
        elif row["dismissed"] and place is not None:
            detector.quiet(place, row["finished_at"] + DISMISSED)
        elif state is not OutageState.CANCELLED or row["dismissed"]:
            until = (row["finished_at"] if state in OVER else now) + AFTERWARDS
            # A street of which ten houses are known to be out may have an eleventh.
            if place is not None:
                detector.quiet(place, until)
            for house in row["houses"]:
                detector.known(Place(Level.HOUSE, row["company"], house), until)
    return suspected


async def keep(
    connection: asyncpg.Connection, suspected: dict[Place, int], suggestions: Iterable[Suggestion], now: datetime
) -> None:
    """Write the suggestions: new outages, or more evidence for those that are suspected already.

    One of which nobody has called for an hour at `now` is not written: it was, before the program started.
    """
    newest = {suggestion.place: suggestion for suggestion in suggestions}
    for place, suggestion in newest.items():
        if suggestion.last_at < now - timedelta(seconds=QUIET_S):
            continue
        async with connection.transaction():
            outage_id = suspected.get(place)
            if outage_id is None:
                outage_id = await _add(connection, suggestion)
            elif not await connection.fetchval(SQL["grow"], outage_id, suggestion.since, evidence_of(suggestion)):
                continue
            await connection.execute(SQL["suggested_at"], outage_id, [house for house, _ in suggestion.houses])


async def end(connection: asyncpg.Connection) -> None:
    """End the suggestions that are over by themselves."""
    for row in await connection.fetch(SQL["end"], timedelta(seconds=QUIET_S)):
        log.info("suggestion over", outage=row["outage_id"])


async def _add(connection: asyncpg.Connection, suggestion: Suggestion) -> int:
    place = suggestion.place
    evidence = evidence_of(suggestion)
    outage_id: int = await connection.fetchval(
        SQL["suggest"], place.company, suggestion.since, evidence, suggestion.key
    )
    await connection.execute(SQL["note"], outage_id)
    log.info("outage suggested", outage=outage_id, company=place.company, place=place.level, calls=suggestion.calls)
    return outage_id


def evidence_of(suggestion: Suggestion) -> dict[str, object]:
    """As the column `outages.evidence` has it. `seconds`: from the first call to the last."""
    return {
        "calls": suggestion.calls,
        "flats": suggestion.flats,
        "unknown": suggestion.unknown,
        "usual": round(suggestion.usual, 3),
        "seconds": round((suggestion.last_at - suggestion.since).total_seconds()),
        "last_at": suggestion.last_at.isoformat(),
        "category": suggestion.category,
        "probability": suggestion.probability,
    }
