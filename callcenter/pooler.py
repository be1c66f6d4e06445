"""Whether a pooler stands before PostgreSQL that takes a session apart: PgBouncer's transaction mode does."""

from collections.abc import Awaitable, Callable

import asyncpg

from callcenter.errors import StorageError

PID = "select pg_backend_pid()"
# What was prepared in one session is asked of another.
_TORN = (asyncpg.InvalidSQLStatementNameError, asyncpg.DuplicatePreparedStatementError)


async def require_own_session(open_connection: Callable[[], Awaitable[asyncpg.Connection]]) -> bool:
    """Whether there is a pooler, which is well where each connection keeps a session of the server for itself.

    Notifications, locks and prepared statements belong to a session. Raises `StorageError` where it is shared, and what is
    in `storage.AWAY`.
    """
    pooled, shared = False, False
    opened: list[asyncpg.Connection] = []
    try:
        opened.append(one := await open_connection())
        # The process that a pooler names at login is none of the server's.
        if pooled := (first := await _process(one)) != one.get_server_pid():
            opened.append(another := await open_connection())
            # In a transaction it holds its session; the first, which is in none, must still have the one that it had.
            async with another.transaction():
                shared = await another.fetchval(PID) == first or await _process(one) != first
    except _TORN:
        shared = True
    finally:
        for connection in opened:
            connection.terminate()
    if shared:
        raise StorageError(
            "a pooler before PostgreSQL gives a session to others between two transactions; notifications and locks need it"
            " whole: set pool_mode=session for this database and login, or connect without the pooler (docs/install.md)"
        )
    return pooled


async def _process(connection: asyncpg.Connection) -> int:
    """The server's process. In a transaction, so that the statement is run where it was prepared."""
    async with connection.transaction():
        return int(await connection.fetchval(PID))
