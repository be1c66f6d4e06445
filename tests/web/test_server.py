"""What the server says of itself, and what it writes of strangers who speak no HTTP."""

import asyncio
import json
import sys

import pytest
from aiohttp import web

from callcenter.settings import WebSettings
from callcenter.web.keys import SETTINGS
from callcenter.web.server import Runner
from tests.site import PASSWORD, Site, put_in_place

MALFORMED = [
    b"GET / HTTP/1.1\r\nHost: x\r\nBad Header\x00: SECRET\r\n\r\n",
    b"GET /SECRET HTTP/9.x\r\n\r\n",
    b"GET /" + b"SECRET" * 3000 + b" HTTP/1.1\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: SECRET\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nSECRET",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: 6\r\n\r\nSECRET",
    b"\x16\x03\x01\x02\x00SECRET\r\n\r\n",
]
PROGRAM = f"""
import asyncio
from aiohttp import web
from callcenter.logs import configure
from callcenter.web.server import Runner
configure("info")

async def take(request):
    await request.read()

async def main():
    app = web.Application()
    app.router.add_post("/", take)
    runner = Runner(app, 20, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]
    for sent in {MALFORMED!r}:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        await asyncio.wait_for(reader.readuntil(b"\\r\\n\\r\\n"), 10)
        writer.close()
    await runner.cleanup()

asyncio.run(main())
"""


async def test_malformed_http_is_a_line_of_json_that_shows_nothing_of_it():
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    assert (process.returncode, err) == (0, b"")
    lines = [json.loads(line) for line in out.splitlines()]
    assert {line["event"] for line in lines} == {"malformed HTTP"}
    assert {line["level"] for line in lines} == {"warning"}
    assert {"BadHttpMessage", "LineTooLong"} <= {line["problem"] for line in lines}
    assert len(lines) >= len(MALFORMED) - 2
    assert b"SECRET" not in out
    assert b"Traceback" not in out


async def test_no_answer_names_the_server_not_even_to_what_is_no_http():
    runner = Runner(web.Application(), 20, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        for sent in (b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", *MALFORMED):
            reader, writer = await asyncio.open_connection(*runner.addresses[0][:2])
            writer.write(sent)
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
            writer.close()
            assert head.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4")), sent[:40]
            assert b"\r\nServer:" not in head
            assert b"aiohttp" not in head.lower()
    finally:
        await runner.cleanup()


async def test_no_page_names_the_server(site: Site):
    async with site.browser("vera") as vera:
        for path in ("/board", "/login", "/nothing", "/static/web/base.css", "/healthz", "/api/v1/tickets"):
            assert "Server" not in (await vera.get(path)).headers


@pytest.mark.parametrize(("public_url", "said"), [("https://desk.example.org", "max-age=31536000"), (None, None)])
async def test_browsers_are_told_to_use_https_alone_where_it_is(site: Site, public_url: str | None, said: str | None):
    serve_as(site, cookie_secure=False, public_url=public_url)
    async with site.browser() as browser:
        for path in ("/login", "/nothing", "/static/web/base.css"):
            assert (await browser.get(path)).headers.get("Strict-Transport-Security") == said


async def test_behind_https_the_session_is_a_host_cookie_and_no_other_is_believed(site: Site):
    serve_as(site, cookie_secure=True)
    await site.pool.execute("update operators set totp_secret = 'JBSWY3DPEHPK3PXP' where login = 'boris'")
    async with site.browser() as browser:
        answer = await browser.log_in("anna", PASSWORD)
        assert "session" not in answer.cookies
        cookie = answer.cookies["__Host-session"]
        assert (cookie["secure"], cookie["httponly"], cookie["path"], cookie["domain"]) == (True, True, "/", "")
        halfway = (await browser.log_in("boris", PASSWORD)).cookies["__Host-login"]
        assert (halfway["secure"], halfway["path"], halfway["domain"]) == (True, "/", "")
        browser.http.cookie_jar.clear()
        token = cookie.value
        assert (await browser.get("/workplace", Cookie=f"session={token}")).status == 303
        assert (await browser.get("/workplace", Cookie=f"__Host-session={token}")).status == 200
        assert (await browser.get("/login/code", Cookie=f"__Host-login={halfway.value}")).status == 200
        headers = {"Origin": browser.origin, "Cookie": f"__Host-session={token}"}
        async with browser.http.post("/logout", headers=headers, allow_redirects=False) as left:
            gone = left.cookies["__Host-session"]
        assert (gone.value, gone["secure"], gone["path"], gone["max-age"]) == ("", True, "/", "0")
        assert (await browser.get("/workplace", Cookie=f"__Host-session={token}")).status == 303


def serve_as(site: Site, **web_settings: object) -> None:
    app = site.server.app
    settings = WebSettings.model_validate(web_settings)
    put_in_place(app, SETTINGS, app[SETTINGS].model_copy(update={"web": settings}))
