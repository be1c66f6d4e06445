"""What does not fit together is found, and what does is not."""

import hashlib

import pytest

from callcenter.recordings.sweep import sweep, sweep_store
from tests.recordings.conftest import NODE, Bench, new_name, wav

pytestmark = pytest.mark.e2e


async def test_each_kind_is_found_and_what_fits_is_not(bench: Bench) -> None:
    _, name = await bench.ledger.call()
    bench.put(name, wav(2.0))
    _, stray = new_name()
    bench.put(stray, wav(2.0))
    await bench.pass_once(bench.archive(patience_s=-1))
    lost = await bench.ledger.call(ended_ago_s=400)
    await bench.ledger.expect(*lost)
    await bench.archive().mark_missing()
    unrecorded, _ = await bench.ledger.call(ended_ago_s=400)
    await bench.ledger.call(ended_ago_s=100)
    await bench.ledger.pool.execute(
        "insert into talks (recording, call_id, kind, began_at) "
        "values ('of no row', $1, 'queue', now() - interval '10 minutes')",
        lost[0],
    )
    ids = {row["name"]: row["id"] for row in await bench.ledger.recordings()}
    found = {(each.kind, each.recording_id, each.call_id) for each in await sweep(bench.ledger.pool, NODE)}
    assert found == {
        ("no call", ids[stray], None),
        ("no file", ids[lost[1]], lost[0]),
        ("talk without a recording", None, lost[0]),
        ("answered without a recording", None, unrecorded),
    }
    assert await sweep(bench.ledger.pool, "node9") == []
    assert len(await sweep(bench.ledger.pool)) == 4


async def test_the_ledger_and_the_store_are_held_against_each_other(bench: Bench) -> None:
    ids = []
    for _ in range(4):
        call, name = await bench.ledger.call()
        bench.put(name, wav(2.0))
        await bench.pass_once(bench.archive())
        ids.append(await bench.ledger.pool.fetchval("select id from recordings where call_id = $1", call))
    keys = [await bench.ledger.pool.fetchval("select object_key from recordings where id = $1", each) for each in ids]
    assert await sweep_store(bench.ledger.pool, bench.store) == []
    whole, gone, deleted, replaced = ids
    await bench.ledger.pool.execute("update recordings set object_key = 'recordings/0/none.wav' where id = $1", gone)
    await bench.ledger.pool.execute("update recordings set state = 'deleted' where id = $1", deleted)
    await bench.ledger.pool.execute("update recordings set version_id = 'another' where id = $1", replaced)
    path = bench.root / "stranger"
    path.write_bytes(b"of nobody")
    await bench.store.put("recordings/0000/stranger.wav", path, bytes(32))
    found = {(each.kind, each.recording_id, each.detail) for each in await sweep_store(bench.ledger.pool, bench.store)}
    assert found == {
        ("object gone", gone, "recordings/0/none.wav"),
        ("object without a recording", None, keys[1]),
        ("object gone", replaced, keys[3]),
        ("object of a deleted recording", deleted, keys[2]),
        ("object without a recording", None, "recordings/0000/stranger.wav"),
    }
    assert whole not in {each for _, each, _ in found}


async def test_a_version_that_the_custody_chain_does_not_name_is_found_in_the_store(bench: Bench) -> None:
    call, name = await bench.ledger.call()
    bench.put(name, wav(2.0))
    await bench.pass_once(bench.archive())
    pool = bench.ledger.pool
    row = await pool.fetchrow("select id, object_key from recordings where call_id = $1", call)
    assert row is not None
    assert await sweep_store(pool, bench.store) == []
    path = bench.root / "forged"
    path.write_bytes(b"forged")
    forged = (await bench.store.put(row["object_key"], path, hashlib.sha256(b"forged").digest())).version
    await pool.execute("update recordings set version_id = $2, size = 6 where id = $1", row["id"], forged)
    [found] = await sweep_store(pool, bench.store)
    assert (found.kind, found.recording_id, found.detail) == ("object not as chained", row["id"], row["object_key"])
