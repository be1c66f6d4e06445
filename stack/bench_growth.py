"""What years of calls cost besides the journal and the reports: pages that show them, and what is asked of them again and again.

`python -m stack.bench_growth DSN SERVICE_DSN` measures all pages alone, in need of nothing but PostgreSQL.
"""

import asyncio
import json
import random
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import asyncpg
from pydantic import SecretStr

from callcenter.domain.recording import MISSING_AFTER
from callcenter.settings import DatabaseSettings
from callcenter.storage import connect, queries
from stack.bench_journal import journal_looks
from stack.bench_pages import ADMINISTRATOR, STAFF, Look, measure, percentile, prepared, rows
from stack.bench_reports import report_looks

EACH = 50
STEADY = 12


async def history_looks(connection: asyncpg.Connection, company: int) -> Mapping[str, Sequence[Look]]:
    """Pages about one thing that look into the past, and lists that begin with the newest."""
    chance = random.Random(416)
    found = await connection.fetch(
        "select t.id as ticket, t.company_id, t.house_id, t.premises_id, t.resident_id, t.operator_id"
        " from tickets t tablesample system (0.1) repeatable (416) where t.resident_id is not null limit 400"
    )

    def some(path: str, column: str, who: str = STAFF) -> list[Look]:
        return [Look(who, path.format(chance.choice(found)[column])) for _ in range(EACH)]

    return {
        "calls_page_p95_ms": [Look(STAFF, "/calls")] * EACH,
        "ticket_page_p95_ms": some("/tickets/{}", "ticket"),
        "resident_page_p95_ms": some("/directory/residents/{}", "resident_id"),
        "flat_page_p95_ms": some("/directory/flats/{}", "premises_id"),
        "house_page_p95_ms": some("/directory/houses/{}", "house_id"),
        "listening_page_p95_ms": [
            *[Look(STAFF, "/listening")] * EACH,
            *some("/listening?operator={}", "operator_id"),
            *[Look(STAFF, f"/listening?company={company}")] * EACH,
        ],
        "audit_page_p95_ms": [
            *[Look(ADMINISTRATOR, "/audit")] * EACH,
            *some("/audit?person={}", "operator_id", ADMINISTRATOR),
        ],
        "completeness_page_p95_ms": [Look(STAFF, "/recordings/ledger")] * EACH,
    }


async def statement_figures(postgres: Mapping[str, str], tickets: int) -> dict[str, dict[str, object]]:
    """What is asked for every card, and what the service asks again and again; of the latter `STEADY` times."""
    connection = await connect(DatabaseSettings(url=SecretStr(await prepared(postgres["dsn"], tickets))))
    try:
        calls = await connection.fetch(
            "select id, caller, company_id, resident_id from calls tablesample system (0.1) repeatable (416)"
            " where resident_id is not null limit $1", EACH,
        )  # fmt: skip
        cards, keeping, kept = queries("call_cards"), queries("keeping"), queries("hashes")
        pause = timedelta(days=7)
        states = ["verified", "attached", "expired"]
        now: datetime = await connection.fetchval("select now()")
        asked: dict[str, tuple[str, list[tuple[object, ...]]]] = {
            "card_call": (cards["call"], [(call["id"],) for call in calls]),
            "card_calls": (cards["calls"], [(call["caller"], call["resident_id"], call["id"]) for call in calls]),
            "keep_to_lock": (keeping["to_lock"], [(200,)] * STEADY),
            "keep_to_hold": (keeping["to_hold"], [(200,)] * STEADY),
            "keep_expire": (keeping["expire"], [()] * STEADY),
            "keep_to_delete": (keeping["to_delete"], [(30, 200)] * STEADY),
            "keep_settle": (keeping["settle"], [()] * 3),
            "hash_due": (kept["due"], [(now - pause, 50, states)] * 3),
            "hash_coverage": (kept["coverage"], [(now - pause, states)] * 3),
            "sweep_week": (queries("sweep")["sweep"], [(None, 1000, now - pause, MISSING_AFTER)] * STEADY),
            "remembered_calls": (queries("calls")["remembered_calls"], [("made",)] * STEADY),
            "pace": (queries("pace")["pace"], [("made",)] * STEADY),
        }
        figures = {}
        for name, (statement, all_arguments) in asked.items():
            times = []
            for arguments in (all_arguments[0], *all_arguments):
                began = time.perf_counter()
                await connection.fetch(statement, *arguments, timeout=600)
                times.append(time.perf_counter() - began)
            figures[f"{name}_p95_ms"] = {"value": round(percentile(times[1:], 95) * 1000, 1), "unit": "ms"}
        return figures
    finally:
        await connection.close()


async def _alone(postgres: Mapping[str, str]) -> dict[str, dict[str, object]]:
    return await measure(postgres, [journal_looks, history_looks, report_looks]) | await statement_figures(
        postgres, rows()
    )


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_alone({"dsn": sys.argv[1], "service_dsn": sys.argv[2]})), indent=2))
