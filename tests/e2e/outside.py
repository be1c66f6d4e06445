"""Whom operators call outside: a telephone company of one SIPp, which answers any number and speaks."""

import audioop
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import asyncpg

from tests.e2e.asterisk_instance import SIPP, free_port
from tests.e2e.browser_operator import CALLERS_TONE, bursts, cli, until

HOST = "127.0.0.4"


@contextmanager
def answering(folder: Path, port: int, sip: str) -> Iterator[None]:
    """It answers calls at this port."""
    (folder / "tone.alaw").write_bytes(audioop.lin2alaw(bursts(CALLERS_TONE, 3, 8000), 2))
    command = ["sipp", sip, "-sf", str(SIPP / "operator_listens.xml"), "-i", HOST, "-mi", HOST, "-p", str(port), "-aa"]
    with open(folder / "outside.log", "wb") as log:
        process = subprocess.Popen([*command, "-nostdin"], cwd=folder, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.kill()
        process.wait()


@asynccontextmanager
async def outside(description: dict, pool: asyncpg.Pool, folder: Path) -> AsyncIterator[None]:
    """Calls go out to it, residents' and crews'."""
    port, sip = free_port(socket.SOCK_DGRAM, HOST), description["sip"]
    with answering(folder, port, f"{sip['host']}:{sip['port']}"):
        await pool.execute(
            "insert into trunks (name, server, port, calls_out, codecs, position) values ('city', $1, $2, true, '{alaw}', 1)",
            HOST,
            port,
        )
        await pool.execute("insert into outbound_rules (purpose, prefix) values ('resident', '+'), ('crew', '+')")
        await until(lambda: f"{HOST}:{port}" in cli(description, "pjsip show contacts"), "the way out", 30)
        try:
            yield
        finally:
            await pool.execute("delete from outbound_rules")
            await pool.execute("delete from trunks")
