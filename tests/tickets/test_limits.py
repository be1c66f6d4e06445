"""What is due of a ticket, and that an overdue one is a ticket where somebody failed (docs/journal.md)."""

from datetime import UTC, datetime, timedelta

import pytest

from callcenter.domain.deadlines import LimitStep
from callcenter.domain.ticket import NoTicketReason, Step, StepRefused, TicketEventKind
from callcenter.tickets.call_tickets import CallTickets
from callcenter.tickets.journal import DueFilter, Journal, JournalFilter
from callcenter.tickets.ticket import Ticket, TicketEdit
from callcenter.tickets.waiting import Waiting
from tests.calls.card_work import CALL, Desk, desk
from tests.tickets.ticket_work import Work, work

__all__ = ["desk", "work"]
MINUTE = timedelta(minutes=1)


async def shift(work: Work, ticket: Ticket, minutes: int) -> None:
    """As if everything about this ticket had been so long ago."""
    for statement in (
        "update tickets set opened_at = opened_at - $2::interval, closed_at = closed_at - $2::interval,"
        " waiting_since = waiting_since - $2::interval where id = $1",
        "update ticket_deadlines set due_at = due_at - $2::interval, warn_at = warn_at - $2::interval,"
        " met_at = met_at - $2::interval, held_at = held_at - $2::interval where ticket_id = $1",
    ):
        await work.site.pool.execute(statement, ticket.id, minutes * MINUTE)


async def late(work: Work) -> set[int]:
    """The open tickets that the journal lists as late."""
    found = await Journal(work.site.pool).page(work.person, JournalFilter(due=DueFilter.LATE))
    return {row["id"] for row in found.rows}


async def late_in_reports(work: Work) -> set[int]:
    rows = await work.site.pool.fetch("select id from tickets where late_from < coalesce(closed_at, now())")
    return {row["id"] for row in rows}


async def test_a_ticket_without_a_category_has_the_companys_limits(work: Work):
    ticket = await work.ticket(contact_name="Иванова")
    assert [(line.step, line.due_at - ticket.opened_at) for line in ticket.deadlines] == [("tell", 30 * MINUTE)]
    company = f"/directory/companies/{work.ids['company']}"
    answer = await work.vera.post(f"{company}/limits", **{"tell.minutes": "10", "tell.warn_before": "10"})
    assert answer.status == 422
    given = {"tell.minutes": "15", "tell.warn_before": "5", "repair.minutes": "1440"}
    assert (await work.vera.post(f"{company}/limits", **given)).status == 303
    assert 'value="1440"' in await (await work.vera.get(f"{company}/limits")).text()
    assert "15 мин" in (await (await work.vera.get(company)).text()).replace("\u00a0", " ")
    ticket = await work.ticket(contact_name="Иванова")
    assert {line.step: line.due_at - ticket.opened_at for line in ticket.deadlines} == {
        "tell": 15 * MINUTE,
        "repair": 1440 * MINUTE,
    }
    # With a category its limits apply, and without one the company's again.
    ticket = await work.tickets.edit(work.person, ticket.id, 2, TicketEdit(category_id=work.ids["sewer"]))
    assert {line.step for line in ticket.deadlines} == {"tell", "clear"}
    ticket = await work.tickets.edit(work.person, ticket.id, 3, TicketEdit(category_id=None))
    assert {line.step for line in ticket.deadlines} == {"tell", "repair"}


async def test_a_ticket_that_a_call_opened_has_them_once_the_call_is_over(desk: Desk):
    own = (await desk.answered()).ticket
    assert own is not None
    end = (
        "update calls set state = 'ended', outcome = 'answered', ended_at = now(), talk_ended_at = now() where id = $1"
    )
    await desk.work.tickets.mark(desk.work.person, own.id, TicketEventKind.TOLD)
    await desk.site.pool.execute(end, CALL)
    ticket = await desk.work.tickets.get(desk.work.person, own.id)
    assert ticket is not None
    [line] = ticket.deadlines
    assert (line.step, line.due_at - ticket.opened_at) == ("tell", 30 * MINUTE)
    assert line.met_at is not None


async def test_nobody_failed_to_tell_whom_there_is_nobody_to_tell(work: Work):
    found = await work.ticket(category_id=work.ids["damage"], house_id=work.ids["house"])
    assert LimitStep.TELL not in {line.step for line in found.deadlines}
    reported = await work.tickets.edit(work.person, found.id, found.version, TicketEdit(contact_phone="89001234567"))
    assert LimitStep.TELL in {line.step for line in reported.deadlines}


async def test_below_an_incident_the_limits_of_the_work_are_the_incidents(work: Work):
    incident = await work.ticket(category_id=work.ids["damage"])
    flat = await work.ticket(category_id=work.ids["damage"], contact_name="Иванова")
    below = await work.tickets.edit(work.person, flat.id, flat.version, TicketEdit(parent_id=incident.id))
    assert {line.step for line in below.deadlines} == {"tell"}
    alone = await work.tickets.edit(work.person, flat.id, below.version, TicketEdit(parent_id=None))
    assert {line.step for line in alone.deadlines} == {"tell", "localise", "repair"}


async def test_while_a_ticket_waits_for_the_resident_the_limits_of_the_work_do_not_run(work: Work):
    ticket = await work.ticket(category_id=work.ids["sewer"], contact_name="Иванова")
    page = f"/tickets/{ticket.id}"
    answer = await work.vera.post(f"{page}/wait", comment=" ")
    assert answer.status == 422
    assert "Напишите причину или что сделано." in await answer.text()
    assert (await work.vera.post(f"{page}/wait", comment="Никого нет дома")).status == 303
    await shift(work, ticket, 180)
    assert "ждёт жителя" in await (await work.vera.get(page)).text()
    found = await Journal(work.site.pool).page(work.person, JournalFilter(due=DueFilter.WAITING))
    assert [row["id"] for row in found.rows] == [ticket.id]
    now = await work.now(ticket)
    # Two hours for the sewer are over, and it is nobody's failure; the half hour in which to tell runs on.
    assert {line.step: line.late(datetime.now(UTC)) for line in now.deadlines} == {"tell": True, "clear": False}
    await work.tickets.mark(work.person, ticket.id, TicketEventKind.TOLD)
    assert (await work.vera.post(f"{page}/wait", over="1")).status == 303
    resumed = await work.now(ticket)
    [clear] = [line for line in resumed.deadlines if line.step == "clear"]
    assert abs(clear.due_at - datetime.now(UTC) - 120 * MINUTE) < MINUTE
    # The time is not lost with another change of what decides the limits.
    again = await work.tickets.edit(work.person, ticket.id, resumed.version, TicketEdit(contact_name="Иванова А."))
    [kept] = [line for line in again.deadlines if line.step == "clear"]
    assert abs(kept.due_at - clear.due_at) < MINUTE
    kinds = [event.kind for event in await work.tickets.history(work.person, ticket.id)]
    assert kinds[1:4] == ["waiting", "told", "resumed"]


async def test_a_step_ends_the_waiting_and_what_is_over_does_not_wait(work: Work):
    ticket = await work.ticket(category_id=work.ids["sewer"])
    await Waiting(work.site.pool, work.tickets).wait(work.person, ticket.id, "В отъезде до пятницы")
    ticket = await work.tickets.step(work.person, ticket.id, None, Step.ASSIGN, crew_id=work.ids["crew"])
    assert ticket.waiting_since is None
    assert [line.held_at for line in ticket.deadlines] == [None]
    await work.tickets.step(work.person, ticket.id, None, Step.CANCEL, comment="Передумали")
    with pytest.raises(StepRefused):
        await Waiting(work.site.pool, work.tickets).wait(work.person, ticket.id, "Никого нет дома")


async def test_an_overdue_ticket_is_one_where_somebody_failed(desk: Desk):
    """By the rule, by the journal and by the reports alike."""
    work = desk.work

    async def sewer(**more: object) -> Ticket:
        return await work.ticket(category_id=work.ids["sewer"], **more)

    failed = {
        "not done": await sewer(subject="Не сделано"),
        "not told": await work.ticket(contact_name="Иванова", subject="Не сказали"),
        "late before it waited": await sewer(subject="Опоздали, потом ждали"),
        "closed after it was late": await sewer(subject="Закрыта поздно"),
    }
    fine = {
        "done in time, closed late": await sewer(subject="Сделано вовремя"),
        "waits": await sewer(subject="Ждёт жителя"),
        "no category, told": await work.ticket(contact_name="Иванова", subject="Сказали"),
        "closed in time": await sewer(subject="Ответили сразу"),
        "nobody to tell": await work.ticket(subject="Сами увидели"),
    }
    for name in ("done in time, closed late",):
        for step in (Step.ASSIGN, Step.START, Step.FINISH):
            await work.tickets.step(
                work.person, fine[name].id, None, step, crew_id=work.ids["crew"], comment="Прочистили"
            )
    await Waiting(work.site.pool, work.tickets).wait(work.person, fine["waits"].id, "Никого нет дома")
    await work.tickets.mark(work.person, fine["no category, told"].id, TicketEventKind.TOLD)
    await work.tickets.step(work.person, fine["closed in time"].id, None, Step.CLOSE)
    for ticket in (*failed.values(), *fine.values()):
        await shift(work, ticket, 150)
    await Waiting(work.site.pool, work.tickets).wait(work.person, failed["late before it waited"].id, "Никого нет дома")
    await work.tickets.step(work.person, failed["closed after it was late"].id, None, Step.CLOSE)
    await work.tickets.step(work.person, fine["done in time, closed late"].id, None, Step.CLOSE)
    # A call that needed no ticket after all, of which somebody said so late.
    own = (await desk.answered()).ticket
    assert own is not None
    needless = await work.tickets.get(work.person, own.id)
    assert needless is not None
    await work.site.pool.execute("select default_deadlines($1)", own.id)
    await shift(work, needless, 150)
    await CallTickets(work.site.pool, work.tickets).without(work.person, CALL, NoTicketReason.SILENCE)
    fine["needless"] = needless

    now = datetime.now(UTC)
    for name, ticket in failed.items():
        assert (await work.now(ticket)).is_overdue(now), name
    for name, ticket in fine.items():
        assert not (await work.now(ticket)).is_overdue(now), name
    over = {failed["closed after it was late"].id}
    assert await late(work) == {ticket.id for ticket in failed.values()} - over
    assert await late_in_reports(work) == {ticket.id for ticket in failed.values()}
