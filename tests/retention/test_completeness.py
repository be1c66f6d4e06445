"""Completeness, with made-up talks: what counts as verified, late, missing, or not due yet."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from prometheus_client import REGISTRY
from pydantic import SecretStr

from callcenter.retention import completeness
from callcenter.retention.completeness import ratio
from callcenter.retention.completeness_alarm import CompletenessAlarm, filling
from callcenter.settings import DatabaseSettings
from callcenter.storage import connect
from tests.conftest import by_owner

NOW = datetime.now(UTC)


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await connect(DatabaseSettings(url=SecretStr(database_url)))
    await connection.execute(
        by_owner("truncate companies, operators, nodes, push_log, screens restart identity cascade")
    )
    await connection.execute("insert into companies (name) values ('УК')")
    await connection.execute("insert into nodes (name) values ('node1'), ('node2')")
    yield connection
    await connection.close()


async def talk(
    connection: asyncpg.Connection,
    state: str | None,
    ended_ago: timedelta | None,
    *,
    node: str = "node1",
    defect: str = "",
) -> str:
    """A call of five minutes with one talk; its recording is in this state, or has no row."""
    # Not the time at which the tests began: the queries go by the clock.
    now = datetime.now(UTC)
    began = now - (ended_ago or timedelta()) - timedelta(minutes=5)
    ended = None if ended_ago is None else now - ended_ago
    number = await connection.fetchval("select count(*) from calls")
    call, name = f"{node}-{number}.1", f"{node}-{number}.1_{node}-{number}.2_7"
    await connection.execute(
        """insert into calls (id, node, company_id, did, caller, state, outcome, arrived_at, ended_at)
        values ($1, $2, 1, '7495', '', $3, $4, $5, $6)""",
        *(call, node, "talking" if ended is None else "ended", None if ended is None else "answered", began, ended),
    )
    await connection.execute(
        "insert into talks (recording, call_id, kind, began_at, ended_at) values ($1, $2, 'queue', $3, $4)",
        *(name, call, began, ended),
    )
    if state is not None:
        await connection.execute(
            """insert into recordings (name, node, call_id, state, expected_at, sha256, size, object_key, defect)
            values ($1, $2, $3, $4, $5, $6, 1, $1, nullif($7, ''))""",
            *(name, node, call, state, began, bytes(32), defect),
        )
    return name


MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


async def test_what_is_expected_and_what_is_kept(connection: asyncpg.Connection) -> None:
    for state in ("verified", "attached", "expired", "deleted"):
        await talk(connection, state, 10 * MINUTE)
    for state in ("expected", "recorded", "stored", None):
        await talk(connection, state, MINUTE)
        await talk(connection, state, 4 * MINUTE)
    await talk(connection, "expected", None)
    await talk(connection, "missing", 10 * MINUTE)
    await talk(connection, "attached", 10 * MINUTE, node="node2")
    hours = await completeness.hours(connection, NOW - 3 * HOUR, NOW + HOUR)
    first = [hour for hour in hours if hour.node == "node1"]

    def total(name: str) -> int:
        return sum(getattr(hour, name) for hour in first)

    assert {name: total(name) for name in ("expected", "verified", "late", "missing", "open")} == {
        "expected": 9,
        "verified": 4,
        "late": 3,
        "missing": 2,
        "open": 5,
    }
    assert {hour.company for hour in hours} == {"УК"}
    assert ratio(first) == pytest.approx(4 / 9)
    assert ratio([hour for hour in hours if hour.node == "node2"]) == 1
    assert ratio([]) is None


async def test_what_is_late_or_missing_is_named_with_its_reason(connection: asyncpg.Connection) -> None:
    await talk(connection, "attached", 10 * MINUTE)
    await talk(connection, "missing", 30 * MINUTE, defect="there is no file")
    await talk(connection, "recorded", 20 * MINUTE)
    await talk(connection, None, 10 * MINUTE)
    await talk(connection, "recorded", MINUTE)
    found = await completeness.unverified_talks(connection, NOW - 3 * HOUR)
    assert [(each.state, each.reason) for each in found] == [
        ("unknown", ""),
        ("recorded", ""),
        ("missing", "there is no file"),
    ]


async def test_a_file_without_a_call_is_shown(connection: asyncpg.Connection) -> None:
    await connection.execute(
        """insert into recordings (name, node, state, sha256, size, object_key, recorded_at, defect)
        values ('stray', 'node1', 'attached', $1, 1, 'stray', now(), 'no such call')""",
        bytes(32),
    )
    [stray] = await completeness.strays(connection, NOW - HOUR)
    assert (stray.node, stray.reason) == ("node1", "no such call")


async def test_the_alarm_is_sent_once_and_again_when_it_changes(
    connection: asyncpg.Connection, database_url: str
) -> None:
    alarm = CompletenessAlarm(DatabaseSettings(url=SecretStr(database_url)), 30)

    async def sent() -> list[dict[str, object]]:
        await alarm.check(connection)
        rows = await connection.fetch("select body from push_log where kind = 'recordings' order by seq")
        return [json.loads(row[0]) if isinstance(row[0], str) else row[0] for row in rows]

    await talk(connection, "attached", 10 * MINUTE)
    assert await sent() == [{"late": 0, "missing": 0, "altered": 0, "disks": [], "logs": []}]
    name = await talk(connection, "recorded", 4 * MINUTE)
    await connection.execute(
        "insert into node_disks (node, free, total, files, bytes, log_free, log_total)"
        " values ('node1', 9, 100, 1, 1, 9, 100), ('node2', 50, 100, 0, 0, 10, 100)"
    )
    for _ in range(2):
        assert (await sent())[1:] == [{"late": 1, "missing": 0, "altered": 0, "disks": ["node1"], "logs": ["node1"]}]
    labels = {"node": "node1", "company": "1", "window": "1h"}
    assert REGISTRY.get_sample_value("callcenter_recording_completeness", labels) == 0.5
    assert REGISTRY.get_sample_value("callcenter_recordings_late") == 1
    await connection.execute("update recordings set state = 'attached' where name = $1", name)
    assert (await sent())[-1] == {"late": 0, "missing": 0, "altered": 0, "disks": ["node1"], "logs": ["node1"]}
    assert REGISTRY.get_sample_value("callcenter_recording_completeness", labels) == 1
    await connection.execute(
        "insert into recording_hashes (recording_id, checked_at, problem)"
        " select id, now() - interval '40 days', 'altered' from recordings where name = $1",
        name,
    )
    assert (await sent())[-1] == {"late": 0, "missing": 0, "altered": 1, "disks": ["node1"], "logs": ["node1"]}
    assert REGISTRY.get_sample_value("callcenter_recordings_altered") == 1
    assert REGISTRY.get_sample_value("callcenter_recordings_hashed_ratio") == 0
    assert REGISTRY.get_sample_value("callcenter_recordings_hashed_oldest_seconds") == pytest.approx(40 * 86400, abs=60)


@pytest.mark.parametrize(
    ("free", "full_in", "alarming"), [(50, None, False), (9, None, True), (50, 23 * HOUR, True), (50, 25 * HOUR, False)]
)
def test_a_disk_that_somebody_must_look_at(free: int, full_in: timedelta | None, alarming: bool) -> None:
    full_at = None if full_in is None else NOW + full_in
    assert filling(completeness.Disk("node1", free, 100, 0, 0, None, full_at, 100, 100, NOW, False), NOW) is alarming
