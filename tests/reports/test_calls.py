"""Reports of calls: what is counted, in whose hours, what became of whom nobody served, and how long operators needed."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest

from callcenter.domain.access import Role
from callcenter.domain.call import Outcome
from callcenter.domain.operator import OperatorStatus
from callcenter.push.codec import entry
from callcenter.reports.call_tables import fate
from callcenter.reports.calls import CallCounts
from callcenter.reports.period import Period
from callcenter.reports.service import Reports
from callcenter.settings import DatabaseSettings
from callcenter.storage import open_pool
from tests.conftest import emptied
from tests.messages import presence_of
from tests.reports.call_work import STAFF, call, company

DAY = date(2026, 11, 2)
WHOLE = Period(DAY, DAY)
MORNING = datetime(2026, 11, 2, 6, 30, tzinfo=UTC)


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    pool = await open_pool(DatabaseSettings(url=database_url))
    await pool.execute(emptied("companies", "operators", "nodes", "push_log", "screens"))
    await pool.execute("insert into nodes (name) values ('node1')")
    yield pool
    await pool.close()


async def test_calls_are_counted_by_what_became_of_them_and_how_soon(pool: asyncpg.Pool):
    own = await company(pool)
    await call(pool, own, MORNING, Outcome.ANSWERED, answered_after=299, wait_s=290, talk_s=60)
    await call(pool, own, MORNING, Outcome.ANSWERED, answered_after=301, wait_s=292, talk_s=120)
    await call(pool, own, MORNING, Outcome.ABANDONED, wait_s=600)
    await call(pool, own, MORNING, Outcome.TIMED_OUT, wait_s=30)
    await call(pool, own, MORNING, Outcome.INFORMED)
    await call(pool, own, MORNING, Outcome.HUNG_UP_EARLY)
    # Not the centre's answering: a call out, a recording of an old PBX, one that is not over.
    await call(pool, own, MORNING, Outcome.ANSWERED, direction="out")
    await call(pool, own, MORNING, Outcome.ANSWERED, imported=True)
    await call(pool, own, MORNING, None, state="talking", ended_at=None)
    summary = await Reports(pool).calls(STAFF, [own], WHOLE)
    (counts,) = summary.steps
    assert counts == CallCounts(
        calls=6, answered=2, informed=1, early=1, in_time=1, waited=4, wait_s=1212, longest_s=600, talk_s=180
    )
    assert (counts.lost, counts.service_level, counts.mean_wait_s, counts.mean_talk_s) == (2, 25.0, 303.0, 90.0)
    assert CallCounts().service_level is None
    assert dict(summary.outcomes) == {
        Outcome.ANSWERED: 2,
        Outcome.ABANDONED: 1,
        Outcome.TIMED_OUT: 1,
        Outcome.INFORMED: 1,
        Outcome.HUNG_UP_EARLY: 1,
    }
    assert summary.companies == [("УК", counts)]


async def test_hours_are_those_of_the_company(pool: asyncpg.Pool):
    moscow, east = await company(pool), await company(pool, "Восток", "Asia/Vladivostok")
    await call(pool, moscow, MORNING, Outcome.ABANDONED)
    await call(pool, east, MORNING, Outcome.ABANDONED)
    # A Monday: 9:30 in Moscow, 16:30 in Vladivostok.
    summary = await Reports(pool).calls(STAFF, [moscow, east], WHOLE)
    assert [place for place, counts in enumerate(summary.hours) if counts.calls] == [9, 16]
    sunday = Period(date(2026, 11, 1), date(2026, 11, 1))
    await call(pool, moscow, MORNING - timedelta(hours=10), Outcome.ABANDONED)
    summary = await Reports(pool).calls(STAFF, [moscow], sunday)
    assert [place for place, counts in enumerate(summary.hours) if counts.calls] == [6 * 24 + 23]


async def test_a_manager_sees_the_own_companys_calls_alone(pool: asyncpg.Pool):
    own, other = await company(pool, "Своя"), await company(pool, "Чужая")
    for each in (own, other):
        await call(pool, each, MORNING, Outcome.ABANDONED)
    manager = replace(STAFF, role=Role.MANAGER, company_id=own.id)
    reports, both = Reports(pool), [own, other]
    assert [name for name, _counts in (await reports.calls(manager, both, WHOLE)).companies] == ["Своя"]
    assert [row.company for row in await reports.unserved(manager, both, WHOLE)] == ["Своя"]
    assert await reports.call_operators(manager, both, WHOLE) == []


async def test_of_whoever_was_not_served_it_is_said_what_became_of_them(pool: asyncpg.Pool):
    own = await company(pool)
    later = MORNING + timedelta(hours=1)

    async def lost(caller: str) -> None:
        await call(pool, own, MORNING, Outcome.ABANDONED, caller=caller, wait_s=60)

    await lost("+79160000001")
    await call(pool, own, later, Outcome.ANSWERED, caller="+79160000001", direction="out")
    await lost("+79160000002")
    again = await call(pool, own, later, Outcome.ANSWERED, caller="+79160000002")
    await pool.execute(
        "insert into tickets (company_id, number, call_id, caller, opened_at) values ($1, 77, $2, '', now())",
        own.id,
        again,
    )
    await lost("+79160000003")
    await call(pool, own, later, Outcome.NOT_REACHED, caller="+79160000003", direction="out")
    await lost("+79160000004")
    await call(pool, own, MORNING - timedelta(hours=1), Outcome.ANSWERED, caller="+79160000004")
    await lost("")
    await call(pool, own, later, Outcome.ANSWERED, caller="")
    rows = {row.caller: row for row in await Reports(pool).unserved(STAFF, [own], WHOLE)}
    said = {caller[-1:]: fate(row, own.zone, "ru").split(" 2 нояб")[0] for caller, row in rows.items()}
    assert said == {
        "1": "мы перезвонили",
        "2": "помогли при новом звонке",
        "3": "мы звонили",
        "4": "пока ничего",
        "": "неизвестно: номер скрыт",
    }
    assert {caller[-1:] for caller, row in rows.items() if row.served} == {"1", "2"}
    assert rows["+79160000002"].ticket == 77


async def test_an_operators_talks_count_with_the_wrap_up_that_followed_them(pool: asyncpg.Pool):
    own = await company(pool)
    anna = await pool.fetchval(
        "insert into operators (login, name, role) values ('anna', 'Анна', 'operator') returning id"
    )
    id_ = await call(pool, own, MORNING, Outcome.ANSWERED, answered_after=5, operator_id=anna)
    await pool.execute(
        "insert into talks (recording, call_id, kind, operator_id, began_at, ended_at)"
        " values ('r1', $1, 'queue', $2, $3::timestamptz, $3::timestamptz + interval '90 s'),"
        # As the node writes it when the clock is set back meanwhile.
        " ('r2', $1, 'queue', $2, $3::timestamptz, $3::timestamptz - interval '14 min')",
        id_,
        anna,
        MORNING,
    )
    over = MORNING + timedelta(seconds=90)
    for state, since in (
        (OperatorStatus.TALKING, MORNING),
        (OperatorStatus.WRAP_UP, over),
        (OperatorStatus.WRAP_UP, over),
        (OperatorStatus.AVAILABLE, over + timedelta(seconds=40)),
    ):
        shown = presence_of(since, state)
        await pool.execute("select push($1)", [entry(f"operator:{anna}", shown, None)])
    (row,) = await Reports(pool).call_operators(STAFF, [own], WHOLE)
    assert (row.name, row.talks, row.talk_s, row.wrap_ups, row.wrap_up_s) == ("Анна", 2, 90.0, 1, 40.0)


async def test_today_begins_at_each_companys_midnight(pool: asyncpg.Pool):
    moscow, east = await company(pool), await company(pool, "Восток", "Asia/Vladivostok")
    # Tuesday, 1:00 in Vladivostok; still Monday in Moscow.
    now = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)
    for each in (moscow, east):
        await call(pool, each, MORNING, Outcome.ANSWERED, answered_after=5)
    assert (await Reports(pool).calls_today(STAFF, [moscow, east], now)).calls == 1
