"""An incident and its tickets in the journal: one line for all of them, and each still found."""

from datetime import timedelta

import pytest

from callcenter.domain.access import Role
from callcenter.domain.ticket import OPEN, TicketState
from callcenter.tickets.journal import JournalFilter
from tests.tickets.test_journal import NOW, Office, ids, office

__all__ = ["office"]


@pytest.fixture
async def outage(office: Office) -> dict[str, int]:
    """An incident of cold water, with a ticket each of three flats, and a ticket beside it."""
    house, category = office.ids["north house"], office.ids["north damage"]
    incident = await office.ticket(subject="Холодная вода: Лесная, 3", house_id=house, category_id=category)
    found = {"incident": incident}
    for name, state in (("one", "new"), ("two", "closed"), ("three", "new")):
        found[name] = await office.ticket(
            subject="Холодная вода", house_id=house, parent_id=incident, state=state, contact_name=f"Кузнецова {name}"
        )
    return found | {"other": await office.ticket(subject="Протечка")}


async def test_the_tickets_of_an_incident_are_one_line_that_counts_them(office: Office, outage: dict[str, int]):
    page = await office.journal.page(office.anna, JournalFilter())
    assert ids(page) == [outage["other"], outage["incident"]]
    assert [row["below"] for row in page.rows] == [None, {"new": 2, "closed": 1}]


async def test_a_ticket_whose_incident_is_not_found_has_a_line_of_its_own(office: Office, outage: dict[str, int]):
    assert await office.listed(states=(TicketState.CLOSED,)) == [outage["two"]]
    assert await office.listed(states=OPEN) == [outage["other"], outage["incident"]]
    assert await office.listed(since=NOW + timedelta(minutes=2)) == [
        outage["other"], outage["three"], outage["two"], outage["one"],
    ]  # fmt: skip
    await office.due(outage["one"], -5)
    assert await office.listed(due="late") == [outage["one"]]
    await office.due(outage["incident"], -5)
    assert await office.listed(due="late") == [outage["incident"]]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("холодная вода", ["incident"]),
        ("Кузнецова", ["three", "two", "one"]),
        ("кузнецова two", ["two"]),
        ("№ 3", ["two"]),
        ("4567", ["other", "incident"]),
    ],
)
async def test_a_search_folds_only_what_the_incident_has_too(
    office: Office, outage: dict[str, int], text: str, found: list[str]
):
    assert await office.found(text) == [outage[name] for name in found]


async def test_a_rare_word_beyond_the_newest_is_folded_as_well(office: Office, outage: dict[str, int]):
    """More tickets than are looked through first."""
    await office.pool.execute(
        "insert into tickets (company_id, number, caller, opened_at, subject, parent_id)"
        " select $1, 10 + n, '', $2::timestamptz + make_interval(secs => n), case when n = 4000 then 'Домофон' else 'Лифт' end, $3"
        " from generate_series(1, 5000) n",
        office.ids["north"],
        NOW + timedelta(days=1),
        outage["incident"],
    )
    assert await office.found("холодная вода") == [outage["incident"]]
    assert len(await office.found("домофон")) == 1
    assert len(await office.found("лифт")) == 50


async def test_pages_have_every_line_once(office: Office):
    """Tickets of incidents among all others, incidents opened before and after them."""
    lines, children, made = [], 0, 0
    incidents = [await office.ticket(subject="Авария") for _ in range(2)]
    lines += incidents
    for place in range(150):
        if place % 3:
            await office.ticket(parent_id=incidents[place % 2])
            children += 1
        else:
            lines.append(await office.ticket())
    late = await office.ticket(subject="Позже")
    await office.pool.execute("update tickets set parent_id = $1 where id = $2", late, lines.pop(2))
    lines.append(late)
    seen: list[int] = []
    before = None
    while before is not None or not made:
        page = await office.journal.page(office.anna, JournalFilter(), before, size=10)
        seen, before, made = seen + ids(page), page.after, made + 1
    assert seen == sorted(lines, reverse=True)
    assert children == 100


async def test_the_tickets_below_come_in_pages_by_number(office: Office, outage: dict[str, int]):
    for _ in range(220):
        await office.ticket(parent_id=outage["incident"])
    first = await office.journal.below(office.anna, outage["incident"])
    assert (first.count, first.open) == (223, 222)
    assert first.by_state == {TicketState.NEW: 222, TicketState.CLOSED: 1}
    assert first.after is not None
    second = await office.journal.below(office.anna, outage["incident"], first.after)
    assert second.after is not None
    third = await office.journal.below(office.anna, outage["incident"], second.after)
    numbers = [row["number"] for part in (first, second, third) for row in part.rows]
    assert (numbers, third.after) == ([*range(2, 5), *range(6, 226)], None)


async def test_people_see_below_an_incident_what_is_theirs(office: Office, outage: dict[str, int]):
    manager = await office.person("boss", Role.MANAGER, "north")
    stranger = await office.person("stranger", Role.MANAGER, "south")
    fitter = await office.person("fitter", Role.CREW, "north", "north crew")
    for ticket in (outage["incident"], outage["two"]):
        await office.pool.execute("update tickets set crew_id = $1 where id = $2", office.ids["north crew"], ticket)
    assert (await office.journal.below(manager, outage["incident"])).count == 3
    assert (await office.journal.below(stranger, outage["incident"])).count == 0
    seen = await office.journal.below(fitter, outage["incident"])
    assert ([row["id"] for row in seen.rows], seen.by_state) == ([outage["two"]], {TicketState.CLOSED: 1})
    [line] = (await office.journal.page(fitter, JournalFilter())).rows
    assert (line["id"], line["below"]) == (outage["incident"], {"closed": 1})


async def test_a_program_still_gets_every_ticket(office: Office, outage: dict[str, int]):
    """The interface asks the same function, and folds nothing."""
    rows = await office.pool.fetch("select journal_page($1, 50, null, null) as id", {"company": office.ids["north"]})
    assert {row["id"] for row in rows} == set(outage.values())
