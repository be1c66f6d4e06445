"""The page by which somebody comes into the demonstration with a click.

It is no part of the product, whose logins need a password: it opens a session in the demonstration's database and sets
its cookie, which browsers send to every port of a host.
"""

import hmac
import secrets
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from string import Template
from types import TracebackType
from typing import Any, Self

import asyncpg
from aiohttp import web

from callcenter.common.passwords import digest, new_token
from callcenter.web.auth import COOKIE
from callcenter.web.static import FILES
from stack.demo_data import NEWCOMER
from stack.surge import connected

OWN_COOKIE = "demo"
LASTS = timedelta(hours=12)
STARTS = {NEWCOMER: "/workplace", "manager": "/tickets", "administrator": "/people"}
"""Who may come in, and where each begins."""
PAGES = {
    language: Template(Path(__file__).with_name(f"welcome.{language}.html").read_text()) for language in ("ru", "en")
}
STYLE = b"".join(FILES[f"web/{name}.css"] for name in ("tokens", "base", "components")).decode()
HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
_OPEN_SESSION = """
insert into sessions (token_hash, operator_id, ends_at, expires_at)
select $1, id, now() + $3::interval, now() + $3::interval from operators where login = $2
"""


class Welcome:
    """Serves the page while it is entered, on the address of the service's pages and a port of its own.

    `url`: its address, which the first browser that opens it keeps to itself.
    """

    def __init__(self, stack: Mapping[str, Any]) -> None:
        self._stack = stack
        self._key, self._owner = secrets.token_urlsafe(16), ""
        self._pool: asyncpg.Pool | None = None
        self._connection = connected(stack["postgres"]["dsn"])
        app = web.Application()
        app.add_routes([web.get("/{key}", self._show), web.post("/{key}/enter/{login}", self._enter)])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        self.url = ""

    async def __aenter__(self) -> Self:
        self._pool = await self._connection.__aenter__()
        await self._runner.setup()
        host = self._stack["web"]["host"]
        await web.TCPSite(self._runner, host, 0).start()
        self.url = f"http://{host}:{self._runner.addresses[0][1]}/{self._key}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()
        await self._connection.__aexit__(kind, error, trace)

    async def _show(self, request: web.Request) -> web.Response:
        if not hmac.compare_digest(request.match_info["key"].encode(), self._key.encode()):
            raise web.HTTPNotFound
        if self._owner and not self._is_owner(request):
            raise web.HTTPForbidden(text="This link has been used in another browser; the next start prints another.\n")
        sip, phone = self._stack["sip"], next(one for one in reversed(self._stack["logins"]) if one["endpoint"])
        page = PAGES[_language(request)].substitute(
            key=self._key,
            style=STYLE,
            softphone=f"sip:{phone['endpoint']}@{sip['host']}:{sip['port']}",
            secret=phone["sip_secret"],
        )
        answer = web.Response(text=page, content_type="text/html", headers=HEADERS)
        if not self._owner:
            self._owner = new_token()
            answer.set_cookie(OWN_COOKIE, self._owner, httponly=True, samesite="Strict")
        return answer

    async def _enter(self, request: web.Request) -> web.Response:
        login = request.match_info["login"]
        if not self._is_owner(request) or login not in STARTS:
            raise web.HTTPForbidden
        assert self._pool is not None
        token = new_token()
        await self._pool.execute(_OPEN_SESSION, digest(token), login, LASTS)
        await self._pool.execute("update operators set language = $2 where login = $1", login, _language(request))
        answer = web.Response(status=303, headers=HEADERS | {"Location": self._stack["web"]["url"] + STARTS[login]})
        answer.set_cookie(COOKIE, token, httponly=True, samesite="Strict")
        return answer

    def _is_owner(self, request: web.Request) -> bool:
        return bool(self._owner) and hmac.compare_digest(
            request.cookies.get(OWN_COOKIE, "").encode(), self._owner.encode()
        )

    async def on_the_line(self) -> bool:
        """Whether the newcomer's telephone takes calls now."""
        assert self._pool is not None
        return bool(await self._pool.fetchval(_ON_THE_LINE, NEWCOMER))


_ON_THE_LINE = """
select exists (select from screens s join operators o on s.audience = 'operator:' || o.id
               where o.login = $1 and s.kind = 'presence' and s.body ->> 'state' = 'available')
"""


def _language(request: web.Request) -> str:
    """Russian for whoever's browser prefers it to English."""
    accepted = request.headers.get("Accept-Language", "").lower()
    russian, english = accepted.find("ru"), accepted.find("en")
    return "ru" if russian >= 0 and (english < 0 or russian < english) else "en"
