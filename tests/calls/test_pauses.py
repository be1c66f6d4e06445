"""Pausing a recording on a real PostgreSQL: only what Asterisk did is written and shown."""

import asyncio

import asyncpg
from pydantic import SecretStr

from callcenter.calls.pauses import Pauses, ask
from callcenter.domain.events import OperatorAnswered
from callcenter.domain.ids import OperatorId
from callcenter.settings import DatabaseSettings
from tests.calls.test_writer import NODE, node, pool, story

__all__ = ["pool"]


class Asterisk:
    """Notes what it is told, and does it or not."""

    def __init__(self, *, obeys: bool) -> None:
        self.told: list[tuple[str, bool]] = []
        self._obeys = obeys

    async def mute(self, channel: str, muted: bool) -> bool:
        self.told.append((channel, muted))
        return self._obeys


async def talking(pool: asyncpg.Pool, database_url: str) -> tuple[OperatorId, list]:
    events = await story(pool)
    until = next(n for n, event in enumerate(events) if isinstance(event, OperatorAnswered))
    async with node(pool, database_url) as running:
        for event in events[: until + 1]:
            running.engine.step(event)
        await running.written()
    await pool.execute("update talks set began_at = now() - interval '1 minute'")
    return OperatorId(await pool.fetchval("select operator_id from talks")), events


async def test_a_pause_is_written_and_shown_once_asterisk_has_done_it(pool: asyncpg.Pool, database_url: str) -> None:
    operator, _ = await talking(pool, database_url)
    asterisk = Asterisk(obeys=True)
    part = asyncio.create_task(Pauses(DatabaseSettings(url=SecretStr(database_url)), NODE, asterisk.mute).run())
    shown = "select body from screens where audience = $1 and kind = 'recording'"
    try:
        async with asyncio.timeout(10):
            while not asterisk.told:
                # It may not listen yet; what is asked twice is one pause.
                await ask(pool, operator, paused=True)
                await asyncio.sleep(0.05)
            while not await pool.fetchval(shown, f"operator:{operator}"):
                await asyncio.sleep(0.02)
            assert (await pool.fetchval(shown, f"operator:{operator}"))["paused_since"]
            await ask(pool, operator, paused=False)
            while (await pool.fetchval(shown, f"operator:{operator}"))["paused_since"]:
                await asyncio.sleep(0.02)
    finally:
        part.cancel()
        await asyncio.gather(part, return_exceptions=True)
    assert asterisk.told[0] == ("PJSIP/op-01-1", True)
    assert asterisk.told[-1] == ("PJSIP/op-01-1", False)
    [row] = await pool.fetch("select p.*, t.call_id as of from recording_pauses p join talks t using (recording)")
    assert row["call_id"] == row["of"]
    assert row["operator_id"] == operator
    assert row["began_at"] < row["ended_at"]


async def test_what_asterisk_refuses_is_not_written(pool: asyncpg.Pool, database_url: str) -> None:
    operator, _ = await talking(pool, database_url)
    pauses = Pauses(DatabaseSettings(url=SecretStr(database_url)), NODE, Asterisk(obeys=False).mute)
    async with pool.acquire() as connection:
        await pauses.carry_out(connection, operator, paused=True)
    assert await pool.fetchval("select count(*) from recording_pauses") == 0


async def test_a_pause_ends_with_its_talk_and_none_begins_after_it(pool: asyncpg.Pool, database_url: str) -> None:
    operator, _ = await talking(pool, database_url)
    asterisk = Asterisk(obeys=True)
    pauses = Pauses(DatabaseSettings(url=SecretStr(database_url)), NODE, asterisk.mute)
    async with pool.acquire() as connection:
        await pauses.carry_out(connection, operator, paused=True)
        await connection.execute("update talks set ended_at = now() + interval '1 second'")
        await pauses.carry_out(connection, operator, paused=True)
    assert len(asterisk.told) == 1
    ended = await pool.fetchval(
        "select p.ended_at = t.ended_at from recording_pauses p join talks t using (recording) where p.ended_at is not null"
    )
    assert ended
