"""The entries of the navigation bar, which each subject contributes, and the start page of each role."""

from dataclasses import dataclass

from aiohttp import web

from callcenter.domain.access import Permission, Role
from callcenter.domain.person import Person
from callcenter.web.auth import needs
from callcenter.web.keys import PERSON

routes = web.RouteTableDef()
ACCOUNT = "/account"
"""Open to everybody with a login: the start page of people without any entry."""


@dataclass(frozen=True, slots=True)
class NavigationEntry:
    """A page in the navigation bar, for those who have the permission.

    `title` is a message, translated when it is shown; `order` counts from the left; `start_of`: the roles that begin
    here after they have logged in.
    """

    path: str
    title: str
    permission: Permission
    order: int
    start_of: frozenset[Role] = frozenset()


NAVIGATION = web.AppKey("navigation", list[NavigationEntry])


def entries_for(request: web.Request) -> list[NavigationEntry]:
    """The entries for the person of the request, from the left; none before login."""
    person = request.get(PERSON)
    return [] if person is None else _open_to(request.app[NAVIGATION], person)


def start_page(app: web.Application, person: Person) -> str:
    """The path of this person's start page."""
    entries = _open_to(app[NAVIGATION], person)
    own = (entry for entry in entries if person.role in entry.start_of)
    return next((entry.path for entry in (*own, *entries)), ACCOUNT)


def _open_to(entries: list[NavigationEntry], person: Person) -> list[NavigationEntry]:
    return sorted((entry for entry in entries if person.may(entry.permission)), key=lambda entry: entry.order)


@routes.get("/")
@needs(Permission.PERSON)
async def start(request: web.Request) -> web.StreamResponse:
    """Redirect to the person's start page."""
    raise web.HTTPSeeOther(start_page(request.app, request[PERSON]))
