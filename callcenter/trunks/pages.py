"""Pages: the trunks, and a form for one."""

import structlog
from aiohttp import web

from callcenter.domain.access import Permission
from callcenter.telephony.asterisk_entries import ASTERISK_ENTRIES
from callcenter.telephony.trunk_line import Dtmf, NumberForm, SessionTimers, Transport
from callcenter.trunks.texts import NUMBER_FORMS, TRANSPORTS, dtmf, problems, session_timers, states
from callcenter.trunks.trunk import ENUMERATIONS, Trunk, TrunkForm, read_form, typed_of
from callcenter.trunks.trunks import TRUNKS, TrunkRefused
from callcenter.web.auth import needs
from callcenter.web.formats import Translator
from callcenter.web.forms import form_texts
from callcenter.web.keys import PERSON, SETTINGS
from callcenter.web.language import language_of
from callcenter.web.render import render

log = structlog.get_logger()
routes = web.RouteTableDef()
ID = r"{id:\d{1,9}}"
FIELDS = {"taken": "name", "unknown": "node", "shared": "node"}
"""Where a refusal is said, by its code."""
NEW = {
    "active": "on",
    "transport": Transport.UDP,
    "dtmf": Dtmf.RFC4733,
    "session_timers": SessionTimers.ALWAYS,
    "number_form": NumberForm.PLUS,
    "codecs": "alaw",
    "dialled_number_in": "request To Diversion",
    "trust_asserted_identity": "on",
}


@routes.get("/trunks")
@needs(Permission.MANAGE_TRUNKS)
async def show_trunks(request: web.Request) -> web.Response:
    """All of them, with what the nodes see of each."""
    language, trunks = language_of(request), request.app[TRUNKS]
    seen = await trunks.seen()
    entries = request.app[ASTERISK_ENTRIES]
    return render(
        request,
        "trunks/trunks.html",
        trunks=await trunks.all(),
        seen={trunk: [each for each in seen if each.trunk == trunk] for trunk in {each.trunk for each in seen}},
        entries=await entries.trunks(),
        behind=await entries.behind(),
        settings=request.app[SETTINGS].asterisk,
        transports=TRANSPORTS,
        states=states(language),
    )


@routes.get("/trunks/new")
@needs(Permission.MANAGE_TRUNKS)
async def show_new(request: web.Request) -> web.Response:
    """A form for another."""
    return await _page(request, {name: str(value) for name, value in NEW.items()})


@routes.post("/trunks/new")
@needs(Permission.MANAGE_TRUNKS)
async def add(request: web.Request) -> web.Response:
    """Add one."""
    typed = await form_texts(request)
    form, wrong = read_form(typed)
    if form is not None:
        try:
            added = await request.app[TRUNKS].add(request[PERSON], form, request.remote or "")
        except TrunkRefused as refusal:
            wrong = {refusal.code}
        else:
            log.info("trunk added", trunk=added, operator=request[PERSON].id)
            raise web.HTTPSeeOther("/trunks")
    return await _page(request, typed, wrong=wrong, status=422)


@routes.get(f"/trunks/{ID}")
@needs(Permission.MANAGE_TRUNKS)
async def show_trunk(request: web.Request) -> web.Response:
    """One, in the form."""
    trunk = await _one(request)
    return await _page(request, typed_of(trunk), trunk=trunk)


@routes.post(f"/trunks/{ID}")
@needs(Permission.MANAGE_TRUNKS)
async def change(request: web.Request) -> web.Response:
    """Change it."""
    trunk, typed = await _one(request), await form_texts(request)
    form, wrong = read_form(typed, trunk.has_password)
    if form is not None:
        wrong = await _change(request, trunk, form)
        if not wrong:
            raise web.HTTPSeeOther("/trunks")
    return await _page(request, typed, trunk=trunk, wrong=wrong, status=422)


@routes.post(f"/trunks/{ID}/remove")
@needs(Permission.MANAGE_TRUNKS)
async def remove(request: web.Request) -> web.Response:
    """Remove it."""
    trunk = await _one(request)
    await request.app[TRUNKS].remove(request[PERSON], trunk.id, request.remote or "")
    log.info("trunk removed", trunk=trunk.id, operator=request[PERSON].id)
    raise web.HTTPSeeOther("/trunks")


async def _one(request: web.Request) -> Trunk:
    found = await request.app[TRUNKS].one(int(request.match_info["id"]))
    if found is None:
        raise web.HTTPNotFound
    return found


async def _change(request: web.Request, trunk: Trunk, form: TrunkForm) -> set[str]:
    try:
        if not await request.app[TRUNKS].change(request[PERSON], trunk.id, form, request.remote or ""):
            raise web.HTTPNotFound
    except TrunkRefused as refusal:
        return {refusal.code}
    log.info("trunk changed", trunk=trunk.id, operator=request[PERSON].id)
    return set()


async def _page(
    request: web.Request,
    typed: dict[str, str],
    *,
    trunk: Trunk | None = None,
    wrong: set[str] | frozenset[str] = frozenset(),
    status: int = 200,
) -> web.Response:
    language = language_of(request)
    texts = problems(Translator(language))
    shown = {FIELDS.get(name, name): _problem(name, texts) for name in wrong}
    return render(
        request,
        "trunks/trunk.html",
        status,
        trunk=trunk,
        typed=typed,
        wrong=shown,
        node_options=[(node, node) for node in await request.app[ASTERISK_ENTRIES].trunk_nodes()],
        transports=TRANSPORTS,
        dtmf=dtmf(language),
        session_timers=session_timers(language),
        number_forms=NUMBER_FORMS,
    )


def _problem(name: str, texts: dict[str, str]) -> str:
    if name in texts:
        return texts[name]
    return texts["choice"] if name in ENUMERATIONS else texts["number"]
