"""Draws the messages of the socket from their classes: the tables of protocol.md, the schema, the types of the scripts."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from pydantic import TypeAdapter

from callcenter.calls.card_texts import card_texts
from callcenter.calls.telephone_texts import telephone_texts
from callcenter.push.codec import REQUESTS, adapter
from callcenter.push.messages import KINDS, ErrorMessage, Hello
from callcenter.push.shapes import Shape
from callcenter.push.state import Delta, Resumed, Snapshot
from callcenter.web.script_texts import script_texts

Schema = dict[str, Any]

WHO = {"all": "all", "operator": "the operator", "supervisors": "supervisors"}
FROM_BROWSER: tuple[type[Shape], ...] = (Hello, *REQUESTS.values())
OPERATOR = "operator/ID"


def schema() -> str:
    """docs/protocol.schema.json: every message in both directions."""
    return json.dumps(_schema(), ensure_ascii=False, indent=2) + "\n"


def _schema() -> Schema:
    shapes = [shape for _, bodies in KINDS.values() for shape in bodies] + [ErrorMessage, *FROM_BROWSER]
    found, described = TypeAdapter.json_schemas(
        [(shape, "serialization", adapter(shape)) for shape in shapes], ref_template="#/$defs/{model}"
    )
    defs: Schema = {**described["$defs"]}
    for (shape, _), given in found.items():
        defs.setdefault(shape.__name__, given)
        _describe_inherited(shape, defs[shape.__name__])
    defs = {name: _tidy(given) for name, given in sorted(defs.items())}
    kinds = {kind: _either([shape.__name__ for shape in bodies]) for kind, (_, bodies) in KINDS.items()}
    defs["State"] = _object(
        {kind: body for kind, body in kinds.items() if kind != OPERATOR},
        patternProperties={"^operator/[0-9]+$": kinds[OPERATOR]},
        required=[],
    )
    defs["Snapshot"] = _envelope(Snapshot, state=_ref("State"))
    defs["Resumed"] = _envelope(Resumed)
    deltas = []
    for kind in KINDS:
        name = "".join(part.capitalize() for part in kind.split("/") if part != "ID") + "Delta"
        named = {"pattern": "^operator/[0-9]+$", "type": "string"} if kind == OPERATOR else {"const": kind}
        defs[name] = _envelope(Delta, kind=named, body=kinds[kind])
        deltas.append(name)
    defs["Delta"] = _either(deltas)
    defs["FromService"] = _either(["Snapshot", "Resumed", "Delta", "ErrorMessage"])
    defs["FromBrowser"] = _either([shape.__name__ for shape in FROM_BROWSER])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The socket of callcenter",
        **_either(["FromService", "FromBrowser"]),
        "$defs": defs,
    }


def _describe_inherited(shape: type[Shape], given: Schema) -> None:
    # pydantic reads the docstrings of a class's own fields only.
    for parent in shape.__mro__[1:]:
        if is_dataclass(parent):
            for name, field in adapter(parent).json_schema()["properties"].items():
                if "description" in field:
                    given["properties"][name].setdefault("description", field["description"])


def _envelope(message: type[Snapshot | Resumed | Delta], **parts: Schema) -> Schema:
    # Who receives a delta is not in it.
    sent = {
        field.name: parts.get(field.name, {"type": "integer"}) for field in fields(message) if field.name != "audience"
    }
    return {"description": (message.__doc__ or "").strip(), **_object({"type": {"const": message.type}, **sent})}


def _object(properties: Schema, **more: Any) -> Schema:
    return {
        "type": "object", "properties": properties, "required": list(properties), "additionalProperties": False, **more,
    }  # fmt: skip


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _either(names: list[str]) -> Schema:
    return _ref(names[0]) if len(names) == 1 else {"anyOf": [_ref(name) for name in names]}


def _tidy(given: Schema) -> Schema:
    """Without the titles that only repeat the names; every field is there, whether or not it has a default."""
    tidy = {key: value for key, value in given.items() if key not in ("title", "default")}
    if "properties" in tidy:
        tidy["properties"] = {
            name: {key: value for key, value in field.items() if key not in ("title", "default")}
            for name, field in tidy["properties"].items()
        }
        tidy["required"] = list(tidy["properties"])
    return tidy


def types() -> str:
    """types/protocol.d.ts: the same for the scripts of the pages."""
    given = _schema()["$defs"]
    return "\n".join(["// Drawn by docs/generate.py from callcenter/push/messages.py.", *_declarations(given), ""])


def _declarations(defs: Mapping[str, Schema]) -> Iterator[str]:
    for name, given in defs.items():
        yield ""
        if description := given.get("description"):
            yield f"/** {_line(description)} */"
        if "properties" not in given:
            yield f"export type {name} = {_type(given)};"
            continue
        yield f"export interface {name} {{"
        for field, kind in given["properties"].items():
            if description := kind.get("description"):
                yield f"  /** {_line(description)} */"
            optional = "" if field in given["required"] else "?"
            yield f"  {json.dumps(field) if not field.isidentifier() else field}{optional}: {_type(kind)};"
        for kind in given.get("patternProperties", {}).values():
            yield f"  [operator: `operator/${{number}}`]: {_type(kind)} | undefined;"
        yield "}"


def _type(given: Schema) -> str:
    match given:
        case {"$ref": ref}:
            return str(ref).rpartition("/")[2]
        case {"anyOf": kinds}:
            return " | ".join(map(_type, kinds))
        case {"const": value}:
            return json.dumps(value)
        case {"enum": values}:
            return " | ".join(map(json.dumps, values))
        case {"pattern": _}:
            return "`operator/${number}`"
        case {"type": "array", "items": items}:
            return f"{_type(items)}[]"
        case {"type": "object", "additionalProperties": values}:
            return f"Record<string, {_type(values)}>"
        case {"type": kind}:
            return {"integer": "number", "number": "number"}.get(kind, kind)
    raise TypeError(f"no type for {given}")


def _line(text: str) -> str:
    return " ".join(text.split())


def _page_texts() -> Iterator[tuple[str, dict[str, Any]]]:
    yield "Texts", script_texts("en")
    yield "CardTexts", card_texts("en")
    yield "TelephoneTexts", telephone_texts("en")


def page_texts() -> str:
    """types/texts.d.ts: the texts that the server writes into the page for its scripts."""
    lines = [
        "// Drawn by docs/generate.py from script_texts.py of callcenter/web, card_texts.py and telephone_texts.py of callcenter/calls."
    ]
    for interface, texts in _page_texts():
        lines += ["", f"export interface {interface} {{"]
        for name, text in texts.items():
            inner = " ".join(f"{key}: string;" for key in map(str, text)) if isinstance(text, dict) else ""
            lines.append(f"  {name}: {f'{{ {inner} }}' if inner else 'string'};")
        lines.append("}")
    return "\n".join([*lines, ""])


def screen_kinds() -> str:
    """The parts of screens: who sees each, and what its bodies are called."""
    lines = ["| kind | seen by | body | |", "| --- | --- | --- | --- |"]
    defs = _schema()["$defs"]
    for kind, (audience, bodies) in KINDS.items():
        for shape in bodies:
            body = f"`{shape.__name__}`" if defs[shape.__name__]["properties"] else "`{}`"
            lines.append(f"| `{kind}` | {WHO[audience]} | {body} | {_line(defs[shape.__name__]['description'])} |")
    return "\n".join([*lines, ""])


def screen_bodies() -> str:
    """The fields of every body and of the shapes in it."""
    wanted = [name for _, bodies in KINDS.values() for name in (shape.__name__ for shape in bodies)]
    return _tables(wanted)


def browser_messages() -> str:
    """The fields of what a browser may say."""
    return _tables([shape.__name__ for shape in FROM_BROWSER])


def _tables(wanted: list[str]) -> str:
    defs = _schema()["$defs"]
    lines: list[str] = []
    for name in wanted:
        given = defs[name]
        if not given["properties"]:
            continue
        lines += [f"**{name}** {_line(given['description'])}", "", "| field | type | meaning |", "| --- | --- | --- |"]
        for field, kind in given["properties"].items():
            lines.append(f"| `{field}` | {_words(kind, defs, wanted)} | {_line(kind.get('description', ''))} |")
        lines.append("")
    return "\n".join(lines)


def _words(given: Schema, defs: Mapping[str, Schema], wanted: list[str]) -> str:
    """A type in words; a shape inside another gets a table of its own, after those that are wanted."""
    match given:
        case {"$ref": ref}:
            name = str(ref).rpartition("/")[2]
            if "enum" in defs[name]:
                return _words(defs[name], defs, wanted)
            if name not in wanted:
                wanted.append(name)
            return f"**{name}**"
        case {"anyOf": kinds}:
            return ", ".join(_words(kind, defs, wanted) for kind in kinds if kind != {"type": "null"}) + (
                " or null" if {"type": "null"} in kinds else ""
            )
        case {"const": value}:
            return f"`{value}`"
        case {"enum": values}:
            return ", ".join(f"`{value}`" for value in values)
        case {"format": "date-time"}:
            return "time"
        case {"type": "array", "items": items}:
            return f"list of {_words(items, defs, wanted)}"
        case {"type": "object", "additionalProperties": values}:
            return f"object of {_words(values, defs, wanted)}"
        case {"type": kind}:
            return str(kind)
    raise TypeError(f"no words for {given}")
