"""The database out to a file and back, by PostgreSQL's own programs; and the walls in it, to compare."""

import asyncio
import json
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import asyncpg

from callcenter.errors import StorageError
from callcenter.storage import queries

SQL = queries("backup")
_DEBIANS = Path("/usr/lib/postgresql")
_VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
}


async def dump(url: str, file: Path) -> None:
    """Write everything in the database into the file, as it is at one moment. Raises `StorageError`."""
    connection = await asyncpg.connect(url)
    try:
        version = connection.get_server_version().major
    finally:
        await connection.close()
    await _run("pg_dump", version, url, "--format=custom", f"--file={file}")


async def load(url: str, file: Path) -> None:
    """Fill an empty database, wholly or not at all. The roles are there already. Raises `StorageError`."""
    connection = await asyncpg.connect(url)
    try:
        if await connection.fetchval(SQL["tables"]):
            raise StorageError("the database is not empty: a back-up is restored into a new one (`create database …`)")
        version = connection.get_server_version().major
    finally:
        await connection.close()
    options = ("--no-owner", "--exit-on-error", "--single-transaction", f"--dbname={_variables(url)['PGDATABASE']}")
    await _run("pg_restore", version, url, *options, str(file))


async def walls(connection: asyncpg.Connection) -> dict[str, list[str]]:
    """What keeps companies apart: the tables with row-level security, its policies, and each right of our two roles."""
    return {kind: [row[0] for row in await connection.fetch(SQL[kind])] for kind in ("secured", "policies", "rights")}


def missing_walls(wanted: Mapping[str, list[str]], found: Mapping[str, list[str]]) -> list[str]:
    """A line for each that is in one and not in the other."""
    lines = []
    for kind, said in wanted.items():
        lines += [f"{kind}: missing {json.loads(each)}" for each in sorted(set(said) - set(found[kind]))]
        lines += [f"{kind}: too many {json.loads(each)}" for each in sorted(set(found[kind]) - set(said))]
    return lines


async def _run(name: str, server: int, url: str, *arguments: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *(await _program(name, server), *arguments),
        env=os.environ | _variables(url),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    if process.returncode:
        raise StorageError(f"{name} failed: {said.decode(errors='replace').strip()[-2000:]}")


async def _program(name: str, server: int) -> str:
    """The one that knows this server: of its version or a newer one."""
    versions = (int(each.name) for each in _DEBIANS.glob("*") if each.name.isdigit())
    places = [os.environ["PATH"], *(str(_DEBIANS / str(each) / "bin") for each in sorted(versions, reverse=True))]
    for place in places:
        if (found := shutil.which(name, path=place)) and await _version(found) >= server:
            return found
    raise StorageError(
        f"there is no {name} of PostgreSQL {server} or newer in PATH: install postgresql-client-{server} of"
        " apt.postgresql.org, or of your distribution"
    )


async def _version(program: str) -> int:
    process = await asyncio.create_subprocess_exec(program, "--version", stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    found = re.search(r"\) (\d+)", said.decode())
    return int(found[1]) if found else 0


def _variables(url: str) -> dict[str, str]:
    """A DSN as libpq's variables: on a command line everybody could read the password."""
    parts = urlsplit(url)
    said = {"host": parts.hostname, "port": parts.port and str(parts.port)} | dict(parse_qsl(parts.query))
    values = {_VARIABLES[name]: value for name, value in said.items() if value and name in _VARIABLES}
    login = unquote(parts.username or "")
    values |= {"PGUSER": login, "PGDATABASE": unquote(parts.path.removeprefix("/")) or login}
    return values | ({"PGPASSWORD": unquote(parts.password)} if parts.password else {})
