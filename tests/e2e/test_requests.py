"""From a page to a real Asterisk and back, by a node that is killed in the middle of it."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from pydantic import SecretStr

from callcenter.common.requests import ask
from callcenter.domain.events import Presence
from callcenter.domain.ids import OPERATORS, OperatorId, RequestId
from callcenter.domain.request import Body, PauseBody, PresenceBody, RequestCarriedOut
from callcenter.settings import DatabaseSettings
from callcenter.telephony.render import Directory
from tests.calls.request_node import Fatal, RequestNode, living
from tests.calls.test_writer import QUEUE, pool
from tests.e2e.asterisk_instance import AsteriskInstance, asterisk
from tests.e2e.caller import Caller

__all__ = ["pool"]

pytestmark = pytest.mark.e2e


@pytest.fixture
def pbx(tmp_path: Path) -> Iterator[AsteriskInstance]:
    directory = Directory(numbers=((QUEUE, "ru"),), endpoints=(("op-01", "first-secret"),))
    with asterisk(tmp_path / "asterisk", directory, ring_s=5, max_wait_s=20) as instance:
        yield instance


async def test_done_by_a_real_asterisk_once_though_the_node_is_killed(
    pool: asyncpg.Pool, database_url: str, pbx: AsteriskInstance
) -> None:
    operator = OperatorId(await pool.fetchval("select id from operators where login = 'op-01'"))
    # The second number of the demonstration is not in this Asterisk.
    await pool.execute("delete from numbers where number <> $1", QUEUE)

    def node(fatal: Fatal = lambda _: False) -> RequestNode:
        return RequestNode(pool, DatabaseSettings(url=SecretStr(database_url)), pbx.settings.ami, fatal)

    async def asked(body: Body) -> RequestId:
        async with pool.acquire() as connection:
            return await ask(connection, body, asker=operator)

    async def done(request: RequestId) -> None:
        async with asyncio.timeout(20):
            while True:
                row = await pool.fetchrow("select state, answer from requests where id = $1", request)
                if row["state"] not in ("asked", "taken"):
                    assert (row["state"], row["answer"]) == ("done", {})
                    return
                await asyncio.sleep(0.02)

    async def killed_once_asterisk_did(body: Body) -> RequestId:
        async with living(node(lambda at: isinstance(at, RequestCarriedOut))) as doomed, asyncio.timeout(20):
            request = await asked(body)
            await doomed.died.wait()
        return request

    request = await killed_once_asterisk_did(PresenceBody(wanted=Presence.AVAILABLE))
    async with living(node()):
        await done(request)
    assert len(re.findall(r"PJSIP/op-01", pbx.cli(f"queue show {OPERATORS}"))) == 1

    with pbx.operator("operator_listens"), Caller(pbx.settings.asterisk.sip_port, QUEUE.encode()) as caller:
        async with living(node()), asyncio.timeout(20):
            assert await asyncio.to_thread(caller.invite) == 200
            while await pool.fetchval("select count(*) from talks") == 0:
                await asyncio.sleep(0.02)
        request = await killed_once_asterisk_did(PauseBody(paused=True))
        assert await pool.fetchval("select count(*) from recording_pauses") == 0
        async with living(node()):
            await done(request)
            assert await pool.fetchval("select count(*) from recording_pauses where ended_at is null") == 1
            await done(await asked(PauseBody(paused=False)))
        caller.hang_up()
    [pause] = await pool.fetch("select p.*, t.operator_id as of from recording_pauses p join talks t using (recording)")
    assert pause["operator_id"] == pause["of"] == operator
    assert pause["ended_at"] > pause["began_at"]
