"""nginx and Caddy with TLS in front of the real pages, as their samples say."""

import socket
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.test_utils import TestServer

from callcenter.settings import AsteriskSettings, WebSettings
from callcenter.web.keys import SETTINGS
from callcenter.web.shield import HTTPS_ALONE
from tests.deploy.proxies import HOST, Front, caddy, free_port, nginx
from tests.site import PASSWORD, Site, put_in_place, settings_for

CLIENT, CLAIMED = "127.0.0.9", "203.0.113.77"


class Here(AbstractResolver):
    """Every name is this machine."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [ResolveResult(hostname=host, host="127.0.0.1", port=port, family=family, proto=0, flags=0)]

    async def close(self) -> None:
        return None


@asynccontextmanager
async def asterisk() -> AsyncIterator[TestServer]:
    """What answers at Asterisk's WebSocket: it says back what is sent, or how long it is."""

    async def talk(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=("sip",))
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str(message.data)
        return socket

    async def measure(request: web.Request) -> web.Response:
        return web.json_response(sum([len(chunk) async for chunk in request.content.iter_any()]))

    application = web.Application()
    application.router.add_get("/ws", talk)
    application.router.add_post("/ws", measure)
    async with TestServer(application) as server:
        yield server


@pytest.fixture(params=[nginx, caddy], ids=["nginx", "caddy"])
async def front(site: Site, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Front]:
    port = free_port()
    async with asterisk() as telephone:
        assert telephone.port is not None
        web_settings = WebSettings(
            port=site.server.port,
            public_url=f"https://{HOST}:{port}",
            trusted_proxies=["127.0.0.1/32"],
            cookie_secure=True,
        )
        settings = settings_for("postgresql://u@127.0.0.1/x").model_copy(
            update={"web": web_settings, "asterisk": AsteriskSettings(ws_port=telephone.port)}
        )
        put_in_place(site.server.app, SETTINGS, settings)
        async with request.param(settings, tmp_path, port) as made:
            yield made


@asynccontextmanager
async def browser(front: Front) -> AsyncIterator[aiohttp.ClientSession]:
    connector = aiohttp.TCPConnector(ssl=front.tls, resolver=Here(), local_addr=(CLIENT, 0))
    async with aiohttp.ClientSession(front.url, connector=connector) as http:
        yield http


def log_in(http: aiohttp.ClientSession, front: Front) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
    form = {"login": "anna", "password": PASSWORD}
    headers = {"Origin": front.url, "X-Forwarded-For": CLAIMED}
    return http.post("/login", data=form, headers=headers, allow_redirects=False)


async def test_people_log_in_and_their_live_page_stays_connected(site: Site, front: Front) -> None:
    async with browser(front) as http:
        async with log_in(http, front) as answer:
            assert answer.status == 303
            assert "__Host-" in answer.headers["Set-Cookie"]
        async with http.ws_connect("/ws", headers={"Origin": front.url}) as socket:
            await socket.ping()
            assert not socket.closed


async def test_a_form_of_another_site_is_refused(front: Front) -> None:
    async with browser(front) as http:
        foreign = {"Origin": "https://evil.example.org"}
        async with http.post("/login", data={"login": "anna"}, headers=foreign) as answer:
            assert answer.status == 403


async def test_the_address_is_that_of_whoever_came_to_the_proxy_and_not_what_they_say(site: Site, front: Front) -> None:
    async with browser(front) as http, log_in(http, front) as answer:
        assert answer.status == 303
    assert await site.pool.fetchval("select address from sessions order by created_at desc limit 1") == CLIENT


@pytest.mark.parametrize("path", ["/login", "/healthz", "/nothing"])
async def test_every_answer_says_once_that_https_is_to_be_used(front: Front, path: str) -> None:
    async with browser(front) as http, http.get(path) as answer:
        assert answer.headers.getall("Strict-Transport-Security") == [HTTPS_ALONE]


async def test_also_when_the_service_is_away(site: Site, front: Front) -> None:
    await site.server.close()
    async with browser(front) as http, http.get("/login") as answer:
        assert answer.status == 502
        assert answer.headers.getall("Strict-Transport-Security") == [HTTPS_ALONE]


async def test_who_comes_by_http_is_sent_to_https(front: Front) -> None:
    async with aiohttp.ClientSession() as http:
        url, said = f"{front.plain_url}/journal?page=2", {"Host": HOST}
        async with http.get(url, headers=said, allow_redirects=False) as answer:
            assert answer.status in (301, 308)
            # Caddy knows that its port is not the usual one here.
            place = answer.headers["Location"].replace(urlsplit(front.url).netloc, HOST)
            assert place == f"https://{HOST}/journal?page=2"


async def test_telephones_reach_asterisk_and_go_on_without_the_service(site: Site, front: Front) -> None:
    await site.server.close()
    async with browser(front) as http, http.ws_connect("/telephone", protocols=("sip",)) as socket:
        await socket.send_str("REGISTER sip:desk")
        assert await socket.receive_str() == "REGISTER sip:desk"
        assert socket.protocol == "sip"


async def test_a_file_of_twenty_megabytes_arrives_and_a_larger_one_does_not(front: Front) -> None:
    size = 20 * 2**20
    async with browser(front) as http:
        async with http.post("/telephone", data=BytesIO(b"x" * size)) as answer:
            assert await answer.json() == size
        async with http.post("/telephone", data=BytesIO(b"x" * (size + 2**21))) as answer:
            # Caddy notices while it passes the body on.
            assert answer.status in (413, 502)


@pytest.mark.parametrize("path", ["/metrics", "/readyz"])
async def test_figures_are_for_the_machine_alone(front: Front, path: str) -> None:
    async with browser(front) as http, http.get(path) as answer:
        assert answer.status == 404
