"""Asterisk's control socket, played by a server of a few lines."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from callcenter.errors import ActionTimeout, NotConnected, UnsafeValue
from callcenter.telephony.console import Console

GREETING = b"asterisk/1234/22.10.1\n"


@asynccontextmanager
async def asterisk(socket: Path, *parts: bytes, ends: bool = True) -> AsyncIterator[list[bytes]]:
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\0"))
        for part in parts:
            writer.write(part)
            await writer.drain()
        if not ends:
            await reader.read()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_unix_server(serve, socket):
        yield asked


async def test_a_command_is_answered_without_greeting_and_colours(tmp_path: Path) -> None:
    socket = tmp_path / "asterisk.ctl"
    async with asterisk(socket, GREETING + b"one (\x1b[1;32;40m", b"free\x1b[0m)\ntwo\n") as asked:
        assert await Console(socket).command("queue show 7495") == "one (free)\ntwo\n"
    assert asked == [b"cli quit after queue show 7495\0"]


async def test_a_socket_below_a_long_path_is_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    monkeypatch.chdir(folder)
    async with asterisk(Path("asterisk.ctl"), GREETING, b"ok\n"):
        assert await Console(folder / "asterisk.ctl").command("x") == "ok\n"


async def test_no_asterisk_is_told_from_a_slow_one(tmp_path: Path) -> None:
    socket = tmp_path / "asterisk.ctl"
    with pytest.raises(NotConnected, match=str(socket)):
        await Console(socket).command("x")
    with pytest.raises(NotConnected):
        await Console(tmp_path / "nowhere" / "asterisk.ctl").command("x")
    async with asterisk(socket, GREETING, ends=False):
        with pytest.raises(ActionTimeout):
            await Console(socket, 0.2).command("x")
    async with asterisk(socket):
        with pytest.raises(NotConnected, match="greeting"):
            await Console(socket).command("x")


@pytest.mark.parametrize("evil", ["a\nb", "a\0b", "a\rb", "ä", "a\x7fb"])
async def test_what_would_be_a_second_command_is_not_sent(tmp_path: Path, evil: str) -> None:
    with pytest.raises(UnsafeValue):
        await Console(tmp_path / "asterisk.ctl").command(evil)
