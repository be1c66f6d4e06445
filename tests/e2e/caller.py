"""A caller made of two sockets: sends what no telephone would, presses keys, may speak, and keeps the audio it gets."""

import itertools
import re
import socket
import struct
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

TRUNK = "127.0.0.2"
_serial = itertools.count(1)


def in_order(packets: dict[int, bytes]) -> list[bytes]:
    """What came, by the numbers of the packets, the first of which came first, or nearly so."""
    first = next(iter(packets), 0)
    return [packets[number] for number in sorted(packets, key=lambda number: (number - first + 0x8000) & 0xFFFF)]


def place_of(sound: bytes, heard: bytes) -> int | None:
    """Where a sound of noise begins in what was heard, though one packet in five of it may have been late; else None."""
    pieces = [heard.find(sound[at : at + 160]) for at in range(0, len(sound) - 159, 160)]
    found = [piece for piece in pieces if piece >= 0]
    return found[0] if found == sorted(found) and len(found) >= 0.8 * len(pieces) else None


class Caller:
    """One call, from the trunk's address unless told; everything given goes on the wire byte for byte.

    `to`: the user of the To header, `dialled` unless told. `headers`: whole lines of the INVITE.
    """

    def __init__(
        self,
        sip_port: int,
        dialled: bytes,
        caller_id: bytes = b"<sip:+79160000001@127.0.0.2>",
        host: str = TRUNK,
        call_id: bytes = b"",
        to: bytes | None = None,
        headers: Sequence[bytes] = (),
    ) -> None:
        self._asterisk = ("127.0.0.1", sip_port)
        self._sip = _bound_socket(host)
        self._rtp = _bound_socket(host)
        self._rtp.setblocking(False)
        self._sent = 0
        serial = b"%d-%d" % (next(_serial), time.time_ns())
        self._call_id = call_id or serial
        self._branch = b"z9hG4bK" + serial
        self._sequence = 0
        self._from = caller_id + b";tag=" + serial
        self._uri = b"sip:" + (dialled + b"@" if dialled else b"") + b"127.0.0.1:%d" % sip_port
        self._to = (
            b"<" + (self._uri if to is None else b"sip:" + (to + b"@" if to else b"") + b"carrier.invalid") + b">"
        )
        self._headers = headers
        self._rtp_peer = ("127.0.0.1", 0)
        self._packets_sent = 0
        self._up = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._up:
            self.hang_up()
        self._sip.close()
        self._rtp.close()

    def invite(self, timeout_s: float = 5.0) -> int:
        """Call; acknowledge the final response and return its status."""
        status = self._offer("8 PCMA", timeout_s)
        self._up = status == 200
        return status

    def change_codec(self, codec: str) -> int:
        """Offer another codec for the rest of the call, as `0 PCMU`; the status of the answer."""
        return self._offer(codec, 5.0)

    def refer(self, to: bytes) -> int:
        """Ask Asterisk to call somebody else; the status of the answer."""
        self._send(b"REFER", headers=(b"Refer-To: " + to, b"Referred-By: <sip:caller@127.0.0.2>"))
        return self._final(b"REFER", 5.0)[0]

    def _offer(self, codec: str, timeout_s: float) -> int:
        number, _, name = codec.partition(" ")
        sdp = (
            f"v=0\r\no=c 1 {self._sequence + 1} IN IP4 127.0.0.2\r\ns=-\r\nc=IN IP4 127.0.0.2\r\nt=0 0\r\n"
            f"m=audio {self._rtp.getsockname()[1]} RTP/AVP {number} 101\r\na=rtpmap:{number} {name}/8000\r\n"
            "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
        ).encode()
        self._send(b"INVITE", sdp, self._headers)
        status, message = self._final(b"INVITE", timeout_s)
        self._to = _header(message, b"To")
        self._send(b"ACK")
        if audio := re.search(rb"m=audio (\d+)", message):
            self._rtp_peer = ("127.0.0.1", int(audio[1]))
        return status

    def _final(self, method: bytes, timeout_s: float) -> tuple[int, bytes]:
        """The final response to the request sent last, with its status."""
        deadline = time.monotonic() + timeout_s
        while True:
            message = self._receive(deadline)
            status = re.match(rb"SIP/2.0 (\d+)", message)
            if status and int(status[1]) >= 200 and b"CSeq: %d %s\r\n" % (self._sequence, method) in message:
                return int(status[1]), message

    def hang_up(self) -> None:
        self._up = False
        self._send(b"BYE")

    def wait_for_bye(self, timeout_s: float) -> None:
        """Wait until Asterisk ends the call."""
        deadline = time.monotonic() + timeout_s
        while True:
            message = self._receive(deadline)
            if message.startswith(b"BYE "):
                self._up = False
                names = (b"Via", b"From", b"To", b"Call-ID", b"CSeq")
                lines = [b"SIP/2.0 200 OK", *(name + b": " + _header(message, name) for name in names)]
                self._sip.sendto(b"\r\n".join([*lines, b"Content-Length: 0", b"", b""]), self._asterisk)
                return

    def press(self, key: str) -> None:
        """A key, as packets of RFC 4733: pressed for 100 ms."""
        event, start = "0123456789*#".index(key), self._sent * 1600
        for number in range(8):
            ended, lasted = number >= 5, min(number + 1, 6) * 160
            marker = 0x80 if number == 0 else 0
            header = struct.pack("!BBHII", 0x80, marker | 101, self._sent * 8 + number, start, 7)
            self._rtp.sendto(header + struct.pack("!BBH", event, 0x8A if ended else 0x0A, lasted), self._rtp_peer)
            time.sleep(0.02)
        self._sent += 1

    def listen(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bytes:
        """The A-law audio of the next seconds, or up to the moment when `until` is true.

        In order of the packets' numbers, which begin anywhere and start anew after 65535; what is missing is left out.
        """
        packets: dict[int, bytes] = {}
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0 and not until():
            self._rtp.settimeout(min(left, 0.1))
            self._take(packets)
        self._rtp.setblocking(False)
        while self._take(packets):
            pass
        return b"".join(in_order(packets))

    def heard_keys(self, count: int, within_s: float = 10.0) -> str:
        """The next keys that the other side presses, as packets of RFC 4733; fewer when no more come."""
        pressed: dict[int, str] = {}
        deadline = time.monotonic() + within_s
        while len(pressed) < count and (left := deadline - time.monotonic()) > 0:
            self._rtp.settimeout(left)
            try:
                packet = self._rtp.recv(2048)
            except TimeoutError:
                break
            if len(packet) >= 16 and packet[1] & 0x7F == 101:
                pressed[struct.unpack("!I", packet[4:8])[0]] = "0123456789*#"[packet[12]]
        self._rtp.setblocking(False)
        return "".join(pressed[at] for at in sorted(pressed))

    @property
    def up(self) -> bool:
        """Whether the call goes on, as far as this side knows."""
        return self._up

    def _take(self, packets: dict[int, bytes]) -> bool:
        """Add the next packet, by its number; False when there is none."""
        try:
            packet = self._rtp.recv(2048)
        except (TimeoutError, BlockingIOError):
            return False
        if len(packet) > 12 and packet[1] & 0x7F == 8:
            packets[struct.unpack("!H", packet[2:4])[0]] = packet[12:]
        return True

    def speak(self, speech: bytes, stop: Callable[[], bool] = lambda: False) -> None:
        """Send A-law, 50 packets a second, unless told to stop; nothing else is ever sent."""
        due = time.monotonic()
        for at in range(0, len(speech), 160):
            if stop():
                return
            number = self._packets_sent = self._packets_sent + 1
            # By the clock, as the time stamps of a telephone that was silent are.
            header = struct.pack(">BBHII", 0x80, 8, number & 0xFFFF, int(due * 8000) & 0xFFFFFFFF, 7)
            self._rtp.sendto(header + speech[at : at + 160], self._rtp_peer)
            due += 0.02
            time.sleep(max(0.0, due - time.monotonic()))

    def packets(self) -> int:
        """How many audio packets came since this was last asked."""
        count = 0
        while True:
            try:
                self._rtp.recv(2048)
            except BlockingIOError:
                return count
            count += 1

    def _send(self, method: bytes, body: bytes = b"", headers: Sequence[bytes] = ()) -> None:
        if method != b"ACK":
            self._sequence += 1
        number = b"%d " % self._sequence
        here = "{}:{}".format(*self._sip.getsockname()).encode()
        lines = [
            method + b" " + self._uri + b" SIP/2.0",
            b"Via: SIP/2.0/UDP " + here + b";branch=" + self._branch + number.strip() + method,
            b"From: " + self._from,
            b"To: " + self._to,
            b"Call-ID: " + self._call_id,
            b"CSeq: " + number + method,
            b"Contact: <sip:caller@" + here + b">",
            b"Max-Forwards: 70",
            *headers,
            *([b"Content-Type: application/sdp"] if body else []),
            b"Content-Length: %d" % len(body),
        ]
        self._sip.sendto(b"\r\n".join([*lines, b"", body]), self._asterisk)

    def _receive(self, deadline: float) -> bytes:
        self._sip.settimeout(max(0.01, deadline - time.monotonic()))
        return self._sip.recv(65535)


def _bound_socket(host: str) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind((host, 0))
    return made


def _header(message: bytes, name: bytes) -> bytes:
    found = re.search(rb"\r\n" + name + rb":[ \t]*([^\r\n]*)", message)
    assert found, f"no {name!r} in {message!r}"
    return found[1]
