"""Orders to Asterisk: in order, superseded, failing without harm."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import REGISTRY

from callcenter.domain.commands import MoveTalk, NameCaller, PauseRecording, SetMember, WithdrawCaller
from callcenter.domain.events import Event, Presence
from callcenter.domain.ids import OPERATORS, CallId, Interface, RequestId
from callcenter.domain.request import RefusalReason, RequestCarriedOut, RequestFailed, RequestOverdue, TalkStep
from callcenter.telephony.connection import Account, AmiConnection
from callcenter.telephony.control import Control
from callcenter.telephony.render import DIALPLAN
from tests.telephony.fake_ami import FakeAmi, fake_ami, refusal, success
from tests.telephony.helpers import running, until

AVAILABLE, PAUSED, OFFLINE = Presence.AVAILABLE, Presence.PAUSED, Presence.OFFLINE


@asynccontextmanager
async def controlled(reported: list[Event] | None = None, **settings: object) -> AsyncIterator[tuple[FakeAmi, Control]]:
    reported = [] if reported is None else reported
    async with fake_ami() as ami:
        connection = AmiConnection(Account.ACTIONS, ami.settings(**settings))
        control = Control(connection, reported.append)
        async with running(connection.run(), control.run()):
            await connection.wait_connected()
            yield ami, control


def member(presence: Presence, interface: str = "PJSIP/op-01") -> SetMember:
    return SetMember(interface=Interface(interface), presence=presence)


def asked(number: int, presence: Presence) -> SetMember:
    return replace(member(presence), request=RequestId(number))


def pause(number: int, *, paused: bool, within_s: float = 15.0) -> PauseRecording:
    until = datetime.now(UTC) + timedelta(seconds=within_s)
    return PauseRecording(channel="PJSIP/op-01-1", paused=paused, request=RequestId(number), until=until)


def answers(reported: list[Event]) -> list[tuple[int, RefusalReason | None]]:
    """What was reported of requests: None for what was done."""
    return [
        (event.request, event.reason if isinstance(event, RequestFailed) else None)
        for event in reported
        if isinstance(event, RequestCarriedOut | RequestFailed)
    ]


def actions(ami: FakeAmi) -> list[str]:
    return [fields["Action"] for fields in ami.heard if fields["Action"] not in ("Login", "Ping")]


def failures(kind: str) -> float:
    return REGISTRY.get_sample_value("callcenter_problems_total", {"problem": f"{kind} failed"}) or 0.0


async def test_an_operator_becomes_a_member_of_the_queue_then_pauses_then_leaves() -> None:
    async with controlled() as (ami, control):
        control.submit(member(AVAILABLE))
        await until(lambda: list(ami.members.values()) == ["false"])
        control.submit(member(PAUSED))
        await until(lambda: list(ami.members.values()) == ["true"])
        control.submit(member(OFFLINE))
        await until(lambda: not ami.members)
        assert ami.count("QueuePause") == 1


async def test_a_member_that_is_already_there_gets_the_wanted_pause() -> None:
    async with controlled() as (ami, control):
        ami.members = {(OPERATORS, "PJSIP/op-01"): "true"}
        control.submit(member(AVAILABLE))
        await until(lambda: list(ami.members.values()) == ["false"])


async def test_leaving_a_queue_one_is_not_in_is_no_failure() -> None:
    before = failures("SetMember")
    async with controlled() as (ami, control):
        control.submit(member(OFFLINE))
        await until(lambda: ami.count("QueueRemove") == 1)
        control.submit(member(AVAILABLE))
        await until(lambda: len(ami.members) == 1)
    assert failures("SetMember") == before


async def test_a_newer_wish_takes_the_place_of_one_not_yet_sent() -> None:
    async with controlled() as (ami, control):
        control.submit(member(AVAILABLE))
        control.submit(member(OFFLINE))
        control.submit(member(PAUSED))
        await until(lambda: len(ami.members) == 1)
        assert actions(ami) == ["QueueAdd"]
        assert set(ami.members.values()) == {"true"}


async def test_orders_for_one_telephone_never_overtake_each_other() -> None:
    async with controlled() as (ami, control):
        withheld: list[bytes] = []
        ami.answers["QueueAdd"] = lambda fields: withheld.append(success(fields))
        control.submit(member(AVAILABLE))
        await until(lambda: ami.count("QueueAdd") == 1)
        control.submit(member(OFFLINE))
        control.submit(member(OFFLINE, "PJSIP/op-02"))
        await until(lambda: ami.count("QueueRemove") == 1)
        assert {fields["Interface"] for fields in ami.heard if fields["Action"] == "QueueRemove"} == {"PJSIP/op-02"}
        del ami.answers["QueueAdd"]
        ami.clients[0].write(withheld[0])
        await until(lambda: ami.count("QueueRemove") == 2)
        assert actions(ami) == ["QueueAdd", "QueueRemove", "QueueRemove"]


async def test_a_queue_that_refuses_is_a_failure() -> None:
    before = failures("SetMember")
    async with controlled() as (ami, control):
        ami.queues = set()
        control.submit(member(AVAILABLE))
        await until(lambda: failures("SetMember") == before + 1)
        assert ami.members == {}


async def test_an_order_without_an_answer_fails_and_the_next_one_goes_on() -> None:
    before = failures("SetMember")
    async with controlled(action_timeout_s=0.05) as (ami, control):
        ami.answers["QueueAdd"] = lambda fields: None
        control.submit(member(AVAILABLE))
        await until(lambda: failures("SetMember") == before + 1)
        del ami.answers["QueueAdd"]
        control.submit(member(PAUSED))
        await until(lambda: list(ami.members.values()) == ["true"])


async def test_an_order_is_not_carried_over_a_lost_connection() -> None:
    before = failures("SetMember")
    async with controlled() as (ami, control):
        ami.answers["QueueAdd"] = lambda fields: None
        control.submit(member(AVAILABLE))
        await until(lambda: ami.count("QueueAdd") == 1)
        ami.drop()
        await until(lambda: failures("SetMember") == before + 1)
        # A connection pings as soon as it is logged in.
        await until(lambda: ami.logins == 2 and ami.count("Ping") >= 2)
        control.submit(member(OFFLINE))
        await until(lambda: ami.count("QueueRemove") == 1)
        assert ami.count("QueueAdd") == 1


async def test_naming_a_caller_who_is_gone_is_no_problem() -> None:
    before = failures("NameCaller")
    async with controlled() as (ami, control):
        ami.answers["Setvar"] = lambda fields: refusal(fields, "No such channel")
        control.submit(NameCaller(channel="PJSIP/trunk-00000000", name="Кто-то"))
        control.submit(NameCaller(channel="PJSIP/trunk-00000001", name="Кто-то"))
        await until(lambda: ami.count("Setvar") == 2)
        control.submit(member(AVAILABLE))
        await until(lambda: len(ami.members) == 1)
    assert failures("NameCaller") == before


async def test_a_caller_is_taken_out_of_the_queue_and_one_who_is_gone_is_no_problem() -> None:
    before = failures("WithdrawCaller")
    async with controlled() as (ami, control):
        ami.answers["QueueWithdrawCaller"] = lambda fields: (
            success(fields) if fields["Caller"] == "PJSIP/trunk-1" else refusal(fields, "No such channel")
        )
        for number in (1, 2):
            control.submit(WithdrawCaller(call=CallId(f"node1-1.{number}"), channel=f"PJSIP/trunk-{number}"))
        await until(lambda: ami.count("QueueWithdrawCaller") == 2)
        sent = [
            (fields["Queue"], fields["Caller"]) for fields in ami.heard if fields["Action"] == "QueueWithdrawCaller"
        ]
    assert sent == [(OPERATORS, "PJSIP/trunk-1"), (OPERATORS, "PJSIP/trunk-2")]
    assert failures("WithdrawCaller") == before


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("Иванова Анна", "Иванова Анна"),
        ('a"b<c>\\d', "a b c  d"),
        ("x\r\n\r\nAction: Originate", "x    Action: Originate"),
        ("ж" * 500, "ж" * 80),
    ],
)
async def test_a_name_is_made_fit_for_a_telephone(name: str, sent: str) -> None:
    async with controlled() as (ami, control):
        control.submit(NameCaller(channel="PJSIP/trunk-00000000", name=name))
        await until(lambda: ami.count("Setvar") == 1)
        fields = next(fields for fields in ami.heard if fields["Action"] == "Setvar")
        assert (fields["Channel"], fields["Variable"], fields["Value"]) == (
            "PJSIP/trunk-00000000",
            "CALLERID(name)",
            sent,
        )


async def test_submitting_never_blocks_even_without_a_connection() -> None:
    before = failures("SetMember")
    async with fake_ami() as ami:
        control = Control(AmiConnection(Account.ACTIONS, ami.settings()), [].append)
        for number in range(1000):
            control.submit(member(AVAILABLE, f"PJSIP/op-{number}"))
        async with running(control.run()):
            await until(lambda: failures("SetMember") == before + 1000)


async def test_a_request_is_answered_after_asterisk_has_answered() -> None:
    reported: list[Event] = []
    async with controlled(reported) as (ami, control):
        withheld: list[bytes] = []
        ami.answers["QueueAdd"] = lambda fields: withheld.append(success(fields)) or None
        control.submit(asked(1, AVAILABLE))
        await until(lambda: ami.count("QueueAdd") == 1)
        assert answers(reported) == []
        del ami.answers["QueueAdd"]
        ami.clients[0].write(withheld[0])
        await until(lambda: answers(reported) == [(1, None)])
        control.submit(member(PAUSED))
        await until(lambda: list(ami.members.values()) == ["true"])
        ami.queues = set()
        ami.members = {}
        control.submit(asked(2, AVAILABLE))
        await until(lambda: answers(reported) == [(1, None), (2, RefusalReason.ASTERISK_REFUSED)])


async def test_a_request_whose_command_was_replaced_before_it_started_is_superseded() -> None:
    reported: list[Event] = []
    async with controlled(reported) as (_, control):
        control.submit(asked(1, AVAILABLE))
        control.submit(asked(2, OFFLINE))
        await until(lambda: len(answers(reported)) == 2)
    assert answers(reported) == [(1, RefusalReason.SUPERSEDED), (2, None)]


async def test_a_lost_link_and_a_missing_answer_are_different_reasons() -> None:
    reported: list[Event] = []
    async with controlled(reported, action_timeout_s=0.05) as (ami, control):
        ami.answers["QueueAdd"] = lambda fields: None
        control.submit(asked(1, AVAILABLE))
        await until(lambda: answers(reported) == [(1, RefusalReason.NOT_KNOWN)])
    reported.clear()
    async with controlled(reported) as (ami, control):
        ami.answers["QueueAdd"] = lambda fields: None
        control.submit(asked(2, AVAILABLE))
        await until(lambda: ami.count("QueueAdd") == 1)
        ami.drop()
        await until(lambda: answers(reported) == [(2, RefusalReason.ASTERISK_AWAY)])


async def test_a_recording_is_paused_and_goes_on_on_the_channel_of_its_talk() -> None:
    reported: list[Event] = []
    async with controlled(reported) as (ami, control):
        ami.recorded.add("PJSIP/op-01-1")
        for number, paused in enumerate((True, False), 1):
            control.submit(pause(number, paused=paused))
            await until(lambda number=number: answers(reported)[-1:] == [(number, None)])
        heard = [fields for fields in ami.heard if fields["Action"] == "MixMonitorMute"]
        assert [(f["Channel"], f["Direction"], f["State"]) for f in heard] == [
            ("PJSIP/op-01-1", "both", "1"),
            ("PJSIP/op-01-1", "both", "0"),
        ]
        ami.recorded.clear()
        control.submit(pause(3, paused=True))
        await until(lambda: answers(reported)[-1:] == [(3, RefusalReason.ASTERISK_REFUSED)])


async def test_what_waited_for_its_turn_too_long_is_not_begun() -> None:
    reported: list[Event] = []
    async with controlled(reported) as (ami, control):
        ami.recorded.add("PJSIP/op-01-1")
        control.submit(pause(1, paused=True, within_s=0))
        control.submit(asked(2, AVAILABLE))
        await until(lambda: answers(reported) == [(2, None)])
        assert [event.request for event in reported if isinstance(event, RequestOverdue)] == [1]
        assert ami.count("MixMonitorMute") == 0


@pytest.mark.parametrize(
    ("step", "moved"),
    [
        (TalkStep.HOLD, [("caller", "set-aside", "s"), ("leg", "aside", "s")]),
        (TalkStep.CONSULT, [("caller", "set-aside", "s"), ("leg", "aside", "op-02")]),
        (TalkStep.BACK, [("caller", "taken-back", "s")]),
        (TalkStep.COMPLETE, [("caller", "handed-over", "s")]),
        (
            TalkStep.CONFERENCE,
            [("leg", "conference", "other"), ("asked", "conference", "other"), ("caller", "conference", "caller")],
        ),
        (TalkStep.TRANSFER, [("caller", "sent-on", "op-02")]),
        (TalkStep.HANG_UP, []),
    ],
)
async def test_each_step_sends_channels_to_contexts_that_the_dialplan_has(
    step: TalkStep, moved: list[tuple[str, str, str]]
) -> None:
    reported: list[Event] = []
    to = "" if step is TalkStep.HOLD else "op-02"
    async with controlled(reported) as (ami, control):
        ami.answers |= dict.fromkeys(("Redirect", "Setvar", "Hangup"), success)
        until_then = datetime.now(UTC) + timedelta(seconds=15)
        control.submit(
            MoveTalk(
                step=step, caller="caller", leg="leg", asked="asked", to=to, request=RequestId(1), until=until_then
            )
        )
        await until(lambda: answers(reported) == [(1, None)])
    redirects = [fields for fields in ami.heard if fields["Action"] == "Redirect"]
    found = [
        (fields[f"{extra}Channel"], fields[f"{extra}Context"], fields[f"{extra}Exten"])
        for fields in redirects
        for extra in ("", "Extra")
        if f"{extra}Channel" in fields
    ]
    assert found == moved
    dialplan = "".join(path.read_text() for path in DIALPLAN.glob("*.j2"))
    assert all(f"\n[{context}]\n" in dialplan for _, context, _ in found)
    assert [fields["Channel"] for fields in ami.heard if fields["Action"] == "Hangup"] == (["leg"] if not moved else [])
