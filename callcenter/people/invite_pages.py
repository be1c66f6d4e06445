"""The page behind an invitation's link, where a person sets a password."""

import structlog
from aiohttp import web

from callcenter.domain.access import Permission
from callcenter.people.invitations import INVITATIONS
from callcenter.people.new_passwords import NEW_PASSWORDS
from callcenter.web.auth import needs
from callcenter.web.body import form_of
from callcenter.web.render import render

log = structlog.get_logger()
routes = web.RouteTableDef()


@routes.get("/invite/{token}")
@needs(Permission.ANYONE)
async def show(request: web.Request) -> web.Response:
    """The form, or a page that says that the link no longer works."""
    return await _form(request)


@routes.post("/invite/{token}")
@needs(Permission.ANYONE)
async def accept(request: web.Request) -> web.Response:
    """Set the password; the link is used up."""
    form = await form_of(request)
    password, again = str(form.get("new", "")), str(form.get("again", ""))
    token, invitations = request.match_info["token"], request.app[INVITATIONS]
    person = await invitations.find(token)
    if person is None:
        return await _form(request)
    if problem := await request.app[NEW_PASSWORDS].problem_with(person, password, again):
        return await _form(request, problem)
    if await invitations.use(token, password, request.remote or "") is None:
        return await _form(request)
    log.info("invitation accepted", operator=person.id)
    return render(request, "people/invite.html", invited=person, state="done", problem="")


async def _form(request: web.Request, problem: str = "") -> web.Response:
    invited = await request.app[INVITATIONS].find(request.match_info["token"])
    if invited is None:
        return render(request, "people/invite.html", 404, invited=None, state="gone", problem="")
    return render(
        request, "people/invite.html", 400 if problem else 200, invited=invited, state="open", problem=problem
    )
