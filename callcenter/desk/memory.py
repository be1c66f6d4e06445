"""What a node must remember when it starts: who works here, which calls are open, how far the ledger was read."""

from collections.abc import Callable
from typing import TypeVar

import asyncpg

from callcenter.desk import presence
from callcenter.domain.call import Call, CallState, Outcome
from callcenter.domain.events import Party
from callcenter.domain.ids import CallId, Interface, NodeName, QueueName, RecordingName
from callcenter.domain.operator import Operator
from callcenter.storage import queries

SQL = queries("calls")

T = TypeVar("T")


async def queue_names(pool: asyncpg.Pool) -> list[QueueName]:
    """Every queue: one for each company number."""
    return [QueueName(row["number"]) for row in await pool.fetch(SQL["queue_names"])]


async def operators(pool: asyncpg.Pool) -> list[Operator]:
    """Everyone with a telephone. Whether it can be reached is not known until Asterisk says so."""
    return [
        Operator(
            id=asked.operator, interface=asked.interface, wanted=asked.wanted, since=asked.at, phone_reachable=False
        )
        for asked in await presence.read(pool)
    ]


async def calls(pool: asyncpg.Pool, node: NodeName) -> list[Call]:
    """The node's open calls, and those that ended lately, oldest first."""
    rows = await pool.fetch(SQL["remembered_calls"], node)
    return sorted((_call(row) for row in rows), key=lambda call: call.arrived_at)


async def checkpoint(pool: asyncpg.Pool, node: NodeName) -> tuple[int, int] | None:
    """The (inode, offset) up to which the ledger's events are stored; None for a new node."""
    row = await pool.fetchrow(SQL["checkpoint"], node)
    return None if row is None or row["ledger_inode"] is None else (row["ledger_inode"], row["ledger_offset"])


def _call(row: asyncpg.Record) -> Call:
    return Call(
        id=CallId(row["id"]),
        state=CallState(row["state"]),
        did=row["did"],
        caller=row["caller"],
        queue=_maybe(QueueName, row["queue"]),
        recording=_maybe(RecordingName, row["recording"]),
        interface=_maybe(Interface, row["interface"]),
        fate=_maybe(Outcome, row["fate"]),
        ended_by=_maybe(Party, row["ended_by"]),
        arrived_at=row["arrived_at"],
        queued_at=row["queued_at"],
        answered_at=row["answered_at"],
        talk_ended_at=row["talk_ended_at"],
        left_at=row["left_at"],
        ended_at=row["ended_at"],
        rings=row["rings"],
        hangup_cause=row["hangup_cause"],
        rebuilt=row["rebuilt"],
    )


def _maybe(make: Callable[[str], T], text: str | None) -> T | None:
    return None if text is None else make(text)
