"""Idempotency of repeated requests: the header `Idempotency-Key`.

The answer is stored in the transaction of the change. Of two requests with one key at the same time the second waits
for the first one's commit, fails on the key's uniqueness without a change, and gets the first one's answer.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import timedelta

import asyncpg
from aiohttp import web
from pydantic import BaseModel

from callcenter.api.reading import JSON
from callcenter.common.scope import Connection
from callcenter.storage import queries
from callcenter.web.bearer import USE
from callcenter.web.problem import ProblemDetails

SQL = queries("tokens")
HEADER = "Idempotency-Key"
KEY_PATTERN = r"^[A-Za-z0-9._~-]{8,64}$"
KEPT = timedelta(hours=24)
_KEY = re.compile(KEY_PATTERN, re.ASCII)
_CONSTRAINT = "idempotency_keys_pkey"


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """An idempotency key of one program, with the hash of its request."""

    token_id: int
    key: str
    request_hash: bytes

    async def kept(self, pool: asyncpg.Pool) -> web.Response | None:
        """The stored answer; None when there is none. Raises `ProblemDetails` 422 when it belongs to another request."""
        await pool.execute(SQL["forget_answers"], KEPT)
        row = await pool.fetchrow(SQL["kept_answer"], self.token_id, self.key)
        if row is None:
            return None
        if row["request_hash"] != self.request_hash:
            raise ProblemDetails(422, f"This {HEADER} was sent with another request; use a new key for a new request.")
        headers = {"Idempotent-Replayed": "true"}
        if row["status"] == 204:
            return web.Response(status=204, headers=headers)
        text = json.dumps(row["body"], ensure_ascii=False)
        return web.Response(text=text, status=row["status"], content_type=JSON, headers=headers)

    async def keep(self, connection: Connection, status: int, answer: BaseModel | None) -> None:
        """Store the answer, in the transaction of the change."""
        body = {} if answer is None else answer.model_dump(mode="json", by_alias=True)
        await connection.execute(SQL["keep_answer"], self.token_id, self.key, self.request_hash, status, body)


def idempotency_key_of(request: web.Request, body: BaseModel | None) -> IdempotencyKey | None:
    """The request's key, if it has one. Raises `ProblemDetails` 422 when it is not valid."""
    keys = request.headers.getall(HEADER, [])
    if not keys:
        return None
    if len(keys) > 1 or not _KEY.fullmatch(keys[0]):
        message = "One key of 8 to 64 letters, digits and the signs . _ ~ -, a UUID for instance"
        raise ProblemDetails(422, errors=[{"at": f"header.{HEADER}", "message": message}])
    asked = [request.method, request.path, None if body is None else body.model_dump(mode="json", exclude_unset=True)]
    hashed = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).digest()
    return IdempotencyKey(request[USE].token_id, keys[0], hashed)


def was_done(problem: asyncpg.UniqueViolationError) -> bool:
    """Whether the change was refused because another request with this key has just made it."""
    return problem.constraint_name == _CONSTRAINT
