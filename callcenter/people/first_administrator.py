"""The first administrator, who makes an account by a link that the start prints; there is no default password."""

import hmac

import asyncpg
from aiohttp import web

from callcenter.common.passwords import Passwords
from callcenter.common.scope import Connection, audit
from callcenter.common.secret_box import SecretBox
from callcenter.domain.access import Role
from callcenter.domain.audit import AuditAction, AuditSubject
from callcenter.domain.ids import OperatorId
from callcenter.domain.person import Person
from callcenter.storage import queries

SQL = queries("staff")
OWN = queries("people")


class FirstAdministrator:
    """Over PostgreSQL. The link is of no use as soon as there has ever been an administrator.

    Every method may raise `OSError` or an `asyncpg` error.
    """

    def __init__(self, pool: asyncpg.Pool, passwords: Passwords, box: SecretBox) -> None:
        self._pool = pool
        self._passwords = passwords
        self._tokens = _tokens(box)

    async def is_open(self, token: str) -> bool:
        """Whether this is the link's token, and there is no administrator."""
        known = any(hmac.compare_digest(token.encode(errors="surrogateescape"), each.encode()) for each in self._tokens)
        return known and bool(await self._pool.fetchval(SQL["no_administrator"]))

    async def make(self, new: Person, password: str, address: str) -> bool:
        """Make the account with a password that `NewPasswords` has accepted; False when somebody else was faster."""
        password_hash = await self._passwords.hash(password)
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(SQL["one_first_administrator"])
            if not await connection.fetchval(SQL["no_administrator"]):
                return False
            made = await connection.fetchval(
                SQL["add"], new.login, new.name, Role.ADMINISTRATOR, None, None, new.language
            )
            if made is None:
                return False
            await connection.execute(OWN["set_password"], made, password_hash)
            await audit(
                connection,
                AuditAction.ADDED_PERSON,
                subject=AuditSubject.PERSON,
                subject_id=made,
                address=address,
                details={"login": new.login, "role": Role.ADMINISTRATOR},
            )
        return True


FIRST_ADMINISTRATOR = web.AppKey("first_administrator", FirstAdministrator)


async def setup_link(connection: Connection, box: SecretBox, url: str) -> str | None:
    """The link by which the first administrator makes an account; None when there has been one."""
    path = f"/setup/{_tokens(box)[0]}"
    return f"{url}{path}" if await connection.fetchval(SQL["no_administrator"]) else None


def newcomer(login: str, name: str, language: str) -> Person:
    """Somebody who is to be the first administrator."""
    return Person(OperatorId(0), login, name, Role.ADMINISTRATOR, language, False)


def _tokens(box: SecretBox) -> list[str]:
    """They follow from the secret keys, so that each start and each process knows the same."""
    return box.derive(b"first administrator")
