"""The queues of hundreds of companies on the screens: only those that changed, in messages that fit a notification."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import asyncpg
import pytest
from pydantic import SecretStr

from callcenter.calls import startup
from callcenter.calls.batch import Batch
from callcenter.domain.commands import QueueLine, ShowQueues
from callcenter.push.codec import body_of
from callcenter.push.messages import QueueRow, QueuesMessage
from callcenter.push.state import Delta, Snapshot, apply
from callcenter.settings import DatabaseSettings
from callcenter.storage import connect, listening, open_pool, queries
from tests.conftest import by_owner

NOW = datetime(2026, 3, 5, 9, 30, 0, 123456, tzinfo=UTC)
NUMBERS = [f"749530012345{number:03}" for number in range(200)]
NOTIFICATION_BYTES = 8000


def lines(waiting: int) -> tuple[QueueLine, ...]:
    return tuple(
        QueueLine(queue=number, waiting=waiting, talking=waiting, oldest=NOW if waiting else None) for number in NUMBERS
    )


def shown(*commands: ShowQueues) -> list[Delta]:
    batch = Batch()
    for command in commands:
        batch.add(command, NOW)
    written = json.loads(batch.document())["screens"]
    return [Delta(n, each["audience"], each["kind"], each["body"]) for n, each in enumerate(written, 10**9)]


def test_all_queues_of_two_hundred_companies_fit_notifications() -> None:
    deltas = shown(ShowQueues(queues=lines(waiting=9999), waiting=0))
    assert max(len(delta.text.encode()) for delta in deltas) < NOTIFICATION_BYTES
    screen = Snapshot(0, {})
    for delta in deltas:
        screen = apply(screen, delta)
    row = QueueRow(waiting=9999, talking=9999, oldest=NOW)
    assert body_of("queues", screen.state["queues"]) == QueuesMessage(queues=dict.fromkeys(NUMBERS, row))


def test_of_several_changes_of_a_queue_the_last_one_is_told_and_an_empty_one_is_taken_away() -> None:
    first, second = lines(waiting=1)[:2]
    empty = QueueLine(queue=first.queue, waiting=0, talking=0, oldest=None)
    [delta] = shown(ShowQueues(queues=(first, second), waiting=2), ShowQueues(queues=(empty,), waiting=1))
    assert delta.body["queues"][first.queue] is None
    assert delta.body["queues"][second.queue]["waiting"] == 1
    assert apply(Snapshot(0, {}), delta).state["queues"]["queues"].keys() == {second.queue}


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    pool = await open_pool(DatabaseSettings(url=SecretStr(database_url)))
    await pool.execute(by_owner("truncate companies, nodes, push_log, screens restart identity cascade"))
    yield pool
    await pool.close()


@pytest.mark.servers
async def test_every_notification_carries_its_queues_and_the_snapshot_has_those_in_use(
    pool: asyncpg.Pool, database_url: str
) -> None:
    settings = DatabaseSettings(url=SecretStr(database_url))
    gone = [QueueLine(queue=number, waiting=0, talking=0, oldest=None) for number in NUMBERS[1:]]
    async with listening(lambda: connect(settings), "push") as (_, payloads):
        for told in (lines(waiting=9999), gone):
            batch = Batch()
            batch.add(ShowQueues(queues=tuple(told), waiting=0), NOW)
            await pool.execute(queries("calls")["write_batch"], "node1", batch.document())
        heard: set[str] = set()
        while len(heard) < len(NUMBERS):
            message = json.loads(await anext(payloads))
            heard |= message["body"]["queues"].keys()
    row = await pool.fetchrow(queries("push")["snapshot"], ["all"])
    assert row["state"]["queues"]["queues"].keys() == {NUMBERS[0]}
    # A node that starts takes away what it does not know, also of a company that is not there any more.
    assert await startup.queue_names(pool) == [NUMBERS[0]]
