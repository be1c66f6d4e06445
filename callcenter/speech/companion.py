"""A program that takes long to start and little to speak: started once, and asked for one thing after the other."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from callcenter.errors import SpeechError
from callcenter.speech.programs import end, give_way, limited


class Companion:
    """Started when it is first asked, and again after it failed. It answers each line with a line that is `DONE`."""

    DONE = b"done\n"

    def __init__(self, command: Sequence[str], first: str, timeout_s: float) -> None:
        """`first`: what it is told at its start."""
        self._command = command
        self._name = Path(command[0]).name
        self._first = first
        self._timeout_s = timeout_s
        self._process: asyncio.subprocess.Process | None = None
        self._asked = asyncio.Lock()

    async def ask(self, line: str) -> None:
        """Have it done. Raises `SpeechError` when the program is not installed, ends, or needs more than `timeout_s` seconds."""
        async with self._asked:
            try:
                async with asyncio.timeout(self._timeout_s):
                    await self._ask(line)
            except TimeoutError:
                await self.close()
                raise SpeechError(f"{self._name} did not end within {self._timeout_s:g} s") from None
            except BaseException:
                await self.close()
                raise

    async def close(self) -> None:
        """End it and all that it started, if it runs."""
        process, self._process = self._process, None
        if process is not None:
            await end(process)

    async def _ask(self, line: str) -> None:
        process = self._process
        if process is None:
            process = self._process = await asyncio.create_subprocess_exec(
                *limited(self._command),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )
            give_way(process)
            line = f"{self._first}\n{line}"
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{line}\n".encode())
        said = b""
        while (answer := await process.stdout.readline()) != self.DONE:
            if not answer:
                raise SpeechError(
                    f"{self._name} failed: {said.decode(errors='replace').strip() or 'it printed nothing'}"
                )
            said = answer
