"""Telephones in browsers: the secret with which one registers, as long as the session in which it was opened lasts.

The secret follows from the session's token and a key of the settings, so a page that is loaded again gets the same one
and nothing is changed in Asterisk. Nobody knows the secret of a telephone that is closed.
"""

import hmac
from dataclasses import dataclass
from hashlib import sha256

import asyncpg
import structlog
from aiohttp import web

from callcenter.common.passwords import digest
from callcenter.common.scope import Connection
from callcenter.common.secret_box import SecretBox
from callcenter.domain.ids import OperatorId
from callcenter.push.codec import entry
from callcenter.push.messages import TelephoneMessage
from callcenter.retrying import watch
from callcenter.settings import DatabaseSettings
from callcenter.storage import queries

log = structlog.get_logger()
SQL = queries("browser_telephones")
LOOK_S = 20.0


@dataclass(frozen=True, slots=True)
class BrowserAccount:
    """The account of a telephone in a browser. `node`: where it registers, or None when there is one node only."""

    name: str
    node: str | None


class BrowserTelephones:
    """Over PostgreSQL. Every method may raise `OSError` or an `asyncpg` error; the nodes hear of each change."""

    def __init__(self, pool: asyncpg.Pool, box: SecretBox) -> None:
        self._pool = pool
        self._box = box

    async def account(self, person: OperatorId) -> BrowserAccount | None:
        """This person's account; None without a telephone in the browser."""
        row = await self._pool.fetchrow(SQL["telephone"], person)
        return None if row is None else BrowserAccount(row["endpoint"], row["node"])

    async def open(self, person: OperatorId, token: str) -> tuple[BrowserAccount, str] | None:
        """The account and its secret in this session, from now on in no other; None when this person has none."""
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(SQL["lock"], person)
            if row is None:
                return None
            known, wanted = self._box.open(row["sip_secret"]), secrets(self._box, row["endpoint"], digest(token))
            if known not in wanted:
                known = wanted[0]
                await connection.execute(SQL["set_secret"], person, self._box.seal(known))
                opened = entry(f"operator:{person}", TelephoneMessage(mark=mark_of(known)))
                await connection.execute(SQL["push"], [opened])
                log.info("browser telephone opened", operator=person)
            return BrowserAccount(row["endpoint"], row["node"]), known


BROWSER_TELEPHONES = web.AppKey("browser_telephones", BrowserTelephones)


def secrets(box: SecretBox, account: str, session: bytes = b"") -> list[str]:
    """The secrets of a telephone in a session, one for each key of the settings, the newest first; without a session,
    those of a closed one.
    """
    return box.derive(f"telephone {account} ".encode() + session)


def mark_of(secret: str) -> str:
    """By what a page knows whether the telephone is its own; says nothing of the secret."""
    return sha256(secret.encode()).hexdigest()[:16]


async def close_ended(connection: Connection, box: SecretBox, person: OperatorId | None = None) -> None:
    """Close the telephones, or that of one person, whose sessions have ended."""
    async with connection.transaction():
        for row in await connection.fetch(SQL["telephones"], person):
            known, closed = box.open(row["sip_secret"]), secrets(box, row["endpoint"])
            valid = [*closed, *(each for session in row["sessions"] for each in secrets(box, row["endpoint"], session))]
            if not any(hmac.compare_digest(known, each) for each in valid):
                await connection.execute(SQL["set_secret"], row["id"], box.seal(closed[0]))
                log.info("browser telephone closed", operator=row["id"])


class TelephoneSweep:
    """Closes the telephones of sessions that have ended in whatever way. Of several processes one does."""

    def __init__(self, settings: DatabaseSettings, box: SecretBox, every_s: float = LOOK_S) -> None:
        self._settings = settings
        self._every_s = every_s
        self._box = box

    async def run(self) -> None:
        """Look until cancelled; reconnects by itself."""
        await watch(self._settings, SQL["lead"], self.look, self._every_s, "browser telephones not looked at")

    async def look(self, connection: asyncpg.Connection) -> None:
        """Look once."""
        await close_ended(connection, self._box)
