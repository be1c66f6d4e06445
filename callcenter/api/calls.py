"""Calls and details of their recordings: read only. The audio itself is for people with a login."""

from typing import Annotated

from aiohttp import web
from pydantic import Field

from callcenter.api.endpoint import ApiRequest, endpoints
from callcenter.api.finding import statement
from callcenter.api.types import (
    CallName,
    Id,
    Limit,
    LongId,
    Moment,
    PageModel,
    QueryModel,
    ResponseModel,
    Telephone,
    page_of,
)
from callcenter.common.scope import audit, scoped
from callcenter.domain.access import Permission, Scope
from callcenter.domain.audit import AuditAction, AuditSubject
from callcenter.domain.call import CallState, Direction, Outcome
from callcenter.domain.recording import RecordingState
from callcenter.domain.talk import Party
from callcenter.storage import queries

SQL = queries("api")
READ = (Scope.CALLS_READ, Permission.SEE_TICKETS)


class CallModel(ResponseModel):
    """A call. `wait_s` and `talk_s` are seconds; `did` is the number dialled, or with `out` the one shown to the `caller`, who
    is called then."""

    id: str
    direction: Direction
    company_id: int | None
    did: str
    caller: str
    state: CallState
    outcome: Outcome | None
    ended_by: Party | None
    arrived_at: Moment
    answered_at: Moment | None
    ended_at: Moment | None
    wait_s: float | None
    talk_s: float | None
    ticket_id: int | None


class RecordingModel(ResponseModel):
    """Details of a recording. `sha256` is of its WAV file, in hexadecimal; `duration_s` are seconds."""

    id: int
    call_id: str | None
    ticket_id: int | None
    state: RecordingState
    sha256: str | None
    size: int | None
    duration_s: float | None
    recorded_at: Moment | None
    defect: str | None


class PageOfCalls(QueryModel):
    """Which calls."""

    company_id: Id | None = None
    since: Annotated[Moment | None, Field(description="arrived at this time or later")] = None
    until: Annotated[Moment | None, Field(description="arrived before this time")] = None
    caller: Telephone | None = None
    outcome: Outcome | None = None
    cursor: CallName | None = None
    limit: Limit = 50


class PageOfRecordings(QueryModel):
    """Which recordings."""

    call_id: CallName | None = None
    ticket_id: LongId | None = None
    cursor: LongId | None = None
    limit: Limit = 50


@endpoints.get("/calls", *READ)
async def calls(call: ApiRequest, query: PageOfCalls) -> PageModel[CallModel]:
    """Calls, the last one first."""
    person = call.person
    async with scoped(call.pool, person) as connection:
        before: tuple[object, ...] = (None,)
        if query.cursor is not None:
            arrived_at = await connection.fetchval(SQL["arrived_at"], person.company_id, query.cursor)
            if arrived_at is None:
                return page_of(CallModel, [], query.limit)
            before = (arrived_at, query.cursor)
        conditions = {
            "c.company_id = {}": (person.company_id,),
            "{} = c.company_id": (query.company_id,),
            "c.arrived_at >= {}": (query.since,),
            "c.arrived_at < {}": (query.until,),
            "c.caller = {}": (query.caller,),
            "c.outcome = {}": (query.outcome,),
            "(c.arrived_at, c.id) < ({}, {})": before,
        }
        asked, values = statement(SQL["calls"], conditions, "c.arrived_at desc, c.id desc", query.limit + 1)
        rows = await connection.fetch(asked, *values)
    return page_of(CallModel, rows, query.limit)


@endpoints.get("/calls/{call_id}", *READ, problems=(404,))
async def phone_call(call: ApiRequest, call_id: CallName) -> CallModel:
    """One call."""
    async with scoped(call.pool, call.person) as connection:
        row = await connection.fetchrow(SQL["call"], call.person.company_id, call_id)
        if row is None:
            raise web.HTTPNotFound
        await audit(
            connection,
            AuditAction.VIEWED_CALL,
            person=call.person,
            subject=AuditSubject.CALL,
            subject_id=call_id,
            address=call.address,
        )
    return CallModel(**row)


@endpoints.get("/recordings", *READ)
async def recordings(call: ApiRequest, query: PageOfRecordings) -> PageModel[RecordingModel]:
    """Recordings, the last one first."""
    conditions = {
        "coalesce(t.company_id, c.company_id) = {}": (call.person.company_id,),
        "r.call_id = {}": (query.call_id,),
        "r.ticket_id = {}": (query.ticket_id,),
        "r.id < {}": (query.cursor,),
    }
    asked, values = statement(SQL["recordings"], conditions, "r.id desc", query.limit + 1)
    async with scoped(call.pool, call.person) as connection:
        rows = await connection.fetch(asked, *values)
    return page_of(RecordingModel, rows, query.limit)


@endpoints.get("/recordings/{recording_id}", *READ, problems=(404,))
async def recording(call: ApiRequest, recording_id: LongId) -> RecordingModel:
    """Details of one recording."""
    async with scoped(call.pool, call.person) as connection:
        row = await connection.fetchrow(SQL["recording"], call.person.company_id, recording_id)
    if row is None:
        raise web.HTTPNotFound
    return RecordingModel(**row)
