"""Every route of the application against every role, by real requests to the real handlers."""

import functools
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256

import aiohttp
import pytest
from aiohttp import web

from callcenter.domain.access import PERMISSIONS, Permission, Role, Scope
from callcenter.web.auth import COOKIE
from tests.site import Site

# Who may do what, written out a second time: a change of one table without the other fails.
MAY = {
    Role.OPERATOR: {
        "anyone", "person", "take calls", "see tickets", "edit tickets", "comment tickets", "see outages",
        "manage outages", "see the directory",
    },
    Role.SUPERVISOR: {
        "anyone", "person", "take calls", "see the board", "listen to recordings", "review talks", "share recordings",
        "see completeness of recordings", "keep recordings", "make evidence packs", "see tickets", "edit tickets",
        "comment tickets", "see outages", "manage outages", "see the directory", "edit the directory", "see reports",
        "send again what could not be delivered",
    },
    Role.MANAGER: {
        "anyone", "person", "see tickets", "comment tickets", "see outages", "see the directory", "see reports",
        "use the programming interface",
    },
    Role.CREW: {"anyone", "person", "see tickets", "comment tickets"},
    Role.ADMINISTRATOR: {
        "anyone", "person", "take calls", "see the board", "listen to recordings", "review talks", "share recordings",
        "see completeness of recordings", "keep recordings", "make evidence packs", "see tickets", "edit tickets",
        "comment tickets", "see outages", "manage outages", "see the directory", "edit the directory", "see reports",
        "send again what could not be delivered", "manage people", "see the audit log", "use the programming interface",
        "manage who is told of outages", "manage trunks", "set how long personal data is kept",
    },
}  # fmt: skip
# What is open without login; anything else that requires no login fails.
OPEN = {
    "GET /api/v1/openapi.json",
    "GET /login",
    "POST /login",
    "GET /login/code",
    "POST /login/code",
    "POST /language",
    "GET /invite/{token}",
    "POST /invite/{token}",
    "GET /setup/{token}",
    "POST /setup/{token}",
    "GET /healthz",
    "GET /readyz",
    "GET /metrics",
    "GET /static/{room}/{name}",
}
# What the secret in its address opens, and no cookie: so a form from anywhere may be sent there.
BY_LINK = {
    f"{method} {page}{what}"
    for page in ("/w/{token}", "/crew/{token}/{ticket}")
    for method, what in (
        ("GET", ""), ("POST", "/{step}"), ("POST", "/{said}"), ("POST", "/done"), ("POST", "/photo")
    )
} | {"GET /crew/{token}"}  # fmt: skip
BY_LINK |= {f"GET /telephone/{{token}}{end}" for end in ("", "/linphone.xml", "/cfg{mac}.xml")} | {
    "POST /telephone/{token}"
}
BY_LINK |= {"GET /l/{token}", "POST /l/{token}/pin", "GET /l/{token}/{place}/{name}"}
OPEN |= BY_LINK
# What everybody may know of a company's outages.
OPEN |= {
    "GET /public/outages/{page}",
    "GET /public/outages/{page}/house/{house}",
    "GET /public/outages/{page}.json",
}
LOGINS = {
    Role.OPERATOR: "anna",
    Role.SUPERVISOR: "vera",
    Role.MANAGER: "maria",
    Role.CREW: "kirill",
    Role.ADMINISTRATOR: "alla",
}
OPEN_SESSION = """
insert into sessions (token_hash, operator_id, ends_at, expires_at)
select $1, id, now() + interval '1 hour', now() + interval '1 hour' from operators where login = $2 on conflict do nothing
"""
OPEN_TOKEN = """
insert into api_tokens (token_hash, operator_id, name, scopes, expires_at)
select $1, id, 'test', $3::text[], now() + interval '1 hour' from operators where login = $2
on conflict (token_hash) do update set scopes = excluded.scopes, requests = 0
"""


@dataclass
class Doors:
    """The routes of the running application. `reached`: whether the last request came as far as a handler."""

    site: Site
    http: aiohttp.ClientSession
    routes: list[web.AbstractRoute] = field(default_factory=list)
    reached: bool = False

    def watch(self) -> None:
        app = self.site.server.app
        for route in app.router.routes():
            if route.method == "HEAD":
                continue
            self.routes.append(route)
            self._spy(route)

    def _spy(self, route: web.AbstractRoute) -> None:
        handler = route.handler

        @functools.wraps(handler)
        async def spy(request: web.Request) -> web.StreamResponse:
            self.reached = True
            return await handler(request)

        route._handler = spy

    async def knock(self, route: web.AbstractRoute, login: str | None, **headers: str) -> int:
        """The status of a request as this person, with a session or, on routes for programs, with a token of every
        scope.
        """
        token = f"token-of-{login}"
        await self.site.pool.execute(OPEN_SESSION, sha256(token.encode()).digest(), login)
        await self.site.pool.execute(OPEN_TOKEN, sha256(token.encode()).digest(), login, list(Scope))
        known = {"Authorization": f"Bearer {token}"} if for_programs(route) else {"Cookie": f"{COOKIE}={token}"}
        return await self.ask(route, **known, **headers)

    async def ask(self, route: web.AbstractRoute, **headers: str) -> int:
        """Ask with these headers and those of an own page; the status."""
        self.reached = False
        url = self.site.server.make_url("/")
        given = {"Accept": "*/*", "Origin": f"http://{url.host}:{url.port}"} | headers
        async with self.http.request(route.method, path_of(route), headers=given, allow_redirects=False) as answer:
            return answer.status


def path_of(route: web.AbstractRoute) -> str:
    """An address of this route; what it names is not there."""
    assert route.resource is not None
    info = route.resource.get_info()
    if "path" in info:
        return info["path"]
    pattern, names = info["pattern"], list(info["pattern"].groupindex)
    values = [
        "nothing",
        "999999",
        "00000000-0000-4000-8000-000000000000",
        "0" * 12,
        *re.findall(r"\w+", pattern.pattern),
    ]
    for chosen in itertools.product(values, repeat=len(names)):
        path = info["formatter"].format_map(dict(zip(names, chosen, strict=True)))
        if pattern.fullmatch(path):
            return path
    raise AssertionError(f"no address fits {info['formatter']}: add a value that does")


def for_programs(route: web.AbstractRoute) -> bool:
    return hasattr(route.handler, "scope")


def name_of(route: web.AbstractRoute) -> str:
    assert route.resource is not None
    return f"{route.method} {route.resource.canonical}"


@pytest.fixture
async def doors(site: Site) -> Iterator[Doors]:
    async with aiohttp.ClientSession(base_url=site.server.make_url("/"), cookie_jar=aiohttp.DummyCookieJar()) as http:
        found = Doors(site, http)
        found.watch()
        yield found


def test_the_table_of_roles_is_the_one_written_here():
    assert {role: {permission.value for permission in PERMISSIONS[role]} for role in Role} == MAY


async def test_every_route_has_a_rule_and_only_the_known_ones_are_open(doors: Doors):
    rules = {name_of(route): getattr(route.handler, "permission", None) for route in doors.routes}
    assert [name for name, rule in rules.items() if not isinstance(rule, Permission)] == []
    assert {name for name, rule in rules.items() if rule is Permission.ANYONE} == OPEN


async def test_every_route_lets_in_whom_its_rule_names_and_nobody_else(doors: Doors):
    wrong = []
    for route in doors.routes:
        permission = route.handler.permission
        for role, login in LOGINS.items():
            status = await doors.knock(route, login)
            # A program's token is worth nothing when its owner may not use programs.
            if for_programs(route) and "use the programming interface" not in MAY[role] and name_of(route) not in OPEN:
                as_it_should_be = not doors.reached and status == 401
            elif permission.value in MAY[role]:
                as_it_should_be = doors.reached and status < 500
            else:
                as_it_should_be = not doors.reached and status == 403
            if not as_it_should_be:
                wrong.append(f"{name_of(route)} as {role}: {status}")
    assert wrong == []


async def test_without_a_login_nothing_but_the_open_routes_answers(doors: Doors):
    wrong = []
    for route in doors.routes:
        status = await doors.knock(route, None)
        if (doors.reached and status < 500) if name_of(route) in OPEN else (not doors.reached and status == 401):
            continue
        wrong.append(f"{name_of(route)}: {status}")
    assert wrong == []


async def test_somebody_shut_out_is_nobody(doors: Doors):
    await doors.site.pool.execute("update operators set active = false where login = 'alla'")
    for route in doors.routes:
        if name_of(route) not in OPEN:
            assert (await doors.knock(route, "alla"), doors.reached) == (401, False), name_of(route)


async def test_another_site_changes_nothing_through_a_browser_that_is_logged_in(doors: Doors):
    for route in doors.routes:
        if route.method != "GET" and not for_programs(route) and name_of(route) not in BY_LINK:
            for origin in ("https://evil.example", "null"):
                status = await doors.knock(route, "alla", Origin=origin)
                assert (status, doors.reached) == (403, False), name_of(route)


async def test_programs_are_known_by_a_token_of_the_right_scope_and_never_by_a_cookie(doors: Doors):
    routes = [route for route in doors.routes if for_programs(route) and name_of(route) not in OPEN]
    assert routes
    for route in routes:
        await doors.knock(route, "alla")
        assert doors.reached, name_of(route)
        others = [scope for scope in Scope if scope != route.handler.scope]
        await doors.site.pool.execute("update api_tokens set scopes = $1, requests = 0", others)
        assert await doors.ask(route, Authorization="Bearer token-of-alla") == 403, name_of(route)
        assert await doors.ask(route, Cookie=f"{COOKIE}=token-of-alla") == 401, name_of(route)
        assert not doors.reached


async def test_a_route_without_a_rule_is_closed_to_everybody(site: Site):
    async def forgotten(_request: web.Request) -> web.Response:
        return web.Response()

    app = site.server.app
    app.router._frozen = False
    app.router.add_get("/forgotten", forgotten)
    async with site.browser("alla") as alla:
        assert (await alla.get("/forgotten")).status == 403
