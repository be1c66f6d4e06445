import json
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from prometheus_client import REGISTRY
from pydantic import SecretStr

from callcenter.settings import DatabaseSettings
from callcenter.storage import connect
from callcenter.tickets.deadline_alarm import DeadlineAlarm
from stack import demo_data
from tests.site import BOX


@pytest.fixture
def settings(database_url: str) -> DatabaseSettings:
    return DatabaseSettings(url=SecretStr(database_url))


async def ticket(connection: asyncpg.Connection, number: int, step: str, due_in: timedelta, state: str = "new") -> int:
    row = await connection.fetchval(
        """insert into tickets (company_id, number, caller, opened_at, state, cancel_reason)
        select id, $1, '+79001234567', now(), $2, 'none' from companies limit 1 returning id""",
        number,
        state,
    )
    due_at = datetime.now(UTC) + due_in
    await connection.execute(
        "insert into ticket_deadlines values ($1, $2, $3, $4)",
        row,
        step,
        due_at,
        due_at - timedelta(minutes=10),
    )
    return int(row)


async def test_warnings_and_alarms_are_sent_once_and_again_when_they_change(
    settings: DatabaseSettings, owner_url: str
) -> None:
    owner = await connect(DatabaseSettings(url=SecretStr(owner_url)))
    await owner.execute("truncate companies, operators, nodes, push_log, screens restart identity cascade")
    await demo_data.seed(owner, operators=1, box=BOX)
    await owner.close()
    connection = await connect(settings)
    soon = await ticket(connection, 1, "tell", timedelta(minutes=5))
    late = await ticket(connection, 2, "clear", timedelta(minutes=-5))
    await ticket(connection, 3, "repair", timedelta(hours=5))
    await ticket(connection, 4, "tell", timedelta(minutes=-5), state="cancelled")
    alarms = DeadlineAlarm(settings)

    async def sent() -> list[dict[str, object]]:
        await alarms.check(connection)
        rows = await connection.fetch("select body from push_log where kind = 'deadlines' order by seq")
        return [json.loads(row[0]) if isinstance(row[0], str) else row[0] for row in rows]

    first = (await sent())[-1]
    assert (first["late"], first["due_soon"]) == (1, 1)
    assert [(line["ticket"], line["step"], line["late"]) for line in first["next"]] == [  # type: ignore[attr-defined]
        (soon, "tell", False),
        (late, "clear", True),
    ]
    assert REGISTRY.get_sample_value("callcenter_tickets_late") == 1
    assert len(await sent()) == 1
    await connection.execute("update ticket_deadlines set met_at = now() where ticket_id = $1", late)
    again = await sent()
    assert len(again) == 2
    assert (again[-1]["late"], again[-1]["due_soon"]) == (0, 1)
    await connection.close()
