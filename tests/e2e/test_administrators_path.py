"""The way of an administrator who has a machine and the documents: from an empty folder to a recording that is locked."""

import asyncio
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import aiohttp
import asyncpg
import pytest
from aiohttp import web

from callcenter.cli.init import FILES
from callcenter.domain.events import Presence
from callcenter.push.codec import to_json
from callcenter.push.messages import Hello, PresenceRequest
from callcenter.recordings.store import Store
from callcenter.settings import Settings, load_settings
from callcenter.telephony.render import Directory
from stack.parts import ROOT
from tests.deploy.proxies import HOST, Authority, free_port, nginx
from tests.deploy.test_proxies import browser
from tests.e2e.asterisk_instance import AsteriskInstance, make_sounds, started
from tests.e2e.node import until
from tests.people.test_telephone_pages import secret_in
from tests.tools import tool
from tests.wheel import run

pytestmark = [pytest.mark.e2e, pytest.mark.long]

DID, PASSWORD = "74951230000", "steht fest wie ein Baum im Wald"
STORES_KEYS = ("administrator", "of-a-store-of-ones-own")


@contextmanager
def foreign_store(authority: Authority, folder: Path) -> Iterator[str]:
    """An S3 store that is none of ours, with a certificate of a private authority; its address."""
    certificate, key = authority.issue("s3.example.org", "127.0.0.1")
    port = free_port()
    command = [tool("moto_server"), "-H", "127.0.0.1", "-p", str(port)]
    with (folder / "store.log").open("wb") as log:
        process = subprocess.Popen([*command, "-c", str(certificate), "-k", str(key)], stdout=log, stderr=log)
    try:
        yield f"https://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


@contextmanager
def plain_owner(server: str) -> Iterator[dict[str, str]]:
    """Logins of an owner who may make no roles and of a service, which nobody has made yet. `server`: its superuser's DSN."""
    name = f"path_{uuid4().hex[:12]}"
    parts = urlsplit(server)._replace(path=f"/{name}")
    host = parts.netloc.rpartition("@")[2]
    owner, service = (urlunsplit(parts._replace(netloc=f"{name}_{who}:word@{host}")) for who in ("owner", "service"))
    yield {"DATABASE__OWNER_URL": owner, "DATABASE__URL": service}
    for statement in (
        f"drop database if exists {name} with (force)",
        f"drop owned by {name}_owner",
        f"drop role if exists {name}_owner, {name}_service",
    ):
        asyncio.run(execute(server, statement))


async def execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    except (asyncpg.DuplicateObjectError, asyncpg.UndefinedObjectError):
        pass  # the roles without a login are one for the whole server
    finally:
        await connection.close()


@dataclass
class Machine:
    """What the administrator has: programs of the wheel, a folder of settings, the rest of the machine's environment."""

    programs: Path
    home: Path
    environment: dict[str, str]
    store: str
    database: dict[str, str]
    server: str
    pages_port: int

    @property
    def etc(self) -> Path:
        return self.home / "settings"

    def callcenter(self, *arguments: str, files: tuple[str, ...] = FILES) -> str:
        return run([str(self.programs / "callcenter"), *arguments], self.environment | self.settings(*files), self.home)

    def settings(self, *files: str) -> dict[str, str]:
        return {"CALLCENTER_ENV_FILE": ":".join(str(self.etc / name) for name in files)}

    def init(self) -> subprocess.CompletedProcess[str]:
        where, asterisk = self.home / "asterisk", "CALLCENTER_ASTERISK__"
        given = {
            **{f"CALLCENTER_{name}": value for name, value in self.database.items()},
            "CALLCENTER_S3__ACCESS_KEY": STORES_KEYS[0],
            "CALLCENTER_S3__SECRET_KEY": STORES_KEYS[1],
            "CALLCENTER_S3__CA_FILE": str(self.home / "authority.pem"),
            "CALLCENTER_AMI__PORT": str(free_port()),
            "CALLCENTER_WEB__PORT": str(free_port()),
            "CALLCENTER_SPEECH__CACHE": str(ROOT / "var" / "speech"),
            f"{asterisk}SIP_PORT": str(free_port()),
            f"{asterisk}WS_PORT": str(free_port()),
            f"{asterisk}RTP_START": "22000",
            f"{asterisk}RTP_END": "22999",
            f"{asterisk}ETC": str(where / "etc"),
            f"{asterisk}CONTROL": str(where / "run" / "asterisk.ctl"),
            f"{asterisk}SPOOL": str(where / "spool" / "callcenter"),
            f"{asterisk}QUEUE_LOG": str(where / "log" / "queue_log"),
        }
        options = ["--folder", str(self.etc), "--group", "root", "--store", self.store, "--address", "127.0.0.1"]
        options += ["--trunk", "127.0.0.2", "--url", f"https://{HOST}:{self.pages_port}", "--administrator", "boss"]
        return subprocess.run(
            [str(self.programs / "callcenter"), "init", *options],
            env=self.environment | given,
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    @contextmanager
    def services(self) -> Iterator[None]:
        """The node and the pages, as their samples start them."""
        with ExitStack() as held:
            for name in ("node", "web"):
                sample = (self.etc / "samples" / f"callcenter-{name}.service").read_text()
                said = dict(re.findall(r"(CALLCENTER_\w+)=(\S+)", sample)) | {
                    "CALLCENTER_SPEECH__CACHE": str(ROOT / "var" / "speech")
                }
                if name == "node":
                    said["CALLCENTER_WEB__PORT"] = str(free_port())
                [command] = re.findall(r"^ExecStart=(.*)$", sample, re.MULTILINE)
                log = held.enter_context((self.home / f"{name}.log").open("wb"))
                process = subprocess.Popen(
                    command.split(), env=self.environment | said, cwd=self.home, stdout=log, stderr=log
                )
                held.callback(process.wait)
                held.callback(process.terminate)
            yield


@pytest.fixture(params=["18", "15"])
def machine(bare: Path, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Machine]:
    """Of the PostgreSQL that the local stack has, and of Debian's, the oldest that is promised."""
    foreign = {key: value for key, value in os.environ.items() if not key.startswith(("CALLCENTER_", "PYTHON"))}
    authority = Authority(tmp_path)
    server = (
        request.getfixturevalue("postgres_15")
        if request.param == "15"
        else request.getfixturevalue("_postgres").get_uri()
    )
    with foreign_store(authority, tmp_path) as store, plain_owner(server) as database:
        yield Machine(bare, tmp_path, foreign, store, database, server, free_port())


@asynccontextmanager
async def asterisk_of(machine: Machine, settings: Settings) -> AsyncIterator[AsteriskInstance]:
    home = machine.home / "asterisk"
    machine.callcenter("render-asterisk", str(home / "etc"))
    make_sounds(machine.home, home / "sounds")
    shutil.copy(machine.home / "tone.alaw", home)
    with started(home, settings, Directory((), ())) as instance:
        yield instance


async def text_of(answer: aiohttp.ClientResponse, *statuses: int) -> str:
    text = await answer.text()
    assert answer.status in statuses, text
    return text


async def test_from_an_empty_folder_to_a_recording_that_is_locked(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The owner may make no roles: init says what the server's administrator must do, who does it; then it goes on.
    refused = await asyncio.to_thread(machine.init)
    assert refused.returncode == 1
    for statement in re.findall(r"^(?:create|grant) .*;$", refused.stderr, re.MULTILINE):
        await execute(machine.server, statement)
    done = await asyncio.to_thread(machine.init)
    assert done.returncode == 0, done.stdout + done.stderr
    [link] = re.findall(r"https://\S+/invite/\S+", done.stdout)

    monkeypatch.setenv("CALLCENTER_ENV_FILE", machine.settings(*FILES)["CALLCENTER_ENV_FILE"])
    settings = load_settings()
    async with (
        asterisk_of(machine, settings) as pbx,
        nginx(settings, machine.home / "nginx", machine.pages_port) as front,
    ):
        with machine.services():
            async with browser(front) as boss, browser(front) as operator:
                await until(lambda: serves(boss), "the pages")
                headers = {"Origin": front.url}

                async def post(http: aiohttp.ClientSession, path: str, **form: str) -> aiohttp.ClientResponse:
                    return await http.post(path, data=form, headers=headers, allow_redirects=False)

                # The administrator's first quarter of an hour on the pages.
                await text_of(await post(boss, urlsplit(link).path, new=PASSWORD, again=PASSWORD), 200)
                await text_of(await post(boss, "/login", login="boss", password=PASSWORD), 303)
                company = {"name": "Заречье", "zone": "Europe/Moscow", "language": "ru", "retention_days": "30"}
                await text_of(await post(boss, "/directory/companies/new", **company, numbers=DID), 303)
                made = await text_of(
                    await post(boss, "/people/new", login="olga", name="Ольга", role="operator", language="ru"), 200
                )
                [invitation] = re.findall(r"/invite/[\w-]+", made)[:1]
                [person] = re.findall(r"/people/(\d+)/", made)[:1]
                secret = secret_in(await text_of(await post(boss, f"/people/{person}/telephone", endpoint="olga"), 200))

                # The operator's.
                await text_of(await post(operator, invitation, new=PASSWORD, again=PASSWORD), 200)
                await text_of(await post(operator, "/login", login="olga", password=PASSWORD), 303)
                pbx = replace(pbx, directory=Directory(((DID, "ru"),), (("olga", secret),)))
                await until(lambda: knows(pbx, "olga"), "the telephone in Asterisk")
                with pbx.operator("operator_hangs_up", "olga"):
                    async with operator.ws_connect("/ws", headers=headers) as socket:
                        await socket.send_json(to_json(Hello(last=None)))
                        await socket.send_json(to_json(PresenceRequest(wanted=Presence.AVAILABLE)))
                        await until(lambda: waits_for_calls(pbx), "the operator in the queue")
                        with pbx.call(DID):
                            row = await recording(settings)
                        # Whoever is on the line without a telephone is what doctor would find.
                        await socket.send_json(to_json(PresenceRequest(wanted=Presence.OFFLINE)))
                        await until(lambda: is_off_the_line(pbx), "the end of the shift")
        store = Store(settings.s3)
        assert (await store.digest(row["object_key"], row["version_id"]))[0] == row["sha256"]
        assert row["locked_until"] is not None
        # The doctor has nothing to say against it, as the one who would run it.
        with machine.services():
            async with browser(front) as http:
                await until(lambda: serves(http), "the pages")
            said = await asyncio.to_thread(machine.callcenter, "doctor", files=FILES[:2])
        store.close()
        assert "FAIL" not in said


async def serves(http: aiohttp.ClientSession) -> bool:
    async with http.get("/login") as answer:
        return answer.status == web.HTTPOk.status_code


async def knows(pbx: AsteriskInstance, endpoint: str) -> bool:
    return "password" in await asyncio.to_thread(pbx.cli, f"pjsip show auth {endpoint}")


async def waits_for_calls(pbx: AsteriskInstance) -> bool:
    shown = await asyncio.to_thread(pbx.cli, "queue show")
    return "Not in use" in shown and "paused" not in shown


async def is_off_the_line(pbx: AsteriskInstance) -> bool:
    return "olga" not in await asyncio.to_thread(pbx.cli, "queue show")


async def recording(settings: Settings) -> Any:
    """The row of the recording, once it is in the store, read back and attached."""
    found: list[Any] = []

    async def attached() -> bool:
        connection = await asyncpg.connect(settings.database.url.get_secret_value())
        try:
            found[:] = await connection.fetch("select * from recordings where state = 'attached'")
        finally:
            await connection.close()
        return len(found) == 1

    await until(attached, "the recording in the store")
    return found[0]
