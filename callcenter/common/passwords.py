"""Passwords and one-time tokens: creation, hashes, comparison."""

import asyncio
import hashlib
import secrets

from aiohttp import web
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

LONGEST = 256


class Passwords:
    """Argon2, one password at a time: each takes 64 MB and a core for some 50 ms, and a flood must not use it all up."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._nobody = self._hasher.hash(secrets.token_hex())
        self._one_at_a_time = asyncio.Semaphore(1)

    async def hash(self, password: str) -> str:
        """The stored hash of a password."""
        async with self._one_at_a_time:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def check(self, password_hash: str | None, password: str) -> bool:
        """Whether this is the password. Without a hash it is False, after the same time."""
        async with self._one_at_a_time:
            try:
                right = await asyncio.to_thread(self._hasher.verify, password_hash or self._nobody, password)
            except (VerificationError, InvalidHashError):
                return False
        return right and password_hash is not None


PASSWORDS = web.AppKey("passwords", Passwords)


def new_token() -> str:
    """A random token for a cookie or a link."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> bytes:
    """The stored hash of a token."""
    # A cookie may contain any bytes; aiohttp decodes them as surrogates.
    return hashlib.sha256(token.encode(errors="surrogateescape")).digest()
