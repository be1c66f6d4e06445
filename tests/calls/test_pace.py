"""How many seconds a place in a queue costs: computed from the talks and operators of a real PostgreSQL, and written down."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from callcenter.calls.pace import PaceKeeper, paces
from callcenter.domain.ids import NodeName
from callcenter.settings import DatabaseSettings
from callcenter.storage import open_pool
from tests.conftest import by_owner
from tests.site import fill

NODE = NodeName("node1")


@pytest.mark.parametrize(
    ("handling_s", "operators", "waiting", "seconds"),
    [
        (180, 10, {"1": 0}, {"1": 18}),
        (180, 10, {"1": 240}, {"1": 18}),
        (175, 10, {"1": 3}, {"1": 18}),
        (180, 0, {"1": 5, "2": 0}, {"1": 0, "2": 0}),
        (0.2, 50, {"1": 5}, {"1": 1}),
        # Of four who wait and the one who joins, three are in the first queue; or two in the second.
        (100, 1, {"1": 2, "2": 1, "3": 1}, {"1": 167, "2": 250, "3": 250}),
    ],
)
def test_a_queue_gets_its_part_of_the_operators(
    handling_s: float, operators: int, waiting: dict[str, int], seconds: dict[str, int]
) -> None:
    assert paces(handling_s, operators, waiting) == seconds


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    pool = await open_pool(DatabaseSettings(url=database_url))
    await fill(pool)
    await pool.execute("update operators set endpoint = login, sip_secret = 's' where login in ('anna', 'vera')")
    await pool.execute("delete from numbers")
    await pool.execute(
        "insert into numbers (number, company_id) select n, min(id) from companies, unnest($1::text[]) n group by n",
        ["74951110001", "74951110002"],
    )
    try:
        yield pool
    finally:
        await pool.close()


async def want(pool: asyncpg.Pool, **wanted: str) -> None:
    for login, state in wanted.items():
        await pool.execute(
            "insert into presence (operator_id, wanted, since) select id, $2, now() from operators where login = $1"
            " on conflict (operator_id) do update set wanted = excluded.wanted",
            login, state,
        )  # fmt: skip


async def talk(pool: asyncpg.Pool, place: int, seconds: int, minutes_ago: int = 10) -> None:
    call = f"node1-1.{place}"
    await pool.execute(
        "insert into calls (id, node, did, caller, state, arrived_at, outcome, ended_at)"
        " values ($1, 'node1', '74951110001', '', 'ended', now(), 'answered', now())",
        call,
    )
    await pool.execute(
        "insert into talks (recording, call_id, kind, operator_id, began_at, ended_at)"
        " select $1, $1, 'queue', id, now() - make_interval(mins => $2), now() - make_interval(mins => $2) + make_interval(secs => $3)"
        " from operators where login = 'anna'",
        call, minutes_ago, float(seconds),
    )  # fmt: skip


async def test_recent_talks_and_those_who_are_there_count(pool: asyncpg.Pool, tmp_path: Path) -> None:
    keeper, files = PaceKeeper(pool, NODE, tmp_path / "pace"), tmp_path / "pace"
    await want(pool, anna="available", vera="available")
    await keeper.refresh()
    assert not files.exists()
    await talk(pool, 1, 100)
    await talk(pool, 2, 200)
    await talk(pool, 3, 9000, minutes_ago=300)
    await keeper.refresh()
    assert {file.name: file.read_text() for file in files.iterdir()} == {"74951110001": "75", "74951110002": "75"}
    await want(pool, vera="paused")
    await pool.execute(
        "insert into calls (id, node, did, caller, state, arrived_at) values ('node1-1.9', 'node1', '74951110001', '', 'waiting', now())"
    )
    await keeper.refresh()
    assert [(files / f"7495111000{each}").read_text() for each in (1, 2)] == ["150", "300"]
    await want(pool, anna="offline")
    await keeper.refresh()
    assert (files / "74951110001").read_text() == "0"


async def test_with_nobody_to_ask_the_last_value_stays(pool: asyncpg.Pool, tmp_path: Path) -> None:
    await want(pool, anna="available")
    await talk(pool, 1, 100)
    keeper = PaceKeeper(pool, NODE, tmp_path)
    await keeper.refresh()
    await pool.execute(by_owner("delete from talks"))
    await keeper.refresh()
    assert (tmp_path / "74951110001").read_text() == "100"
