"""What is off, for everybody: a company's page and the same as JSON, without login, without scripts, from memory."""

import hashlib
import json
from collections.abc import Awaitable, Callable

from aiohttp import web

from callcenter.domain.access import Permission
from callcenter.outages.public.board import PUBLIC_BOARD, Answer
from callcenter.outages.public.document import PublicCompany, PublicState
from callcenter.outages.public.texts import public_states
from callcenter.web.auth import needs
from callcenter.web.forms import chosen_id
from callcenter.web.language import LANGUAGES
from callcenter.web.render import environment
from callcenter.web.shield import FRAMED, HEADERS
from callcenter.web.throttle import Throttle, TooManyRequests

routes = web.RouteTableDef()
PAGE = "/public/outages/{page:[a-z0-9-]{3,48}}"
THROTTLE = web.AppKey("public_throttle", Throttle)
KEPT_S = 10
"""How long a browser, or a cache on the way, may show what it has without asking."""

# A frame on anybody's site may hold these pages, and anybody's script may read them: they are the same for everybody,
# and there is nothing in them to press.
_POLICY = HEADERS["Content-Security-Policy"]
OPEN_HEADERS = {
    "Cache-Control": f"public, max-age={KEPT_S}",
    "Content-Security-Policy": _POLICY.replace("frame-ancestors 'none'", "frame-ancestors *"),
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
}

Handler = Callable[[web.Request], Awaitable[web.Response]]


def _limited(handler: Handler) -> Handler:
    async def limited(request: web.Request) -> web.Response:
        try:
            request.app[THROTTLE].take(request.remote or "")
        except TooManyRequests as refused:
            return web.Response(status=refused.status, text=f"{refused.status}\n", headers=refused.headers)
        return await handler(request)

    return limited


@routes.get(PAGE)
@routes.get(PAGE + r"/house/{house:\d{1,9}}")
@needs(Permission.ANYONE)
@_limited
async def show(request: web.Request) -> web.Response:
    """The page, of all houses or of one: `/house/7` or `?house=7`; `?lang=en` in another language than the company's."""
    company, house = await _asked(request)
    language = request.query.get("lang", "")
    language = language if language in LANGUAGES else company.language
    answer = request.app[PUBLIC_BOARD].answer(
        (company.page, house, language), lambda: _tagged(_drawn(company, house, language))
    )
    return _answer(request, answer, "text/html")


@routes.get(PAGE + ".json")
@needs(Permission.ANYONE)
@_limited
async def send(request: web.Request) -> web.Response:
    """The same as JSON; `?house=7`."""
    company, house = await _asked(request)

    def made() -> Answer:
        return _tagged(json.dumps(company.document(house), ensure_ascii=False))

    return _answer(request, request.app[PUBLIC_BOARD].answer((company.page, house, "json"), made), "application/json")


async def _asked(request: web.Request) -> tuple[PublicCompany, int | None]:
    company = await request.app[PUBLIC_BOARD].company(request.match_info["page"])
    wanted = request.match_info.get("house") or request.query.get("house")
    house = None if wanted is None else chosen_id(wanted)
    if company is None or (wanted is not None and house not in company.houses):
        raise web.HTTPNotFound
    return company, house


def _drawn(company: PublicCompany, house: int | None, language: str) -> str:
    outages = company.at(house)
    return (
        environment(language)
        .get_template("outages/public.html")
        .render(
            language=language,
            company=company,
            house=house,
            now_off=[each for each in outages if each.state is not PublicState.PLANNED],
            planned=[each for each in outages if each.state is PublicState.PLANNED],
            states=public_states(language),
            languages=LANGUAGES,
            at=f"/public/outages/{company.page}",
        )
    )


def _tagged(text: str) -> Answer:
    body = text.encode()
    return body, f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def _answer(request: web.Request, answer: Answer, media_type: str) -> web.Response:
    body, tag = answer
    headers = {**OPEN_HEADERS, "ETag": tag}
    known = [each.strip().removeprefix("W/") for each in request.headers.get("If-None-Match", "").split(",")]
    if tag in known or known == ["*"]:
        response = web.Response(status=304, headers=headers)
    else:
        response = web.Response(body=body, content_type=media_type, charset="utf-8", headers=headers)
    request[FRAMED] = True
    return response
