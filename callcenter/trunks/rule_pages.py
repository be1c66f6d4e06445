"""Pages: the rules of calls out, and why a number may be called or not."""

import structlog
from aiohttp import web

from callcenter.domain.access import Permission
from callcenter.domain.phone import e164
from callcenter.trunks.rules import RULES, Caller, read_rule
from callcenter.trunks.texts import misfits, purposes, reasons, rule_problems
from callcenter.web.auth import needs
from callcenter.web.formats import Translator
from callcenter.web.forms import chosen_id, form_texts
from callcenter.web.keys import PERSON, SETTINGS
from callcenter.web.language import language_of
from callcenter.web.render import render

log = structlog.get_logger()
routes = web.RouteTableDef()
ID = r"{id:\d{1,9}}"


@routes.get("/trunks/rules")
@needs(Permission.MANAGE_TRUNKS)
async def show_rules(request: web.Request) -> web.Response:
    """All of them, the answer to a question, and what was decided last."""
    return await _page(request, {"active": "on", "prefix": "+7"})


@routes.post("/trunks/rules")
@needs(Permission.MANAGE_TRUNKS)
async def add(request: web.Request) -> web.Response:
    """Add one."""
    typed = await form_texts(request)
    form, wrong = read_rule(typed)
    if form is None:
        return await _page(request, typed, wrong=wrong, status=422)
    rule = await request.app[RULES].add(request[PERSON], form, request.remote or "")
    log.info("outbound rule added", rule=rule, operator=request[PERSON].id)
    raise web.HTTPSeeOther("/trunks/rules")


@routes.post(f"/trunks/rules/{ID}")
@needs(Permission.MANAGE_TRUNKS)
async def change(request: web.Request) -> web.Response:
    """Change one."""
    rule, typed = int(request.match_info["id"]), await form_texts(request)
    form, wrong = read_rule(typed)
    if form is None:
        return await _page(request, typed, wrong=wrong, changed=rule, status=422)
    if not await request.app[RULES].change(request[PERSON], rule, form, request.remote or ""):
        raise web.HTTPNotFound
    log.info("outbound rule changed", rule=rule, operator=request[PERSON].id)
    raise web.HTTPSeeOther("/trunks/rules")


@routes.post(f"/trunks/rules/{ID}/remove")
@needs(Permission.MANAGE_TRUNKS)
async def remove(request: web.Request) -> web.Response:
    """Remove one."""
    rule = int(request.match_info["id"])
    if not await request.app[RULES].remove(request[PERSON], rule, request.remote or ""):
        raise web.HTTPNotFound
    log.info("outbound rule removed", rule=rule, operator=request[PERSON].id)
    raise web.HTTPSeeOther("/trunks/rules")


async def _page(
    request: web.Request,
    typed: dict[str, str],
    *,
    wrong: set[str] | frozenset[str] = frozenset(),
    changed: int | None = None,
    status: int = 200,
) -> web.Response:
    language, rules = language_of(request), request.app[RULES]
    callers = await rules.callers()
    known = await rules.all()
    one = chosen_id(request.query.get("rule", "")) if changed is None else changed
    editing = next((rule for rule in known if rule.id == one), None)
    if editing is not None and changed is None:
        limits = {name: getattr(editing, name) for name in ("per_operator_hour", "per_hour")}
        typed = {name: str(value) for name, value in limits.items() if value is not None}
        typed |= {"purpose": editing.purpose, "prefix": editing.prefix} | ({"active": "on"} if editing.active else {})
    texts = rule_problems(Translator(language))
    return render(
        request,
        "trunks/rules.html",
        status,
        rules=known,
        editing=editing,
        typed=typed,
        wrong={name: texts.get(name, texts["number"]) for name in wrong},
        callers=callers,
        answer=await _answer(request, callers),
        attempts=await rules.attempts(),
        emergency=request.app[SETTINGS].asterisk.emergency_numbers,
        purposes=purposes(language),
        reasons=reasons(language),
        misfits=misfits(language),
    )


async def _answer(request: web.Request, callers: list[Caller]) -> dict[str, object] | None:
    """The answer to the question in the address: may this operator call this number?"""
    asked = request.query.get("number", "").strip()[:40]
    operator = chosen_id(request.query.get("operator", ""))
    caller = next((each for each in callers if each.id == operator), None)
    if not asked or caller is None:
        return None
    number = e164(asked)
    verdict, shown = await request.app[RULES].why(caller.id, number)
    emergency = number in request.app[SETTINGS].asterisk.emergency_numbers
    return {"caller": caller, "asked": asked, "verdict": verdict, "shown": shown, "emergency": emergency}
