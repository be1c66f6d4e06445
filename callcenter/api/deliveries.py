"""Deliveries of messages to crews: read only."""

from aiohttp import web

from callcenter.api.endpoint import ApiRequest, endpoints
from callcenter.api.finding import statement
from callcenter.api.types import Limit, LongId, Moment, PageModel, QueryModel, ResponseModel, page_of
from callcenter.common.delivery import DeliveryState
from callcenter.common.scope import scoped
from callcenter.dispatch.delivery import HandoverChannel
from callcenter.domain.access import Permission, Scope
from callcenter.storage import queries

SQL = queries("api")
READ = (Scope.DELIVERIES_READ, Permission.SEE_TICKETS)


class DeliveryModel(ResponseModel):
    """One message about one assignment. `dead`: given up until a person sends it again; `dropped`: not
    needed any more, since the ticket went to another crew or is over."""

    id: int
    ticket_id: int
    crew_id: int
    way: HandoverChannel
    state: DeliveryState
    attempts: int
    problem: str
    created_at: Moment
    delivered_at: Moment | None


class PageOfDeliveries(QueryModel):
    """Which messages."""

    state: DeliveryState | None = None
    way: HandoverChannel | None = None
    ticket_id: LongId | None = None
    cursor: LongId | None = None
    limit: Limit = 50


@endpoints.get("/deliveries", *READ)
async def deliveries(call: ApiRequest, query: PageOfDeliveries) -> PageModel[DeliveryModel]:
    """Messages to crews, the last one first."""
    conditions = {
        "t.company_id = {}": (call.person.company_id,),
        "d.state = {}": (query.state,),
        "d.way = {}": (query.way,),
        "d.ticket_id = {}": (query.ticket_id,),
        "d.id < {}": (query.cursor,),
    }
    asked, values = statement(SQL["deliveries"], conditions, "d.id desc", query.limit + 1)
    async with scoped(call.pool, call.person) as connection:
        rows = await connection.fetch(asked, *values)
    return page_of(DeliveryModel, rows, query.limit)


@endpoints.get("/deliveries/{delivery_id}", *READ, problems=(404,))
async def delivery(call: ApiRequest, delivery_id: LongId) -> DeliveryModel:
    """One message."""
    async with scoped(call.pool, call.person) as connection:
        row = await connection.fetchrow(SQL["delivery"], call.person.company_id, delivery_id)
    if row is None:
        raise web.HTTPNotFound
    return DeliveryModel(**row)
