"""Telephones that vanish in a talk: nothing is heard from one any more, and it does not answer.

Neither alone says so. A telephone that leaves silence out sends nothing while its operator is muted or listens, nor does
one that holds its caller; but it answers. And of one that is heard a question may be lost.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import structlog

from callcenter.domain.commands import EndSilentLeg
from callcenter.domain.ids import Interface
from callcenter.errors import ActionRefused, TelephonyError
from callcenter.telephony.connection import AmiConnection
from callcenter.telephony.framing import text

log = structlog.get_logger()

PACKETS = "CHANNEL(rtcp,rxcount,audio)"
"""How many packets of sound came from a telephone."""
LOOK_S = 1.0
SILENT_S = 5.0
"""Without a packet, after which a telephone is asked whether it is there."""
ANSWERS_WITHIN_S = 2.5
"""Asterisk gives a telephone 2 s (`qualify_timeout` in pjsip.conf)."""
CLOSED_SILENT_S = 0.5
"""Without a packet from a telephone in a browser whose connection has ended."""
HEARD_AGAIN_WITHIN_S = 2.0
"""From a page that has come back by another network and is changing the way of its sound."""
VANISHED = "44"
"""The cause with which Asterisk itself ends a leg from which no packet comes; vanished.conf goes by it."""


@dataclass(slots=True)
class _Heard:
    """`count`: packets; `at`: when it was seen to grow, or the telephone answered."""

    count: str
    at: float


class LegWatch:
    """Ends the legs of vanished telephones, so that their callers are taken back.

    `legs`: each operator's leg in a talk now, the telephone and the channel. `back_within_s`: how long a caller waits for
    the same operator; that long a telephone is asked whether it is back.
    """

    def __init__(
        self, connection: AmiConnection, legs: Callable[[], Iterable[tuple[Interface, str]]], back_within_s: float
    ) -> None:
        self._connection = connection
        self._legs = legs
        self._back_within_s = back_within_s
        self._heard: dict[str, _Heard] = {}
        self._asked: set[str] = set()
        self._closed: asyncio.Queue[str] = asyncio.Queue()

    def submit(self, command: EndSilentLeg) -> None:
        """Look at once at a leg whose telephone in a browser has lost its connection. Never blocks."""
        self._closed.put_nowait(command.channel)

    async def run(self) -> None:
        """Watch until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._take(tasks), name="closed telephones")
            while True:
                await self._look(tasks)
                await asyncio.sleep(LOOK_S)

    async def _take(self, tasks: asyncio.TaskGroup) -> None:
        while True:
            tasks.create_task(self._end_if_silent(await self._closed.get()))

    async def _look(self, tasks: asyncio.TaskGroup) -> None:
        """Ask how much was heard on each leg; ask the telephones that are silent."""
        legs = list(self._legs())
        self._heard = {channel: self._heard[channel] for _, channel in legs if channel in self._heard}
        counts = await asyncio.gather(*(self._packets(channel) for _, channel in legs))
        now = asyncio.get_running_loop().time()
        for (operator, channel), count in zip(legs, counts, strict=True):
            known = self._heard.get(channel)
            if count is None:
                self._heard.pop(channel, None)
            elif known is None or known.count != count:
                self._heard[channel] = _Heard(count, now)
            elif now - known.at >= SILENT_S and channel not in self._asked:
                self._asked.add(channel)
                tasks.create_task(self._ask(operator, channel, known))

    async def _ask(self, operator: Interface, channel: str, heard: _Heard) -> None:
        account = operator.partition("/")[2]
        try:
            if not await self._answers(account) and await self._packets(channel) == heard.count:
                await self._end(channel)
                await self._call_back(account)
        except TelephonyError as error:
            log.warning("telephone not asked", channel=channel, reason=str(error))
        finally:
            heard.at = asyncio.get_running_loop().time()
            self._asked.discard(channel)

    async def _answers(self, account: str) -> bool:
        """Whether the telephone says that it is there, or nothing is known of it."""
        await self._connection.action("PJSIPQualify", Endpoint=account)
        await asyncio.sleep(ANSWERS_WITHIN_S)
        return await self._state(account) not in ("Unreachable", "")

    async def _state(self, account: str) -> str:
        """What Asterisk knows of the telephone's contact; empty when it is not registered."""
        contact = await self._value(f"PJSIP_AOR({account},contact)")
        return await self._value(f"PJSIP_CONTACT({contact},status)") if contact else ""

    async def _value(self, variable: str) -> str:
        return text(await self._connection.action("Getvar", Variable=variable), "Value")

    async def _call_back(self, account: str) -> None:
        """Ask a telephone again and again, so that it is known to be back before its caller goes to somebody else."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._back_within_s
        while loop.time() < until and await self._state(account) == "Unreachable":
            await self._connection.action("PJSIPQualify", Endpoint=account)
            await asyncio.sleep(LOOK_S)

    async def _end_if_silent(self, channel: str) -> None:
        """A telephone in a browser sends 50 packets a second as long as it is there, muted or on hold too."""
        before = await self._packets(channel)
        await asyncio.sleep(CLOSED_SILENT_S)
        if before is None or await self._packets(channel) != before:
            return
        if await self._registered(_account(channel)):
            await asyncio.sleep(HEARD_AGAIN_WITHIN_S)
            if await self._packets(channel) != before:
                return
        await self._end(channel)

    async def _registered(self, account: str) -> bool:
        try:
            return await self._state(account) not in ("Unreachable", "")
        except TelephonyError:
            return False

    async def _packets(self, channel: str) -> str | None:
        """None when the leg is over, or Asterisk cannot be asked."""
        try:
            answer = await self._connection.action("Getvar", Channel=channel, Variable=PACKETS)
        except TelephonyError:
            return None
        return text(answer, "Value")

    async def _end(self, channel: str) -> None:
        log.info("telephone vanished in a talk", channel=channel)
        try:
            await self._connection.action("Hangup", Channel=channel, Cause=VANISHED)
        except ActionRefused:
            log.debug("leg over before it was ended", channel=channel)
        except TelephonyError as error:
            log.warning("vanished telephone's leg not ended", channel=channel, reason=str(error))


def _account(channel: str) -> str:
    """Whose leg this is: `PJSIP/web-anna-0000001f` is of `web-anna`."""
    return channel.removeprefix("PJSIP/").rpartition("-")[0]
