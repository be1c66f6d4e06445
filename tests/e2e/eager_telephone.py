"""An operator's telephone that accepts every call at once, also while it talks: what Asterisk must not rely on."""

import re
import socket
import threading
import time
from types import TracebackType
from typing import Self

from tests.e2e.asterisk_instance import OPERATORS

ANSWERS_AFTER_S = 0.3
"""As a telephone at home on a slow line: nothing of it is heard before the answer, not even that it rings."""
TALK_S = 0.3


class EagerTelephone:
    """At `port`, answers each INVITE after `ANSWERS_AFTER_S`, hangs up `TALK_S` later. `most`: calls that it had at the same moment; `calls`: all."""

    def __init__(self, port: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((OPERATORS, port))
        self._socket.settimeout(0.02)
        self.port = port
        self.most = 0
        self.calls: set[str] = set()
        self._open: set[str] = set()
        # What is to be sent when: answers, and the ends of calls.
        self._due: list[tuple[float, str, bytes, tuple[str, int]]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                data, peer = self._socket.recvfrom(8192)
            except TimeoutError:
                data = b""
            if data:
                self._hear(data.decode(errors="replace"), peer)
            for each in [each for each in self._due if time.monotonic() > each[0]]:
                self._due.remove(each)
                _, call, message, to = each
                if call in self._open:
                    self._socket.sendto(message, to)
                if message.startswith(b"BYE"):
                    self._open.discard(call)

    def _hear(self, text: str, peer: tuple[str, int]) -> None:
        method = text.split(" ", 1)[0]
        if method in ("ACK", "SIP/2.0"):
            return
        call = _value(text, "Call-ID")
        if method == "INVITE" and call not in self.calls:
            self.calls.add(call)
            self._open.add(call)
            self.most = max(self.most, len(self._open))
            answer_at = time.monotonic() + ANSWERS_AFTER_S
            self._due.append((answer_at, call, self._ok(text, method), peer))
            self._due.append((answer_at + TALK_S, call, self._bye(text), peer))
        if method == "INVITE":
            return
        self._open.discard(call)
        self._socket.sendto(self._ok(text, method), peer)

    def _ok(self, text: str, method: str) -> bytes:
        sdp = ""
        if method == "INVITE":
            sdp = (
                f"v=0\r\no=e 1 1 IN IP4 {OPERATORS}\r\ns=-\r\nc=IN IP4 {OPERATORS}\r\nt=0 0\r\n"
                f"m=audio {self.port + 1} RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
            )
        vias = re.findall(r"^Via:.*$", text, re.MULTILINE)
        to = _value(text, "To")
        lines = [
            "SIP/2.0 200 OK",
            *(via.strip() for via in vias),
            f"From: {_value(text, 'From')}",
            f"To: {to if ';tag=' in to else to + ';tag=eager'}",
            f"Call-ID: {_value(text, 'Call-ID')}",
            f"CSeq: {_value(text, 'CSeq')}",
            f"Contact: <sip:eager@{OPERATORS}:{self.port}>",
            *(["Content-Type: application/sdp"] if sdp else []),
            f"Content-Length: {len(sdp)}",
        ]
        return ("\r\n".join(lines) + "\r\n\r\n" + sdp).encode()

    def _bye(self, invite: str) -> bytes:
        target = re.search(r"<([^>]+)>", _value(invite, "Contact"))
        assert target is not None
        lines = [
            f"BYE {target[1]} SIP/2.0",
            f"Via: SIP/2.0/UDP {OPERATORS}:{self.port};branch=z9hG4bK{time.time_ns()}",
            f"From: {_value(invite, 'To')};tag=eager",
            f"To: {_value(invite, 'From')}",
            f"Call-ID: {_value(invite, 'Call-ID')}",
            "CSeq: 1 BYE",
            "Max-Forwards: 70",
            "Content-Length: 0",
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _value(text: str, name: str) -> str:
    found = re.search(rf"^{name}:\s*(.*?)\s*$", text, re.MULTILINE | re.IGNORECASE)
    return found[1] if found else ""
