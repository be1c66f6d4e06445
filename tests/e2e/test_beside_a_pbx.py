"""Beside a FreePBX: on its Asterisk, where theirs stays as it was, or behind it by a trunk."""

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr

from callcenter.cli.render_asterisk import render_asterisk
from callcenter.common.requests import ask
from callcenter.domain.events import Presence
from callcenter.domain.ids import OperatorId
from callcenter.domain.request import PresenceBody
from callcenter.settings import DatabaseSettings, S3Settings, Settings
from callcenter.telephony.owned_folder import ForeignFolder
from callcenter.telephony.render import ROOT, Directory, render
from callcenter.telephony.shared import FOLDER, QUEUE, include_lines
from tests.e2e.asterisk_instance import AsteriskInstance, make_sounds, settings_of, started, wait_for
from tests.e2e.caller import Caller
from tests.e2e.test_configuration import node, until
from tests.site import SECRETS, Site, site

__all__ = ["site"]

pytestmark = pytest.mark.e2e

DATA = ROOT / "tests" / "data" / "freepbx"
OURS, THEIRS, BEHIND = "74951234567", "74957777777", "74952222222"
CALLER = "+79160000001"
DIRECTORY = Directory(((OURS, "ru"),), (("op-01", "secret"), ("op-02", "secret")))


@dataclass
class FreePbx:
    """Its Asterisk, ours within it, and what its files were before."""

    asterisk: AsteriskInstance
    before: dict[str, bytes]


def contents(etc: Path) -> dict[str, bytes]:
    """Their files, without our folder."""
    paths = (path for path in etc.rglob("*") if path.is_file() and FOLDER not in path.relative_to(etc).parts)
    return {str(path.relative_to(etc)): path.read_bytes() for path in paths}


def install(etc: Path, settings: Settings, dispatch_port: int = 5060) -> None:
    """As FreePBX's own installer and pages leave it; `dispatch_port`: where its trunk to a dispatch centre goes."""
    asterisk = settings.asterisk
    ports = {"SIP_PORT": asterisk.sip_port, "RTP_START": asterisk.rtp_start, "RTP_END": asterisk.rtp_end}
    etc.mkdir(parents=True)
    for path in DATA.glob("*.conf"):
        text = path.read_text()
        for name, port in {**ports, "AMI_PORT": settings.ami.port, "DISPATCH_PORT": dispatch_port}.items():
            text = text.replace(f"@{name}@", str(port))
        (etc / path.name).write_text(text)


@pytest.fixture
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FreePbx]:
    home = tmp_path_factory.mktemp("freepbx")
    etc = home / "etc"
    given = settings_of(ring_s=5, max_wait_s=20)
    places = {
        "shared": True,
        "etc": etc / FOLDER,
        "control": home / "run" / "asterisk.ctl",
        "spool": home / "spool" / "callcenter",
        "queue_log": home / "log" / "queue_log",
    }
    settings = given.model_copy(update={"asterisk": given.asterisk.model_copy(update=places)})
    install(etc, settings)
    before = contents(etc)
    render_asterisk(settings, DIRECTORY, etc / FOLDER)
    for line in include_lines():
        theirs, _, include = line.partition(": ")
        with (etc / theirs).open("a") as file:
            file.write(f"{include}\n")
    make_sounds(home, home / "sounds" / FOLDER)
    with started(home, settings, DIRECTORY) as asterisk:
        yield FreePbx(asterisk, before)
    shutil.rmtree(home)


def answered(pbx: AsteriskInstance) -> None:
    """A caller by their trunk, whom a telephone of ours answers."""
    with pbx.operator("operator_hangs_up"), pbx.call(OURS) as caller:
        wait_for(lambda: [line for line in pbx.ledger() if line[4] == "TALKENDED"], "the talk", timeout_s=30.0)
        caller.wait(timeout=10)


def in_their_queue(pbx: AsteriskInstance) -> None:
    """A caller of theirs waits in their queue, and hangs up."""
    with Caller(pbx.settings.asterisk.sip_port, THEIRS.encode()) as caller:
        assert caller.invite() == 200
        wait_for(lambda: [line for line in pbx.ledger() if line[2:5] == ["600", "NONE", "ENTERQUEUE"]], "their queue")
        caller.hang_up()
    wait_for(lambda: [line for line in pbx.ledger() if line[4] == "ABANDON" and line[2] == "600"], "the end")


async def test_a_call_by_their_trunk_is_answered_recorded_and_has_a_ticket(
    site: Site, database_url: str, s3: S3Settings, pbx: FreePbx
) -> None:
    asterisk, etc = pbx.asterisk, pbx.asterisk.home / "etc"
    more = {
        "database": DatabaseSettings(url=SecretStr(database_url)),
        "secrets": SECRETS,
        "s3": s3.model_copy(update={"bucket": "beside-a-pbx"}),
    }
    async with node(asterisk.settings.model_copy(update=more)):
        async with site.pool.acquire() as connection:
            await ask(connection, PresenceBody(wanted=Presence.AVAILABLE), asker=OperatorId(site.ids["anna"]))

        async def at_work() -> bool:
            return "op-01" in await asyncio.to_thread(asterisk.cli, f"queue show {QUEUE}")

        await until(at_work, "the operator in our queue")
        await asyncio.to_thread(in_their_queue, asterisk)
        await asyncio.to_thread(answered, asterisk)
        attached = "select count(*) from recordings where state = 'attached' and ticket_id is not null"
        await until(lambda: site.pool.fetchval(attached), "the recording with its ticket")

    (call,) = await site.pool.fetch("select * from calls")
    assert (call["did"], call["outcome"], call["queue"], call["imported"]) == (OURS, "answered", OURS, False)
    assert call["id"].startswith("node1-")
    (recording,) = await site.pool.fetch("select * from recordings")
    assert (recording["call_id"], recording["defect"]) == (call["id"], None)
    assert recording["duration_s"] == pytest.approx(call["talk_s"], abs=1.0)
    assert await site.pool.fetchval("select count(*) from tickets where call_id = $1", call["id"]) == 1

    # Byte for byte the same but for our lines, after everything that the node has done.
    includes = dict(line.split(": ", 1) for line in include_lines())
    added = {name: f"{line}\n".encode() for name, line in includes.items()}
    assert contents(etc) == {name: pbx.before.get(name, b"") + added.get(name, b"") for name in {*pbx.before, *added}}


async def test_theirs_works_as_before(database_url: str, pbx: FreePbx) -> None:
    asterisk = pbx.asterisk

    def shown(command: str) -> str:
        return asterisk.cli(command)

    # Their names that are ours as well, or that ours could have taken.
    assert "QUEUE_PRIO=7" in shown("dialplan show queue")
    assert "ROUND=theirs" in shown("dialplan show globals")
    assert "There is no existence of 'inbound' context" in shown("dialplan show inbound")
    assert "FPBX" in shown("pjsip show settings")
    for kind, count in (("transports", 1), ("identifies", 2)):
        assert f"Objects found: {count}" in shown(f"pjsip show {kind}"), kind
    assert {"600", QUEUE} <= {line.partition(" ")[0] for line in shown("queue show").splitlines()}
    assert {"admin", "fop"} <= set(shown("manager show users").split())
    with Caller(asterisk.settings.asterisk.sip_port, b"201") as caller:
        # Nobody is registered there.
        assert caller.invite() in (404, 480, 503)
    assert not [line for line in asterisk.complaints() if "callcenter" in line]


async def test_their_telephones_stay_registered_when_ours_are_changed(
    site: Site, database_url: str, pbx: FreePbx
) -> None:
    asterisk = pbx.asterisk
    theirs = AsteriskInstance(
        asterisk.home, asterisk.settings, Directory((), (("201", "theirs-201"),)), asterisk.process
    )
    await asyncio.to_thread(theirs.register, "201")
    more = {"database": DatabaseSettings(url=SecretStr(database_url)), "secrets": SECRETS}
    async with node(asterisk.settings.model_copy(update=more)):
        known = "select count(*) from asterisk_entries where kind = 'telephone'"
        await until(lambda: site.pool.fetchval(known), "our telephones")
        await asyncio.to_thread(asterisk.register, "op-01")
        await site.pool.execute("update operators set endpoint = null, sip_secret = null where login = 'anna'")

        async def gone() -> bool:
            return "op-01" not in await asyncio.to_thread(asterisk.cli, "database show registrar")

        await until(gone, "the end of our telephone's registration")
    assert "contact/201;" in asterisk.cli("database show registrar")


@pytest.fixture
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[AsteriskInstance, AsteriskInstance]]:
    """Theirs and, behind it, one of our own that takes it for the telephone company."""
    home = tmp_path_factory.mktemp("behind")
    directory = Directory(((BEHIND, "ru"),), (("op-01", "secret"),))
    given, theirs = settings_of(ring_s=5, max_wait_s=20), settings_of()
    ours = given.model_copy(
        update={"asterisk": given.asterisk.model_copy(update={"trunk_addresses": ("127.0.0.1",), "rtp_start": 20000})}
    )
    render(ours, directory, home / "ours" / "etc")
    make_sounds(home / "ours", home / "ours" / "sounds")
    install(home / "theirs" / "etc", theirs, ours.asterisk.sip_port)
    (home / "theirs" / "lib").mkdir()
    with started(home / "ours", ours, directory) as own, started(home / "theirs", theirs, directory) as pbx:
        yield own, pbx


def test_a_call_comes_through_their_pbx_to_one_of_our_own_with_its_number_and_its_caller(
    behind: tuple[AsteriskInstance, AsteriskInstance],
) -> None:
    ours, theirs = behind
    with ours.actions() as manager, ours.operator("operator_hangs_up"):
        assert manager.act("QueueAdd", Queue="operators", Interface="PJSIP/op-01")["Response"] == "Success"
        with Caller(theirs.settings.asterisk.sip_port, BEHIND.encode()) as caller:
            assert caller.invite(timeout_s=15.0) == 200
            ended = wait_for(lambda: [line for line in ours.ledger() if line[4] == "TALKENDED"], "the talk", 30.0)
            caller.wait_for_bye(10.0)
    (arrived,) = [line for line in ours.ledger() if line[4] == "ARRIVED"]
    assert arrived[6:8] == [BEHIND, CALLER]
    (recording,) = ours.recordings(ended[0][6])
    assert recording.stat().st_size > 16000


def test_nothing_is_rendered_into_their_folder(tmp_path: Path) -> None:
    settings = settings_of()
    install(tmp_path / "etc", settings)
    before = contents(tmp_path / "etc")
    with pytest.raises(ForeignFolder):
        render(settings, DIRECTORY, tmp_path / "etc")
    assert contents(tmp_path / "etc") == before
