"""Trunks over PostgreSQL; the nodes hear of each change by a trigger."""

from typing import Any, ClassVar

import asyncpg
from aiohttp import web

from callcenter.common.scope import Connection, audit
from callcenter.common.secret_box import SecretBox
from callcenter.domain.audit import AuditAction, AuditSubject
from callcenter.domain.person import Person
from callcenter.errors import Refusal, gettext_noop
from callcenter.storage import queries
from callcenter.trunks.trunk import COLUMNS, LISTS, SeenTrunk, Trunk, TrunkForm, TrunkState, trunk_of

SQL = queries("trunks")


class TrunkRefused(Refusal):
    """It cannot be so, or not with the rest. `code`: the reason, for the field."""

    status = 409
    text = gettext_noop("Check the trunk's fields.")
    meanings: ClassVar = {
        "wrong": "cannot be so, or not together with the rest",
        "taken": "another trunk has this name",
        "unknown": "there is no such node",
        "shared": "the trunks of this node are those of the other PBX that configures its Asterisk",
    }


class Trunks:
    """What administrators do with trunks. Every method may raise `OSError` or an `asyncpg` error."""

    def __init__(self, pool: asyncpg.Pool, box: SecretBox) -> None:
        self._pool = pool
        self._box = box

    async def all(self) -> list[Trunk]:
        """In the order in which outbound calls try them."""
        return [trunk_of(row) for row in await self._pool.fetch(SQL["all"])]

    async def one(self, trunk: int) -> Trunk | None:
        """A trunk; None when there is no such."""
        row = await self._pool.fetchrow(SQL["one"], trunk)
        return None if row is None else trunk_of(row)

    async def seen(self) -> list[SeenTrunk]:
        """What the nodes see of them, the settings' too."""
        return [
            SeenTrunk(trunk=row["trunk"], node=row["node"], state=TrunkState(row["state"]), since=row["since"])
            for row in await self._pool.fetch(SQL["states"])
        ]

    async def add(self, by: Person, form: TrunkForm, address: str) -> int:
        """A new one; its id. Raises `TrunkRefused` for a name that is taken, or a node that cannot have it."""
        async with self._pool.acquire() as connection, connection.transaction():
            added = int(await self._keep(connection, form, SQL["add"]))
            await _note(connection, AuditAction.ADDED_TRUNK, by, added, address, form.line.name)
            return added

    async def change(self, by: Person, trunk: int, form: TrunkForm, address: str) -> bool:
        """Change one; False when there is no such. Raises as `add` does."""
        async with self._pool.acquire() as connection, connection.transaction():
            if await self._keep(connection, form, SQL["change"], trunk) is None:
                return False
            await _note(connection, AuditAction.CHANGED_TRUNK, by, trunk, address, form.line.name)
            return True

    async def remove(self, by: Person, trunk: int, address: str) -> bool:
        """Remove one; False when there is no such."""
        async with self._pool.acquire() as connection, connection.transaction():
            name = await connection.fetchval(SQL["remove"], trunk)
            if name is None:
                return False
            await _note(connection, AuditAction.REMOVED_TRUNK, by, trunk, address, name)
            return True

    async def _keep(self, connection: Connection, form: TrunkForm, statement: str, *which: int) -> Any:
        if form.node is not None and await connection.fetchval(SQL["shared"], form.node):
            raise TrunkRefused("shared", "node")
        try:
            return await connection.fetchval(statement, *which, *self._values(form))
        except asyncpg.UniqueViolationError:
            raise TrunkRefused("taken", "name") from None
        except asyncpg.ForeignKeyViolationError:
            raise TrunkRefused("unknown", "node") from None

    def _values(self, form: TrunkForm) -> list[object]:
        line = form.line
        known = [list(getattr(line, name)) if name in LISTS else getattr(line, name) for name in COLUMNS]
        sealed = self._box.seal(line.password) if line.password else None
        return [line.name, form.node, form.position, form.active, *known, sealed]


TRUNKS = web.AppKey("trunks", Trunks)


async def _note(connection: Connection, action: AuditAction, by: Person, trunk: int, address: str, name: str) -> None:
    await audit(
        connection,
        action,
        person=by,
        subject=AuditSubject.TRUNK,
        subject_id=trunk,
        address=address,
        details={"trunk": name},
    )
