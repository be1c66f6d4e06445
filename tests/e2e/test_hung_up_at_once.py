"""Who ended a talk whose other side hung up between the answer and the first word, on a real Asterisk."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from callcenter.domain.ids import OPERATORS
from callcenter.telephony.render import Directory
from callcenter.telephony.trunk_line import TrunkLine
from tests.e2e.asterisk_instance import AsteriskInstance, asterisk, free_port, wait_for
from tests.e2e.caller import Caller
from tests.e2e.manager import Manager
from tests.e2e.telephone import Telephone

pytestmark = pytest.mark.e2e

NUMBER, CREW = "74951234567", "+79160000002"
OUTSIDE = "127.0.0.5"
RECORDS = " same => n,MixMonitor("
# Before the recording begins, the two are not joined until the one who waits for that has hung up.
LINGERS = """ same => n(lingers),Wait(0.05)
 same => n,GotoIf($["${MASTER_CHANNEL(CHANNEL(hangupsource))}" = ""]?lingers)
"""


def linger(etc: Path) -> None:
    for name in ("talk", "out"):
        path = etc / "dialplan" / f"{name}.conf"
        before = path.read_text()
        assert before.count(RECORDS) == 1
        path.write_text(before.replace(RECORDS, LINGERS + RECORDS))


@pytest.fixture(scope="module")
def port() -> int:
    return free_port(socket.SOCK_DGRAM, OUTSIDE)


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[AsteriskInstance]:
    directory = Directory(
        numbers=((NUMBER, "ru"),),
        endpoints=(("op-01", "secret-1"),),
        trunks=(TrunkLine(name="out", server=OUTSIDE, port=port, calls_out=True),),
    )
    with asterisk(tmp_path_factory.mktemp("asterisk"), directory, linger, ring_s=3, max_wait_s=20) as instance:
        yield instance


@pytest.fixture
def events(pbx: AsteriskInstance) -> Iterator[Manager]:
    with pbx.events() as made:
        yield made


@pytest.fixture
def manager(pbx: AsteriskInstance) -> Iterator[Manager]:
    with pbx.actions() as made:
        yield made


@pytest.fixture
def anna(pbx: AsteriskInstance) -> Iterator[Telephone]:
    with Telephone(pbx, "op-01") as telephone:
        assert telephone.register() == 200
        yield telephone


def ended_by(events: Manager) -> str:
    return events.wait_event("UserEvent", UserEvent="TalkEnded")["By"]


def test_the_caller_ended_a_talk_that_they_did_not_wait_for(
    pbx: AsteriskInstance, anna: Telephone, events: Manager, manager: Manager
) -> None:
    manager.act("QueueAdd", Queue=OPERATORS, Interface="PJSIP/op-01")
    with Caller(pbx.settings.asterisk.sip_port, NUMBER.encode()) as caller:
        assert caller.invite() == 200
        events.wait_event("UserEvent", UserEvent="TalkBegan")
        caller.hang_up()
        assert ended_by(events) == "caller"
    manager.act("QueueRemove", Queue=OPERATORS, Interface="PJSIP/op-01")
    assert pbx.complaints() == []


def test_the_caller_ended_a_talk_with_a_colleague_that_they_did_not_wait_for(
    pbx: AsteriskInstance, anna: Telephone, events: Manager, manager: Manager
) -> None:
    with Caller(pbx.settings.asterisk.sip_port, NUMBER.encode()) as caller:
        assert caller.invite() == 200
        channel = events.wait_event("UserEvent", UserEvent="CallArrived")["Channel"]
        events.wait_event("QueueCallerJoin")
        manager.act("Redirect", Channel=channel, Context="transfer", Exten="op-01", Priority="1")
        events.wait_event("UserEvent", UserEvent="TalkBegan")
        caller.hang_up()
        assert ended_by(events) == "caller"
    assert pbx.complaints() == []


def test_the_operator_ended_a_call_out_that_they_did_not_wait_for(
    pbx: AsteriskInstance, anna: Telephone, port: int, events: Manager, manager: Manager
) -> None:
    with Telephone(pbx, "outside", port, OUTSIDE):
        pbx.cli(f"channel originate Local/op-01*{CREW}@own-telephone/n application Hangup")
        asked = events.wait_event("UserEvent", UserEvent="CallOutAsked")
        manager.act("Setvar", Channel=asked["Channel"], Variable="VERDICT", Value=f"allowed/{NUMBER}")
        events.wait_event("UserEvent", UserEvent="TalkBegan")
        anna.hang_up(anna.invites()[0])
        assert ended_by(events) == "operator"
        wait_for(lambda: "0 active channels" in pbx.cli("core show channels"), "the end")
    assert pbx.complaints() == []
