"""What operators may give as the reason of a pause: added, renamed, put in order, retired by an administrator."""

import secrets
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import asyncpg
from aiohttp import web

from callcenter.common.scope import audit
from callcenter.domain.audit import AuditAction
from callcenter.domain.person import Person
from callcenter.storage import queries

SQL = queries("presence")
LONGEST = 40
MOST = 30
CODE_LENGTH = 12


@dataclass(frozen=True, slots=True)
class PauseReason:
    """A reason, as it is or as it is to be. `code`: empty for a new one; `active`: whether it is offered."""

    code: str
    name_ru: str
    name_en: str
    active: bool


class PauseReasons:
    """Over an open pool. Every method may raise `OSError` or an `asyncpg` error."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def all(self) -> list[PauseReason]:
        """In their order, retired ones too."""
        return [PauseReason(**row) for row in await self._pool.fetch(SQL["pause_reasons"])]

    async def save(self, by: Person, reasons: Sequence[PauseReason], address: str) -> None:
        """Save them in this order. None is removed: pauses of the past have it."""
        rows = [
            (reason.code or _new_code(), place, reason.name_ru, reason.name_en, reason.active)
            for place, reason in enumerate(reasons, 1)
        ]
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(SQL["save_pause_reasons"], *(list(column) for column in zip(*rows, strict=True)))
            await audit(connection, AuditAction.CHANGED_PAUSE_REASONS, person=by, address=address)


PAUSE_REASONS = web.AppKey("pause_reasons", PauseReasons)


def read(typed: Mapping[str, str], known: Sequence[PauseReason]) -> tuple[list[PauseReason], dict[str, str]]:
    """The form's reasons in the order of its places, those known and a new one; and what is wrong, by field."""
    found: list[tuple[int, PauseReason]] = []
    problems: dict[str, str] = {}
    for line, code in enumerate([*(reason.code for reason in known), ""]):
        russian, english = (" ".join(typed.get(f"{field}{line}", "").split()) for field in ("ru", "en"))
        if not code and not russian and not english:
            continue
        for field, name in (("ru", russian), ("en", english)):
            if not 1 <= len(name) <= LONGEST or not name.isprintable():
                problems[f"{field}{line}"] = "bad"
        place = typed.get(f"place{line}", "")
        if not (place.isascii() and place.isdigit() and len(place) <= 3):
            problems[f"place{line}"] = "bad"
            place = str(line + 1)
        # Of two with one place the one that was moved up comes first, the one that was moved down last.
        moved = int(place) - (line + 1)
        order = 2 * int(place) + (moved > 0) - (moved < 0)
        found.append((order, PauseReason(code, russian, english, f"active{line}" in typed)))
    return [reason for _order, reason in sorted(found, key=lambda each: each[0])], problems


def _new_code() -> str:
    return "".join(secrets.choice(string.ascii_lowercase) for _ in range(CODE_LENGTH))
