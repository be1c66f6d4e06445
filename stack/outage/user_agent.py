"""The callers' telephones: all calls of them over one socket, as a telephone company sends them."""

import asyncio
import itertools
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from stack.sip_message import Message, md5, read

RESEND_S = 0.5
GIVE_UP_S = 32.0


@dataclass(slots=True)
class Call:
    """One call, by its Call-ID. Times are seconds since 1970; `status`: of the final response, 0 while there is none.

    `asterisk_port`: where Asterisk's sound comes from.
    """

    id: str
    number: str
    here: str
    there: str
    target: str
    media_port: int
    started: float
    heard_of: bool = False
    status: int = 0
    answered: float | None = None
    ended: float | None = None
    ended_by: str = ""
    asterisk_port: int = 0
    sequence: int = 1
    bye_answered: bool = False


class UserAgent(asyncio.DatagramProtocol):
    """At `host`, calling `number` at `target`. `answered(call)` and `ended(call)` are called once for each call."""

    def __init__(
        self,
        host: str,
        target: tuple[str, int],
        number: str,
        answered: Callable[[Call], None],
        ended: Callable[[Call], None],
    ) -> None:
        self._host = host
        self._target = target
        self._uri = f"sip:{number}@{target[0]}:{target[1]}"
        self._answered = answered
        self._ended = ended
        self._calls: dict[str, Call] = {}
        self._serial = itertools.count(1)
        self._tasks: set[asyncio.Task[None]] = set()
        self._transport: asyncio.DatagramTransport | None = None
        self._port = 0

    async def open(self) -> None:
        """Bind the socket."""
        made = await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, local_addr=(self._host, 0))
        self._transport = made[0]
        self._port = self._transport.get_extra_info("sockname")[1]

    def close(self) -> None:
        """Send nothing more."""
        for task in self._tasks:
            task.cancel()
        if self._transport is not None:
            self._transport.close()

    def call(self, number: str, media_port: int) -> Call:
        """Begin to call as `number`, with the sound wanted at this port."""
        here = f"<sip:{number}@{self._host}:{self._port}>;tag=c{next(self._serial)}"
        call = Call(uuid4().hex, number, here, f"<{self._uri}>", self._uri, media_port, time.time())
        self._calls[call.id] = call
        self._keep_sending(call, "INVITE", lambda: call.heard_of, self._sdp(call))
        return call

    def hang_up(self, call: Call) -> None:
        """End an answered call."""
        if call.answered is None or call.ended is not None:
            return
        self._over(call, "caller")
        call.sequence += 1
        self._keep_sending(call, "BYE", lambda: call.bye_answered)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """A message from Asterisk."""
        if not data.strip():
            return
        message = read(data)
        call = self._calls.get(message.headers.get("call-id", ""))
        if call is None:
            if not message.status and message.method != "ACK":
                self._respond(message, "200 OK" if message.method == "OPTIONS" else "481 Call Does Not Exist")
        elif message.status:
            self._response(call, message)
        elif message.method == "BYE":
            self._respond(message, "200 OK")
            self._over(call, "asterisk")
        elif message.method != "ACK":
            body = self._sdp(call) if message.method in ("INVITE", "UPDATE") else ""
            self._respond(message, "200 OK", body)

    def _response(self, call: Call, message: Message) -> None:
        if message.method == "BYE":
            call.bye_answered = True
            return
        if message.method != "INVITE":
            return
        call.heard_of = True
        if message.status < 200:
            return
        if message.status == 200:
            call.there = message.headers["to"]
            found = re.search(r"<?(sip:[^>]+)", message.headers["contact"])
            call.target = found[1] if found else call.target
            self._send(call, "ACK", sequence=1)
        else:
            self._send(call, "ACK", sequence=1, there=message.headers["to"], via=message.vias[0])
        if call.status:
            return
        call.status = message.status
        if message.status != 200:
            self._over(call, "asterisk")
            return
        port = re.search(r"m=audio (\d+)", message.body)
        call.asterisk_port = int(port[1]) if port else 0
        call.answered = time.time()
        self._answered(call)

    def _over(self, call: Call, by: str) -> None:
        if call.ended is None:
            call.ended, call.ended_by = time.time(), by
            self._ended(call)

    def _keep_sending(self, call: Call, method: str, enough: Callable[[], bool], body: str = "") -> None:
        sequence = call.sequence

        async def send() -> None:
            pause, deadline = RESEND_S, time.monotonic() + GIVE_UP_S
            while not enough() and time.monotonic() < deadline:
                self._send(call, method, sequence=sequence, body=body)
                await asyncio.sleep(pause)
                pause = min(2 * pause, 4.0)
            if not enough() and method == "INVITE":
                self._over(call, "nobody")

        task = asyncio.get_running_loop().create_task(send())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _send(
        self,
        call: Call,
        method: str,
        *,
        sequence: int,
        body: str = "",
        there: str | None = None,
        via: str | None = None,
    ) -> None:
        branch = f"z9hG4bK{md5(f'{call.id}{sequence}{method}')}"
        lines = [
            f"{method} {call.target} SIP/2.0",
            f"Via: {via or f'SIP/2.0/UDP {self._host}:{self._port};branch={branch};rport'}",
            f"From: {call.here}",
            f"To: {there or call.there}",
            f"Call-ID: {call.id}",
            f"CSeq: {sequence} {method}",
            f"Contact: <sip:caller@{self._host}:{self._port}>",
            "Max-Forwards: 70",
        ]
        self._put(lines, body)

    def _respond(self, request: Message, status: str, body: str = "") -> None:
        names = ("From", "To", "Call-ID", "CSeq")
        lines = [f"SIP/2.0 {status}", *(f"Via: {via}" for via in request.vias)]
        lines += [f"{name}: {request.headers[name.lower()]}" for name in names]
        lines.append(f"Contact: <sip:caller@{self._host}:{self._port}>")
        self._put(lines, body)

    def _put(self, lines: list[str], body: str) -> None:
        if body:
            lines.append("Content-Type: application/sdp")
        text = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", body])
        if self._transport is not None:
            self._transport.sendto(text.encode(), self._target)

    def _sdp(self, call: Call) -> str:
        lines = ("v=0", f"o=caller 1 1 IN IP4 {self._host}", "s=-", f"c=IN IP4 {self._host}", "t=0 0")
        media = (f"m=audio {call.media_port} RTP/AVP 8 101", "a=rtpmap:8 PCMA/8000")
        keys = ("a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15", "a=sendrecv", "")
        return "\r\n".join((*lines, *media, *keys))
