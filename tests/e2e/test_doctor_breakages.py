"""`callcenter doctor` on the whole stack: it is content, and then names each of these breakages."""

import asyncio
import os
import re
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import pytest
from minio import Minio
from pydantic import SecretStr

from callcenter.cli import doctor, doctor_processes
from callcenter.common import requests
from callcenter.domain.events import Presence
from callcenter.domain.request import PresenceBody
from callcenter.settings import Settings, load_settings
from callcenter.storage import prepare_connection
from callcenter.telephony.console import Console
from stack.instance import Instance
from stack.parts import PYTHON, ROOT
from stack.registration import register
from stack.supervisor import Supervisor
from tests.dispatch.crew import mailbox
from tests.e2e.manager import Manager

pytestmark = [pytest.mark.e2e, pytest.mark.long]

PATIENCE_S = 90.0
PHONES = "127.0.0.3"


@dataclass
class Patient:
    """The stack, and the settings with which doctor looks at it."""

    stack: Instance
    description: dict[str, Any]
    settings: Settings

    @asynccontextmanager
    async def owner(self) -> AsyncIterator[asyncpg.Connection]:
        connection = await asyncpg.connect(self.description["postgres"]["dsn"])
        await prepare_connection(connection)
        try:
            yield connection
        finally:
            await connection.close()

    async def sql(self, statement: str) -> None:
        async with self.owner() as connection:
            await connection.execute(statement)

    async def cli(self, command: str) -> str:
        return await Console(self.settings.asterisk.control).command(command)

    def change(self, section: str, **values: object) -> None:
        part = getattr(self.settings, section).model_copy(update=values)
        self.settings = self.settings.model_copy(update={section: part})


@pytest.fixture(scope="module")
def stack(sends_letters: dict[str, str]) -> Iterator[Instance]:
    """An instance that is broken here only, and in which nothing has happened before."""
    instance = Instance(ROOT / "var" / f"test-doctor-{os.getpid()}", environment=sends_letters)
    with instance:
        yield instance
    instance.remove()


@pytest.fixture(scope="module")
def settings(stack: Instance) -> Iterator[Settings]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CALLCENTER_ENV_FILE", str(stack.env_file))
        yield load_settings()


@pytest.fixture
async def patient(stack: Instance, settings: Settings, mail_port: int) -> AsyncIterator[Patient]:
    description = stack.description()
    assert description is not None
    async with mailbox(mail_port):
        yield Patient(stack, description, settings)


async def report(patient: Patient, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, str]]:
    """Doctor's exit status, and each of its lines by the name of what was examined."""
    capsys.readouterr()
    status = await doctor.examine(patient.settings)
    said = capsys.readouterr().out
    print(said)
    return status, {line[1]: line[0] for line in re.finditer(r"^(?:ok|warn|FAIL|-) +([^:]+): .*$", said, re.MULTILINE)}


async def test_a_healthy_centre_is_well(patient: Patient, capsys: pytest.CaptureFixture[str]) -> None:
    # It has just started, and says with its next beat that it is ready.
    status, lines = await report(patient, capsys)
    assert [line for line in lines.values() if not line.startswith("ok")] == []
    assert status == 0
    assert set(lines) == {each.name for each in doctor.EXAMINATIONS}


@contextmanager
def stopped(patient: Patient, part: str) -> Iterator[None]:
    """A part whose processes are frozen."""
    leader = psutil.Process(patient.stack.pids()[part])
    processes = [leader, *leader.children(recursive=True)]
    for process in processes:
        process.suspend()
    try:
        yield
    finally:
        for process in processes:
            process.resume()


Breakage = Callable[[Patient, Path], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def service_killed(patient: Patient, _folder: Path) -> AsyncIterator[None]:
    pids = patient.stack.pids()
    supervisor = psutil.Process(pids["supervisord"])
    supervisor.suspend()
    try:
        os.kill(pids["callcenter"], signal.SIGKILL)
        yield
    finally:
        supervisor.resume()
        patient.stack.wait_ready("callcenter")


@asynccontextmanager
async def service_ended(patient: Patient, _folder: Path) -> AsyncIterator[None]:
    supervisor = Supervisor(patient.stack.directory)
    await asyncio.to_thread(supervisor.stop_program, "callcenter")
    try:
        yield
    finally:
        supervisor.start_program("callcenter")
        await asyncio.to_thread(patient.stack.wait_ready, "callcenter")


def frozen(part: str) -> Breakage:
    @asynccontextmanager
    async def freeze(patient: Patient, _folder: Path) -> AsyncIterator[None]:
        with stopped(patient, part):
            yield
        await asyncio.to_thread(patient.stack.wait_ready, "callcenter")

    return freeze


def in_the_database(broken: str, mended: str) -> Breakage:
    @asynccontextmanager
    async def change(patient: Patient, _folder: Path) -> AsyncIterator[None]:
        await patient.sql(broken)
        try:
            yield
        finally:
            await patient.sql(mended)

    return change


def policy_of(table: str) -> str:
    text = (ROOT / "storage" / "schema.sql").read_text()
    found = re.search(rf"^CREATE POLICY own ON public\.{table} .*?;$", text, re.MULTILINE | re.DOTALL)
    assert found
    return found[0]


@asynccontextmanager
async def on_the_line(patient: Patient) -> AsyncIterator[dict[str, Any]]:
    """An operator who takes calls; the telephone is another matter."""
    [person, *_] = [each for each in patient.description["logins"] if each["role"] == "operator"]

    async def ask(wanted: Presence) -> None:
        async with patient.owner() as connection:
            operator = await connection.fetchval("select id from operators where login = $1", person["login"])
            async with connection.transaction():
                await requests.ask(connection, PresenceBody(wanted=wanted), asker=operator)
        there = wanted is Presence.AVAILABLE
        async with asyncio.timeout(PATIENCE_S):
            while (f"PJSIP/{person['endpoint']}" in await patient.cli("queue show operators")) is not there:
                await asyncio.sleep(0.05)

    await ask(Presence.AVAILABLE)
    try:
        yield person
    finally:
        await ask(Presence.OFFLINE)


@asynccontextmanager
async def telephone_off(patient: Patient, _folder: Path) -> AsyncIterator[None]:
    async with on_the_line(patient):
        yield


@asynccontextmanager
async def member_missing(patient: Patient, _folder: Path) -> AsyncIterator[None]:
    ami = patient.settings.ami
    async with on_the_line(patient) as person:
        secret = [(person["endpoint"], person["sip_secret"])]
        there = ("127.0.0.1", patient.settings.asterisk.sip_port)
        register((PHONES, 5060), there, secret, 600)
        member = {"Queue": "operators", "Interface": f"PJSIP/{person['endpoint']}"}
        with Manager(ami.port, ami.actions_user, ami.actions_secret.get_secret_value(), events=False) as manager:
            assert manager.act("QueueRemove", **member)["Response"] == "Success"
            try:
                yield
            finally:
                assert manager.act("QueueAdd", **member)["Response"] == "Success"
        register((PHONES, 5060), there, secret, 0)


def in_asterisk(broken: str, mended: str) -> Breakage:
    @asynccontextmanager
    async def change(patient: Patient, _folder: Path) -> AsyncIterator[None]:
        await patient.cli(broken)
        try:
            yield
        finally:
            await patient.cli(mended)

    return change


@asynccontextmanager
async def number_forgotten(patient: Patient, _folder: Path) -> AsyncIterator[None]:
    async with patient.owner() as connection:
        number = await connection.fetchval("select min(number) from numbers")
    await patient.cli(f"dialplan remove extension d{number}@numbers")
    try:
        yield
    finally:
        await patient.cli("dialplan reload")


@asynccontextmanager
async def configuration_edited(patient: Patient, _folder: Path) -> AsyncIterator[None]:
    file = patient.settings.asterisk.etc / "queues.conf"
    text = file.read_text()
    file.write_text(f"{text}; by hand\n")
    try:
        yield
    finally:
        file.write_text(text)


@asynccontextmanager
async def bucket_without_lock(patient: Patient, _folder: Path) -> AsyncIterator[None]:
    s3, owner = patient.settings.s3, patient.stack._owners_settings(patient.stack._place())
    keys = {
        "access_key": owner["CALLCENTER_S3__ADMIN_ACCESS_KEY"],
        "secret_key": owner["CALLCENTER_S3__ADMIN_SECRET_KEY"],
    }
    client = Minio(s3.endpoint, secure=False, region=s3.region, **keys)
    client.make_bucket("unlocked")
    patient.change("s3", bucket="unlocked", access_key=keys["access_key"], secret_key=SecretStr(keys["secret_key"]))
    try:
        yield
    finally:
        client.remove_bucket("unlocked")


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


@asynccontextmanager
async def recordings_disk_full(patient: Patient, folder: Path) -> AsyncIterator[None]:
    with small_disk(folder) as disk:
        for name in ("rec", "ready"):
            (disk / name).mkdir()
        (disk / "all").write_bytes(bytes(disk.stat().st_blksize * 8))
        patient.change("asterisk", spool=disk)
        yield


@asynccontextmanager
async def ledgers_disk_full(patient: Patient, folder: Path) -> AsyncIterator[None]:
    with small_disk(folder) as disk:
        (disk / "queue_log").touch()
        patient.change("asterisk", queue_log=disk / "queue_log")
        yield


def with_settings(section: str, **values: object) -> Breakage:
    @asynccontextmanager
    async def change(patient: Patient, _folder: Path) -> AsyncIterator[None]:
        patient.change(section, **values)
        yield

    return change


BREAKAGES: dict[str, tuple[Breakage, str, str]] = {
    "the service is killed": (service_killed, "processes", "it was killed or hangs"),
    "the service is frozen": (frozen("callcenter"), "processes", "it was killed or hangs"),
    "the service was ended": (service_ended, "processes", "no process runs for the telephony, node node1 was ended"),
    "Asterisk is frozen": (frozen("asterisk"), "AMI, actions", "Asterisk hangs"),
    "PostgreSQL is frozen": (frozen("postgres"), "PostgreSQL", "no answer within"),
    "the store is frozen": (frozen("seaweedfs"), "S3 store", "did not answer within"),
    "a policy is missing": (
        in_the_database("drop policy own on tickets", policy_of("tickets")),
        "walls between companies",
        "the policy own of tickets",
    ),
    "a table is not guarded": (
        in_the_database("alter table calls disable row level security", "alter table calls enable row level security"),
        "walls between companies",
        "row-level security of calls",
    ),
    "history can be changed": (
        in_the_database(
            "alter table ledger_entries disable trigger only_added",
            "alter table ledger_entries enable trigger only_added",
        ),
        "walls between companies",
        "the trigger only_added of ledger_entries",
    ),
    "the schema is of another version": (
        in_the_database(
            "update schema_files set sha256 = reverse(sha256) where path like '%talks.sql'",
            "update schema_files set sha256 = reverse(sha256) where path like '%talks.sql'",
        ),
        "PostgreSQL",
        "callcenter migrate",
    ),
    "a queue member is missing": (member_missing, "operators", "is available and is not in Asterisk's queue"),
    "no telephone is registered": (telephone_off, "operators", "no telephone of the 1 who take calls is registered"),
    "a module is missing": (
        in_asterisk("module unload app_echo.so", "module load app_echo.so"),
        "Asterisk, modules",
        "not running: app_echo.so",
    ),
    "the configuration was edited": (configuration_edited, "Asterisk, configuration", "queues.conf"),
    "Asterisk forgot a number": (number_forgotten, "Asterisk, configuration", "does not know"),
    "the bucket cannot lock": (bucket_without_lock, "S3 store", "without object lock"),
    "the recordings' disk is full": (recordings_disk_full, "spool", "MB free"),
    "the ledger's disk is full": (ledgers_disk_full, "ledger", "lines are lost"),
    "AMI refuses the account": (
        with_settings("ami", actions_secret=SecretStr("another")),
        "AMI, actions",
        "refuses the account",
    ),
    "the store refuses the keys": (
        with_settings("s3", secret_key=SecretStr("another")),
        "S3 store",
        "CALLCENTER_S3__",
    ),
    "the secrets have other keys": (
        with_settings("secrets", keys=(SecretStr("ab" * 32),)),
        "secrets",
        "CALLCENTER_SECRETS__KEYS",
    ),
}


@pytest.mark.parametrize("name", BREAKAGES)
async def test_a_breakage_is_named_and_doctor_fails(
    patient: Patient, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # A beat comes every five seconds; so the tests wait for one that is missing, and not for four.
    monkeypatch.setattr(doctor_processes, "SILENT_AFTER_S", 9.0)
    breakage, examined, says = BREAKAGES[name]
    async with breakage(patient, tmp_path), asyncio.timeout(PATIENCE_S):
        while True:
            status, lines = await report(patient, capsys)
            if lines[examined].startswith("FAIL") and says in lines[examined]:
                break
    assert status == 1


async def test_a_clock_that_is_off_is_named(patient: Patient) -> None:
    """Doctor's own, by which it judges the others."""
    environment = {**os.environ, "CALLCENTER_ENV_FILE": str(patient.stack.env_file)}
    doctor = ["faketime", "-f", "+15m", PYTHON, "-m", "callcenter", "doctor"]
    done = await asyncio.to_thread(
        subprocess.run, doctor, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    [line] = [line for line in done.stdout.splitlines() if line.startswith("FAIL  clocks")]
    for whose in ("PostgreSQL", "Asterisk", "node node1"):
        assert re.search(rf"{whose} is (8[89]|9[01])[0-9] s behind", line), line


async def test_after_all_that_the_centre_is_well_again(patient: Patient, capsys: pytest.CaptureFixture[str]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            status, lines = await report(patient, capsys)
            if status == 0:
                break
    assert [line for line in lines.values() if line.startswith("FAIL")] == []
