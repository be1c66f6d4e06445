"""Two tickets that are the same become one, and a call is attached to the ticket that it was about."""

import pytest

from callcenter.domain.ticket import Step, TicketEventKind, TicketState
from callcenter.storage import queries
from callcenter.tickets.call_tickets import CallTickets
from callcenter.tickets.merging import MergeRefused, Merging
from callcenter.tickets.ticket import Ticket, TicketEdit
from tests.calls.card_work import CALL, Desk, desk
from tests.messages import CALLER
from tests.tickets.ticket_work import Work, work

__all__ = ["desk", "work"]
CALLS = queries("ticket_page")["calls"]


async def merge(work: Work, one: Ticket, other: Ticket) -> Ticket:
    return await Merging(work.site.pool, work.tickets).merge(work.person, one.id, other.id, "")


async def fresh(work: Work, ticket_id: int) -> Ticket:
    found = await work.tickets.get(work.person, ticket_id)
    assert found is not None
    return found


async def test_everything_that_hangs_on_a_ticket_goes_to_the_one_it_is_merged_into(desk: Desk):
    work, pool = desk.work, desk.site.pool
    own = (await desk.answered()).ticket
    assert own is not None
    one = await fresh(work, own.id)
    other = await work.ticket(subject="Течь", house_id=work.ids["house"])
    child = await work.ticket(subject="Кв. 5", parent_id=one.id)
    await pool.execute(
        "insert into recordings (name, node, call_id, state, ticket_id, recorded_at, sha256, size, object_key)"
        " values ('a', 'node1', $1, 'attached', $2, now(), sha256('x'), 1, 'k')",
        CALL,
        one.id,
    )
    await pool.execute(
        "insert into ticket_files (ticket_id, name, media_type, size, sha256, object_key)"
        " values ($1, 'a.jpg', 'image/jpeg', 1, sha256('x'), 'k')",
        one.id,
    )
    await work.tickets.comment(work.person, one.id, "Звонит второй раз")
    before = await work.tickets.history(work.person, one.id)
    await merge(work, one, other)

    one, other = await fresh(work, one.id), await fresh(work, other.id)
    assert (one.state, one.merged_into, one.merged_into_number) == (TicketState.CANCELLED, other.id, other.number)
    assert one.cancel_reason == f"Объединена с заявкой № {other.number}"
    assert [row["id"] for row in await pool.fetch(CALLS, other.id)] == [CALL]
    assert (await desk.ticket_of())["id"] == other.id
    assert await pool.fetchval("select ticket_id from recordings") == other.id
    assert await pool.fetchval("select ticket_id from ticket_files") == other.id
    assert (await fresh(work, child.id)).parent_id == other.id
    # The history of each stays with it, and each says which the other one was.
    kept = await work.tickets.history(work.person, one.id)
    assert kept[: len(before)] == before
    assert kept[-1].changes["merged"] == (None, other.number)
    assert (await work.tickets.history(work.person, other.id))[-1].changes["merged"] == (None, one.number)
    # Whoever has the call on the screen sees the other ticket.
    shown = (await desk.shown()).ticket
    assert shown is not None
    assert shown.id == other.id
    audited = await pool.fetchrow("select subject_id, details from audit_log where action = 'merged tickets'")
    assert (audited["subject_id"], audited["details"]) == (str(one.id), {"into": other.id})


async def test_what_the_other_ticket_does_not_say_is_taken_over_and_the_earlier_limit_counts(work: Work):
    pool = work.site.pool
    one = await work.ticket(category_id=work.ids["sewer"], subject="Засор", premises_id=work.ids["flat"])
    # Opened an hour before, and the resident was told at once.
    await pool.execute("update tickets set opened_at = opened_at - interval '1 hour'")
    await work.tickets.edit(work.person, one.id, one.version, TicketEdit(contact_name="Иванова"))
    await work.tickets.mark(work.person, one.id, TicketEventKind.TOLD)
    other = await work.ticket(description="Вода стоит в ванной")
    due = {line.step: (line.due_at, line.met_at) for line in (await fresh(work, one.id)).deadlines}
    assert due.keys() == {"tell", "clear"}
    kept = await merge(work, one, other)
    assert (kept.category, kept.subject, kept.description, kept.flat) == (
        "sewer", "Засор", "Вода стоит в ванной", "12А",
    )  # fmt: skip
    assert {line.step: (line.due_at, line.met_at) for line in kept.deadlines} == due
    # The other one is late no more: nobody failed twice.
    assert await pool.fetchval("select late_from from tickets where id = $1", one.id) is None


@pytest.mark.parametrize("which", ["first into second", "second into first"])
async def test_a_second_ticket_of_a_call_is_merged_with_the_first_either_way(desk: Desk, which: str):
    work = desk.work
    own = (await desk.answered()).ticket
    assert own is not None
    second = await CallTickets(desk.site.pool, work.tickets).another(work.person, CALL)
    pair = [await fresh(work, own.id), second]
    one, other = pair if which == "first into second" else reversed(pair)
    await merge(work, one, other)
    found = await desk.details()
    assert [each["id"] for each in found["tickets"]] == [other.id]
    assert [row["id"] for row in await desk.site.pool.fetch(CALLS, other.id)] == [CALL]


async def test_what_cannot_be_merged_changes_nothing(work: Work):
    pool = work.site.pool
    one, other = await work.ticket(subject="Одна"), await work.ticket(subject="Другая")
    incident = await work.ticket(subject="Дом")
    over = await work.ticket(subject="Закрыта")
    await work.tickets.step(work.person, over.id, None, Step.CLOSE)
    child = await work.ticket(subject="Квартира", parent_id=incident.id)
    held = await work.ticket(subject="Иск")
    await pool.execute(
        "insert into legal_holds (ticket_id, reason, placed_by) values ($1, 'Иск', $2)", held.id, work.person.id
    )
    company = await pool.fetchval("insert into companies (name) values ('Другая УК') returning id")
    foreign = await pool.fetchval(
        "insert into tickets (company_id, number, caller, opened_at) values ($1, 1, '', now()) returning id", company
    )
    before = await pool.fetchval("select sum(version) from tickets")
    for ticket, into, code in (
        (one, one.id, "same"), (one, over.id, "over"), (over, one.id, "over"), (held, one.id, "held"),
        (incident, child.id, "linked"), (one, foreign, "unknown"), (one, None, "unknown"),
    ):  # fmt: skip
        with pytest.raises(MergeRefused) as refused:
            await Merging(pool, work.tickets).merge(work.person, ticket.id, into, "")
        assert refused.value.code == code
    assert await pool.fetchval("select sum(version) from tickets") == before
    assert (await fresh(work, other.id)).state is TicketState.NEW


async def test_the_page_merges_by_number_and_says_what_is_wrong(work: Work):
    one, other = await work.ticket(subject="Течь"), await work.ticket(subject="Та же течь")
    answer = await work.vera.post(f"/tickets/{other.id}/merge", number="№ 999")
    assert answer.status == 409
    text = await answer.text()
    assert "В этой компании нет заявки с таким номером." in text
    assert 'value="№ 999"' in text
    answer = await work.vera.post(f"/tickets/{other.id}/merge", number=f"№ {one.number}")
    assert (answer.status, answer.headers["Location"]) == (303, f"/tickets/{one.id}")
    assert (
        f'href="/tickets/{other.id}">№ {other.number}</a>' in await (await work.vera.get(f"/tickets/{one.id}")).text()
    )
    merged = await (await work.vera.get(f"/tickets/{other.id}")).text()
    assert "Объединена с заявкой №" in merged
    assert f'href="/tickets/{one.id}">{one.number}</a>' in merged


async def test_a_missed_call_is_attached_to_the_ticket_it_was_about(work: Work):
    pool = work.site.pool
    ticket = await work.ticket(subject="Лифт", contact_phone=CALLER)
    await pool.execute(
        "insert into calls (id, node, company_id, did, caller, state, outcome, arrived_at, ended_at)"
        " values ('missed', 'node1', $1, '74951234567', $2, 'ended', 'abandoned', now(), now())",
        work.ids["company"],
        CALLER,
    )
    assert '<option value="missed">' in await (await work.vera.get(f"/tickets/{ticket.id}")).text()
    assert (await work.vera.post(f"/tickets/{ticket.id}/calls", call="missed")).status == 303
    assert [row["id"] for row in await pool.fetch(CALLS, ticket.id)] == ["missed"]
    assert '<option value="missed">' not in await (await work.vera.get(f"/tickets/{ticket.id}")).text()
    answer = await work.vera.post(f"/tickets/{ticket.id}/calls", call="nobody's")
    assert answer.status == 409
    assert "Этого звонка или этой заявки больше нет." in await answer.text()
