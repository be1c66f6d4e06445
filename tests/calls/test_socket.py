import asyncio
import json
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from prometheus_client import REGISTRY

from callcenter.calls import socket as web_socket
from callcenter.calls.socket import BAD_MESSAGES, LONGEST_MESSAGE, SESSION_ENDED
from callcenter.domain.events import Presence
from callcenter.push.codec import to_json
from callcenter.push.messages import ErrorMessage, Hello, PauseRequest, PresenceRequest
from tests.messages import EMPTY, body, card, operator, queue, ringing
from tests.site import NOW, SLOW_LIMIT, Site

PATIENCE_S = 30.0


async def hear(socket: aiohttp.ClientWebSocketResponse) -> dict[str, Any]:
    return dict(await socket.receive_json(timeout=PATIENCE_S))


async def hello(socket: aiohttp.ClientWebSocketResponse, last: int | None = None) -> dict[str, Any]:
    await socket.send_json(to_json(Hello(last=last)))
    return await hear(socket)


async def closed(socket: aiohttp.ClientWebSocketResponse) -> int | None:
    async with asyncio.timeout(PATIENCE_S):
        async for _ in socket:
            pass
    return socket.close_code


async def test_a_card_reaches_its_operator_and_nobody_else(site: Site):
    async with site.browser("anna") as anna, site.browser("boris") as boris, site.browser("vera") as vera:
        sockets = [await each.socket() for each in (anna, boris, vera)]
        for socket in sockets:
            assert await hello(socket) == {"type": "snapshot", "n": 0, "state": {}}
        popped = card(NOW)
        n = await site.push(f"operator:{site.ids['anna']}", popped)
        after = await site.push("all", EMPTY)
        heard = await hear(sockets[0])
        assert (heard["n"], body(heard)) == (n, popped)
        for socket in sockets:
            assert (await hear(socket))["n"] == after


async def test_a_supervisor_sees_the_board_and_an_operator_does_not(site: Site):
    await site.push("supervisors", operator(NOW), "operator/1")
    await site.push("all", EMPTY)
    async with site.browser("anna") as anna, site.browser("vera") as vera:
        assert (await hello(await anna.socket()))["state"] == {"queues": {"queues": {}}}
        assert (await hello(await vera.socket()))["state"].keys() == {"queues", "operator/1"}


async def test_a_browser_that_comes_back_gets_what_it_missed(site: Site):
    async with site.browser("anna") as anna:
        socket = await anna.socket()
        await hello(socket)
        n = await site.push("all", queue(1))
        assert (await hear(socket))["n"] == n
        await socket.close()
        missed = await site.push(f"operator:{site.ids['anna']}", ringing(NOW))
        again = await anna.socket()
        assert await hello(again, n) == {"type": "resumed", "n": n}
        heard = await hear(again)
        assert (heard["n"], body(heard)) == (missed, ringing(NOW))
        far = await anna.socket()
        assert (await hello(far, missed + 1000))["type"] == "snapshot"


async def test_presence_is_saved_and_reported(site: Site):
    async with site.pool.acquire() as listener, site.browser("anna") as anna:
        woken: asyncio.Queue[object] = asyncio.Queue()
        await listener.add_listener("requests", lambda *told: woken.put_nowait(told[3]))
        socket = await anna.socket()
        await hello(socket)
        await socket.send_json(to_json(PresenceRequest(wanted=Presence.PAUSED)))
        async with asyncio.timeout(PATIENCE_S):
            assert await woken.get() == "node1"
        await listener.reset()
        asked = await site.pool.fetchrow("select * from requests")
        assert asked is not None
        assert (asked["kind"], asked["body"], asked["state"]) == ("presence", {"wanted": "paused"}, "asked")
        assert (asked["asked_by"], asked["operator_id"]) == (site.ids["anna"], site.ids["anna"])
        told = await hear(socket)
        assert (told["type"], told["kind"]) == ("delta", "request/presence")
        assert told["body"] == {
            "id": asked["id"],
            "state": "asked",
            "asked_at": asked["asked_at"].isoformat(timespec="microseconds"),
            "reason": None,
        }


async def test_a_pause_of_the_recording_is_asked_of_the_operators_own_talk(site: Site):
    talk = """with c as (
        insert into calls (id, node, did, caller, state, arrived_at)
        values ('c', $1, '74951234567', '', 'talking', now()) returning id)
    insert into talks (recording, call_id, kind, operator_id, began_at, channel)
    select 'c_{who}_1', id, 'queue', $2, now(), 'PJSIP/{who}' from c"""
    await site.pool.execute("insert into nodes (name) values ('node2')")
    await site.pool.execute(talk.format(who="anna"), "node2", site.ids["anna"])
    await site.pool.execute(talk.replace("'c'", "'d'").format(who="boris"), "node1", site.ids["boris"])
    async with site.pool.acquire() as listener, site.browser("anna") as anna:
        woken: asyncio.Queue[str] = asyncio.Queue()
        await listener.add_listener("requests", lambda *told: woken.put_nowait(told[3]))
        socket = await anna.socket()
        await hello(socket)
        for paused in (True, False):
            await socket.send_json(to_json(PauseRequest(paused=paused)))
            async with asyncio.timeout(PATIENCE_S):
                assert await woken.get() == "node2"
            asked = await site.pool.fetchrow("select * from requests order by id desc limit 1")
            assert asked is not None
            assert (asked["operator_id"], asked["node"], asked["kind"]) == (site.ids["anna"], "node2", "pause")
            assert asked["body"] == {"paused": paused, "recording": "c_anna_1"}
            told = await hear(socket)
            assert (told["kind"], told["body"]["id"]) == ("request/pause", asked["id"])
        for nonsense in ("yes", 1, None):
            await socket.send_json({"type": "recording", "paused": nonsense})
            assert (await hear(socket))["type"] == "error"
        await listener.reset()
        assert woken.empty()
    assert await site.pool.fetchval("select count(*) from requests") == 2


async def test_one_without_a_telephone_has_no_presence(site: Site):
    async with site.browser("vera") as vera:
        socket = await vera.socket()
        await hello(socket)
        await socket.send_json(to_json(PresenceRequest(wanted=Presence.AVAILABLE)))
        assert await hear(socket) == to_json(ErrorMessage(message="this login has no telephone"))
    assert await site.pool.fetchval("select count(*) from requests") == 0


NONSENSE = [
    "",
    "{",
    "[]",
    "null",
    '"hello"',
    "[" * 3000,
    "{}",
    '{"type": 1}',
    '{"type": "presence"}',
    '{"type": "presence", "wanted": "asleep"}',
    '{"type": "presence", "wanted": {"a": 1}}',
    '{"type": "hello", "last": 0}',
]


async def test_nonsense_is_answered_and_survived(site: Site):
    async with site.browser("anna") as anna:
        for text in NONSENSE:
            socket = await anna.socket()
            await hello(socket)
            await socket.send_str(text)
            assert (await hear(socket))["type"] == "error", text
            n = await site.push("all", EMPTY)
            assert (await hear(socket))["n"] == n
            await socket.close()
    assert await site.pool.fetchval("select count(*) from requests") == 0


@pytest.mark.parametrize("last", ["1", 1.5, True, -1, 2**70, {}])
async def test_a_hello_that_makes_no_sense_may_be_said_again(site: Site, last: object):
    async with site.browser("anna") as anna:
        socket = await anna.socket()
        await socket.send_json(to_json(PresenceRequest(wanted=Presence.PAUSED)))
        assert await hear(socket) == to_json(ErrorMessage(message="say hello first"))
        await socket.send_json({"type": "hello", "last": last})
        assert (await hear(socket))["type"] == "error"
        await socket.send_bytes(b"hello")
        assert await hear(socket) == to_json(ErrorMessage(message="text messages only"))
        assert (await hello(socket))["type"] == "snapshot"


async def test_an_abusive_browser_is_disconnected(site: Site):
    async with site.browser("anna") as anna:
        socket = await anna.socket()
        await hello(socket)
        for _ in range(BAD_MESSAGES + 1):
            await socket.send_str("nonsense")
        assert await closed(socket) == aiohttp.WSCloseCode.POLICY_VIOLATION
        long = await anna.socket()
        await long.send_str("x" * (LONGEST_MESSAGE + 1))
        assert await closed(long) == aiohttp.WSCloseCode.MESSAGE_TOO_BIG


async def test_a_foreign_page_gets_no_socket(site: Site):
    async with site.browser("anna") as anna:
        for origin in ("https://evil.example", "null"):
            with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
                await anna.socket(origin)


async def test_a_slow_browser_is_disconnected_and_the_others_are_not(site: Site):
    before = REGISTRY.get_sample_value("callcenter_slow_clients_total") or 0.0
    async with site.browser("anna") as anna, site.browser("boris") as boris:
        slow = await anna.socket()
        quick = await boris.socket()
        await hello(slow)
        await hello(quick)
        transport = slow._response.connection and slow._response.connection.transport
        assert transport is not None
        transport.pause_reading()
        long = queue(number="x" * 100_000)
        slow_clients = before
        async with asyncio.timeout(60):
            while slow_clients == before:
                n = await site.push("all", long)
                assert (await hear(quick))["n"] == n
                slow_clients = REGISTRY.get_sample_value("callcenter_slow_clients_total") or 0.0
        assert slow_clients == before + 1
        n = await site.push("all", EMPTY)
        assert (await hear(quick))["n"] == n
        transport.resume_reading()
        assert await closed(slow) != aiohttp.WSCloseCode.OK
    assert n > SLOW_LIMIT


async def test_a_pause_may_have_one_of_the_reasons_that_are_offered(site: Site):
    await site.pool.execute("update pause_reasons set active = false where code = 'training'")
    async with site.browser("anna") as anna:
        socket = await anna.socket()
        await hello(socket)
        for code in ("training", "sleep"):
            await socket.send_json({"type": "presence", "wanted": "paused", "pause": code})
            assert (await hear(socket))["message"] == "no such reason of a pause"
        await socket.send_json({"type": "presence", "wanted": "paused", "pause": "lunch"})
        assert (await hear(socket))["kind"] == "request/presence"
        await socket.send_json({"type": "wrap_up"})
        assert (await hear(socket))["kind"] == "request/wrap_up"
    asked = [dict(row) for row in await site.pool.fetch("select kind, body from requests order by id")]
    assert asked == [
        {"kind": "presence", "body": {"wanted": "paused", "pause": "lunch"}},
        {"kind": "wrap_up", "body": {}},
    ]


async def test_the_socket_ends_with_the_session(site: Site, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(web_socket, "ASK_AGAIN_WHO_S", 0.01)
    async with site.browser("anna") as anna:
        socket = await anna.socket()
        await hello(socket)
        await site.pool.execute("delete from sessions")
        assert await closed(socket) == SESSION_ENDED


async def test_the_socket_of_another_role_is_another(site: Site, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(web_socket, "ASK_AGAIN_WHO_S", 0.01)
    await site.push("supervisors", operator(NOW), "operator/1")
    async with site.browser("vera") as vera:
        socket = await vera.socket()
        assert (await hello(socket))["state"].keys() == {"operator/1"}
        await site.pool.execute("update operators set role = 'operator' where login = 'vera'")
        assert await closed(socket) == aiohttp.WSCloseCode.SERVICE_RESTART
        assert (await hello(await vera.socket()))["state"] == {}


async def test_a_pop_is_measured_once(site: Site):
    def pops() -> float:
        return REGISTRY.get_sample_value("callcenter_pop_seconds_count") or 0.0

    audience = f"operator:{site.ids['anna']}"
    popped = card(NOW, call="x")
    before = pops()
    async with site.browser("anna") as anna:
        sockets = [await anna.socket(), await anna.socket()]
        for socket in sockets:
            await hello(socket)
        assert REGISTRY.get_sample_value("callcenter_sockets") == 2.0
        await site.push(audience, popped)
        await site.push(audience, replace(popped, talk_ended_at=NOW))
        await site.push(audience, replace(popped, call="y"))
        for socket in sockets:
            assert [(await hear(socket))["body"]["call"] for _ in range(3)] == ["x", "x", "y"]
        async with asyncio.timeout(PATIENCE_S):
            while pops() != before + 2:
                await asyncio.sleep(0.005)


async def test_a_window_that_comes_back_measures_no_pop_again(site: Site):
    def pops() -> float:
        return REGISTRY.get_sample_value("callcenter_pop_seconds_count") or 0.0

    audience = f"operator:{site.ids['anna']}"
    before = pops()
    await site.push("all", EMPTY)
    async with site.browser("anna") as anna:
        socket = await anna.socket()
        n = (await hello(socket))["n"]
        for call in ("x", "y"):
            await site.push(audience, card(NOW, call=call))
            await hear(socket)
        again = await anna.socket()
        assert (await hello(again, n))["type"] == "resumed"
        assert [(await hear(again))["body"]["call"] for _ in range(2)] == ["x", "y"]
        await site.push(audience, card(NOW, call="z"))
        for window in (socket, again):
            assert (await hear(window))["body"]["call"] == "z"
        async with asyncio.timeout(PATIENCE_S):
            while pops() < before + 3:
                await asyncio.sleep(0.005)
    assert pops() == before + 3


async def test_messages_are_those_of_the_protocol(site: Site):
    await site.push("all", queue(number="Ж"))
    async with site.browser("anna") as anna:
        socket = await anna.socket()
        await socket.send_json({"type": "hello", "last": None})
        text = await socket.receive_str(timeout=PATIENCE_S)
        assert "Ж" in text
        assert json.loads(text).keys() == {"type", "n", "state"}
