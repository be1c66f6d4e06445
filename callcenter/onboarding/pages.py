"""The guided page of the first start: each point with what to do for it, done ones shown as done."""

from collections.abc import Mapping

import structlog
from aiohttp import web
from pydantic import ValidationError

from callcenter.directory.form_pages import serve_form
from callcenter.directory.forms import ZONES, CompanyForm, CrewForm
from callcenter.directory.offices import OFFICES
from callcenter.directory.texts import form_problem
from callcenter.domain.access import Permission, Role
from callcenter.onboarding.progress import PROGRESS, Facts
from callcenter.onboarding.usual_crews import usual_crews
from callcenter.people.pages import read
from callcenter.people.staff import STAFF, NewPerson
from callcenter.people.staff_refusal import StaffRefusal
from callcenter.people.telephones import TELEPHONES, suggested_name
from callcenter.telephony.asterisk_entries import ASTERISK_ENTRIES
from callcenter.web.auth import needs
from callcenter.web.forms import form_texts
from callcenter.web.keys import PERSON, SETTINGS
from callcenter.web.labels import operator_statuses
from callcenter.web.language import language_of, translations
from callcenter.web.render import render

log = structlog.get_logger()
routes = web.RouteTableDef()
ID = r"{id:\d{1,9}}"
ZONE = "Europe/Moscow"


@routes.get("/start")
@needs(Permission.MANAGE_PEOPLE)
async def start(request: web.Request) -> web.StreamResponse:
    """The page of the newest company; without one the form for the first."""
    companies = await request.app[PROGRESS].companies()
    if companies:
        raise web.HTTPSeeOther(f"/start/{companies[-1]['id']}")
    return await _company_form(request)


@routes.get("/start/new")
@routes.post("/start/new")
@needs(Permission.MANAGE_PEOPLE)
async def add_company(request: web.Request) -> web.StreamResponse:
    """A company with its number."""
    return await _company_form(request)


@routes.get(f"/start/{ID}")
@needs(Permission.MANAGE_PEOPLE)
async def show(request: web.Request) -> web.Response:
    """How far a company is."""
    return await _page(request)


@routes.post(f"/start/{ID}/crews")
@needs(Permission.MANAGE_PEOPLE)
async def add_crews(request: web.Request) -> web.StreamResponse:
    """The crews that are ticked, with the addresses typed beside them."""
    facts, typed = await _facts(request), await form_texts(request)
    forms, problems = [], {}
    for place, name in enumerate(usual_crews(facts.company["language"])):
        if typed.get(f"crew{place}") != "on" or name in facts.company["crews"]:
            continue
        given = {"name": name, "language": facts.company["language"], "email": typed.get(f"email{place}", "")}
        try:
            forms.append(CrewForm.model_validate(given | {"active": True}))
        except ValidationError as wrong:
            error = wrong.errors(include_url=False, include_input=False)[0]
            problems[f"email{place}"] = form_problem(
                translations(language_of(request)), error["type"], error.get("ctx", {})
            )
    if problems or not forms:
        return await _page(request, typed=typed, problems=problems or {"crews": "none"})
    for form in forms:
        await request.app[OFFICES].save_crew(request[PERSON], facts.company["id"], None, form)
    raise web.HTTPSeeOther(f"/start/{facts.company['id']}")


@routes.post(f"/start/{ID}/people")
@needs(Permission.MANAGE_PEOPLE)
async def add_person(request: web.Request) -> web.Response:
    """An operator with a telephone in the browser; the link is shown once."""
    typed, by = await form_texts(request), request[PERSON]
    given = {name: typed.get(name, "").strip() for name in ("login", "name")}
    new, problems = read(NewPerson, given | {"role": Role.OPERATOR.value, "language": language_of(request)})
    if new is None:
        return await _page(request, typed=typed, problems=problems)
    try:
        person, token = await request.app[STAFF].add(by, new, request.remote or "")
        await _give_telephone(request, person, new.login)
    except StaffRefusal as refused:
        return await _page(request, typed=typed, problems=dict(refused.fields))
    log.info("person added", operator=by.id, person=person)
    return await _page(request, link=f"{request.app[SETTINGS].web.url}/invite/{token}", invited=new.name)


@routes.post(f"/start/{ID}/telephone")
@needs(Permission.MANAGE_PEOPLE)
async def take_calls(request: web.Request) -> web.StreamResponse:
    """The administrator takes calls, too, in the browser."""
    by = request[PERSON]
    try:
        await _give_telephone(request, by.id, by.login)
    except StaffRefusal as refused:
        return await _page(request, problems=dict(refused.fields))
    raise web.HTTPSeeOther(f"/start/{request.match_info['id']}")


@routes.post(f"/start/{ID}/call")
@needs(Permission.MANAGE_PEOPLE)
async def call(request: web.Request) -> web.StreamResponse:
    """Call the company's number as a resident does."""
    facts = await _facts(request)
    if not await request.app[PROGRESS].try_number(request[PERSON], facts):
        return await _page(request, problems={"call": "nobody"})
    log.info("number tried", operator=request[PERSON].id, company=facts.company["id"])
    raise web.HTTPSeeOther(f"/start/{facts.company['id']}#call")


async def _give_telephone(request: web.Request, person: int, login: str) -> None:
    nodes = await request.app[ASTERISK_ENTRIES].nodes()
    node = nodes[0] if len(nodes) > 1 else ""
    name = suggested_name(login)
    await request.app[TELEPHONES].give(request[PERSON], person, name, node, request.remote or "", in_browser=True)


async def _company_form(request: web.Request) -> web.Response:
    async def save(form: CompanyForm) -> str:
        return f"/start/{await request.app[OFFICES].save_company(request[PERSON], None, form)}"

    known = {"zone": ZONE, "language": language_of(request), "retention_days": 1096}
    companies = await request.app[PROGRESS].companies()
    return await serve_form(
        request, "onboarding/company.html", CompanyForm, known, save, zones=ZONES, companies=companies, here=None
    )


async def _facts(request: web.Request) -> Facts:
    facts = await request.app[PROGRESS].facts(int(request.match_info["id"]))
    if facts is None:
        raise web.HTTPNotFound
    return facts


async def _page(
    request: web.Request,
    *,
    typed: Mapping[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
    link: str = "",
    invited: str = "",
) -> web.Response:
    app, facts = request.app, await _facts(request)
    company = facts.company
    entries = await app[ASTERISK_ENTRIES].numbers(company["id"])
    return render(
        request,
        "onboarding/start.html",
        400 if problems else 200,
        facts=facts,
        here=company["id"],
        company=company,
        companies=await app[PROGRESS].companies(),
        done=facts.done([number for number, entry in entries.items() if entry.since]),
        entries=entries,
        crews=[name for name in usual_crews(company["language"]) if name not in company["crews"]],
        states=operator_statuses(language_of(request)),
        usual=usual_crews(company["language"]),
        has_telephone=await app[PROGRESS].has_telephone(request[PERSON]),
        typed=typed or {},
        problems=problems or {},
        link=link,
        invited=invited,
    )
