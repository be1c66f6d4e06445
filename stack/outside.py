"""Whom operators of the stack call outside: one SIPp that answers any number, behind a trunk of its own."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from callcenter.common.scope import Connection
from callcenter.storage import statements
from stack.sipp import Sipp, speech

HOST = "127.0.0.4"
RING_S = 2.0
TALK_S = 60.0
SQL = statements(Path(__file__).with_suffix(".sql"))


def answering(stack: Mapping[str, Any], folder: Path) -> Sipp:
    """It answers until its `end`."""
    sip = stack["sip"]
    audio = speech("caller", folder)
    sipp = Sipp(folder, target=(sip["host"], sip["port"]), trunk=sip["trunk_address"], phones=HOST)
    sipp.answer(count=4, ring_s=RING_S, talk_s=TALK_S, audio=audio)
    return sipp


async def let_out(connection: Connection, sipp: Sipp) -> None:
    """Let calls out to it, to residents and crews."""
    host, port = sipp.phones_at
    await connection.execute(SQL["trunk"], host, port)
    await connection.execute(SQL["rules"])
