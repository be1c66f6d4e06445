"""Asterisk's control socket, by which its own command line reaches it: for whoever is on the same disk as the same user."""

import asyncio
import os
import re
from contextlib import suppress
from pathlib import Path

from callcenter.errors import ActionTimeout, NotConnected, UnsafeValue

ANSWER_WITHIN_S = 10.0
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class Console:
    """Runs commands, each on a connection of its own."""

    def __init__(self, socket: Path, answer_within_s: float = ANSWER_WITHIN_S) -> None:
        self._socket = socket
        self._answer_within_s = answer_within_s

    async def command(self, command: str) -> str:
        """What Asterisk prints. Raises `NotConnected`, or `ActionTimeout` when it does not finish."""
        if not command.isprintable() or not command.isascii():
            raise UnsafeValue("a command must be printable ASCII")
        try:
            async with asyncio.timeout(self._answer_within_s):
                printed = await self._exchange(command)
        except TimeoutError:
            raise ActionTimeout("the control socket does not answer") from None
        except OSError as problem:
            raise NotConnected(f"the control socket {self._socket}: {problem.strerror or problem}") from None
        # The first line is a greeting.
        greeting, _, answer = printed.decode(errors="replace").partition("\n")
        if greeting.count("/") < 2:
            raise NotConnected(f"the control socket {self._socket}: closed without a greeting")
        return _COLOUR.sub("", answer)

    async def _exchange(self, command: str) -> bytes:
        # By its folder: the path of a socket may have 107 bytes.
        folder = os.open(self._socket.parent, os.O_PATH | os.O_DIRECTORY)
        try:
            reader, writer = await asyncio.open_unix_connection(f"/proc/self/fd/{folder}/{self._socket.name}")
        finally:
            os.close(folder)
        try:
            writer.write(f"cli quit after {command}\0".encode())
            await writer.drain()
            return await reader.read()
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
