"""What a screen shows, and what changes it. Pure; the scripts of the pages do the same."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

Body = dict[str, Any]


@dataclass(frozen=True)
class Snapshot:
    """Everything the audiences of one screen see when all deltas up to number `n` are applied."""

    type: ClassVar[str] = "snapshot"
    n: int
    state: Mapping[str, Body]

    @cached_property
    def text(self) -> str:
        """The message as sent to the browser."""
        return _json({"type": self.type, "n": self.n, "state": dict(self.state)})


@dataclass(frozen=True)
class Resumed:
    """The screen was up to date at `n`; all that it missed since follows."""

    type: ClassVar[str] = "resumed"
    n: int

    @cached_property
    def text(self) -> str:
        """The message as sent to the browser."""
        return _json({"type": self.type, "n": self.n})


@dataclass(frozen=True)
class Delta:
    """From number `n` on, `kind` shows `body`."""

    type: ClassVar[str] = "delta"
    n: int
    audience: str
    kind: str
    body: Body

    @cached_property
    def text(self) -> str:
        """The message as sent to the browser; encoded once however many browsers get it."""
        return _json({"type": self.type, "n": self.n, "kind": self.kind, "body": self.body})


Message = Snapshot | Resumed | Delta


def apply(screen: Snapshot, delta: Delta) -> Snapshot:
    """The screen after the delta. A delta that it already contains changes nothing."""
    if delta.n <= screen.n:
        return screen
    body = delta.body
    if delta.kind == "queues":
        queues = {**screen.state.get("queues", {"queues": {}})["queues"], **body["queues"]}
        body = {"queues": {name: row for name, row in queues.items() if row is not None}}
    return Snapshot(delta.n, {**screen.state, delta.kind: body})


def _json(message: Body) -> str:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))
