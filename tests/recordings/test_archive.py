"""The archive on a real PostgreSQL, with the store in memory and the real one."""

import hashlib

import pytest

from tests.recordings.conftest import Bench, wav

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
    assert (row["sha256"], row["size"], row["duration_s"]) == (hashlib.sha256(data).digest(), len(data), 2.0)
    assert None not in (row["recorded_at"], row["stored_at"], row["verified_at"], row["attached_at"])
    assert row["object_key"].startswith("recordings/")
    assert row["object_key"].endswith(f"/{row['id']}.wav")
    assert await bench.content(row["object_key"]) == data
    assert bench.on_disk() == []
    assert len(bench.attached) == 1
