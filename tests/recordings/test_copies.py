"""From the ticket's recording to its copy, on a real PostgreSQL and both stores; processes die, and calls come first."""

import asyncio
import hashlib
import os
import signal
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest

from callcenter.recordings import copies as module
from callcenter.recordings import workers
from callcenter.recordings.copies import CopyMaker
from callcenter.recordings.spool import Spool
from callcenter.settings import CopiesSettings
from tests.conftest import by_owner, emptied
from tests.recordings.conftest import NODE, Bench, wav
from tests.recordings.gate import until
from tests.recordings.test_raw import AUDIO

pytestmark = pytest.mark.e2e


def maker(bench: Bench, scratch: Path, idle: Callable[[], bool] = lambda: True, **settings: float) -> CopyMaker:
    (scratch / "scratch").mkdir(exist_ok=True)
    return CopyMaker(
        bench.ledger.pool, bench.store, NODE, CopiesSettings(scratch=scratch / "scratch", **settings), idle
    )


async def archived(bench: Bench, data: bytes) -> int:
    _, name = await bench.ledger.call(ended_ago_s=11)
    bench.put(name, data)
    await bench.pass_once()
    return int((await bench.ledger.recordings())[-1]["id"])


async def copies(bench: Bench) -> dict[int, str | None]:
    rows = await bench.ledger.pool.fetch("select recording_id, problem from recording_copies order by recording_id")
    return {row["recording_id"]: row["problem"] for row in rows}


async def test_copies_wait_while_somebody_waits_for_an_operator(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_EVERY_S", 0.01)
    await archived(bench, wav(1.0))
    looks = iter([False, False, False, True])
    making = maker(bench, tmp_path, lambda: next(looks))
    assert await making.make() == 1
    making.close()
    assert list(looks) == []


async def test_copies_are_made_in_the_end_where_somebody_always_waits(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(module, "PATIENCE_S", 0.05)
    number = await archived(bench, wav(1.5))
    making = maker(bench, tmp_path, lambda: False)
    assert await making.make() == 1
    making.close()
    assert number in await copies(bench)


async def test_what_asterisk_wrote_can_be_heard(bench: Bench, tmp_path: Path) -> None:
    call, name = await bench.ledger.call()
    (bench.root / "rec" / f"{name}.raw").write_bytes(AUDIO)
    Spool(bench.root).collect()
    await bench.pass_once()
    making = maker(bench, tmp_path)
    assert await making.make() == 1
    assert await making.make() == 0
    making.close()
    row = await bench.ledger.only()
    copy = await bench.ledger.pool.fetchrow("select * from recording_copies")
    assert (row["call_id"], row["channels"], row["copy_wanted"]) == (call, 2, False)
    assert (copy["object_key"], copy["media_type"]) == (f"copies/{row['id']}.ogg", "audio/ogg")
    data = await bench.content(copy["object_key"])
    assert data.startswith(b"OggS")
    assert (hashlib.sha256(data).digest(), len(data)) == (copy["sha256"], copy["size"])
    drawn = await bench.ledger.pool.fetchrow("select * from waveforms")
    assert (drawn["per_s"], drawn["channels"], len(drawn["peaks"])) == (8.0, 2, 32)
    # The original is what it was, and nothing is left in work.
    assert hashlib.sha256(await bench.content(row["object_key"])).digest() == row["sha256"]
    assert list((tmp_path / "scratch").iterdir()) == []


async def test_one_bad_file_holds_up_no_other(bench: Bench, tmp_path: Path) -> None:
    good = await archived(bench, wav(2.0))
    empty = await archived(bench, wav(0))
    text = await archived(bench, b"hello\n" * 100)
    altered = await archived(bench, wav(1.0))
    gone = await archived(bench, wav(1.5))
    long = await archived(bench, wav(4.0))
    large = await archived(bench, wav(1.2))
    await bench.ledger.pool.execute("update recordings set size = $2 where id = $1", large, 2**60)
    await bench.ledger.pool.execute("update recordings set sha256 = sha256('') where id = $1", altered)
    await bench.ledger.pool.execute(
        "update recordings set object_key = 'recordings/no.wav', version_id = null where id = $1", gone
    )
    # As if they had been stored so: what only the row says is refused before it is fetched.
    await bench.ledger.pool.execute(emptied("ledger_entries", "ledger_heads"))
    await bench.ledger.pool.execute(by_owner("select chain_recording(r, 'recording attached') from recordings r"))
    making = maker(bench, tmp_path, longest_hours=3 / 3600)
    while await making.make():
        pass
    making.close()
    assert await copies(bench) == {
        good: None,
        empty: "empty",
        text: "not a WAV",
        altered: "the object in the store is not what was recorded",
        gone: "the store does not have the original",
        long: "longer than 0.000833333 h",
        large: "larger than the folder for temporary files",
    }


def _die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def test_a_recording_that_kills_its_process_is_left_after_three(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = await archived(bench, wav(2.0))
    making = maker(bench, tmp_path)
    monkeypatch.setattr("callcenter.recordings.copies.make_copy", _die)
    assert [await making.make() for _ in range(4)] == [1, 1, 1, 0]
    assert await copies(bench) == {recording: "its processing was killed"}
    monkeypatch.undo()
    other = await archived(bench, wav(2.0))
    await making.make()
    making.close()
    assert (await copies(bench))[other] is None


async def test_what_is_deleted_meanwhile_gets_no_copy(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = await archived(bench, wav(2.0))
    making = maker(bench, tmp_path)
    put = bench.store.put

    async def put_late(*arguments: object) -> object:
        await bench.ledger.pool.execute("update recordings set state = 'deleted' where id = $1", recording)
        return await put(*arguments)

    monkeypatch.setattr(bench.store, "put", put_late)
    await making.make()
    making.close()
    assert await copies(bench) == {}
    with pytest.raises(Exception, match=f"copies/{recording}.ogg"):
        await bench.content(f"copies/{recording}.ogg")


def _ways() -> tuple[int, int]:
    return os.sched_getscheduler(0), os.getpriority(os.PRIO_PROCESS, 0)


def _spin() -> None:
    while True:
        pass


async def test_calls_come_first_and_stopping_waits_for_nothing() -> None:
    pool = workers.IdlePool(1)
    policy, niceness = await pool.run(_ways)
    assert (policy, niceness) == (os.SCHED_IDLE, 19)
    pid = await pool.run(os.getpid)
    spinning = asyncio.create_task(pool.run(_spin))
    await asyncio.sleep(0)
    pool.stop()
    with pytest.raises(BrokenProcessPool):
        await spinning
    await until(lambda: not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text().split()[2])
    assert await pool.run(os.getpid) != pid
    pool.stop()


async def test_no_copy_is_made_of_a_version_that_the_custody_chain_does_not_name(bench: Bench, tmp_path: Path) -> None:
    forged = await archived(bench, wav(1.0))
    row = (await bench.ledger.recordings())[-1]
    path = tmp_path / "forged.wav"
    path.write_bytes(await bench.content(row["object_key"]))
    version = (await bench.store.put(row["object_key"], path, row["sha256"])).version
    await bench.ledger.pool.execute("update recordings set version_id = $2, size = 1 where id = $1", forged, version)
    making = maker(bench, tmp_path)
    await making.make()
    making.close()
    assert await copies(bench) == {forged: "its key, version or size differs from the custody chain"}
