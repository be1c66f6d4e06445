"""What a check of `callcenter doctor` finds, and how it reaches PostgreSQL and Asterisk."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from callcenter.errors import CallcenterError
from callcenter.settings import Settings
from callcenter.storage import AWAY, connect
from callcenter.telephony.connection import Account, AmiConnection

PATIENCE_S = 5.0


class CheckFailed(CallcenterError):
    """What is wrong, and how to fix it."""


class CheckWarning(CallcenterError):
    """What works but is not as it should be, and how to fix it."""


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[asyncpg.Connection]:
    """A connection as the service has it. Raises `CheckFailed`."""
    try:
        connection = await asyncio.wait_for(connect(settings.database), PATIENCE_S)
    except AWAY as problem:
        said = str(problem) or f"no answer within {PATIENCE_S:.0f} s"
        raise CheckFailed(f"{said}; is the server up, and is CALLCENTER_DATABASE__URL right?") from None
    try:
        yield connection
    finally:
        connection.terminate()


@asynccontextmanager
async def logged_in(settings: Settings, account: Account = Account.ACTIONS) -> AsyncIterator[AmiConnection]:
    """An AMI connection that is logged in. Raises `CheckFailed`."""
    where = f"{settings.ami.host}:{settings.ami.port}"
    # Without an answer the connection would retry for ever.
    await _greeted(settings.ami.host, settings.ami.port, where)
    connection = AmiConnection(account, settings.ami)
    running = asyncio.create_task(connection.run())
    try:
        await asyncio.wait_for(connection.wait_connected(), PATIENCE_S)
    except TimeoutError:
        running.cancel()
        raise CheckFailed(
            f"{where} answers but refuses the account for {account}: its secret in CALLCENTER_AMI__… is not"
            " the one in manager.conf (`callcenter render-asterisk`, then restart Asterisk), or our address is not in"
            " CALLCENTER_ASTERISK__AMI_PERMIT"
        ) from None
    try:
        yield connection
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _greeted(host: str, port: int, where: str) -> None:
    try:
        async with asyncio.timeout(PATIENCE_S):
            reader, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError) as problem:
        said = str(problem) or "no answer"
        raise CheckFailed(f"nothing at {where} ({said}); is Asterisk up, and CALLCENTER_AMI__PORT right?") from None
    try:
        async with asyncio.timeout(PATIENCE_S):
            await reader.readline()
    except (OSError, TimeoutError):
        raise CheckFailed(
            f"{where} takes connections and says nothing: Asterisk hangs. Restart it, and send its maker the output of"
            " `asterisk -rx 'core show locks'`"
        ) from None
    finally:
        writer.close()
