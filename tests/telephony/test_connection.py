"""Each defect of panoramisk 1.4, shown where that is cheap, and shown to be dealt with."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace

import pytest
from panoramisk.actions import Action
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.message import Message
from prometheus_client import REGISTRY

from callcenter.domain.ids import OPERATORS
from callcenter.errors import ActionTimeout, NotConnected, ParseProblem, UnsafeValue
from callcenter.telephony.connection import Account, AmiConnection
from callcenter.telephony.framing import MESSAGE_LIMIT, Framer, encode_action
from tests.telephony.fake_ami import FakeAmi, fake_ami, message, refusal
from tests.telephony.helpers import running, until


@pytest.fixture
async def ami() -> AsyncIterator[FakeAmi]:
    async with fake_ami() as server:
        yield server


def events_to(heard: list[Message], ami: FakeAmi) -> AmiConnection:
    return AmiConnection(Account.EVENTS, ami.settings(), on_event=heard.append)


def problems(problem: str) -> float:
    return REGISTRY.get_sample_value("callcenter_problems_total", {"problem": problem}) or 0.0


def plain_panoramisk(heard: list[Message]) -> AMIProtocol:
    protocol = AMIProtocol()
    protocol.connection_made(SimpleNamespace(close=lambda: None))
    protocol.encoding = "utf8"
    protocol.factory = SimpleNamespace(dispatch=heard.append, save_stream=None)
    return protocol


CYRILLIC = message(Event="UserEvent", Name="Жанна")
SPLIT = CYRILLIC.index("а".encode()) + 1


def test_plain_panoramisk_loses_a_letter_split_between_packets() -> None:
    heard: list[Message] = []
    protocol = plain_panoramisk(heard)
    protocol.data_received(CYRILLIC[:SPLIT])
    protocol.data_received(CYRILLIC[SPLIT:])
    assert heard[0]["Name"] == "Жнна"


@pytest.mark.parametrize("cut", range(len(CYRILLIC)))
def test_a_message_survives_being_split_anywhere(cut: int) -> None:
    framer = Framer()
    heard = [*framer.feed(CYRILLIC[:cut]), *framer.feed(CYRILLIC[cut:])]
    assert [dict(one.items()) for one in heard] == [{"Event": "UserEvent", "Name": "Жанна", "content": ""}]


def test_bytes_that_are_not_utf8_cost_only_themselves() -> None:
    heard = list(Framer().feed(b"Event: UserEvent\r\nName: a\xffb\r\nLast: c\r\n\r\n"))
    assert (heard[0]["Name"], heard[0]["Last"]) == ("a\ufffdb", "c")


def test_a_message_without_an_end_is_not_kept_for_ever() -> None:
    framer = Framer()
    for _ in range(MESSAGE_LIMIT // 1000):
        assert list(framer.feed(b"x" * 1000)) == []
    with pytest.raises(ParseProblem):
        list(framer.feed(b"x" * 1000))


def test_a_message_that_is_too_long_is_refused_even_when_its_end_comes_in_the_same_read() -> None:
    with pytest.raises(ParseProblem):
        list(Framer().feed(b"y" * (MESSAGE_LIMIT + 1) + b"\r\n\r\n"))


async def test_a_peer_that_never_ends_its_message_is_left(ami: FakeAmi) -> None:
    async with running(events_to([], ami).run()):
        await until(lambda: ami.logins == 1)
        ami.send(b"y" * (MESSAGE_LIMIT + 1))
        await until(lambda: ami.logins == 2)


@pytest.mark.parametrize("greeting", [b"SSH-2.0-OpenSSH\r\n", b"z" * 200_000])
async def test_a_peer_that_is_not_asterisk_gets_no_secret(ami: FakeAmi, greeting: bytes) -> None:
    ami.greeting = greeting
    connection = events_to([], ami)
    async with running(connection.run()):
        await until(lambda: len(ami.clients) >= 1)
        await until(lambda: not ami.clients)
    assert not connection.connected
    assert ami.heard == []


def test_plain_panoramisk_loses_the_rest_of_the_packet_when_a_callback_raises() -> None:
    protocol = plain_panoramisk([])
    protocol.factory.dispatch = lambda event: 1 / 0
    with pytest.raises(ZeroDivisionError):
        protocol.data_received(message(Event="A") + message(Event="B"))


async def test_a_raising_callback_is_reported_and_stops_nothing(ami: FakeAmi) -> None:
    heard: list[str] = []

    def callback(event: Message) -> None:
        heard.append(event["Event"])
        if event["Event"] == "Bad":
            raise ValueError("a caller's number")

    before = problems("ami callback failed")
    async with running(AmiConnection(Account.EVENTS, ami.settings(), on_event=callback).run()):
        await until(lambda: heard == ["FullyBooted"])
        ami.send(message(Event="Bad") + message(Event="Good"))
        await until(lambda: heard == ["FullyBooted", "Bad", "Good"])
    assert problems("ami callback failed") == before + 1
    assert ami.logins == 1


async def test_events_come_once_each_in_order_however_the_network_cuts_them(ami: FakeAmi) -> None:
    heard: list[Message] = []
    stream = b"".join(message(Event="UserEvent", Number=str(number)) for number in range(300))
    async with running(events_to(heard, ami).run()):
        await until(lambda: ami.logins == 1)
        for start in range(0, len(stream), 37):
            ami.send(stream[start : start + 37])
        await until(lambda: len(heard) >= 301)
    assert [one.get("Number") for one in heard] == [None, *map(str, range(300))]


async def test_unanswered_pings_end_a_half_open_connection(ami: FakeAmi) -> None:
    connection = AmiConnection(Account.EVENTS, ami.settings(ping_every_s=0.2))
    async with running(connection.run()):
        await until(lambda: ami.count("Ping") >= 3)
        assert ami.logins == 1, "answered pings end nothing"
        ami.answers["Ping"] = lambda fields: None
        await until(lambda: ami.logins >= 2)


async def test_one_late_ping_ends_nothing(ami: FakeAmi) -> None:
    unanswered = iter([True, False, True, False, True])
    ordinary = ami._do_ping
    ami.answers["Ping"] = lambda fields: None if next(unanswered, False) else ordinary(fields)
    async with running(AmiConnection(Account.EVENTS, ami.settings(ping_every_s=0.2)).run()):
        await until(lambda: ami.count("Ping") >= 7)
    assert ami.logins == 1


async def test_an_unanswered_action_fails_and_is_not_sent_again(ami: FakeAmi) -> None:
    ami.answers["Originate"] = lambda fields: None
    connection = AmiConnection(Account.ACTIONS, ami.settings())
    async with running(connection.run()):
        await connection.wait_connected()
        call = asyncio.create_task(connection.action("Originate", Channel="PJSIP/op-01"))
        await until(lambda: ami.count("Originate") == 1)
        ami.drop()
        with pytest.raises(NotConnected):
            await call
        await until(lambda: ami.logins == 2 and connection.connected)
        await connection.action("Ping")
    assert ami.count("Originate") == 1


async def test_every_action_has_a_deadline(ami: FakeAmi) -> None:
    late: list[bytes] = []
    ami.answers["Setvar"] = lambda fields: late.append(refusal(fields, "No such channel"))
    connection = AmiConnection(Account.ACTIONS, ami.settings(action_timeout_s=0.1))
    async with running(connection.run()):
        await connection.wait_connected()
        with pytest.raises(ActionTimeout):
            await connection.action("Setvar", Channel="PJSIP/x", Variable="ROUTE", Value="1")
        ami.clients[0].write(late[0])
        assert (await connection.action("Ping"))["Ping"] == "Pong", "an answer that comes too late is nobody's"
    assert ami.logins == 1


async def test_without_a_connection_an_action_fails_at_once(ami: FakeAmi) -> None:
    with pytest.raises(NotConnected):
        await AmiConnection(Account.ACTIONS, ami.settings()).action("Ping")


async def test_plain_panoramisk_never_resolves_queue_add() -> None:
    action = Action({"Action": "QueueAdd"})
    action.add_message(Message({"Response": "Success", "Message": "Added interface to queue"}))
    assert not action.future.done()


async def test_queue_add_resolves(ami: FakeAmi) -> None:
    connection = AmiConnection(Account.ACTIONS, ami.settings())
    async with running(connection.run()):
        await connection.wait_connected()
        answer = await connection.action("QueueAdd", Queue=OPERATORS, Interface="PJSIP/op-01", Paused="true")
    assert answer["Message"] == "Added interface to queue"


async def test_plain_panoramisk_raises_in_the_protocol_for_originate_without_async() -> None:
    with pytest.raises(KeyError):
        Action({"Action": "Originate"}).add_message(
            Message({"Response": "Success", "Message": "Originate successfully queued"})
        )


async def test_originate_without_async_resolves(ami: FakeAmi) -> None:
    ami.answers["Originate"] = lambda fields: message(
        Response="Success", ActionID=fields["ActionID"], Message="Originate successfully queued"
    )
    connection = AmiConnection(Account.ACTIONS, ami.settings())
    async with running(connection.run()):
        await connection.wait_connected()
        assert (await connection.action("Originate", Channel="PJSIP/op-01")).success


async def test_plain_panoramisk_writes_two_actions_for_a_value_with_a_line_break() -> None:
    wire = str(Action({"Action": "Setvar", "Value": "x\r\n\r\nAction: Originate"}))
    assert "\r\n\r\nAction: Originate\r\n" in wire


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Value", "x\r\n\r\nAction: Originate"),
        ("Value", "x\ny"),
        ("Value", "x\ry"),
        ("Value", "x\0y"),
        ("Value", "ж" * 500),
        ("Val\r\nue", "x"),
        ("Value: y", "x"),
    ],
)
async def test_an_unsafe_value_is_refused_and_nothing_is_sent(ami: FakeAmi, name: str, value: str) -> None:
    connection = AmiConnection(Account.ACTIONS, ami.settings())
    async with running(connection.run()):
        await connection.wait_connected()
        with pytest.raises(UnsafeValue):
            await connection.action("Setvar", **{name: value})
        await connection.action("Ping")
    assert ami.count("Setvar") == 0
    assert ami.count("Originate") == 0


def test_an_action_has_at_most_128_headers() -> None:
    encode_action("Setvar", "1", {f"H{number}": "x" for number in range(126)})
    with pytest.raises(UnsafeValue):
        encode_action("Setvar", "1", {f"H{number}": "x" for number in range(127)})


async def test_a_refused_login_is_said_aloud_and_tried_again_slowly(ami: FakeAmi) -> None:
    ami.secrets["callcenter-events"] = "changed"
    before = problems("ami login refused")
    connection = AmiConnection(Account.EVENTS, ami.settings(), refused_retry_s=0.05)
    async with running(connection.run()):
        await until(lambda: problems("ami login refused") >= before + 2)
        assert not connection.connected
        assert REGISTRY.get_sample_value("callcenter_ami_connected", {"account": "events"}) == 0
        ami.secrets["callcenter-events"] = "events-secret"
        await connection.wait_connected()
        assert REGISTRY.get_sample_value("callcenter_ami_connected", {"account": "events"}) == 1


async def test_a_login_that_asterisk_still_holds_is_no_refusal(ami: FakeAmi) -> None:
    ami.answers["Login"] = lambda fields: refusal(fields, "Login Already In Use")
    before = problems("ami login refused")
    connection = AmiConnection(Account.EVENTS, ami.settings())
    async with running(connection.run()):
        await until(lambda: ami.count("Login") >= 2)
        del ami.answers["Login"]
        await connection.wait_connected()
    assert problems("ami login refused") == before


async def test_it_comes_back_when_asterisk_does(ami: FakeAmi) -> None:
    news: list[bool] = []
    connection = AmiConnection(Account.EVENTS, ami.settings(), on_link=news.append)
    async with running(connection.run()):
        await connection.wait_connected()
        await ami.stop()
        await until(lambda: not connection.connected)
        await ami.start()
        await until(lambda: connection.connected)
        assert news == [True, False, True]
        assert connection.last_received_at is not None


async def test_a_list_is_collected_to_its_end_and_events_of_others_pass(ami: FakeAmi) -> None:
    heard: list[Message] = []
    ami.channels = [f"node1-1795375500.{number}" for number in range(500)]
    connection = AmiConnection(Account.EVENTS, ami.settings(), on_event=heard.append)
    async with running(connection.run()):
        await connection.wait_connected()
        rows = await connection.listing("CoreShowChannels")
    assert [row["Linkedid"] for row in rows] == ami.channels
    assert [event["Event"] for event in heard] == ["FullyBooted"]
