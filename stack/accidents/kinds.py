"""The accidents: each is what happens to a desk in a talk, and returns when the machine could be used again."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import asyncpg

from stack.accidents.desk import Desk

# Longer than Asterisk waits for a packet (`browser_telephones.silent_s`), so that the caller is taken back meanwhile.
AWAY_S = 10.0
UPDATE_S = 4.0
UNPLUGGED_S = 3.0
OVERLAY_WITHIN_S = 60.0
TYPED = "Течёт кран"


class Kind(StrEnum):
    """What happens."""

    RELOAD = "reload"
    CRASH = "crash"
    LID = "lid"
    WIFI = "wifi"
    MOBILE = "mobile"
    LOGIN = "login"
    MICROPHONE = "microphone"
    UPDATE = "update"
    SERVICE = "service"
    """Not the desk but the service dies, for all desks at once."""


BREAKS = frozenset({Kind.RELOAD, Kind.CRASH, Kind.LID, Kind.WIFI, Kind.UPDATE})
"""After which the talk has another part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Centre:
    """What an accident needs beside the desk. `desks`: waits until every desk has come so far."""

    pool: asyncpg.Pool
    kill_service: Callable[[], None]
    desks: asyncio.Barrier


async def _reload(desk: Desk, _: Centre) -> float:
    at = time.monotonic()
    await desk.page.reload(wait_until="commit")
    return at


async def _crash(desk: Desk, _: Centre) -> float:
    await desk.kill()
    at = time.monotonic()
    await desk.open()
    return at


async def _lid(desk: Desk, _: Centre) -> float:
    async with desk.asleep():
        await asyncio.sleep(AWAY_S)
    return time.monotonic()


async def _wifi(desk: Desk, _: Centre) -> float:
    desk.network.lose()
    await asyncio.sleep(AWAY_S)
    desk.network.use("wlan0")
    return time.monotonic()


async def _mobile(desk: Desk, _: Centre) -> float:
    desk.network.use("wwan0")
    return time.monotonic()


async def _login(desk: Desk, centre: Centre) -> float:
    """The session ends by its time, which is over at once."""
    await centre.pool.execute(
        "update sessions set expires_at = now() - interval '1 second' where operator_id = (select id from operators where login = $1)",
        desk.login,
    )
    await desk.page.locator("#session-ended").wait_for(state="visible", timeout=OVERLAY_WITHIN_S * 1000)
    at = time.monotonic()
    await desk.log_in_again()
    return at


async def _microphone(desk: Desk, _: Centre) -> float:
    await desk.plug_microphone(False)
    await desk.page.wait_for_selector("#telephone[data-microphone=gone]")
    await asyncio.sleep(UNPLUGGED_S)
    at = time.monotonic()
    await desk.plug_microphone(True)
    await desk.page.wait_for_selector("#telephone:not([data-microphone=gone])")
    return at


async def _update(desk: Desk, _: Centre) -> float:
    await desk.close()
    await asyncio.sleep(UPDATE_S)
    at = time.monotonic()
    await desk.open()
    return at


async def _service(desk: Desk, centre: Centre) -> float:
    """What is typed while it is dead stays."""
    if await _all_desks(centre) == 0:
        centre.kill_service()
    await desk.page.wait_for_selector("body.stale")
    subject = desk.page.locator("#forms [name=subject]:visible").first
    await subject.fill(TYPED)
    at = time.monotonic()
    await desk.page.wait_for_selector("body:not(.stale)", timeout=OVERLAY_WITHIN_S * 1000)
    if await subject.input_value() != TYPED:
        desk.failures.append("what was typed is gone")
    await _all_desks(centre)
    return at


async def _all_desks(centre: Centre) -> int:
    """Wait for the others; in vain when one of them has failed. A number of its own for each desk, from 0 on."""
    async with asyncio.timeout(OVERLAY_WITHIN_S):
        return await centre.desks.wait()


ACCIDENTS: Mapping[Kind, Callable[[Desk, Centre], Awaitable[float]]] = MappingProxyType(
    {
        Kind.RELOAD: _reload,
        Kind.CRASH: _crash,
        Kind.LID: _lid,
        Kind.WIFI: _wifi,
        Kind.MOBILE: _mobile,
        Kind.LOGIN: _login,
        Kind.MICROPHONE: _microphone,
        Kind.UPDATE: _update,
        Kind.SERVICE: _service,
    }
)
"""The time is `time.monotonic()`."""
