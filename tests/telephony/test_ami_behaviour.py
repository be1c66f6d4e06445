"""One suite for the pretended AMI server and for a real Asterisk: what the other tests rest on is true."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from panoramisk.message import Message
from prometheus_client import REGISTRY
from pydantic import SecretStr

from callcenter.domain.commands import SetMember
from callcenter.domain.events import (
    ChannelsSeen,
    Event,
    LinkRestored,
    NodeRestarted,
    PhoneChanged,
    Presence,
    QueueStartedEmpty,
)
from callcenter.domain.ids import OPERATORS, Interface
from callcenter.errors import ActionRefused
from callcenter.settings import AmiSettings
from callcenter.telephony import forms
from callcenter.telephony.connection import Account, AmiConnection
from callcenter.telephony.control import Control
from callcenter.telephony.framing import LINE_LIMIT
from callcenter.telephony.node import Node
from callcenter.telephony.render import Directory
from tests.e2e.asterisk_instance import asterisk
from tests.telephony.fake_ami import fake_ami
from tests.telephony.helpers import running, until

MEMBER = "PJSIP/op-01"


@dataclass(frozen=True)
class Peer:
    """An AMI server and when it started."""

    ami: AmiSettings
    started_between: tuple[datetime, datetime]


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    with pytest.MonkeyPatch.context() as patch:
        # Neither whole hours nor this machine's zone, so that a start told in local time is found all the same.
        patch.setenv("TZ", "XXX-5:45")
        began = datetime.now(UTC)
        directory = Directory(numbers=(("74951234567", "ru"),), endpoints=(("op-01", "secret"),))
        with asterisk(tmp_path_factory.mktemp("asterisk"), directory) as instance:
            # However long it took to start: on a busy machine that is more than a few seconds.
            yield Peer(instance.settings.ami, (began.replace(microsecond=0), datetime.now(UTC)))


@pytest.fixture(params=["fake", pytest.param("asterisk", marks=pytest.mark.e2e)])
async def peer(request: pytest.FixtureRequest) -> AsyncIterator[Peer]:
    if request.param == "fake":
        async with fake_ami() as server:
            started = datetime.fromtimestamp(int(server.booted_at), UTC)
            yield Peer(server.settings(), (started, started))
        return
    yield request.getfixturevalue("pbx")


@pytest.fixture
async def actions(peer: Peer) -> AsyncIterator[AmiConnection]:
    connection = AmiConnection(Account.ACTIONS, peer.ami)
    async with running(connection.run()):
        await asyncio.wait_for(connection.wait_connected(), 5)
        yield connection


async def test_a_ping_is_answered_with_the_time(actions: AmiConnection) -> None:
    answer = await actions.action("Ping")
    assert abs(forms.micros(answer["Timestamp"]) - datetime.now(UTC)) < timedelta(seconds=5)


async def test_the_events_account_hears_that_asterisk_is_ready_and_may_ping(peer: Peer) -> None:
    heard: list[Message] = []
    connection = AmiConnection(Account.EVENTS, peer.ami, on_event=heard.append)
    async with running(connection.run()):
        await until(lambda: heard)
        await connection.action("Ping")
    assert [event["Event"] for event in heard] == ["FullyBooted"]
    assert heard[0]["Uptime"].isdigit()


async def test_the_actions_account_hears_nothing(peer: Peer) -> None:
    heard: list[Message] = []
    connection = AmiConnection(Account.ACTIONS, peer.ami, on_event=heard.append)
    async with running(connection.run()):
        await connection.wait_connected()
        await connection.listing("CoreShowChannels")
        await connection.action("Ping")
    assert heard == []


async def test_a_wrong_secret_is_refused(peer: Peer) -> None:
    def refused() -> float:
        return REGISTRY.get_sample_value("callcenter_problems_total", {"problem": "ami login refused"}) or 0.0

    before = refused()
    wrong = peer.ami.model_copy(update={"actions_secret": SecretStr("wrong")})
    connection = AmiConnection(Account.ACTIONS, wrong)
    async with running(connection.run()):
        await until(lambda: refused() == before + 1)
        assert not connection.connected


async def test_members_come_pause_and_go(actions: AmiConnection) -> None:
    member = {"Queue": OPERATORS, "Interface": MEMBER}
    await actions.action("QueueAdd", **member, Paused="true")
    with pytest.raises(ActionRefused, match="Already there"):
        await actions.action("QueueAdd", **member, Paused="true")
    rows = [row for row in await actions.listing("QueueStatus") if row["Event"] == "QueueMember"]
    assert [(row["Queue"], row["Location"]) for row in rows] == [(OPERATORS, MEMBER)]
    await actions.action("QueuePause", **member, Paused="false")
    await actions.action("QueueRemove", **member)
    with pytest.raises(ActionRefused, match="Not there"):
        await actions.action("QueueRemove", **member)


async def test_orders_for_a_member_have_their_effect(actions: AmiConnection) -> None:
    async def members() -> list[str]:
        rows = await actions.listing("QueueStatus")
        return [row["Queue"] for row in rows if row["Event"] == "QueueMember" and row["Location"] == MEMBER]

    control = Control(actions, [].append)
    async with running(control.run()), asyncio.timeout(5):
        for presence, queues in (
            (Presence.PAUSED, [OPERATORS]),
            (Presence.AVAILABLE, [OPERATORS]),
            (Presence.OFFLINE, []),
        ):
            control.submit(SetMember(interface=Interface(MEMBER), presence=presence))
            while await members() != queues:
                pass


async def test_a_queue_that_is_not_there_is_refused(actions: AmiConnection) -> None:
    with pytest.raises(ActionRefused, match="No such queue"):
        await actions.action("QueueAdd", Queue="nosuch", Interface=MEMBER, Paused="false")


async def test_a_channel_that_is_gone_cannot_be_named(actions: AmiConnection) -> None:
    with pytest.raises(ActionRefused, match="No such channel"):
        await actions.action("Setvar", Channel="PJSIP/trunk-00000099", Variable="CALLERID(name)", Value="Имя")


async def test_the_recording_of_a_channel_that_is_gone_cannot_be_paused(actions: AmiConnection) -> None:
    with pytest.raises(ActionRefused, match="No such channel"):
        await actions.action("MixMonitorMute", Channel="PJSIP/op-01-00000099", Direction="both", State="1")


async def test_the_longest_line_that_we_send_is_understood(actions: AmiConnection) -> None:
    value = "x" * (LINE_LIMIT - len("Value: \r\n"))
    with pytest.raises(ActionRefused, match="No such channel"):
        await actions.action("Setvar", Channel="PJSIP/trunk-00000099", Variable="CALLERID(name)", Value=value)


async def test_an_unknown_action_is_refused(actions: AmiConnection) -> None:
    with pytest.raises(ActionRefused, match="Invalid/unknown command"):
        await actions.action("Nonsense")


async def test_no_channels_are_an_empty_list(actions: AmiConnection) -> None:
    assert await actions.listing("CoreShowChannels") == []


async def test_a_node_compares_and_finds_when_asterisk_started(peer: Peer) -> None:
    events: list[Event] = []
    node = Node(peer.ami, events.append)
    async with running(node.run()):
        await until(node.restored.is_set)
    facts = [event for event in events if not isinstance(event, PhoneChanged)]
    assert [type(fact) for fact in facts[:4]] == [QueueStartedEmpty, NodeRestarted, ChannelsSeen, LinkRestored]
    first, last = peer.started_between
    assert first <= facts[1].at <= last
    assert facts[1].at.microsecond == 0
