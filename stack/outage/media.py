"""The callers' ears and fingers: one socket for the sound of all calls, told apart by Asterisk's port.

A plain loop in its own thread takes what comes; the kernel's times of arrival leave this program's own delays out.
"""

import itertools
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Iterator

from stack.outage.hearing import Packet, packet

ROOM = 64 * 2**20
TIMESTAMPS = 35
"""SO_TIMESTAMPNS, which the socket module does not name."""
RING = 150
"""Packets that are kept of somebody who waits: three seconds, for an announcement that has just begun."""
KEY_PACKETS = 8
FORCE_ROOM = 33
"""SO_RCVBUFFORCE."""


class Ear:
    """What one call hears. While the caller waits, only the end of it is kept."""

    def __init__(self) -> None:
        self._packets: deque[tuple[float, bytes]] = deque()
        self.append = self._packets.append
        self._waits = False

    def wait(self) -> None:
        """What came is needed no longer, nor what comes."""
        self._waits = True
        self.trim()

    def listen(self) -> None:
        """What comes from a moment ago on is needed."""
        self._waits = False

    def trim(self) -> None:
        """To be called now and then."""
        while self._waits and len(self._packets) > RING:
            self._packets.popleft()

    def packets(self) -> list[Packet]:
        """The sound that is kept."""
        return [each for at, data in tuple(self._packets) if (each := packet(at, data)) is not None]


class Media:
    """The sockets at `host`: `held` for callers whose sound is compared, `ignored` for the others."""

    def __init__(self, host: str) -> None:
        self._held, self._ignored = (_socket(host) for _ in range(2))
        self._held.setsockopt(socket.SOL_SOCKET, FORCE_ROOM, ROOM)
        self._held.setsockopt(socket.SOL_SOCKET, TIMESTAMPS, 1)
        self._ears: dict[int, Ear] = {}
        self._serial = itertools.count(1)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._take, name="media", daemon=True)
        self._thread.start()

    def port(self, *, held: bool) -> int:
        """Where a caller wants the sound."""
        return int((self._held if held else self._ignored).getsockname()[1])

    def hear(self, asterisk_port: int, ear: Ear) -> None:
        """Give the sound from this port of Asterisk to `ear`."""
        self._ears[asterisk_port] = ear

    def forget(self, asterisk_port: int) -> None:
        """The call is over; the port may be another one's next."""
        self._ears.pop(asterisk_port, None)

    def key_packets(self, key: str) -> Iterator[bytes]:
        """A key of 100 ms as packets of RFC 4733, to be sent every 20 ms."""
        serial = next(self._serial)
        event, start = "0123456789*#".index(key), serial * 1600
        for number in range(KEY_PACKETS):
            ended, lasted = number >= 5, min(number + 1, 6) * 160
            marker = 0x80 if number == 0 else 0
            counter = (serial * KEY_PACKETS + number) & 0xFFFF
            header = struct.pack("!BBHII", 0x80, marker | 101, counter, start & 0xFFFFFFFF, 7)
            yield header + struct.pack("!BBH", event, 0x8A if ended else 0x0A, lasted)

    def send(self, data: bytes, to: tuple[str, int], *, held: bool) -> None:
        """A packet from the caller's port."""
        (self._held if held else self._ignored).sendto(data, to)

    def close(self) -> None:
        """End the thread and close the sockets."""
        self._over.set()
        self._held.sendto(b"", self._held.getsockname())
        self._thread.join()
        self._held.close()
        self._ignored.close()

    def _take(self) -> None:
        ears, receive = self._ears, self._held.recvmsg
        while not self._over.is_set():
            data, extra, _, source = receive(2048, 64)
            if (ear := ears.get(source[1])) is not None:
                ear.append((_arrival(extra), data))


def _arrival(extra: list[tuple[int, int, bytes]]) -> float:
    """By the kernel, in seconds since 1970."""
    for _level, kind, stamp in extra:
        if kind == TIMESTAMPS:
            seconds, nanoseconds = struct.unpack("@qq", stamp)
            return float(seconds + nanoseconds / 1e9)
    return time.time()


def _socket(host: str) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind((host, 0))
    return made
