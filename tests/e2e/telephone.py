"""An operator's telephone of one socket, which registers and answers as a test tells it, also as no honest one would."""

import itertools
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from stack.sip_message import Message, proof, read
from tests.e2e.asterisk_instance import OPERATORS, AsteriskInstance, wait_for

SDP = "v=0\r\no=t 1 1 IN IP4 {0}\r\ns=-\r\nc=IN IP4 {0}\r\nt=0 0\r\nm=audio {1} RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"


@dataclass(frozen=True)
class Registrar:
    """Where telephones register, those in browsers at `ws_port`, and the secret of each."""

    address: tuple[str, int]
    secrets: Mapping[str, str]
    ws_port: int = 0

    @classmethod
    def of(cls, pbx: AsteriskInstance) -> Self:
        """An Asterisk by itself."""
        address = (pbx.settings.asterisk.bind, pbx.settings.asterisk.sip_port)
        return cls(address, dict(pbx.directory.endpoints), pbx.settings.asterisk.ws_port)


class Telephone:
    """The telephone `endpoint`. `heard`: every request that Asterisk sent it.

    `answer` is asked for the status line and further headers of the answer to an INVITE; with 200 it talks, with 180 it
    rings until it is sent the event `talk`.
    `listens`: whether it answers anything; a telephone without power does not. `host`: its address; a telephone company's,
    and an `endpoint` that is no account, make it the other side of a trunk.
    """

    via, contact_parameters = "UDP", ""

    def __init__(self, pbx: AsteriskInstance | Registrar, endpoint: str, port: int = 0, host: str = OPERATORS) -> None:
        self.endpoint = endpoint
        self.heard: list[Message] = []
        self.listens = True
        self.answer: Callable[[], tuple[str, ...]] = lambda: ("200 OK",)
        self._registrar = pbx if isinstance(pbx, Registrar) else Registrar.of(pbx)
        self._secret = self._registrar.secrets.get(endpoint, "")
        self._asterisk = self._registrar.address
        self._socket = self._open(host, port)
        self._socket.settimeout(0.02)
        self.host, self.port = self._socket.getsockname()[:2]
        self._answers: list[Message] = []
        self._serial = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _open(self, host: str, port: int) -> socket.socket:
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        opened.bind((host, port))
        return opened

    def _offer(self) -> str:
        return SDP.format(self.host, self.port + 1)

    def _agree(self) -> str:
        """To what was offered."""
        return self._offer()

    @property
    def contact(self) -> str:
        """As it registers, unless told."""
        return f"<sip:{self.endpoint}@{self.address}{self.contact_parameters}>"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._socket.close()

    @property
    def address(self) -> str:
        """Where it is, as the address of a Contact."""
        return f"{self.host}:{self.port}"

    def invites(self) -> list[Message]:
        """The calls that it was sent; one that Asterisk sent again is one."""
        return list({each.headers["call-id"]: each for each in self.heard if each.method == "INVITE"}.values())

    def register(self, *contacts: str, expires: int = 600) -> int:
        """Register with these Contact headers, its own if none is given; the status of Asterisk's answer."""
        lines = [f"Contact: {contact}" for contact in contacts or (self.contact,)]
        uri, us = "sip:{}:{}".format(*self._asterisk), f"<sip:{self.endpoint}@127.0.0.1>"
        return self._ask("REGISTER", uri, us, f"r-{self.address}", [*lines, f"Expires: {expires}"]).status

    def call(self, user: str, *headers: str) -> Message:
        """Call somebody, with these lines more in the INVITE; the final answer."""
        self._serial += 1
        uri = "sip:{}@{}:{}".format(user, *self._asterisk)
        return self._ask("INVITE", uri, f"<{uri}>", f"call{self._serial}-{self.address}", headers, body=self._offer())

    def hang_up(self, call: Message) -> None:
        """End a call: the one that it was sent, or whose answer it has."""
        self._within(call, "BYE")

    def hold(self, call: Message) -> int:
        """Put the other side on hold; the status of the answer."""
        return self._within(call, "INVITE", body=SDP.format(self.host, self.port + 1) + "a=sendonly\r\n")

    @contextmanager
    def sending(self, talk: Message) -> Iterator[Callable[[], int]]:
        """Silence in packets, 50 a second, as in a talk; says how many were sent.

        `talk`: the call that it was sent, or the answer that it has.
        """
        found = re.search(r"m=audio (\d+)", talk.body)
        assert found
        peer = (self._asterisk[0], int(found[1]))
        stop = threading.Event()
        sent = 0

        def send() -> None:
            nonlocal sent
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as rtp:
                rtp.bind((self.host, self.port + 1))
                for sent in itertools.count(1):
                    packet = struct.pack("!BBHII", 0x80, 8, sent & 0xFFFF, sent * 160, 7) + b"\xd5" * 160
                    rtp.sendto(packet, peer)
                    if stop.wait(0.02):
                        return

        thread = threading.Thread(target=send)
        thread.start()
        try:
            yield lambda: sent
        finally:
            stop.set()
            thread.join()

    def refer(self, call: Message, to: str) -> int:
        """Send the other side elsewhere; the status of the answer."""
        lines = [f"Refer-To: {to}", f"Referred-By: <sip:{self.endpoint}@{self.address}>"]
        return self._within(call, "REFER", lines)

    def subscribe(self, user: str) -> int:
        """Ask to be told what a colleague does; the status of the answer."""
        self._serial += 1
        uri = "sip:{}@{}:{}".format(user, *self._asterisk)
        lines = ["Event: dialog", "Accept: application/dialog-info+xml", "Expires: 600"]
        return self._ask("SUBSCRIBE", uri, f"<{uri}>", f"s{self._serial}-{self.address}", lines).status

    def press(self, call: Message, key: str) -> int:
        """Press a key in a talk; the status of the answer."""
        kind = ["Content-Type: application/dtmf-relay"]
        return self._within(call, "INFO", kind, f"Signal={key}\r\nDuration=160\r\n")

    def _within(self, call: Message, method: str, lines: Sequence[str] = (), body: str = "") -> int:
        if call.status == 200:
            here, there = call.headers["from"], call.headers["to"]
        elif not call.status:
            here, there = call.headers["to"] + ";tag=t1", call.headers["from"]
        else:
            return call.status
        target = re.search(r"<([^>]+)>", call.headers["contact"])
        assert target
        return self._ask(method, target[1], there, call.headers["call-id"], lines, body=body, here=here).status

    def _ask(
        self, method: str, uri: str, to: str, call_id: str, lines: Sequence[str] = (), *, body: str = "", here: str = ""
    ) -> Message:
        """Send a request, with the proof that Asterisk asks for, and return the final answer."""
        here = here or f"<sip:{self.endpoint}@127.0.0.1>;tag=t1"
        answer = self._send(method, uri, to, call_id, lines, body, here)
        if answer.status == 401:
            self._acknowledge(answer, uri)
            more = proof(self.endpoint, self._secret, answer.headers["www-authenticate"], uri, method)
            answer = self._send(method, uri, to, call_id, [*lines, more], body, here)
        self._acknowledge(answer, uri)
        return answer

    def _send(
        self, method: str, uri: str, to: str, call_id: str, lines: Sequence[str], body: str, here: str
    ) -> Message:
        self._serial += 1
        cseq = f"{self._serial} {method}"
        head = [
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/{self.via} {self.address};branch=z9hG4bK{self._serial}{self.port};rport",
            f"From: {here}",
            f"To: {to}",
            f"Call-ID: {call_id}",
            f"CSeq: {cseq}",
            "Max-Forwards: 70",
            *([] if method == "REGISTER" else [f"Contact: {self.contact}"]),
            *lines,
        ]
        self._put(head, body)

        def final() -> Message | None:
            return next((each for each in self._answers if each.headers["cseq"] == cseq and each.status >= 200), None)

        answer = wait_for(final, f"the answer to {method}")
        assert answer is not None
        return answer

    def _acknowledge(self, answer: Message, uri: str) -> None:
        """An INVITE's final answer is."""
        if answer.method != "INVITE":
            return
        number = answer.headers["cseq"].split()[0]
        via = answer.vias[0] if answer.status != 200 else f"SIP/2.0/{self.via} {self.address};branch=z9hG4bKack{number}"
        names = ("From", "To", "Call-ID")
        head = [f"ACK {uri} SIP/2.0", f"Via: {via}", *(f"{name}: {answer.headers[name.lower()]}" for name in names)]
        self._put([*head, f"CSeq: {number} ACK", "Max-Forwards: 70"])

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                data, _ = self._socket.recvfrom(8192)
            except TimeoutError:
                continue
            if self.listens and data.strip():
                self._hear(read(data))

    def _hear(self, message: Message) -> None:
        if message.status:
            self._answers.append(message)
            return
        self.heard.append(message)
        match message.method:
            case "ACK":
                return
            case "INVITE":
                status, *lines = self.answer()
                self._respond(message, status, lines)
            case "NOTIFY":
                self._respond(message, "200 OK")
                if message.headers.get("event") == "talk":
                    self._respond(self.invites()[-1], "200 OK")
            case "CANCEL":
                self._respond(message, "200 OK")
            case _:
                self._respond(message, "200 OK")

    def _respond(self, request: Message, status: str, lines: Sequence[str] = ()) -> None:
        to = request.headers["to"]
        talk = request.method == "INVITE" and status.startswith("200")
        dialog = talk or status.startswith("180")
        head = [
            f"SIP/2.0 {status}",
            *(f"Via: {via}" for via in request.vias),
            f"From: {request.headers['from']}",
            f"To: {to if ';tag=' in to else to + ';tag=t1'}",
            f"Call-ID: {request.headers['call-id']}",
            f"CSeq: {request.headers['cseq']}",
            *([f"Contact: {self.contact}"] if dialog else []),
            *lines,
        ]
        self._put(head, self._agree() if talk else "")

    def _put(self, lines: Sequence[str], body: str = "") -> None:
        kind = ["Content-Type: application/sdp"] if body.startswith("v=0") else []
        text = "\r\n".join([*lines, *kind, f"Content-Length: {len(body)}", "", body])
        self._socket.sendto(text.encode(), self._asterisk)
