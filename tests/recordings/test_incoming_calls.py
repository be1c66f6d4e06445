"""Two hundred recordings of another PBX come in with their calls, their companies and their retention."""

import csv
import itertools
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from pydantic import SecretStr

from callcenter.domain.ids import CompanyId
from callcenter.recordings.cdr import Cdr, read_cdr
from callcenter.recordings.incoming import BROUGHT, KNOWN, ImportReport, Incoming
from callcenter.recordings.keeper import SQL, Keeper
from callcenter.recordings.sweep import sweep
from callcenter.settings import DatabaseSettings
from tests.conftest import by_owner
from tests.recordings.conftest import NODE, Bench, wav
from tests.recordings.test_cdr import written

pytestmark = pytest.mark.e2e

MOSCOW = ZoneInfo("Europe/Moscow")
NUMBERS = {"74951234567": 1096, "74957654321": 90}
"""Two companies, and the days for which they keep recordings."""


@dataclass
class Old:
    """A PBX that recorded: one file of its folder, and what its CDR says of the call."""

    file: str
    cdr: dict[str, str]
    number: str


def old_pbx(folder: Path, recordings: int) -> list[Old]:
    """A folder `monitor` of as many recordings, over a year, in FreePBX's folders by date."""
    made = []
    first = datetime.now(UTC).replace(microsecond=0) - timedelta(days=365)
    for place, number in zip(range(recordings), itertools.cycle(NUMBERS), strict=False):
        at = first + timedelta(days=place * 360 / recordings, seconds=place)
        there = at.astimezone(MOSCOW)
        uniqueid = f"{int(at.timestamp())}.{place + 1}"
        caller = f"7900{place:07d}"
        # A queue's recording has the queue's number in its name, not the company's.
        kind = f"in-{number}" if place % 4 < 2 else "q-600"
        file = f"{there:%Y/%m/%d}/{kind}-{caller}-{there:%Y%m%d-%H%M%S}-{uniqueid}.wav"
        path = folder / "monitor" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(wav(0.2 + place / 1000))
        cdr = {"calldate": f"{there:%F %T}", "src": caller, "dst": "600", "did": number, "uniqueid": uniqueid}
        cdr |= {"duration": "60", "billsec": "30", "disposition": "ANSWERED", "dstchannel": "PJSIP/201-1"}
        made.append(Old(file, cdr | {"lastapp": "Queue", "recordingfile": path.name, "linkedid": uniqueid}, number))
    return made


async def companies(pool: asyncpg.Pool) -> dict[str, int]:
    """The two, by their numbers."""
    await pool.execute(by_owner("truncate companies cascade"))
    found = {}
    for place, (number, days) in enumerate(NUMBERS.items()):
        found[number] = await pool.fetchval(
            "insert into companies (name, retention_days) values ($1, $2) returning id", f"УК {place}", days
        )
        await pool.execute("insert into numbers values ($1, $2)", number, found[number])
    return found


async def bring(bench: Bench, folder: Path, cdr: Cdr | None = None, otherwise: int | None = None) -> ImportReport:
    company = None if otherwise is None else CompanyId(otherwise)
    incoming = Incoming(bench.ledger.pool, bench.store, NODE, otherwise=company, zone=MOSCOW)
    return await incoming.bring(folder / "monitor", None, cdr)


async def test_two_hundred_by_their_names_and_the_cdr(bench: Bench, tmp_path: Path, database_url: str) -> None:
    pool = bench.ledger.pool
    ids = await companies(pool)
    old = old_pbx(tmp_path, 200)
    cdr = written(tmp_path / "cdr.csv", *(each.cdr for each in old))
    report = await bring(bench, tmp_path, read_cdr(cdr, NODE))
    assert Counter(each.what for each in report.outcomes) == {BROUGHT: 200}
    assert (report.calls, report.left_out, report.nobodys, report.unreadable) == (200, 0, 0, 0)

    calls = {row["id"]: row for row in await pool.fetch("select * from calls")}
    rows = {row["named_call"]: row for row in await bench.ledger.recordings()}
    assert calls.keys() == rows.keys()
    for each in old:
        call, recording = (found[f"{NODE}-{each.cdr['uniqueid']}"] for found in (calls, rows))
        at = datetime.fromtimestamp(int(each.cdr["uniqueid"].partition(".")[0]), UTC)
        assert (call["company_id"], call["did"], call["caller"]) == (
            ids[each.number],
            each.number,
            f"+{each.cdr['src']}",
        )
        assert (call["arrived_at"], call["answered_at"], call["ended_at"]) == (
            at,
            at + timedelta(seconds=30),
            at + timedelta(seconds=60),
        )
        assert (call["state"], call["outcome"], call["recording"], call["imported"]) == (
            "ended",
            "answered",
            recording["name"],
            True,
        )
        assert call["talk_s"] == recording["duration_s"]
        assert (recording["state"], recording["call_id"], recording["defect"]) == ("attached", call["id"], None)
        assert recording["company_id"] == ids[each.number]
        assert recording["retain_until"] == at + timedelta(days=NUMBERS[each.number])
    assert await sweep(pool) == []

    assert Counter(each.what for each in (await bring(bench, tmp_path, read_cdr(cdr, NODE))).outcomes) == {KNOWN: 200}
    assert {row["id"]: row for row in await pool.fetch("select * from calls")} == calls

    # The company that keeps them for 90 days only: those that are older go.
    connection = await asyncpg.connect(database_url)
    try:
        keeper = Keeper(DatabaseSettings(url=SecretStr(database_url)), bench.store, grace_days=7)
        await connection.execute(SQL["settle"])
        await keeper.expire(connection)
    finally:
        await connection.close()
    now = datetime.now(UTC)
    for row in await bench.ledger.recordings():
        gone = row["retain_until"] < now - timedelta(days=7)
        assert row["state"] == ("deleted" if gone else "expired" if row["retain_until"] < now else "attached")
        assert gone is False or row["company_id"] == ids["74957654321"]
    assert Counter(row["state"] for row in await bench.ledger.recordings())["deleted"] > 60


async def test_what_no_companys_number_tells_is_of_the_company_that_is_named(bench: Bench, tmp_path: Path) -> None:
    pool = bench.ledger.pool
    ids = await companies(pool)
    old_pbx(tmp_path, 8)
    first = await bring(bench, tmp_path)
    assert (first.calls, first.nobodys) == (8, 4)
    assert await pool.fetchval("select count(*) from recordings where retain_until is null") == 4
    # The number was forgotten in the directory, or the command without the company.
    again = await bring(bench, tmp_path, otherwise=ids["74957654321"])
    assert (again.calls, again.nobodys) == (0, 0)
    assert Counter(each.what for each in again.outcomes) == {KNOWN: 8}
    await pool.execute(SQL["settle"])
    found = await pool.fetch(
        "select c.did, r.company_id, r.retain_until from recordings r join calls c on c.id = r.call_id"
    )
    assert Counter((row["did"], row["company_id"]) for row in found) == {
        ("74951234567", ids["74951234567"]): 2,
        ("74957654321", ids["74957654321"]): 2,
        ("600", ids["74957654321"]): 4,
    }
    assert all(row["retain_until"] for row in found)


async def test_a_later_cdr_adds_what_the_names_lacked_and_changes_nothing_else(bench: Bench, tmp_path: Path) -> None:
    pool = bench.ledger.pool
    ids = await companies(pool)
    old = old_pbx(tmp_path, 8)
    await bring(bench, tmp_path)
    for each in old:
        # What is known of a call is not taken from it by a CDR that says otherwise.
        each.cdr["src"] = "79999999999"
    await bring(bench, tmp_path, read_cdr(written(tmp_path / "cdr.csv", *(each.cdr for each in old)), NODE))
    calls = await pool.fetch("select * from calls")
    assert Counter(call["company_id"] for call in calls) == {ids[number]: 4 for number in NUMBERS}
    assert all(call["caller"].startswith("+7900") for call in calls)


async def test_calls_without_a_recording_come_from_the_cdr_if_they_are_a_companys(bench: Bench, tmp_path: Path) -> None:
    await companies(bench.ledger.pool)
    (tmp_path / "monitor").mkdir()
    lines = [
        {**each.cdr, "recordingfile": "", "did": number, "disposition": disposition, "billsec": seconds}
        for each, number, disposition, seconds in zip(
            old_pbx(tmp_path / "unused", 3),
            ("8 (495) 123-45-67", "74951234567", "74990000000"),
            ("ANSWERED", "NO ANSWER", "ANSWERED"),
            ("30", "0", "30"),
            strict=True,
        )
    ]
    report = await bring(bench, tmp_path, read_cdr(written(tmp_path / "cdr.csv", *lines), NODE))
    assert (report.outcomes, report.calls, report.left_out) == ([], 2, 1)
    rows = await bench.ledger.pool.fetch("select outcome, talk_s, recording from calls order by arrived_at")
    assert [tuple(row) for row in rows] == [("answered", None, None), ("abandoned", None, None)]
    # Nobody promised a recording of them.
    assert await sweep(bench.ledger.pool) == []


async def test_a_call_that_our_own_asterisk_carried_is_left_as_it_is(bench: Bench, tmp_path: Path) -> None:
    pool = bench.ledger.pool
    ids = await companies(pool)
    call, _ = await bench.ledger.call(company=False)
    before = await pool.fetchrow("select * from calls where id = $1", call)
    file = f"in-74951234567-79000000001-20251122-220000-{call.partition('-')[2]}.wav"
    (tmp_path / "monitor").mkdir()
    (tmp_path / "monitor" / file).write_bytes(wav(1.0))
    report = await bring(bench, tmp_path, otherwise=ids["74951234567"])
    assert [each.what for each in report.outcomes] == [BROUGHT]
    assert report.calls == 0
    assert await pool.fetchrow("select * from calls where id = $1", call) == before


async def test_recordings_that_came_in_without_a_call_get_it(bench: Bench, tmp_path: Path) -> None:
    """As an earlier version left them."""
    pool = bench.ledger.pool
    await companies(pool)
    old_pbx(tmp_path, 2)
    await bring(bench, tmp_path)
    await pool.execute("update recordings set call_id = null, company_id = null, defect = 'no such call'")
    await pool.execute(by_owner("delete from calls"))
    report = await bring(bench, tmp_path)
    assert (report.calls, report.nobodys) == (2, 0)
    rows = await bench.ledger.recordings()
    assert all(row["call_id"] and row["company_id"] and row["defect"] is None for row in rows)


async def test_numbers_of_a_hostile_cdr_are_only_numbers(bench: Bench, tmp_path: Path) -> None:
    await companies(bench.ledger.pool)
    (tmp_path / "monitor").mkdir()
    path = tmp_path / "cdr.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(
            [
                ["uniqueid", "src", "dst", "did", "duration", "billsec", "disposition", "linkedid"],
                ["1763838002.44", "'; drop table calls --7", "\x1b[2J", "74951234567", "1", "1", "ANSWERED", "x-y.z"],
                ["1763838003.44", "7" * 1000, "s", "74951234567", "1", "1", "ANSWERED", "other-1763838003.44"],
            ]
        )
    report = await bring(bench, tmp_path, read_cdr(path, NODE))
    assert report.calls == 2
    rows = await bench.ledger.pool.fetch("select node, caller from calls order by id")
    assert [row["node"] for row in rows] == [NODE, NODE]
    assert all(set(row["caller"]) <= set("+0123456789") and len(row["caller"]) <= 33 for row in rows)
