"""Writes messages as JSON, and reads them: strictly those of the service, leniently those of browsers."""

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from callcenter.errors import CallcenterError
from callcenter.push.messages import (
    KINDS,
    BrowserRequest,
    Hello,
    PauseRequest,
    PresenceRequest,
    RingRequest,
    TalkRequest,
    WrapUpRequest,
)
from callcenter.push.shapes import Shape, Shown

S = TypeVar("S", bound=Shape)
REQUESTS: Mapping[str, type[BrowserRequest]] = {
    "presence": PresenceRequest,
    "wrap_up": WrapUpRequest,
    "recording": PauseRequest,
    "ring": RingRequest,
    "talk": TalkRequest,
}


class BadMessage(CallcenterError):
    """A browser sent something that is not in the protocol; the text says what."""


adapter: Callable[[Any], TypeAdapter[Any]] = cache(TypeAdapter)
"""The pydantic adapter of a message: writes, reads and describes it."""
# Built at import: built at the first card of the day they would delay the cards of all who are answered with it.
for _shape in (Hello, *REQUESTS.values(), *(shape for _, shapes in KINDS.values() for shape in shapes)):
    adapter(_shape)


def to_json(message: Shape) -> dict[str, Any]:
    """The message as JSON has it, for those who encode it themselves."""
    written: dict[str, Any] = adapter(type(message)).dump_python(message, mode="json")
    return written


def entry(audience: str, body: Shown, kind: str | None = None, **lookups: object) -> dict[str, Any]:
    """A change of a screen as PostgreSQL takes it. `kind` where the class says only a part of it: `operator/ID`."""
    return {"audience": audience, "kind": kind or body.shown_as, "body": to_json(body), **lookups}


def body_of(kind: str, body: Mapping[str, object]) -> Shown:
    """The body of a delta or of a part of a snapshot: no field may be missing or unknown.

    Raises `KeyError` for an unknown kind, `pydantic.ValidationError` for a body that is not of it.
    """
    _, shapes = KINDS["operator/ID" if kind.startswith("operator/") else kind]
    # Of two shapes the last one is empty: there is nothing to show.
    read: Shown = adapter(shapes[0] if body else shapes[-1]).validate_json(json.dumps(body))
    return read


def hello_of(text: str) -> Hello:
    """The first message of a browser. Raises `BadMessage`."""
    if _object(text).get("type") != "hello":
        raise BadMessage("say hello first")
    return _heard(Hello, text)


def request_of(text: str) -> BrowserRequest:
    """A later message of a browser. Raises `BadMessage`."""
    shape = REQUESTS.get(str(_object(text).get("type")))
    if shape is None:
        raise BadMessage("unknown type")
    return _heard(shape, text)


def _object(text: str) -> dict[str, Any]:
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        raise BadMessage("not JSON") from None
    if not isinstance(message, dict):
        raise BadMessage("not an object")
    return message


def _heard(shape: type[S], text: str) -> S:
    try:
        heard: S = adapter(shape).validate_json(text, extra="ignore")
        return heard
    except ValidationError as problem:
        [first, *_] = problem.errors(include_input=False, include_url=False)
        field = first["loc"][0] if first["loc"] else "message"
        raise BadMessage(f"`{field}`: {first['msg']}") from None
