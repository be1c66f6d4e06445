"""The pages of twins: what may be in the directory twice, and two rows side by side before they are merged."""

import structlog
from aiohttp import web

from callcenter.directory.twins import TWINS, TwinsRefused
from callcenter.domain.access import Permission
from callcenter.web.auth import needs
from callcenter.web.formats import Translator
from callcenter.web.keys import PERSON
from callcenter.web.language import language_of
from callcenter.web.render import render

log = structlog.get_logger()
routes = web.RouteTableDef()
PAIR = r"/directory/twins/{kind:house|premises|resident}/{kept:\d{1,9}}/{gone:\d{1,9}}"
PLACES = {"house": "/directory/houses", "premises": "/directory/flats", "resident": "/directory/residents"}


@routes.get("/directory/twins")
@needs(Permission.EDIT_DIRECTORY)
async def show(request: web.Request) -> web.Response:
    """Everything that may be in the directory twice."""
    pairs = await request.app[TWINS].pairs(request[PERSON])
    return render(request, "directory/twins.html", pairs=pairs)


@routes.get(PAIR)
@needs(Permission.EDIT_DIRECTORY)
async def compare(request: web.Request) -> web.Response:
    """The two side by side: the first stays, the second goes."""
    return await _page(request)


@routes.post(PAIR)
@needs(Permission.EDIT_DIRECTORY)
async def merge(request: web.Request) -> web.Response:
    """Merge them."""
    kind, kept, gone = _pair(request)
    try:
        await request.app[TWINS].merge(request[PERSON], kind, kept, gone)
    except TwinsRefused as refused:
        return await _page(request, refused)
    log.info("merged twins", operator=request[PERSON].id, kind=kind, kept=kept, gone=gone)
    raise web.HTTPSeeOther(f"{PLACES[kind]}/{kept}")


async def _page(request: web.Request, refused: TwinsRefused | None = None) -> web.Response:
    kind, kept, gone = _pair(request)
    sides = await request.app[TWINS].sides(request[PERSON], kind, kept, gone)
    t = Translator(language_of(request))
    why = {
        "outage": t.gettext("There is an outage in this house, or works are planned: merge when that is over."),
        "apart": t.gettext("They are in different places: merge the houses or flats first."),
    }
    return render(
        request,
        "directory/twin.html",
        200 if refused is None else refused.status,
        kind=kind,
        sides=sides,
        problem=None if refused is None else why[refused.code],
        place=PLACES[kind],
    )


def _pair(request: web.Request) -> tuple[str, int, int]:
    match = request.match_info
    return match["kind"], int(match["kept"]), int(match["gone"])
