"""A trunk as an administrator sets it: the line that Asterisk must know, where it is, and what is typed into its form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

import asyncpg

from callcenter.common.secret_box import SecretBox
from callcenter.telephony.trunk_line import Dtmf, NumberForm, SessionTimers, Transport, TrunkLine, faults

E = TypeVar("E", bound=StrEnum)
ENUMERATIONS: Mapping[str, type[StrEnum]] = {
    "transport": Transport,
    "dtmf": Dtmf,
    "session_timers": SessionTimers,
    "number_form": NumberForm,
}
LISTS = ("hosts", "codecs", "dialled_number_in")
SWITCHES = ("srtp", "registers", "trust_asserted_identity", "send_asserted_identity", "calls_out")
NUMBERS = ("port", "calls_at_once", "calls_per_s")
LARGEST = 1_000_000
COLUMNS = tuple(field.name for field in fields(TrunkLine) if field.name not in ("name", "password", "addresses"))
"""The columns of a line besides its name and password, in the order of the statements in storage/queries/trunks.sql."""


class TrunkState(StrEnum):
    """What a node sees of a trunk: registered, or answering whether it is there."""

    UP = "up"
    DOWN = "down"
    REFUSED = "refused"
    """Its login or password is wrong, or the account is blocked."""
    NAMELESS = "nameless"
    """A name of it is not found in DNS; calls are taken from the addresses that were found last."""
    UNKNOWN = "unknown"
    """Calls only come from there, so nobody asks."""


BAD = frozenset({TrunkState.DOWN, TrunkState.REFUSED, TrunkState.NAMELESS})
"""What somebody has to do something about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trunk:
    """A row. The line has no password; `has_password` tells whether there is one."""

    id: int
    line: TrunkLine
    node: str | None
    position: int
    active: bool
    has_password: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenTrunk:
    """What one node sees of a trunk, since when."""

    trunk: str
    node: str
    state: TrunkState
    since: datetime


def line_of(row: asyncpg.Record, password: str = "") -> TrunkLine:
    """The line of a row."""
    known: dict[str, Any] = {name: row[name] for name in COLUMNS}
    known |= {name: tuple(row[name]) for name in LISTS}
    known |= {name: kind(row[name]) for name, kind in ENUMERATIONS.items()}
    return TrunkLine(name=row["name"], password=password, **known)


def line_for_asterisk(row: asyncpg.Record, box: SecretBox, addresses: Mapping[str, Sequence[str]]) -> TrunkLine:
    """The line of a row with its password in clear, and the `addresses` of its host names."""
    line = line_of(row, "" if row["password"] is None else box.open(row["password"]))
    found = dict.fromkeys(address for name in line.sources for address in addresses.get(name, ()))
    return replace(line, addresses=tuple(found))


def trunk_of(row: asyncpg.Record) -> Trunk:
    """The trunk of a row."""
    return Trunk(
        id=row["id"],
        line=line_of(row),
        node=row["node"],
        position=row["position"],
        active=row["active"],
        has_password=row["password"] is not None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkForm:
    """What is typed, checked. The line's password is empty when it is to stay as it is."""

    line: TrunkLine
    node: str | None
    position: int
    active: bool


def read_form(typed: Mapping[str, str], has_password: bool = False) -> tuple[TrunkForm | None, set[str]]:
    """The form, or the names of the fields that are wrong. `has_password`: there is one, which may stay."""
    wrong: set[str] = set()
    values: dict[str, Any] = {
        name: typed.get(name, "").strip() for name in ("name", "server", "login", "from_user", "from_domain")
    }
    # Spaces may be part of it by mistake only.
    values["password"] = typed.get("password", "").strip()
    values |= {name: tuple(typed.get(name, "").replace(",", " ").split()) for name in LISTS}
    values |= {name: bool(typed.get(name)) for name in SWITCHES}
    values["caller_number"] = typed.get("caller_number", "").strip() or None
    for name, kind in ENUMERATIONS.items():
        if typed.get(name) in set(kind):
            values[name] = kind(typed[name])
        else:
            wrong.add(name)
    numbers = {name: _number(typed.get(name, "")) for name in (*NUMBERS, "position")}
    wrong |= {name for name, number in numbers.items() if number is not None and number < 0}
    values |= {name: numbers[name] for name in NUMBERS}
    if wrong:
        return None, wrong
    line = TrunkLine(**values)
    if wrong := checked(line, has_password):
        return None, wrong
    node = typed.get("node", "").strip() or None
    return TrunkForm(line=line, node=node, position=numbers["position"] or 0, active=bool(typed.get("active"))), set()


def checked(line: TrunkLine, has_password: bool) -> set[str]:
    """The names of the fields that are wrong. `has_password`: there is one, which stays if the line has none."""
    wrong = set(faults(line))
    return wrong - {"password"} if has_password and not line.password else wrong


def typed_of(trunk: Trunk) -> dict[str, str]:
    """What the form shows of a trunk."""
    line = trunk.line
    texts = {name: getattr(line, name) for name in ("name", "server", "login", "from_user", "from_domain")}
    texts |= {name: " ".join(getattr(line, name)) for name in LISTS}
    texts |= {name: str(getattr(line, name)) for name in ENUMERATIONS}
    texts |= {name: "on" for name in SWITCHES if getattr(line, name)}
    texts |= {name: str(getattr(line, name)) for name in NUMBERS if getattr(line, name) is not None}
    texts |= {"caller_number": line.caller_number or "", "node": trunk.node or "", "position": str(trunk.position)}
    return texts | ({"active": "on"} if trunk.active else {})


def _number(text: str) -> int | None:
    """The number typed; None for none, -1 for what is none."""
    plain = text.strip()
    if not plain:
        return None
    return int(plain) if plain.isascii() and plain.isdigit() and int(plain[:7]) <= LARGEST and len(plain) <= 7 else -1
