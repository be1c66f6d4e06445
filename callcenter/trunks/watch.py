"""Whether each trunk works, as its node sees it: registered, or answering whether it is there."""

import asyncio
import re
from collections.abc import Sequence
from contextlib import suppress

import asyncpg
import structlog

from callcenter import metrics
from callcenter.domain.ids import NodeName
from callcenter.errors import TelephonyError
from callcenter.push.codec import entry
from callcenter.push.messages import TrunksMessage
from callcenter.retrying import repeat
from callcenter.storage import queries
from callcenter.telephony.console import Console
from callcenter.telephony.trunk_line import PREFIX
from callcenter.trunks.trunk import BAD, TrunkState

log = structlog.get_logger()
SQL = queries("trunks")
LOOK_S = 5.0
AGAIN_S = 2.0

_REGISTRATION = re.compile(rf"^ *{PREFIX}([a-z0-9-]+)/sips?:\S+ +\S+ +(\w+)", re.MULTILINE)
_CONTACT = re.compile(rf"^ *Contact: +{PREFIX}([a-z0-9-]+)/\S+ +\S+ +(\w+)", re.MULTILINE)
_ENDPOINT = re.compile(rf"^ *Endpoint: +{PREFIX}([a-z0-9-]+)", re.MULTILINE)
_REGISTERED = {"Registered": TrunkState.UP, "Rejected": TrunkState.REFUSED}
_ANSWERS = {"Avail": TrunkState.UP, "NonQual": TrunkState.UNKNOWN, "Unknown": TrunkState.UNKNOWN}


def states(endpoints: str, registrations: str, contacts: str) -> dict[str, TrunkState]:
    """The state of each trunk, by name, from what Asterisk's console shows (`pjsip show …`).

    A trunk that registers works while it is registered and answers.
    """
    found = dict.fromkeys(_ENDPOINT.findall(endpoints), TrunkState.UNKNOWN)
    found |= {name: _ANSWERS.get(shown, TrunkState.DOWN) for name, shown in _CONTACT.findall(contacts)}
    for name, shown in _REGISTRATION.findall(registrations):
        registered = _REGISTERED.get(shown, TrunkState.DOWN)
        if registered is not TrunkState.UP or found.get(name) is not TrunkState.DOWN:
            found[name] = registered
    return found


class TrunkWatch:
    """Of one node. Looks every few seconds while there are trunks, and at once when it is woken (`wake`)."""

    def __init__(self, pool: asyncpg.Pool, node: NodeName, console: Console) -> None:
        self._pool = pool
        self._node = node
        self._console = console
        self._changed = asyncio.Event()
        self._told: dict[str, TrunkState] | None = None

    def wake(self) -> None:
        """There are other trunks, or Asterisk tells of a registration: look now. Never blocks."""
        self._changed.set()

    async def run(self) -> None:
        """Look until cancelled."""
        await repeat(self._watch, AGAIN_S, "trunks not looked at")

    async def _watch(self) -> None:
        while True:
            self._changed.clear()
            some = True
            try:
                some = await self.look()
            except TelephonyError as problem:
                # An Asterisk that is away is told of elsewhere.
                log.debug("trunks not seen", problem=str(problem))
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S if some else None):
                    await self._changed.wait()

    async def look(self) -> bool:
        """Look once; set the metric, and tell the screens when something changed. Whether there are trunks.

        Raises `TelephonyError`.
        """
        shown = [
            await self._console.command(f"pjsip show {what}") for what in ("endpoints", "registrations", "contacts")
        ]
        found = states(*shown)
        if found:
            for row in await self._pool.fetch(SQL["failing"], self._node):
                if found.get(row["name"]) in (TrunkState.DOWN, TrunkState.UNKNOWN):
                    found[row["name"]] = TrunkState.NAMELESS
        metrics.trunk_up.clear()
        for name, state in found.items():
            if state is not TrunkState.UNKNOWN:
                metrics.trunk_up.labels(trunk=name, node=self._node).set(state is TrunkState.UP)
        if found != self._told:
            await self._write(found)
            self._told = found
        return bool(found)

    async def _write(self, found: dict[str, TrunkState]) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            for name, state in sorted(found.items()):
                await connection.execute(SQL["set_state"], self._node, name, state)
            await connection.execute(SQL["forget_states"], self._node, list(found))
            down = _down(await connection.fetch(SQL["states"]))
            await connection.execute(SQL["push"], [entry("supervisors", TrunksMessage(down=down))])
        for name, state in found.items():
            if state in BAD:
                log.error("trunk does not work", trunk=name, node=self._node, state=state)


def _down(rows: Sequence[asyncpg.Record]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(row["trunk"] for row in rows if TrunkState(row["state"]) in BAD))
