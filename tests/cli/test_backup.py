"""A back-up brought elsewhere: another server, another store, and everything is as it was."""

import hashlib
import json
import os
from pathlib import Path

import asyncpg
import pytest

from callcenter.cli import database_copy
from callcenter.cli.backup import backup, read_manifest, restore
from callcenter.cli.database_copy import dump, walls
from callcenter.cli.evidence import check_custody_chain
from callcenter.errors import BackupProblem, StorageError
from callcenter.recordings.originals import read_back
from callcenter.recordings.store import Store
from callcenter.settings import Settings
from callcenter.storage import connect
from tests.backups import LEDGER_LINE, SOUNDS, Filled, bucket
from tests.common import test_scope as locks


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
    rows = await restored.fetch("select r.*, as_chained(r) as chained from recordings r order by name")
    assert [row["name"] for row in rows] == list(SOUNDS)
    for row in rows:
        found = await read_back(store, row["object_key"], row["version_id"])
        assert found.wav == (row["sha256"], len(SOUNDS[row["name"]]))
        assert (found.packed or (None, None)) == (row["stored_sha256"], row["stored_size"])
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
    assert await restored.fetchval("select ledger_offset from nodes") == len(LEDGER_LINE) + 1
    about = read_manifest(tmp_path / "backup")
    assert about["ledgers"][0]["ledger_offset"] == len(LEDGER_LINE) + 1


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
    assert sorted(objects) == ["nightly/objects/recordings/rec-1.wav", "nightly/objects/recordings/rec-2.flac"]
    assert await restore(elsewhere, f"s3://{place}/nightly") == 0
    assert elsewhere.asterisk.queue_log.exists()


async def test_a_backup_in_the_bucket_that_it_is_of_is_refused(filled: Filled) -> None:
    with pytest.raises(BackupProblem, match="name another bucket"):
        await backup(filled.settings, f"s3://{filled.settings.s3.bucket}/nightly", copy=True)


async def test_a_second_backup_fetches_only_what_is_new(filled: Filled, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    assert await backup(filled.settings, str(folder), copy=True) == 0
    files = {path: path.stat().st_ino for path in (folder / "objects").rglob("rec-*")}
    assert len(files) == len(SOUNDS)
    assert await backup(filled.settings, str(folder), copy=True) == 0
    assert {path: path.stat().st_ino for path in (folder / "objects").rglob("rec-*")} == files


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
    before = os.umask(0o022)
    try:
        await backup(filled.settings, str(folder), copy=True)
        # What the program writes elsewhere is as private as before.
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(before)
    assert all(path.stat().st_mode & 0o077 == 0 for path in (folder, *folder.rglob("*")))
