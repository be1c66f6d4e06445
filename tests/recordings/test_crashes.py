"""Killed at any step, or left without store or database: nothing is lost and nothing is doubled."""

import asyncio
import contextlib
import hashlib
import os
import random
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from minio import Minio
from prometheus_client import REGISTRY
from pydantic import SecretStr

from callcenter.recordings.archive import Archive
from callcenter.recordings.originals import read_back
from callcenter.recordings.store import Store
from callcenter.settings import DatabaseSettings, S3Settings
from callcenter.storage import open_pool
from tests.recordings.conftest import Bench, Ledger, MemoryStore, wav
from tests.recordings.gate import Gate, until

pytestmark = pytest.mark.e2e

FILES = 24
KILLS = 4


class Killed(BaseException):
    """What a kill looks like from inside: nothing that comes after it is done."""


class Steps:
    """Counts steps and kills at one of them: before it is done, or when it is done and its answer is lost."""

    def __init__(self, fatal: int, *, done: bool) -> None:
        self.count = 0
        self._fatal = fatal
        self._done = done

    @asynccontextmanager
    async def step(self) -> AsyncIterator[None]:
        self.count += 1
        mine = self.count
        if mine == self._fatal and not self._done:
            raise Killed
        yield
        if mine == self._fatal:
            raise Killed


class Mortal:
    """Something whose methods are steps."""

    def __init__(self, real: Any, steps: Steps) -> None:
        self._real = real
        self._steps = steps

    def __getattr__(self, name: str) -> Any:
        async def step(*args: Any, **options: Any) -> Any:
            async with self._steps.step():
                return await getattr(self._real, name)(*args, **options)

        return step

    async def open(self, *args: Any) -> AsyncIterator[bytes]:
        async with self._steps.step():
            async for piece in self._real.open(*args):
                yield piece

    @asynccontextmanager
    async def acquire(self, **options: Any) -> AsyncIterator[Any]:
        async with self._steps.step(), self._real.acquire(**options) as connection:
            yield connection


@pytest.mark.parametrize("flac", [False, True], ids=["wav", "flac"])
@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
async def test_killed_at_any_step_it_goes_on_where_it_was(bench: Bench, done: bool, flac: bool) -> None:
    bench.flac, killed = flac, 0
    for fatal in range(1, 100):
        call, name = await bench.ledger.call()
        await bench.ledger.expect(call, name)
        bench.put(name, wav(2.0))
        steps = Steps(fatal, done=done)
        mortal = bench.archive(store=Mortal(bench.store, steps), pool=Mortal(bench.ledger.pool, steps))
        with contextlib.suppress(Killed):
            await bench.pass_once(mortal)
            break
        killed += 1
        assert bench.on_disk() == [f"{name}.wav"]
        assert await bench.pass_once() == [True]
    rows = await bench.ledger.recordings()
    assert killed >= 6
    assert len(rows) == killed + 1
    assert len({row["object_key"] for row in rows}) == len(rows)
    assert all((row["state"], row["defect"]) == ("attached", None) and row["ticket_id"] for row in rows)
    for row in rows:
        assert hashlib.sha256(await bench.original(row)).digest() == row["sha256"]
        assert (await bench.content(row["object_key"])).startswith(b"fLaC" if flac else b"RIFF")
        assert [row["version_id"]] == await bench.store.versions(row["object_key"])
    assert bench.on_disk() == []


@asynccontextmanager
async def running(archive: Archive) -> AsyncIterator[None]:
    task = asyncio.create_task(archive.run())
    try:
        yield
        assert not task.done()
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def waits() -> float:
    """How often a recording had to wait on disk, as Prometheus sees it."""
    return REGISTRY.get_sample_value("callcenter_problems_total", {"problem": "recording waits on disk"}) or 0.0


async def test_running_it_archives_what_comes_and_leaves_what_is_strange(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"not for the store")
    names = [(await bench.ledger.call())[1] for _ in range(12)]
    (bench.root / "ready" / f"{names[0]}.wav").symlink_to(tmp_path / "secret")
    (bench.root / "ready" / "stray.wav").write_bytes(b"")
    async with running(bench.archive()):
        for name in names[1:]:
            bench.put(name, wav(2.0))
        await until(lambda: bench.on_disk() == sorted(["stray.wav", f"{names[0]}.wav"]))
    rows = await bench.ledger.recordings()
    assert sorted(row["name"] for row in rows) == sorted(names[1:])
    assert {row["state"] for row in rows} == {"attached"}
    assert len(bench.attached) == 11


async def test_without_the_store_files_wait_on_disk(ledger: Ledger, root: Path, bucket: S3Settings) -> None:
    host, port = bucket.endpoint.split(":")
    gate = await Gate(lambda: asyncio.open_connection(host, int(port))).open()
    await gate.shut()
    store = Store(bucket.model_copy(update={"endpoint": f"{host}:{gate.port}"}))
    bench = Bench(ledger, root, store)
    names = [(await ledger.call())[1] for _ in range(4)]

    async def entered() -> bool:
        return [row["state"] for row in await ledger.recordings()].count("recorded") >= 2

    async with running(bench.archive()):
        for name in names:
            bench.put(name, wav(2.0))
        await until(entered)
        assert len(bench.on_disk()) == 4
        await gate.open()
        await until(lambda: bench.on_disk() == [])
    rows = await ledger.recordings()
    assert [row["state"] for row in rows] == ["attached"] * 4
    assert sorted(_objects(bucket)) == sorted(row["object_key"] for row in rows)
    store.close()
    await gate.shut()


async def test_without_the_database_files_wait_on_disk(ledger: Ledger, root: Path, database_url: str) -> None:
    parts = urlsplit(database_url)
    socket = f"{parse_qs(parts.query)['host'][0]}/.s.PGSQL.5432"
    gate = await Gate(lambda: asyncio.open_unix_connection(socket)).open()
    through = f"postgresql://postgres:@127.0.0.1:{gate.port}{parts.path}"
    store = MemoryStore()
    bench = Bench(ledger, root, store)
    names = [(await ledger.call())[1] for _ in range(4)]
    pool = await open_pool(DatabaseSettings(url=SecretStr(through), pool_size=4))
    async with running(bench.archive(pool=pool)):
        bench.put(names[0], wav(2.0))
        await until(lambda: bench.on_disk() == [])
        await gate.shut()
        before = waits()
        for name in names[1:]:
            bench.put(name, wav(2.0))
        await until(lambda: waits() >= before + 2)
        assert len(bench.on_disk()) == 3
        await gate.open()
        await until(lambda: bench.on_disk() == [])
    assert [row["state"] for row in await ledger.recordings()] == ["attached"] * 4
    assert len(store.objects) == 4
    await pool.close()
    await gate.shut()


@pytest.mark.parametrize("flac", ["", "1"], ids=["wav", "flac"])
async def test_kill_9_at_any_moment(
    ledger: Ledger, root: Path, bucket: S3Settings, database_url: str, flac: str
) -> None:
    store = Store(bucket)
    await store.ensure_bucket()
    bench = Bench(ledger, root, store)
    for number in range(FILES):
        _, name = await ledger.call(talk_s=0.1 * number)
        bench.put(name, wav(0.1 * number))
    environment = os.environ | {
        "DATABASE_URL": database_url,
        "SPOOL": str(root),
        "S3": bucket.model_copy(update={"secret_key": None}).model_dump_json(),
        "S3_SECRET": bucket.secret_key.get_secret_value(),
        "FLAC": flac,
    }
    moments = sorted(random.Random(20).sample(range(1, FILES), KILLS), reverse=True)
    for left in [*moments, 0]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.recordings.archive_process", env=environment
        )
        try:
            await until(lambda left=left: len(bench.on_disk()) <= left)  # type: ignore[misc]
        finally:
            process.kill()
        assert await process.wait() == -signal.SIGKILL
    rows = await ledger.recordings()
    assert len(rows) == FILES
    assert {(row["state"], row["ticket_id"] is None) for row in rows} == {("attached", False)}
    assert {row["defect"] for row in rows} == {None, "empty"}
    objects = _objects(bucket)
    assert sorted(objects) == sorted(row["object_key"] for row in rows)
    for row in rows:
        found = await read_back(store, row["object_key"], row["version_id"])
        assert found.wav == (row["sha256"], row["size"])
        assert (found.packed is not None) == bool(flac and row["duration_s"])
    assert list((root / "packing").glob("*")) == []
    store.close()


def _objects(bucket: S3Settings) -> list[str]:
    """The key of every version of every object."""
    client = Minio(
        bucket.endpoint,
        access_key=bucket.access_key,
        secret_key=bucket.secret_key.get_secret_value(),
        secure=False,
        region=bucket.region,
    )
    return [str(each.object_name) for each in client.list_objects(bucket.bucket, recursive=True, include_version=True)]
