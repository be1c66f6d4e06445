"""A run of the removal: killed, gone on with, too long for a night, and beside people at work."""

import asyncio
import contextlib
import sys
from datetime import timedelta

import pytest

from callcenter.retention import removal
from callcenter.retention.personal_data import companies, state
from callcenter.retention.removal import PersonalDataKeeper
from callcenter.storage import connect
from tests.retention.removal_work import NAME, NIGHT, OLD, Past, last_report, make_past, remove, settings_of
from tests.retention.test_removal import chain_problems
from tests.tickets.ticket_work import Work, work

__all__ = ["work"]
MANY = """
insert into calls (id, node, company_id, did, caller, state, outcome, arrived_at, ended_at)
select 'node1-many-' || n, 'node1', $1, '7', '+7999' || n, 'ended', 'abandoned', $2::timestamptz + n * interval '1 s', $2
from generate_series(1, 250) n
"""


@pytest.fixture
async def past(work: Work) -> Past:
    past = await make_past(work)
    await past.terms()
    return past


async def test_a_run_that_was_killed_goes_on_and_counts_nothing_twice(past: Past) -> None:
    url = settings_of(past.work.site).url.get_secret_value()
    command = (sys.executable, "-m", "tests.retention.removal_process", url)
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        async for line in process.stdout:
            if line == b"removing\n":
                break
        process.kill()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    # In the middle of the tickets: the links are done, the ticket is whole.
    run = await past.pool.fetchrow("select id, removed, finished_at from keeping_runs")
    assert (run["removed"], run["finished_at"]) == ({"links": 1, "entries": 2}, None)
    assert await past.pool.fetchval("select contact_name from tickets where id = $1", past.ticket) == NAME
    await remove(past.work.site)
    report = await last_report(past)
    assert report.id == run["id"]
    assert report.removed == {
        "links": 1,
        "tickets": 1,
        "calls": 1,
        "residents": 1,
        "audit": 1,
        "files": 1,
        "entries": 5,
    }
    assert await past.where() == set()
    assert await past.pool.fetchval("select count(*) from ledger_entries where kind = 'personal data removed'") == 1
    assert await chain_problems(past.pool) == []


async def test_many_go_in_batches_and_one_that_is_held_among_them_stays(past: Past) -> None:
    await past.pool.execute(MANY, past.work.ids["company"], OLD)
    held = await past.work.ticket(subject="x")
    await past.pool.execute("update tickets set call_id = 'node1-many-130' where id = $1", held.id)
    assert removal.AT_ONCE < 250
    await remove(past.work.site)
    report = await last_report(past)
    assert (report.removed["calls"], report.left_behind) == (250, {"calls": {"open": 1}})
    kept = await past.pool.fetch("select id from calls where caller <> ''")
    assert [row["id"] for row in kept] == ["node1-many-130"]


async def test_what_a_night_was_too_short_for_goes_the_next_night_in_the_same_run(past: Past) -> None:
    await past.pool.execute(MANY, past.work.ids["company"], OLD)
    connection = await connect(settings_of(past.work.site))
    keeper = PersonalDataKeeper(settings_of(past.work.site), past.work.site.shelf, rest=0)
    # It is six when the first batches are done.
    clock = iter([NIGHT, NIGHT, NIGHT, NIGHT, NIGHT])
    try:
        await keeper.look(connection, lambda: next(clock, NIGHT + timedelta(hours=6)))
        assert await past.pool.fetchval("select count(*) from keeping_runs where finished_at is null") == 1
        assert 0 < await past.pool.fetchval("select count(*) from calls where caller <> ''") <= 251
        await keeper.look(connection, lambda: NIGHT + timedelta(days=1))
    finally:
        await connection.close()
    [row] = await past.pool.fetch("select removed from keeping_runs where finished_at is not null")
    assert row["removed"] == {
        "calls": 251,
        "links": 1,
        "tickets": 1,
        "residents": 1,
        "audit": 1,
        "files": 1,
        "entries": 5,
    }


async def test_a_call_that_somebody_works_on_waits_for_nothing_but_the_batch(past: Past) -> None:
    # Whoever places a hold locks the ticket; the removal waits for that and then leaves what is held.
    async with past.pool.acquire() as desk:
        placing = desk.transaction()
        await placing.start()
        await desk.execute("select from tickets where id = $1 for update", past.ticket)
        removing = asyncio.create_task(remove(past.work.site))
        while not await past.pool.fetchval(
            "select exists (select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database())"
        ):
            assert not removing.done()
        await desk.execute(
            "insert into legal_holds (ticket_id, reason, placed_by) select $1, 'суд', min(id) from operators",
            past.ticket,
        )
        await placing.commit()
    await removing
    report = await last_report(past)
    assert {kind: dict(why) for kind, why in report.left_behind.items()} == {
        kind: {"hold": 1} for kind in ("links", "tickets", "calls", "residents")
    }
    assert await past.pool.fetchval("select contact_name from tickets where id = $1", past.ticket) == NAME


async def test_companies_that_nothing_was_removed_of_for_two_days_are_overdue(past: Past) -> None:
    now = "update keeping_terms set set_at = now() - interval '3 days'"
    await past.pool.execute(now)
    assert (await state(past.pool)).overdue == 1
    await remove(past.work.site)
    found = await state(past.pool)
    assert (found.overdue, found.unset) == (0, 0)
    assert found.last_s is not None
    await past.pool.execute("update keeping_runs set finished_at = now() - interval '49 hours'")
    assert (await state(past.pool)).overdue == 1
    await past.pool.execute("delete from keeping_terms")
    found = await state(past.pool)
    assert (found.overdue, found.unset) == (0, 1)


async def test_the_clock_of_the_company_decides(past: Past) -> None:
    await past.pool.execute("update companies set zone = 'Asia/Vladivostok'")
    await remove(past.work.site)
    [of] = await companies(past.pool, past.work.ids["company"])
    assert of.run is None
    await remove(past.work.site, NIGHT - timedelta(hours=9))
    [of] = await companies(past.pool, past.work.ids["company"])
    assert of.run is not None
