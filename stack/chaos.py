"""A surge in which the uploader, the node and the store are killed at random, and a check of its recordings.

The kills follow from a seed: which part, and after how long. "uploader" and "node" are one process here: as the uploader it is
killed while a recording is on its way into the store, as the node whenever it comes.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import urllib3
import uvloop
from minio import Minio

from stack.chaos_judge import ChaosVerdict, Row, Witness, judge
from stack.errors import StackError
from stack.objects import read_original
from stack.sipp import Sipp
from stack.supervisor import Supervisor
from stack.surge import Plan, Surge

PROGRAMS = {"uploader": "callcenter", "node": "callcenter", "store": "seaweedfs"}
WITNESS_EVERY_S = 0.2
LOOK_S = 0.002
WORK_WITHIN_S = 4.0
UP_WITHIN_S = 30.0
WRAP_S = 2.0
"""Seconds from one talk of an operator to the next, ringing included."""
SHARE = 0.8
"""Share of the time in which callers talk; the rest is for the last part that was killed."""
BACK_S = 15.0
SHOWN = 10

_ROWS = """
select r.name, coalesce(r.call_id, '') as call, r.state, r.object_key, r.version_id, r.sha256
from recordings r where coalesce(r.expected_at, r.recorded_at) >= $1
"""
_KEYS = "select object_key from recordings where object_key is not null and coalesce(expected_at, recorded_at) < $1"


@dataclass(frozen=True, slots=True)
class Kill:
    """`after_s`: seconds after the kill before it; `moment_s`: seconds after work was seen, for the uploader."""

    part: str
    after_s: float
    moment_s: float


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("--kills", type=int, default=50, help="how many (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed kills the same parts (default: %(default)s)")
    parser.add_argument("--callers", type=int, default=300)
    parser.add_argument("--operators", type=int, default=20)
    parser.add_argument("--talk", type=float, default=12.0, help="seconds (default: %(default)s)")


def kills_from(seed: int, count: int, seconds: float) -> list[Kill]:
    """So many kills within about so many seconds."""
    chance = random.Random(seed)
    parts = [list(PROGRAMS)[number % len(PROGRAMS)] for number in range(count)]
    chance.shuffle(parts)
    mean = seconds / count if count else 0.0
    return [Kill(part, chance.uniform(0.5, 1.5) * mean, chance.uniform(0, 0.1)) for part in parts]


class _Surge(Surge):
    """A surge that is not checked before the last part that was killed had time to restart."""

    judged_after = float("inf")

    def _settled(self, sipp: Sipp, progress: Mapping[str, int]) -> bool:
        return time.monotonic() > self.judged_after and super()._settled(sipp, progress)


class Chaos:
    """One run against the stack described by `stack`."""

    def __init__(self, stack: Mapping[str, Any], plan: Plan, kills: Sequence[Kill]) -> None:
        self._stack = stack
        self._plan = plan
        self._kills = kills
        self._supervisor = Supervisor(Path(stack["directory"]))
        self._spool = Path(stack["asterisk"]["directory"]) / "spool" / "callcenter"
        self._witness = self._spool.parent / f"witness-{time.time():.0f}"
        self.done: Counter[str] = Counter()

    async def run(self) -> tuple[dict[str, Any], dict[str, str], ChaosVerdict]:
        """Send the callers, kill, wait until all is settled, and return the surge's report, the callers that it
        misses with the reasons, and the verdict."""
        self._witness.mkdir()
        began = datetime.now(UTC)
        watching = asyncio.create_task(self._watch(), name="witness")
        surge = _Surge(self._stack, self._plan)
        killing = asyncio.create_task(self._kill_all(surge), name="kills")
        try:
            report, callers = await surge.run()
        finally:
            for task in (killing, watching):
                task.cancel()
            ended = await asyncio.gather(killing, watching, return_exceptions=True)
        for problem in ended:
            if isinstance(problem, Exception):
                raise problem
        return report, callers.lost, await self._judge(began)

    async def _watch(self) -> None:
        """Keep a hard link to every file that Asterisk writes: its bytes stay when the service has removed it."""
        while True:
            for folder in ("rec", "ready"):
                for path in (self._spool / folder).iterdir():
                    if path.suffix in (".wav", ".raw"):
                        with suppress(FileExistsError, FileNotFoundError):
                            os.link(path, self._witness / path.name)
            await asyncio.sleep(WITNESS_EVERY_S)

    async def _kill_all(self, surge: _Surge) -> None:
        while not any((self._spool / "rec").iterdir()):
            await asyncio.sleep(WITNESS_EVERY_S)
        for kill in self._kills:
            await asyncio.sleep(kill.after_s)
            if kill.part == "uploader":
                await self._work_seen()
                await asyncio.sleep(kill.moment_s)
            await self._kill(kill.part)
        surge.judged_after = time.monotonic() + BACK_S

    async def _work_seen(self) -> None:
        """Wait until a recording is being uploaded, or none comes in time."""
        deadline = time.monotonic() + WORK_WITHIN_S
        while time.monotonic() < deadline and not any((self._spool / "ready").iterdir()):
            await asyncio.sleep(LOOK_S)

    async def _kill(self, part: str) -> None:
        deadline = time.monotonic() + UP_WITHIN_S
        while (pid := (await asyncio.to_thread(self._supervisor.pids)).get(PROGRAMS[part])) is None:
            if time.monotonic() > deadline:
                raise StackError(f"{PROGRAMS[part]} does not restart after it was killed")
            await asyncio.sleep(0.1)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            self.done[part] += 1

    async def _judge(self, began: datetime) -> ChaosVerdict:
        connection = await asyncpg.connect(self._stack["postgres"]["dsn"])
        try:
            rows = await connection.fetch(_ROWS, began)
            before = {row["object_key"] for row in await connection.fetch(_KEYS, began)}
        finally:
            await connection.close()
        return await asyncio.to_thread(self._compare, rows, before)

    def _compare(self, rows: Sequence[asyncpg.Record], before: set[str]) -> ChaosVerdict:
        s3 = self._stack["s3"]
        client = Minio(
            s3["endpoint"],
            access_key=s3["access_key"],
            secret_key=s3["secret_key"],
            secure=s3["secure"],
            region=s3["region"],
            http_client=urllib3.PoolManager(timeout=urllib3.Timeout(connect=3, read=30), retries=2),
        )
        listed = client.list_objects(s3["bucket"], prefix="recordings/", recursive=True, include_version=True)
        keys = [str(each.object_name) for each in listed if each.object_name not in before]
        found = [
            Row(
                row["name"],
                row["call"],
                row["state"],
                row["object_key"],
                row["sha256"],
                row["object_key"] and read_original(client, s3["bucket"], row["object_key"], row["version_id"]),
            )
            for row in rows
        ]
        return judge(self._witnesses(), found, keys)

    def _witnesses(self) -> list[Witness]:
        """The raw file where there is one: the WAV was made from it."""
        files = {
            path.stem: path for path in sorted(self._witness.iterdir(), key=lambda path: path.suffix, reverse=True)
        }
        return [Witness(name, path.read_bytes(), path.suffix == ".raw") for name, path in files.items()]

    def tidy(self) -> None:
        """Remove the hard links."""
        for path in self._witness.iterdir():
            path.unlink()
        self._witness.rmdir()


def run(stack: Mapping[str, Any], options: argparse.Namespace) -> int:
    """Run it, print what is wrong and a line of JSON; return 1 unless no caller was lost and every recording is there
    once and unaltered."""
    plan = Plan(callers=options.callers, operators=options.operators, talk=options.talk, patience=3600.0)
    seconds = SHARE * plan.callers / plan.operators * (plan.talk + WRAP_S)
    chaos = Chaos(stack, plan, kills_from(options.seed, options.kills, seconds))
    report, lost, verdict = uvloop.run(chaos.run())
    faults = {"missing": verdict.missing, "doubled": verdict.doubled, "wrong_hash": verdict.wrong_hash}
    for title, reasons in (faults | {"caller": lost}).items():
        for name, reason in list(reasons.items())[:SHOWN]:
            print(f"{title}: {name}: {reason}", file=sys.stderr)
    told = {"seed": options.seed, "kills": chaos.done.total(), "killed": dict(sorted(chaos.done.items()))}
    told |= {name: report[name] for name in ("callers", "answered", "lost", "tickets")}
    told |= {"recordings": verdict.recordings} | {name: len(reasons) for name, reasons in faults.items()}
    print(json.dumps(told), flush=True)
    if verdict.clean:
        chaos.tidy()
    return 0 if verdict.clean and not lost and chaos.done.total() == options.kills else 1
