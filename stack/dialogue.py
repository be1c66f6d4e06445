"""One call at one telephone, and the speech that it sends."""

import asyncio
import itertools
import re
from dataclasses import dataclass, field

FRAME_S = 0.02
FRAME = 160
"""Bytes of A-law in a frame."""


class Media(asyncio.DatagramProtocol):
    """Sends speech to the other side's address; received audio is ignored."""

    def __init__(self) -> None:
        self.remote: tuple[str, int] | None = None
        self.transport: asyncio.DatagramTransport | None = None
        self._sequence = itertools.count(1)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = transport  # type: ignore[assignment]

    def send(self, frame: bytes) -> None:
        """One frame of A-law."""
        if self.remote is not None and self.transport is not None:
            number = next(self._sequence)
            head = (
                bytes((0x80, 8))
                + (number & 0xFFFF).to_bytes(2, "big")
                + (number * FRAME & 0xFFFFFFFF).to_bytes(4, "big")
            )
            self.transport.sendto(head + b"CALL" + frame, self.remote)

    def aim(self, sdp: str) -> None:
        """Send to the address in a session description."""
        host, port = re.search(r"c=IN IP4 (\S+)", sdp), re.search(r"m=audio (\d+)", sdp)
        if host and port:
            self.remote = (host[1], int(port[1]))


@dataclass(slots=True)
class Dialogue:
    """One call at one telephone."""

    endpoint: str
    call_id: str
    here: str
    """Our From or To, with our tag."""
    there: str
    target: str
    media: Media
    port: int
    sequence: int = 1
    over: asyncio.Event = field(default_factory=asyncio.Event)
    acknowledged: asyncio.Event = field(default_factory=asyncio.Event)
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    referred: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a NOTIFY reported that the transfer is done."""

    def close(self) -> None:
        """Close the port of its speech."""
        if self.media.transport is not None:
            self.media.transport.close()

    def tag(self, header: str) -> str:
        """Of `here` or `there`."""
        found = re.search(r"tag=([^;>\s]+)", header)
        return found[1] if found else ""
