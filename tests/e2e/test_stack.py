"""The local stack and the load tool on real parts."""

import asyncio
import json
import os
import re
import signal
import stat
import subprocess
import sys
import time
from functools import partial

import asyncpg
import psutil
import pytest

from stack import processes
from stack.instance import Instance
from stack.parts import ROOT
from stack.surge import Plan, Surge
from tests.dispatch.crew import mailbox
from tests.e2e.telephones import database

pytestmark = [pytest.mark.e2e, pytest.mark.alone]


def surge(stack: Instance, plan: Plan) -> tuple[dict[str, object], dict[str, str]]:
    """Run a surge and return its report, and every reason it found against anything."""
    description = stack.description()
    assert description is not None
    report, verdict = asyncio.run(Surge(description, plan).run())
    return report, verdict.lost | verdict.pops_wrong


def test_a_small_surge_is_answered_recorded_and_shown_to_the_right_operators(stack: Instance) -> None:
    report, faults = surge(stack, Plan(callers=6, operators=2, talk=2, rate=10))
    assert faults == {}
    expected = {"callers": 6, "queued": 6, "answered": 6, "abandoned": 0, "lost": 0, "tickets": 6}
    assert report.items() >= (expected | {"recordings_verified": 6, "pops_right": 6, "pops_wrong": 0}).items()


def test_the_callers_of_three_trunks_wait_in_one_queue(stack: Instance) -> None:
    report, faults = surge(stack, Plan(callers=9, operators=3, talk=1, rate=20, trunks=3, abandon=1))
    assert faults == {}
    assert report.items() >= {"trunks": 3, "callers": 9, "answered": 8, "abandoned": 1, "lost": 0, "tickets": 8}.items()


def test_operators_in_real_browsers_answer_too_and_when_they_see_the_card_is_measured(stack: Instance) -> None:
    report, faults = surge(stack, Plan(callers=12, operators=3, browsers=2, talk=2, rate=10))
    assert faults == {}
    assert report.items() >= {"callers": 12, "answered": 12, "lost": 0, "browsers": 2, "pops_right": 12}.items()
    # How soon depends on the machine; that cards are painted at all, and by whose clock, does not.
    assert 2 <= report["painted"] < 12
    assert 0 < report["pop_paint_p99_ms"] < 5_000


def test_callers_who_give_up_are_abandoned_and_nobody_is_lost(stack: Instance) -> None:
    report, faults = surge(stack, Plan(callers=8, operators=2, talk=3, rate=10, abandon=3, audio="operators"))
    assert faults == {}
    assert report.items() >= {"callers": 8, "answered": 5, "abandoned": 3, "lost": 0, "tickets": 5}.items()


async def attributed(stack: Instance, numbers: int) -> list[asyncpg.Record]:
    """Of the newest calls: whose company's number was dialled, and what the rows say."""
    description = stack.description()
    assert description is not None
    connection = await asyncpg.connect(description["postgres"]["dsn"])
    try:
        return list(
            await connection.fetch(
                "select n.company_id as dialled, c.company_id as call, t.company_id as ticket, r.company_id as recording,"
                " c.queue = c.did as queue from calls c join numbers n on n.number = c.did"
                " join tickets t on t.call_id = c.id join recordings r on r.call_id = c.id"
                " order by c.arrived_at desc limit $1",
                numbers,
            )
        )
    finally:
        await connection.close()


def test_the_callers_of_many_companies_wait_in_one_queue_and_each_stays_its_companys(stack: Instance) -> None:
    report, faults = surge(stack, Plan(callers=12, operators=3, talk=1, rate=20, companies=12))
    assert faults == {}
    assert report.items() >= {"companies": 12, "answered": 12, "tickets": 12, "lost": 0, "double_rings": 0}.items()
    rows = asyncio.run(attributed(stack, 12))
    assert len({row["dialled"] for row in rows}) == 12
    assert [{*row.values()} for row in rows] == [{row["dialled"], True} for row in rows]


def test_the_description_is_private_and_names_every_part(stack: Instance) -> None:
    assert stat.S_IMODE(stack.description_file.stat().st_mode) == 0o600
    description = json.loads(stack.description_file.read_text())
    assert description["pids"].keys() == {"supervisord", "postgres", "seaweedfs", "asterisk", "callcenter"}
    # Parts that other tests ended were started again by the supervisor.
    assert psutil.pid_exists(description["pids"]["supervisord"])
    assert all(psutil.pid_exists(pid) for pid in stack.pids().values())
    roles = {"operator", "supervisor", "manager", "administrator"}
    assert {person["role"] for person in description["logins"]} == roles
    wanted = {"web", "sip", "ami", "postgres", "s3", "logins", "asterisk", "directory", "env_file", "pids"}
    assert description.keys() == wanted


async def test_the_service_has_no_more_rights_than_it_needs(stack: Instance, mail_port: int) -> None:
    """Doctor tries them; and what the owners of the servers have is neither in the service's file nor in its process."""
    async with mailbox(mail_port):
        told = await asyncio.to_thread(stack.run, "doctor")
    found = {name: state for state, name in re.findall(r"^(ok|warn|FAIL) +([^:]+):", told, re.MULTILINE)}
    assert found.items() >= {"PostgreSQL, rights": "ok", "secrets": "ok", "S3 store": "ok"}.items(), told
    known = json.loads((stack.directory / "instance.json").read_text())["secrets"]
    service = psutil.Process(stack.pids()["callcenter"])
    has = stack.env_file.read_text() + str(service.environ()) + str(service.cmdline())
    assert known["postgres-service"] in has
    for owners in ("postgres", "s3-admin-access", "s3-admin-secret"):
        assert known[owners] not in has, owners


@pytest.mark.parametrize("part", ["callcenter", "seaweedfs", "asterisk", "postgres"])
def test_a_part_that_is_killed_comes_back(stack: Instance, part: str) -> None:
    before = stack.pids()[part]
    os.kill(before, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(before)] if psutil.pid_exists(before) else [], timeout=5)
    stack.wait_ready(part)
    stack.wait_ready("callcenter")
    assert stack.pids()[part] != before


def test_starting_twice_says_that_it_runs(stack: Instance) -> None:
    said: list[str] = []
    again = Instance(stack.directory, environment={}, say=said.append)
    assert again.up() == stack.description()
    assert [line.split(":")[0] for line in said] == ["already running"]


def test_down_ends_everything_even_when_the_supervisor_was_killed() -> None:
    instance = Instance(ROOT / "var" / f"test-{os.getpid()}-killed", operators=1, environment={})
    try:
        instance.up()
        os.kill(instance.pids()["supervisord"], signal.SIGKILL)
        assert instance.down() >= 4
        assert processes.marked(str(instance.directory)) == []
        assert instance.description() is None
    finally:
        instance.remove()


async def calls_not_ended(stack: Instance) -> int:
    """How many calls the journal takes for still going on."""
    description = stack.description()
    assert description is not None
    async with database(description) as pool:
        return int(await pool.fetchval("select count(*) from calls where ended_at is null"))


def test_an_interrupted_surge_leaves_neither_sipp_nor_callers_behind(stack: Instance) -> None:
    options = ["--callers", "4", "--operators", "2", "--talk", "60"]
    command = [sys.executable, "-m", "stack", "--directory", str(stack.directory), "surge", *options]
    # Whoever runs the tests in the background ignores Ctrl-C, and so would what they start.
    hear = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    silent = subprocess.DEVNULL
    with subprocess.Popen(command, cwd=ROOT, stdout=silent, stderr=silent, preexec_fn=hear) as process:
        ours = psutil.Process(process.pid)
        deadline = time.monotonic() + 30
        while len(sipps := [child for child in ours.children() if child.name() == "sipp"]) < 2:
            assert time.monotonic() < deadline, "no callers within 30 s"
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
    gone, left = psutil.wait_procs(sipps, timeout=0)
    assert (len(gone), left) == (len(sipps), [])
    deadline = time.monotonic() + 10
    while (left_waiting := asyncio.run(calls_not_ended(stack))) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert left_waiting == 0, "the next caller's operator would get one of them"
