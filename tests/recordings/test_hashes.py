"""The nightly comparison with the custody chain: it covers everything, and finds what lies."""

import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from structlog.testing import capture_logs

from callcenter.recordings.hashes import Coverage, HashProblem, HashSweep, coverage, findings
from callcenter.settings import DatabaseSettings
from tests.recordings.conftest import Bench, wav

pytestmark = pytest.mark.e2e

# Two o'clock in Moscow.
NIGHT = datetime(2031, 5, 1, 23, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
async def connection(bench: Bench) -> AsyncIterator[asyncpg.Connection]:
    async with bench.ledger.pool.acquire() as connection:
        yield connection


async def stored(bench: Bench, count: int) -> list[int]:
    for _ in range(count):
        _, name = await bench.ledger.call()
        bench.put(name, wav(2.0))
    await bench.pass_once()
    return [row["id"] for row in await bench.ledger.recordings()][-count:]


def sweep(bench: Bench, days: int) -> HashSweep:
    return HashSweep(DatabaseSettings(url="postgresql://unused"), bench.store, days)  # type: ignore[arg-type]


async def problems(connection: asyncpg.Connection) -> dict[int, HashProblem]:
    return {found.recording: found.problem for found in await findings(connection)}


async def test_all_are_read_in_as_many_nights_as_the_setting_says(bench: Bench, connection: asyncpg.Connection) -> None:
    await stored(bench, 7)
    times = [NIGHT + night * DAY + timedelta(minutes=minute) for night in range(3) for minute in range(2)]
    assert [await sweep(bench, 3).look(connection, now) for now in times] == [3, 0, 3, 0, 3, 0]
    first = await connection.fetch("select count(*) from recording_hashes group by checked_at order by checked_at")
    assert [count for (count,) in first] == [1, 3, 3]
    assert await coverage(connection, 3, times[-1]) == Coverage(kept=7, read=7, oldest=NIGHT, findings=0, days=3)
    assert await coverage(connection, 1, times[-1]) == Coverage(kept=7, read=3, oldest=NIGHT, findings=0, days=1)


async def test_nothing_is_read_by_day_or_when_it_is_turned_off(bench: Bench, connection: asyncpg.Connection) -> None:
    await stored(bench, 1)
    assert await sweep(bench, 1).look(connection, NIGHT + timedelta(hours=8)) == 0
    assert await sweep(bench, 0).look(connection, NIGHT) == 0


# The real store locks what is stored: nobody can alter or remove it.
tampered = pytest.mark.parametrize("store", ["memory"], indirect=True)


@tampered
async def test_an_altered_and_a_missing_object_are_found(bench: Bench, connection: asyncpg.Connection) -> None:
    _, altered, shorter, missing = await stored(bench, 4)
    keys = dict(await connection.fetch("select id, object_key from recordings"))
    bench.store.objects[keys[altered]] = bench.store.objects[keys[altered]][:-1] + b"x"
    bench.store.objects[keys[shorter]] = wav(1.9)
    del bench.store.objects[keys[missing]]
    with capture_logs() as logs:
        assert await sweep(bench, 1).look(connection, NIGHT) == 4
    lying = {altered: HashProblem.ALTERED, shorter: HashProblem.ALTERED, missing: HashProblem.GONE}
    assert await problems(connection) == lying
    assert {entry["recording_id"] for entry in logs if entry["log_level"] == "error"} == set(lying)
    assert (await coverage(connection, 1, NIGHT)).findings == 3


async def test_a_forged_version_that_the_row_names_is_found_and_the_original_is_what_is_read(
    bench: Bench, connection: asyncpg.Connection
) -> None:
    [recording] = await stored(bench, 1)
    row = await connection.fetchrow("select object_key, version_id from recordings where id = $1", recording)
    assert row is not None
    path = bench.root / "forged"
    path.write_bytes(b"forged")
    digest = hashlib.sha256(b"forged").digest()
    forged = (await bench.store.put(row["object_key"], path, digest)).version
    await connection.execute(
        "update recordings set version_id = $2, size = 6, sha256 = $3 where id = $1", recording, forged, digest
    )
    assert await sweep(bench, 1).look(connection, NIGHT) == 1
    # Without versions the forged object is all that there is.
    expected = HashProblem.ALTERED if forged is None else HashProblem.NOT_AS_CHAINED
    assert await problems(connection) == {recording: expected}
    # It is looked at again every night, first of all, and forgotten when it is right again.
    if forged is not None:
        await connection.execute(
            "update recordings set version_id = $2, size = $3, sha256 = $4 where id = $1",
            *(recording, row["version_id"], len(wav(2.0)), hashlib.sha256(wav(2.0)).digest()),
        )
        await stored(bench, 4)
        assert await sweep(bench, 5).look(connection, NIGHT + DAY) == 1
        assert await problems(connection) == {}


async def test_an_altered_copy_is_found(bench: Bench, connection: asyncpg.Connection) -> None:
    [first, second] = await stored(bench, 2)
    path = bench.root / "copy"
    for recording in (first, second):
        path.write_bytes(b"OggS")
        kept = await bench.store.put(f"copies/{recording}.ogg", path, hashlib.sha256(b"OggS").digest())
        await connection.execute(
            "insert into recording_copies (recording_id, object_key, version_id, media_type, sha256, size)"
            " values ($1, $2, $3, 'audio/ogg', $4, 4)",
            *(recording, f"copies/{recording}.ogg", kept.version, hashlib.sha256(b"OggS").digest()),
        )
    assert await sweep(bench, 1).look(connection, NIGHT) == 2
    assert await problems(connection) == {}
    await connection.execute("update recording_copies set sha256 = $2 where recording_id = $1", first, bytes(32))
    await bench.store.remove(f"copies/{second}.ogg")
    assert await sweep(bench, 1).look(connection, NIGHT + DAY) == 2
    assert await problems(connection) == {first: HashProblem.COPY_NOT_AS_CHAINED, second: HashProblem.COPY_GONE}


@tampered
async def test_what_is_deleted_while_it_is_read_is_no_finding(bench: Bench, connection: asyncpg.Connection) -> None:
    [recording] = await stored(bench, 1)
    digest = bench.store.digest

    async def deleted(key: str, version: str | None = None) -> tuple[bytes, int]:
        await bench.ledger.pool.execute("update recordings set state = 'deleted' where id = $1", recording)
        await bench.store.remove(key)
        return await digest(key, version)

    bench.store.digest = deleted
    await sweep(bench, 1).look(connection, NIGHT)
    assert await connection.fetchval("select count(*) from recording_hashes") == 0
