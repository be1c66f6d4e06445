"""PostgreSQL: the pool, the listeners, the named queries, the migrations."""

import asyncio
import hashlib
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from types import MappingProxyType

import asyncpg

from callcenter.errors import StorageError
from callcenter.resources import ROOT
from callcenter.settings import DatabaseSettings

MIGRATIONS = ROOT / "storage" / "migrations"
QUERIES = ROOT / "storage" / "queries"

# What asyncpg raises while the server is away or goes away under a statement.
AWAY = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)

# Short statements all, said again and again: compiling or planning one anew takes longer than running it.
SESSION = {"jit": "off", "plan_cache_mode": "force_generic_plan"}

PING_EVERY_S = 10.0
"""Seconds after which a listener that heard nothing asks whether its connection still lives."""
ANSWER_WITHIN_S = 5.0
"""Seconds that PostgreSQL may take to answer a listener."""

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)
_MIGRATION_LOCK = 0x63616C6C


async def prepare_connection(connection: asyncpg.Connection) -> None:
    """Make jsonb columns and parameters plain Python objects."""
    await connection.set_type_codec("jsonb", encoder=_encode_json, decoder=json.loads, schema="pg_catalog")


def _encode_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


async def open_pool(settings: DatabaseSettings) -> asyncpg.Pool:
    """Open a pool. Raises `OSError` or `asyncpg.PostgresError` when the server cannot be reached."""
    return await asyncpg.create_pool(
        settings.url.get_secret_value(),
        min_size=1,
        max_size=settings.pool_size,
        init=prepare_connection,
        server_settings=SESSION,
    )


async def connect(settings: DatabaseSettings) -> asyncpg.Connection:
    """Open one connection outside the pool, for a listener or a writer."""
    connection = await asyncpg.connect(settings.url.get_secret_value(), server_settings=SESSION)
    await prepare_connection(connection)
    return connection


@asynccontextmanager
async def listening(
    open_connection: Callable[[], Awaitable[asyncpg.Connection]], channel: str
) -> AsyncIterator[tuple[asyncpg.Connection, AsyncIterator[str]]]:
    """A connection that listens on `channel`, and the payloads as they come from the first moment on.

    When the connection is gone or silent, reading them raises what is in `AWAY`.
    """
    # Not asyncio.wait_for: in Python 3.11 it can swallow a cancellation.
    async with asyncio.timeout(ANSWER_WITHIN_S):
        connection = await open_connection()
    incoming: asyncio.Queue[str | None] = asyncio.Queue()
    try:
        connection.add_termination_listener(lambda _connection: incoming.put_nowait(None))
        await connection.add_listener(
            channel, lambda _connection, _pid, _channel, payload: incoming.put_nowait(str(payload))
        )
        yield connection, _payloads(connection, incoming)
    finally:
        connection.terminate()


async def _payloads(connection: asyncpg.Connection, incoming: "asyncio.Queue[str | None]") -> AsyncIterator[str]:
    while True:
        try:
            async with asyncio.timeout(PING_EVERY_S):
                payload = await incoming.get()
        except TimeoutError:
            await connection.fetchval("select 1", timeout=ANSWER_WITHIN_S)
            continue
        if payload is None:
            raise ConnectionResetError
        yield payload


@cache
def queries(name: str) -> Mapping[str, str]:
    """The statements of `storage/queries/<name>.sql`."""
    return statements(QUERIES / f"{name}.sql")


def statements(file: Path) -> Mapping[str, str]:
    """The statements of a file, by the name in the line `-- name: …` above each."""
    parts = _NAME.split(file.read_text())
    return MappingProxyType({key: text.strip().rstrip(";") for key, text in zip(parts[1::2], parts[2::2], strict=True)})


async def require_schema(connection: "asyncpg.Connection | asyncpg.pool.PoolConnectionProxy") -> None:
    """Raise `StorageError` unless every migration of this version, and no other, has been applied."""
    known: set[str] = set()
    if await connection.fetchval("select to_regclass('schema_migrations')") is not None:
        known = {row["name"] for row in await connection.fetch("select name from schema_migrations")}
    wanted = {file.stem for file in MIGRATIONS.glob("*.sql")}
    if missing := wanted - known:
        raise StorageError(f"the database lacks {', '.join(sorted(missing))}; run `callcenter migrate` first")
    if unknown := known - wanted:
        raise StorageError(f"the database has migrations that this version does not know: {sorted(unknown)}")


async def migrate(connection: asyncpg.Connection) -> list[str]:
    """Bring the schema up to date and return the names of the migrations applied now.

    Each runs in its own transaction, under a lock, so several processes may start at once.
    Raises `StorageError` when an applied migration was altered since, or the database is newer
    than this program.
    """
    applied_now = []
    await connection.execute(f"select pg_advisory_lock({_MIGRATION_LOCK})")
    try:
        await connection.execute(
            "create table if not exists schema_migrations ("
            "name text primary key, sha256 text not null, applied_at timestamptz not null default now())"
        )
        known = {row["name"]: row["sha256"] for row in await connection.fetch("select * from schema_migrations")}
        files = sorted(MIGRATIONS.glob("*.sql"))
        if unknown := known.keys() - {file.stem for file in files}:
            raise StorageError(f"the database has migrations that this version does not know: {sorted(unknown)}")
        for file in files:
            text = file.read_text()
            digest = hashlib.sha256(text.encode()).hexdigest()
            if known.get(file.stem, digest) != digest:
                raise StorageError(f"migration {file.stem} was altered after it was applied; add a new one instead")
            if file.stem not in known:
                async with connection.transaction():
                    await connection.execute(text)
                    await connection.execute("insert into schema_migrations values ($1, $2)", file.stem, digest)
                applied_now.append(file.stem)
    finally:
        await connection.execute(f"select pg_advisory_unlock({_MIGRATION_LOCK})")
    return applied_now
