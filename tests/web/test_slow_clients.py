"""Clients that send half a request and no more, and those that are only slow."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from callcenter.settings import WebSettings
from callcenter.web import body, server
from callcenter.web.keys import SETTINGS
from callcenter.web.server import Runner
from tests.site import Site, put_in_place, settings_for

HALF_HEADERS = b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "
WHOLE = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
HEADERS = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
WITHIN_S = 0.3

Opened = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Open = Callable[[], "asyncio.Future[Opened]"]


@asynccontextmanager
async def running(**web_settings: float) -> AsyncIterator[Open]:
    """Opens connections to a server that answers with the size of what it was sent."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=f"{len(await request.read())} bytes")

    app = web.Application(middlewares=[body.limit_time], client_max_size=2**24)
    settings = settings_for("postgresql://nowhere")
    settings = settings.model_copy(update={"web": WebSettings(cookie_secure=False, **web_settings)})
    app[SETTINGS] = settings
    app.router.add_route("*", "/", answer)
    runner = Runner(app, settings.web.headers_within_s, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield lambda: asyncio.ensure_future(asyncio.open_connection(*runner.addresses[0][:2]))
    finally:
        await runner.cleanup()


async def head(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(5):
        return await reader.readuntil(b"\r\n")


async def until_closed(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(5):
        try:
            return await reader.read()
        except ConnectionResetError:
            # What was sent after the server had closed it is answered so.
            return b""


@pytest.mark.parametrize("sent", [b"", b"G", HALF_HEADERS])
async def test_half_a_header_holds_a_connection_no_longer_than_set(sent: bytes):
    async with running(headers_within_s=WITHIN_S) as connect:
        reader, writer = await connect()
        began = time.monotonic()
        writer.write(sent)
        assert await until_closed(reader) == b""
        assert time.monotonic() - began >= WITHIN_S * 0.9
        writer.close()


async def test_headers_that_come_a_byte_at_a_time_gain_nothing():
    async with running(headers_within_s=WITHIN_S) as connect:
        reader, writer = await connect()
        writer.write(HALF_HEADERS)
        dripping = asyncio.create_task(drip(writer, b"x"))
        assert await until_closed(reader) == b""
        dripping.cancel()
        writer.close()


async def test_half_of_a_later_request_is_closed_as_an_idle_connection_is(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(server, "KEEPALIVE_S", WITHIN_S)
    async with running() as connect:
        reader, writer = await connect()
        writer.write(WHOLE + HALF_HEADERS)
        assert (await head(reader)).startswith(b"HTTP/1.1 200")
        dripping = asyncio.create_task(drip(writer, b"x"))
        assert b"HTTP/1.1" not in await until_closed(reader)
        dripping.cancel()
        writer.close()


async def test_a_connection_that_asked_in_time_stays_open():
    async with running(headers_within_s=WITHIN_S) as connect:
        reader, writer = await connect()
        writer.write(WHOLE)
        assert b"200" in await head(reader)
        await asyncio.sleep(WITHIN_S * 2)
        await reader.readuntil(b"bytes")
        writer.write(WHOLE)
        assert b"200" in await head(reader)
        writer.close()


@pytest.mark.parametrize("piece", [b"", b"x"])
async def test_half_a_body_is_answered_with_408_also_when_it_drips(piece: bytes):
    async with running(body_within_s=WITHIN_S) as connect:
        reader, writer = await connect()
        writer.write(HEADERS % 10_000 + b"x" * 10)
        dripping = asyncio.create_task(drip(writer, piece))
        assert (await head(reader)).startswith(b"HTTP/1.1 408")
        dripping.cancel()
        writer.close()


async def test_a_large_body_that_makes_progress_is_not_cut_off():
    async with running(body_within_s=WITHIN_S) as connect:
        reader, writer = await connect()
        began, pieces = time.monotonic(), 20
        writer.write(HEADERS % (pieces * 2**16))
        for _ in range(pieces):
            writer.write(bytes(2**16))
            await asyncio.sleep(WITHIN_S / 5)
        assert (await head(reader)).startswith(b"HTTP/1.1 200")
        assert time.monotonic() - began > 2 * WITHIN_S
        assert b"1310720 bytes" in await reader.readuntil(b"bytes")
        writer.close()


@pytest.mark.parametrize("path", ["/login", "/api/v1/tickets"])
async def test_pages_and_the_programming_interface_wait_for_no_body(site: Site, path: str):
    app = site.server.app
    settings = app[SETTINGS].web.model_copy(update={"body_within_s": WITHIN_S})
    put_in_place(app, SETTINGS, app[SETTINGS].model_copy(update={"web": settings}))
    token = "x"
    async with site.browser("alla") as alla:
        if path.startswith("/api"):
            text = await (await alla.post("/account/tokens", name="test", scopes="tickets:write", days="30")).text()
            token = text.split('id="made" value="')[1].split('"')[0]
    reader, writer = await asyncio.open_connection(site.server.host, site.server.port)
    lines = [
        f"POST {path} HTTP/1.1", f"Host: {site.server.host}:{site.server.port}", "Content-Length: 500",
        f"Origin: http://{site.server.host}:{site.server.port}", f"Authorization: Bearer {token}",
        "Idempotency-Key: 1", "Content-Type: application/x-www-form-urlencoded" if token == "x" else "Content-Type: application/json",
    ]  # fmt: skip
    writer.write("\r\n".join([*lines, "", "login="]).encode())
    assert (await head(reader)).startswith(b"HTTP/1.1 408")
    writer.close()


async def drip(writer: asyncio.StreamWriter, piece: bytes) -> None:
    """Send a little again and again, as slow clients do."""
    while True:
        writer.write(piece)
        await asyncio.sleep(WITHIN_S / 10)
