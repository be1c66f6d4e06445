"""The disk on which recordings wait: what is said of it, and when it is full."""

import shutil
from collections import namedtuple
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from callcenter.errors import NotReady
from callcenter.recordings import disk as module
from callcenter.recordings.disk import LEAST_FREE, LEAST_FREE_FOR_LOGS, DiskWatch
from tests.recordings.conftest import NODE, Bench, Ledger, wav

Usage = namedtuple("Usage", "total used free")
GB = 10**9


async def test_what_waits_and_when_it_is_full(ledger: Ledger, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = 100 * GB
    monkeypatch.setattr(module.shutil, "disk_usage", lambda _root: Usage(200 * GB, 200 * GB - free, free))
    watch = DiskWatch(ledger.pool, root, root, NODE)
    assert (await watch.look(1000.0)).full_at is None
    for number in range(3):
        (root / "ready" / f"{number}.wav").write_bytes(bytes(100))
    free = 99 * GB
    # A minute is too short to tell by.
    assert (await watch.look(1060.0)).full_at is None
    free = 98 * GB
    seen = await watch.look(1200.0)
    assert (seen.files, seen.bytes) == (3, 300)
    assert seen.full_at == pytest.approx(1200 + 98 * 100)
    assert REGISTRY.get_sample_value("callcenter_spool_waiting") == 3
    assert REGISTRY.get_sample_value("callcenter_spool_free_bytes") == free
    row = await ledger.pool.fetchrow("select * from node_disks")
    assert (row["node"], row["free"], row["files"], row["bytes"]) == (NODE, free, 3, 300)
    assert row["full_at"].timestamp() == pytest.approx(1200 + 98 * 100)
    # It empties again.
    free = 100 * GB
    assert (await watch.look(1300.0)).full_at is None
    assert (await ledger.pool.fetchrow("select * from node_disks"))["full_at"] is None


async def test_a_disk_that_is_nearly_full_is_not_ready(
    ledger: Ledger, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = DiskWatch(ledger.pool, root, root, NODE)
    watch.check()
    for free in (LEAST_FREE - 1, LEAST_FREE):
        monkeypatch.setattr(shutil, "disk_usage", lambda _root, free=free: Usage(GB, GB - free, free))
        await watch.look(1000.0)
        if free < LEAST_FREE:
            with pytest.raises(NotReady, match="536 MB are free for recordings, 0 files wait"):
                watch.check()
    watch.check()


async def test_a_disk_of_the_ledger_that_is_nearly_full_is_not_ready(
    ledger: Ledger, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs = tmp_path / "logs"
    watch = DiskWatch(ledger.pool, root, logs, NODE)
    for free in (LEAST_FREE_FOR_LOGS - 1, LEAST_FREE_FOR_LOGS):
        usage = {logs: Usage(GB, GB - free, free), root: Usage(GB, 0, GB)}
        monkeypatch.setattr(shutil, "disk_usage", usage.__getitem__)
        await watch.look(1000.0)
        assert await ledger.pool.fetchval("select log_free from node_disks") == free
        assert REGISTRY.get_sample_value("callcenter_log_free_bytes") == free
        if free < LEAST_FREE_FOR_LOGS:
            with pytest.raises(NotReady, match="268 MB are free for Asterisk's ledger"):
                watch.check()
    watch.check()


async def test_a_full_disk_is_emptied_into_the_store(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is complete already needs no room to be stored."""
    _, name = await bench.ledger.call()
    bench.put(name, wav(2.0))

    def full(*_args: object, **_options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    assert await bench.pass_once() == [True]
    assert bench.on_disk() == []
