"""From a page to Asterisk and back on a real PostgreSQL: done once, or reported as not done, whenever the node crashes."""

import asyncio
import json
import os
import random
import signal
import sys
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import asyncpg
import pytest

from callcenter.calls import request_listener
from callcenter.common import requests
from callcenter.common.requests import DEAD_AFTER, KEPT, RequestSweep
from callcenter.domain import open_requests
from callcenter.domain.commands import FinishRequest, PauseRecording, SetMember
from callcenter.domain.events import Presence
from callcenter.domain.ids import RequestId
from callcenter.domain.request import TERMS, Body, PauseBody, PresenceBody, RequestCarriedOut, RequestTaken
from callcenter.storage import connect
from tests.calls.request_node import Fatal, living
from tests.calls.request_road import Road, road
from tests.calls.test_writer import NODE, pool
from tests.telephony.fake_ami import Fields
from tests.telephony.helpers import until

__all__ = ["pool", "road"]

pytestmark = pytest.mark.e2e

PAUSED = PresenceBody(wanted=Presence.PAUSED)
AVAILABLE = PresenceBody(wanted=Presence.AVAILABLE)
SILENCE = PauseBody(paused=True)


@pytest.mark.parametrize("body", [PAUSED, SILENCE], ids=["presence", "pause"])
async def test_a_request_is_done_and_reported(road: Road, body: Body) -> None:
    await road.talk()
    async with living(road.node()):
        request = await road.ask(body)
        await road.done_once(request, body)
    row = await road.row(request)
    assert row["node"] == NODE
    assert row["asked_at"] <= row["taken_at"] <= row["finished_at"]


DEATHS: dict[str, Fatal] = {
    "taken": lambda at: isinstance(at, RequestTaken),
    "decided": lambda at: isinstance(at, SetMember | PauseRecording) and at.request is not None,
    "done by Asterisk": lambda at: isinstance(at, RequestCarriedOut),
    "to be written": lambda at: isinstance(at, FinishRequest),
}


async def die(road: Road, at: str) -> None:
    """A node that takes the request and crashes then."""
    async with living(road.node(DEATHS[at])) as node, asyncio.timeout(20):
        await node.died.wait()


@pytest.mark.parametrize("at", ["asked", *DEATHS])
@pytest.mark.parametrize("body", [PAUSED, SILENCE], ids=["presence", "pause"])
async def test_killed_at_any_step_it_is_done_when_the_node_is_back(road: Road, body: Body, at: str) -> None:
    await road.talk()
    request = await road.ask(body)
    if at != "asked":
        await die(road, at)
        assert (await road.row(request))["state"] == "taken"
        assert await road.notified(request) == [("asked", None)]
    async with living(road.node()):
        await road.done_once(request, body)


WRITING = ["before the screen is told", "before the commit", "after the commit"]


@pytest.mark.parametrize("at", WRITING)
@pytest.mark.parametrize("body", [PAUSED, SILENCE], ids=["presence", "pause"])
async def test_killed_while_it_is_written_it_is_written_and_reported_once(
    road: Road, body: Body, at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await road.talk()
    request = await road.ask(body)
    committed, reached, never = at == "after the commit", asyncio.Event(), asyncio.Event()
    real_answer, real_notify = requests.answer, requests._notify

    async def answer(connection: asyncpg.Connection, orders: list[Any]) -> None:
        await real_answer(connection, orders)
        reached.set()
        if not committed:
            await never.wait()

    async def notify(connection: asyncpg.Connection, rows: list[asyncpg.Record]) -> None:
        if rows and at == "before the screen is told":
            reached.set()
            await never.wait()
        await real_notify(connection, rows)

    with monkeypatch.context() as patch:
        patch.setattr(requests, "answer", answer)
        patch.setattr(requests, "_notify", notify)
        async with living(road.node()), asyncio.timeout(20):
            await reached.wait()
            if committed:
                await road.until(request, "done")
    heard = len(road.ami.heard)
    async with living(road.node()):
        await road.done_once(request, body)
        # Once the next one is done, this one would have been taken up again.
        await road.until(await road.ask(AVAILABLE), "done")
    assert await road.notified(request) == [("asked", None), ("done", None)]
    if committed:
        assert [fields for fields in road.ami.heard[heard:] if fields["Action"] == "MixMonitorMute"] == []


@pytest.mark.parametrize("at", ["asked", *DEATHS])
async def test_a_request_that_expired_while_the_node_was_down_is_not_done_and_reported(road: Road, at: str) -> None:
    await road.talk()
    request = await road.ask(SILENCE)
    if at != "asked":
        await die(road, at)
    await road.pool.execute("update requests set expires_at = now()")
    before = road.ami.count("MixMonitorMute")
    async with living(road.node()):
        row = await road.until(request, "done", "refused", "expired")
    reason = None if at == "asked" else "not_known"
    assert (row["state"], row["answer"].get("reason")) == ("expired", reason)
    assert await road.notified(request) == [("asked", None), ("expired", reason)]
    assert road.ami.count("MixMonitorMute") == before
    assert await road.pool.fetchval("select count(*) from recording_pauses") == 0


@pytest.mark.parametrize("at", list(DEATHS))
async def test_what_must_not_be_done_twice_is_reported_as_not_known(
    road: Road, at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_once = {kind: replace(terms, repeatable=False) for kind, terms in TERMS.items()}
    monkeypatch.setattr(open_requests, "TERMS", MappingProxyType(only_once))
    await road.talk()
    request = await road.ask(SILENCE)
    await die(road, at)
    before = road.ami.count("MixMonitorMute")
    async with living(road.node()):
        row = await road.until(request, "done", "refused", "expired")
    assert (row["state"], row["answer"]) == ("refused", {"reason": "not_known"})
    assert await road.notified(request) == [("asked", None), ("refused", "not_known")]
    assert road.ami.count("MixMonitorMute") == before


async def test_kill_9_at_any_moment(road: Road, database_url: str) -> None:
    environment = os.environ | {
        "DATABASE_URL": database_url,
        "AMI": json.dumps(
            {
                **road.ami.settings().model_dump(mode="json"),
                "events_secret": "events-secret",
                "actions_secret": "actions-secret",
            }
        ),
    }
    chance = random.Random(28)
    asked: list[RequestId] = []
    bodies = [AVAILABLE, PAUSED]

    def slow(fields: Fields) -> bytes | None:
        """Asterisk takes its time, so that a kill meets what is under way."""
        client = next(client for client in road.ami.clients if not client.events)
        answered = getattr(road.ami, f"_do_{fields['Action'].lower()}")(fields)
        asyncio.get_running_loop().call_later(0.03, client.write, answered)
        return None

    road.ami.answers = {"QueueAdd": slow, "QueuePause": slow}
    for turn in range(6):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.calls.request_node", env=environment
        )
        try:
            asked.append(await road.ask(bodies[turn % 2]))
            await road.until(asked[-1], "taken", "done")
            await asyncio.sleep(chance.uniform(0, 0.15))
            asked.append(await road.ask(bodies[(turn + 1) % 2]))
            if turn == 5:
                await road.until(asked[-1], "done")
        finally:
            process.kill()
        assert await process.wait() == -signal.SIGKILL
    rows = [await road.row(request) for request in asked]
    assert {(row["state"], row["answer"].get("reason")) for row in rows} <= {("done", None), ("refused", "superseded")}
    for row in rows:
        assert [state for state, _ in await road.notified(row["id"])] == ["asked", row["state"]]
    await road.done_once(asked[-1], bodies[0])


async def test_while_asterisk_is_down_a_request_waits_where_it_can_expire(road: Road) -> None:
    await road.ami.stop()
    async with living(road.node()):
        waits, useless = await road.ask(AVAILABLE), await road.ask(SILENCE)
        await road.pool.execute("update requests set expires_at = now() where id = $1", useless)
        async with road.pool.acquire() as connection:
            await RequestSweep(road.database).check(connection)
        assert (await road.row(useless))["state"] == "expired"
        assert (await road.row(waits))["state"] == "asked"
        await road.ami.start()
        await road.done_once(waits, AVAILABLE)


async def test_what_was_wanted_is_wanted_still_when_asterisk_and_the_node_start_again(road: Road) -> None:
    async with living(road.node()):
        request = await road.ask(AVAILABLE)
        await road.done_once(request, AVAILABLE)
        road.ami.members.clear()
        road.ami.drop()
        await until(lambda: len(road.ami.members) == len(road.ami.queues))
    road.ami.members.clear()
    async with living(road.node()):
        await until(lambda: len(road.ami.members) == len(road.ami.queues))
    await road.done_once(request, AVAILABLE)


async def test_when_postgresql_cuts_the_listener_off_it_listens_again(road: Road) -> None:
    async with living(road.node()):
        await road.until(await road.ask(AVAILABLE), "done")
        cut = "select pg_terminate_backend(pid) from pg_stat_activity where query ilike 'listen%requests%'"
        assert await road.pool.fetchval(cut)
        # Found well before polling would find it.
        await road.until(await road.ask(PAUSED), "done")


async def test_a_request_that_nobody_was_woken_for_is_found(road: Road, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_listener, "REREAD_S", 0.05)
    async with living(road.node()):
        await road.until(await road.ask(AVAILABLE), "done")
        unheard = await road.pool.fetchval(
            "insert into requests (node, kind, body, asked_by, operator_id, expires_at)"
            " values ('node1', 'presence', $1, $2, $2, now() + interval '1 minute') returning id",
            {"wanted": "paused"},
            road.operator,
        )
        await road.until(unheard, "done")


async def test_a_node_takes_its_own_requests_and_those_of_no_node(road: Road) -> None:
    await road.pool.execute("insert into nodes (name) values ('node2')")
    everybodys = await road.ask(AVAILABLE)
    assert (await road.row(everybodys))["node"] is None
    await road.pool.execute("update operators set node = 'node2' where id = $1", road.operator)
    theirs = await road.ask(PAUSED)
    await road.talk()
    of_talk = await road.ask(SILENCE)
    assert [(await road.row(request))["node"] for request in (theirs, of_talk)] == ["node2", "node1"]
    async with living(road.node()):
        for request in (everybodys, of_talk):
            assert (await road.until(request, "done"))["node"] == NODE
        assert (await road.row(theirs))["state"] == "asked"


async def test_what_is_senseless_or_of_another_version_is_refused(road: Road) -> None:
    async with living(road.node()):
        request = await road.ask(SILENCE)
        row = await road.until(request, "done", "refused")
        assert (row["state"], row["answer"]) == ("refused", {"reason": "no_talk"})
        assert await road.notified(request) == [("asked", None), ("refused", "no_talk")]
        strange = await road.ask(AVAILABLE)
        await road.until(strange, "done")
        for kind, body in (("dance", {}), ("presence", {"wanted": "asleep"}), ("pause", [])):
            strange = await road.pool.fetchval(
                "insert into requests (kind, body, asked_by, operator_id, expires_at)"
                " values ($1, $2, $3, $3, now() + interval '1 minute') returning id",
                kind,
                body,
                road.operator,
            )
            await road.pool.execute("select pg_notify('requests', '')")
            assert (await road.until(strange, "refused"))["answer"] == {"reason": "not_understood"}


async def test_the_sweep_gives_up_what_is_late_and_forgets_what_is_old(road: Road) -> None:
    late, young, of_the_living, of_the_dead, old = [await road.ask(AVAILABLE) for _ in range(5)]
    change = "update requests set {} where id = $1"
    await road.pool.execute(change.format("expires_at = now()"), late)
    held = "state = 'taken', taken_at = now(), node = 'node1', expires_at = now() - interval '{} s'"
    grace = DEAD_AFTER.total_seconds()
    await road.pool.execute(change.format(held.format(grace - 5)), of_the_living)
    await road.pool.execute(change.format(held.format(grace)), of_the_dead)
    over = "state = 'done', finished_at = now(), asked_at = now() - make_interval(days => {})"
    await road.pool.execute(change.format(over.format(KEPT.days + 1)), old)
    connection = await connect(road.database)
    await RequestSweep(road.database).check(connection)
    await connection.close()
    states = {row["id"]: row["state"] for row in await road.pool.fetch("select id, state from requests")}
    assert states == {late: "expired", young: "asked", of_the_living: "taken", of_the_dead: "expired"}
    assert await road.notified(late) == [("asked", None), ("expired", None)]
    assert await road.notified(of_the_dead) == [("asked", None), ("expired", "not_known")]
