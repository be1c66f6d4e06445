"""The archive on a real PostgreSQL, with the store in memory and the real one."""

import asyncio
import hashlib
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from callcenter import metrics
from callcenter.errors import ObjectLocked, StoreError
from callcenter.recordings import timing
from callcenter.recordings.store import Store
from tests.recordings.conftest import NODE, Bench, new_name, wav

pytestmark = pytest.mark.e2e


async def test_a_recording_ends_at_its_ticket_and_leaves_the_disk(bench: Bench) -> None:
    call, name = await bench.ledger.call(talk_s=2.0)
    await bench.ledger.expect(call, name)
    data = wav(2.0)
    bench.put(name, data)

    assert await bench.pass_once() == [True]

    row = await bench.ledger.only()
    assert (row["state"], row["call_id"], row["defect"]) == ("attached", call, None)
    assert row["ticket_id"] == await bench.ledger.pool.fetchval("select id from tickets where call_id = $1", call)
    assert (row["rate"], row["channels"], row["repaired"]) == (8000, 1, False)
    assert (row["sha256"], row["size"], row["duration_s"]) == (hashlib.sha256(data).digest(), len(data), 2.0)
    assert None not in (row["recorded_at"], row["stored_at"], row["verified_at"], row["attached_at"])
    assert row["object_key"].startswith("recordings/")
    assert row["object_key"].endswith(f"/{row['id']}.wav")
    assert await bench.content(row["object_key"]) == data
    assert bench.on_disk() == []
    assert len(bench.attached) == 1


async def test_the_expected_row_is_used_and_an_unexpected_file_gets_one(bench: Bench) -> None:
    call, name = await bench.ledger.call()
    bench.put(name, wav(2.0))
    await bench.pass_once()
    row = await bench.ledger.only()
    assert (row["state"], row["call_id"], row["node"]) == ("attached", call, NODE)


@pytest.mark.parametrize(
    ("data", "talk_s", "defect", "duration_s"),
    [
        (wav(2.0), 2.9, None, 2.0),
        (wav(3.2), 5.0, "duration 3.2 s, talk 5.0 s", 3.2),
        (wav(2.0, data_size=0, riff_size=0), 2.0, "header does not match the data", 2.0),
        (wav(2.0)[: 44 + 8000], 2.0, "header does not match the data; duration 0.5 s, talk 2.0 s", 0.5),
        (wav(0), 0.0, "empty", 0.0),
        (b"", 0.5, "empty", 0.0),
        (b"#!/bin/sh\n" * 20, 0.0, "not a WAV", 0.0),
    ],
    ids=["within a second", "too short", "crashed", "truncated", "header only", "no bytes", "not a WAV"],
)
async def test_a_defect_is_noted_and_the_bytes_are_kept(
    bench: Bench, data: bytes, talk_s: float, defect: str | None, duration_s: float
) -> None:
    call, name = await bench.ledger.call(talk_s=talk_s, ended_ago_s=11)
    await bench.ledger.expect(call, name)
    bench.put(name, data)
    await bench.pass_once()
    row = await bench.ledger.only()
    assert (row["state"], row["defect"], row["duration_s"]) == ("attached", defect, duration_s)
    assert row["repaired"] == ("header" in (defect or ""))
    assert await bench.content(row["object_key"]) == data
    assert bench.on_disk() == []


async def test_a_length_that_does_not_fit_waits_for_the_ledgers_word(bench: Bench) -> None:
    call, name = await bench.ledger.call(talk_s=5.0, ended_ago_s=1)
    bench.put(name, wav(2.0))
    await bench.pass_once()
    assert (await bench.ledger.only())["state"] == "verified"
    await bench.ledger.pool.execute("update calls set talk_s = 2.1 where id = $1", call)
    await bench.pass_once()
    row = await bench.ledger.only()
    assert (row["state"], row["defect"]) == ("attached", None)


async def test_only_the_last_talk_of_a_call_is_measured(bench: Bench) -> None:
    call, last = await bench.ledger.call(talk_s=5.0)
    first = f"{call}_{call}_1"
    bench.put(first, wav(1.0))
    bench.put(last, wav(5.0))
    await bench.pass_once()
    assert [(row["call_id"], row["defect"]) for row in await bench.ledger.recordings()] == [(call, None)] * 2


@pytest.mark.parametrize(
    "missing", [{"ticket": False}, {"talk_s": None, "ended_ago_s": None}], ids=["no ticket yet", "talk not over yet"]
)
async def test_a_file_waits_for_its_call_to_be_written(bench: Bench, missing: dict[str, Any]) -> None:
    call, name = await bench.ledger.call(**missing)
    bench.put(name, wav(2.0))
    archive = bench.archive()
    assert await bench.pass_once(archive) == [False]
    assert await bench.pass_once(archive) == [False]
    assert (await bench.ledger.only())["state"] == "verified"
    assert len(bench.on_disk()) == 1
    assert await bench.pass_once(bench.archive(patience_s=0)) == [True]
    row = await bench.ledger.only()
    assert (row["state"], row["call_id"], row["ticket_id"] is None) == ("attached", call, "ticket" in missing)


async def test_a_call_written_late_gets_its_recording(bench: Bench) -> None:
    call, name = new_name()
    bench.put(name, wav(2.0))
    archive = bench.archive()
    assert await bench.pass_once(archive) == [False]
    await bench.ledger.write(call, name)
    assert await bench.pass_once(archive) == [True]
    row = await bench.ledger.only()
    assert (row["call_id"], row["defect"]) == (call, None)


async def test_a_recording_of_no_call_is_kept_and_adopted_if_the_call_turns_up(bench: Bench) -> None:
    call, name = new_name()
    data = wav(2.0, data_size=0)
    bench.put(name, data)
    assert await bench.pass_once(bench.archive(patience_s=0)) == [True]
    row = await bench.ledger.only()
    assert (row["state"], row["call_id"]) == ("attached", None)
    assert row["defect"] == "header does not match the data; no such call"
    assert await bench.content(row["object_key"]) == data
    assert bench.on_disk() == []

    await bench.ledger.write(call, name)
    await bench.archive().mark_missing()
    row = await bench.ledger.only()
    assert (row["call_id"], row["defect"]) == (call, "header does not match the data")
    assert row["ticket_id"] is not None


async def test_a_ticket_opened_late_gets_its_recording(bench: Bench) -> None:
    call, name = await bench.ledger.call(ticket=False)
    bench.put(name, wav(2.0))
    assert await bench.pass_once(bench.archive(patience_s=0)) == [True]
    archive = bench.archive()
    await archive.mark_missing()
    assert (await bench.ledger.only())["ticket_id"] is None
    before = len(bench.attached)

    ticket = await bench.ledger.ticket(call)
    await archive.mark_missing()
    assert (await bench.ledger.only())["ticket_id"] == ticket
    assert len(bench.attached) == before + 1


async def test_a_call_of_no_company_has_no_ticket_to_wait_for(bench: Bench) -> None:
    call, name = await bench.ledger.call(ticket=False, company=False)
    bench.put(name, wav(2.0))
    assert await bench.pass_once() == [True]
    row = await bench.ledger.only()
    assert (row["call_id"], row["ticket_id"], row["defect"]) == (call, None, None)


async def test_the_same_file_offered_again_is_removed(bench: Bench) -> None:
    _, name = await bench.ledger.call()
    bench.put(name, wav(2.0))
    await bench.pass_once()
    before = await bench.ledger.only()
    bench.put(name, wav(2.0))
    assert await bench.pass_once() == [True]
    assert await bench.ledger.only() == before
    assert bench.on_disk() == []
    assert len(bench.attached) == 1


async def test_another_file_of_the_same_name_stays_on_disk(bench: Bench) -> None:
    _, name = await bench.ledger.call()
    bench.put(name, wav(2.0))
    await bench.pass_once()
    before = await bench.ledger.only()
    bench.put(name, wav(1.0))
    with capture_logs() as logs:
        assert await bench.pass_once() == [False]
    assert [entry["problem"] for entry in logs] == ["another recording of this name is stored; this file stays on disk"]
    assert await bench.ledger.only() == before
    assert await bench.content(before["object_key"]) == wav(2.0)
    assert bench.on_disk() == [f"{name}.wav"]


async def test_an_object_that_is_not_what_was_sent_is_sent_again(bench: Bench) -> None:
    _, name = await bench.ledger.call(ticket=False)
    path = bench.put(name, wav(2.0))
    assert await bench.pass_once() == [False]
    row = await bench.ledger.only()
    (bench.root / "spoilt").write_bytes(b"spoilt")
    await bench.store.put(row["object_key"], bench.root / "spoilt", bytes(32))
    assert await bench.pass_once() == [False]
    row = await bench.ledger.only()
    assert await bench.content(row["object_key"], row["version_id"]) == path.read_bytes() == wav(2.0)


async def test_a_file_that_comes_once_more_is_not_taken_in_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    _, name = await bench.ledger.call()
    bench.put(name, wav(2.0))
    await bench.pass_once()
    monkeypatch.delattr(type(bench.store), "put")
    for state in ("attached", "expired", "deleted"):
        await bench.ledger.pool.execute("update recordings set state = $1", state)
        bench.put(name, wav(2.0))
        assert await bench.pass_once() == [True]
        assert bench.on_disk() == []
        assert (await bench.ledger.only())["state"] == state


async def test_a_recording_is_kept_as_long_as_its_company_wants(bench: Bench) -> None:
    call, name = await bench.ledger.call()
    await bench.ledger.expect(call, name)
    await bench.ledger.pool.execute("update companies set retention_days = 30")
    bench.put(name, wav(2.0))
    await bench.pass_once()
    row = await bench.ledger.only()
    assert row["retain_until"] == row["expected_at"] + timedelta(days=30)
    assert row["company_id"] is not None
    if isinstance(bench.store, Store):
        assert (row["locked_until"], row["version_id"]) == (
            row["retain_until"],
            (await bench.store.versions(row["object_key"]))[0],
        )
        with pytest.raises(ObjectLocked):
            await bench.store.remove(row["object_key"])


async def test_what_was_sent_before_is_sent_again_only_when_the_store_had_time_to_keep_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    call, name = await bench.ledger.call()
    path = bench.put(name, wav(2.0))
    await bench.ledger.expect(call, name)
    put = bench.store.put

    async def lost(*_args: object, **_options: object) -> None:
        raise StoreError("its answer is lost")

    archive = bench.archive(settle_s=3600.0)
    monkeypatch.setattr(bench.store, "put", lost)
    with pytest.raises(StoreError):
        await bench.pass_once(archive)
    monkeypatch.setattr(bench.store, "put", put)
    assert await bench.pass_once(archive) == [False]
    assert await bench.store.versions((await bench.ledger.only())["object_key"]) == []
    # Now what was sent arrives after all.
    kept = await put((await bench.ledger.only())["object_key"], path, bytes(32))
    assert await bench.pass_once(archive) == [True]
    row = await bench.ledger.only()
    assert [row["version_id"]] == [kept.version] == await bench.store.versions(row["object_key"])


async def test_what_a_killed_run_has_stored_is_not_stored_again(bench: Bench) -> None:
    _, name = await bench.ledger.call()
    path = bench.put(name, wav(2.0))
    await bench.ledger.expect(*(name.split("_")[0], name))
    await bench.ledger.pool.execute(
        "update recordings set state = 'recorded', sha256 = $1, size = $2, object_key = 'recordings/1.wav',"
        " duration_s = 2, recorded_at = now()",
        hashlib.sha256(path.read_bytes()).digest(),
        path.stat().st_size,
    )
    kept = await bench.store.put("recordings/1.wav", path, bytes(32))
    assert await bench.pass_once() == [True]
    row = await bench.ledger.only()
    assert [row["version_id"]] == [kept.version] == await bench.store.versions("recordings/1.wav")


async def test_a_recording_that_never_came_is_missing_until_it_comes(bench: Bench) -> None:
    call, name = await bench.ledger.call(ended_ago_s=301)
    await bench.ledger.expect(call, name)
    for other in ({"ended_ago_s": 200}, {"ended_ago_s": None}):
        await bench.ledger.expect(*await bench.ledger.call(**other))
    _, being_recorded = expected = await bench.ledger.call(ended_ago_s=400)
    await bench.ledger.expect(*expected)
    (bench.root / "rec" / f"{being_recorded}.wav").write_bytes(b"")
    _, complete = expected = await bench.ledger.call(ended_ago_s=400)
    await bench.ledger.expect(*expected)
    bench.put(complete, wav(2.0))

    await bench.archive().mark_missing()
    states = {row["name"]: row["state"] for row in await bench.ledger.recordings()}
    assert [key for key, state in states.items() if state == "missing"] == [name]
    assert "no file" in (await bench.ledger.recordings())[0]["defect"]

    bench.put(name, wav(2.0))
    await bench.pass_once()
    row = (await bench.ledger.recordings())[0]
    assert (row["state"], row["defect"]) == ("attached", None)


async def test_the_gauge_counts_by_state(bench: Bench) -> None:
    _, name = await bench.ledger.call()
    bench.put(name, wav(2.0))
    await bench.ledger.expect(*await bench.ledger.call())
    await bench.pass_once()
    await bench.archive().count()
    gauge = {sample.labels["state"]: sample.value for sample in next(iter(metrics.recordings.collect())).samples}
    assert gauge == {
        "expected": 1,
        "recorded": 0,
        "stored": 0,
        "verified": 0,
        "attached": 1,
        "expired": 0,
        "deleted": 0,
        "missing": 0,
    }


async def test_how_far_a_recording_has_come_is_noted_while_it_is_written(bench: Bench) -> None:
    path = bench.root / "rec" / f"{new_name()[1]}.raw"
    with path.open("wb") as file:
        running = asyncio.create_task(bench.archive().run())
        async with asyncio.timeout(10):
            while len(timing.read(path)) < 2:
                await asyncio.to_thread(file.write, bytes(4))
                await asyncio.to_thread(file.flush)
                await asyncio.sleep(0.05)
        running.cancel()
    assert timing.read(path)[0].size < timing.read(path)[1].size
