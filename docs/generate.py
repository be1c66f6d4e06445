"""Generates parts of the documents from code: states, packages and layers, permissions, settings, messages.

`python docs/generate.py` rewrites the blocks between `<!-- drawn: NAME -->` and `<!-- end -->`, and the files that are
drawn whole; `--check` only says whether they are up to date.
"""

import ast
import re
import sys
import tomllib
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import get_args

import messages
from prometheus_client import Counter
from prometheus_client.metrics import MetricWrapperBase
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from callcenter import api, metrics
from callcenter.domain import access, call, operator, recording, request
from callcenter.domain.access import Permission, Role
from callcenter.domain.call import CallState
from callcenter.domain.recording import RecordingState
from callcenter.domain.request import RequestState
from callcenter.settings import Settings

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
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


def packages() -> str:
    """Every package and module of the program, layer by layer, by the first line of its docstring."""
    contract, *_ = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    lines = ["| layer | package | what it is for |", "| --- | --- | --- |"]
    for number, layer in enumerate(contract["layers"], 1):
        for name in layer.split(" | "):
            lines.append(f"| {number} | {_described(ROOT / 'callcenter' / name)} |")
    return "\n".join([*lines, ""])


def _described(place: Path) -> str:
    name, file = (f"{place.name}/", place / "__init__.py") if place.is_dir() else (f"{place.name}.py", None)
    docstring = ast.get_docstring(ast.parse((file or place.with_suffix(".py")).read_text()))
    if not docstring:
        raise ValueError(f"{name} has no docstring to be described by")
    return f"`{name}` | {docstring.splitlines()[0]}"


def figures() -> str:
    """What /metrics tells, in the order of `callcenter/metrics.py`."""
    lines = ["| figure | labels | what it is |", "| --- | --- | --- |"]
    for each in vars(metrics).values():
        if isinstance(each, MetricWrapperBase):
            name = each._name + ("_total" if isinstance(each, Counter) else "")
            lines.append(f"| `{name}` | {', '.join(each._labelnames)} | {each._documentation} |")
    return "\n".join(lines) + "\n"


def permissions() -> str:
    """What each role may do. What everybody may who is logged in, and nobody is asked for, is left out."""
    lines = [f"| | {' | '.join(Role)} |", "| --- |" + " --- |" * len(Role)]
    for permission in Permission:
        if permission not in (Permission.ANYONE, Permission.PERSON):
            marks = ("yes" if access.may(role, permission) else "" for role in Role)
            lines.append(f"| {permission} | {' | '.join(marks)} |")
    return "\n".join([*lines, ""])


DRAWN: Mapping[str, Callable[[], str]] = {
    "figures": figures,
    "call_states": call_states,
    "operator_states": operator_states,
    "recording_states": recording_states,
    "request_states": request_states,
    "settings": settings,
    "api_routes": api_routes,
    "packages": packages,
    "permissions": permissions,
    "screen_kinds": messages.screen_kinds,
    "screen_bodies": messages.screen_bodies,
    "browser_messages": messages.browser_messages,
}

FILES: Mapping[Path, Callable[[], str]] = {
    DOCS / "protocol.schema.json": messages.schema,
    DOCS.parent / "types" / "protocol.d.ts": messages.types,
    DOCS.parent / "types" / "texts.d.ts": messages.page_texts,
}


def main() -> int:
    """Rewrite blocks and files, or with `--check` say which are out of date and exit 1."""
    fresh = {path: draw() for path, draw in FILES.items()}
    for document in sorted(DOCS.glob("*.md")):
        fresh[document] = BLOCK.sub(lambda block: block[1] + DRAWN[block[2]]() + block[3], document.read_text())
    stale = []
    for path, text in fresh.items():
        if not path.exists() or path.read_text() != text:
            stale.append(path.name)
            if "--check" not in sys.argv:
                path.write_text(text)
    if stale:
        print(f"{'out of date' if '--check' in sys.argv else 'rewritten'}: {', '.join(stale)}")
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
