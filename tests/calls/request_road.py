"""Helpers for tests of requests: their table, a fake Asterisk, and an operator who sends them."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from pydantic import SecretStr

from callcenter.calls.writer import Writer
from callcenter.common.requests import ask
from callcenter.domain.call import Call, CallState
from callcenter.domain.commands import SaveCall, SaveTalk
from callcenter.domain.events import CallQueued, Presence
from callcenter.domain.ids import CallId, Interface, OperatorId, RequestId
from callcenter.domain.recording import RecordingName
from callcenter.domain.request import Body, PresenceBody
from callcenter.domain.talk import Talk, TalkKind
from callcenter.settings import DatabaseSettings
from tests.calls.request_node import NODE, Fatal, RequestNode
from tests.calls.test_writer import QUEUE
from tests.telephony.fake_ami import FakeAmi, fake_ami

CHANNEL = "PJSIP/op-01-00000001"


@dataclass
class Road:
    """A table of requests, a fake Asterisk, and an operator (op-01) who sends them."""

    pool: asyncpg.Pool
    database: DatabaseSettings
    ami: FakeAmi
    operator: OperatorId

    def node(self, fatal: Fatal = lambda _: False) -> RequestNode:
        return RequestNode(self.pool, self.database, self.ami.settings(), fatal)

    async def ask(self, body: Body) -> RequestId:
        async with self.pool.acquire() as connection:
            return await ask(connection, body, asker=self.operator)

    async def row(self, request: RequestId) -> dict[str, Any]:
        return dict(await self.pool.fetchrow("select * from requests where id = $1", request))

    async def until(self, request: RequestId, *states: str) -> dict[str, Any]:
        async with asyncio.timeout(20):
            while (row := await self.row(request))["state"] not in states:
                await asyncio.sleep(0.01)
        return row

    async def notified(self, request: RequestId) -> list[tuple[str, str | None]]:
        """What the asker's screen heard of a request, in order."""
        rows = await self.pool.fetch(
            "select body from push_log where audience = $1 and kind like 'request/%' and (body ->> 'id')::int = $2"
            " order by seq",
            f"operator:{self.operator}",
            request,
        )
        return [(row["body"]["state"], row["body"]["reason"]) for row in rows]

    async def talk(self) -> None:
        """The operator is in a talk since a minute."""
        now = datetime.now(UTC)
        began = now - timedelta(minutes=1)
        call = CallId(f"node1-{began.timestamp():.0f}.1")
        talk = Talk(
            recording=RecordingName.parse(f"{call}_{call}7_2"),
            kind=TalkKind.QUEUE,
            operator=Interface("PJSIP/op-01"),
            began_at=began,
            channel=CHANNEL,
        )
        made = Call(id=call, state=CallState.TALKING, did=QUEUE, queue=QUEUE, arrived_at=began, queued_at=began)
        made = replace(made, talks=(talk,))
        writer = Writer(self.database, NODE)
        because = CallQueued(call=call, at=began, queue=QUEUE)
        for order in (SaveCall(call=made, because=because), SaveTalk(call=call, talk=talk)):
            writer.submit(order, now)
        task = asyncio.create_task(writer.run())
        async with asyncio.timeout(10):
            while writer.backlog:
                await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        self.ami.channels = [call]
        self.ami.recorded = {CHANNEL}

    async def done_once(self, request: RequestId, body: Body) -> None:
        """It is done, Asterisk is in the requested state, it is written once, and the screen was notified once."""
        row = await self.until(request, "done", "refused", "expired")
        assert (row["state"], row["answer"]) == ("done", {})
        assert await self.notified(request) == [("asked", None), ("done", None)]
        if isinstance(body, PresenceBody):
            paused = "true" if body.wanted is Presence.PAUSED else "false"
            assert {value for (_, who), value in self.ami.members.items() if who == "PJSIP/op-01"} == {paused}
            wanted = "select wanted from presence where operator_id = $1"
            assert await self.pool.fetchval(wanted, self.operator) == body.wanted
            return
        assert self.ami.muted == {CHANNEL: "1"}
        [pause] = await self.pool.fetch("select * from recording_pauses")
        assert (pause["operator_id"], pause["ended_at"]) == (self.operator, None)
        shown = await self.pool.fetch("select body from push_log where kind = 'recording'")
        assert [row["body"]["call"] for row in shown] == [pause["call_id"]]


@pytest.fixture
async def road(pool: asyncpg.Pool, database_url: str) -> AsyncIterator[Road]:
    await pool.execute("insert into nodes (name) values ('node1')")
    operator = OperatorId(await pool.fetchval("select id from operators where login = 'op-01'"))
    async with fake_ami() as ami:
        yield Road(pool, DatabaseSettings(url=SecretStr(database_url)), ami, operator)
