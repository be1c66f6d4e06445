"""Which passwords people may choose: none that is among the first to be tried."""

import asyncio
import re

import asyncpg
from aiohttp import web
from zxcvbn import zxcvbn

from callcenter.common.passwords import LONGEST
from callcenter.domain.person import Person
from callcenter.storage import queries

SQL = queries("people")
SHORTEST = 12
FEWEST_GUESSES = 10**8
"""Guesses, the likeliest first, that a password withstands: far more than any list of common ones is long."""
COUNTED = 32
"""Characters whose guesses are counted, since the work grows with their square; the whole withstands no fewer."""
SERVICE = "callcenter dispatch диспетчер диспетчерская"
# A Russian word is as well known when it was typed with the keyboard in its Latin layout, and the other way round.
_LATIN_KEYS = str.maketrans("йцукенгшщзхъфывапролджэячсмитьбюё", "qwertyuiop[]asdfghjkl;'zxcvbnm,.`")


class NewPasswords:
    """The rules for new passwords (NIST SP 800-63B, 3.1.1.2). Methods may raise `OSError` or an `asyncpg` error."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        # zxcvbn keeps the words of a call where another one would find them.
        self._one_at_a_time = asyncio.Semaphore(1)

    async def problem_with(self, person: Person, password: str, again: str) -> str | None:
        """Why not this password: `short`, `long`, `login`, `different` or `common`; None when it is acceptable."""
        if len(password) < SHORTEST:
            return "short"
        if len(password) > LONGEST or "\0" in password:
            return "long"
        if person.login in password.lower():
            return "login"
        if password != again:
            return "different"
        names = [row["name"] for row in await self._pool.fetch(SQL["names_around"], person.id)]
        words = re.findall(r"\w{3,}", " ".join([SERVICE, *names]).lower())
        async with self._one_at_a_time:
            return "common" if await asyncio.to_thread(_is_common, password, words) else None


NEW_PASSWORDS = web.AppKey("new_passwords", NewPasswords)


def _is_common(password: str, words: list[str]) -> bool:
    known = list(dict.fromkeys([*words, *(_on_latin_keys(word) for word in words)]))
    start = password[:COUNTED]
    return any(zxcvbn(typed, known)["guesses"] < FEWEST_GUESSES for typed in {start, _on_latin_keys(start)})


def _on_latin_keys(text: str) -> str:
    return text.lower().translate(_LATIN_KEYS)
