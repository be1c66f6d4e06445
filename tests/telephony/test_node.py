"""What a node reports when its link comes and goes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from callcenter.domain.events import (
    CallArrived,
    ChannelsSeen,
    Event,
    LinkLost,
    LinkRestored,
    NodeRestarted,
    PhoneChanged,
    QueueStartedEmpty,
)
from callcenter.domain.ids import OPERATORS
from callcenter.errors import ParseProblem
from callcenter.telephony.node import Node, started_at
from tests.telephony.fake_ami import FakeAmi, fake_ami, message
from tests.telephony.helpers import running, until

CALL = "node1-1795375500.0"


def kinds(events: list[Event]) -> list[type[Event]]:
    return [type(event) for event in events]


@asynccontextmanager
async def node(sweep_s: float = 60.0, **settings: object) -> AsyncIterator[tuple[FakeAmi, Node, list[Event]]]:
    async with fake_ami() as ami:
        events: list[Event] = []
        it = Node(ami.settings(**settings), events.append, sweep_s=sweep_s)
        async with running(it.run()):
            await until(it.restored.is_set)
            yield ami, it, events


def user_event(name: str, micros: int = 0, **headers: str) -> bytes:
    return message(
        Event="UserEvent",
        UserEvent=name,
        Timestamp=f"1795375500.{micros:06}",
        Linkedid=CALL,
        Uniqueid=CALL,
        Channel="PJSIP/trunk-00000000",
        **headers,
    )


def queue_event(name: str) -> bytes:
    return message(Event=name, Timestamp="1795375510.000000", Linkedid=CALL, Uniqueid=CALL, Queue="74951234567")


async def test_after_login_it_reports_the_start_the_channels_and_then_the_link() -> None:
    async with node() as (ami, _, events):
        assert kinds(events) == [QueueStartedEmpty, NodeRestarted, ChannelsSeen, LinkRestored]
        assert events[1].at == datetime.fromtimestamp(int(ami.booted_at), UTC)


async def test_a_lost_link_is_reported_with_the_time_of_the_last_message_and_channels_are_compared_again() -> None:
    async with node() as (ami, it, events):
        ami.send(user_event("CallArrived", Did="7495", Caller="7900"))
        await until(lambda: CallArrived in kinds(events))
        heard_at = it.events.last_received_at
        assert heard_at is not None
        before = len(events)
        ami.channels = [CALL]
        ami.drop()
        await until(lambda: kinds(events).count(LinkRestored) == 2)
        assert kinds(events)[before:] == [LinkLost, NodeRestarted, ChannelsSeen, LinkRestored]
        assert timedelta(0) <= events[before].at - heard_at < timedelta(seconds=2)
        assert events[before + 1].at == events[1].at, "it did not restart, and says so"
        seen = events[before + 2]
        assert isinstance(seen, ChannelsSeen)
        assert seen.calls == {CALL}


async def test_a_restart_of_asterisk_is_reported_with_its_time() -> None:
    async with node() as (ami, _, events):
        await ami.stop()
        ami.booted_at += 250
        await ami.start()
        await until(lambda: kinds(events).count(NodeRestarted) == 2)
        starts = [event.at for event in events if isinstance(event, NodeRestarted)]
        assert starts[1] - starts[0] == timedelta(seconds=250)


async def test_a_restart_is_reported_after_the_ledger_which_the_queue_does_not_wait_for() -> None:
    reported = asyncio.Event()
    asked = 0

    async def ledger_caught_up() -> None:
        nonlocal asked
        asked += 1
        await reported.wait()

    async with fake_ami() as ami:
        events: list[Event] = []
        it = Node(ami.settings(), events.append, ledger_caught_up)
        async with running(it.run()):
            await until(lambda: asked == 1)
            assert kinds(events) == [QueueStartedEmpty]
            reported.set()
            await until(it.restored.is_set)
            assert kinds(events)[1:] == [NodeRestarted, ChannelsSeen, LinkRestored]
            ami.drop()
            await until(lambda: kinds(events).count(LinkRestored) == 2)
            assert asked == 1, "it had not restarted"


async def test_events_flow_while_the_comparison_is_still_under_way() -> None:
    async with fake_ami() as ami:
        ami.answers["CoreStatus"] = lambda fields: None
        events: list[Event] = []
        it = Node(ami.settings(), events.append)
        async with running(it.run()):
            await until(lambda: ami.count("CoreStatus") == 1)
            ami.send(user_event("CallArrived", Did="7495", Caller="7900"))
            await until(lambda: kinds(events) == [CallArrived])
            assert not it.restored.is_set()


async def test_a_comparison_that_fails_is_tried_again() -> None:
    async with fake_ami() as ami:
        ami.answers["CoreStatus"] = lambda fields: message(Response="Success", ActionID=fields["ActionID"])
        events: list[Event] = []
        it = Node(ami.settings(), events.append)
        async with running(it.run()):
            await until(lambda: ami.count("CoreStatus") == 1)
            del ami.answers["CoreStatus"]
            await until(it.restored.is_set)
        assert events[1].at == datetime.fromtimestamp(int(ami.booted_at), UTC)


async def test_what_is_alive_is_looked_at_again_and_again() -> None:
    async with node(sweep_s=0.02) as (ami, _, events):
        ami.channels = [CALL]
        await until(lambda: ChannelsSeen in kinds(events)[3:] and getattr(events[-1], "calls", None) == {CALL})
        times = [event.at for event in events if isinstance(event, ChannelsSeen)]
        assert times == sorted(times)


async def test_a_message_that_makes_no_sense_is_counted_and_stops_nothing() -> None:
    def counted() -> float:
        return REGISTRY.get_sample_value("callcenter_problems_total", {"problem": "event not understood"}) or 0.0

    before = counted()
    async with node() as (ami, _, events):
        ami.send(message(Event="QueueCallerJoin", Linkedid="?") + user_event("CallArrived", Did="7", Caller=""))
        await until(lambda: CallArrived in kinds(events))
        assert counted() == before + 1
        assert ami.logins == 2


async def test_members_are_set_again_when_only_the_actions_were_cut_off() -> None:
    async with node() as (ami, it, events):
        next(client for client in ami.clients if not client.events).writer.transport.abort()
        await until(lambda: kinds(events).count(LinkRestored) == 2)
        assert LinkLost not in kinds(events)
        assert it.restored.is_set()


async def test_telephones_are_looked_at_after_a_login() -> None:
    async with fake_ami() as ami:
        ami.members = {(OPERATORS, "PJSIP/op-01"): "false", ("600", "Local/201@from-queue/n"): "false"}
        events: list[Event] = []
        it = Node(ami.settings(), events.append)
        async with running(it.run()):
            await until(it.restored.is_set)
        phones = [(event.operator, event.reachable) for event in events if isinstance(event, PhoneChanged)]
        assert phones == [("PJSIP/op-01", True)]


STARTED = datetime(2026, 11, 22, 19, 15, 47, tzinfo=UTC)


@given(st.integers(-48, 56), st.floats(-300, 300))
def test_the_start_is_found_in_any_time_zone(quarters: int, off_by_s: float) -> None:
    written = (STARTED + timedelta(minutes=15 * quarters)).strftime("%Y-%m-%d %H:%M:%S")
    assert started_at(written, STARTED + timedelta(seconds=off_by_s)) == STARTED


@pytest.mark.parametrize("written", ["", " ", "2026-11-22", "22.11.2026 19:15:47"])
def test_a_start_that_is_not_reported_is_a_problem(written: str) -> None:
    with pytest.raises(ParseProblem):
        started_at(written, STARTED)
