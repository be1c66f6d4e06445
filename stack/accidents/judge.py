"""What became of the callers of accidents: by the journal, and by the recordings in the store."""

import asyncio
import hashlib
import io
import wave
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
import numpy as np
from minio import Minio

from callcenter.domain.recording import RecordingState
from stack.objects import read_original

_CALLS = """
select c.caller, count(distinct c.id) as calls, count(t.id) as tickets
from calls c left join tickets t on t.call_id = c.id where c.arrived_at >= $1 and c.caller = any($2) group by c.caller
"""
_PARTS = """
select c.caller, k.recording, r.state, r.object_key, r.sha256, coalesce(t.call_id = c.id, false) as on_ticket, k.talk_s
from talks k join calls c on c.id = k.call_id left join recordings r on r.name = k.recording
left join tickets t on t.id = r.ticket_id
where c.arrived_at >= $1 and c.caller = any($2) order by k.began_at
"""
SHORT_S = 1.0
"""Of a part that is shorter, not both sides need have said something."""
LOUD = 300
"""Of 16 bits: what is louder is no silence."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a talk. `fault`: why its recording is lost, else empty."""

    caller: str
    fault: str


async def calls_of(pool: asyncpg.Pool, since: datetime, callers: Sequence[str]) -> Mapping[str, tuple[int, int]]:
    """Of each caller how many calls and tickets the journal has."""
    rows = await pool.fetch(_CALLS, since, callers)
    return defaultdict(lambda: (0, 0), {row["caller"]: (row["calls"], row["tickets"]) for row in rows})


async def settled(pool: asyncpg.Pool, since: datetime, callers: Sequence[str]) -> bool:
    """Whether every part has ended and its recording is attached."""
    rows = await pool.fetch(_PARTS, since, callers)
    return all(row["talk_s"] is not None and row["state"] == RecordingState.ATTACHED for row in rows)


async def parts_of(pool: asyncpg.Pool, s3: Mapping[str, Any], since: datetime, callers: Sequence[str]) -> list[Part]:
    """Every part of the talks of these callers; the recordings are read back from the store."""
    store = Minio(s3["endpoint"], s3["access_key"], s3["secret_key"], secure=s3["secure"], region=s3["region"])
    rows = await pool.fetch(_PARTS, since, callers)
    keys = [row["object_key"] for row in rows]
    sounds = [key and await asyncio.to_thread(read_original, store, s3["bucket"], key) for key in keys]
    return [Part(row["caller"], _fault(row, sound or b"")) for row, sound in zip(rows, sounds, strict=True)]


def _fault(row: asyncpg.Record, data: bytes) -> str:
    if row["state"] != RecordingState.ATTACHED or not row["on_ticket"]:
        return f"the recording is {row['state']}, on the ticket: {row['on_ticket']}"
    if hashlib.sha256(data).digest() != row["sha256"]:
        return "the store has another recording, or none"
    if (row["talk_s"] or 0) >= SHORT_S and (silent := _silent(data)):
        return f"nothing is heard of {' and '.join(silent)} in {row['talk_s']:.1f} s"
    return ""


def _silent(data: bytes) -> Iterable[str]:
    with wave.open(io.BytesIO(data)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").reshape(-1, file.getnchannels()).T
    sides = zip(("the operator", "the caller"), samples, strict=True)
    return [side for side, heard in sides if not len(heard) or int(np.abs(heard).max()) < LOUD]
