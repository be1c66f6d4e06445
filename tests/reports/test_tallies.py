"""Calls of closed days are counted once, and reports say the same as if they read every call."""

import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from callcenter.domain.access import Role
from callcenter.domain.call import Outcome
from callcenter.domain.person import Person
from callcenter.reports.period import Period
from callcenter.reports.service import ReportCompany, Reports
from callcenter.reports.tallies import count_closed_days
from callcenter.settings import DatabaseSettings
from callcenter.storage import open_pool
from tests.conftest import by_owner, emptied
from tests.reports.call_work import STAFF, call, company

# Each has whole hours or not, summer time or not; in the last one the clock goes forward at midnight.
ZONES = ("Europe/Moscow", "Asia/Vladivostok", "Asia/Kolkata", "Europe/Berlin", "Africa/Cairo")
FIRST, LAST = date(2025, 12, 20), date(2026, 5, 10)
PERIODS = (
    Period(FIRST, LAST),
    Period(date(2025, 12, 1), date(2026, 4, 30)),
    Period(date(2026, 1, 31), date(2026, 3, 31)),
    Period(date(2026, 3, 1), date(2026, 3, 31)),
    Period(date(2026, 3, 29), date(2026, 3, 29)),
    Period(date(2026, 4, 24), date(2026, 5, 1)),
)
OLD = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    pool = await open_pool(DatabaseSettings(url=database_url))
    await pool.execute(emptied("companies", "operators", "nodes", "push_log", "screens"))
    await pool.execute("insert into nodes (name) values ('node1')")
    await pool.execute(
        "insert into operators (id, login, name, role) overriding system value values (7, 'anna', 'Анна', 'operator')"
    )
    yield pool
    await pool.close()


@pytest.fixture
async def counted(pool: asyncpg.Pool) -> ReportCompany:
    """A company with an operator and an answered call in a closed month, which is counted."""
    own = await company(pool)
    id_ = await call(pool, own, OLD, Outcome.ANSWERED, answered_after=5, operator_id=7, wait_s=5, talk_s=60)
    await talk(pool, id_, OLD, 60)
    await tally(pool)
    return own


async def tally(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        await count_closed_days(connection)


async def talk(pool: asyncpg.Pool, of: str, began_at: datetime, lasts_s: float, kind: str = "queue") -> None:
    await pool.execute(
        "insert into talks (recording, call_id, kind, operator_id, began_at, ended_at)"
        " values ($1 || '_' || $4, $1, $4, 7, $2::timestamptz, $2::timestamptz + make_interval(secs => $3))",
        of, began_at, lasts_s, kind,
    )  # fmt: skip


async def wrap_up(pool: asyncpg.Pool, of: str, began_at: datetime) -> None:
    await pool.execute(
        "insert into wrap_ups values (7, $1, $2::timestamptz, $2::timestamptz + interval '15 s')", of, began_at
    )


async def said(pool: asyncpg.Pool, companies: Sequence[ReportCompany], person: Person = STAFF) -> list[object]:
    """All that the reports say."""
    reports = Reports(pool)
    return [
        answer
        for period in PERIODS
        for answer in (
            await reports.calls(person, companies, period),
            await reports.call_operators(person, companies, period),
        )
    ]


async def truth(pool: asyncpg.Pool, companies: Sequence[ReportCompany]) -> list[object]:
    """The same from the calls themselves; nothing is counted then."""
    await pool.execute("delete from call_tallies")
    return await said(pool, companies)


def moments(zone: str) -> list[datetime]:
    """At random, and at both ends of days, months and summer times."""
    chance = random.Random(zone)
    first = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=ZoneInfo(zone))
    whole = (LAST - FIRST).days
    ends = [
        date(2026, 1, 1),
        date(2026, 2, 1),
        date(2026, 3, 1),
        date(2026, 3, 29),
        date(2026, 3, 30),
        date(2026, 4, 24),
        date(2026, 5, 1),
    ]
    midnights = [datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC) for day in ends]
    near = [midnight + timedelta(seconds=s) for midnight in midnights for s in (-1, 0, 3600, 7200)]
    return [*near, *(first + timedelta(days=chance.random() * whole) for _ in range(60))]


async def fill(pool: asyncpg.Pool, of: ReportCompany) -> None:
    chance = random.Random(of.id)
    for place, at in enumerate(moments(of.zone), 1000 * of.id):
        outcome = chance.choice([*Outcome])
        answered = outcome is Outcome.ANSWERED
        came = outcome is Outcome.NOT_REACHED
        id_ = await call(
            pool, of, at, outcome, direction="out" if came else "in", imported=chance.random() < 0.1,
            # Quarters of seconds: sums of them are exact in any order.
            wait_s=None if outcome is Outcome.HUNG_UP_EARLY else chance.randrange(4000) / 4,
            talk_s=chance.randrange(400) / 4 if answered else None,
            answered_after=chance.choice([10, 300, 301]) if answered else None,
        )  # fmt: skip
        if answered:
            await talk(pool, id_, at, chance.randrange(90))
            await talk(pool, id_, at, 30, "consultation")
            await talk(pool, id_, at + timedelta(days=chance.choice([0, 1])), 8, "transfer")
            await wrap_up(pool, id_, at + timedelta(minutes=3, microseconds=place))


async def test_reports_say_the_same_of_counted_days_as_of_the_calls(pool: asyncpg.Pool):
    companies = [await company(pool, zone, zone) for zone in ZONES]
    for each in companies:
        await fill(pool, each)
    expected = await truth(pool, companies)
    await tally(pool)
    assert await said(pool, companies) == expected
    days = await pool.fetch(
        "select company_id, count(*) filter (where first = last) as days, count(*) filter (where last > first) as months from call_tallies group by 1"
    )
    assert len(days) == len(ZONES)
    assert all(row["days"] > 300 and row["months"] >= 10 for row in days)
    # That is all there is to count.
    await tally(pool)
    assert await said(pool, companies) == expected


async def test_what_is_removed_stays_counted(pool: asyncpg.Pool, counted: ReportCompany):
    before = await said(pool, [counted])
    await pool.execute("update calls set caller = '', resident_id = null")
    for table in ("talks", "calls"):
        await pool.execute(by_owner(f"delete from {table}"))
    await tally(pool)
    assert await said(pool, [counted]) == before


LATE = {
    "a call": "insert into calls (id, node, company_id, did, caller, state, outcome, arrived_at, ended_at)"
    " select 'node1-1.1', node, company_id, did, '', 'ended', 'abandoned', arrived_at, ended_at from calls",
    "another outcome": "update calls set outcome = 'abandoned', answered_at = null",
    "another wait": "update calls set wait_s = 9",
    "another day": "update calls set arrived_at = arrived_at - interval '40 days'",
    "another company": "update calls set company_id = (select max(id) from companies)",
    "a talk": "insert into talks (recording, call_id, kind, operator_id, began_at, ended_at)"
    " select 'later', call_id, 'transfer', operator_id, ended_at, ended_at + interval '5 s' from talks",
    "a talk's end": "update talks set ended_at = ended_at + interval '5 s'",
    "a wrap-up": "insert into wrap_ups select operator_id, call_id, ended_at, ended_at + interval '5 s' from talks",
    "another zone": "update companies set zone = 'Asia/Vladivostok'",
}


@pytest.mark.parametrize("fact", LATE.values(), ids=LATE.keys())
async def test_what_is_known_late_is_counted(pool: asyncpg.Pool, counted: ReportCompany, fact: str):
    other = await company(pool, "Другая")
    await pool.execute("update calls set queue = '1'")
    await tally(pool)
    before = await said(pool, [counted, other])
    await pool.execute(fact)
    at_once = await said(pool, [counted, other])
    await tally(pool)
    counted_again = await said(pool, [counted, other])
    assert at_once == counted_again == await truth(pool, [counted, other])
    assert at_once != before


async def test_what_changes_no_figure_leaves_the_days_counted(pool: asyncpg.Pool, counted: ReportCompany):
    tallies = await pool.fetchval("select count(*) from call_tallies")
    await pool.execute("update calls set caller = '', keys = '1'")
    await pool.execute("update talks set channel = 'x'")
    assert await pool.fetchval("select count(*) from call_tallies") == tallies > 200


async def test_a_day_is_counted_when_it_ended_a_day_ago(pool: asyncpg.Pool):
    own = await company(pool, zone="Asia/Kolkata")
    today = datetime.now(ZoneInfo(own.zone)).date()
    for days in range(6):
        await call(pool, own, datetime.now(UTC) - timedelta(days=days), Outcome.ABANDONED)
    await tally(pool)
    newest = await pool.fetchval("select max(first) from call_tallies where first = last")
    assert today - timedelta(days=3) <= newest <= today - timedelta(days=2)
    counts = await Reports(pool).calls(STAFF, [own], Period(today - timedelta(days=9), today))
    assert sum(step.calls for step in counts.steps) == 6


async def test_a_manager_is_told_of_the_own_companys_counted_days_alone(pool: asyncpg.Pool, counted: ReportCompany):
    other = await company(pool, "Чужая")
    await call(pool, other, OLD, Outcome.ABANDONED)
    await tally(pool)
    manager = replace(STAFF, role=Role.MANAGER, company_id=other.id)
    summary = await Reports(pool).calls(manager, [counted, other], PERIODS[0])
    assert [name for name, _counts in summary.companies] == ["Чужая"]
    whole = PERIODS[0]
    assert await Reports(pool).call_operators(manager, [counted, other], whole) == []
