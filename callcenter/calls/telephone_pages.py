"""What the telephone on the operator's page is given: the account of this session, and how to reach Asterisk."""

import hmac
import time
from base64 import b64encode
from datetime import timedelta
from urllib.parse import urlsplit

from aiohttp import web

from callcenter.common.browser_telephones import BROWSER_TELEPHONES, mark_of
from callcenter.domain.access import Permission
from callcenter.settings import Settings
from callcenter.web.auth import needs, session_token
from callcenter.web.keys import PERSON, SETTINGS
from callcenter.web.shield import allow_microphone
from callcenter.web.static import FILES

routes = web.RouteTableDef()

LIBRARY = "calls/jssip.js"
"""Made at set-up; a page without it can say only that."""
TURN_LASTS = timedelta(hours=12)


@routes.post("/workplace/telephone")
@needs(Permission.TAKE_CALLS)
async def open_telephone(request: web.Request) -> web.Response:
    """Open the telephone of whoever has one in the browser, in this session and in no other."""
    person, settings = request[PERSON], request.app[SETTINGS]
    opened = await request.app[BROWSER_TELEPHONES].open(person.id, session_token(request))
    if opened is None:
        raise web.HTTPNotFound
    account, secret = opened
    return web.json_response(
        {
            "account": account.name,
            "secret": secret,
            "mark": mark_of(secret),
            "address": address_of(settings, account.node),
            "ice_servers": ice_servers(settings, str(person.id), int(time.time())),
        }
    )


def address_of(settings: Settings, node: str | None) -> str:
    """The WebSocket at which browsers find the Asterisk of this node."""
    given = settings.browser_telephones.address
    if given is None:
        return f"ws://127.0.0.1:{settings.asterisk.ws_port}/ws"
    return given.replace("{node}", node or settings.node)


def ice_servers(settings: Settings, user: str, now: int) -> list[dict[str, object]]:
    """As a browser takes them. The password of a TURN server lasts `TURN_LASTS` (draft-uberti-behave-turn-rest)."""
    given = settings.browser_telephones
    servers: list[dict[str, object]] = [{"urls": list(given.stun)}] if given.stun else []
    if given.turn_secret is not None:
        name = f"{now + int(TURN_LASTS.total_seconds())}:{user}"
        password = hmac.digest(given.turn_secret.get_secret_value().encode(), name.encode(), "sha1")
        servers.append({"urls": list(given.turn), "username": name, "credential": b64encode(password).decode()})
    return servers


def let_telephone(request: web.Request, response: web.Response, node: str | None) -> None:
    """Let this page, and no other, use the microphone and talk to Asterisk."""
    allow_microphone(response)
    place = urlsplit(address_of(request.app[SETTINGS], node))
    policy = response.headers["Content-Security-Policy"]
    response.headers["Content-Security-Policy"] = policy.replace(
        "connect-src 'self'", f"connect-src 'self' {place.scheme}://{place.netloc}"
    )


def is_built() -> bool:
    """Whether the set-up has made what the telephone consists of."""
    return LIBRARY in FILES
