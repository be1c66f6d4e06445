"""Personal data that is four years old, in every place where there is any, for the tests of its removal."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg

from callcenter.retention import personal_data
from callcenter.retention.removal import PersonalDataKeeper
from callcenter.settings import DatabaseSettings
from callcenter.storage import connect
from tests.conftest import by_owner
from tests.sharing.link_work import Shared, add_call, add_recording
from tests.site import Site
from tests.tickets.ticket_work import Work

NIGHT = datetime(2030, 3, 5, 0, 30, tzinfo=UTC)
"""Half past three in Moscow."""
OLD = NIGHT - timedelta(days=4 * 366)
NAME, NUMBER, ADDRESS = "Скрытнова", "+79005550199", "203.0.113.77"
MARKS = (NAME, NUMBER, ADDRESS)
ALL_YEAR: Mapping[str, int] = {"links": 36, "tickets": 36, "calls": 36, "residents": 6, "audit": 12}

TICKET = """
update tickets set caller = $2, contact_name = $3, contact_phone = $2, subject = $3, description = $3, access_reason = $3,
    access_people = $3, result = $3, premises_id = $4, resident_id = $5, opened_at = $6, closed_at = $6, state = 'closed'
where id = $1
"""
AROUND = """
with t as (select $1::bigint as id, $2::text as call, $3::text as number, $4::text as name, $5::timestamptz as at, $6::integer as by),
    e as (insert into ticket_events (ticket_id, at, kind, comment, changes)
        select id, at, 'edited', name, jsonb_build_object('contact_name', jsonb_build_array('', name),
            'crew_id', jsonb_build_array(null, 7)) from t),
    c as (insert into call_cards (call_id, premises_id, resident_id) select call, $7, $8 from t),
    o as (insert into outages (company_id, state, since, finished_at)
        select company_id, 'cancelled', at, at from t join tickets using (id) returning id),
    n as (insert into outage_numbers (outage_id, number, caller, ticket_id) select o.id, 5, number, t.id from o, t),
    a as (insert into announcements (call_id, began_at, outage_id, number, caller, ticket_id)
        select call, at, o.id, 5, number, t.id from o, t),
    p as (insert into phone_candidates (phone, premises_id, call_id) select number, $7, call from t),
    h as (insert into legal_holds (ticket_id, reason, placed_by, placed_at, released_by, released_at)
        select id, name, by, at, by, at from t)
insert into evidence_packs (ticket_id, company_id, operator_id, language, state, problem)
select t.id, company_id, by, 'ru', 'failed', null from t join tickets using (id)
"""


@dataclass
class Past:
    """A ticket of long ago with all that belongs to it."""

    work: Work
    ticket: int
    call: str
    recording: int
    link: int

    @property
    def pool(self) -> asyncpg.Pool:
        return self.work.site.pool

    async def terms(self, months: Mapping[str, int] = ALL_YEAR, company: int | None = None) -> None:
        company = self.work.ids["company"] if company is None else company
        await self.pool.execute("delete from keeping_terms where coalesce(company_id, 0) = $1", company)
        await self.pool.executemany(
            "insert into keeping_terms (company_id, kind, months, set_at) values (nullif($1, 0), $2, $3, $4)",
            [(company, kind, term, NIGHT - timedelta(days=9)) for kind, term in months.items()],
        )

    async def where(self, *marks: str) -> set[str]:
        """The tables in which one of these still stands anywhere."""
        return {table for mark in marks or MARKS for table in await places(self.pool, mark)}


async def places(pool: asyncpg.Pool, mark: str) -> set[str]:
    """Every table with a row that has this text in any column, also as a word to search for."""
    names = await pool.fetch(
        "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'"
        " and has_table_privilege(oid, 'select')"
    )
    return {
        row["relname"]
        for row in names
        if await pool.fetchval(f"select exists (select from {row['relname']} x where x::text ilike $1)", f"%{mark}%")
    }


async def make_past(work: Work, call: str = "node1-past", number: str = NUMBER, at: datetime = OLD) -> Past:
    """Everything about one closed ticket, whose resident moved out."""
    pool, ids = work.site.pool, work.ids
    ticket = await work.ticket(subject=NAME)
    await add_call(work, ticket.id, call)
    await pool.execute("update calls set caller = $2, keys = '123', arrived_at = $3, resident_id = $4 where id = $1",
                       call, number, at, ids["resident"])  # fmt: skip
    recording = await add_recording(work, ticket.id, call)
    await pool.execute(TICKET, ticket.id, number, NAME, ids["flat"], ids["resident"], at)
    await pool.execute(AROUND, ticket.id, call, number, NAME, at, work.person.id, ids["flat"], ids["resident"])
    await pool.execute("insert into recording_plays (recording_id, operator_id, at, reason, words)"
                       " values ($1, $2, $3, 'other', $4)", recording, work.person.id, at, NAME)  # fmt: skip
    await pool.execute("insert into recording_marks (recording_id, at_s, comment, made_by) values ($1, 1, $2, $3)",
                       recording, NAME, work.person.id)  # fmt: skip
    await pool.execute("insert into ticket_files (ticket_id, name, media_type, size, sha256, object_key)"
                       " values ($1, $2, 'image/jpeg', 1, $3, $4)",
                       ticket.id, f"{NAME}.jpg", bytes(32), f"tickets/{call}")  # fmt: skip
    work.site.shelf.objects[f"tickets/{call}"] = NAME.encode()
    made = await Shared(work, ticket.id, [recording]).link(recipient=NAME, purpose=NAME)
    link = await pool.fetchval("select max(id) from share_links")
    assert made.token
    await pool.execute("insert into share_link_uses (link_id, at, kind, place, address, browser)"
                       " values ($1, $2, 'listened', 1, $3, $4)", link, at, ADDRESS, NAME)  # fmt: skip
    await pool.execute(
        "update share_links set expires_at = $2, email = $3 where id = $1", link, at, f"{NAME}@example.org"
    )
    await pool.execute("insert into audit_log (at, company_id, action, address, details) values ($1, $2, 'viewed ticket', $3, $4)",
                       at, ids["company"], ADDRESS, {"browser": NAME, "link": 1})  # fmt: skip
    await pool.execute("update residents set name = $2, left_at = $3 where id = $1", ids["resident"], NAME, at)
    await pool.execute("insert into resident_phones (phone, resident_id) values ($1, $2) on conflict do nothing",
                       number, ids["resident"])  # fmt: skip
    # What the pages wrote of it today.
    await pool.execute(by_owner("delete from audit_log where address = '127.0.0.9'"))
    return Past(work, ticket.id, call, recording, link)


async def remove(site: Site, at: datetime = NIGHT) -> None:
    """What the service does in a night."""
    connection = await connect(settings_of(site))
    try:
        await PersonalDataKeeper(settings_of(site), site.shelf, rest=0).look(connection, lambda: at)
    finally:
        await connection.close()


def settings_of(site: Site) -> DatabaseSettings:
    from callcenter.web.keys import SETTINGS

    return site.server.app[SETTINGS].database


async def last_report(past: Past) -> personal_data.Report:
    return (await personal_data.reports(past.pool, past.work.ids["company"]))[0]
