"""A small district for tests of outages: a company with a house of flats and telephones, and people who can log in."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from callcenter.calls.batch import Batch
from callcenter.domain.access import Role
from callcenter.domain.commands import Command
from callcenter.domain.events import Event, Presence
from callcenter.domain.ids import Interface, OperatorId, QueueName
from callcenter.domain.operator import Operator
from callcenter.domain.person import Person
from callcenter.domain.switchboard import Switchboard
from callcenter.outages.outage import NewOutage, PlaceEdit
from callcenter.outages.service import Outages
from callcenter.storage import open_pool, queries
from callcenter.tickets.service import Tickets
from tests.site import fill, settings_for

DID = "74951234567"
ANNA = Interface("PJSIP/op-01")
NOW = datetime(2026, 3, 5, 9, 30, tzinfo=UTC)


@dataclass
class District:
    """`phones[n]` is the telephone of flat n + 1 of the house; every flat but the last has one."""

    pool: asyncpg.Pool
    outages: Outages
    vera: Person
    anna: Operator
    company: int
    house: int
    other_house: int
    phones: list[str]

    def new(self, **changes: object) -> NewOutage:
        known: dict[str, object] = {
            "company_id": self.company,
            "kind": "cold_water",
            "since": NOW - timedelta(minutes=10),
            "until": NOW + timedelta(hours=4),
            "places": (PlaceEdit(house_id=self.house),),
        }
        return NewOutage.model_validate({**known, **changes})

    async def write(self, *events: Event) -> None:
        """What the node would do with these events, in one batch."""
        switchboard = Switchboard([QueueName(DID)], [self.anna])
        commands: list[Command] = [command for event in events for command in switchboard.step(event)]
        batch = Batch()
        for command in commands:
            if type(command).__name__ not in ("PrepareCard", "NameCaller", "SetMember", "Report"):
                batch.add(command, NOW)
        await self.pool.execute(queries("calls")["write_batch"], "node1", batch.document())


@pytest.fixture
async def district(database_url: str) -> AsyncIterator[District]:
    pool = await open_pool(settings_for(database_url).database)
    ids = await fill(pool)
    company = await pool.fetchval("select id from companies")
    houses = [
        await pool.fetchval(
            "insert into houses (company_id, city, street, building) values ($1, 'Заречный', 'ул. Мира', $2) returning id",
            company,
            building,
        )
        for building in ("7", "9")
    ]
    phones = []
    for flat in range(1, 21):
        premises = await pool.fetchval(
            "insert into premises (house_id, flat, entrance) values ($1, $2, $3) returning id",
            houses[0], str(flat), 1 + (flat - 1) // 10,
        )  # fmt: skip
        if flat == 20:
            continue
        resident = await pool.fetchval(
            "insert into residents (premises_id, name) values ($1, $2) returning id", premises, f"Жилец {flat}"
        )
        phones.append(f"+7916000{flat:04}")
        await pool.execute("insert into resident_phones (phone, resident_id) values ($1, $2)", phones[-1], resident)
    vera = Person(OperatorId(ids["vera"]), "vera", "Вера", Role.SUPERVISOR, "ru", False)
    anna = Operator(
        id=OperatorId(ids["anna"]), interface=ANNA, wanted=Presence.AVAILABLE, since=NOW, phone_reachable=True
    )
    yield District(pool, Outages(pool, Tickets(pool)), vera, anna, company, houses[0], houses[1], phones)
    pool.terminate()
