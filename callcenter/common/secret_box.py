"""Secrets that the program must know again in clear, encrypted in the database by keys from the settings."""

import hmac
from base64 import b32encode

import asyncpg
from aiohttp import web
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from callcenter.common.scope import Connection
from callcenter.errors import StorageError
from callcenter.settings import SecretsSettings
from callcenter.storage import queries

SQL = queries("secrets")
MARK = "sealed:"


class UnreadableSecret(StorageError):
    """A secret that none of the keys opens."""


class SecretBox:
    """Encrypts with the first key of the settings, decrypts with each of them (Fernet: AES-128-CBC, HMAC-SHA-256)."""

    def __init__(self, settings: SecretsSettings) -> None:
        keys = [Fernet(key) for key in settings.fernet_keys]
        self._newest = keys[0]
        self._keys = settings.fernet_keys
        self._all = MultiFernet(keys)

    def seal(self, secret: str) -> str:
        """What the database keeps of a secret: another text each time."""
        return MARK + self._newest.encrypt(secret.encode()).decode()

    def open(self, kept: str) -> str:
        """The secret; a text that an earlier version kept in clear is returned as it is. Raises `UnreadableSecret`."""
        if not kept.startswith(MARK):
            return kept
        try:
            return self._all.decrypt(kept.removeprefix(MARK)).decode()
        except InvalidToken:
            raise UnreadableSecret(
                "a secret was encrypted with a key that CALLCENTER_SECRETS__KEYS does not have; add that key to the list"
            ) from None

    def derive(self, what: bytes) -> list[str]:
        """Secrets that follow from this, 32 letters and digits (160 bits): one for each key, the newest first."""
        made = (hmac.digest(key, what, "sha256")[:20] for key in self._keys)
        return [b32encode(each).decode().lower() for each in made]

    def is_current(self, kept: str) -> bool:
        """Whether it is encrypted, with the first key."""
        if not kept.startswith(MARK):
            return False
        try:
            self._newest.decrypt(kept.removeprefix(MARK))
        except InvalidToken:
            return False
        return True


SECRET_BOX = web.AppKey("secret_box", SecretBox)


async def require_readable(connection: Connection, box: SecretBox) -> int:
    """How many secrets are not encrypted with the first key. Raises `UnreadableSecret` unless all can be read."""
    return len([row for row in await _opened(connection, box) if not box.is_current(row["kept"])])


async def reseal(connection: Connection, box: SecretBox) -> int:
    """Encrypt with the first key whatever is not, and return how many secrets that were.

    A secret that somebody changes meanwhile stays as changed. Raises `UnreadableSecret`, and then changes nothing.
    """
    async with connection.transaction():
        old = [row for row in await _opened(connection, box) if not box.is_current(row["kept"])]
        for row in old:
            await connection.execute(
                SQL[f"reseal_{row['kind']}"], row["id"], row["kept"], box.seal(box.open(row["kept"]))
            )
    return len(old)


async def _opened(connection: Connection, box: SecretBox) -> list[asyncpg.Record]:
    """All secrets as they are kept, each of which can be read."""
    rows = await connection.fetch(SQL["secrets"])
    for row in rows:
        try:
            box.open(row["kept"])
        except UnreadableSecret as problem:
            raise UnreadableSecret(f"{row['kind']} secret of row {row['id']}: {problem}") from None
    return rows
