"""Programs that make sound, each as a process of its own with limits; a text reaches one as a file, never by a shell."""

import asyncio
import os
import signal
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from callcenter.errors import SpeechError
from callcenter.orphans import dying_with_parent

_MEMORY_BYTES = 1024**3
_FILE_BYTES = 64 * 1024**2
_SAID_BYTES = 300
NICENESS = 10
FORMATS = ("wav", "ogg", "matroska", "mp3", "mov")
"""Of sound files, by the names of ffmpeg's demuxers: `matroska` reads WebM, `mov` M4A. None of them opens other files."""


async def run(command: Sequence[str], timeout_s: float) -> str:
    """Run a program to its end and return what it printed.

    Raises `SpeechError` when it is not installed, fails, or is still running after `timeout_s` seconds. However it ends,
    none of its children is left.
    """
    with tempfile.TemporaryFile() as printed:
        process = await asyncio.create_subprocess_exec(
            *limited(command), stdin=asyncio.subprocess.DEVNULL, stdout=printed, stderr=printed, start_new_session=True
        )
        give_way(process)
        try:
            status = await asyncio.wait_for(process.wait(), timeout_s)
        except TimeoutError:
            raise SpeechError(f"{Path(command[0]).name} did not end within {timeout_s:g} s") from None
        finally:
            await end(process)
        printed.seek(0)
        said = printed.read(_SAID_BYTES).decode(errors="replace").strip()
    if status != 0:
        raise SpeechError(f"{Path(command[0]).name} failed with status {status}: {said or 'it printed nothing'}")
    return said


def limited(command: Sequence[str]) -> Sequence[str]:
    """The command, to be run with limits of its memory and of the files that it writes, and no longer than this program."""
    return dying_with_parent(("prlimit", f"--as={_MEMORY_BYTES}", f"--fsize={_FILE_BYTES}", "--core=0", "--", *command))


def give_way(process: asyncio.subprocess.Process) -> None:
    """Talks come first: their sound needs the same processors."""
    with suppress(ProcessLookupError):
        os.setpriority(os.PRIO_PGRP, process.pid, NICENESS)


async def end(process: asyncio.subprocess.Process) -> None:
    """End a process, if it still runs, and all that it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    if process.returncode is None:
        await process.wait()


async def telephone_samples(sound: Path, folder: Path, timeout_s: float, longest_s: float | None = None) -> bytes:
    """The sound of a file of one of `FORMATS` as 16-bit samples in one channel at 8 kHz; scratch files go to `folder`.

    At most the first `longest_s` seconds. Raises `SpeechError` when it is none. A file that refers to others, or to an
    address in the network, is refused.
    """
    raw = folder / "samples.raw"
    trusted = ("-protocol_whitelist", "file", "-format_whitelist", ",".join(FORMATS))
    limit = () if longest_s is None else ("-t", str(longest_s))
    form = ("-map", "0:a:0", *limit, "-ac", "1", "-ar", "8000", "-f", "s16le", str(raw))
    await run(("ffmpeg", "-nostdin", "-hide_banner", "-v", "error", "-y", *trusted, "-i", str(sound), *form), timeout_s)
    return await asyncio.to_thread(raw.read_bytes)
