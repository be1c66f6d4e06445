"""Keys that every handler uses: settings, the pool, the person of the request. Each service's key stands beside the
service.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Protocol

import asyncpg
from aiohttp import web

from callcenter.domain.person import Person
from callcenter.settings import Settings

HealthCheck = Callable[[], object | Awaitable[object]]


class Service(Protocol):
    """Something that runs until cancelled. One that ends by itself ends the program, which its supervisor restarts."""

    async def run(self) -> None:
        """Run until cancelled."""


SETTINGS = web.AppKey("settings", Settings)
POOL = web.AppKey("pool", asyncpg.Pool)
HEALTH_CHECKS = web.AppKey("health checks", MutableMapping[str, HealthCheck])
SERVICES = web.AppKey("services", list[Service])
"""Services that run beside the pages. The composition root starts them; tests of pages do not."""

PERSON = web.RequestKey("person", Person)
