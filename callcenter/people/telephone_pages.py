"""What an administrator does with the account of somebody's telephone, on that person's page."""

import structlog
from aiohttp import web

from callcenter.domain.access import Permission
from callcenter.people.pages import ID, person_in, show_person
from callcenter.people.staff_refusal import StaffRefusal
from callcenter.people.telephone_links import TELEPHONE_LINKS
from callcenter.people.telephones import TELEPHONES
from callcenter.web.auth import needs
from callcenter.web.body import form_of
from callcenter.web.keys import PERSON

log = structlog.get_logger()
routes = web.RouteTableDef()


@routes.post(f"/people/{ID}/telephone")
@needs(Permission.MANAGE_PEOPLE)
async def give(request: web.Request) -> web.Response:
    """Give an account, and show its secret once."""
    person_id, by = person_in(request), request[PERSON]
    form = await form_of(request)
    typed = {name: str(form.get(name, "")).strip() for name in ("endpoint", "node", "kind")}
    try:
        account = await request.app[TELEPHONES].give(
            by,
            person_id,
            typed["endpoint"],
            typed["node"],
            request.remote or "",
            in_browser=typed["kind"] == "browser",
        )
    except StaffRefusal as refused:
        return await show_person(request, person_id, typed=typed, problems=dict(refused.fields))
    if account is None:
        raise web.HTTPNotFound
    log.info("telephone given", operator=by.id, person=person_id)
    return await show_person(request, person_id, account=account)


@routes.post(f"/people/{ID}/telephone/renew")
@needs(Permission.MANAGE_PEOPLE)
async def renew(request: web.Request) -> web.Response:
    """Make another secret, and show it once."""
    person_id = person_in(request)
    account = await request.app[TELEPHONES].renew(request[PERSON], person_id, request.remote or "")
    if account is None:
        raise web.HTTPNotFound
    return await show_person(request, person_id, account=account)


@routes.post(f"/people/{ID}/extension")
@needs(Permission.MANAGE_PEOPLE)
async def set_extension(request: web.Request) -> web.StreamResponse:
    """Give a short number, another one, or none."""
    person_id = person_in(request)
    typed = {"extension": str((await form_of(request)).get("extension", "")).strip()}
    setting = request.app[TELEPHONES].set_extension(
        request[PERSON], person_id, typed["extension"], request.remote or ""
    )
    try:
        found = await setting
    except StaffRefusal as refused:
        return await show_person(request, person_id, typed=typed, problems=dict(refused.fields))
    if not found:
        raise web.HTTPNotFound
    raise web.HTTPSeeOther(f"/people/{person_id}")


@routes.post(f"/people/{ID}/telephone/link")
@needs(Permission.MANAGE_PEOPLE)
async def make_link(request: web.Request) -> web.Response:
    """Make a link that sets the telephone up, and show it once."""
    person_id = person_in(request)
    token = await request.app[TELEPHONE_LINKS].make(request[PERSON], person_id, request.remote or "")
    if token is None:
        raise web.HTTPNotFound
    log.info("telephone link made", operator=request[PERSON].id, person=person_id)
    return await show_person(request, person_id, telephone_token=token)


@routes.post(f"/people/{ID}/telephone/take")
@needs(Permission.MANAGE_PEOPLE)
async def take(request: web.Request) -> web.StreamResponse:
    """Take the account away."""
    person_id = person_in(request)
    if not await request.app[TELEPHONES].take(request[PERSON], person_id, request.remote or ""):
        raise web.HTTPNotFound
    raise web.HTTPSeeOther(f"/people/{person_id}")
