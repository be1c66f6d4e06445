from zoneinfo import ZoneInfo

import asyncpg
import pytest

from callcenter.domain.deadlines import Due, Limit, LimitStep, due
from callcenter.errors import StorageError
from callcenter.storage import prepare_connection
from stack.generate import LARGE, Size, generate

TICKETS, CALLS = 3000, 6000


async def opened(url: str) -> asyncpg.Connection:
    connection = await asyncpg.connect(url)
    await prepare_connection(connection)
    return connection


async def schema(connection: asyncpg.Connection) -> list[tuple[object, ...]]:
    """The keys, indexes and triggers as they are."""
    rows = await connection.fetch(
        "select pg_get_constraintdef(oid), convalidated::text from pg_constraint where connamespace = 'public'::regnamespace"
        " union all select pg_get_indexdef(indexrelid), indisvalid::text from pg_index"
        " where indrelid = any ($1::regclass[])"
        " union all select pg_get_triggerdef(oid), tgenabled::text from pg_trigger where not tgisinternal order by 1",
        LARGE,
    )
    return [tuple(row) for row in rows]


async def test_a_journal_is_made_whole_in_an_empty_database_only(owner_url: str):
    connection = await opened(owner_url)
    before = await schema(connection)
    size = Size(TICKETS, CALLS)
    with pytest.raises(StorageError, match="--yes"):
        await generate(connection, size)
    assert await connection.fetchval("select count(*) from tickets") == 0
    await generate(connection, size, sure=True)
    assert await schema(connection) == before
    await connection.close()

    connection = await opened(owner_url)
    try:
        await look_at(connection)
        # Now it calls itself a demonstration, and more may be added.
        await generate(connection, Size(10, 0, seed=2))
        assert await connection.fetchval("select count(*) from tickets") == TICKETS + 10
        await connection.execute("select set_config('callcenter.demo', '', false)")
        with pytest.raises(StorageError, match="not empty"):
            await generate(connection, Size(10, 0), sure=True)
    finally:
        await connection.close()


async def look_at(connection: asyncpg.Connection) -> None:
    assert await connection.fetchval("select count(*) from tickets") == TICKETS
    assert await connection.fetchval("select count(*) from calls") == CALLS
    states = await connection.fetch("select state, count(*) from tickets group by 1 order by 2 desc")
    assert {row["state"] for row in states} >= {"closed", "cancelled", "done", "in_progress", "reopened"}
    wrong = {
        "future": "select count(*) from tickets where opened_at > now() or closed_at > now() or closed_at < opened_at",
        "numbers": "select count(*) from (select row_number() over (partition by company_id order by opened_at, id) <> number"
        " as out from tickets) n where out",
        "last": "select count(*) from companies c where last_ticket_number is distinct from"
        " (select max(number) from tickets where company_id = c.id)",
        "words": "select count(*) from tickets t where tsvector_to_array(search) <> tsvector_to_array(ticket_words(t))",
        "ways": "select count(*) from tickets t where state <> 'new' and not exists"
        " (select from ticket_events e where e.ticket_id = t.id and e.to_state = t.state)",
        "order": "select count(*) from (select at < lag(at) over (partition by ticket_id order by id) as back"
        " from ticket_events where kind in ('opened', 'moved')) e where back",
        "times of calls": "select count(*) from calls where not (arrived_at <= coalesce(queued_at, arrived_at)"
        " and coalesce(queued_at, arrived_at) <= coalesce(answered_at, left_at) and left_at <= ended_at and ended_at <= now())",
        "talks": "select count(*) from calls c left join talks k on k.recording = c.recording left join recordings r"
        " on r.name = c.recording where (c.outcome = 'answered') <> (k.call_id = c.id and r.call_id = c.id) is true",
        "recordings": "select count(*) from recordings r left join tickets t on t.call_id = r.call_id"
        " where r.ticket_id is distinct from t.id or r.named_call <> r.call_id or r.name !~ '^made-\\d+\\.\\d+_made-\\d+\\.\\d+_\\d+$'",
        "events": "select count(*) from calls c cross join lateral (select count(*) as events, min(at) as first, max(at) as last"
        " from call_events where call_id = c.id) e where e.events < 3 or (e.first, e.last) <> (c.arrived_at, c.ended_at)",
        "deadlines": "select count(*) from tickets t where not exists"
        " (select from ticket_deadlines d where d.ticket_id = t.id and d.step = 'tell')",
        "lateness": "select count(*) from tickets t cross join lateral ("
        "select min(due_at) filter (where met_at is null or met_at > due_at) as late_from,"
        " min(met_at) filter (where step = 'localise') as localised_at from ticket_deadlines where ticket_id = t.id"
        ") d where (t.late_from, t.localised_at) is distinct from (d.late_from, d.localised_at)",
    }
    assert {name: await connection.fetchval(query) for name, query in wrong.items()} == dict.fromkeys(wrong, 0)
    await deadlines_are_those_of_the_law(connection)


async def deadlines_are_those_of_the_law(connection: asyncpg.Connection) -> None:
    """As the program itself reckons them."""
    rows = await connection.fetch(
        "select t.opened_at, c.zone, l.*, d.due_at, d.warn_at from ticket_deadlines d join tickets t on t.id = d.ticket_id"
        " join companies c on c.id = t.company_id join limits l on l.category_id = t.category_id and l.step = d.step"
        " where l.opens is not null or t.id % 10 = 0"
    )
    assert any(row["opens"] for row in rows)
    for row in rows:
        limit = Limit(LimitStep(row["step"]), row["minutes"], row["warn_before"], row["opens"], row["closes"])
        assert due(row["opened_at"], limit, ZoneInfo(row["zone"])) == Due(row["due_at"], row["warn_at"])
