"""Companies and calls for reports to count."""

from datetime import datetime, timedelta
from itertools import count

import asyncpg

from callcenter.domain.access import Role
from callcenter.domain.call import Outcome
from callcenter.domain.ids import OperatorId
from callcenter.domain.person import Person
from callcenter.reports.service import ReportCompany

STAFF = Person(OperatorId(1), "vera", "Вера", Role.SUPERVISOR, "ru", False)
NUMBERS = count(1)


async def company(pool: asyncpg.Pool, name: str = "УК", zone: str = "Europe/Moscow") -> ReportCompany:
    made = await pool.fetchval("insert into companies (name, zone) values ($1, $2) returning id", name, zone)
    return ReportCompany(made, name, zone)


async def call(
    pool: asyncpg.Pool,
    of: ReportCompany,
    arrived_at: datetime,
    outcome: Outcome | None,
    *,
    answered_after: float | None = None,
    caller: str = "+79160000001",
    **values: object,
) -> str:
    id_ = f"node1-1790000000.{next(NUMBERS)}"
    answered_at = None if answered_after is None else arrived_at + timedelta(seconds=answered_after)
    columns = {
        "id": id_,
        "node": "node1",
        "company_id": of.id,
        "did": "74951234567",
        "caller": caller,
        "state": "ended",
        "outcome": outcome,
        "arrived_at": arrived_at,
        "answered_at": answered_at,
        "ended_at": arrived_at + timedelta(minutes=10),
        **values,
    }
    blanks = ", ".join(f"${place + 1}" for place in range(len(columns)))
    await pool.execute(f"insert into calls ({', '.join(columns)}) values ({blanks})", *columns.values())
    return id_
