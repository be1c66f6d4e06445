"""The custody chain as PostgreSQL keeps it: its automatic entries, and that no change of it goes unnoticed."""

import asyncio
import json
from collections.abc import AsyncIterator

import asyncpg
import pytest

from callcenter.evidence.chain import GENESIS, Ends, Link, content_of, faults
from callcenter.evidence_packs.chain_check import problems
from callcenter.settings import DatabaseSettings
from callcenter.storage import open_pool
from tests.conftest import by_owner, emptied

CALL, NAME = "node1-1.1", "node1-1.1_node1-2.1_1772703000"
SEAL = "update recordings set state = 'recorded', sha256 = $2, size = 9, object_key = 'a.wav' where name = $1"
LINKS = "select seq, entry, hash from ledger_entries where company_id = $1 order by seq"


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    pool = await open_pool(DatabaseSettings(url=database_url))
    await pool.execute(emptied("companies", "operators", "nodes"))
    await pool.execute("insert into nodes (name) values ('node1')")
    await pool.execute("insert into operators (login, name, role) values ('vera', 'Вера', 'supervisor')")
    yield pool
    await pool.close()


async def company_of(pool: asyncpg.Pool, name: str = "УК") -> int:
    return int(await pool.fetchval("insert into companies (name) values ($1) returning id", name))


async def ticket_of(pool: asyncpg.Pool, company: int) -> int:
    await pool.execute(
        "insert into calls (id, node, company_id, did, caller, state, arrived_at)"
        " values ($1, 'node1', $2, '1', '+79001234567', 'talking', now())",
        CALL,
        company,
    )
    return int(
        await pool.fetchval(
            "insert into tickets (company_id, number, call_id, caller, opened_at)"
            " values ($1, 1, $2, '+79001234567', now()) returning id",
            company,
            CALL,
        )
    )


async def entries_of(pool: asyncpg.Pool, company: int) -> list[tuple[str, dict[str, object]]]:
    rows = await pool.fetch("select kind, entry from ledger_entries where company_id = $1 order by seq", company)
    return [(row["kind"], json.loads(row["entry"])["body"]) for row in rows]


async def wrong(pool: asyncpg.Pool, company: int) -> list[str]:
    rows = await pool.fetch(LINKS, company)
    head = await pool.fetchrow("select seq, hash from ledger_heads where company_id = $1", company)
    assert head is not None
    links = [Link(row["seq"], content_of(row["entry"]), row["hash"], row["entry"]) for row in rows]
    return list(faults(links, Ends(company, 1, head["seq"], GENESIS, head["hash"])))


async def test_a_recordings_way_is_chained_from_the_file_on(pool: asyncpg.Pool):
    company = await company_of(pool)
    ticket = await ticket_of(pool, company)
    await pool.execute(
        "insert into recordings (name, node, call_id, state) values ($1, 'node1', $2, 'expected')", NAME, CALL
    )
    assert await entries_of(pool, company) == []
    await pool.execute(SEAL, NAME, b"\x01" * 32)
    for state in ("stored", "verified"):
        await pool.execute("update recordings set state = $2 where name = $1", NAME, state)
    await pool.execute("update recordings set state = 'attached', ticket_id = $2 where name = $1", NAME, ticket)
    await pool.execute("update recordings set state = 'expired' where name = $1", NAME)
    await pool.execute(
        "update recordings set state = 'deleted', deleted_because = 'kept 3 years' where name = $1", NAME
    )
    entries = await entries_of(pool, company)
    states = ("recorded", "verified", "attached", "expired", "deleted")
    assert [kind for kind, _ in entries] == [f"recording {state}" for state in states]
    assert {body["sha256"] for _, body in entries} == {"01" * 32}
    assert {body["ticket"] for _, body in entries} == {ticket}
    assert entries[-1][1]["because"] == "kept 3 years"
    assert await wrong(pool, company) == []


async def test_a_recording_whose_call_comes_later_is_chained_when_its_company_is_known(pool: asyncpg.Pool):
    await pool.execute("insert into recordings (name, node, state) values ($1, 'node1', 'expected')", NAME)
    await pool.execute(SEAL, NAME, b"\x02" * 32)
    await pool.execute("update recordings set state = 'attached' where name = $1", NAME)
    assert await pool.fetchval("select count(*) from ledger_entries") == 0
    company = await company_of(pool)
    ticket = await ticket_of(pool, company)
    await pool.execute("update recordings set call_id = $2, ticket_id = $3 where name = $1", NAME, CALL, ticket)
    [(kind, body)] = await entries_of(pool, company)
    assert (kind, body["sha256"], body["ticket"]) == ("recording adopted", "02" * 32, ticket)


async def test_a_missing_one_an_imported_one_a_hold_and_a_listening_are_chained(pool: asyncpg.Pool):
    company = await company_of(pool)
    ticket = await ticket_of(pool, company)
    vera = await pool.fetchval("select id from operators where login = 'vera'")
    await pool.execute(
        "insert into recordings (name, node, call_id, ticket_id, state, sha256, size, object_key)"
        " values ('imported', 'node1', $1, $2, 'attached', $3, 9, 'b.wav')",
        CALL,
        ticket,
        b"\x03" * 32,
    )
    await pool.execute(
        "insert into recordings (name, node, call_id, state) values ($1, 'node1', $2, 'expected')", NAME, CALL
    )
    await pool.execute("update recordings set state = 'missing', defect = 'no file' where name = $1", NAME)
    await pool.execute("insert into legal_holds (ticket_id, reason, placed_by) values ($1, 'суд', $2)", ticket, vera)
    await pool.execute("update legal_holds set released_at = now(), released_by = $1", vera)
    await pool.execute(
        "insert into recording_plays (recording_id, operator_id) select id, $1 from recordings where name = 'imported'",
        vera,
    )
    entries = await entries_of(pool, company)
    assert [kind for kind, _ in entries] == [
        "recording attached", "recording missing", "hold placed", "hold released", "recording listened to",
    ]  # fmt: skip
    assert entries[1][1]["defect"] == "no file"
    assert {body["ticket"] for _, body in entries} == {ticket}
    assert [body.get("by") for _, body in entries[2:]] == [vera] * 3


async def test_fifty_writers_at_a_time_make_one_chain_for_each_company(pool: asyncpg.Pool):
    companies = [await company_of(pool, name) for name in ("А", "Б")]

    async def write(number: int) -> None:
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute("select append_ledger($1, 'tried', $2)", companies[number % 2], {"n": number})

    await asyncio.gather(*(write(number) for number in range(50)))
    for company in companies:
        assert await pool.fetchval("select count(*) from ledger_entries where company_id = $1", company) == 25
        assert await wrong(pool, company) == []


async def test_what_is_rolled_back_leaves_no_gap(pool: asyncpg.Pool):
    company = await company_of(pool)
    await pool.execute("select append_ledger($1, 'kept', '{}')", company)
    async with pool.acquire() as connection:
        undone = connection.transaction()
        await undone.start()
        await connection.execute("select append_ledger($1, 'undone', '{}')", company)
        await undone.rollback()
    await pool.execute("select append_ledger($1, 'kept', '{}')", company)
    assert [kind for kind, _ in await entries_of(pool, company)] == ["kept", "kept"]
    assert await wrong(pool, company) == []


async def test_entries_are_only_added(pool: asyncpg.Pool):
    await pool.execute("select append_ledger($1, 'kept', '{}')", await company_of(pool))
    for statement in ("update ledger_entries set kind = 'other'", "delete from ledger_entries"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
            await pool.execute(statement)
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="only added to"):
            await pool.execute(by_owner(statement))


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("delete from ledger_entries where seq = 2", "entry 2 is missing"),
        ("delete from ledger_entries where seq = 3", "entry 3 is missing"),
        ("update ledger_entries set entry = replace(entry, 'two', 'six')", "entry 2 does not match its hash"),
        ("update ledger_entries set seq = 5 - seq where seq > 1", "entry 2 does not match its hash"),
    ],
)
async def test_whoever_goes_past_the_lock_is_seen(pool: asyncpg.Pool, statement: str, said: str):
    company = await company_of(pool)
    for word in ("one", "two", "three"):
        await pool.execute("select append_ledger($1, 'tried', $2)", company, {"word": word})
    assert await wrong(pool, company) == []
    async with pool.acquire() as connection, connection.transaction():
        # As the owner of the database could.
        await connection.execute(by_owner("alter table ledger_entries disable trigger only_added"))
        await connection.execute(by_owner("alter table ledger_entries drop constraint ledger_entries_pkey"))
        await connection.execute(by_owner(statement))
        await connection.execute(by_owner("alter table ledger_entries add primary key (company_id, seq)"))
        await connection.execute(by_owner("alter table ledger_entries enable trigger only_added"))
    assert said in await wrong(pool, company)
    async with pool.acquire() as connection:
        assert f"company {company}: {said}" in [line async for line in problems(connection)]


async def test_what_stands_beside_the_chain_is_compared_with_it(pool: asyncpg.Pool):
    company = await company_of(pool)
    ticket = await ticket_of(pool, company)
    await pool.execute(
        "insert into recordings (name, node, call_id, state) values ($1, 'node1', $2, 'expected')", NAME, CALL
    )
    await pool.execute(SEAL, NAME, b"\x01" * 32)
    await pool.execute(
        "insert into evidence_packs (ticket_id, company_id, operator_id, language, head_seq, head_hash)"
        " select $1, $2, o.id, 'ru', 1, e.hash from operators o, ledger_entries e",
        ticket,
        company,
    )

    async def found() -> list[str]:
        async with pool.acquire() as connection:
            return [line async for line in problems(connection)]

    assert await found() == []
    await pool.execute("update recordings set sha256 = $1", b"\x02" * 32)
    assert [line.split(": ")[1] for line in await found()] == [
        f"recording {await pool.fetchval('select id from recordings')} has another SHA-256 than entry 1"
    ]
    # Rebuilding the whole chain cannot change what was given out.
    await pool.execute("update evidence_packs set head_hash = $1", b"\x03" * 32)
    assert "was given out with another entry 1" in (await found())[0]
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(by_owner("alter table ledger_entries disable trigger only_added"))
        await connection.execute(by_owner("update ledger_entries set ticket_id = 0 where seq = 1"))
        await connection.execute(by_owner("alter table ledger_entries enable trigger only_added"))
    assert any("the columns of entry 1 differ from its text" in line for line in await found())


async def test_a_link_is_chained_when_it_is_made_used_and_revoked(pool: asyncpg.Pool):
    company = await company_of(pool)
    ticket = await ticket_of(pool, company)
    vera = await pool.fetchval("select id from operators where login = 'vera'")
    recording = await pool.fetchval(
        "insert into recordings (name, node, call_id, state) values ($1, 'node1', $2, 'expected') returning id",
        NAME,
        CALL,
    )
    link = await pool.fetchval(
        "insert into share_links (company_id, ticket_id, token_hash, recipient, purpose, language, fetches, made_by,"
        " expires_at) values ($1, $2, $3, 'Иванов', 'спор', 'ru', 3, $4, now() + interval '1 day') returning id",
        company,
        ticket,
        b"\x07" * 32,
        vera,
    )
    await pool.execute("insert into share_link_recordings values ($1, 1, $2)", link, recording)
    for kind in ("opened", "wrong pin", "listened", "original"):
        await pool.execute(
            "insert into share_link_uses (link_id, kind, place, address) values ($1, $2, 1, '203.0.113.7')", link, kind
        )
    await pool.execute("update share_links set revoked_at = now(), revoked_by = $1", vera)
    entries = await entries_of(pool, company)
    assert [kind for kind, _ in entries] == ["link made", "link used", "link used", "link revoked"]
    assert [body.get("use") for _, body in entries[1:3]] == ["listened", "original"]
    assert {body.get("recording") for _, body in entries[1:3]} == {recording}
    assert {body["ticket"] for _, body in entries} == {ticket}
    assert await wrong(pool, company) == []


async def test_a_chain_that_was_removed_with_its_head_is_missed(pool: asyncpg.Pool):
    company = await company_of(pool)
    await ticket_of(pool, company)
    recording = await pool.fetchval(
        "insert into recordings (name, node, call_id, state) values ($1, 'node1', $2, 'expected') returning id",
        NAME,
        CALL,
    )
    await pool.execute(SEAL, NAME, b"\x01" * 32)
    async with pool.acquire() as connection:
        assert [line async for line in problems(connection)] == []
        await connection.execute(by_owner("alter table ledger_entries disable trigger only_added"))
        await connection.execute(by_owner("delete from ledger_entries"))
        await connection.execute(by_owner("delete from ledger_heads"))
        await connection.execute(by_owner("alter table ledger_entries enable trigger only_added"))
        found = [line async for line in problems(connection)]
    assert found == [f"company {company}: recording {recording} has no entry"]


async def found_after(pool: asyncpg.Pool, *statements: str) -> list[str]:
    """What the check says after what the owner of the database could do."""
    async with pool.acquire() as connection:
        await connection.execute(by_owner("alter table ledger_entries disable trigger only_added"))
        for statement in statements:
            await connection.execute(by_owner(statement))
        await connection.execute(by_owner("alter table ledger_entries enable trigger only_added"))
        return [line async for line in problems(connection)]


async def three_entries(pool: asyncpg.Pool) -> int:
    company = await company_of(pool)
    for word in ("one", "two", "three"):
        await pool.execute("select append_ledger($1, 'tried', $2)", company, {"word": word})
    return company


async def test_an_altered_entry_is_noticed_although_the_head_was_deleted(pool: asyncpg.Pool):
    company = await three_entries(pool)
    found = await found_after(
        pool, "update ledger_entries set entry = replace(entry, 'two', 'six')", "delete from ledger_heads"
    )
    assert found == [
        f"company {company}: the head of the chain is missing",
        f"company {company}: entry 2 does not match its hash",
    ]


async def test_a_pack_of_a_company_whose_entries_and_head_were_deleted_is_noticed(pool: asyncpg.Pool):
    company = await company_of(pool)
    ticket = await ticket_of(pool, company)
    pack = await pool.fetchval(
        "insert into evidence_packs (ticket_id, company_id, operator_id, language, head_seq, head_hash)"
        " select $1, $2, id, 'ru', 1, $3 from operators returning id",
        ticket,
        company,
        b"\x03" * 32,
    )
    assert await found_after(pool, "delete from ledger_entries", "delete from ledger_heads") == [
        f"company {company}: pack {pack} was given out with another entry 1",
        f"company {company}: the head of the chain is missing",
    ]


async def test_an_entry_that_is_no_json_is_named_and_does_not_end_the_check(pool: asyncpg.Pool):
    company = await three_entries(pool)
    found = await found_after(
        pool,
        "update ledger_entries set entry = '{' where seq = 2",
        "update ledger_entries set at = now() where seq = 3",
    )
    assert found == [
        f"company {company}: entry 2 does not match its hash",
        f"company {company}: entry 2 cannot be read",
        f"company {company}: the columns of entry 3 differ from its text",
    ]


@pytest.mark.parametrize("forged", ["version_id = 'forged'", "object_key = 'b.wav'", "size = 8"])
async def test_a_recording_with_another_key_version_or_size_than_its_entry_is_noticed(pool: asyncpg.Pool, forged: str):
    company = await company_of(pool)
    await ticket_of(pool, company)
    recording = await pool.fetchval(
        "insert into recordings (name, node, call_id, state) values ($1, 'node1', $2, 'expected') returning id",
        NAME,
        CALL,
    )
    await pool.execute(SEAL, NAME, b"\x01" * 32)
    await pool.execute("update recordings set state = 'stored', version_id = 'first'")
    await pool.execute("update recordings set state = 'verified'")
    assert await found_after(pool) == []
    await pool.execute(
        "insert into recording_plays (recording_id, operator_id) select $1, id from operators", recording
    )
    await pool.execute(f"update recordings set {forged}")
    differs = f"company {company}: recording {recording} differs from its entries, the last of which is "
    assert await found_after(pool) == [f"{differs}2"]
    if "version" not in forged:
        # An entry of what was forged makes it no better.
        await pool.execute("update recordings set state = 'attached'")
        assert f"{differs}4" in await found_after(pool)


async def test_a_recording_whose_company_comes_without_a_ticket_is_chained_once(pool: asyncpg.Pool):
    await pool.execute("insert into recordings (name, node, state) values ($1, 'node1', 'expected')", NAME)
    await pool.execute(SEAL, NAME, b"\x02" * 32)
    company = await company_of(pool)
    for _ in range(2):
        await pool.execute("update recordings set company_id = $1", company)
    assert [kind for kind, _ in await entries_of(pool, company)] == ["recording adopted"]
