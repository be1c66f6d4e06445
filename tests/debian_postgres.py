"""Debian's own PostgreSQL 15, the oldest that the product promises to run on: `stack/setup.sh --tests` unpacks it."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.deploy.proxies import free_port
from tests.tools import UNPACKED, libraries

ACCOUNT = "nobody"
"""PostgreSQL refuses to run as root."""


@contextmanager
def debians_postgres(folder: Path) -> Iterator[str]:
    """A running server with nothing in it but its superuser, whose DSN it is. Durable as it is by itself."""
    programs = UNPACKED / "lib" / "postgresql" / "15" / "bin"
    port, data, word = free_port(), folder / "data", folder / "word"
    word.write_text("super\n")
    _run(programs, "initdb", "-D", data, "-U", "postgres", "-A", "scram-sha-256", f"--pwfile={word}", "-E", "UTF8")
    settings = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=200"
    _run(programs, "pg_ctl", "-D", data, "-l", folder / "log", "-o", settings, "--wait", "start")
    try:
        yield f"postgresql://postgres:super@127.0.0.1:{port}/postgres"
    finally:
        _run(programs, "pg_ctl", "-D", data, "-m", "immediate", "stop")


def _run(programs: Path, name: str, *arguments: object) -> None:
    command = [str(programs / name), *map(str, arguments)]
    account = ACCOUNT if os.geteuid() == 0 else None
    done = subprocess.run(
        command,
        user=account,
        env=libraries(),
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def postgres_15() -> Iterator[str]:
    """The DSN of its superuser."""
    with tempfile.TemporaryDirectory(prefix="callcenter-test-postgres-") as folder:
        if os.geteuid() == 0:
            subprocess.run(["chown", ACCOUNT, folder], check=True)
        with debians_postgres(Path(folder)) as url:
            yield url
