"""The watcher on a real PostgreSQL: what calls becomes a suspected outage, and all outages come on the screens."""

from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import asyncpg
import pytest

from callcenter.domain.outage import OutageState, OutageStep
from callcenter.outages.detection.watcher import OutageWatcher
from callcenter.push.codec import body_of
from callcenter.push.outage_messages import OutageFiguresMessage, OutagesMessage
from callcenter.settings import DatabaseSettings
from callcenter.storage import connect, queries
from tests.conftest import by_owner
from tests.outages.district import DID, District

CALLS = count(1)


@pytest.fixture
async def connection(district: District, database_url: str) -> AsyncIterator[asyncpg.Connection]:
    opened = await connect(DatabaseSettings(url=database_url))
    yield opened
    await opened.close()


def watcher() -> OutageWatcher:
    return OutageWatcher(DatabaseSettings(url="postgresql://nowhere"))


async def ring(district: District, callers: Iterable[str], ago_s: float = 60, each_s: float = 5) -> None:
    """One call of each, at intervals, the first so many seconds ago."""
    now = datetime.now(UTC)
    for place, caller in enumerate(callers):
        await district.pool.execute(
            "insert into calls (id, node, company_id, did, caller, state, arrived_at)"
            " values ($1, 'node1', $2, $3, $4, 'waiting', $5)",
            f"node1-{next(CALLS)}.1", district.company, DID, caller,
            now - timedelta(seconds=ago_s - each_s * place),
        )  # fmt: skip


async def outages(district: District) -> list[asyncpg.Record]:
    return await district.pool.fetch(
        "select o.*, array(select house_id from outage_places where outage_id = o.id) as houses from outages o order by id"
    )


async def shown(district: District, kind: str = "outages") -> list[Any]:
    rows = await district.pool.fetch("select kind, body from push_log where kind = $1 order by seq", kind)
    return [body_of(row["kind"], row["body"]) for row in rows]


async def test_flats_that_call_become_one_suspected_outage_which_grows(
    district: District, connection: asyncpg.Connection
) -> None:
    watching = watcher()
    await watching.look(connection)
    assert await outages(district) == []
    await ring(district, district.phones[:8])
    await watching.look(connection)
    [found] = await outages(district)
    assert (found["state"], found["kind"], found["houses"]) == ("suspected", None, [district.house])
    assert (found["evidence"]["calls"], found["evidence"]["flats"]) == (8, 8)
    assert found["evidence"]["usual"] < 0.1
    await watching.look(connection)
    assert (await outages(district))[0]["evidence"] == found["evidence"]
    # One flat again and again is one flat.
    await ring(district, [district.phones[8], *[district.phones[0]] * 3], ago_s=15)
    await watching.look(connection)
    [grown] = await outages(district)
    assert (grown["id"], grown["evidence"]["calls"], grown["evidence"]["flats"]) == (found["id"], 12, 9)
    events = await district.pool.fetch("select kind, to_state, operator_id from outage_events")
    assert [tuple(row) for row in events] == [("opened", "suspected", None)]
    assert await district.pool.fetch(queries("outages")["announced"]) == []


async def test_the_screens_get_what_changed_and_nothing_twice(
    district: District, connection: asyncpg.Connection
) -> None:
    watching = watcher()
    await ring(district, district.phones[:8])
    for _ in range(3):
        await watching.look(connection)
    [message] = await shown(district)
    assert isinstance(message, OutagesMessage)
    [row] = message.outages
    assert (row.state, row.kind, row.addresses) == (OutageState.SUSPECTED, None, ("ул. Мира, 7",))
    assert row.evidence is not None
    assert (row.evidence.calls, row.evidence.flats, row.evidence.seconds) == (8, 8, 35)
    assert await shown(district, "outage_figures") == [OutageFiguresMessage(figures=())]

    await district.outages.confirm(district.vera, row.id, "cold_water")
    await district.pool.execute(
        "insert into announcements (call_id, began_at, outage_id, number, caller, ended_at, whole)"
        " select id, now(), $1, 1, caller, case when row_number() over (order by id) <= 3 then now() end,"
        " row_number() over (order by id) <= 3 from calls",
        row.id,
    )
    await watching.look(connection)
    assert [(each.state, each.kind) for each in (await shown(district))[-1].outages] == [("confirmed", "cold_water")]
    [counted] = (await shown(district, "outage_figures"))[-1].figures
    assert (counted.id, counted.calls, counted.hearing, counted.helped, counted.waiting) == (row.id, 8, 5, 3, 8)
    audiences = await district.pool.fetch("select distinct audience from screens where kind like 'outage%'")
    assert [each["audience"] for each in audiences] == ["all"]


async def test_a_restart_finds_its_suggestion_again(district: District, connection: asyncpg.Connection) -> None:
    await ring(district, district.phones[:8])
    await watcher().look(connection)
    [before] = await outages(district)
    await ring(district, district.phones[8:12], ago_s=20)
    await watcher().look(connection)
    [after] = await outages(district)
    assert (after["id"], after["evidence"]["flats"]) == (before["id"], 12)


@pytest.mark.parametrize("restarted", [False, True])
async def test_what_was_dismissed_or_confirmed_is_not_suggested_again(
    district: District, connection: asyncpg.Connection, restarted: bool
) -> None:
    watching = watcher()
    await ring(district, district.phones[:6])
    await watching.look(connection)
    [found] = await outages(district)
    dismissed = await district.outages.step(district.vera, found["id"], OutageStep.CANCEL)
    assert dismissed.state is OutageState.CANCELLED
    if restarted:
        watching = watcher()
    await ring(district, district.phones[6:12], ago_s=30)
    await watching.look(connection)
    assert len(await outages(district)) == 1

    await district.pool.execute("delete from outage_events")
    await district.pool.execute("delete from outages")
    opened = await district.outages.open(district.vera, district.new(since=datetime.now(UTC), until=None))
    await ring(district, district.phones[:12], ago_s=60)
    await watching.look(connection)
    await district.outages.step(district.vera, opened.id, OutageStep.CLOSE)
    await ring(district, district.phones[12:], ago_s=30)
    await (watcher() if restarted else watching).look(connection)
    assert [row["id"] for row in await outages(district)] == [opened.id]


async def test_a_house_more_of_a_street_that_is_out_is_suggested(
    district: District, connection: asyncpg.Connection
) -> None:
    for building in range(20, 29):
        await district.pool.execute(
            """with h as (insert into houses (company_id, city, street, building)
                         select company_id, city, street, $2 from houses where id = $1 returning id),
                 p as (insert into premises (house_id, flat) select h.id, n::text from h, generate_series(1, 12) n returning id),
                 r as (insert into residents (premises_id, name) select p.id, 'Жилец' from p returning id)
            insert into resident_phones (phone, resident_id) select '+7917' || lpad(r.id::text, 7, '0'), r.id from r""",
            district.house, str(building),
        )  # fmt: skip
    rows = await district.pool.fetch(
        "select f.phone, h.building from resident_phones f join residents r on r.id = f.resident_id"
        " join premises p on p.id = r.premises_id join houses h on h.id = p.house_id where f.phone like '+7917%' order by 1"
    )
    of = {
        building: [row["phone"] for row in rows if row["building"] == building] for building in map(str, range(20, 29))
    }
    watching = watcher()
    await ring(district, [phone for building in range(20, 28) for phone in of[str(building)][:2]], ago_s=120, each_s=2)
    await watching.look(connection)
    [street] = await outages(district)
    assert street["suggested_as"].startswith("street:")
    assert len(street["houses"]) == 8
    await district.outages.confirm(district.vera, street["id"], "heating")
    await ring(district, of["28"], ago_s=60, each_s=2)
    await watching.look(connection)
    [_, more] = await outages(district)
    assert more["suggested_as"].startswith("house:")


async def test_a_suggestion_ends_by_itself(district: District, connection: asyncpg.Connection) -> None:
    watching = watcher()
    await ring(district, district.phones[:6])
    await watching.look(connection)
    opened = await district.outages.open(district.vera, district.new(since=datetime.now(UTC), until=None))
    await watching.look(connection)
    assert [row["state"] for row in await outages(district)] == ["cancelled", "confirmed"]
    # Nobody dismissed it: it is suggested again when the known outage is long over.
    await district.pool.execute(
        "update outages set state = 'closed', finished_at = now() - interval '3 hours' where id = $1", opened.id
    )
    again = watcher()
    await again.look(connection)
    assert [row["state"] for row in await outages(district)] == ["cancelled", "closed", "suspected"]
    await district.pool.execute(
        "update outages set evidence = evidence || jsonb_build_object('last_at', now() - interval '61 minutes')"
    )
    await again.look(connection)
    assert [row["state"] for row in await outages(district)] == ["cancelled", "closed", "cancelled"]


async def test_strangers_count_for_the_company_until_their_tickets_say_the_house(
    district: District, connection: asyncpg.Connection
) -> None:
    strangers = [f"+7999000{number:04}" for number in range(6)]
    category = await district.pool.fetchval(
        "select id from categories where company_id = $1 and class = 'emergency' limit 1", district.company
    )
    watching = watcher()
    await ring(district, strangers)
    await watching.look(connection)
    assert await outages(district) == []
    tickets = [
        await district.pool.fetchval(
            "insert into tickets (company_id, number, caller, opened_at, house_id, premises_id)"
            " select $1, $2, $3, now(), $4, id from premises where house_id = $4 and flat = $5 returning id",
            district.company, 9000 + number, caller, district.house, str(number + 1),
        )
        for number, caller in enumerate(strangers)
    ]  # fmt: skip
    await watching.look(connection)
    assert await outages(district) == []
    await district.pool.execute("update tickets set category_id = $2 where id = any ($1)", tickets, category)
    await watching.look(connection)
    [found] = await outages(district)
    assert (found["houses"], found["evidence"]["flats"]) == ([district.house], 6)
    assert found["evidence"]["category"] is not None


async def test_calls_that_a_node_learned_of_late_count(district: District, connection: asyncpg.Connection) -> None:
    watching = watcher()
    await watching.look(connection)
    await ring(district, district.phones[:8], ago_s=400)
    await watching.look(connection)
    watching._arrivals._looked_back_at = datetime.now(UTC) - timedelta(seconds=20)
    await watching.look(connection)
    assert len(await outages(district)) == 1


async def test_what_was_usual_in_four_weeks_is_no_outage(district: District, connection: asyncpg.Connection) -> None:
    now = datetime.now(UTC)
    residents = await district.pool.fetch(
        "select r.id, f.phone from residents r join resident_phones f on f.resident_id = r.id order by r.id limit 12"
    )
    rows = [
        (f"node1-{next(CALLS)}.1", district.company, DID, row["phone"], row["id"], now - timedelta(hours=hour * 2 + 2))
        for hour in range(300)
        for row in residents[hour % 4 :: 3][:4]
    ]
    await district.pool.executemany(
        "insert into calls (id, node, company_id, did, caller, resident_id, state, outcome, arrived_at, ended_at)"
        " values ($1, 'node1', $2, $3, $4, $5, 'ended', 'abandoned', $6, $6)",
        rows,
    )
    await ring(district, district.phones[:4], ago_s=1500, each_s=480)
    await watcher().look(connection)
    assert await outages(district) == []
    await district.pool.execute(by_owner("delete from calls where state = 'ended'"))
    await watcher().look(connection)
    assert len(await outages(district)) == 1
