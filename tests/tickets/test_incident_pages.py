"""An incident on its page: what goes to all its tickets at once, and what does not."""

import re

from callcenter.domain.ticket import TicketState
from callcenter.tickets.service import Ticket, TicketEdit
from tests.tickets.ticket_work import Work


async def incident_of(work: Work, tickets: int) -> tuple[Ticket, list[Ticket]]:
    incident = await work.ticket(subject="Холодная вода", category_id=work.ids["damage"])
    below = [await work.ticket(subject=f"Квартира {place}", parent_id=incident.id) for place in range(tickets)]
    return incident, below


async def kinds(work: Work, ticket: Ticket) -> list[tuple[str, str]]:
    return [(event.kind, event.comment) for event in await work.tickets.history(work.person, ticket.id)]


async def test_closing_goes_to_all_with_what_was_said(work: Work):
    incident, below = await incident_of(work, 3)
    other = await work.ticket()
    page = await (await work.vera.get(f"/tickets/{incident.id}")).text()
    assert "также для 3 открытых заявок аварии" in page
    closed = await work.vera.post(
        f"/tickets/{incident.id}/step", version=str(incident.version), step="close", comment="Вода есть", all="1"
    )
    assert closed.status == 303
    for ticket in (incident, *below):
        now = await work.now(ticket)
        assert (now.state, now.result) == (TicketState.CLOSED, "Вода есть")
        assert (await kinds(work, ticket))[-1] == ("moved", "Вода есть")
        assert [kind for kind, _ in await kinds(work, ticket)].count("moved") == 1
    assert (await work.now(other)).state is TicketState.NEW


async def test_without_the_tick_only_the_incident_is_changed(work: Work):
    incident, [child] = await incident_of(work, 1)
    await work.vera.post(f"/tickets/{incident.id}/comment", comment="Только сюда")
    await work.vera.post(f"/tickets/{incident.id}/step", version=str(incident.version), step="close", comment="")
    assert await kinds(work, child) == [("opened", "")]
    assert (await work.now(child)).state is TicketState.NEW


async def test_a_comment_goes_to_each_once_and_not_to_those_that_are_over(work: Work):
    incident, [first, second] = await incident_of(work, 2)
    await work.vera.post(f"/tickets/{second.id}/step", version=str(second.version), step="close", comment="Раньше")
    await work.vera.post(f"/tickets/{incident.id}/comment", comment=" Слесари на месте ", all="1")
    for ticket in (incident, first):
        assert [each for each in await kinds(work, ticket) if each[0] == "comment"] == [("comment", "Слесари на месте")]
    assert "comment" not in [kind for kind, _ in await kinds(work, second)]


async def test_a_new_expected_end_goes_to_all_and_another_edit_to_none(work: Work):
    incident, [child] = await incident_of(work, 1)
    await work.tickets.edit(work.person, child.id, child.version, TicketEdit(planned_from=None, subject="Своё"))
    form = await work.form(incident)
    await work.vera.post(f"/tickets/{incident.id}", **form | {"planned_until": "2026-03-05T18:30", "all": "1"})
    until = (await work.now(incident)).planned_until
    assert until is not None
    assert (await work.now(child)).planned_until == until
    alone = await work.now(child)
    await work.tickets.edit(work.person, child.id, alone.version, TicketEdit(planned_until=None))
    now = await work.now(incident)
    form = await work.form(now)
    await work.vera.post(f"/tickets/{incident.id}", **form | {"subject": "Вода", "all": "1"})
    assert ((await work.now(incident)).subject, (await work.now(child)).planned_until) == ("Вода", None)


async def test_a_refused_step_changes_none_of_them(work: Work):
    incident, [child] = await incident_of(work, 1)
    refused = await work.vera.post(
        f"/tickets/{incident.id}/step", version=str(incident.version), step="cancel", comment=" ", all="1"
    )
    stale = await work.vera.post(f"/tickets/{incident.id}/step", version="99", step="close", comment="", all="1")
    assert (refused.status, stale.status) == (422, 409)
    assert await kinds(work, child) == [("opened", "")]


async def test_whoever_may_only_comment_comments_on_one(work: Work):
    incident, [child] = await incident_of(work, 1)
    async with work.site.browser("maria") as maria:
        page = await (await maria.get(f"/tickets/{incident.id}")).text()
        assert 'name="all"' not in page
        assert (await maria.post(f"/tickets/{incident.id}/comment", comment="От компании", all="1")).status == 303
    assert ("comment", "От компании") in await kinds(work, incident)
    assert await kinds(work, child) == [("opened", "")]


async def test_the_page_shows_more_than_a_hundred_in_pages(work: Work):
    incident = await work.ticket(subject="Холодная вода")
    await work.site.pool.execute(
        "insert into tickets (company_id, number, caller, opened_at, subject, parent_id)"
        " select company_id, 100 + n, '', now(), 'Вода', id from tickets, generate_series(1, 612) n where id = $1",
        incident.id,
    )
    seen, path = [], f"/tickets/{incident.id}"
    while path:
        text = await (await work.vera.get(path)).text()
        assert "(612)" in text
        seen += [int(number) for number in re.findall(r">№ (\d+)</a>", text)]
        link = re.search(r'rel="next" href="([^"#]+)', text)
        path = link[1] if link else ""
    assert seen == [*range(101, 713)]
