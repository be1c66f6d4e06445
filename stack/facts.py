"""Facts of one surge from PostgreSQL and the store, read by the load tool on its own."""

import asyncio
import hashlib
import io
import random
import wave
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import asyncpg
import urllib3
from minio import Minio
from minio.error import S3Error

from stack.errors import StackError
from stack.judge import Call, Recording

READERS = 4
KNOWN_SHARE = 0.75

_CALLS = """
select c.id, c.caller, c.state, c.outcome, o.endpoint, c.queued_at is not null as queued, c.wait_s,
       (select count(*) from tickets t where t.call_id = c.id) as tickets
from calls c left join operators o on o.id = c.operator_id
where c.arrived_at >= $1 and c.caller = any($2)
"""
_RECORDINGS = """
select r.call_id, r.state, r.sha256, r.object_key, coalesce(t.call_id = r.call_id, false) as on_ticket
from recordings r join calls c on c.id = r.call_id left join tickets t on t.id = r.ticket_id
where c.arrived_at >= $1 and c.caller = any($2)
"""
_LAG = """
select extract(epoch from e.seen_at - e.at)::float8 * 1000 as ms
from call_events e join calls c on c.id = e.call_id
where e.source = 'live' and c.arrived_at >= $1 and c.caller = any($2)
"""
_PROGRESS = """
select count(*) filter (where c.state <> 'ended') as open,
       count(*) filter (where c.outcome = 'answered') as answered,
       (select count(*) from recordings r join calls d on d.id = r.call_id
        where r.state in ('stored', 'verified', 'attached') and d.arrived_at >= $1 and d.caller = any($2)) as stored,
       (select count(*) from recordings r join calls d on d.id = r.call_id
        where r.state = 'attached' and d.arrived_at >= $1 and d.caller = any($2)) as attached
from calls c where c.arrived_at >= $1 and c.caller = any($2)
"""
_DID = """
select n.number, n.company_id from numbers n left join houses h using (company_id) left join premises p on p.house_id = h.id
group by n.number, n.company_id order by count(p.id) desc, n.number limit 1
"""
_PHONES = """
select distinct t.phone from resident_phones t join residents r on r.id = t.resident_id
join premises p on p.id = r.premises_id join houses h on h.id = p.house_id where h.company_id = $1
"""


class Facts:
    """The journal's rows of one surge: those of `numbers` that began at `since` (seconds since 1970) or later."""

    def __init__(self, connection: asyncpg.Connection, numbers: Sequence[str], since: float) -> None:
        self._connection = connection
        self._scope = (datetime.fromtimestamp(since, UTC), list(numbers))

    async def progress(self) -> Mapping[str, int]:
        """How many calls are open and answered, how many recordings stored and attached."""
        row = await self._connection.fetchrow(_PROGRESS, *self._scope)
        assert row is not None
        return dict(row)

    async def calls(self) -> list[Call]:
        """Every call."""
        return [Call(**row) for row in await self._connection.fetch(_CALLS, *self._scope)]

    async def lags_ms(self) -> list[float]:
        """For each event seen live, how much later than Asterisk's time the service saw it."""
        return sorted(row["ms"] for row in await self._connection.fetch(_LAG, *self._scope))

    async def recordings(self, s3: Mapping[str, Any]) -> list[Recording]:
        """Every recording, its object read back from the store."""
        rows = await self._connection.fetch(_RECORDINGS, *self._scope)
        pool = urllib3.PoolManager(maxsize=READERS, timeout=urllib3.Timeout(connect=3, read=30), retries=2)
        client = Minio(
            s3["endpoint"],
            access_key=s3["access_key"],
            secret_key=s3["secret_key"],
            secure=s3["secure"],
            region=s3["region"],
            http_client=pool,
        )

        def look(row: asyncpg.Record) -> Recording:
            data = _read(client, s3["bucket"], row["object_key"]) if row["object_key"] else b""
            return Recording(
                call_id=row["call_id"],
                state=row["state"],
                on_ticket=row["on_ticket"],
                intact=row["sha256"] == hashlib.sha256(data).digest(),
                seconds=_seconds(data),
            )

        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(READERS) as readers:
            return list(await asyncio.gather(*(loop.run_in_executor(readers, look, row) for row in rows)))


async def cast_callers(connection: asyncpg.Connection, count: int, chance: random.Random) -> tuple[str, list[str]]:
    """The number of the company with the most flats, and who calls it: three quarters its residents, all different."""
    company = await connection.fetchrow(_DID)
    if company is None:
        raise StackError("no company has a number; `make up` fills in a demonstration company")
    known = sorted(row["phone"] for row in await connection.fetch(_PHONES, company["company_id"]))
    numbers = chance.sample(known, min(len(known), round(count * KNOWN_SHARE)))
    strangers = {f"+7999{number:07}" for number in chance.sample(range(10**7), count - len(numbers))} - set(known)
    numbers += sorted(strangers)
    chance.shuffle(numbers)
    return company["number"], numbers


def _read(client: Minio, bucket: str, key: str) -> bytes:
    try:
        answer = client.get_object(bucket_name=bucket, object_name=key)
    except (S3Error, urllib3.exceptions.HTTPError):
        return b""
    try:
        return bytes(answer.read())
    finally:
        answer.release_conn()


def _seconds(data: bytes) -> float:
    """The length of the audio in a WAV; 0 when it is none."""
    try:
        with wave.open(io.BytesIO(data)) as file:
            return float(file.getnframes() / file.getframerate())
    except (wave.Error, EOFError):
        return 0.0
