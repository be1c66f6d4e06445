"""The account with which an operator's telephone registers: given, renewed, taken away by an administrator."""

import re
import secrets
from dataclasses import dataclass

import asyncpg
from aiohttp import web

from callcenter.common import requests
from callcenter.common.scope import Connection, audit
from callcenter.common.secret_box import SecretBox
from callcenter.domain.access import Permission, Role, may
from callcenter.domain.audit import AuditAction, AuditSubject
from callcenter.domain.ids import IN_BROWSER, OperatorId
from callcenter.domain.person import Person
from callcenter.domain.phone import spellings
from callcenter.people.staff_refusal import StaffRefusal
from callcenter.people.telephone_links import withdraw_link
from callcenter.storage import queries
from callcenter.telephony.render import may_be_endpoint, may_be_extension

SQL = queries("staff")
ENTRIES = queries("asterisk")
# Typed in by hand, sometimes on the keys of a telephone: 20 of 32 are 100 bits.
SECRET_OF = "abcdefghijkmnpqrstuvwxyz23456789"
SECRET_LENGTH = 20


@dataclass(frozen=True, slots=True)
class TelephoneAccount:
    """With what a telephone registers. The secret is shown once, and never when it is in the browser."""

    name: str
    secret: str

    @property
    def in_browser(self) -> bool:
        """Whether it is on its operator's page."""
        return self.name.startswith(IN_BROWSER)


class Telephones:
    """Over PostgreSQL. Every method may raise `OSError` or an `asyncpg` error; the nodes hear of each change."""

    def __init__(self, pool: asyncpg.Pool, box: SecretBox) -> None:
        self._pool = pool
        self._box = box

    async def give(
        self, by: Person, person_id: int, name: str, node: str, address: str, *, in_browser: bool = False
    ) -> TelephoneAccount | None:
        """A new account; None when there is nobody such. `node`: where it registers, or empty. Raises `StaffRefusal`.

        `in_browser`: the telephone is on the person's page, which gets the secret of each session by itself.
        """
        if not may_be_endpoint(name) or name.startswith(IN_BROWSER):
            raise StaffRefusal("bad", "endpoint")
        name = IN_BROWSER + name if in_browser else name
        if not may_be_endpoint(name):
            raise StaffRefusal("bad", "endpoint")
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(SQL["lock"], person_id)
            if row is None:
                return None
            if row["endpoint"] is not None or not row["active"] or not may(Role(row["role"]), Permission.TAKE_CALLS):
                raise StaffRefusal("not now", "endpoint")
            if node and node not in [each["node"] for each in await connection.fetch(ENTRIES["nodes"])]:
                raise StaffRefusal("unknown", "node")
            account = await self._set_account(connection, person_id, name, node)
            await _note(connection, AuditAction.GAVE_TELEPHONE, by, person_id, address, {"telephone": name})
            return account

    async def renew(self, by: Person, person_id: int, address: str) -> TelephoneAccount | None:
        """Another secret, at once instead of the old one; None when there is no account. Ends a telephone in a browser."""
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(SQL["lock"], person_id)
            if row is None or row["endpoint"] is None:
                return None
            account = await self._set_account(connection, person_id, row["endpoint"], row["node"] or "")
            await _note(
                connection, AuditAction.RENEWED_TELEPHONE_SECRET, by, person_id, address, {"telephone": account.name}
            )
            return account

    async def set_extension(self, by: Person, person_id: int, number: str, address: str) -> bool:
        """The short number by which colleagues call, or none when empty; False when there is nobody such. Raises `StaffRefusal`."""
        if number and not may_be_extension(number):
            raise StaffRefusal("bad", "extension")
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(SQL["lock"], person_id)
            if row is None:
                return False
            if number and not may(Role(row["role"]), Permission.TAKE_CALLS):
                raise StaffRefusal("not now", "extension")
            companies = [each["number"] for each in await connection.fetch(SQL["company_numbers"])]
            if any(number in (each, *spellings(each)) for each in companies):
                raise StaffRefusal("taken", "extension")
            try:
                async with connection.transaction():
                    await connection.execute(SQL["set_extension"], person_id, number or None)
            except asyncpg.UniqueViolationError:
                raise StaffRefusal("taken", "extension") from None
            await _note(connection, AuditAction.CHANGED_EXTENSION, by, person_id, address, {"extension": number})
            return True

    async def take(self, by: Person, person_id: int, address: str) -> bool:
        """Take the account away; False when there is nobody such."""
        async with self._pool.acquire() as connection, connection.transaction():
            if await connection.fetchrow(SQL["lock"], person_id) is None:
                return False
            await take_telephone(connection, person_id, by=by, address=address)
            return True

    async def _set_account(self, connection: Connection, person_id: int, name: str, node: str) -> TelephoneAccount:
        secret = "".join(secrets.choice(SECRET_OF) for _ in range(SECRET_LENGTH))
        try:
            async with connection.transaction():
                await withdraw_link(connection, person_id)
                await connection.execute(SQL["set_telephone"], person_id, name, self._box.seal(secret), node or None)
        except asyncpg.UniqueViolationError:
            raise StaffRefusal("taken", "endpoint") from None
        return TelephoneAccount(name, secret)


TELEPHONES = web.AppKey("telephones", Telephones)


async def take_telephone(connection: Connection, person_id: int, *, by: Person, address: str) -> None:
    """Take somebody's account away, if they have one, in the connection's transaction."""
    row = await connection.fetchrow(SQL["lock"], person_id)
    if row is None or row["endpoint"] is None:
        return
    await requests.take_off_the_line(connection, OperatorId(person_id), asker=by.id)
    await withdraw_link(connection, person_id)
    await connection.execute(SQL["take_telephone"], person_id)
    await _note(connection, AuditAction.TOOK_TELEPHONE, by, person_id, address, {"telephone": row["endpoint"]})


def suggested_name(login: str) -> str:
    """A name for the account of whoever has this login."""
    name = re.sub(r"[^a-z0-9]+", "-", login).strip("-")
    return name if may_be_endpoint(name) else f"op-{name}"[:32]


async def _note(
    connection: Connection, action: AuditAction, by: Person, person_id: int, address: str, details: dict[str, str]
) -> None:
    await audit(
        connection,
        action,
        person=by,
        subject=AuditSubject.PERSON,
        subject_id=person_id,
        address=address,
        details=details,
    )
