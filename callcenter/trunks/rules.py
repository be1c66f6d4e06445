"""The rules by which calls go out, over PostgreSQL, and the page's question why one does or does not."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import asyncpg
from aiohttp import web

from callcenter.common.scope import Connection, audit
from callcenter.domain.audit import AuditAction, AuditSubject
from callcenter.domain.person import Person
from callcenter.trunks.judging import SQL, judge, rule_of
from callcenter.trunks.outbound import OutboundRule, Purpose, Reason, RuleForm, Verdict

PREFIX = r"\+[0-9]{0,14}"
LARGEST = 100_000
SHOWN_ATTEMPTS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A number that an operator dialled, and what was decided."""

    at: datetime
    operator: str
    number: str
    reason: Reason
    rule_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Somebody with a telephone."""

    id: int
    name: str
    endpoint: str


def read_rule(typed: Mapping[str, str]) -> tuple[RuleForm | None, set[str]]:
    """The rule typed, or the names of the fields that are wrong."""
    wrong: set[str] = set()
    prefix = re.sub(r"[\s()-]", "", typed.get("prefix", "")) or "+"
    prefix = prefix if prefix.startswith("+") else f"+{prefix}"
    if not re.fullmatch(PREFIX, prefix):
        wrong.add("prefix")
    if typed.get("purpose") not in set(Purpose):
        wrong.add("purpose")
    limits: dict[str, int | None] = {}
    for name in ("per_operator_hour", "per_hour"):
        text = typed.get(name, "").strip()
        good = text.isascii() and text.isdigit() and len(text) <= 6 and int(text) <= LARGEST
        limits[name] = int(text) if good else None
        if text and not good:
            wrong.add(name)
    if wrong:
        return None, wrong
    return RuleForm(purpose=Purpose(typed["purpose"]), prefix=prefix, active=bool(typed.get("active")), **limits), wrong


class Rules:
    """What administrators do with rules. Every method may raise `OSError` or an `asyncpg` error."""

    def __init__(self, pool: asyncpg.Pool, node: str) -> None:
        self._pool = pool
        self._node = node

    async def all(self) -> list[OutboundRule]:
        """In the order in which they were made."""
        return [rule_of(row) for row in await self._pool.fetch(SQL["rules"])]

    async def attempts(self) -> list[Attempt]:
        """What was decided last, the newest first."""
        return [
            Attempt(
                at=row["at"],
                operator=row["operator"],
                number=row["number"],
                reason=Reason(row["reason"]),
                rule_id=row["rule_id"],
            )
            for row in await self._pool.fetch(SQL["attempts"], SHOWN_ATTEMPTS)
        ]

    async def callers(self) -> list[Caller]:
        """Everybody with a telephone."""
        return [Caller(**row) for row in await self._pool.fetch(SQL["operators"])]

    async def why(self, operator: int, number: str) -> tuple[Verdict, str]:
        """What would be decided now, and the number that the call would show; nothing is counted."""
        async with self._pool.acquire() as connection:
            return await judge(connection, self._node, operator, number)

    async def add(self, by: Person, form: RuleForm, address: str) -> int:
        """A new one; its id."""
        async with self._pool.acquire() as connection, connection.transaction():
            rule = int(await connection.fetchval(SQL["add_rule"], *_values(form)))
            await _note(connection, AuditAction.ADDED_OUTBOUND_RULE, by, rule, address, form)
            return rule

    async def change(self, by: Person, rule: int, form: RuleForm, address: str) -> bool:
        """Change one; False when there is no such."""
        async with self._pool.acquire() as connection, connection.transaction():
            if await connection.fetchval(SQL["change_rule"], rule, *_values(form)) is None:
                return False
            await _note(connection, AuditAction.CHANGED_OUTBOUND_RULE, by, rule, address, form)
            return True

    async def remove(self, by: Person, rule: int, address: str) -> bool:
        """Remove one; False when there is no such."""
        async with self._pool.acquire() as connection, connection.transaction():
            if await connection.fetchval(SQL["remove_rule"], rule) is None:
                return False
            await _note(connection, AuditAction.REMOVED_OUTBOUND_RULE, by, rule, address, None)
            return True


RULES = web.AppKey("outbound_rules", Rules)


def _values(form: RuleForm) -> tuple[object, ...]:
    return form.purpose, form.prefix, form.per_operator_hour, form.per_hour, form.active


async def _note(
    connection: Connection, action: AuditAction, by: Person, rule: int, address: str, form: RuleForm | None
) -> None:
    named = ("purpose", "prefix", "active", "per_operator_hour", "per_hour")
    details = {} if form is None else {name: getattr(form, name) for name in named if getattr(form, name) is not None}
    await audit(
        connection,
        action,
        person=by,
        subject=AuditSubject.OUTBOUND_RULE,
        subject_id=rule,
        address=address,
        details=details,
    )
