"""Calls, their events, their talks and the audit log by month, beside the same tables whole, on the same rows (decision 28).

`python -m stack.bench_partitions DSN`, DSN being a database that `bench` made: it gets a schema `parted` with a copy of these
tables in partitions, keyed as decision 14 has it. Each figure is printed for both. Its rows are not those of a bench afterwards.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import asyncpg
from pydantic import SecretStr

from callcenter.resources import ROOT
from callcenter.settings import DatabaseSettings
from callcenter.storage import connect, queries
from stack.bench_pages import percentile

KEYS = {"calls": "born_at", "call_events": "call_born_at", "talks": "call_born_at", "audit_log": "at"}
BORN = "to_timestamp(split_part(split_part({}, '-', 2), '.', 1)::double precision)"
OF_CALL = {"calls": BORN.format("id"), "call_events": BORN.format("call_id"), "talks": BORN.format("call_id")}
LAYOUTS = {"whole": "public", "by month": "parted, public"}
BATCHES, CALLS_A_BATCH = 30, 100
EACH = 30
# What decision 14 says that the writer does in partitions.
WRITING = (
    ("insert into calls (\n        id,", "insert into calls (\n        born_at, id,"),
    ("    select\n        c.id, c.direction", f"    select\n        {BORN.format('c.id')}, c.id, c.direction"),
    ("on conflict (id) do", "on conflict (id, born_at) do"),
    ("insert into talks (recording,", "insert into talks (call_born_at, recording,"),
    (
        "    select t.recording, t.call_id, t.kind",
        f"    select {BORN.format('t.call_id')}, t.recording, t.call_id, t.kind",
    ),
    ("on conflict (recording) do", "on conflict (recording, call_born_at) do"),
    ("insert into call_events (call_id,", "insert into call_events (call_born_at, call_id,"),
    ("        select e.call_id,", f"        select {BORN.format('e.call_id')}, e.call_id,"),
)


async def part(connection: asyncpg.Connection) -> None:
    """Make the copy."""
    await connection.execute("drop schema if exists parted cascade; create schema parted")
    await connection.execute("set work_mem = '256MB'; set maintenance_work_mem = '512MB'")
    for table, key in KEYS.items():
        began = time.monotonic()
        await _copy(connection, table, key)
        print(f"{table}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    for table in ("call_events", "talks"):
        await connection.execute(
            f"alter table parted.{table} add foreign key (call_id, call_born_at) references parted.calls (id, born_at)",
            timeout=None,
        )
    await connection.execute("set search_path = parted, public")
    text = (ROOT / "storage" / "functions" / "write_batch.sql").read_text()
    for old, new in WRITING:
        if old not in text:
            raise ValueError(f"write_batch.sql has no {old!r}")
        text = text.replace(old, new)
    await connection.execute(text)
    for name in ("reports", "tallies"):
        await connection.execute((ROOT / "storage" / "functions" / f"{name}.sql").read_text())
    await connection.execute(
        "create constraint trigger words_of_ended after insert or update of state on calls deferrable initially deferred"
        " for each row when (new.outcome = 'answered') execute function words_of_ended_call()"
    )
    await connection.execute("set search_path = public")


async def _copy(connection: asyncpg.Connection, table: str, key: str) -> None:
    columns = await connection.fetch(
        "select attname::text as name, attgenerated <> ''::\"char\" as computed from pg_attribute"
        " where attrelid = $1::text::regclass and attnum > 0 and not attisdropped order by attnum", f"public.{table}",
    )  # fmt: skip
    taken = [row["name"] for row in columns if row["name"] != key and not row["computed"]]
    await connection.execute(
        f"create table parted.{table} (like public.{table} including defaults including generated including constraints)"
        f" partition by range ({key})"
        if any(row["name"] == key for row in columns)
        else f"create table parted.{table} (like public.{table} including defaults including generated including"
        f" constraints, {key} timestamptz not null) partition by range ({key})"
    )
    if table in OF_CALL:
        await connection.execute(f"alter table parted.{table} alter {key} drop expression if exists")
    for start, until in _months():
        name = f"parted.{table}_{start:%Y_%m}"
        await connection.execute(
            f"create table {name} partition of parted.{table} for values from ('{start}') to ('{until}')"
        )
    names = ", ".join(taken)
    await connection.execute(
        f"insert into parted.{table} ({names}, {key}) select {names}, {OF_CALL.get(table, key)} from public.{table}",
        timeout=None,
    )
    if table in ("call_events", "audit_log"):
        await connection.execute(
            f"create sequence parted.{table}_ids start 1000000000;"
            f"alter table parted.{table} alter id set default nextval('parted.{table}_ids')"
        )
    for index in await connection.fetch(
        "select pg_get_indexdef(indexrelid) as made, indisunique as is_unique, indrelid::regclass::text as of from pg_index"
        " where indrelid = $1::text::regclass order by indisprimary desc", f"public.{table}",
    ):  # fmt: skip
        made = str(index["made"]).replace(f" ON public.{table} ", f" ON parted.{table} ")
        await connection.execute(made.replace(")", f", {key})", 1) if index["is_unique"] else made, timeout=None)
    await connection.execute(f"vacuum analyze parted.{table}", timeout=None)


def _months() -> Iterator[tuple[datetime, datetime]]:
    day = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    until = (day + timedelta(days=62)).replace(day=1)
    for _ in range(40):
        start = (until - timedelta(days=1)).replace(day=1)
        yield start, until
        until = start


async def reads(connection: asyncpg.Connection) -> dict[str, float]:
    """Milliseconds, the 95th percentile."""
    some = await connection.fetch(
        "select id, caller, company_id, resident_id from public.calls tablesample system (0.05) repeatable (7)"
        " where resident_id is not null limit $1", EACH,
    )  # fmt: skip
    companies = [row[0] for row in await connection.fetch("select id from companies")]
    today = datetime.now(UTC).date()

    def period(days: int) -> tuple[object, ...]:
        first = today - timedelta(days=days)
        return companies, [0] * len(companies), [first] * len(companies), [today] * len(companies)

    cards, reports = queries("call_cards"), queries("call_reports")
    asked: Mapping[str, tuple[str, Sequence[tuple[object, ...]]]] = {
        "calls page": (queries("web")["calls"], [(50,)] * EACH),
        "card, its call": (cards["call"], [(row["id"],) for row in some]),
        "card, last calls": (cards["calls"], [(row["caller"], row["resident_id"], row["id"]) for row in some]),
        "events of a call": (
            "select * from call_events where call_id = $1 order by at, id",
            [(row["id"],) for row in some],
        ),
        "audit page": ("select * from audit_log order by at desc, id desc limit 50", [()] * EACH),
        "calls of 30 days": (reports["summary"], [period(30)] * 5),
        "calls of a year": (reports["summary"], [period(365)] * 3),
        "operators, 30 days": (reports["by_operator"], [period(30)] * 3),
    }
    figures = {}
    for name, (statement, all_arguments) in asked.items():
        times = []
        for arguments in (all_arguments[0], *all_arguments):
            began = time.perf_counter()
            await connection.fetch(statement, *arguments, timeout=600)
            times.append(time.perf_counter() - began)
        figures[f"{name}, ms"] = round(percentile(times[1:], 95) * 1000, 1)
    return figures


async def writes(connection: asyncpg.Connection, tag: str) -> dict[str, float]:
    """Calls a second that `write_batch` takes: new ones, and the same again as they ended."""
    now = datetime.now(UTC)
    await connection.execute("insert into nodes (name) values ($1) on conflict do nothing", tag)
    took = {"arrived": 0.0, "ended": 0.0}
    for number in range(BATCHES):
        ids = [f"{tag}-{int(now.timestamp())}.{number * CALLS_A_BATCH + place}" for place in range(CALLS_A_BATCH)]
        for state in took:
            batch = json.dumps(_batch(ids, state, now))
            began = time.perf_counter()
            await connection.execute("select write_batch($1, $2::text::jsonb)", tag, batch, timeout=600)
            took[state] += time.perf_counter() - began
    return {f"write_batch, {state}, calls/s": round(BATCHES * CALLS_A_BATCH / s) for state, s in took.items()}


def _batch(ids: Sequence[str], state: str, now: datetime) -> dict[str, object]:
    at = now.isoformat()
    over: dict[str, object] = (
        {"ended_at": at, "outcome": "answered", "answered_at": at, "talk_s": 9} if state == "ended" else {}
    )
    kinds = ("TalkEnded", "CallEnded") if over else ("CallArrived", "CallQueued", "OperatorRang", "OperatorAnswered")
    return {
        "calls": [
            {"id": id_, "direction": "in", "did": "-", "caller": f"+7{id_[-10:]}", "state": state, "arrived_at": at,
             "rings": 1, "rebuilt": False, "keys": "", "returns": [], "rewait_s": 0, "wait_s": 3} | over
            for id_ in ids
        ],
        "events": [
            {"call_id": id_, "kind": kind, "source": "live", "at": at, "seen_at": at, "data": {}} for id_ in ids for kind in kinds
        ],
        "talks": [
            {"recording": f"{id_}_{id_}_1", "call_id": id_, "kind": "queue", "began_at": at, "channel": ""}
            | ({"ended_at": at} if over else {})
            for id_ in ids
        ],
    }  # fmt: skip


async def removals(connection: asyncpg.Connection, layout: str) -> dict[str, float]:
    """Seconds to remove a company's month, to vacuum after it, and to remove a month of all."""
    start, until = [*_months()][14]
    company = await connection.fetchval("select company_id from tickets group by 1 order by count(*) desc limit 1")
    # Foreign keys of what outlives a call are not in the way here: they would have to go for either.
    await connection.execute("set session_replication_role = replica")
    figures = {"a company's month, s": await _delete(connection, start, until, company)}
    began = time.perf_counter()
    for table in ("call_events", "talks", "calls"):
        await connection.execute(f"vacuum {table}", timeout=None)
    figures["vacuum after it, s"] = round(time.perf_counter() - began, 2)
    if layout == "whole":
        figures["everybody's month, s"] = await _delete(connection, start, until, None)
    else:
        began = time.perf_counter()
        for table in ("call_events", "talks", "calls"):
            name = f"parted.{table}_{start:%Y_%m}"
            await connection.execute(f"alter table parted.{table} detach partition {name}; drop table {name}")
        figures["everybody's month, s"] = round(time.perf_counter() - began, 2)
    await connection.execute("reset session_replication_role")
    return figures


async def _delete(connection: asyncpg.Connection, start: datetime, until: datetime, company: int | None) -> float:
    """In batches of a thousand calls, as something that runs beside live calls must."""
    began = time.perf_counter()
    while True:
        ids = await connection.fetch(
            "select id from calls where arrived_at >= $1 and arrived_at < $2 and ($3::integer is null or company_id = $3)"
            " limit 1000", start, until, company,
        )  # fmt: skip
        if not ids:
            return round(time.perf_counter() - began, 2)
        gone = [row["id"] for row in ids]
        async with connection.transaction():
            for table, column in (("call_events", "call_id"), ("talks", "call_id"), ("calls", "id")):
                await connection.execute(f"delete from {table} where {column} = any($1)", gone, timeout=None)


async def sizes(connection: asyncpg.Connection, schema: str) -> dict[str, float]:
    """Of these tables in megabytes: the rows, the indexes."""
    [row] = await connection.fetch(
        "select sum(pg_table_size(c.oid)) / 1048576 as rows, sum(pg_indexes_size(c.oid)) / 1048576 as indexes from pg_class c"
        " where c.relkind = 'r' and c.relnamespace = $1::text::regnamespace and c.relname ~ $2", schema,
        f"^({'|'.join(KEYS)})(_\\d{{4}}_\\d\\d)?$",
    )  # fmt: skip
    return {"rows, MB": int(row["rows"]), "indexes, MB": int(row["indexes"])}


async def run(dsn: str) -> None:
    """Print a line for each figure: its name, whole, by month."""
    connection = await connect(DatabaseSettings(url=SecretStr(dsn)))
    try:
        await part(connection)
        # Reports read the calls themselves here.
        await connection.execute("delete from call_tallies")
        found: dict[str, list[float]] = {}
        for layout, path in LAYOUTS.items():
            await connection.execute(f"set search_path = {path}")
            schema = path.partition(",")[0]
            if layout != "whole":
                for table in ("recordings", "tickets", "recording_pauses"):
                    await connection.execute(f"alter table {table} drop constraint if exists {table}_call_id_fkey")
            figures = await sizes(connection, schema) | await reads(connection)
            figures |= await writes(connection, f"bench{schema}") | await removals(connection, layout)
            for name, value in figures.items():
                found.setdefault(name, []).append(value)
        for name, values in found.items():
            print(f"{name:32}" + "".join(f"{value:12g}" for value in values), flush=True)
    finally:
        await connection.close()


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1]))
