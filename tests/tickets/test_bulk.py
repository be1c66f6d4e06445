"""One action on many tickets of the journal."""

import re

import pytest

from callcenter.domain.ticket import Step, TicketState
from callcenter.tickets.bulk import MOST, Bulk, BulkAction, BulkOrder
from callcenter.tickets.ticket import Ticket
from tests.site import Browser
from tests.tickets.ticket_work import Work, work

__all__ = ["work"]


async def send(work: Work, tickets: list[Ticket], **form: str) -> tuple[int, str]:
    """The status and the page, as a browser sends the form without scripts."""
    data = [("ticket", str(ticket.id)) for ticket in tickets] + list(form.items())
    answer = await work.vera.http.post(
        "/tickets/bulk", data=data, headers={"Origin": work.vera.origin}, allow_redirects=False
    )
    return answer.status, " ".join((await answer.text()).split())


async def states(work: Work, tickets: list[Ticket]) -> list[str]:
    return [(await work.now(ticket)).state for ticket in tickets]


async def test_hundreds_are_closed_with_one_reason_in_one_go(work: Work):
    pool = work.site.pool
    await pool.execute(
        "insert into tickets (company_id, number, caller, opened_at, source)"
        " select $1, n, '', now(), 'other' from generate_series(1, 400) n",
        work.ids["company"],
    )
    status, text = await send(work, [], every="1", query="state=open", action="close", comment="Воду дали")
    assert (status, "Сделано с 400 заявками" in text) == (200, True)
    closed = await pool.fetchval("select count(*) from tickets where state = 'closed' and result = 'Воду дали'")
    assert closed == 400
    # Each has its own entry in its history.
    assert (
        await pool.fetchval("select count(*) from ticket_events where kind = 'moved' and comment = 'Воду дали'") == 400
    )


async def test_those_that_cannot_are_named_and_the_rest_is_done(work: Work):
    tickets = [await work.ticket(subject=f"Заявка {n}") for n in range(3)]
    busy = await work.tickets.step(work.person, tickets[1].id, None, Step.ASSIGN, crew_id=work.ids["crew"])
    status, text = await send(work, tickets, action="close", comment="Ответили по телефону")
    assert (status, "Сделано с 2 заявками" in text, "1 заявка осталась как была" in text) == (200, True, True)
    assert (
        f'<a href="/tickets/{busy.id}">№ {busy.number}</a><span class="what">состояние заявки этого не позволяет'
        in text
    )
    assert await states(work, tickets) == ["closed", "assigned", "closed"]


async def test_all_chosen_are_assigned_and_joined_under_an_incident(work: Work):
    tickets = [await work.ticket(subject=f"Нет воды {n}") for n in range(3)]
    incident = await work.ticket(subject="Нет воды в доме")
    assert (await send(work, tickets, action="assign", crew_id=str(work.ids["crew"])))[0] == 200
    assert {(await work.now(ticket)).crew_id for ticket in tickets} == {work.ids["crew"]}
    status, text = await send(work, [*tickets, incident], action="join", incident=f"№ {incident.number}")
    assert status == 200
    assert {(await work.now(ticket)).parent_id for ticket in tickets} == {incident.id}
    assert "это сама авария или у заявки есть подчинённые" in text


@pytest.mark.parametrize("below", [True, False])
async def test_closing_an_incident_closes_what_is_below_it_unless_told_otherwise(work: Work, below: bool):
    incident = await work.ticket(subject="Дом")
    flats = [await work.ticket(subject=f"Кв. {n}", parent_id=incident.id) for n in range(2)]
    more = {"below": "1"} if below else {}
    assert (await send(work, [incident], action="close", comment="Починили", **more))[0] == 200
    assert await states(work, [incident, *flats]) == ["closed", *(["closed"] * 2 if below else ["new"] * 2)]


async def test_what_an_incident_took_along_is_not_named_as_left(work: Work):
    incident = await work.ticket(subject="Дом")
    flats = [await work.ticket(subject=f"Кв. {n}", parent_id=incident.id) for n in range(2)]
    status, text = await send(work, [incident, *flats], action="close", comment="Починили", below="1")
    assert (status, "Сделано с 3 заявками" in text, "осталась" in text) == (200, True, False)


async def test_what_lacks_a_crew_a_reason_or_a_choice_is_refused_whole(work: Work):
    ticket = await work.ticket(subject="Течь")
    for form, said in (
        ({"action": "assign"}, "Сначала выберите бригаду."),
        ({"action": "join", "incident": " "}, "Сначала укажите номер аварии."),
        ({"action": "close"}, "Сначала напишите причину или результат."),
    ):
        status, text = await send(work, [ticket], **form)
        assert (status, said in text) == (422, True)
    status, text = await send(work, [], action="cancel", comment="x")
    assert (status, "Не выбрано ни одной заявки." in text) == (422, True)
    assert (await send(work, [ticket], action="delete", comment="x"))[0] == 400
    assert (await work.now(ticket)).state is TicketState.NEW
    data = [("ticket", str(n)) for n in range(1, MOST + 2)] + [("action", "cancel"), ("comment", "x")]
    answer = await work.vera.http.post("/tickets/bulk", data=data, headers={"Origin": work.vera.origin})
    assert answer.status == 422


async def test_nothing_is_done_when_the_whole_fails(work: Work):
    tickets = [await work.ticket(subject=f"Заявка {n}") for n in range(3)]

    async def fail(_connection: object, ticket: Ticket, _what: object) -> None:
        if ticket.id == tickets[2].id:
            raise OSError("the database is away")

    with pytest.raises(OSError, match="away"):
        await Bulk(work.site.pool, work.tickets.also(fail)).carry_out(
            work.person, [each.id for each in tickets], BulkOrder(action=BulkAction.CANCEL, comment="Лишние")
        )
    assert await states(work, tickets) == ["new", "new", "new"]


async def test_who_changes_no_tickets_is_offered_no_choice(work: Work):
    await work.ticket(subject="Течь")
    async with work.site.browser("maria") as maria:
        assert await boxes(maria) == []
    assert len(await boxes(work.vera)) == 1


async def boxes(browser: Browser) -> list[str]:
    return re.findall(r'name="ticket" value="(\d+)"', await (await browser.get("/tickets")).text())
