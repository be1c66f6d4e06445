"""From a request to models and back. Invalid input is refused with the place and the problem, never guessed."""

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

from aiohttp import web
from pydantic import BaseModel, TypeAdapter, ValidationError

from callcenter.web.problem import ProblemDetails

# The longest texts of every field of a ticket fit in, even if every letter is written as two `\\uXXXX`.
LONGEST_BODY = 256 * 1024
JSON = "application/json"
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,19})", re.ASCII)

Model = TypeVar("Model", bound=BaseModel)


def from_path(adapter: TypeAdapter[Any], text: str) -> Any:
    """A parameter of the path. Raises `web.HTTPNotFound` when it cannot be valid."""
    try:
        return adapter.validate_json(json.dumps(_plain(adapter.json_schema(), text)), strict=True)
    except ValidationError:
        raise web.HTTPNotFound from None


def from_query(model: type[Model], request: web.Request) -> Model:
    """The query string. Raises `ProblemDetails` 422."""
    if repeated := sorted({name for name in request.query if len(request.query.getall(name)) > 1}):
        raise ProblemDetails(422, errors=[_error("query", name, "Give it once") for name in repeated])
    kinds = _kinds(model)
    given = {name: _plain(kinds.get(name, {}), text) for name, text in request.query.items()}
    try:
        return model.model_validate_json(json.dumps(given), strict=True)
    except ValidationError as problem:
        raise _refused("query", problem) from None


def refuse_query(request: web.Request) -> None:
    """Raise `ProblemDetails` 422: this address takes no query string."""
    raise ProblemDetails(
        422, errors=[_error("query", name, "There is no such parameter") for name in sorted(request.query)]
    )


async def from_body(model: type[Model], request: web.Request) -> Model:
    """The body. Raises `ProblemDetails`: 400 when it is not JSON, 413, 415, 422 when it does not match the model."""
    if request.content_type != JSON or (request.charset or "utf-8").lower() != "utf-8":
        raise ProblemDetails(415, f"Send {JSON} in UTF-8.")
    body = await _read(request)
    try:
        return model.model_validate_json(body, strict=True)
    except ValidationError as problem:
        if problem.errors(include_url=False)[0]["type"] == "json_invalid":
            reason = problem.errors(include_url=False)[0]["msg"]
            raise ProblemDetails(400, f"The body cannot be read: {reason}") from None
        raise _refused("body", problem) from None


async def _read(request: web.Request) -> bytes:
    pieces, size = [], 0
    async for piece in request.content.iter_chunked(64 * 1024):
        size += len(piece)
        if size > LONGEST_BODY:
            raise ProblemDetails(413, f"A body may have at most {LONGEST_BODY} bytes.")
        pieces.append(piece)
    return b"".join(pieces)


def response(answer: BaseModel | None, status: int) -> web.Response:
    """The answer to send."""
    if answer is None:
        return web.Response(status=204)
    return web.Response(text=answer.model_dump_json(by_alias=True), status=status, content_type=JSON)


def _refused(where: str, problem: ValidationError) -> ProblemDetails:
    found = problem.errors(include_url=False, include_input=False, include_context=False)
    return ProblemDetails(
        422,
        "The request does not fit the description of this interface.",
        errors=[_error(where, ".".join(str(part) for part in error["loc"]), error["msg"]) for error in found],
    )


def _error(where: str, name: str, message: str) -> dict[str, str]:
    return {"at": f"{where}.{name}" if name else where, "message": message}


@cache
def _kinds(model: type[BaseModel]) -> Mapping[str, Mapping[str, Any]]:
    properties: Mapping[str, Mapping[str, Any]] = model.model_json_schema().get("properties", {})
    return properties


def _plain(schema: Mapping[str, Any], text: str) -> object:
    """A part of the address as the JSON value that its schema expects; text where it cannot be converted."""
    kinds = {schema.get("type"), *(part.get("type") for part in schema.get("anyOf", ()))}
    if "integer" in kinds and _INTEGER.fullmatch(text):
        return int(text)
    if "boolean" in kinds and text in ("true", "false"):
        return text == "true"
    return text
