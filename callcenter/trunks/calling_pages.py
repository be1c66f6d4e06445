"""Calling somebody by a button on a ticket or a card: decided by the rules before anything rings, and said in words."""

import structlog
from aiohttp import web

from callcenter.common.requests import ask
from callcenter.domain.access import Permission
from callcenter.domain.ids import IN_BROWSER
from callcenter.domain.phone import e164
from callcenter.domain.request import CallOutBody
from callcenter.storage import queries
from callcenter.trunks.judging import judge
from callcenter.trunks.outbound import Reason
from callcenter.trunks.texts import reasons
from callcenter.web.auth import needs
from callcenter.web.forms import chosen_id, form_texts
from callcenter.web.keys import PERSON, POOL, SETTINGS
from callcenter.web.language import language_of

log = structlog.get_logger()
routes = web.RouteTableDef()
SQL = queries("outbound")


@routes.post("/calls-out")
@needs(Permission.TAKE_CALLS)
async def call_out(request: web.Request) -> web.Response:
    """Call this `number`, about this `ticket` if one is given.

    A telephone in the browser is told by the page that asked; any other rings first. The answer: `number` in E.164,
    `allowed`, `words` why not, `here`: whether the page is to do it.
    """
    typed, person = await form_texts(request), request[PERSON]
    number, ticket = e164(typed.get("number", "")), chosen_id(typed.get("ticket", ""))
    async with request.app[POOL].acquire() as connection:
        endpoint = await connection.fetchval(SQL["telephone"], person.id)
        if endpoint is None:
            raise web.HTTPConflict
        if ticket is None:
            await connection.execute(SQL["plan_none"], person.id)
        elif not await connection.fetchval(SQL["plan"], person.id, number, ticket):
            raise web.HTTPNotFound
        verdict, _ = await judge(connection, request.app[SETTINGS].node, person.id, number)
        emergency = number in request.app[SETTINGS].asterisk.emergency_numbers
        allowed, here = verdict.allowed or emergency, endpoint.startswith(IN_BROWSER)
        if allowed and not here:
            await ask(connection, CallOutBody(number=number), asker=person.id)
    reason = Reason.ALLOWED if allowed else verdict.reason
    log.info("call out asked for", operator=person.id, decided=reason)
    return web.json_response(
        {"number": number, "allowed": allowed, "words": reasons(language_of(request))[reason], "here": here}
    )
