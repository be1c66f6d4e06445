"""Personal data goes when its term is over, and nothing else does."""

import asyncpg
import pytest

from callcenter.evidence_packs.chain_check import problems
from tests.conftest import by_owner
from tests.retention.removal_work import (
    ADDRESS,
    ALL_YEAR,
    NAME,
    NIGHT,
    NUMBER,
    OLD,
    Past,
    last_report,
    make_past,
    remove,
)
from tests.tickets.ticket_work import Work, work

__all__ = ["work"]


@pytest.fixture
async def past(work: Work) -> Past:
    return await make_past(work)


async def chain_problems(pool: asyncpg.Pool) -> list[str]:
    async with pool.acquire() as connection:
        # The recordings here were never uploaded by a node.
        return [each async for each in problems(connection) if "recording" not in each]


async def test_without_terms_nothing_is_removed(past: Past) -> None:
    before = await past.where()
    await remove(past.work.site)
    assert await past.where() == before
    assert await past.pool.fetchval("select count(*) from keeping_runs") == 0


async def test_after_its_term_personal_data_stands_nowhere_any_more(past: Past) -> None:
    found = await past.where()
    assert {
        "calls",
        "tickets",
        "ticket_events",
        "residents",
        "share_links",
        "share_link_uses",
        "audit_log",
        "ledger_entries",
    } <= found
    await past.terms()
    await remove(past.work.site)
    assert await past.where() == set()
    assert not [key for key in past.work.site.shelf.objects if key.startswith("tickets/")]


async def test_the_chain_is_whole_afterwards_and_says_what_was_removed(past: Past) -> None:
    assert await chain_problems(past.pool) == []
    await past.terms()
    await remove(past.work.site)
    assert await chain_problems(past.pool) == []
    report = await last_report(past)
    assert report.removed == {
        "links": 1,
        "tickets": 1,
        "calls": 1,
        "residents": 1,
        "audit": 1,
        "files": 1,
        "entries": 5,
    }
    assert report.left_behind == {}
    kind, entry = await past.pool.fetchrow("select kind, entry::jsonb from ledger_entries where seq = $1", report.entry)
    assert kind == "personal data removed"
    assert (entry["body"]["removed"], entry["body"]["terms"]["calls"]["months"]) == (report.removed, 36)
    assert entry["body"]["terms"]["calls"]["until"].startswith("2027-03-04T21:00:00")


async def test_a_text_that_no_entry_says_was_removed_is_found(past: Past) -> None:
    await past.pool.execute(
        by_owner(
            "update ledger_entries set content = sha256(convert_to(entry, 'UTF8')), entry = null where kind = 'link made'"
        )
    )
    [problem] = await chain_problems(past.pool)
    assert "has no text any more, and no entry says that it was removed" in problem


@pytest.mark.parametrize(
    "change",
    ["entry = null, content = sha256('other')", "entry = null, content = sha256(convert_to(entry, 'UTF8')), kind = 'x'",
     "entry = replace(entry, 'a', 'b')"],
)  # fmt: skip
async def test_an_entry_gives_way_to_nothing_but_its_own_hash(past: Past, change: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await past.pool.execute(by_owner(f"update ledger_entries set {change} where kind = 'link made'"))


async def test_figures_are_the_same_as_before(past: Past) -> None:
    figures = (
        "select count(*), sum(rings), count(outcome), min(arrived_at), sum(wait_s) from calls",
        "select count(*), count(category_id), min(opened_at), min(closed_at), sum(price), count(house_id), count(number) from tickets",
        "select count(*), count(distinct kind) from ticket_events",
        "select kind, count(*) from share_link_uses group by 1",
        "select action, count(*) from audit_log group by 1 order by 1",
        "select changes -> 'crew_id' from ticket_events where changes ? 'crew_id'",
    )
    before = [await past.pool.fetch(each) for each in figures]
    await past.terms()
    await remove(past.work.site)
    assert [await past.pool.fetch(each) for each in figures] == before


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("update tickets set state = 'in_progress', closed_at = null where id = $1", "open"),
        ("insert into legal_holds (ticket_id, reason, placed_by) select $1, 'суд', min(id) from operators", "hold"),
        ("update tickets set payment = 'due', price = 10 where id = $1", "unpaid"),
        ("update share_links set expires_at = now() + interval '1 day' where ticket_id = $1", "shared"),
        ("update evidence_packs set state = 'waiting' where ticket_id = $1", "shared"),
        ("with i as (insert into tickets (company_id, number, caller, opened_at) select company_id, 900, '', now() from tickets"
         " where id = $1 returning id) update tickets set parent_id = (select id from i) where id = $1", "open"),
    ],
)  # fmt: skip
async def test_what_is_still_needed_is_left_and_the_report_says_why(past: Past, statement: str, reason: str) -> None:
    await past.pool.execute(statement, past.ticket)
    await past.terms()
    await remove(past.work.site)
    report = await last_report(past)
    left = {kind: dict(why) for kind, why in report.left_behind.items()}
    # An open ticket has no end from which a term could run.
    if statement.startswith("update tickets set state"):
        assert "tickets" not in left
    else:
        assert left["tickets"] == {reason: 1}
    assert left["calls"] == {reason: 1}
    assert await past.pool.fetchval("select caller from calls where id = $1", past.call) == NUMBER
    assert await past.pool.fetchval("select contact_name from tickets where id = $1", past.ticket) == NAME
    assert await chain_problems(past.pool) == []


async def test_a_released_hold_lets_it_go_the_next_night(past: Past) -> None:
    hold = await past.pool.fetchval(
        "insert into legal_holds (ticket_id, reason, placed_by) select $1, 'суд', min(id) from operators returning id",
        past.ticket,
    )
    await past.terms()
    await remove(past.work.site)
    assert await past.pool.fetchval("select caller from calls where id = $1", past.call) == NUMBER
    await past.pool.execute("update legal_holds set released_at = now(), released_by = placed_by where id = $1", hold)
    await remove(past.work.site, NIGHT.replace(day=6))
    assert await past.where() == set()


async def test_what_is_younger_than_its_term_stays(past: Past) -> None:
    await past.terms(dict.fromkeys(ALL_YEAR, 120))
    before = await past.where()
    await remove(past.work.site)
    assert await past.where() == before
    assert (await last_report(past)).removed == {}


async def test_a_ticket_that_is_kept_keeps_the_name_of_a_resident_who_is_removed(past: Past) -> None:
    await past.pool.execute("update tickets set contact_name = '', closed_at = $2 where id = $1", past.ticket, NIGHT)
    await past.terms({"residents": 6})
    await remove(past.work.site)
    assert await past.pool.fetchval("select count(*) from residents") == 0
    row = await past.pool.fetchrow("select contact_name, resident_id from tickets where id = $1", past.ticket)
    assert tuple(row) == (NAME, None)


async def test_only_by_night_and_once_a_night(past: Past) -> None:
    await past.terms()
    await remove(past.work.site, NIGHT.replace(hour=9))
    assert await past.pool.fetchval("select count(*) from keeping_runs") == 0
    for _ in range(2):
        await remove(past.work.site)
    assert await past.pool.fetchval("select count(*) from keeping_runs") == 1
    assert await past.pool.fetchval("select count(*) from ledger_entries where kind = 'personal data removed'") == 1


async def test_another_companys_data_stays(past: Past) -> None:
    other = await past.pool.fetchval("insert into companies (name) values ('УК «Восток»') returning id")
    await past.pool.execute(
        "insert into calls (id, node, company_id, did, caller, state, outcome, arrived_at, ended_at)"
        " values ('node1-other', 'node1', $1, '7', '+79995550000', 'ended', 'answered', $2, $2)",
        other,
        OLD,
    )
    await past.terms()
    await remove(past.work.site)
    assert await past.pool.fetchval("select caller from calls where id = 'node1-other'") == "+79995550000"


async def test_what_belongs_to_no_company_goes_by_the_centres_terms(past: Past) -> None:
    await past.pool.execute(
        "insert into calls (id, node, did, caller, state, outcome, arrived_at, ended_at)"
        " values ('node1-nobody', 'node1', '7', '+79995550000', 'ended', 'no_such_number', $1, $1)",
        OLD,
    )
    await past.pool.execute(
        "insert into audit_log (at, action, address, details) values ($1, 'failed to log in', $2, $3)",
        OLD, ADDRESS, {"login": NAME, "wrong": "login"},
    )  # fmt: skip
    await past.pool.executemany(
        "insert into unwritten (node, what, problem, at) values ('node1', $1, '', $2)",
        [(f"a call from {NUMBER}", OLD), ("a call of last night", NIGHT)],
    )
    await past.terms({"calls": 12, "audit": 12}, company=0)
    await remove(past.work.site)
    assert await past.pool.fetchval("select caller from calls where id = 'node1-nobody'") == ""
    assert [row["what"] for row in await past.pool.fetch("select what from unwritten")] == ["a call of last night"]
    assert (await past.pool.fetchval("select removed from keeping_runs"))["unwritten"] == 1
    row = await past.pool.fetchrow("select address, details from audit_log where action = 'failed to log in'")
    assert tuple(row) == ("", {"wrong": "login"})
    assert await past.pool.fetchval("select caller from calls where id = $1", past.call) == NUMBER


async def test_while_the_store_is_away_files_and_their_tickets_stay(past: Past) -> None:
    await past.terms()
    past.work.site.shelf.broken = True
    with pytest.raises(Exception, match="out of reach"):
        await remove(past.work.site)
    assert await past.pool.fetchval("select contact_name from tickets where id = $1", past.ticket) == NAME
    past.work.site.shelf.broken = False
    await remove(past.work.site)
    assert await past.where() == set()
    assert (await last_report(past)).removed["tickets"] == 1
