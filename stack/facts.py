"""Facts of one surge from PostgreSQL and the store, read by the load tool on its own."""

import asyncio
import hashlib
import io
import time
import wave
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import asyncpg
import urllib3
from minio import Minio

from stack.errors import StackError
from stack.judge import JudgedCall, JudgedRecording
from stack.objects import read_original

READERS = 4
BACK_WITHIN_S = 60.0
RETRY_S = 0.5

_CALLS = """
select c.id, c.caller, c.state, c.outcome, o.endpoint, c.queued_at is not null as queued, c.wait_s,
       (select count(*) from tickets t where t.call_id = c.id) as tickets
from calls c left join operators o on o.id = c.operator_id
where c.arrived_at >= $1 and c.caller = any($2)
"""
_RECORDINGS = """
select r.call_id, r.state, r.sha256, r.object_key, coalesce(t.call_id = r.call_id, false) as on_ticket,
       coalesce(o.endpoint, '') as endpoint, coalesce(extract(epoch from k.began_at), 0)::float8 as began
from recordings r join calls c on c.id = r.call_id left join tickets t on t.id = r.ticket_id
left join talks k on k.recording = r.name and k.call_id = r.call_id left join operators o on o.id = k.operator_id
where c.arrived_at >= $1 and c.caller = any($2)
"""
_LAG = """
select extract(epoch from e.seen_at - e.at)::float8 * 1000 as ms
from call_events e join calls c on c.id = e.call_id
where e.source = 'live' and c.arrived_at >= $1 and c.caller = any($2)
"""
_PROGRESS = """
with mine as materialized (select id, state, outcome from calls where arrived_at >= $1 and caller = any($2))
select count(*) filter (where state = 'ended') as ended,
       count(*) filter (where outcome = 'answered') as answered,
       (select count(*) from talks k join mine on mine.id = k.call_id) as talks,
       (select count(*) from recordings r join mine on mine.id = r.call_id
        where r.state in ('stored', 'verified', 'attached')) as stored,
       (select count(*) from recordings r join mine on mine.id = r.call_id where r.state = 'attached') as attached
from mine
"""


class Facts:
    """The journal's rows of one surge: those of `numbers` that began at `since` (seconds since 1970) or later.

    When the database is away, each question waits up to `BACK_WITHIN_S` for it to come back, then raises `StackError`.
    """

    def __init__(self, pool: asyncpg.Pool, numbers: Sequence[str], since: float) -> None:
        self._pool = pool
        self._scope = (datetime.fromtimestamp(since, UTC), list(numbers))

    async def progress(self) -> Mapping[str, int]:
        """Counts: calls ended, and of those answered; talks, recordings stored and attached."""
        return dict((await self._fetch(_PROGRESS))[0])

    async def calls(self) -> list[JudgedCall]:
        """Every call."""
        return [JudgedCall(**row) for row in await self._fetch(_CALLS)]

    async def lags_ms(self) -> list[float]:
        """For each event seen live, how much later than Asterisk's time the service processed it."""
        return sorted(row["ms"] for row in await self._fetch(_LAG))

    async def recordings(self, s3: Mapping[str, Any]) -> list[JudgedRecording]:
        """Every recording, its object read back from the store."""
        rows = await self._fetch(_RECORDINGS)
        pool = urllib3.PoolManager(maxsize=READERS, timeout=urllib3.Timeout(connect=3, read=30), retries=2)
        client = Minio(
            s3["endpoint"],
            access_key=s3["access_key"],
            secret_key=s3["secret_key"],
            secure=s3["secure"],
            region=s3["region"],
            http_client=pool,
        )

        def look(row: asyncpg.Record) -> JudgedRecording:
            key = row["object_key"]
            data = (read_original(client, s3["bucket"], key) if key else None) or b""
            return JudgedRecording(
                call_id=row["call_id"],
                state=row["state"],
                on_ticket=row["on_ticket"],
                intact=row["sha256"] == hashlib.sha256(data).digest(),
                seconds=_seconds(data),
                endpoint=row["endpoint"],
                began=row["began"],
            )

        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(READERS) as readers:
            return list(await asyncio.gather(*(loop.run_in_executor(readers, look, row) for row in rows)))

    async def _fetch(self, statement: str) -> list[asyncpg.Record]:
        deadline = time.monotonic() + BACK_WITHIN_S
        while True:
            try:
                return list(await self._pool.fetch(statement, *self._scope))
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as problem:
                if time.monotonic() > deadline:
                    raise StackError(f"the database does not become available: {problem}") from None
                await asyncio.sleep(RETRY_S)


def _seconds(data: bytes) -> float:
    """Seconds of audio in a WAV; 0 when it is not a WAV."""
    try:
        with wave.open(io.BytesIO(data)) as file:
            return float(file.getnframes() / file.getframerate())
    except (wave.Error, EOFError):
        return 0.0
