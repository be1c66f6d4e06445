"""The forms by which a person says whose ticket or telephone it is, on an outage's page and on a ticket's."""

from aiohttp import web

from callcenter.common.search import clean
from callcenter.domain.access import Permission
from callcenter.outages.flats import OUTAGE_FLATS
from callcenter.outages.outage import BadOutage
from callcenter.outages.pages import page
from callcenter.web.auth import needs
from callcenter.web.forms import chosen_id, form_texts
from callcenter.web.keys import PERSON

routes = web.RouteTableDef()
ONE = r"/outages/{id:\d{1,9}}"
LONGEST_NAME = 200


@routes.post(ONE + "/flat")
@needs(Permission.MANAGE_OUTAGES)
async def say_flat(request: web.Request) -> web.StreamResponse:
    """A ticket was opened on a telephone: it is this flat's."""
    typed, outage_id = await form_texts(request), int(request.match_info["id"])
    try:
        kept = await request.app[OUTAGE_FLATS].say_flat(
            request[PERSON],
            outage_id,
            chosen_id(typed.get("ticket", "")) or 0,
            chosen_id(typed.get("house", "")) or 0,
            clean(typed.get("flat", ""))[:LONGEST_NAME],
            name=clean(typed.get("name", ""))[:LONGEST_NAME],
        )
    except BadOutage as bad:
        return await page(request, wrong={bad.field or "flat": bad.code}, status=422)
    raise web.HTTPSeeOther(f"/tickets/{kept}" if typed.get("back") else f"/outages/{outage_id}#unsettled")


@routes.post(ONE + "/telephone")
@needs(Permission.MANAGE_OUTAGES)
async def decide(request: web.Request) -> web.StreamResponse:
    """A caller keyed in a flat: it is theirs, or it is not."""
    typed, outage_id = await form_texts(request), int(request.match_info["id"])
    if typed.get("right") not in ("yes", "no"):
        raise web.HTTPBadRequest
    try:
        await request.app[OUTAGE_FLATS].decide(
            request[PERSON],
            outage_id,
            clean(typed.get("telephone", "")),
            chosen_id(typed.get("premises", "")) or 0,
            right=typed["right"] == "yes",
            resident=chosen_id(typed.get("resident", "")),
            name=clean(typed.get("name", ""))[:LONGEST_NAME],
        )
    except BadOutage as bad:
        return await page(request, wrong={bad.field or "telephone": bad.code}, status=422)
    back = chosen_id(typed.get("back", ""))
    raise web.HTTPSeeOther(f"/tickets/{back}" if back else f"/outages/{outage_id}#unsettled")
