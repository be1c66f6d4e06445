"""The startup state of a node: its operators, its open calls, how far the ledger was read."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

import asyncpg

from callcenter.domain.announcement import Announcement
from callcenter.domain.call import Call, CallState, Direction, Outcome
from callcenter.domain.events import Presence, PresenceReason
from callcenter.domain.ids import CallId, Interface, NodeName, OperatorId, QueueName
from callcenter.domain.operator import Operator
from callcenter.domain.recording import RecordingName
from callcenter.domain.talk import Party, Talk, TalkKind
from callcenter.storage import queries

SQL = queries("calls")
PRESENCE = queries("presence")

T = TypeVar("T")


async def queue_names(pool: asyncpg.Pool) -> list[QueueName]:
    """Every queue that a screen may show: of each company number, and of those that were removed since."""
    return [QueueName(row["number"]) for row in await pool.fetch(SQL["queue_names"])]


async def operators(pool: asyncpg.Pool | asyncpg.Connection, node: NodeName) -> list[Operator]:
    """Everyone with a telephone at this node. Whether it can be reached is not known until Asterisk reports it."""
    return [
        Operator(
            id=OperatorId(row["id"]),
            interface=Interface(row["interface"]),
            wanted=Presence(row["wanted"]),
            since=row["since"],
            reason=_maybe(PresenceReason, row["reason"]),
            pause=row["pause"],
            phone_reachable=False,
        )
        for row in await pool.fetch(PRESENCE["wanted"], node)
    ]


async def calls(pool: asyncpg.Pool, node: NodeName) -> list[Call]:
    """The node's open calls, and those that ended recently, oldest first."""
    rows = await pool.fetch(SQL["remembered_calls"], node)
    ids = [row["id"] for row in rows]
    talks: dict[str, list[Talk]] = {}
    for row in await pool.fetch(SQL["remembered_talks"], ids):
        talks.setdefault(row["call_id"], []).append(_talk(row))
    told: dict[str, list[Announcement]] = {}
    for row in await pool.fetch(SQL["remembered_announcements"], ids):
        told.setdefault(row["call_id"], []).append(_announcement(row))
    found = (_call(row, tuple(talks.get(row["id"], ())), tuple(told.get(row["id"], ()))) for row in rows)
    return sorted(found, key=lambda call: call.arrived_at)


async def checkpoint(pool: asyncpg.Pool, node: NodeName) -> tuple[int, int, str, datetime | None] | None:
    """How far the ledger's events are stored, as `LedgerRead` has it: inode, offset, line, line_at; None for a new node."""
    row = await pool.fetchrow(SQL["checkpoint"], node)
    if row is None or row["ledger_inode"] is None:
        return None
    return row["ledger_inode"], row["ledger_offset"], row["ledger_line"], row["ledger_line_at"]


def _call(row: asyncpg.Record, talks: tuple[Talk, ...], announcements: tuple[Announcement, ...]) -> Call:
    return Call(
        id=CallId(row["id"]),
        direction=Direction(row["direction"]),
        state=CallState(row["state"]),
        did=row["did"],
        caller=row["caller"],
        queue=_maybe(QueueName, row["queue"]),
        talks=talks,
        announcements=announcements,
        keys=row["keys"],
        told_at=row["told_at"],
        returns=tuple(row["returns"]),
        decided_outcome=_maybe(Outcome, row["fate"]),
        arrived_at=row["arrived_at"],
        queued_at=row["queued_at"],
        left_at=row["left_at"],
        ended_at=row["ended_at"],
        rings=row["rings"],
        hangup_cause=row["hangup_cause"],
        rebuilt=row["rebuilt"],
    )


def _announcement(row: asyncpg.Record) -> Announcement:
    return Announcement(
        outage=row["outage_id"],
        number=row["number"],
        began_at=row["began_at"],
        ended_at=row["ended_at"],
        whole=row["whole"],
    )


def _talk(row: asyncpg.Record) -> Talk:
    return Talk(
        recording=RecordingName.parse(row["recording"]),
        kind=TalkKind(row["kind"]),
        operator=Interface(row["interface"]),
        began_at=row["began_at"],
        ended_at=row["ended_at"],
        by=_maybe(Party, row["ended_by"]),
        channel=row["channel"],
    )


def _maybe(make: Callable[[str], T], text: str | None) -> T | None:
    return None if text is None else make(text)
