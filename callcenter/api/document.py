"""The OpenAPI 3.1 description of the interface, made from the endpoints themselves."""

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from pydantic import RootModel, TypeAdapter
from pydantic.json_schema import CoreModeRef, CoreRef, DefsRef, GenerateJsonSchema, JsonSchemaMode, models_json_schema

from callcenter.api.endpoint import API, Endpoint, endpoints
from callcenter.api.once import HEADER, KEY_PATTERN
from callcenter.api.reading import JSON
from callcenter.domain.access import Permission, Scope
from callcenter.web.problem import MEDIA_TYPE

REFERENCE = "#/components/schemas/{model}"
ABOUT = (
    "The dispatch desk for programs. Each request carries a token, made on the page `/account/tokens`, and sees what the "
    "token's owner sees, within the token's scopes. Errors come as `application/problem+json` (RFC 9457): 422 when a "
    "request does not match this description, 409 when it does, but conflicts with the current data."
)
MEANINGS = {
    400: "The body is not JSON",
    401: "No token, or one that is not valid",
    403: "The token lacks the scope, or its owner may not",
    404: "It does not exist, or the token's owner has no access to it",
    409: "It conflicts with the current data",
    413: "The body is too large",
    415: "The Content-Type of the body is not JSON",
    422: "The request does not match this description",
    429: "Too many requests by this token",
    500: "An error on the server's side",
    503: "Not available for the moment",
}
PROBLEM = {
    "type": "object",
    "description": "What is wrong (RFC 9457).",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "description": "the reason, as a stable code"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["at", "message"],
                "properties": {"at": {"type": "string"}, "message": {"type": "string"}},
            },
        },
        "current_version": {"type": "integer", "description": "with a conflict: the newest version"},
        "changed": {
            "type": "array",
            "items": {"type": "string"},
            "description": "with a conflict: what others changed",
        },
    },
}


class OpenApiDocument(RootModel[dict[str, Any]]):
    """An OpenAPI 3.1 document."""


@endpoints.get("/openapi.json", None, Permission.ANYONE)
async def openapi() -> OpenApiDocument:
    """This description."""
    return OpenApiDocument(describe(endpoints.all))


def describe(described: Sequence[Endpoint]) -> dict[str, Any]:
    """The OpenAPI document of these endpoints."""
    bodies, schemas = _bodies(described)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in described:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = {
            "operationId": endpoint.name,
            "summary": endpoint.described.partition("\n")[0],
            "tags": [endpoint.scope.value] if endpoint.scope else [],
            "security": [{"token": [endpoint.scope.value]}] if endpoint.scope else [],
            "parameters": [*_in_path(endpoint), *_in_query(endpoint, schemas), *_in_headers(endpoint)],
            "responses": _answers(endpoint, bodies),
        }
        if endpoint.body is not None:
            content = {JSON: {"schema": bodies[endpoint.body, "validation"]}}
            paths[endpoint.path][endpoint.method.lower()]["requestBody"] = {"required": True, "content": content}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Dispatch desk", "version": "1.0", "description": ABOUT},
        "servers": [{"url": API}],
        "paths": paths,
        "components": {
            "schemas": {**schemas, "Problem": PROBLEM},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "tags": [{"name": scope.value} for scope in Scope],
    }


class PublicNames(GenerateJsonSchema):
    """Schemas by the name that programs know: `TicketModel` is published as `Ticket`."""

    def get_defs_ref(self, core_mode_ref: CoreModeRef) -> DefsRef:
        """The name of a schema."""
        reference, mode = core_mode_ref
        return super().get_defs_ref((CoreRef(reference.replace("Model:", ":")), mode))


def _bodies(described: Sequence[Endpoint]) -> tuple[Mapping[Any, dict[str, Any]], dict[str, Any]]:
    """A reference for each request and response body, and all the schemas they refer to."""
    wanted: set[tuple[Any, JsonSchemaMode]] = set()
    for endpoint in described:
        if endpoint.body is not None:
            wanted.add((endpoint.body, "validation"))
        if endpoint.answer is not None:
            wanted.add((endpoint.answer, "serialization"))
    ordered = sorted(wanted, key=lambda each: (each[0].__name__, each[1]))
    references, definitions = models_json_schema(ordered, ref_template=REFERENCE, schema_generator=PublicNames)
    return references, definitions["$defs"]


def _in_path(endpoint: Endpoint) -> Iterator[dict[str, Any]]:
    for name, hint in endpoint.in_path.items():
        yield {"name": name, "in": "path", "required": True, "schema": TypeAdapter(hint).json_schema()}


def _in_query(endpoint: Endpoint, schemas: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if endpoint.query is None:
        return
    schema = endpoint.query.model_json_schema(ref_template=REFERENCE, schema_generator=PublicNames)
    schemas.update(schema.get("$defs", {}))
    for name, part in schema["properties"].items():
        yield {"name": name, "in": "query", "required": name in schema.get("required", ()), "schema": part}


def _in_headers(endpoint: Endpoint) -> Iterator[dict[str, Any]]:
    if endpoint.once:
        yield {
            "name": HEADER,
            "in": "header",
            "description": "A new one for each thing to be done; for 24 hours the same key gives the same answer again.",
            "schema": {"type": "string", "pattern": KEY_PATTERN},
        }


def _answers(endpoint: Endpoint, bodies: Mapping[Any, dict[str, Any]]) -> dict[str, Any]:
    good: dict[str, Any] = {"description": HTTPStatus(endpoint.status).phrase}
    if endpoint.answer is not None:
        good["content"] = {JSON: {"schema": bodies[endpoint.answer, "serialization"]}}
    problems = {422, 500, 503, *endpoint.problems}
    if endpoint.scope is not None:
        problems |= {401, 403, 429}
    if endpoint.body is not None:
        problems |= {400, 413, 415}
    content = {MEDIA_TYPE: {"schema": {"$ref": REFERENCE.format(model="Problem")}}}
    bad = {str(status): {"description": MEANINGS[status], "content": content} for status in sorted(problems)}
    return {str(endpoint.status): good, **bad}
