"""What a step of a ticket changes besides its state. Everything here works inside the caller's transaction."""

from datetime import UTC, datetime
from typing import assert_never

from callcenter.common.scope import Connection
from callcenter.domain.deadlines import LimitStep
from callcenter.domain.ticket import Step
from callcenter.storage import queries
from callcenter.tickets.checks import Values
from callcenter.tickets.rows import lock, set_deadlines
from callcenter.tickets.ticket import BadEdit, Ticket

SQL = queries("tickets")
# Repairing the damage localises it too.
MET_WHEN_DONE = (LimitStep.LOCALISE, LimitStep.CLEAR, LimitStep.REPAIR)


async def consequences(
    connection: Connection, before: Ticket, step: Step, comment: str, crew: int | None, responsible: int | None
) -> Values:
    """What a step changes besides the state."""
    now = datetime.now(UTC)
    match step:
        case Step.ASSIGN:
            undone: Values = {"accepted_at": None, "started_at": None}
            return undone | await _assigned(connection, before, crew, responsible)
        case Step.ACCEPT:
            return {"accepted_at": now}
        case Step.START:
            return {"started_at": now}
        case Step.FINISH:
            return {"done_at": now, "result": comment}
        case Step.REFUSE:
            return dict.fromkeys(("crew_id", "responsible_id", "accepted_at", "started_at"))
        case Step.CLOSE:
            # Answered at once, without a crew: the comment is the result.
            return {"closed_at": now} | ({"result": comment} if comment and not before.result else {})
        case Step.CANCEL:
            return {"closed_at": now, "cancel_reason": comment}
        case Step.REOPEN:
            begun: Values = dict.fromkeys(("accepted_at", "started_at", "done_at", "closed_at"))
            return begun | {"result": "", "cancel_reason": ""}
    assert_never(step)


async def _assigned(connection: Connection, before: Ticket, crew: int | None, responsible: int | None) -> Values:
    if await connection.fetchval(SQL["crew_of"], crew, before.company_id) is None:
        raise BadEdit({"crew_id": "unknown"})
    person = await connection.fetchrow(SQL["responsible_of"], responsible or before.responsible_id, before.company_id)
    if responsible is not None and person is None:
        raise BadEdit({"responsible_id": "unknown"})
    fits = person is not None and (responsible is not None or person["crew_id"] in (None, crew))
    return {"crew_id": crew, "responsible_id": (responsible or before.responsible_id) if fits else None}


async def settle_deadlines(connection: Connection, before: Ticket, step: Step) -> None:
    """Which limits are met by a step, or begin to run again."""
    # Whoever does something with it waits no more.
    await connection.execute(SQL["resume"], before.id)
    if step is Step.FINISH:
        await connection.execute(SQL["met"], before.id, MET_WHEN_DONE)
    elif step is Step.REOPEN:
        await set_deadlines(connection, await lock(connection, None, before.id))
        await connection.execute(SQL["due_again"], before.id, MET_WHEN_DONE)
