"""Outages: what is off where. Found, read, opened, changed, moved, given other houses, on the same path as a person's."""

from pydantic import ValidationError

from callcenter.api.endpoint import ApiRequest, endpoints
from callcenter.api.finding import statement
from callcenter.api.outage_models import (
    NewOutageModel,
    NewOutagePlaces,
    NewOutageStep,
    OutageEditModel,
    OutageEventModel,
    OutageKindModel,
    OutageLine,
    OutageModel,
    PageOfOutages,
)
from callcenter.api.types import All, Id, PageModel, page_of
from callcenter.common.scope import Connection, scoped
from callcenter.domain.access import Permission, Scope
from callcenter.outages.outage import BadOutage, NewOutage, Outage, OutageChange, OutageEdit
from callcenter.outages.service import OUTAGES, Outages
from callcenter.storage import queries

SQL = queries("api")
READ = (Scope.OUTAGES_READ, Permission.SEE_OUTAGES)
WRITE = (Scope.OUTAGES_WRITE, Permission.MANAGE_OUTAGES)


@endpoints.get("/outages", *READ)
async def outages(call: ApiRequest, query: PageOfOutages) -> PageModel[OutageLine]:
    """Outages, the one opened last first."""
    conditions = {
        "o.company_id = {}": (call.person.company_id,),
        "{} = o.company_id": (query.company_id,),
        "o.state = {}": (query.state,),
        "(o.state in ('closed', 'cancelled')) <> {}": (query.open,),
        "exists (select from outage_places p where p.outage_id = o.id and p.house_id = {})": (query.house_id,),
        "o.id < {}": (query.cursor,),
    }
    asked, values = statement(SQL["outages"], conditions, "o.id desc", query.limit + 1)
    async with scoped(call.pool, call.person) as connection:
        rows = await connection.fetch(asked, *values)
    return page_of(OutageLine, rows, query.limit)


@endpoints.get("/outages/{outage_id}", *READ, problems=(404,))
async def outage(call: ApiRequest, outage_id: Id) -> OutageModel:
    """One outage."""
    return OutageModel.model_validate(await call.app[OUTAGES].get(call.person, outage_id))


@endpoints.get("/outages/{outage_id}/history", *READ, problems=(404,))
async def outage_history(call: ApiRequest, outage_id: Id) -> All[OutageEventModel]:
    """Everything that happened to an outage, from the beginning."""
    events = await call.app[OUTAGES].history(call.person, outage_id)
    return All(items=[OutageEventModel.model_validate(event) for event in events])


@endpoints.get("/outage-kinds", *READ)
async def outage_kinds(call: ApiRequest) -> All[OutageKindModel]:
    """What can be off."""
    return All(items=[OutageKindModel(**row) for row in await call.pool.fetch(SQL["outage_kinds"])])


@endpoints.post("/outages", *WRITE, status=201, once=True, problems=(409,))
async def open_outage(call: ApiRequest, body: NewOutageModel) -> OutageModel:
    """Open an outage. It is confirmed: callers are told of it at once, of planned works from their beginning to their end."""
    given = body.model_dump(exclude_unset=True)
    try:
        new = NewOutage.model_validate(given)
    except ValidationError:
        # The fields by themselves are right.
        raise BadOutage("before start", "until") from None
    return OutageModel.model_validate(await _outages(call, 201).open(call.person, new))


@endpoints.patch("/outages/{outage_id}", *WRITE, problems=(404, 409))
async def change_outage(call: ApiRequest, outage_id: Id, body: OutageEditModel) -> OutageModel:
    """Change fields of an outage that is not over. When somebody else has changed it since, the answer is 409."""
    given = body.model_dump(exclude_unset=True, exclude={"version"})
    try:
        edit = OutageEdit.model_validate(given)
    except ValidationError:
        raise BadOutage("before start", "until") from None
    held = await call.app[OUTAGES].edit(call.person, outage_id, edit, version=body.version)
    return OutageModel.model_validate(held)


@endpoints.post("/outages/{outage_id}/steps", *WRITE, once=True, problems=(404, 409))
async def take_outage_step(call: ApiRequest, outage_id: Id, body: NewOutageStep) -> OutageModel:
    """Move an outage. The last step, `close` or `cancel`, closes or cancels every ticket below it."""
    held = await _outages(call, 200).step(call.person, outage_id, body.step, comment=body.comment, version=body.version)
    return OutageModel.model_validate(held)


@endpoints.post("/outages/{outage_id}/places", *WRITE, once=True, problems=(404, 409))
async def put_outage_places(call: ApiRequest, outage_id: Id, body: NewOutagePlaces) -> OutageModel:
    """Say anew in which houses it is: all of them, those that stay too."""
    places = tuple(place.edit() for place in body.places)
    held = await _outages(call, 200).put_places(call.person, outage_id, places, version=body.version)
    return OutageModel.model_validate(held)


def _outages(call: ApiRequest, status: int) -> Outages:
    """Outages whose change stores the answer under the request's key, if it has one."""
    once = call.once
    if once is None:
        return call.app[OUTAGES]

    async def keep(connection: Connection, held: Outage, _change: OutageChange) -> None:
        await once.keep(connection, status, OutageModel.model_validate(held))

    return call.app[OUTAGES].also(keep)
