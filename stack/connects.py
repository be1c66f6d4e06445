"""When Asterisk says that it connected each caller: the `Timestamp` of AgentConnect, read by the stack's probe account.

The lateness of a card is counted from it; it comes from Asterisk itself, not from the service.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Self

from stack.errors import StackError

LOGIN_WITHIN_S = 5.0


class Connects:
    """Listens while it is entered. `at`: seconds since the epoch for each caller's number and telephone (`PJSIP/op-01`)."""

    def __init__(self, ami: Mapping[str, Any]) -> None:
        self._ami = ami
        self.at: dict[tuple[str, str], float] = {}
        self._task: asyncio.Task[None] | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def __aenter__(self) -> Self:
        reader, self._writer = await asyncio.open_connection(self._ami["host"], self._ami["port"])
        lines = ("Action: Login", f"Username: {self._ami['user']}", f"Secret: {self._ami['secret']}", "Events: agent")
        self._writer.write("\r\n".join((*lines, "", "")).encode())
        try:
            async with asyncio.timeout(LOGIN_WITHIN_S):
                await reader.readline()  # the greeting is a single line
                answer = await reader.readuntil(b"\r\n\r\n")
        except (TimeoutError, asyncio.IncompleteReadError):
            raise StackError("the probe account's login was not answered") from None
        if b"Response: Success" not in answer:
            raise StackError("the probe account may not log in to AMI")
        self._task = asyncio.create_task(self._listen(reader), name="connects")
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        assert self._writer is not None
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        self._writer.close()

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        # Asterisk may be killed on purpose while this listens; what was received until then counts.
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                self.take(await reader.readuntil(b"\r\n\r\n"))

    def take(self, block: bytes) -> None:
        """Note one message if it is an AgentConnect."""
        if not block.startswith(b"Event: AgentConnect\r\n"):
            return
        fields = dict(line.partition(": ")[::2] for line in block.decode(errors="replace").split("\r\n"))
        self.at[fields["CallerIDNum"], fields["Interface"]] = float(fields["Timestamp"])
