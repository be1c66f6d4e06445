"""A ticket's evidence packs: order, progress, download."""

from aiohttp import web

from callcenter.common.object_store import OBJECT_STORE
from callcenter.domain.access import Permission
from callcenter.domain.file_order import IN_THE_MAKING
from callcenter.evidence.manifest import fingerprint, key_of
from callcenter.evidence_packs.packs import EVIDENCE_PACKS, TooManyPacks
from callcenter.evidence_packs.texts import pack_problems
from callcenter.tickets.pages import PAGE, need_ticket, ticket_id_of
from callcenter.web.auth import needs
from callcenter.web.formats import number
from callcenter.web.forms import form_texts
from callcenter.web.keys import PERSON, SETTINGS
from callcenter.web.language import language_of
from callcenter.web.render import render
from callcenter.web.stored import send

routes = web.RouteTableDef()
LANGUAGES = ("ru", "en")


@routes.get(PAGE + "/evidence", allow_head=False)
@needs(Permission.MAKE_EVIDENCE)
async def show(request: web.Request) -> web.Response:
    """The ticket's packs, and the form to order one."""
    return await _page(request)


@routes.post(PAGE + "/evidence")
@needs(Permission.MAKE_EVIDENCE)
async def order(request: web.Request) -> web.Response:
    """Order a pack, or show the page again with the reason why not."""
    app, ticket = request.app, ticket_id_of(request)
    typed = (await form_texts(request)).get("language", "")
    if app[SETTINGS].evidence.key is None:
        return await _page(request, 409)
    language = typed if typed in LANGUAGES else language_of(request)
    try:
        await app[EVIDENCE_PACKS].order(request[PERSON], ticket, language, request.remote or "")
    except TooManyPacks:
        return await _page(request, 429, too_many=True)
    raise web.HTTPSeeOther(f"/tickets/{ticket}/evidence")


@routes.get(PAGE + r"/evidence/{pack:\d{1,18}}", allow_head=False)
@needs(Permission.MAKE_EVIDENCE)
async def download(request: web.Request) -> web.StreamResponse:
    app, pack = request.app, int(request.match_info["pack"])
    found = await app[EVIDENCE_PACKS].take(request[PERSON], ticket_id_of(request), pack, request.remote or "")
    if found is None:
        raise web.HTTPNotFound
    key, size, name = found
    answer = web.StreamResponse(
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    )
    answer.content_type = "application/zip"
    answer.content_length = size
    return await send(request, answer, app[OBJECT_STORE].open(key, 0, size), evidence=pack)


async def _page(request: web.Request, status: int = 200, *, too_many: bool = False) -> web.Response:
    app, person, language = request.app, request[PERSON], language_of(request)
    ticket = await need_ticket(request)
    packs = await app[EVIDENCE_PACKS].of(person, ticket.id)
    key = app[SETTINGS].evidence.key
    return render(
        request,
        "evidence_packs/packs.html",
        status,
        ticket=ticket,
        packs=packs,
        too_many=too_many,
        working=any(pack.state in IN_THE_MAKING for pack in packs),
        fingerprint=None if key is None else fingerprint(key_of(key.get_secret_value())),
        problems=pack_problems(language),
        megabytes=lambda size: number(max(1, size / 1_000_000), language),
    )
