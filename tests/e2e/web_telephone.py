"""A telephone as in a browser, of one WebSocket: the same as `Telephone`, also as no honest page would be."""

import base64
import os
import socket
import struct

from tests.e2e.telephone import Telephone

SDP = (
    "v=0\r\no=w 1 1 IN IP4 {0}\r\ns=-\r\nt=0 0\r\nm=audio {1} UDP/TLS/RTP/SAVPF 8\r\nc=IN IP4 {0}\r\na=rtpmap:8 PCMA/8000\r\n"
    "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdef01234567\r\na=candidate:1 1 UDP 2130706431 {0} {1} typ host\r\n"
    "a=fingerprint:sha-256 " + ":".join(["AB"] * 32) + "\r\na=setup:{2}\r\na=rtcp-mux\r\na=mid:0\r\na=sendrecv\r\n"
)


class WebSocket:
    """What `Telephone` needs of a datagram socket, over a WebSocket of a single frame a message (RFC 6455, RFC 7118)."""

    def __init__(self, host: str, port: int) -> None:
        self._socket = socket.create_connection((host, port))
        key = base64.b64encode(os.urandom(16)).decode()
        lines = ["GET /ws HTTP/1.1", f"Host: {host}:{port}", "Upgrade: websocket", "Connection: Upgrade"]
        lines += [f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Protocol: sip", "", ""]
        self._socket.sendall("\r\n".join(lines).encode())
        self._heard = b""
        while b"\r\n\r\n" not in self._heard:
            self._heard += self._socket.recv(4096)
        head, _, self._heard = self._heard.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101"), head
        self.getsockname, self.settimeout, self.close = (
            self._socket.getsockname,
            self._socket.settimeout,
            self._socket.close,
        )

    def sendto(self, data: bytes, _address: object) -> None:
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[place % 4] for place, byte in enumerate(data))
        length = bytes([0x80 | len(data)]) if len(data) < 126 else struct.pack("!BH", 0xFE, len(data))
        self._socket.sendall(b"\x81" + length + mask + masked)

    def recvfrom(self, size: int) -> tuple[bytes, None]:
        """Raises `TimeoutError` as a socket does."""
        while (whole := self._frame()) is None:
            self._heard += self._socket.recv(size)
        return whole, None

    def _frame(self) -> bytes | None:
        """The first frame, once it is there as a whole; the server's are not masked."""
        start, length = 2, self._heard[1] & 0x7F if len(self._heard) > 1 else 0
        if length == 126 and len(self._heard) >= 4:
            start, length = 4, struct.unpack("!H", self._heard[2:4])[0]
        if len(self._heard) < max(start, 2) + length or len(self._heard) < 2 or (length == 126 and start == 2):
            return None
        frame, self._heard = self._heard[start : start + length], self._heard[start + length :]
        return frame


class WebTelephone(Telephone):
    """The telephone `endpoint`, whose account is one of a browser's."""

    via, contact_parameters = "WS", ";transport=ws"

    def _open(self, host: str, port: int) -> WebSocket:  # type: ignore[override]
        return WebSocket("127.0.0.1", self._registrar.ws_port)

    def _offer(self) -> str:
        return SDP.format(self.host, self.port, "actpass")

    def _agree(self) -> str:
        return SDP.format(self.host, self.port, "active")
