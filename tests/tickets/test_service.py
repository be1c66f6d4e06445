import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import asyncpg
import pytest
from pydantic import ValidationError

from callcenter.common.scope import Connection, scoped
from callcenter.domain.access import Role
from callcenter.domain.ids import OperatorId
from callcenter.domain.person import Person
from callcenter.domain.ticket import Step, StepRefused, TicketState
from callcenter.settings import DatabaseSettings
from callcenter.storage import open_pool
from callcenter.tickets.below import read_below
from callcenter.tickets.service import BadEdit, Conflict, NoTicket, Ticket, TicketEdit, Tickets
from tests.conftest import emptied


@dataclass
class Desk:
    """A journal with two companies, each with its directory, and people who work with it."""

    pool: asyncpg.Pool
    tickets: Tickets
    told: list[tuple[int, str]]
    people: dict[str, Person]
    ours: dict[str, int]
    theirs: dict[str, int]

    async def ticket(self, **fields: object) -> Ticket:
        return await self.tickets.create(self.people["anna"], self.ours["company"], TicketEdit(**fields))

    async def kinds(self, ticket: Ticket) -> list[str]:
        return [event.kind for event in await self.tickets.history(self.people["anna"], ticket.id)]


async def add_company(pool: asyncpg.Pool, name: str) -> dict[str, int]:
    ids = {"company": await pool.fetchval("insert into companies (name) values ($1) returning id", name)}
    rows = await pool.fetch("select code, id from categories where company_id = $1", ids["company"])
    ids |= {row["code"]: row["id"] for row in rows}
    for key, building in (("house", "1"), ("other_house", "2")):
        ids[key] = await pool.fetchval(
            "insert into houses (company_id, city, street, building) values ($1, $2, 'Лесная', $3) returning id",
            ids["company"],
            name,
            building,
        )
    ids["flat"] = await pool.fetchval(
        "insert into premises (house_id, flat) values ($1, '7') returning id", ids["house"]
    )
    ids["resident"] = await pool.fetchval(
        "insert into residents (premises_id, name) values ($1, 'Иванова') returning id", ids["flat"]
    )
    for key in ("crew", "other_crew"):
        ids[key] = await pool.fetchval(
            "insert into crews (company_id, name) values ($1, $2) returning id", ids["company"], key
        )
    ids["responsible"] = await pool.fetchval(
        "insert into responsibles (company_id, crew_id, name) values ($1, $2, 'Петров') returning id",
        ids["company"],
        ids["crew"],
    )
    return ids


async def add_person(pool: asyncpg.Pool, login: str, role: Role, company: int | None, crew: int | None) -> Person:
    who = await pool.fetchval(
        "insert into operators (login, name, role, company_id, crew_id) values ($1, $1, $2, $3, $4) returning id",
        login,
        role,
        company,
        crew,
    )
    return Person(OperatorId(who), login, login, role, "ru", has_phone=False, company_id=company)


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    pool = await open_pool(DatabaseSettings(url=database_url))
    told: list[tuple[int, str]] = []

    async def on_change(_connection: Connection, ticket: Ticket, what: str) -> None:
        told.append((ticket.version, what))

    await pool.execute(emptied("companies", "operators", "nodes"))
    ours, theirs = await add_company(pool, "ours"), await add_company(pool, "theirs")
    people = {
        "anna": await add_person(pool, "anna", Role.OPERATOR, None, None),
        "boss": await add_person(pool, "boss", Role.MANAGER, ours["company"], None),
        "rival": await add_person(pool, "rival", Role.MANAGER, theirs["company"], None),
        "fitter": await add_person(pool, "fitter", Role.CREW, ours["company"], ours["crew"]),
    }
    try:
        yield Desk(pool, Tickets(pool, on_change), told, people, ours, theirs)
    finally:
        pool.terminate()


async def test_numbers_are_drawn_in_order_even_at_the_same_time(desk: Desk):
    made = await asyncio.gather(*(desk.ticket(subject=str(place)) for place in range(8)))
    assert sorted(ticket.number for ticket in made) == [1, 2, 3, 4, 5, 6, 7, 8]
    theirs = await desk.tickets.create(desk.people["anna"], desk.theirs["company"], TicketEdit())
    assert theirs.number == 1


async def test_a_refused_creation_takes_no_number(desk: Desk):
    with pytest.raises(BadEdit) as refused:
        await desk.ticket(category_id=desk.theirs["damage"])
    assert refused.value.fields == {"category_id": "unknown"}
    assert (await desk.ticket()).number == 1
    with pytest.raises(BadEdit):
        await desk.tickets.create(desk.people["anna"], 10**6, TicketEdit())
    with pytest.raises(BadEdit):
        await desk.tickets.create(desk.people["rival"], desk.ours["company"], TicketEdit())


async def test_a_resident_brings_flat_and_house_and_a_new_house_lets_them_go(desk: Desk):
    ticket = await desk.ticket(resident_id=desk.ours["resident"])
    assert (ticket.premises_id, ticket.house_id) == (desk.ours["flat"], desk.ours["house"])
    assert (ticket.address, ticket.flat, ticket.resident) == ("ours, Лесная, 1", "7", "Иванова")
    moved = await desk.tickets.edit(
        desk.people["anna"], ticket.id, ticket.version, TicketEdit(house_id=desk.ours["other_house"])
    )
    assert (moved.premises_id, moved.resident_id) == (None, None)
    event = (await desk.tickets.history(desk.people["anna"], ticket.id))[-1]
    assert event.changes["resident_id"] == (desk.ours["resident"], None)
    assert event.labels["resident_id", desk.ours["resident"]] == ("Иванова", "Иванова")


async def test_the_second_of_two_writers_gets_what_changed(desk: Desk):
    anna = desk.people["anna"]
    ticket = await desk.ticket(subject="Течь", price=Decimal("10"))
    await desk.tickets.edit(anna, ticket.id, ticket.version, TicketEdit(subject="Течёт кран"))
    await desk.tickets.edit(anna, ticket.id, ticket.version + 1, TicketEdit(subject="Течёт труба", price=None))
    await desk.tickets.step(anna, ticket.id, None, Step.ASSIGN, crew_id=desk.ours["crew"])
    with pytest.raises(Conflict) as conflict:
        await desk.tickets.edit(anna, ticket.id, ticket.version, TicketEdit(description="Вода на полу"))
    changed = conflict.value.changed
    assert changed["subject"] == ("Течь", "Течёт труба")
    assert changed["price"] == ("10.00", None)
    assert changed["state"] == ("new", "assigned")
    assert changed["crew_id"] == (None, desk.ours["crew"])
    assert conflict.value.current.description == ""
    with pytest.raises(Conflict):
        await desk.tickets.step(anna, ticket.id, ticket.version, Step.CANCEL, comment="ошибка")


async def test_writers_at_the_same_moment_make_one_change(desk: Desk):
    ticket = await desk.ticket()
    tries = [
        desk.tickets.edit(desk.people["anna"], ticket.id, ticket.version, TicketEdit(subject=f"no {place}"))
        for place in range(6)
    ]
    done = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(type(one).__name__ for one in done) == ["Conflict"] * 5 + ["Ticket"]
    assert await desk.kinds(ticket) == ["opened", "edited"]


async def test_what_changes_nothing_leaves_no_trace(desk: Desk):
    ticket = await desk.ticket(subject="Течь")
    again = await desk.tickets.edit(desk.people["anna"], ticket.id, ticket.version, TicketEdit(subject=" Течь "))
    assert again.version == ticket.version
    assert await desk.kinds(ticket) == ["opened"]


async def test_the_way_from_assignment_to_reopening(desk: Desk):
    anna, crew = desk.people["anna"], desk.ours["crew"]
    ticket = await desk.ticket(category_id=desk.ours["damage"], contact_name="Иванова")
    ticket = await desk.tickets.step(
        anna, ticket.id, ticket.version, Step.ASSIGN, crew_id=crew, responsible_id=desk.ours["responsible"]
    )
    assert (ticket.state, ticket.crew, ticket.responsible) == (TicketState.ASSIGNED, "crew", "Петров")
    ticket = await desk.tickets.step(None, ticket.id, None, Step.ACCEPT, by_crew=crew)
    ticket = await desk.tickets.step(None, ticket.id, None, Step.START, by_crew=crew)
    assert all((ticket.accepted_at, ticket.started_at))
    with pytest.raises(StepRefused):
        await desk.tickets.step(None, ticket.id, None, Step.FINISH, by_crew=crew, comment=" ")
    ticket = await desk.tickets.step(None, ticket.id, None, Step.FINISH, by_crew=crew, comment="Заменили")
    assert ticket.result == "Заменили"
    assert {line.step: line.met_at is not None for line in ticket.deadlines} == {
        "tell": False,
        "localise": True,
        "repair": True,
    }
    with pytest.raises(StepRefused):
        await desk.tickets.step(None, ticket.id, None, Step.CLOSE, by_crew=crew)
    ticket = await desk.tickets.step(anna, ticket.id, ticket.version, Step.CLOSE)
    ticket = await desk.tickets.step(anna, ticket.id, ticket.version, Step.REOPEN, comment="Опять течёт")
    assert (ticket.state, ticket.result, ticket.done_at) == (TicketState.REOPENED, "", None)
    assert [line.met_at for line in ticket.deadlines] == [None, None, None]
    history = await desk.tickets.history(anna, ticket.id)
    assert [(event.from_state, event.to_state, event.who, event.crew) for event in history[2:4]] == [
        ("assigned", "accepted", "", "crew"),
        ("accepted", "in_progress", "", "crew"),
    ]
    assert desk.told[-1] == (ticket.version, "reopen")


async def test_another_crew_restarts_it_and_ends_the_link_of_the_first(desk: Desk):
    anna, ours = desk.people["anna"], desk.ours
    ticket = await desk.ticket()
    await desk.tickets.step(
        anna, ticket.id, None, Step.ASSIGN, crew_id=ours["crew"], responsible_id=ours["responsible"]
    )
    await desk.tickets.step(None, ticket.id, None, Step.ACCEPT, by_crew=ours["crew"])
    ticket = await desk.tickets.step(anna, ticket.id, None, Step.ASSIGN, crew_id=ours["other_crew"])
    assert (ticket.accepted_at, ticket.responsible_id) == (None, None)
    with pytest.raises(NoTicket):
        await desk.tickets.step(None, ticket.id, None, Step.ACCEPT, by_crew=ours["crew"])
    with pytest.raises(NoTicket):
        await desk.tickets.comment(None, ticket.id, "мы", by_crew=ours["crew"])
    with pytest.raises(BadEdit) as refused:
        await desk.tickets.step(anna, ticket.id, None, Step.ASSIGN, crew_id=desk.theirs["crew"])
    assert refused.value.fields == {"crew_id": "unknown"}


@pytest.mark.parametrize("step", [Step.ACCEPT, Step.FINISH, Step.REOPEN])
async def test_a_refused_step_changes_nothing(desk: Desk, step: Step):
    ticket = await desk.ticket()
    told = list(desk.told)
    with pytest.raises(StepRefused):
        await desk.tickets.step(desk.people["anna"], ticket.id, ticket.version, step, comment="x")
    assert await desk.tickets.get(desk.people["anna"], ticket.id) == ticket
    assert await desk.kinds(ticket) == ["opened"]
    assert desk.told == told


async def test_a_category_sets_what_is_due_from_the_opening(desk: Desk):
    anna = desk.people["anna"]
    ticket = await desk.ticket(category_id=desk.ours["damage"], contact_name="Иванова")
    due = {line.step: line.due_at - ticket.opened_at for line in ticket.deadlines}
    assert due == {"tell": timedelta(minutes=30), "localise": timedelta(minutes=30), "repair": timedelta(days=3)}
    told = await desk.tickets.mark(anna, ticket.id, "told")
    assert told.version == ticket.version
    changed = await desk.tickets.edit(anna, ticket.id, ticket.version, TicketEdit(category_id=desk.ours["sewer"]))
    assert {line.step: line.met_at is not None for line in changed.deadlines} == {"tell": True, "clear": False}
    none = await desk.tickets.edit(anna, ticket.id, changed.version, TicketEdit(category_id=None))
    assert {line.step: line.met_at is not None for line in none.deadlines} == {"tell": True}


async def test_the_chutes_night_does_not_count(desk: Desk):
    ticket = await desk.ticket()
    night = datetime(2026, 3, 31, 20, 30, tzinfo=UTC)  # 23:30 in Moscow, the month's last evening
    await desk.pool.execute("update tickets set opened_at = $1 where id = $2", night, ticket.id)
    ticket = await desk.tickets.edit(
        desk.people["anna"], ticket.id, ticket.version, TicketEdit(category_id=desk.ours["chute"])
    )
    clear = next(line for line in ticket.deadlines if line.step == "clear")
    assert clear.due_at == datetime(2026, 4, 1, 7, 0, tzinfo=UTC)


async def test_a_mark_counts_once(desk: Desk):
    ticket = await desk.ticket(category_id=desk.ours["damage"])
    first = await desk.tickets.mark(desk.people["anna"], ticket.id, "localised")
    again = await desk.tickets.mark(desk.people["anna"], ticket.id, "localised")
    assert first.deadlines == again.deadlines
    assert await desk.kinds(ticket) == ["opened", "localised"]


async def test_only_the_own_company_and_crew_see_it(desk: Desk):
    ticket = await desk.ticket(subject="Тайна")
    assert await desk.tickets.get(desk.people["boss"], ticket.id) == ticket
    for who in ("rival", "fitter"):
        person = desk.people[who]
        assert await desk.tickets.get(person, ticket.id) is None
        assert await desk.tickets.history(person, ticket.id) == []
        with pytest.raises(NoTicket):
            await desk.tickets.comment(person, ticket.id, "вижу")
        with pytest.raises(NoTicket):
            await desk.tickets.edit(person, ticket.id, 2, TicketEdit(subject="моё"))
    await desk.tickets.step(desk.people["anna"], ticket.id, None, Step.ASSIGN, crew_id=desk.ours["crew"])
    assert (await desk.tickets.get(desk.people["fitter"], ticket.id)) is not None


async def test_a_manager_and_a_fitter_comment(desk: Desk):
    ticket = await desk.ticket()
    await desk.tickets.step(desk.people["anna"], ticket.id, None, Step.ASSIGN, crew_id=desk.ours["crew"])
    await desk.tickets.comment(desk.people["boss"], ticket.id, "Срочно\r\nпожалуйста")
    await desk.tickets.comment(desk.people["fitter"], ticket.id, "Едем")
    history = await desk.tickets.history(desk.people["boss"], ticket.id)
    assert [(event.who, event.comment) for event in history[-2:]] == [
        ("boss", "Срочно\nпожалуйста"),
        ("fitter", "Едем"),
    ]


@pytest.mark.parametrize("text", ["", "  \n", "a\0b", "x" * 10_001])
async def test_an_empty_or_broken_comment_is_refused(desk: Desk, text: str):
    ticket = await desk.ticket()
    with pytest.raises(BadEdit):
        await desk.tickets.comment(desk.people["anna"], ticket.id, text)
    assert await desk.kinds(ticket) == ["opened"]


async def test_an_incident_is_one_level_deep(desk: Desk):
    anna = desk.people["anna"]
    incident, first, second = await desk.ticket(), await desk.ticket(), await desk.ticket()
    await desk.tickets.edit(anna, first.id, first.version, TicketEdit(parent_id=incident.id))
    async with scoped(desk.pool, anna) as connection:
        below = await read_below(connection, anna, incident.id)
    assert [row["id"] for row in below.rows] == [first.id]
    for ticket, parent in ((second, first.id), (incident, second.id), (second, second.id)):
        with pytest.raises(BadEdit) as refused:
            await desk.tickets.edit(anna, ticket.id, ticket.version, TicketEdit(parent_id=parent))
        assert refused.value.fields == {"parent_id": "linked"}
    foreign = await desk.tickets.create(anna, desk.theirs["company"], TicketEdit())
    with pytest.raises(BadEdit):
        await desk.tickets.edit(anna, second.id, second.version, TicketEdit(parent_id=foreign.id))


@pytest.mark.parametrize(
    ("fields", "problems"),
    [
        ({"resident_id": "theirs"}, {"resident_id": "unknown"}),
        ({"premises_id": "theirs"}, {"premises_id": "unknown"}),
        ({"house_id": "theirs"}, {"house_id": "unknown"}),
        ({"responsible_id": "theirs"}, {"responsible_id": "unknown"}),
    ],
)
async def test_what_belongs_to_another_company_is_unknown(desk: Desk, fields: dict[str, str], problems: dict[str, str]):
    names = {"resident_id": "resident", "premises_id": "flat", "house_id": "house", "responsible_id": "responsible"}
    with pytest.raises(BadEdit) as refused:
        await desk.ticket(**{name: desk.theirs[names[name]] for name in fields})
    assert refused.value.fields == problems


async def test_parts_of_different_addresses_do_not_go_together(desk: Desk):
    with pytest.raises(BadEdit) as refused:
        await desk.ticket(premises_id=desk.ours["flat"], house_id=desk.ours["other_house"])
    assert refused.value.fields == {"premises_id": "other house"}
    now = datetime.now(UTC)
    with pytest.raises(BadEdit) as refused:
        await desk.ticket(planned_from=now, planned_until=now - timedelta(minutes=1))
    assert refused.value.fields == {"planned_until": "before start"}


@pytest.mark.parametrize(
    "fields",
    [
        {"price": "-1"},
        {"price": "NaN"},
        {"price": "1.001"},
        {"price": "1" * 13},
        {"contact_phone": "позвоните"},
        {"contact_phone": "1" * 39},
        {"subject": "x" * 201},
        {"subject": "a\0b"},
        {"description": "x" * 10_001},
        {"access_at": "2026-03-01T10:00:00"},
        {"category_id": 2**31},
        {"category_id": 0},
        {"payment": "later"},
        {"number": 5},
        {"state": "closed"},
    ],
)
def test_nonsense_is_no_edit(fields: dict[str, object]):
    with pytest.raises(ValidationError):
        TicketEdit(**fields)


def test_a_telephone_number_comes_into_one_form():
    assert TicketEdit(contact_phone="8 (900) 123-45-67").contact_phone == "+79001234567"
    assert TicketEdit(contact_phone="").given() == {"contact_phone": ""}


async def test_what_the_hook_raises_undoes_all(desk: Desk):
    async def refuse(_connection: Connection, _ticket: Ticket, _what: str) -> None:
        raise RuntimeError("no room")

    ticket = await desk.ticket()
    with pytest.raises(RuntimeError):
        await Tickets(desk.pool, refuse).step(
            desk.people["anna"], ticket.id, None, Step.ASSIGN, crew_id=desk.ours["crew"]
        )
    assert await desk.tickets.get(desk.people["anna"], ticket.id) == ticket
    assert await desk.kinds(ticket) == ["opened"]


async def test_listeners_hear_of_each_change_after_its_commit(desk: Desk):
    heard: asyncio.Queue[str] = asyncio.Queue()
    async with desk.pool.acquire() as listener:
        await listener.add_listener("tickets", lambda *parts: heard.put_nowait(str(parts[3])))
        ticket = await desk.ticket()
        payload = await asyncio.wait_for(heard.get(), 5)
        await listener.reset()
    assert payload == f'{{"ticket" : {ticket.id}, "company" : {ticket.company_id}}}'


async def test_a_look_is_written_down(desk: Desk):
    ticket = await desk.ticket()
    assert await desk.tickets.view(desk.people["boss"], ticket.id, "127.0.0.1") == ticket
    assert await desk.tickets.view(desk.people["rival"], ticket.id) is None
    rows = await desk.pool.fetch("select action, subject, subject_id, operator_id, company_id, address from audit_log")
    assert [tuple(row) for row in rows] == [
        ("viewed ticket", "ticket", str(ticket.id), desk.people["boss"].id, ticket.company_id, "127.0.0.1")
    ]
