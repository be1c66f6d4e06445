"""Draws into the documents what the code knows better: state diagrams and the table of settings.

`python docs/generate.py` rewrites the blocks between `<!-- drawn: NAME -->` and `<!-- end -->`;
`--check` only says whether they are up to date.
"""

import re
import sys
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import get_args

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from callcenter import api
from callcenter.domain import call, operator, recording, request
from callcenter.domain.call import CallState
from callcenter.domain.recording import RecordingState
from callcenter.domain.request import RequestState
from callcenter.settings import Settings

DOCS = Path(__file__).resolve().parent
BLOCK = re.compile(r"(<!-- drawn: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def call_states() -> str:
    """The moves of a call; facts that may come late and move nothing are left out."""
    table = {
        state: {event.__name__: targets for event, targets in row.items()} for state, row in call.TRANSITIONS.items()
    }
    return _diagram(table, CallState.ARRIVED, CallState.ENDED)


def operator_states() -> str:
    """The moves of an operator."""
    table = {
        state: {signal.value: (target,) for signal, target in row.items()}
        for state, row in operator.TRANSITIONS.items()
    }
    return _diagram(table, operator.OperatorState.RESTING)


def recording_states() -> str:
    """The steps of a recording."""
    table = {
        state: {step.value: (target,) for step, target in row.items()} for state, row in recording.TRANSITIONS.items()
    }
    return _diagram(table, RecordingState.EXPECTED, RecordingState.DELETED)


def request_states() -> str:
    """The moves of what is asked of a node."""
    table = {
        state: {move.value: (target,) for move, target in row.items()} for state, row in request.TRANSITIONS.items()
    }
    return _diagram(table, RequestState.ASKED, *(state for state, row in table.items() if not row))


def _diagram(table: Mapping[StrEnum, Mapping[str, tuple[StrEnum, ...]]], first: StrEnum, *last: StrEnum) -> str:
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {first.value}"]
    for state, row in table.items():
        for target in dict.fromkeys(target for targets in row.values() for target in targets):
            if target is not state:
                names = ", ".join(name for name, targets in row.items() if target in targets)
                lines.append(f"    {state.value} --> {target.value}: {names}")
    lines += [f"    {state.value} --> [*]" for state in last]
    return "\n".join([*lines, "```", ""])


def settings() -> str:
    """Every setting: its variable, default, meaning."""
    lines = ["| variable | default | meaning |", "| --- | --- | --- |"]
    lines += _rows(Settings, "CALLCENTER_")
    return "\n".join([*lines, ""])


def _rows(model: type[BaseModel], prefix: str) -> list[str]:
    rows = []
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            rows += _rows(kind, f"{prefix}{name.upper()}__")
        else:
            rows.append(f"| `{prefix}{name.upper()}` | {_default(field)} | {field.description} |")
    return rows


def _default(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return "**must be set**"
    if field.default is None:
        return "not set"
    if SecretStr in get_args(field.annotation):
        return "not set"
    if isinstance(field.default, tuple):
        return "`[" + ", ".join(f'"{item}"' for item in field.default) + "]`"
    return f"`{field.default}`"


def api_routes() -> str:
    """Every endpoint of the interface: what it does, and the scope it needs."""
    lines = ["| request | scope | what it does |", "| --- | --- | --- |"]
    for endpoint in api.endpoints.all:
        scope = f"`{endpoint.scope}`" if endpoint.scope else "none"
        lines.append(f"| `{endpoint.method} {endpoint.path}` | {scope} | {endpoint.described} |")
    return "\n".join([*lines, ""])


DRAWN: Mapping[str, Callable[[], str]] = {
    "call_states": call_states,
    "operator_states": operator_states,
    "recording_states": recording_states,
    "request_states": request_states,
    "settings": settings,
    "api_routes": api_routes,
}


def main() -> int:
    """Rewrite the blocks, or with `--check` say which are out of date and exit 1."""
    stale = []
    for document in sorted(DOCS.glob("*.md")):
        text = document.read_text()
        drawn = BLOCK.sub(lambda block: block[1] + DRAWN[block[2]]() + block[3], text)
        if drawn != text:
            stale.append(document.name)
            if "--check" not in sys.argv:
                document.write_text(drawn)
    if stale:
        print(f"{'out of date' if '--check' in sys.argv else 'rewritten'}: {', '.join(stale)}")
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
