"""Retention, legal hold and deletion by policy, on a real PostgreSQL and the real store."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
from pydantic import SecretStr

from callcenter.errors import ObjectLocked, ObjectMissing, StoreError
from callcenter.recordings.keeper import Keeper
from callcenter.recordings.store import Store
from callcenter.settings import DatabaseSettings, S3Settings
from tests.conftest import emptied
from tests.recordings.conftest import Bench, Ledger, wav
from tests.recordings.gate import Gate
from tests.recordings.test_lock import client

pytestmark = pytest.mark.e2e

GRACE_DAYS = 7


@dataclass
class Kept:
    """One attached recording in the real store, and who keeps it."""

    bench: Bench
    keeper: Keeper
    connection: asyncpg.Connection
    id: int
    key: str
    version: str
    ticket: int

    async def row(self) -> asyncpg.Record:
        return await self.bench.ledger.only()

    async def look(self) -> asyncpg.Record:
        """What the keeper makes of it, with all rows read."""
        self.keeper._settled_at = float("-inf")
        await self.keeper.look(self.connection)
        return await self.row()

    async def age(self, days: float) -> None:
        """As if the talk had been so long ago, and the store's clock with it: only what is locked now stays so."""
        await self.connection.execute(
            "update recordings set expected_at = expected_at - $1::interval, recorded_at = recorded_at - $1::interval,"
            " locked_until = null",
            timedelta(days=days),
        )

    async def hold(self) -> None:
        await self.connection.execute("insert into operators (login, name, role) values ('vera', 'Вера', 'supervisor')")
        await self.connection.execute(
            "insert into legal_holds (ticket_id, reason, placed_by) select $1, 'court', id from operators", self.ticket
        )

    async def there(self) -> bool:
        try:
            await self.bench.store.digest(self.key, self.version)
        except ObjectMissing:
            return False
        return True


@pytest.fixture
async def kept(ledger: Ledger, root: Path, bucket: S3Settings, database_url: str) -> AsyncIterator[Kept]:
    # Its first lock is for one day of a company's, long enough for nothing in these tests to depend on it.
    store = Store(bucket)
    await store.ensure_bucket()
    bench = Bench(ledger, root, store)
    await ledger.pool.execute(emptied("operators"))
    call, name = await ledger.call()
    await ledger.pool.execute("update companies set retention_days = 1096")
    await ledger.expect(call, name)
    # Nothing is locked at first: what is locked cannot be made to look old.
    await ledger.pool.execute("update recordings set retain_until = now() - interval '1 day'")
    bench.put(name, wav(2.0))
    await bench.pass_once()
    row = await ledger.only()
    connection = await asyncpg.connect(database_url)
    keeper = Keeper(DatabaseSettings(url=SecretStr(database_url)), store, GRACE_DAYS)
    yield Kept(bench, keeper, connection, row["id"], row["object_key"], row["version_id"], row["ticket_id"])
    await connection.close()
    store.close()


async def test_the_store_gets_the_retention_and_a_longer_one(kept: Kept) -> None:
    row = await kept.look()
    assert row["locked_until"] == row["retain_until"] == row["expected_at"] + timedelta(days=1096)
    with pytest.raises(ObjectLocked):
        await kept.bench.store.remove(kept.key, kept.version)
    await kept.connection.execute("update companies set retention_days = 2000")
    row = await kept.look()
    assert row["locked_until"] == row["expected_at"] + timedelta(days=2000)
    lock = client(kept.bench.store._settings).get_object_retention(
        kept.bench.store._settings.bucket, kept.key, kept.version
    )
    assert lock is not None
    assert abs(lock.retain_until_date - row["locked_until"]) < timedelta(seconds=1)


async def test_a_retention_that_the_store_has_is_not_made_shorter(kept: Kept) -> None:
    before = await kept.look()
    await kept.connection.execute("update companies set retention_days = 1")
    row = await kept.look()
    assert (row["retain_until"], row["state"]) == (before["retain_until"], "attached")


async def test_what_is_over_expires_and_is_deleted_after_the_days_of_grace(kept: Kept) -> None:
    await kept.connection.execute(
        "insert into recording_copies (recording_id, object_key, media_type, sha256, size)"
        " values ($1, 'copies/1.ogg', 'audio/ogg', $2, 1)",
        kept.id,
        bytes(32),
    )
    await kept.connection.execute("insert into waveforms values ($1, 8, 2, '')", kept.id)
    file = kept.bench.root / "copy"
    file.write_bytes(b"copy")
    await kept.bench.store.put("copies/1.ogg", file, bytes(32))
    await kept.age(1096 + GRACE_DAYS - 1)
    row = await kept.look()
    assert (row["state"], await kept.there()) == ("expired", True)
    await kept.connection.execute("update recordings set retain_until = retain_until - interval '1 day 1 minute'")
    row = await kept.look()
    assert (row["state"], await kept.there()) == ("deleted", False)
    assert row["deleted_at"] is not None
    assert row["deleted_because"].startswith("retention of 109")
    assert (row["sha256"], row["object_key"]) != (None, None)
    with pytest.raises(ObjectMissing):
        await kept.bench.store.digest("copies/1.ogg")
    assert await kept.connection.fetchval("select problem from recording_copies") == "deleted by policy"
    assert await kept.connection.fetchval("select count(*) from waveforms") == 0


async def test_a_legal_hold_outlives_retention(kept: Kept) -> None:
    await kept.hold()
    row = await kept.look()
    assert row["held"]
    await kept.age(5000)
    row = await kept.look()
    assert (row["state"], await kept.there()) == ("attached", True)
    with pytest.raises(ObjectLocked):
        await kept.bench.store.remove(kept.key, kept.version)
    # The retention that was asked for meanwhile is of no concern here: see that the hold alone would keep it.
    assert row["retain_until"] < datetime.now(UTC)
    await kept.connection.execute(
        "update legal_holds set released_at = now(), released_by = (select id from operators limit 1)"
    )
    assert not (await kept.look())["held"]


async def test_a_hold_in_the_days_of_grace_takes_it_back(kept: Kept) -> None:
    await kept.age(1096 + 1)
    assert (await kept.look())["state"] == "expired"
    await kept.hold()
    row = await kept.look()
    assert (row["state"], row["held"]) == ("attached", True)
    await kept.age(1000)
    assert (await kept.look())["state"] == "attached"
    assert await kept.there()


async def test_what_the_store_still_locks_stays_and_is_reported(kept: Kept) -> None:
    await kept.bench.store.retain(kept.key, kept.version, datetime.now(UTC) + timedelta(days=1))
    await kept.age(2000)
    row = await kept.look()
    assert (row["state"], await kept.there()) == ("expired", True)


async def test_a_hold_waits_for_a_store_that_is_away(kept: Kept, bucket: S3Settings, database_url: str) -> None:
    host, port = bucket.endpoint.split(":")
    gate = await Gate(lambda: asyncio.open_connection(host, int(port))).open()
    await gate.shut()
    store = Store(bucket.model_copy(update={"endpoint": f"{host}:{gate.port}"}))
    keeper = Keeper(DatabaseSettings(url=SecretStr(database_url)), store, GRACE_DAYS)
    await kept.hold()
    with pytest.raises(StoreError):
        await keeper.look(kept.connection)
    assert not (await kept.row())["held"]
    await gate.open()
    await keeper.look(kept.connection)
    assert (await kept.row())["held"]
    store.close()
    await gate.shut()


async def test_in_a_bucket_without_locks_a_hold_still_keeps_it(
    kept: Kept, bucket: S3Settings, database_url: str
) -> None:
    store = Store(bucket.model_copy(update={"lock_mode": "none"}))
    keeper = Keeper(DatabaseSettings(url=SecretStr(database_url)), store, GRACE_DAYS)
    await kept.hold()
    await kept.age(5000)
    await keeper.look(kept.connection)
    assert ((await kept.row())["state"], await kept.there()) == ("attached", True)
    store.close()
