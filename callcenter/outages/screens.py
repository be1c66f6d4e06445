"""What the board and the operators' pages show of outages: messages made from the rows."""

import json
from collections.abc import Sequence

import asyncpg

from callcenter.domain.outage import OutageState
from callcenter.outages.service import SQL as OUTAGES
from callcenter.push.codec import to_json
from callcenter.push.outage_messages import Evidence, OutageFiguresMessage, OutageFiguresRow, OutageRow, OutagesMessage
from callcenter.push.shapes import Shown
from callcenter.storage import queries

SQL = queries("outage_watch")
MOST_ROWS = 25
# A notification of PostgreSQL has 8,000 bytes at most, with the envelope.
MOST_BYTES = 7_500
LONGEST_WORD = 100


async def parts(connection: asyncpg.Connection) -> tuple[Shown, Shown]:
    """The outages, and the figures of those that are shown."""
    rows = await connection.fetch(SQL["shown"], MOST_ROWS)
    message = fitting([_row(row) for row in rows], rows[0]["total"] if rows else 0)
    shown = [row.id for row in message.outages if row.state is not OutageState.SUSPECTED]
    counted = await connection.fetch(OUTAGES["figures"], shown) if shown else []
    figures = sorted((_figures(row) for row in counted), key=lambda row: row.id)
    return message, OutageFiguresMessage(figures=tuple(figures))


def fitting(rows: Sequence[OutageRow], total: int) -> OutagesMessage:
    """As many of the rows, from the first, as one message may have. `total`: how many outages there are."""
    for count in range(len(rows), 0, -1):
        message = OutagesMessage(outages=tuple(rows[:count]), not_shown=total - count)
        if len(json.dumps(to_json(message), ensure_ascii=False).encode()) <= MOST_BYTES:
            return message
    return OutagesMessage(outages=(), not_shown=total)


def _row(row: asyncpg.Record) -> OutageRow:
    found = row["evidence"]
    addresses = tuple(address[:LONGEST_WORD] for address in row["addresses"])
    return OutageRow(
        id=row["id"],
        state=OutageState(row["state"]),
        kind=row["kind"],
        company_id=row["company_id"],
        company=row["company"][:LONGEST_WORD],
        zone=row["zone"],
        addresses=addresses,
        more_houses=row["houses"] - len(addresses),
        since=row["since"],
        until=row["until"],
        unspoken=row["unspoken"],
        evidence=None
        if found is None
        else Evidence(
            calls=found["calls"], flats=found["flats"], seconds=found["seconds"], usual=float(found["usual"])
        ),
    )


def _figures(row: asyncpg.Record) -> OutageFiguresRow:
    return OutageFiguresRow(
        id=row["outage_id"],
        calls=row["calls"],
        hearing=row["hearing"],
        helped=row["helped"],
        waiting=row["waiting"],
        tickets=row["tickets"],
    )
