"""The queries: borders in the company's zone, lateness as stored with the ticket, separate companies."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest

from callcenter.domain.access import Role
from callcenter.domain.ids import OperatorId
from callcenter.domain.person import Person
from callcenter.reports.period import Period, PeriodStep
from callcenter.reports.service import Counts, ReportCompany, Reports
from callcenter.settings import DatabaseSettings
from callcenter.storage import open_pool
from tests.conftest import emptied

STAFF = Person(OperatorId(1), "vera", "Вера", Role.SUPERVISOR, "ru", False)


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    pool = await open_pool(DatabaseSettings(url=database_url))
    await pool.execute(emptied("companies", "operators"))
    yield pool
    await pool.close()


async def company(pool: asyncpg.Pool, name: str, zone: str) -> ReportCompany:
    made = await pool.fetchval("insert into companies (name, zone) values ($1, $2) returning id", name, zone)
    return ReportCompany(made, name, zone)


async def ticket(
    pool: asyncpg.Pool, of: ReportCompany, opened_at: datetime, code: str = "damage", **values: object
) -> int:
    category = await pool.fetchval("select id from categories where company_id = $1 and code = $2", of.id, code)
    number = await pool.fetchval(
        "update companies set last_ticket_number = last_ticket_number + 1 where id = $1 returning last_ticket_number",
        of.id,
    )
    columns = {
        "company_id": of.id,
        "number": number,
        "caller": "",
        "opened_at": opened_at,
        "category_id": category,
        **values,
    }
    blanks = ", ".join(f"${place + 1}" for place in range(len(columns)))
    statement = f"insert into tickets ({', '.join(columns)}) values ({blanks}) returning id"
    return int(await pool.fetchval(statement, *columns.values()))


async def late(pool: asyncpg.Pool, of: ReportCompany, day: date) -> int:
    counts = await Reports(pool).categories(STAFF, [of], Period(day, day))
    return sum(line.late for _category, line in counts)


@pytest.mark.parametrize(
    ("zone", "day", "inside", "outside"),
    [
        (
            "Europe/Moscow",
            date(2026, 11, 2),
            ["2026-11-01T21:00Z", "2026-11-02T20:59Z"],
            ["2026-11-01T20:59Z", "2026-11-02T21:00Z"],
        ),
        # The day on which the clock is set back is 25 hours long, the one on which it is set forward has 23.
        (
            "Europe/Berlin",
            date(2026, 10, 25),
            ["2026-10-24T22:00Z", "2026-10-25T22:59Z"],
            ["2026-10-24T21:59Z", "2026-10-25T23:00Z"],
        ),
        (
            "Europe/Berlin",
            date(2026, 3, 29),
            ["2026-03-28T23:00Z", "2026-03-29T21:59Z"],
            ["2026-03-28T22:59Z", "2026-03-29T22:00Z"],
        ),
    ],
)
async def test_a_day_begins_and_ends_in_the_companys_zone(
    pool: asyncpg.Pool, zone: str, day: date, inside: list[str], outside: list[str]
):
    own = await company(pool, "УК", zone)
    for at in inside + outside:
        await ticket(pool, own, datetime.fromisoformat(at))
    found = await Reports(pool).tickets(STAFF, [own], Period(day, day))
    assert found == [(PeriodStep(day, day), Counts(accepted=len(inside)))]


async def test_of_several_companies_each_has_its_own_midnight(pool: asyncpg.Pool):
    west, east = await company(pool, "Запад", "Europe/Kaliningrad"), await company(pool, "Восток", "Asia/Vladivostok")
    at = datetime(2026, 11, 1, 20, tzinfo=UTC)
    await ticket(pool, west, at)
    await ticket(pool, east, at)
    rows = await Reports(pool).tickets(STAFF, [west, east], Period(date(2026, 11, 1), date(2026, 11, 2)))
    assert [counts.accepted for _step, counts in rows] == [1, 1]


async def test_a_manager_is_counted_for_the_own_company_alone(pool: asyncpg.Pool):
    own, other = await company(pool, "Своя", "Europe/Moscow"), await company(pool, "Чужая", "Europe/Moscow")
    at = datetime(2026, 11, 1, 12, tzinfo=UTC)
    await ticket(pool, own, at, price=100, payment="due", accepted_at=at)
    await ticket(pool, other, at, price=100, payment="due", accepted_at=at)
    await pool.execute(
        "insert into operators (login, name, role, company_id) select 'm' || id, 'М', 'manager', id from companies"
    )
    manager = replace(STAFF, role=Role.MANAGER, company_id=own.id)
    reports, period = Reports(pool), Period(date(2026, 11, 1), date(2026, 11, 1))
    assert await reports.companies(manager) == [own]
    assert await reports.companies(STAFF) == [own, other] or await reports.companies(STAFF) == [other, own]
    both = [own, other]
    assert [counts.accepted for _step, counts in await reports.tickets(manager, both, period)] == [1]
    assert [counts.accepted for _category, counts in await reports.categories(manager, both, period)] == [1]
    assert [row.emergencies for row in await reports.houses(manager, both, period)] == [1]
    assert [row.emergencies for row in await reports.crews(manager, both, period)] == [1]
    assert [line.works for _step, line in await reports.paid(manager, both, period)] == [1]
    assert [row.company for row in await reports.visits(manager, both, period)] == ["Своя"]
    assert [counts.accepted for _step, counts in await reports.tickets(manager, [other], period)] == [0]


async def test_the_database_itself_hides_other_companies_managers(pool: asyncpg.Pool):
    own, other = await company(pool, "Своя", "Europe/Moscow"), await company(pool, "Чужая", "Europe/Moscow")
    await pool.execute(
        "insert into operators (login, name, role, company_id) select 'm' || id, 'М', 'manager', id from companies"
    )
    span = [datetime(2026, 1, 1, tzinfo=UTC)] * 2, [datetime(2027, 1, 1, tzinfo=UTC)] * 2
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("select set_config('callcenter.company', $1, true)", str(own.id))
        await connection.execute("set local role callcenter_company")
        rows = await connection.fetch("select * from manager_visits($1, $2, $3, $4)", [own.id, other.id], [0, 0], *span)
        assert len(rows) == 1
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("select action from audit_log")


async def test_reaction_is_the_median_and_the_ninth_decile(pool: asyncpg.Pool):
    own = await company(pool, "УК", "Europe/Moscow")
    at = datetime(2026, 11, 1, 12, tzinfo=UTC)
    for minutes in range(1, 12):
        await ticket(
            pool, own, at, accepted_at=at + timedelta(minutes=minutes), done_at=at + timedelta(minutes=10 * minutes)
        )
    await ticket(pool, own, at)
    await ticket(pool, own, at, state="cancelled", cancel_reason="x", accepted_at=at)
    await ticket(pool, own, at, "repair", accepted_at=at)
    (row,) = await Reports(pool).crews(STAFF, [own], Period(date(2026, 11, 1), date(2026, 11, 1)))
    assert row.emergencies == 12
    assert (row.accepted.count, row.accepted.median_s, row.accepted.tenth_s) == (11, 360, 600)
    assert (row.localised.count, row.localised.median_s, row.localised.tenth_s) == (11, 3600, 6000)


async def test_the_ticket_knows_since_when_it_is_late(pool: asyncpg.Pool):
    own = await company(pool, "УК", "Europe/Moscow")
    day = date(2026, 11, 1)
    at = datetime(2026, 11, 1, 12, tzinfo=UTC)
    one = await ticket(pool, own, at)

    async def due(step: str, minutes: int, met: int | None) -> None:
        await pool.execute(
            "insert into ticket_deadlines (ticket_id, step, due_at, warn_at, met_at) values ($1, $2, $3, $3, $4)"
            " on conflict (ticket_id, step) do update set due_at = excluded.due_at, met_at = excluded.met_at",
            one,
            step,
            at + timedelta(minutes=minutes),
            None if met is None else at + timedelta(minutes=met),
        )

    async def kept() -> tuple[datetime | None, datetime | None]:
        return tuple(await pool.fetchrow("select late_from, localised_at from tickets where id = $1", one))

    await due("tell", 30, 10)
    assert await kept() == (None, None)
    await due("localise", 30, None)
    assert await kept() == (at + timedelta(minutes=30), None)
    await pool.execute(
        "update tickets set state = 'closed', closed_at = $2 where id = $1", one, at + timedelta(minutes=29)
    )
    assert await late(pool, own, day) == 0
    await pool.execute("update tickets set closed_at = $2 where id = $1", one, at + timedelta(minutes=31))
    assert await late(pool, own, day) == 1
    await due("localise", 30, 25)
    assert await kept() == (None, at + timedelta(minutes=25))
    assert await late(pool, own, day) == 0
    await due("localise", 30, 40)
    assert await late(pool, own, day) == 1
    await pool.execute("delete from ticket_deadlines where ticket_id = $1", one)
    assert await kept() == (None, None)


async def test_of_two_changes_at_a_time_none_is_forgotten(pool: asyncpg.Pool):
    own = await company(pool, "УК", "Europe/Moscow")
    at = datetime(2026, 11, 1, 12, tzinfo=UTC)
    one = await ticket(pool, own, at)
    for step in ("tell", "localise"):
        await pool.execute(
            "insert into ticket_deadlines (ticket_id, step, due_at, warn_at) values ($1, $2, $3, $3)", one, step, at
        )
    meet = "update ticket_deadlines set met_at = due_at where ticket_id = $1 and step = $2"
    async with pool.acquire() as first, pool.acquire() as second:
        held = first.transaction()
        await held.start()
        await first.execute(meet, one, "tell")
        waiting = asyncio.create_task(second.execute(meet, one, "localise"))
        async with asyncio.timeout(5):
            while not await pool.fetchval(
                "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
            ):
                await asyncio.sleep(0.01)
        await held.commit()
        await waiting
    assert await pool.fetchval("select late_from from tickets where id = $1", one) is None
