"""One route of the interface: its parameters, its answer, and the rights it needs. The OpenAPI document is made from
the same.

A handler declares all of it by its signature:

    @endpoints.get("/tickets/{ticket_id}", Scope.TICKETS_READ, Permission.SEE_TICKETS)
    async def ticket(call: Call, ticket_id: Id) -> Ticket:
        '''One ticket.'''

Parameters named in the path come from there, `query` and `body` are models of those; the answer is a model too.
"""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, get_type_hints

import asyncpg
from aiohttp import web
from pydantic import BaseModel, TypeAdapter

from callcenter.api import reading
from callcenter.api.once import IdempotencyKey, idempotency_key_of, was_done
from callcenter.domain.access import Permission, Scope
from callcenter.domain.person import Person
from callcenter.web.keys import PERSON, POOL

API = "/api/v1"
Handler = Callable[..., Awaitable[BaseModel | None]]
Function = TypeVar("Function", bound=Handler)


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """One request. `once`: its idempotency key, on endpoints that take one."""

    person: Person
    app: web.Application
    address: str
    once: IdempotencyKey | None

    @property
    def pool(self) -> asyncpg.Pool:
        """The database."""
        return self.app[POOL]


@dataclass(frozen=True)
class Endpoint:
    """A method on a path. `scope`: None for what is open to all; `problems`: error statuses besides the usual ones."""

    method: str
    path: str
    scope: Scope | None
    permission: Permission
    handler: Handler
    status: int = 200
    once: bool = False
    problems: tuple[int, ...] = ()
    hints: Mapping[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "hints", get_type_hints(self.handler, include_extras=True))

    @property
    def name(self) -> str:
        """The operation's name in the document."""
        return self.handler.__name__

    @property
    def described(self) -> str:
        """The description in the OpenAPI document."""
        return inspect.getdoc(self.handler) or ""

    @property
    def in_path(self) -> Mapping[str, Any]:
        """The types of the path's parameters, by name."""
        return {name: hint for name, hint in self.hints.items() if f"{{{name}}}" in self.path}

    @property
    def query(self) -> type[BaseModel] | None:
        """The model of the query string."""
        return self.hints.get("query")

    @property
    def body(self) -> type[BaseModel] | None:
        """The model of the body."""
        return self.hints.get("body")

    @property
    def answer(self) -> Any:
        """The model of the answer; None without a body."""
        found = self.hints["return"]
        return None if found is type(None) else found

    def route(self) -> web.RouteDef:
        """The aiohttp route."""
        adapters = {name: TypeAdapter(hint) for name, hint in self.in_path.items()}

        async def handle(request: web.Request) -> web.StreamResponse:
            given: dict[str, object] = {
                name: reading.from_path(adapter, request.match_info[name]) for name, adapter in adapters.items()
            }
            if self.query is not None:
                given["query"] = reading.from_query(self.query, request)
            elif request.query:
                reading.refuse_query(request)
            body = None
            if self.body is not None:
                given["body"] = body = await reading.from_body(self.body, request)
            once = idempotency_key_of(request, body) if self.once else None
            if once is not None and (kept := await once.kept(request.app[POOL])) is not None:
                return kept
            if "call" in self.hints:
                given["call"] = ApiRequest(request[PERSON], request.app, request.remote or "", once)
            try:
                return reading.response(await self.handler(**given), self.status)
            except asyncpg.UniqueViolationError as problem:
                if once is None or not was_done(problem):
                    raise
                if (kept := await once.kept(request.app[POOL])) is None:
                    raise
                return kept

        handle.permission = self.permission  # type: ignore[attr-defined]
        handle.scope = self.scope  # type: ignore[attr-defined]
        if self.method == "GET":
            return web.get(API + self.path, handle, allow_head=False)
        return web.route(self.method, API + self.path, handle)


class Endpoints:
    """All endpoints, in the order of their definition."""

    def __init__(self) -> None:
        self.all: list[Endpoint] = []

    def get(
        self, path: str, scope: Scope | None, permission: Permission, **options: Any
    ) -> Callable[[Function], Function]:
        """Register a handler that reads."""
        return self._add("GET", path, scope, permission, **options)

    def post(self, path: str, scope: Scope, permission: Permission, **options: Any) -> Callable[[Function], Function]:
        """Register a handler that creates or does something."""
        return self._add("POST", path, scope, permission, **options)

    def patch(self, path: str, scope: Scope, permission: Permission, **options: Any) -> Callable[[Function], Function]:
        """Register a handler that changes something."""
        return self._add("PATCH", path, scope, permission, **options)

    def _add(
        self, method: str, path: str, scope: Scope | None, permission: Permission, **options: Any
    ) -> Callable[[Function], Function]:
        def add(handler: Function) -> Function:
            self.all.append(Endpoint(method, path, scope, permission, handler, **options))
            return handler

        return add


endpoints = Endpoints()
