"""PostgreSQL: the pool, the listeners, the named queries, the schema."""

import asyncio
import hashlib
import json
import re
import tomllib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from types import MappingProxyType

import asyncpg

from callcenter.errors import StorageError
from callcenter.resources import ROOT
from callcenter.settings import DatabaseSettings

MIGRATIONS = ROOT / "storage" / "migrations"
FUNCTIONS = ROOT / "storage" / "functions"
DEFAULTS = ROOT / "storage" / "defaults"
QUERIES = ROOT / "storage" / "queries"

# What asyncpg raises while the server is unavailable, or becomes so during a statement.
AWAY = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)

# All statements are short and repeated: compiling or planning one again takes longer than running it.
SESSION = {"jit": "off", "plan_cache_mode": "force_generic_plan"}

PING_EVERY_S = 10.0
"""Seconds without a notification after which a listener checks its connection."""
ANSWER_WITHIN_S = 5.0
"""Seconds that PostgreSQL may take to answer a listener."""

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)
_NEEDS = re.compile(r"^-- needs: (.+)$", re.MULTILINE)
_MAKES_ROLE = re.compile(r"^( *)create role (\w+)[^;]*;$", re.MULTILINE)
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
    """A connection that listens on `channel`, and the payloads from the first moment on.

    When the connection is lost or does not answer, reading them raises what is in `AWAY`.
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
    """Raise `StorageError` unless the database has this version's migrations, functions and defaults, and no others."""
    known: set[str] = set()
    if await connection.fetchval("select to_regclass('schema_migrations')") is not None:
        known = {row["name"] for row in await connection.fetch("select name from schema_migrations")}
    wanted = {file.stem for file in MIGRATIONS.glob("*.sql")}
    if missing := wanted - known:
        raise StorageError(f"the database lacks {', '.join(sorted(missing))}; run `callcenter migrate` first")
    if unknown := known - wanted:
        raise StorageError(f"the database has migrations that this version does not know: {sorted(unknown)}")
    wanted_files = {path: _version(text) for path, text in repeatable_files().items()}
    if differing := {path for path, _ in wanted_files.items() ^ await _applied_files(connection)}:
        raise StorageError(
            f"the database has {', '.join(sorted(differing))} of another version; run `callcenter migrate` first"
        )


async def migrate(connection: asyncpg.Connection) -> list[str]:
    """Bring the schema up to date and return the names of the migrations and the other files applied now.

    Each migration runs in its own transaction, then all other files in one, under a lock, so several processes may
    start at once. Raises `StorageError` when an applied migration was altered since, or the database is newer than
    this program.
    """
    await connection.execute(f"select pg_advisory_lock({_MIGRATION_LOCK})")
    try:
        return [*await _apply_migrations(connection), *await _apply_files(connection)]
    finally:
        await connection.execute(f"select pg_advisory_unlock({_MIGRATION_LOCK})")


async def _apply_migrations(connection: asyncpg.Connection) -> list[str]:
    await connection.execute(
        "create table if not exists schema_migrations ("
        "name text primary key, sha256 text not null, applied_at timestamptz not null default now())"
    )
    known = {row["name"]: row["sha256"] for row in await connection.fetch("select * from schema_migrations")}
    texts = {file.stem: file.read_text() for file in sorted(MIGRATIONS.glob("*.sql"))}
    known |= await _take_as_applied(connection, texts)
    if unknown := known.keys() - texts:
        raise StorageError(f"the database has migrations that this version does not know: {sorted(unknown)}")
    if altered := [name for name, sha256 in known.items() if sha256 != _digest(texts[name])]:
        raise StorageError(f"migration {altered[0]} was altered after it was applied; add a new one instead")
    may_make_roles = await connection.fetchval(
        "select rolsuper or rolcreaterole from pg_roles where rolname = current_user"
    )
    new = {name: text for name, text in texts.items() if name not in known}
    for name, text in new.items():
        async with connection.transaction():
            await connection.execute(text if may_make_roles else await _without_roles(connection, text))
            await connection.execute("insert into schema_migrations values ($1, $2)", name, _digest(text))
    return list(new)


async def _take_as_applied(connection: asyncpg.Connection, texts: Mapping[str, str]) -> dict[str, str]:
    """Those of these migrations that were stepped back from, by name, with their digests; they are applied again from now on."""
    if await connection.fetchval("select to_regclass('stepped_back')") is None:
        return {}
    rows = await connection.fetch(
        "with again as (delete from stepped_back where name = any($1) returning name, sha256)"
        " insert into schema_migrations (name, sha256) select name, sha256 from again returning name, sha256",
        list(texts),
    )
    return {row["name"]: row["sha256"] for row in rows}


async def step_back(connection: asyncpg.Connection, kept: Collection[str]) -> list[str]:
    """Let a program that knows only the migrations in `kept` run on this schema; return the names of the others.

    What they added stays, and `migrate` of the newer program takes it as applied. Views are made again by the earlier
    program's `migrate`: PostgreSQL would not let it take a column from one.
    """
    async with connection.transaction():
        rows = await connection.fetch(
            "with gone as (delete from schema_migrations where name <> all($1) returning name, sha256)"
            " insert into stepped_back (name, sha256) select name, sha256 from gone returning name",
            list(kept),
        )
        views = await connection.fetch(
            "select oid::regclass::text from pg_class where relkind = 'v' and relnamespace = 'public'::regnamespace"
        )
        for (view,) in views:
            await connection.execute(f"drop view if exists {view} cascade")
        # So that whoever migrates next applies all of its own.
        await connection.execute("delete from schema_files")
    return sorted(row["name"] for row in rows)


async def _without_roles(connection: asyncpg.Connection, text: str) -> str:
    """A migration for an owner who may not make roles: somebody else has made them. Raises `StorageError` if not."""
    wanted = {name for _, name in _MAKES_ROLE.findall(text)}
    there = {row["rolname"] for row in await connection.fetch("select rolname from pg_roles")}
    if wanted - there:
        raise StorageError(
            f"the owner of the tables may not make roles, and these are missing: {', '.join(sorted(wanted - there))}."
            " Let an administrator of the server run what `callcenter database-roles` prints, then run this again"
        )
    return _MAKES_ROLE.sub(r"\1null;", text)


async def _apply_files(connection: asyncpg.Connection) -> list[str]:
    texts = repeatable_files()
    applied_now = []
    async with connection.transaction():
        applied = await _applied_files(connection)
        await connection.execute("delete from schema_files where path <> all($1)", list(texts))
        for path, text in texts.items():
            if (path, _version(text)) in applied:
                continue
            await _apply_file(connection, Path(path), text)
            await connection.execute(
                "insert into schema_files (path, sha256, migration) values ($1, $2, $3) on conflict (path) do update"
                " set sha256 = excluded.sha256, migration = excluded.migration, applied_at = now()",
                path,
                *_version(text),
            )
            applied_now.append(path)
    return applied_now


async def _apply_file(connection: asyncpg.Connection, path: Path, text: str) -> None:
    if path.suffix == ".sql":
        await connection.execute(text)
        return
    await connection.execute(
        "insert into defaults values ($1, $2::text::jsonb) on conflict (name) do update set body = excluded.body",
        path.stem,
        _encode_json(tomllib.loads(text)),
    )


def repeatable_files() -> dict[str, str]:
    """The text of each file that is applied after the migrations, by its path in `storage/`, in the order of applying.

    Functions are applied by name, but after those of the files that a line `-- needs: …` names: PostgreSQL checks
    the body of an SQL function when it is created.
    """
    texts = {file.stem: file.read_text() for file in sorted(FUNCTIONS.glob("*.sql"))}
    needs = {name: [need for line in _NEEDS.findall(text) for need in line.split(", ")] for name, text in texts.items()}
    functions = {f"functions/{name}.sql": texts[name] for name in TopologicalSorter(needs).static_order()}
    return functions | {f"defaults/{file.name}": file.read_text() for file in sorted(DEFAULTS.glob("*.toml"))}


async def _applied_files(
    connection: "asyncpg.Connection | asyncpg.pool.PoolConnectionProxy",
) -> set[tuple[str, tuple[str, str]]]:
    rows = await connection.fetch("select path, sha256, migration from schema_files")
    return {(row["path"], (row["sha256"], row["migration"])) for row in rows}


def _version(text: str) -> tuple[str, str]:
    """Decides whether a file must be applied again: its digest, and the newest migration at the time."""
    return _digest(text), max(file.stem for file in MIGRATIONS.glob("*.sql"))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
