"""What does not fit together is found, and what does is not."""

import pytest

from callcenter.recordings.sweep import sweep
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
