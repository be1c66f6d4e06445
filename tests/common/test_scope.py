"""The second lock: in a transaction of one company no row of another is seen or changed, whatever the query."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import asyncpg
import pytest

from callcenter.common.scope import Connection, audit, scoped, scoped_to
from callcenter.domain.access import Role
from callcenter.domain.ids import OperatorId
from callcenter.domain.person import Person
from callcenter.settings import DatabaseSettings
from callcenter.storage import open_pool

NOW = datetime(2026, 3, 5, 9, 30, tzinfo=UTC)
# A company with a row in every table that holds what is a company's. {n}: 1 or 2.
COMPANY = """
insert into companies (name) values ('company {n}');
create temp table c as select id from companies where name = 'company {n}';
insert into numbers select '7495000000{n}', id from c;
insert into houses (company_id, city, street, building) select id, 'Москва', 'Лесная', '{n}' from c;
insert into premises (house_id, flat) select h.id, '7' from houses h join c on h.company_id = c.id;
insert into residents (premises_id, name)
    select p.id, 'resident {n}' from premises p join houses h on h.id = p.house_id join c on h.company_id = c.id;
insert into resident_phones (phone, resident_id) select '+7900000000{n}', id from residents where name = 'resident {n}';
insert into crews (company_id, name) select id, 'crew {n}' from c;
insert into crew_hours select id, 1, '08:00', '17:00' from crews where name = 'crew {n}';
insert into responsibles (company_id, name) select id, 'responsible {n}' from c;
insert into operators (login, name, role, company_id) select 'manager{n}', 'manager {n}', 'manager', id from c;
create temp table m as select id from operators where login = 'manager{n}';
insert into saved_filters select id, 'late', 'late=1' from m;
insert into calls (id, node, company_id, did, caller, state, arrived_at)
    select 'node1-{n}', 'node1', id, '7495000000{n}', '+7900000000{n}', 'talking', now() from c;
insert into call_events (call_id, kind, source, at, seen_at) values ('node1-{n}', 'queued', 'live', now(), now());
insert into tickets (company_id, number, call_id, caller, subject, opened_at)
    select id, {n}, 'node1-{n}', '+7900000000{n}', 'subject {n}', now() from c;
create temp table t as select id from tickets where call_id = 'node1-{n}';
insert into ticket_events (ticket_id, kind) select id, 'opened' from t;
insert into ticket_deadlines select id, 'tell', now(), now() from t;
insert into ticket_files (ticket_id, name, media_type, size, sha256, object_key)
    select id, 'a.jpg', 'image/jpeg', 1, decode(repeat('00', 32), 'hex'), 'file {n}' from t;
insert into deliveries (ticket_id, crew_id, way, key)
    select t.id, w.id, 'email', 'delivery {n}' from t, crews w where w.name = 'crew {n}';
insert into recordings (name, node, call_id, ticket_id, state) select 'rec {n}', 'node1', 'node1-{n}', id, 'expected' from t;
insert into recording_plays (recording_id, operator_id) select r.id, m.id from recordings r, m where r.name = 'rec {n}';
insert into talks (recording, call_id, kind, began_at) values ('rec {n}', 'node1-{n}', 'queue', now());
insert into wrap_ups select id, 'node1-{n}', now(), now() from m;
insert into call_tallies select id, '2026-03-01', '2026-03-01' from c;
insert into tally_outcomes select t.*, 'answered', {n}, 0, 0, 0, 0, 0 from call_tallies t join c on c.id = t.company_id;
insert into tally_hours select t.*, 9, {n}, 0, 0, 0, 0, 0, 0, 0, 0 from call_tallies t join c on c.id = t.company_id;
insert into tally_operators select t.*, m.id, {n}, 0, 0, 0 from m, call_tallies t join c on c.id = t.company_id;
insert into recording_copies (recording_id, problem) select id, 'empty' from recordings where name = 'rec {n}';
insert into waveforms select id, 10, 2, '' from recordings where name = 'rec {n}';
insert into recording_pauses (recording, call_id, began_at) values ('rec {n}', 'node1-{n}', now());
insert into recording_marks (recording_id, at_s, comment, made_by) select r.id, 1, 'mark', m.id from recordings r, m where r.name = 'rec {n}';
insert into score_cards (company_id, made_by) select c.id, m.id from c, m;
insert into score_lines (card_id, place, title, points) select s.id, 1, 'line', 5 from score_cards s join c on c.id = s.company_id;
insert into reviews (recording_id, card_id, made_by, score)
    select r.id, s.id, m.id, 80 from recordings r, m, score_cards s join c on c.id = s.company_id where r.name = 'rec {n}';
insert into review_lines select v.id, l.id, 4 from reviews v join score_lines l on l.card_id = v.card_id
    join score_cards s on s.id = v.card_id join c on c.id = s.company_id;
insert into legal_holds (ticket_id, reason, placed_by) select t.id, 'court', m.id from t, m;
insert into evidence_packs (ticket_id, company_id, operator_id, language) select t.id, c.id, m.id, 'ru' from t, c, m;
insert into audit_log (operator_id, company_id, action, at) select m.id, c.id, 'logged in', now() from m, c;
insert into api_tokens (token_hash, operator_id, name, scopes, expires_at)
    select decode(repeat('0{n}', 32), 'hex'), id, 'token', '{{}}', now() + interval '1 day' from m;
insert into idempotency_keys select id, 'key', decode(repeat('00', 32), 'hex'), 201, '{{}}', now() from api_tokens
    where token_hash = decode(repeat('0{n}', 32), 'hex');
insert into exports (operator_id, company_id, first_day, last_day, format, language)
    select m.id, c.id, now(), now(), 'csv', 'ru' from m, c;
insert into outages (company_id, state, since) select id, 'suspected', now() from c;
create temp table o as select o.id from outages o join c on c.id = o.company_id;
insert into outage_places (outage_id, house_id) select o.id, h.id from o, houses h join c on c.id = h.company_id;
insert into outage_numbers (outage_id, number, caller) select id, 100, '+7900000000{n}' from o;
insert into outage_events (outage_id, kind) select id, 'opened' from o;
insert into outage_recordings (outage_id, digest, sound, recorded_by) select o.id, repeat('0{n}', 8), decode('00', 'hex'), m.id from o, m;
insert into unspoken_outages (node, outage_id) select 'node1', id from o;
insert into announcements (call_id, began_at, outage_id, number, caller) select 'node1-{n}', now(), id, 100, '' from o;
insert into phone_candidates (phone, premises_id, call_id)
    select '+7900000009{n}', p.id, 'node1-{n}' from premises p join houses h on h.id = p.house_id join c on c.id = h.company_id;
insert into joined_calls (call_id, ticket_id) select 'node1-{n}', id from t;
insert into call_cards (call_id, no_ticket) values ('node1-{n}', 'silence');
insert into further_tickets (ticket_id, call_id) select id, 'node1-{n}' from t;
insert into outage_recipients (company_id, name, party, way, address) select id, 'recipient {n}', 'supplier', 'max', '{n}' from c;
insert into outage_notices (outage_id, recipient_id, event, body, key)
    select o.id, r.id, 'opened', '{{}}', 'notice {n}' from o, outage_recipients r where r.name = 'recipient {n}';
drop table c, m, t, o;
"""
CENTRE = """
insert into nodes (name) values ('node1');
insert into operators (login, name, role) values ('anna', 'Anna', 'operator');
insert into unwritten (node, what, problem) values ('node1', 'a call of somebody', 'none');
insert into push_log (audience, kind, body) values ('all', 'queues', '{}');
insert into screens (audience, kind, seq, body) values ('all', 'queues', 1, '{}');
insert into presence select id, 'offline', now() from operators;
"""
# These contain no company's data, so nothing is restricted.
OPEN = {"nodes", "node_gaps", "schema_migrations", "outage_kinds"}
# Shut for everybody of one company.
SHUT = {"unwritten", "push_log", "screens", "presence"}
# Rows that belong to the centre and may be seen by every company.
SHARED = {"operators": "company_id is null"}
# These run with their owner's rights; each is tried below.
TRUSTED = {"journal_page", "journal_counts", "manager_visits"}

TABLES = """
select c.relname as name, c.relkind::text, c.relrowsecurity as secured, owner.rolsuper as of_superuser,
       coalesce(array_agg(a.attname::text order by a.attnum)
                filter (where has_column_privilege('callcenter_company', c.oid, a.attnum, 'select')), '{}') as readable,
       coalesce(array_agg(a.attname::text order by a.attnum)
                filter (where has_column_privilege('callcenter_company', c.oid, a.attnum, 'update')
                       and a.attidentity <> 'a'), '{}') as changeable,
       has_any_column_privilege('callcenter_company', c.oid, 'insert') as insertable,
       has_table_privilege('callcenter_company', c.oid, 'delete') as deletable,
       bool_or(a.attname = 'company_id') as has_company,
       bool_or(has_column_privilege('callcenter_company', c.oid, a.attnum, 'update') and a.attname = 'company_id') as moves
from pg_class c
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join pg_roles owner on owner.oid = c.relowner
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')
group by c.oid, c.relname, c.relkind, c.relrowsecurity, owner.rolsuper
order by c.relname
"""


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    pool = await open_pool(DatabaseSettings(url=database_url))
    if not await pool.fetchval("select exists (select from companies)"):
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute(CENTRE)
            for n in (1, 2):
                await connection.execute(COMPANY.format(n=n))
    yield pool
    await pool.close()


@pytest.fixture
async def companies(pool: asyncpg.Pool) -> tuple[int, int]:
    ours, theirs = await pool.fetch("select id from companies order by id")
    return ours["id"], theirs["id"]


async def rows(connection: Connection, table: asyncpg.Record) -> set[str]:
    columns = ", ".join(f'"{column}"' for column in table["readable"])
    found = await connection.fetch(f"select row_to_json(x)::text from (select {columns} from {table['name']}) x")
    return {row[0] for row in found}


async def seen(pool: asyncpg.Pool, company: int | None, table: asyncpg.Record) -> set[str]:
    async with scoped_to(pool, company) as connection:
        return await rows(connection, table)


async def readable(pool: asyncpg.Pool) -> list[asyncpg.Record]:
    return [table for table in await pool.fetch(TABLES) if table["readable"] and table["name"] not in OPEN]


async def test_every_table_that_a_company_may_touch_has_a_policy(pool: asyncpg.Pool):
    touched = [
        table
        for table in await pool.fetch(TABLES)
        if table["readable"] or table["changeable"] or table["insertable"] or table["deletable"]
    ]
    assert len(touched) > 20
    assert {table["name"] for table in touched if not table["secured"]} == OPEN
    assert [table["name"] for table in touched if table["relkind"] != "r"] == []


async def test_no_row_of_another_company_is_seen(pool: asyncpg.Pool, companies: tuple[int, int]):
    for table in await readable(pool):
        name = table["name"]
        ours, theirs = [await seen(pool, company, table) for company in companies]
        everything = await seen(pool, None, table)
        if name in SHUT:
            assert everything, f"{name}: no row to be kept from anybody, add one to CENTRE"
            assert (ours, theirs) == (set(), set()), name
            continue
        shared = set()
        if name in SHARED:
            ids = await pool.fetch(f"select id from {name} where {SHARED[name]}")
            shared = {row for row in everything if any(row.startswith(f'{{"id":{each["id"]},') for each in ids)}
        assert ours & theirs == shared, name
        assert ours - shared, f"{name}: no row of the first company, add one to COMPANY"
        assert theirs - shared, f"{name}: no row of the second company, add one to COMPANY"
        assert ours | theirs == everything, name


async def test_no_row_of_another_company_is_changed_or_removed(pool: asyncpg.Pool, companies: tuple[int, int]):
    ours, theirs = companies
    tried = 0
    for table in await pool.fetch(TABLES):
        if not table["changeable"] and not table["deletable"]:
            continue
        before = await seen(pool, theirs, table)
        assert before, table["name"]
        async with pool.acquire() as connection:
            undone = connection.transaction()
            await undone.start()
            await connection.execute("set local role callcenter_company")
            await connection.execute("select set_config('callcenter.company', $1, true)", str(ours))
            for column in table["changeable"]:
                await connection.execute(f'update {table["name"]} set "{column}" = "{column}"')
            if table["deletable"]:
                await connection.execute(f"delete from {table['name']}")
            await connection.execute("select set_config('callcenter.company', $1, true)", str(theirs))
            assert await rows(connection, table) == before, table["name"]
            await undone.rollback()
        tried += 1
    assert tried


async def test_no_row_is_written_for_or_moved_to_another_company(pool: asyncpg.Pool, companies: tuple[int, int]):
    ours, theirs = companies
    for table in await pool.fetch(TABLES):
        name = table["name"]
        if table["insertable"]:
            mark = await of_company(pool, theirs, table)
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with scoped_to(pool, ours) as connection:
                    await connection.execute(
                        f"insert into {name} overriding system value"
                        f" select * from jsonb_populate_record(null::{name}, $1::jsonb)",
                        mark,
                    )
        if table["moves"]:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with scoped_to(pool, ours) as connection:
                    await connection.execute(f"update {name} set company_id = $1", theirs)


async def of_company(pool: asyncpg.Pool, company: int, table: asyncpg.Record) -> object:
    """A row of this company: by its column, or as the one that was written last."""
    name = table["name"]
    condition = f"company_id = {company}" if table["has_company"] else "true"
    row = await pool.fetchval(f"select to_jsonb(x) from {name} x where {condition} order by ctid desc limit 1")
    assert row is not None, f"{name}: no row to try, add one to COMPANY"
    return row


async def test_what_is_not_granted_is_refused(pool: asyncpg.Pool, companies: tuple[int, int]):
    secret = (
        "sessions",
        "invitations",
        "login_attempts",
        "pending_logins",
        "recovery_codes",
        "audit_log",
        "crew_links",
        "requests",
        "open_pages",
        "filing_drafts",
    )
    links = ("share_links", "share_link_recordings", "share_link_uses", "share_link_visits")
    for statement in (
        *(f"select * from {table}" for table in secret + links),
        "select password_hash from operators",
        "select totp_secret from operators",
        "select sip_secret from operators",
        "select token_hash from api_tokens",
        "select address from outage_recipients",
        "select secret from outage_recipients",
        "update operators set role = 'administrator'",
        "delete from tickets",
        "truncate tickets",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with scoped_to(pool, companies[0]) as connection:
                await connection.execute(statement)


async def test_what_runs_with_other_rights_is_known_and_keeps_to_the_company(
    pool: asyncpg.Pool, companies: tuple[int, int]
):
    functions = await pool.fetch(
        "select proname, proconfig from pg_proc where prosecdef and pronamespace = 'public'::regnamespace"
        " and has_function_privilege('callcenter_company', oid, 'execute')"
    )
    assert {row["proname"] for row in functions} <= TRUSTED
    assert all(any(each.startswith("search_path=") for each in row["proconfig"] or ()) for row in functions)
    ours, theirs = companies
    own = await pool.fetchval("select id from tickets where company_id = $1", ours)
    manager = await pool.fetchval("select id from operators where company_id = $1", ours)
    async with scoped_to(pool, ours) as connection:
        for asked in ({}, {"company": ours}, {"company": theirs}):
            found = await connection.fetch("select journal_page($1, 50, null, null) as id", asked)
            assert [row["id"] for row in found] == ([] if asked.get("company") == theirs else [own])
        for company in (None, ours, theirs):
            counts = await connection.fetchrow("select * from journal_counts($1, null)", company)
            assert counts is not None
            assert counts["late"] + counts["soon"] == 1
        visits = await connection.fetch(
            "select operator_id from manager_visits($1, $2, $3, $4)",
            [ours, theirs],
            [1, 1],
            [NOW, NOW],
            [datetime(9000, 1, 1, tzinfo=UTC)] * 2,
        )
        assert [row["operator_id"] for row in visits] == [manager]


async def test_a_person_sees_what_their_role_lets_them(pool: asyncpg.Pool, companies: tuple[int, int]):
    manager = Person(OperatorId(1), "m", "M", Role.MANAGER, "ru", False, companies[0])
    operator = Person(OperatorId(1), "o", "O", Role.OPERATOR, "ru", False)
    async with scoped(pool, manager) as connection:
        assert await connection.fetchval("select count(*) from tickets") == 1
    async with scoped(pool, operator) as connection:
        assert await connection.fetchval("select count(*) from tickets") == 2


async def test_the_connection_is_its_own_again_afterwards(pool: asyncpg.Pool, companies: tuple[int, int]):
    async with pool.acquire() as connection:
        before = await connection.fetchrow("select current_user, current_setting('callcenter.company', true)")
    for _ in range(3):
        async with scoped_to(pool, companies[0]) as connection:
            assert await connection.fetchval("select current_user") == "callcenter_company"
    async with pool.acquire() as connection:
        assert await connection.fetchval("select count(*) from companies") == 2
        after = await connection.fetchrow(
            "select current_user, nullif(current_setting('callcenter.company', true), '')"
        )
        assert tuple(after or ()) == tuple(before or ())


async def test_a_company_writes_into_the_audit_log_and_reads_it_not(pool: asyncpg.Pool, companies: tuple[int, int]):
    async with scoped_to(pool, companies[0]) as connection:
        await audit(connection, "viewed ticket", company=companies[0], subject="ticket", subject_id=7)
    assert await pool.fetchval("select company_id from audit_log where action = 'viewed ticket'") == companies[0]
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with scoped_to(pool, companies[0]) as connection:
            await audit(connection, "viewed ticket", company=companies[1])
