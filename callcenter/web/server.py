"""The HTTP server, which tells strangers neither what it is nor, in tracebacks, what they sent."""

from functools import partial

from aiohttp import web
from aiohttp.web_runner import AppRunner

from callcenter.web.shield import hide_server


class _Request(web.Request):
    """Also of what is no HTTP, and so reaches no application that could look after the headers of the answer."""

    async def _prepare_hook(self, response: web.StreamResponse) -> None:
        await super()._prepare_hook(response)
        await hide_server(self, response)


class Runner(AppRunner):
    """Runs an application."""

    __slots__ = ()

    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        server.request_factory = partial(self.app._make_request, _cls=_Request)
        return server
