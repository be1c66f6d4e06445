"""Undelivered messages to crews: the reasons, and a button to send again."""

import structlog
from aiohttp import web

from callcenter.common.delivery import DeliveryState
from callcenter.dispatch.texts import channels
from callcenter.dispatch.undelivered import UNDELIVERED
from callcenter.domain.access import Permission
from callcenter.web.auth import needs
from callcenter.web.keys import PERSON
from callcenter.web.labels import delivery_problems
from callcenter.web.language import language_of
from callcenter.web.render import render

log = structlog.get_logger()
routes = web.RouteTableDef()


@routes.get("/deliveries")
@needs(Permission.RESEND)
async def deliveries(request: web.Request) -> web.Response:
    return await _page(request)


@routes.post(r"/deliveries/{id:\d{1,18}}/again")
@needs(Permission.RESEND)
async def send_again(request: web.Request) -> web.Response:
    """Send a dead message again. Idempotent."""
    delivery, person = int(request.match_info["id"]), request[PERSON]
    if await request.app[UNDELIVERED].send_again(person, delivery, request.remote or ""):
        log.info("sent again", delivery=delivery, operator=person.id)
    raise web.HTTPSeeOther("/deliveries")


async def _page(request: web.Request) -> web.Response:
    found = await request.app[UNDELIVERED].all(request[PERSON])
    language = language_of(request)
    return render(
        request,
        "dispatch/deliveries.html",
        dead=[each for each in found if each.state is DeliveryState.DEAD],
        waiting=[each for each in found if each.state is DeliveryState.WAITING],
        problems=delivery_problems(language),
        channels=channels(language),
    )
