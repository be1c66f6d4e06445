"""The journal's requests to measure: first pages, filters, words, telephones, as a supervisor and as a manager."""

import random
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

import asyncpg

from stack.bench_pages import MANAGER, STAFF, Look

EACH = 200
WORDS = (
    *("протечка", "протечки кровли", "засор", "кипяток", "лифт", "мусоропровод", "замена смесителя", "домофон"),
    *("вода подвал", "нет света", "перезвонить", "пенсионерка протечка", "квитанция", "отопление", "сквозняк"),
    *("акт осмотра", "капает", "снег", "собака во дворе", "инвалид пандус", "стек", "батар", "гудят тру"),
)


async def journal_looks(connection: asyncpg.Connection, company: int) -> Mapping[str, Sequence[Look]]:
    """The requests of each figure, the same in every run over the same database."""
    chance = random.Random(416)
    tickets = await connection.fetch(
        "select t.company_id, t.number, t.caller, t.crew_id, t.operator_id, t.category_id, t.opened_at::date as day,"
        " h.street, h.building, r.name"
        " from tickets t tablesample system (0.5) repeatable (416) join houses h on h.id = t.house_id"
        " left join residents r on r.id = t.resident_id where t.crew_id is not null"
        " order by (t.company_id = $1) desc, t.id limit 2000",
        company,
    )
    own = [row for row in tickets if row["company_id"] == company]
    whose = {STAFF: tickets, MANAGER: own}
    return {
        "journal_first_page_p95_ms": [Look(who, "/tickets") for _ in range(EACH) for who in whose],
        "journal_filter_p95_ms": [
            Look(who, _path(_filter(chance, chance.choice(rows)))) for _ in range(EACH) for who, rows in whose.items()
        ],
        "journal_text_search_p95_ms": [
            Look(who, _path({"q": _words(chance, chance.choice(rows))}))
            for _ in range(EACH)
            for who, rows in whose.items()
        ],
        "journal_phone_search_p95_ms": [
            Look(who, _path({"q": _digits(chance, chance.choice(rows))}))
            for _ in range(EACH)
            for who, rows in whose.items()
        ],
    }


def _path(query: Mapping[str, object]) -> str:
    return f"/tickets?{urlencode(query)}"


def _filter(chance: random.Random, row: asyncpg.Record) -> dict[str, object]:
    one: list[dict[str, object]] = [
        {"state": chance.choice(["open", "new", "assigned", "accepted", "in_progress", "done", "closed", "cancelled"])},
        {"due": chance.choice(["late", "soon"])},
        {"category": chance.choice(["emergency", "planned", "paid", "question"])},
        {"category": row["category_id"], "company": row["company_id"]},
        {"company": row["company_id"]},
        {"house": f"{row['street']} {row['building']}"},
        {"crew": row["crew_id"]},
        {"operator": row["operator_id"]},
        {"since": row["day"], "until": row["day"]},
        {"paid": chance.choice(["any", "due", "paid", "refunded"])},
    ]
    chosen = chance.sample(one, chance.choice([1, 1, 2, 3]))
    return {name: value for each in chosen for name, value in each.items()}


def _words(chance: random.Random, row: asyncpg.Record) -> str:
    address = f"{row['street']} {row['building']}"
    name = row["name"] or "Иванов"
    return chance.choice(
        [
            chance.choice(WORDS),
            name,
            name.split()[0],
            address,
            f"{name.split()[0]} {chance.choice(WORDS)}",
            f"№ {row['number']}",
        ]
    )


def _digits(chance: random.Random, row: asyncpg.Record) -> str:
    caller = str(row["caller"])
    return chance.choice(
        [caller, f"8{caller[2:]}", caller[-10:], caller[-7:], caller[-4:], f"{caller[-4:-2]}-{caller[-2:]}"]
    )
