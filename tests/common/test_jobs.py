import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg
import pytest
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment
from pgqueuer.queries import Queries

from callcenter import storage
from callcenter.common import jobs
from callcenter.common.jobs import Again, Kind, Worker, put
from callcenter.settings import DatabaseSettings
from callcenter.storage import open_pool
from tests.conftest import by_owner
from tests.dispatch.crew import WAIT_S, eventually


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    pool = await open_pool(DatabaseSettings(url=database_url))
    await pool.execute(by_owner("truncate pgqueuer"))
    yield pool
    pool.terminate()


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "RECONNECT_S", 0.01)
    monkeypatch.setattr(jobs, "LOOK_EVERY_S", 0.05)


@asynccontextmanager
async def working(url: str, *kinds: Kind) -> AsyncIterator[None]:
    task = asyncio.create_task(Worker(DatabaseSettings(url=url), kinds).run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def empty(pool: asyncpg.Pool) -> Callable[[], object]:
    async def ask() -> bool:
        return not await pool.fetchval("select count(*) from pgqueuer")

    return ask


def test_the_migration_is_what_the_library_wants():
    text = (storage.MIGRATIONS / "0009_handover.sql").read_text()
    assert QueryBuilderEnvironment().build_install_query().partition("\n")[2].strip() in text


def test_the_function_is_what_the_library_wants():
    text = (storage.FUNCTIONS / "pgqueuer.sql").read_text().partition("\n")[2].strip()
    made = text.replace("create or replace function", "CREATE FUNCTION")
    assert made in QueryBuilderEnvironment().build_install_query()


async def test_the_migrated_database_is_what_the_library_wants(pool: asyncpg.Pool):
    plan = await Queries.from_asyncpg_pool(pool).plan_upgrade()
    assert list(plan.statements) == []


async def test_a_job_is_done_after_its_transaction_and_not_without_it(pool: asyncpg.Pool, database_url: str):
    done: asyncio.Queue[str] = asyncio.Queue()

    async def handle(job: str) -> None:
        done.put_nowait(job)

    async with working(database_url, Kind("write", handle)), pool.acquire() as connection:
        undone = connection.transaction()
        await undone.start()
        await put(connection, "write", ["undone"])
        await undone.rollback()
        async with connection.transaction():
            await put(connection, "write", ["a", "b"])
            await put(connection, "write", ["b"])
            assert done.empty()
        async with asyncio.timeout(WAIT_S):
            assert sorted([await done.get(), await done.get()]) == ["a", "b"]
        await eventually(empty(pool))
        assert done.empty()


async def test_a_job_is_done_again_when_it_asks_to(pool: asyncpg.Pool, database_url: str):
    tries = []

    async def handle(job: str) -> None:
        tries.append(job)
        if len(tries) < 3:
            raise Again(timedelta(0))

    async with pool.acquire() as connection:
        await put(connection, "write", ["a"])
    async with working(database_url, Kind("write", handle)):
        await eventually(empty(pool))
    assert tries == ["a", "a", "a"]


async def test_a_worker_outlives_its_connection_and_finds_what_is_owed(pool: asyncpg.Pool, database_url: str):
    done: asyncio.Queue[str] = asyncio.Queue()
    owes = ["lost"]

    async def handle(job: str) -> None:
        done.put_nowait(job)

    async def owed(_connection: object) -> list[str]:
        return owes

    async with working(database_url, Kind("write", handle, owed)), asyncio.timeout(WAIT_S):
        assert await done.get() == "lost"
        owes.clear()
        await eventually(empty(pool))
        others = "datname = current_database() and pid <> pg_backend_pid() and query ilike '%pgqueuer%'"
        await pool.execute(f"select pg_terminate_backend(pid) from pg_stat_activity where {others}")
        async with pool.acquire() as connection:
            await put(connection, "write", ["after"])
        assert await done.get() == "after"


async def test_a_job_that_does_not_end_is_left_to_the_next_worker(
    pool: asyncpg.Pool, database_url: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(jobs, "FINISH_S", 0.05)
    begun: asyncio.Queue[str] = asyncio.Queue()
    end = asyncio.Event()

    async def handle(job: str) -> None:
        begun.put_nowait(job)
        await end.wait()

    async with pool.acquire() as connection:
        await put(connection, "write", ["long"])
    async with asyncio.timeout(WAIT_S):
        async with working(database_url, Kind("write", handle)):
            await begun.get()
        assert await pool.fetchval("select status::text from pgqueuer") == "picked"
        end.set()
        await pool.execute("update pgqueuer set heartbeat = now() - interval '1 hour'")
        async with working(database_url, Kind("write", handle)):
            assert await begun.get() == "long"
            await eventually(empty(pool))


async def test_what_is_long_over_is_forgotten(pool: asyncpg.Pool, database_url: str):
    for age in ("31 days", "29 days"):
        await pool.execute(
            "insert into pgqueuer_log (created, job_id, status, priority, entrypoint)"
            f" values (now() - interval '{age}', 1, 'successful', 0, 'write')"
        )

    async def handle(_job: str) -> None:
        pass

    async with working(database_url, Kind("write", handle)):
        old = "select not exists (select from pgqueuer_log where created < now() - interval '30 days')"
        await eventually(lambda: pool.fetchval(old))
    assert await pool.fetchval("select exists (select from pgqueuer_log where created < now() - interval '28 days')")
