"""A ledger, a spool and a store for each test; the store is the real one, or one in memory that behaves alike."""

import hashlib
import itertools
import struct
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from pydantic import SecretStr

from callcenter.domain.ids import NodeName
from callcenter.errors import ObjectMissing, StoreError
from callcenter.recordings.archive import Archive
from callcenter.recordings.originals import open_original
from callcenter.recordings.packing import Packer
from callcenter.recordings.spool import Spool
from callcenter.recordings.store import Store, StoredObject
from callcenter.settings import DatabaseSettings, S3Settings
from callcenter.storage import open_pool
from tests.conftest import emptied

RATE = 8000
NODE = NodeName("node1")
_numbers = itertools.count(1)


def wav(seconds: float, *, data_size: int | None = None, riff_size: int | None = None, tail: bytes = b"") -> bytes:
    """A recording as Asterisk writes it; the sizes in its header are right unless given."""
    audio = bytes(i * 37 % 251 for i in range(int(seconds * RATE) * 2))
    data_size = len(audio) if data_size is None else data_size
    riff_size = 36 + len(audio) + len(tail) if riff_size is None else riff_size
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, RATE, RATE * 2, 2, 16)
    head = struct.pack("<4sI4s", b"RIFF", riff_size, b"WAVE") + form + struct.pack("<4sI", b"data", data_size)
    return head + audio + tail


class MemoryStore:
    """What `Store` does, without a server. `down` makes it behave like a store that cannot be reached."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.bucket = False
        self.down = False

    async def ensure_bucket(self) -> None:
        self._reach()
        self.bucket = True

    async def put(
        self,
        key: str,
        path: Path,
        sha256: bytes,
        media_type: str = "audio/wav",
        *,
        retain_until: datetime | None = None,
    ) -> StoredObject:
        self._need_bucket()
        self.objects[key] = path.read_bytes()
        return StoredObject()

    async def versions(self, key: str) -> list[str | None]:
        self._need_bucket()
        return [None] if key in self.objects else []

    async def digest(self, key: str, version: str | None = None) -> tuple[bytes, int]:
        data = self._object(key)
        return hashlib.sha256(data).digest(), len(data)

    async def open(
        self, key: str, offset: int = 0, length: int = 0, version: str | None = None
    ) -> AsyncIterator[bytes]:
        data = self._object(key)
        yield data[offset : offset + length if length else None]

    async def listed(self, prefix: str) -> AsyncIterator[tuple[str, str | None]]:
        self._need_bucket()
        for key in sorted(self.objects):
            if key.startswith(prefix):
                yield key, None

    async def remove(self, key: str, version: str | None = None) -> None:
        self._need_bucket()
        self.objects.pop(key, None)

    async def check(self) -> None:
        self._need_bucket()

    def close(self) -> None:
        self.down = True

    def _object(self, key: str) -> bytes:
        self._need_bucket()
        if key not in self.objects:
            raise ObjectMissing(f"object {key} is not there")
        return self.objects[key]

    def _need_bucket(self) -> None:
        self._reach()
        if not self.bucket:
            raise StoreError("bucket does not exist: make it, or start callcenter")

    def _reach(self) -> None:
        if self.down:
            raise StoreError("no S3 store can be reached: start it")


@dataclass
class Ledger:
    """The database as the rest of the program fills it."""

    pool: asyncpg.Pool

    async def call(
        self, *, talk_s: float | None = 2.0, ended_ago_s: float | None = 0.0, ticket: bool = True, company: bool = True
    ) -> tuple[str, str]:
        """An answered call and its ticket; returns the call's id and its recording's name."""
        call, name = new_name()
        await self.write(call, name, talk_s=talk_s, ended_ago_s=ended_ago_s, ticket=ticket, company=company)
        return call, name

    async def write(
        self,
        call: str,
        name: str,
        *,
        talk_s: float | None = 2.0,
        ended_ago_s: float | None = 0.0,
        ticket: bool = True,
        company: bool = True,
    ) -> None:
        now = datetime.now(UTC)
        ended = None if ended_ago_s is None else now - timedelta(seconds=ended_ago_s)
        async with self.pool.acquire() as connection, connection.transaction():
            await connection.execute("insert into nodes (name) values ($1) on conflict do nothing", NODE)
            company_id = await connection.fetchval(
                "insert into companies (name) values ('УК') on conflict (name) do update set name = 'УК' returning id"
            )
            await connection.execute(
                "insert into calls (id, node, company_id, did, caller, state, outcome, arrived_at, ended_at, talk_s,"
                " recording) values ($1, $2, $3, '74951234567', '', $4, $5, $6, $7, $8, $9)",
                call,
                NODE,
                company_id if company else None,
                "talking" if ended is None else "ended",
                None if ended is None else "answered",
                now - timedelta(hours=1),
                ended,
                talk_s,
                name,
            )
        if ticket:
            await self.ticket(call)

    async def ticket(self, call: str) -> int:
        """Open the call's ticket and return its id."""
        ticket: int = await self.pool.fetchval(
            "insert into tickets (company_id, number, call_id, caller, opened_at) "
            "select (select min(id) from companies), count(*) + 1, $1, '', now() from tickets returning id",
            call,
        )
        return ticket

    async def expect(self, call: str, name: str) -> None:
        await self.pool.execute(
            "insert into recordings (name, node, call_id, state, expected_at) values ($1, $2, $3, 'expected', now())",
            name,
            NODE,
            call,
        )

    async def recordings(self) -> list[asyncpg.Record]:
        return list(await self.pool.fetch("select * from recordings order by id"))

    async def only(self) -> asyncpg.Record:
        (row,) = await self.recordings()
        return row


def new_name() -> tuple[str, str]:
    number = next(_numbers)
    call = f"{NODE}-1763838000.{number}"
    return call, f"{call}_{call}_1763838{number:03d}"


@dataclass
class Bench:
    """Everything that one test of the archive needs."""

    ledger: Ledger
    root: Path
    store: Any
    attached: list[float] = field(default_factory=list)
    flac: bool = False

    def archive(
        self, *, store: Any = None, pool: Any = None, patience_s: float = 60.0, uploads: int = 2, settle_s: float = 0.0
    ) -> Archive:
        return Archive(
            pool or self.ledger.pool,
            store or self.store,
            Spool(self.root),
            NODE,
            uploads,
            packer=Packer(self.root / "packing" if self.flac else None),
            on_attached=lambda: self.attached.append(time.monotonic()),
            patience_s=patience_s,
            settle_s=settle_s,
        )

    async def pass_once(self, archive: Archive | None = None) -> list[bool]:
        """What the running archive does with everything that is in the spool now."""
        archive = archive or self.archive()
        return [await archive.archive(file) for file in Spool(self.root).ready()]

    def put(self, name: str, data: bytes) -> Path:
        path = self.root / "ready" / f"{name}.wav"
        path.write_bytes(data)
        return path

    def on_disk(self) -> list[str]:
        return sorted(path.name for path in (self.root / "ready").iterdir())

    async def original(self, row: asyncpg.Record) -> bytes:
        pieces = open_original(self.store, row["object_key"], version=row["version_id"])
        return b"".join([piece async for piece in pieces])

    async def content(self, key: str, version: str | None = None) -> bytes:
        return b"".join([chunk async for chunk in self.store.open(key, version=version)])


@pytest.fixture
async def ledger(database_url: str) -> AsyncIterator[Ledger]:
    pool = await open_pool(DatabaseSettings(url=SecretStr(database_url), pool_size=4))
    try:
        await pool.execute(emptied("recordings", "tickets", "calls"))
        yield Ledger(pool)
    finally:
        await pool.close()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("rec", "ready"):
        (tmp_path / name).mkdir()
    return tmp_path


@pytest.fixture
def bucket(s3: S3Settings) -> S3Settings:
    """Settings that name a bucket of this test's own; it does not exist yet."""
    return s3.model_copy(update={"bucket": f"test-{uuid4().hex[:12]}"})


@pytest.fixture(params=["memory", "seaweedfs"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Any]:
    """Both stores in turn, so that the one in memory is held to what the real one does."""
    if request.param == "memory":
        yield MemoryStore()
        return
    real = Store(request.getfixturevalue("bucket"))
    yield real
    real.close()


@pytest.fixture
async def bench(ledger: Ledger, root: Path, store: Any) -> Bench:
    await store.ensure_bucket()
    return Bench(ledger, root, store)
