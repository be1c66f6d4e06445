"""Calls, their events and their talks can be partitioned by month: tried on the schema as it is (decision 14)."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

KEYS = {"calls": "born_at", "call_events": "call_born_at", "talks": "call_born_at"}
# Foreign keys that go when calls are partitioned: these rows stay when a month of calls is dropped.
OUTLIVE_CALLS = {"tickets", "recordings", "recording_pauses"}
JANUARY, FEBRUARY = "node1-1799000000.1", "node1-1801700000.1"

UNIQUE = """
select i.indexrelid::regclass::text as name, i.indisprimary as is_primary,
       array(select pg_get_indexdef(i.indexrelid, n, true) from generate_series(1, i.indnkeyatts) n) as columns
from pg_index i where i.indrelid = $1::text::regclass and i.indisunique order by i.indisprimary desc, 2
"""
TRIGGERS = """
select tgname as name, pg_get_triggerdef(oid) as made from pg_trigger where tgrelid = $1::text::regclass and not tgisinternal
"""
REFERRING = """
select conrelid::regclass::text as name from pg_constraint
where contype = 'f' and confrelid = any ('{calls, call_events, talks}'::regclass[]) and conparentid = 0
"""


@pytest.fixture
async def connection(owner_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection whose changes are taken back at the end."""
    connection = await asyncpg.connect(owner_url)
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(
        "insert into companies (name) values ('c'); insert into nodes (name) values ('node1');"
        "insert into numbers select '7495', id from companies"
    )
    yield connection
    await transaction.rollback()
    await connection.close()


def born(call: str) -> str:
    """The call's time in SQL, as the generated columns have it."""
    return f"to_timestamp({call.split('-')[1].split('.')[0]})"


async def add_call(connection: asyncpg.Connection, call: str, *, partitioned: bool = True) -> None:
    """Add a call, or count one ring more where it is there already."""
    column, value, key = (", born_at", f", {born(call)}", "(id, born_at)") if partitioned else ("", "", "(id)")
    await connection.execute(
        f"insert into calls (id, node, company_id, did, caller, state, arrived_at{column})"
        f" select $1, 'node1', id, '7495', '', 'arrived', now(){value} from companies"
        f" on conflict {key} do update set rings = calls.rings + 1",
        call,
    )


async def add_event(connection: asyncpg.Connection, call: str, born_at: str = "") -> str:
    born_at = born_at or born(call)
    return await connection.execute(
        "insert into call_events (call_id, kind, source, at, seen_at, call_born_at)"
        f" values ($1, 'CallArrived', 'live', now(), 'epoch', {born_at}) on conflict do nothing",
        call,
    )


async def add_talk(connection: asyncpg.Connection, call: str) -> None:
    await connection.execute(
        "insert into talks (recording, call_id, kind, began_at, call_born_at)"
        f" values ($1 || '_x_1', $1, 'queue', now(), {born(call)})",
        call,
    )


async def partition(connection: asyncpg.Connection, table: str, key: str) -> None:
    """Make the table as it is the first partition, up to 2027, of a partitioned one with the same constraints."""
    unique = await connection.fetch(UNIQUE, table)
    others = await connection.fetch(
        "select indexdef from pg_indexes where tablename = $1 and indexdef not like 'CREATE UNIQUE%'", table
    )
    triggers = await connection.fetch(TRIGGERS, table)
    for index in unique:
        drop = f"alter table {table} drop constraint {index['name']} cascade"
        await connection.execute(drop if index["is_primary"] else f"drop index {index['name']}")
    await connection.execute(
        f"alter table {table} alter {key} drop expression;"
        f"alter table {table} rename to {table}_first;"
        f"create table {table} (like {table}_first including all excluding indexes) partition by range ({key});"
    )
    for trigger in triggers:
        await connection.execute(f"drop trigger {trigger['name']} on {table}_first")
    if table == "call_events":
        await connection.execute("alter table call_events_first alter id drop identity")
    for index in unique:
        columns = ", ".join([*index["columns"], key])
        await connection.execute(
            f"alter table {table} add {'primary key' if index['is_primary'] else 'unique'} ({columns})"
        )
    await connection.execute(
        f"alter table {table} attach partition {table}_first for values from (minvalue) to ('2027-01-01');"
        f"create table {table}_2027_01 partition of {table} for values from ('2027-01-01') to ('2027-02-01');"
        f"create table {table}_2027_02 partition of {table} for values from ('2027-02-01') to ('2027-03-01');"
    )
    for trigger in triggers:
        await connection.execute(trigger["made"])
    for index in others:
        name, rest = index["indexdef"].removeprefix("CREATE INDEX ").split(" ", 1)
        await connection.execute(f"create index {name}_parted {rest}")


async def partition_all(connection: asyncpg.Connection) -> None:
    for table, key in KEYS.items():
        await partition(connection, table, key)
    for table in ("call_events", "talks"):
        await connection.execute(
            f"alter table {table} add foreign key (call_id, call_born_at) references calls (id, born_at)"
        )


async def test_the_time_in_the_key_is_the_one_in_the_id_and_never_changes(connection: asyncpg.Connection):
    for call in (JANUARY, "a name without a time"):
        await add_call(connection, call, partitioned=False)
        await add_call(connection, call, partitioned=False)
    await connection.execute("update calls set arrived_at = 'epoch'")
    rows = await connection.fetch("select extract(epoch from born_at)::bigint from calls order by id desc")
    assert [row[0] for row in rows] == [1799000000, 0]
    with pytest.raises(asyncpg.GeneratedAlwaysError):
        await connection.execute("update calls set born_at = now()")


async def test_nothing_else_refers_to_what_may_be_partitioned(connection: asyncpg.Connection):
    referring = {row["name"] for row in await connection.fetch(REFERRING)}
    assert referring - KEYS.keys() == OUTLIVE_CALLS, "see docs/decisions/0014"


async def test_every_constraint_holds_when_they_are_partitioned(connection: asyncpg.Connection):
    await add_call(connection, "node1-1763838000.42", partitioned=False)
    await partition_all(connection)
    for call in (JANUARY, FEBRUARY, "node1-1763838000.42"):
        await add_call(connection, call)
        await add_call(connection, call)
        assert [await add_event(connection, call) for _ in range(2)] == ["INSERT 0 1", "INSERT 0 0"]
        await add_talk(connection, call)
    places = await connection.fetch("select tableoid::regclass::text, id, rings from calls order by id")
    assert [tuple(row) for row in places] == [
        ("calls_first", "node1-1763838000.42", 2),
        ("calls_2027_01", JANUARY, 1),
        ("calls_2027_02", FEBRUARY, 1),
    ]
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        async with connection.transaction():
            await add_event(connection, JANUARY, born(FEBRUARY))
    with pytest.raises(asyncpg.UniqueViolationError):
        async with connection.transaction():
            await add_talk(connection, JANUARY)
    triggers = await connection.fetch("select tgname from pg_trigger where tgrelid = 'calls_2027_01'::regclass")
    assert "words_of_ended" in {row["tgname"] for row in triggers}


async def test_a_month_is_dropped_and_its_tickets_stay(connection: asyncpg.Connection):
    await partition_all(connection)
    for call in (JANUARY, FEBRUARY):
        await add_call(connection, call)
        await add_event(connection, call)
        await add_talk(connection, call)
    await connection.execute(
        "insert into tickets (company_id, number, call_id, caller, opened_at)"
        " select id, 1, $1, '', now() from companies", JANUARY,
    )  # fmt: skip
    for table in ("call_events", "talks", "calls"):
        await connection.execute(f"alter table {table} detach partition {table}_2027_01; drop table {table}_2027_01")
    assert await connection.fetchval("select call_id from tickets") == JANUARY
    assert [row["id"] for row in await connection.fetch("select id from calls")] == [FEBRUARY]


async def test_a_foreign_key_from_what_stays_would_forbid_that(connection: asyncpg.Connection):
    await partition_all(connection)
    await add_call(connection, JANUARY)
    await connection.execute(
        "alter table tickets add call_born_at timestamptz;"
        "alter table tickets add foreign key (call_id, call_born_at) references calls (id, born_at);"
        "insert into tickets (company_id, number, call_id, call_born_at, caller, opened_at)"
        f" select id, 1, '{JANUARY}', {born(JANUARY)}, '', now() from companies"
    )
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        async with connection.transaction():
            await connection.execute("alter table calls detach partition calls_2027_01")


async def test_a_key_without_the_time_cannot_be(connection: asyncpg.Connection):
    await partition_all(connection)
    with pytest.raises(asyncpg.FeatureNotSupportedError):
        async with connection.transaction():
            await connection.execute("alter table calls add unique (id)")
