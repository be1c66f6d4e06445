"""nginx and Caddy with TLS in front of the real pages, as their samples say."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
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
    """What answers at Asterisk's WebSocket: it says back what is sent."""

    async def talk(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=("sip",))
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str(message.data)
        return socket

    application = web.Application()
    application.router.add_get("/ws", talk)
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


async def log_in(http: aiohttp.ClientSession, front: Front) -> aiohttp.ClientResponse:
    form = {"login": "anna", "password": PASSWORD}
    headers = {"Origin": front.url, "X-Forwarded-For": CLAIMED}
    return await http.post("/login", data=form, headers=headers, allow_redirects=False)


async def test_people_log_in_and_their_live_page_stays_connected(site: Site, front: Front) -> None:
    async with browser(front) as http:
        answer = await log_in(http, front)
        assert answer.status == 303
        assert "__Host-" in answer.headers["Set-Cookie"]
        async with http.ws_connect("/ws", headers={"Origin": front.url}) as socket:
            await socket.ping()
            assert not socket.closed


async def test_a_form_of_another_site_is_refused(front: Front) -> None:
    async with browser(front) as http:
        answer = await http.post("/login", data={"login": "anna"}, headers={"Origin": "https://evil.example.org"})
        assert answer.status == 403


async def test_the_address_is_that_of_whoever_came_to_the_proxy_and_not_what_they_say(site: Site, front: Front) -> None:
    async with browser(front) as http:
        assert (await log_in(http, front)).status == 303
    assert await site.pool.fetchval("select address from sessions order by created_at desc limit 1") == CLIENT


@pytest.mark.parametrize("path", ["/login", "/healthz", "/nothing"])
async def test_every_answer_says_once_that_https_is_to_be_used(front: Front, path: str) -> None:
    async with browser(front) as http:
        answer = await http.get(path)
        assert answer.headers.getall("Strict-Transport-Security") == [HTTPS_ALONE]


async def test_also_when_the_service_is_away(site: Site, front: Front) -> None:
    await site.server.close()
    async with browser(front) as http:
        answer = await http.get("/login")
        assert answer.status == 502
        assert answer.headers.getall("Strict-Transport-Security") == [HTTPS_ALONE]


async def test_who_comes_by_http_is_sent_to_https(front: Front) -> None:
    async with aiohttp.ClientSession() as http:
        answer = await http.get(f"{front.plain_url}/journal?page=2", headers={"Host": HOST}, allow_redirects=False)
    assert answer.status in (301, 308)
    # Caddy knows that its port is not the usual one here.
    assert answer.headers["Location"].replace(urlsplit(front.url).netloc, HOST) == f"https://{HOST}/journal?page=2"


async def test_telephones_reach_asterisk_and_go_on_without_the_service(site: Site, front: Front) -> None:
    await site.server.close()
    async with browser(front) as http, http.ws_connect("/telephone", protocols=("sip",)) as socket:
        await socket.send_str("REGISTER sip:desk")
        assert await socket.receive_str() == "REGISTER sip:desk"
        assert socket.protocol == "sip"


async def test_a_file_of_twenty_megabytes_arrives_and_a_larger_one_does_not(front: Front) -> None:
    async with browser(front) as http:
        # What no page asked for is not read; the proxy refuses by itself.
        for size, status in ((20 * 2**20, 401), (22 * 2**20, 413)):
            async with http.post("/login", data=BytesIO(b"x" * size), headers={"Origin": front.url}) as answer:
                assert answer.status == status


@pytest.mark.parametrize("path", ["/metrics", "/readyz"])
async def test_figures_are_for_the_machine_alone(front: Front, path: str) -> None:
    async with browser(front) as http:
        assert (await http.get(path)).status == 404
