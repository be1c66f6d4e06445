from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from callcenter.common.address_keys import fill_keys
from callcenter.common.house_search import NoSuchHouse
from callcenter.common.scope import scoped_to
from callcenter.common.search import Search
from callcenter.domain.access import Role
from callcenter.domain.ids import OperatorId
from callcenter.domain.person import Person
from callcenter.domain.ticket import OPEN, TicketState
from callcenter.settings import DatabaseSettings
from callcenter.storage import open_pool
from callcenter.tickets.journal import Journal, JournalFilter, JournalPage, TooManyFilters
from tests.conftest import emptied

NOW = datetime(2026, 3, 5, 9, 30, tzinfo=UTC)


class Office:
    """Two companies with a house, a resident and a crew each; tickets are written as plainly as they are stored."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool
        self.journal = Journal(pool)
        self.anna = Person(OperatorId(0), "anna", "Анна", Role.OPERATOR, "ru", True)
        self.ids: dict[str, int] = {}
        self.numbers = 0

    async def open(self) -> None:
        await self.pool.execute(emptied("companies", "operators", "nodes"))
        self.anna = await self.person("anna", Role.OPERATOR)
        for company, street in (("north", "Лесная ул."), ("south", "Садовая ул.")):
            self.ids[company] = await self.row("insert into companies (name) values ($1) returning id", company)
            house = await self.row(
                "insert into houses (company_id, city, street, building) values ($1, 'Москва', $2, '3') returning id",
                self.ids[company],
                street,
            )
            await fill_keys(self.pool)
            flat = await self.row("insert into premises (house_id, flat) values ($1, '45') returning id", house)
            resident = await self.row(
                "insert into residents (premises_id, name) values ($1, 'Пётр Иванов') returning id", flat
            )
            crew = await self.row(
                "insert into crews (company_id, name) values ($1, 'Сантехники') returning id", self.ids[company]
            )
            for name, value in (("house", house), ("flat", flat), ("resident", resident), ("crew", crew)):
                self.ids[f"{company} {name}"] = value
            for row in await self.pool.fetch(
                "select id, code from categories where company_id = $1", self.ids[company]
            ):
                self.ids[f"{company} {row['code']}"] = row["id"]

    async def row(self, statement: str, *values: object) -> int:
        return int(await self.pool.fetchval(statement, *values))

    async def person(self, login: str, role: Role, company: str | None = None, crew: str | None = None) -> Person:
        of = None if company is None else self.ids[company]
        made = await self.row(
            "insert into operators (login, name, role, company_id, crew_id) values ($1, $1, $2, $3, $4) returning id",
            login,
            role,
            of,
            None if crew is None else self.ids[crew],
        )
        return Person(OperatorId(made), login, login, role, "ru", False, of)

    async def ticket(self, company: str = "north", **values: object) -> int:
        self.numbers += 1
        columns = {
            "company_id": self.ids[company],
            "number": self.numbers,
            "caller": "+79161234567",
            "opened_at": NOW + timedelta(minutes=self.numbers),
            **values,
        }
        blanks = ", ".join(f"${place}" for place in range(1, len(columns) + 1))
        statement = f"insert into tickets ({', '.join(columns)}) values ({blanks}) returning id"
        return await self.row(statement, *columns.values())

    async def due(self, ticket: int, in_minutes: float, warn_minutes: float = 10) -> None:
        at = datetime.now(UTC) + timedelta(minutes=in_minutes)
        await self.pool.execute(
            "insert into ticket_deadlines (ticket_id, step, due_at, warn_at) values ($1, 'clear', $2, $3)",
            ticket,
            at,
            at - timedelta(minutes=warn_minutes),
        )

    async def found(self, text: str, person: Person | None = None, **wanted: object) -> list[int]:
        search = Search.of(text)
        assert search is not None
        return ids(await self.journal.page(person or self.anna, JournalFilter(search=search, **wanted)))  # type: ignore[arg-type]

    async def listed(self, person: Person | None = None, **wanted: object) -> list[int]:
        return ids(await self.journal.page(person or self.anna, JournalFilter(**wanted)))  # type: ignore[arg-type]


def ids(page: JournalPage) -> list[int]:
    return [row["id"] for row in page.rows]


@pytest.fixture
async def office(database_url: str) -> AsyncIterator[Office]:
    pool = await open_pool(DatabaseSettings(url=database_url))
    office = Office(pool)
    await office.open()
    try:
        yield office
    finally:
        await pool.close()


@pytest.mark.parametrize(
    "text",
    [
        "протечка",
        "протечки",
        "ПРОТЕЧКОЙ",
        "протеч",
        "лесная",
        "Лесной 3",
        "ул. Лесная, д. 3, кв. 45",
        "Иванов",
        "иванову Петру",
        "пётр",
        "кровля на чердаке",
        "протекает или протечка на кр",
    ],
)
async def test_a_ticket_is_found_by_its_words_in_any_form(office: Office, text: str):
    wanted = await office.ticket(
        house_id=office.ids["north house"],
        premises_id=office.ids["north flat"],
        resident_id=office.ids["north resident"],
        subject="Протечка кровли",
        description="Протекает на чердаке или под крышей, дошло до квартиры.",
    )
    await office.ticket("south", subject="Вопрос о квитанции", description="Начисление за отопление.")
    assert await office.found(text) == [wanted]


@pytest.mark.parametrize(
    "text",
    [
        "+7 916 765-43-21",
        "89167654321",
        "9167654321",
        "8107 916 765-43-21",
        "+89167654321",
        "9167654321#12",
        "4321",
        "65-43-21",
        "Сидоров 79167654321",
    ],
)
async def test_a_ticket_is_found_by_either_telephone(office: Office, text: str):
    called = await office.ticket(caller="+79167654321", contact_name="Сидоров")
    told = await office.ticket(caller="+79030000001", contact_phone="+79167654321", contact_name="Козлова")
    await office.ticket(caller="+79167654320")
    assert await office.found(text) == ([called] if "Сидоров" in text else [told, called])


async def test_a_ticket_is_found_by_its_number_and_digits_may_also_be_a_telephone(office: Office):
    by_number = await office.ticket(number=4567, caller="+79030000001")
    by_phone = await office.ticket(number=12)
    assert await office.found("4567") == [by_phone, by_number]
    assert await office.found("№ 4567") == [by_number]
    assert await office.found("12") == [by_phone]


async def test_filters_hold_together(office: Office):
    crew, house = office.ids["north crew"], office.ids["north house"]
    mine = await office.ticket(
        house_id=house, crew_id=crew, operator_id=office.anna.id, state="assigned",
        category_id=office.ids["north paid"], payment="due",
    )  # fmt: skip
    closed = await office.ticket(state="closed", category_id=office.ids["north sewer"])
    other = await office.ticket("south", state="new", payment="refunded", category_id=office.ids["south paid"])
    assert await office.listed() == [other, closed, mine]
    assert await office.listed(states=OPEN) == [other, mine]
    assert await office.listed(states=(TicketState.CLOSED,)) == [closed]
    assert await office.listed(category_class="paid") == [other, mine]
    assert await office.listed(category=office.ids["north paid"]) == [mine]
    assert await office.listed(company=office.ids["north"]) == [closed, mine]
    assert await office.listed(house="лесн 3") == [mine]
    assert await office.listed(crew=crew) == [mine]
    assert await office.listed(operator=office.anna.id) == [mine]
    assert await office.listed(payments=("due", "paid", "refunded")) == [other, mine]
    assert await office.listed(payments=("due",), crew=crew, states=OPEN, house="Лесная") == [mine]
    assert await office.listed(since=NOW + timedelta(minutes=2), until=NOW + timedelta(minutes=3)) == [closed]


async def test_an_address_that_no_house_has_is_reported(office: Office):
    with pytest.raises(NoSuchHouse, match="few"):
        await office.listed(house="Лесная 33")
    with pytest.raises(NoSuchHouse, match="few"):
        await office.listed(house="' & ! <-> :*")
    await office.pool.execute(
        "insert into houses (company_id, city, street, building)"
        " select $1, 'Москва', 'Лесная ул.', n::text from generate_series(100, 300) n",
        office.ids["north"],
    )
    await fill_keys(office.pool)
    with pytest.raises(NoSuchHouse, match="many"):
        await office.listed(house="Лесная")


async def test_late_and_due_soon_are_asked_of_the_deadlines(office: Office):
    late, soon, fine, over, met = [await office.ticket() for _ in range(5)]
    await office.due(late, -1)
    await office.due(soon, 5)
    await office.due(fine, 60)
    await office.due(over, -1)
    await office.due(met, -1)
    await office.pool.execute("update tickets set state = 'cancelled', cancel_reason = 'повтор' where id = $1", over)
    await office.pool.execute("update ticket_deadlines set met_at = now() where ticket_id = $1", met)
    assert await office.listed(due="late") == [late]
    assert await office.listed(due="soon") == [soon]
    page = await office.journal.page(office.anna, JournalFilter())
    assert (page.late, page.soon) == (1, 1)
    south = await office.journal.page(office.anna, JournalFilter(company=office.ids["south"]))
    assert (south.late, south.soon) == (0, 0)


async def test_pages_neither_skip_nor_double_though_tickets_come_meanwhile(office: Office):
    # Three open at each moment, so that pages end amid them.
    made = [await office.ticket(opened_at=NOW + timedelta(minutes=n // 3)) for n in range(40)]
    seen: list[int] = []
    before = None
    while True:
        page = await office.journal.page(office.anna, JournalFilter(), before, size=7)
        seen += ids(page)
        if page.after is None:
            break
        before = page.after
        await office.ticket(opened_at=NOW + timedelta(days=1))
    assert seen == made[::-1]


async def test_the_newest_are_looked_at_first_and_the_rest_is_still_found(office: Office):
    rare = await office.ticket(subject="Застрял лифт")
    await office.pool.execute(
        "insert into tickets (company_id, number, caller, opened_at, subject)"
        " select $1, n, '', $2, case when n % 500 = 0 then 'Лифт стоит' else 'Вопрос' end from generate_series(1000, 3500) n",
        office.ids["north"],
        NOW + timedelta(days=1),
    )
    found = await office.found("лифт")
    assert len(found) == 7
    assert found[-1] == rare
    page = await office.journal.page(office.anna, JournalFilter(search=Search.of("лифт")), size=3)
    assert len(page.rows) == 3
    rest = await office.journal.page(office.anna, JournalFilter(search=Search.of("лифт")), page.after)
    assert ids(page) + ids(rest) == found


@pytest.mark.parametrize("every", [40, 300, 900])
async def test_words_are_found_page_by_page_however_far_back_they_are(office: Office, every: int):
    # Four a day for three years; of the older ones fewer say it than the newest let expect.
    made = await office.pool.fetch(
        "insert into tickets (company_id, number, caller, opened_at, subject)"
        " select $1, n, '', $2::timestamptz - make_interval(hours => 6 * n), case when n % $3 = 0 and (n < 2500 or n % 7 = 0)"
        " then 'Лифт стоит' else 'Вопрос' end from generate_series(1, 4400) n returning id, subject",
        office.ids["north"],
        NOW,
        every,
    )
    wanted = [row["id"] for row in made if row["subject"] == "Лифт стоит"]
    seen: list[int] = []
    before = None
    while True:
        page = await office.journal.page(office.anna, JournalFilter(search=Search.of("лифт")), before, size=4)
        seen += ids(page)
        if page.after is None:
            break
        before = page.after
    assert seen == wanted


async def test_words_of_some_weeks_are_found_without_those_of_all_years(office: Office):
    async with office.pool.acquire() as connection, connection.transaction():
        await connection.execute("set local enable_seqscan = off")
        weeks = await connection.fetchval("select journal_weeks($1, $2)", NOW - timedelta(days=60), NOW)
        plan = await connection.fetch(f"explain select from tickets t where t.search @@ 'лифт' and {weeks}")
    [used] = [row[0] for row in plan if "Index Cond" in row[0]]
    assert "search @@" in used
    assert "&&" in used


async def test_a_manager_finds_the_own_company_s_tickets_only(office: Office):
    manager = await office.person("maria", Role.MANAGER, "north")
    own = await office.ticket("north", subject="Протечка", house_id=office.ids["north house"])
    foreign = await office.ticket("south", subject="Протечка", house_id=office.ids["south house"])
    await office.due(foreign, -1)
    assert await office.found("протечка") == [foreign, own]
    assert await office.found("протечка", manager) == [own]
    assert await office.found("4567", manager) == [own]
    assert await office.listed(manager) == [own]
    assert await office.listed(manager, company=office.ids["south"]) == [own]
    assert (await office.journal.page(manager, JournalFilter())).late == 0
    with pytest.raises(NoSuchHouse):
        await office.listed(manager, house="Садовая 3")


async def test_the_database_itself_keeps_a_company_to_its_own_tickets(office: Office):
    """Asked directly for another company's, past the program's own check."""
    own = await office.ticket("north", subject="Протечка")
    foreign = await office.ticket("south", subject="Протечка")
    await office.due(foreign, -1)
    ask = "select journal_page($1, 50, null, null) as id"
    async with scoped_to(office.pool, office.ids["north"]) as connection:
        assert [row["id"] for row in await connection.fetch(ask, {"prefix": "протечка"})] == [own]
        assert await connection.fetch(ask, {"company": office.ids["south"]}) == []
        counted = await connection.fetchrow("select late, soon from journal_counts($1, null)", office.ids["south"])
        assert tuple(counted) == (0, 0)
    async with office.pool.acquire() as connection, connection.transaction():
        await connection.execute("set local role callcenter_company")
        assert await connection.fetch(ask, {}) == []
        assert tuple(await connection.fetchrow("select late, soon from journal_counts(null, null)")) == (0, 0)


async def test_one_of_a_crew_sees_what_the_crew_was_given(office: Office):
    kirill = await office.person("kirill", Role.CREW, "north", "north crew")
    given = await office.ticket(crew_id=office.ids["north crew"], state="assigned")
    other = await office.ticket()
    await office.due(given, -1)
    await office.due(other, -1)
    page = await office.journal.page(kirill, JournalFilter())
    assert (ids(page), page.late) == ([given], 1)


HOSTILE = [
    "'", "''';--", "\\", "\\' or 1=1", "%", "_%_", "&|!():*<->", "'протечка':*A", "@1", "@1 протечка", "\0\0а", "\ud800а",
    "а" * 5000, "* " * 500, "$1", "{}", "null", "٣٤٥٦٧", "12345678901234567890", "2147483648", "№ 999999999", "&amp;", "а'б:в",
    "протечка\\", "‮abc", "−5", "…", "12/3", "к'",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
async def test_whatever_is_typed_is_looked_for_and_nothing_else_happens(office: Office, text: str):
    await office.ticket("south")
    search = Search.of(text)
    if search is not None:
        assert await office.listed(search=search, company=office.ids["north"]) == []
        try:
            await office.listed(house=text)
        except NoSuchHouse:
            pass


async def test_filters_are_kept_by_name_up_to_a_limit(office: Office):
    for n in range(50):
        await office.journal.save(office.anna, f"filter {n:02}", "state=open")
    await office.journal.save(office.anna, "filter 07", "due=late")
    with pytest.raises(TooManyFilters):
        await office.journal.save(office.anna, "one more", "due=late")
    await office.journal.forget(office.anna, "filter 00")
    await office.journal.save(office.anna, "one more", "due=soon")
    saved = (await office.journal.choices(office.anna, None))["saved"]
    assert {each["name"]: each["query"] for each in saved} == {
        **{f"filter {n:02}": "state=open" for n in range(1, 50)},
        "filter 07": "due=late",
        "one more": "due=soon",
    }
    boris = await office.person("boris", Role.OPERATOR)
    assert (await office.journal.choices(boris, None))["saved"] == []
