"""Pausing a recording on a real PostgreSQL: only what Asterisk did is written and shown."""

import asyncio

from callcenter.domain.request import PauseBody
from tests.calls.request_node import living
from tests.calls.request_road import CHANNEL, Road, road
from tests.calls.test_writer import pool

__all__ = ["pool", "road"]

PAUSE, RESUME = PauseBody(paused=True), PauseBody(paused=False)


def mute_commands(road: Road) -> list[tuple[str, str]]:
    """The commands about recordings that Asterisk got."""
    return [(said["Channel"], said["State"]) for said in road.ami.heard if said["Action"] == "MixMonitorMute"]


async def test_a_pause_is_written_and_shown_once_asterisk_has_done_it(road: Road) -> None:
    await road.talk()
    shown = "select body from screens where audience = $1 and kind = 'recording'"
    audience = f"operator:{road.operator}"
    withheld = asyncio.Event()
    road.ami.answers["MixMonitorMute"] = lambda fields: withheld.set()
    async with living(road.node()), asyncio.timeout(10):
        # Killed before Asterisk has answered.
        request = await road.ask(PAUSE)
        await withheld.wait()
        assert await road.pool.fetchval("select count(*) from recording_pauses") == 0
        assert await road.pool.fetchval(shown, audience) is None
    del road.ami.answers["MixMonitorMute"]
    async with living(road.node()):
        await road.until(request, "done")
        assert (await road.pool.fetchval(shown, audience))["paused_since"]
        await road.until(await road.ask(RESUME), "done")
        assert (await road.pool.fetchval(shown, audience))["paused_since"] is None
    assert mute_commands(road)[0] == (CHANNEL, "1")
    assert mute_commands(road)[-1] == (CHANNEL, "0")
    [row] = await road.pool.fetch("select p.*, t.call_id as of from recording_pauses p join talks t using (recording)")
    assert row["call_id"] == row["of"]
    assert row["operator_id"] == road.operator
    assert row["began_at"] < row["ended_at"]


async def test_what_asterisk_refuses_is_not_written(road: Road) -> None:
    await road.talk()
    road.ami.recorded.clear()
    async with living(road.node()):
        row = await road.until(await road.ask(PAUSE), "done", "refused")
    assert (row["state"], row["answer"]) == ("refused", {"reason": "asterisk_refused"})
    assert await road.pool.fetchval("select count(*) from recording_pauses") == 0


async def test_a_pause_ends_with_its_talk_and_none_begins_after_it(road: Road) -> None:
    await road.talk()
    async with living(road.node()):
        await road.until(await road.ask(PAUSE), "done")
        await road.pool.execute("update talks set ended_at = now() + interval '1 second'")
        assert (await road.until(await road.ask(PAUSE), "done", "refused"))["answer"] == {"reason": "no_talk"}
    assert len(mute_commands(road)) == 1
    ended = await road.pool.fetchval(
        "select p.ended_at = t.ended_at from recording_pauses p join talks t using (recording) where p.ended_at is not null"
    )
    assert ended
