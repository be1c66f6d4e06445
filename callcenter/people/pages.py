"""People: the list, adding a person, changes by an administrator."""

from collections.abc import Awaitable, Mapping
from typing import TypeVar

import structlog
from aiohttp import web
from pydantic import ValidationError

from callcenter.domain.access import OF_ONE_COMPANY, Permission, Role, may
from callcenter.people.second_factor import qr_code
from callcenter.people.staff import NEEDED, STAFF, NewPerson, PersonEdit
from callcenter.people.staff_refusal import StaffRefusal
from callcenter.people.telephone_links import way_in
from callcenter.people.telephones import TelephoneAccount, suggested_name
from callcenter.telephony.asterisk_entries import ASTERISK_ENTRIES
from callcenter.web.auth import needs
from callcenter.web.body import form_of
from callcenter.web.keys import PERSON, SETTINGS
from callcenter.web.render import render

log = structlog.get_logger()
routes = web.RouteTableDef()

Edit = TypeVar("Edit", bound=PersonEdit)
EMPTY = {"login": "", "name": "", "role": Role.OPERATOR.value, "company_id": "", "crew_id": "", "language": "ru"}
ID = r"{id:[0-9]{1,9}}"
# Roles in the order in which a form offers them.
ROLES = (Role.OPERATOR, Role.SUPERVISOR, Role.MANAGER, Role.CREW, Role.ADMINISTRATOR)


@routes.get("/people")
@needs(Permission.MANAGE_PEOPLE)
async def people(request: web.Request) -> web.Response:
    return render(request, "people/people.html", people=await request.app[STAFF].people())


@routes.get("/people/new")
@needs(Permission.MANAGE_PEOPLE)
async def show_new(request: web.Request) -> web.Response:
    return await _new_form(request, EMPTY, {})


@routes.post("/people/new")
@needs(Permission.MANAGE_PEOPLE)
async def add(request: web.Request) -> web.Response:
    """Add a person and show the invitation's link, once."""
    typed = EMPTY | await _typed(request)
    new, problems = read(NewPerson, typed)
    if new is None:
        return await _new_form(request, typed, problems)
    staff = request.app[STAFF]
    try:
        person_id, token = await staff.add(request[PERSON], new, request.remote or "")
    except StaffRefusal as refused:
        return await _new_form(request, typed, dict(refused.fields))
    log.info("person added", operator=request[PERSON].id, person=person_id)
    return await show_person(request, person_id, token=token)


@routes.get(f"/people/{ID}")
@needs(Permission.MANAGE_PEOPLE)
async def show(request: web.Request) -> web.Response:
    return await show_person(request, person_in(request))


@routes.post(f"/people/{ID}")
@needs(Permission.MANAGE_PEOPLE)
async def change(request: web.Request) -> web.StreamResponse:
    """Change the name, the role, the company or crew."""
    typed = {key: value for key, value in (EMPTY | await _typed(request)).items() if key not in ("login", "language")}
    edit, problems = read(PersonEdit, typed)
    if edit is None:
        return await show_person(request, person_in(request), typed=typed, problems=problems)
    doing = request.app[STAFF].change(request[PERSON], person_in(request), edit, request.remote or "")
    return await _done(request, doing, typed)


@routes.post(f"/people/{ID}/invite")
@needs(Permission.MANAGE_PEOPLE)
async def invite(request: web.Request) -> web.Response:
    """Create a new link, and show it once; ends the password and the sessions."""
    try:
        token = await request.app[STAFF].invite(request[PERSON], person_in(request), request.remote or "")
    except StaffRefusal as refused:
        return await show_person(request, person_in(request), problems=dict(refused.fields))
    if token is None:
        raise web.HTTPNotFound
    return await show_person(request, person_in(request), token=token)


@routes.post(f"/people/{ID}/active")
@needs(Permission.MANAGE_PEOPLE)
async def set_active(request: web.Request) -> web.StreamResponse:
    """Block a person's access, or restore it."""
    wanted = (await _typed(request)).get("active")
    if wanted not in ("yes", "no"):
        raise web.HTTPBadRequest
    staff = request.app[STAFF]
    doing = staff.set_active(request[PERSON], person_in(request), wanted == "yes", request.remote or "")
    return await _done(request, doing)


@routes.post(f"/people/{ID}/sessions/end")
@needs(Permission.MANAGE_PEOPLE)
async def end_sessions(request: web.Request) -> web.StreamResponse:
    staff = request.app[STAFF]
    return await _done(request, staff.end_sessions(request[PERSON], person_in(request), request.remote or ""))


@routes.post(f"/people/{ID}/codes/remove")
@needs(Permission.MANAGE_PEOPLE)
async def remove_codes(request: web.Request) -> web.StreamResponse:
    """Turn a person's codes off."""
    staff = request.app[STAFF]
    return await _done(request, staff.remove_codes(request[PERSON], person_in(request), request.remote or ""))


def read(model: type[Edit], typed: Mapping[str, str]) -> tuple[Edit | None, dict[str, str]]:
    """The form as `model`, or None and what is wrong by field: `bad`, `needed` or `unknown`."""
    try:
        return model.model_validate({key: value for key, value in typed.items() if value != ""}), {}
    except ValidationError as error:
        problems = {}
        for item in error.errors(include_url=False):
            if item["type"] == NEEDED:
                problems[item["msg"]] = NEEDED
            else:
                field = str(item["loc"][0])
                problems[field] = "unknown" if field.endswith("_id") else "bad"
        return None, problems


def person_in(request: web.Request) -> int:
    return int(request.match_info["id"])


async def _typed(request: web.Request) -> dict[str, str]:
    form = await form_of(request)
    return {key: value.strip() for key, value in form.items() if key in (*EMPTY, "active") and isinstance(value, str)}


async def _done(
    request: web.Request, doing: Awaitable[bool], typed: Mapping[str, str] | None = None
) -> web.StreamResponse:
    try:
        found = await doing
    except StaffRefusal as refused:
        return await show_person(request, person_in(request), typed=typed, problems=dict(refused.fields))
    if not found:
        raise web.HTTPNotFound
    raise web.HTTPSeeOther(f"/people/{person_in(request)}")


async def _new_form(request: web.Request, typed: Mapping[str, str], problems: dict[str, str]) -> web.Response:
    choices = await request.app[STAFF].choices()
    status = 400 if problems else 200
    return render(
        request,
        "people/person_new.html",
        status,
        typed=typed,
        problems=problems,
        choices=choices,
        roles=ROLES,
        own=False,
    )


async def show_person(
    request: web.Request,
    person_id: int,
    *,
    token: str = "",
    telephone_token: str = "",
    account: TelephoneAccount | None = None,
    typed: Mapping[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
) -> web.Response:
    """The page of one person. `token`: of a new invitation, `account`: of a telephone, `telephone_token`: of its
    link, each shown only now."""
    app = request.app
    colleague = await app[STAFF].find(person_id)
    if colleague is None:
        raise web.HTTPNotFound
    shown = {
        "name": colleague.name,
        "role": colleague.role.value,
        "company_id": str(colleague.company_id or "") if colleague.role in OF_ONE_COMPANY else "",
        "crew_id": str(colleague.crew_id or ""),
        "endpoint": suggested_name(colleague.login),
        "node": "",
        "kind": "browser",
        "extension": colleague.extension or "",
    }
    entries, (host, port, transport) = app[ASTERISK_ENTRIES], way_in(app[SETTINGS].asterisk)
    telephone_link = f"{app[SETTINGS].web.url}/telephone/{telephone_token}" if telephone_token else ""
    return render(
        request,
        "people/person.html",
        400 if problems else 200,
        colleague=colleague,
        own=colleague.id == request[PERSON].id,
        link=f"{app[SETTINGS].web.url}/invite/{token}" if token else "",
        typed=shown | dict(typed or {}),
        problems=problems or {},
        choices=await app[STAFF].choices(),
        roles=ROLES,
        takes_calls=may(colleague.role, Permission.TAKE_CALLS),
        account=account,
        entry=await entries.telephone(person_id),
        behind=await entries.behind(),
        nodes=await entries.nodes(),
        server=f"{host}:{port}",
        transport=transport,
        telephone_link=telephone_link,
        codes=[qr_code(telephone_link + end) for end in ("", "/linphone.xml")] if telephone_link else [],
    )
