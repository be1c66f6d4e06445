"""From the last release to this version in the middle of a surge, and back: nobody is lost, everything is written once."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from callcenter.cli.upgrade import releases
from stack.parts import ROOT
from tests.upgrade.earlier import its_stack, last_release

pytestmark = [pytest.mark.e2e, pytest.mark.alone]

CALLERS = 100
OPERATORS = 20
TALK_S = 4.0
PATIENCE_S = 120.0


@dataclass(frozen=True)
class Upgradable:
    """The stack of the last release, running."""

    checkout: Path
    directory: Path
    description: Mapping[str, Any]

    def run(self, checkout: Path, *arguments: str) -> str:
        """A command of one of the two versions, with the settings of this stack and those of the owner."""
        foreign = {name: value for name, value in os.environ.items() if not name.startswith("CALLCENTER_")}
        own = {
            "CALLCENTER_ENV_FILE": self.description["env_file"],
            "CALLCENTER_DATABASE__OWNER_URL": self.description["postgres"]["dsn"],
        }
        done = subprocess.run(
            [sys.executable, "-m", "callcenter", *arguments],
            cwd=checkout,
            env=foreign | own,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def exchange(self, old: Path, new: Path) -> str:
        """The command by which the service becomes that of another version."""
        return f"{sys.executable} -m tests.upgrade.earlier {self.directory} {old} {new}"

    async def count(self, query: str) -> int:
        connection = await asyncpg.connect(self.description["postgres"]["dsn"])
        try:
            return int(await connection.fetchval(query))
        finally:
            await connection.close()

    async def wait_for(self, query: str, at_least: int) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while await self.count(query) < at_least:
            assert time.monotonic() < deadline, query

    @contextmanager
    def surge(self) -> Iterator[subprocess.Popen[str]]:
        """Callers and screens of the release's own tool, which says at its end what became of each of them."""
        command = [sys.executable, "-m", "stack", "--directory", str(self.directory), "surge"]
        command += ["--callers", str(CALLERS), "--operators", str(OPERATORS), "--talk", str(TALK_S)]
        process = subprocess.Popen(
            command, cwd=self.checkout, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Upgradable]:
    checkout = last_release(tmp_path / "release")
    # The path of a socket has a hundred bytes at most.
    directory = ROOT / "var" / f"test-upgrade-{os.getpid()}"
    with its_stack(checkout, directory) as description:
        yield Upgradable(checkout, directory, description)


async def in_the_middle_of_a_surge(old: Upgradable, change: Any) -> dict[str, Any]:
    answered = await old.count("select count(*) from talks")
    with old.surge() as surge:
        # Some have talked, some talk, and most still wait.
        await old.wait_for("select count(*) from talks", answered + OPERATORS + 3)
        change()
        said, complaints = surge.communicate(timeout=480)
    verdict: dict[str, Any] = json.loads(said.splitlines()[-1])
    # A talk as short as the time without screens may have had none; no card came to another operator.
    wrong = [line for line in complaints.splitlines() if line.startswith("wrong card: +")]
    assert [line for line in wrong if ": card at nobody," not in line] == []
    assert bool(wrong) == bool(verdict["pops_wrong"]), complaints
    return verdict


async def test_nobody_is_lost_by_an_upgrade_in_a_surge_nor_on_the_way_back(old: Upgradable) -> None:
    assert "migrations to apply" in old.run(ROOT, "upgrade", "--check")
    said = []

    def forward() -> None:
        said.append(old.run(ROOT, "upgrade", "--restart", old.exchange(old.checkout, ROOT)))

    def back() -> None:
        old.run(ROOT, "upgrade", "--back-to", releases()[-1]["version"])
        old.run(old.checkout, "migrate")
        subprocess.run(old.exchange(ROOT, old.checkout).split(), cwd=ROOT, check=True)

    for change in (forward, back):
        verdict = await in_the_middle_of_a_surge(old, change)
        assert verdict["lost"] == 0
        assert (verdict["answered"], verdict["tickets"]) == (CALLERS, CALLERS)
        assert (verdict["talks"], verdict["recordings_verified"], verdict["completeness"]) == (CALLERS, CALLERS, 1.0)
        assert verdict["double_rings"] == 0
    away = re.search(r"no screens for ([\d.]+) s", said[0])
    assert away is not None
    print(f"no screens for {away[1]} s")
    assert 0 < float(away[1]) < 60
    assert await old.count("select count(*) from calls where state <> 'ended'") == 0
    assert await old.count("select count(*) from recordings where state <> 'attached'") == 0
    assert await old.count("select count(distinct object_key) from recordings") == 2 * CALLERS
    assert "the custody chains are whole" in old.run(ROOT, "check-custody-chain")
