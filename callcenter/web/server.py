"""The HTTP server, which tells strangers neither what it is nor, in tracebacks, what they sent, and waits for nobody long."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from aiohttp import web
from aiohttp.web_runner import AppRunner

from callcenter.web.shield import hide_server

# Longer than proxies keep a connection to us, which would otherwise send a request into one that is being closed. To
# aiohttp half a request is none yet, so that this is also how long the headers of a later one may take.
KEEPALIVE_S = 75.0


class _Request(web.Request):
    """Also of what is no HTTP, and so reaches no application that could look after the headers of the answer."""

    async def _prepare_hook(self, response: web.StreamResponse) -> None:
        await super()._prepare_hook(response)
        await hide_server(self, response)


class Runner(AppRunner):
    """Runs an application. A new connection is closed that sends no complete headers within `headers_within_s` seconds."""

    __slots__ = ("_headers_within_s",)

    def __init__(self, app: web.Application, headers_within_s: float, **options: Any) -> None:
        super().__init__(app, keepalive_timeout=KEEPALIVE_S, **options)
        self._headers_within_s = headers_within_s

    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        server.request_factory = partial(self.app._make_request, _cls=_Request)
        server.connection_made = partial(self._connection_made, server.connection_made)  # type: ignore[method-assign]
        return server

    def _connection_made(
        self, known: Callable[..., None], connection: web.RequestHandler, transport: asyncio.Transport
    ) -> None:
        known(connection, transport)
        asyncio.get_running_loop().call_later(self._headers_within_s, _close_if_silent, connection)


def _close_if_silent(connection: web.RequestHandler) -> None:
    if connection._request_count == 0:
        connection.force_close()
