"""What calls now, and what usually calls, read from PostgreSQL for the detector."""

import asyncio
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import asyncpg

from callcenter.outages.detection.detector import Arrival
from callcenter.outages.detection.pattern import MOST_AN_HOUR, CategoryCount, HourCount, House, Pattern
from callcenter.storage import queries

SQL = queries("outage_watch")
REPLAY = timedelta(hours=1)
# A call is written within a moment; what a node learns of later from its ledger may be minutes old.
OVERLAP = timedelta(seconds=20)
LOOK_BACK = timedelta(minutes=10)
LOOK_BACK_EVERY = timedelta(seconds=15)


async def usual(connection: asyncpg.Connection) -> Pattern:
    """The pattern of the last four weeks."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        zone = ZoneInfo(await connection.fetchval(SQL["zone"]))
        houses = [House(**row) for row in await connection.fetch(SQL["houses"])]
        hours = [HourCount(**row) for row in await connection.fetch(SQL["hours"], str(zone), MOST_AN_HOUR)]
        categories = [CategoryCount(**row) for row in await connection.fetch(SQL["categories"])]
    return await asyncio.to_thread(Pattern, zone, houses, hours, categories)


class Arrivals:
    """Reads each call, and each ticket with its category and house, once; at first those of the last hour."""

    def __init__(self) -> None:
        self._seen: dict[tuple[object, ...], datetime] = {}
        self._read_to: datetime | None = None
        self._looked_back_at: datetime | None = None

    async def new(self, connection: asyncpg.Connection, now: datetime) -> list[Arrival]:
        """What came since the last time, in order."""
        since = self._since(now)
        calls = [(("call", row["id"]), row) for row in await connection.fetch(SQL["calls"], since)]
        tickets = [
            (("ticket", row["id"], row["category"], row["house"]), row)
            for row in await connection.fetch(SQL["tickets"], now - REPLAY)
        ]
        fresh = sorted(
            ((key, row) for key, row in (*calls, *tickets) if key not in self._seen), key=lambda each: each[1]["at"]
        )
        self._seen.update((key, row["at"]) for key, row in fresh)
        self._read_to = now
        return [_arrival(row) for _, row in fresh]

    def _since(self, now: datetime) -> datetime:
        if self._read_to is None:
            return now - REPLAY
        since = self._read_to - OVERLAP
        if self._looked_back_at is None or self._looked_back_at < now - LOOK_BACK_EVERY:
            self._looked_back_at = now
            since -= LOOK_BACK
            oldest = now - 2 * REPLAY
            self._seen = {key: at for key, at in self._seen.items() if at >= oldest}
        return max(since, now - REPLAY)


def _arrival(row: asyncpg.Record) -> Arrival:
    is_ticket = "category" in row
    return Arrival(
        at=row["at"],
        company=row["company"],
        caller=row["caller"] or None,
        house=row["house"],
        street=row["street"] if row["house"] is not None else None,
        flat=None if row["flat"] is None else str(row["flat"]),
        category=row["category"] if is_ticket else None,
        emergency=is_ticket and row["emergency"],
    )
