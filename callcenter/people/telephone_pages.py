"""What an administrator does with the account of somebody's telephone, on that person's page."""

import structlog
from aiohttp import web

from callcenter.domain.access import Permission
from callcenter.people.pages import ID, person_in, show_person
from callcenter.people.staff_refusal import StaffRefusal
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


@routes.post(f"/people/{ID}/telephone/take")
@needs(Permission.MANAGE_PEOPLE)
async def take(request: web.Request) -> web.StreamResponse:
    """Take the account away."""
    person_id = person_in(request)
    if not await request.app[TELEPHONES].take(request[PERSON], person_id, request.remote or ""):
        raise web.HTTPNotFound
    raise web.HTTPSeeOther(f"/people/{person_id}")
