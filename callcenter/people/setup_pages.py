"""What is behind the link of a telephone: its account, once, for a person to type or for the telephone to fetch."""

import structlog
from aiohttp import web

from callcenter.domain.access import Permission
from callcenter.people.telephone_links import TELEPHONE_LINKS, TelephoneSetup
from callcenter.web.auth import needs
from callcenter.web.language import language_of
from callcenter.web.proxies import origin_of
from callcenter.web.render import environment, render
from callcenter.web.shield import from_any_origin

log = structlog.get_logger()
routes = web.RouteTableDef()

# A link is a secret: it must not get into referrers, caches or search engines. Its form therefore sends no origin.
HEADERS = {"Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}


@routes.get("/telephone/{token}", allow_head=False)
@needs(Permission.ANYONE)
async def show(request: web.Request) -> web.Response:
    """A page that asks first: programs that look at links before people do must not use it up."""
    person = await request.app[TELEPHONE_LINKS].find(request.match_info["token"])
    return _page(request, person, None)


@routes.post("/telephone/{token}")
@needs(Permission.ANYONE)
@from_any_origin
async def use(request: web.Request) -> web.Response:
    """The account; the link is used up."""
    setup = await _use(request)
    return _page(request, None if setup is None else setup.person, setup)


@routes.get("/telephone/{token}/linphone.xml", allow_head=False)
@needs(Permission.ANYONE)
async def linphone(request: web.Request) -> web.Response:
    """For Linphone's remote provisioning."""
    return await _file(request, "people/linphone.xml")


@routes.get("/telephone/{token}/cfg{mac:[0-9a-f]{12}}.xml", allow_head=False)
@needs(Permission.ANYONE)
async def grandstream(request: web.Request) -> web.Response:
    """For a telephone of Grandstream, which asks for the file of its own address."""
    return await _file(request, "people/grandstream.xml")


async def _use(request: web.Request) -> TelephoneSetup | None:
    setup = await request.app[TELEPHONE_LINKS].use(request.match_info["token"], origin_of(request).address)
    if setup is not None:
        log.info("telephone link used")
    return setup


def _page(request: web.Request, person: str | None, setup: TelephoneSetup | None) -> web.Response:
    answer = render(request, "people/telephone.html", 404 if person is None else 200, holder=person, setup=setup)
    answer.headers.update(HEADERS)
    return answer


async def _file(request: web.Request, template: str) -> web.Response:
    setup = await _use(request)
    if setup is None:
        return web.Response(status=404, text="404\n", headers=HEADERS)
    text = environment(language_of(request)).get_template(template).render(setup=setup)
    return web.Response(text=text, content_type="text/xml", charset="utf-8", headers=HEADERS)
