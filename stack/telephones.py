"""Operators' telephones that can do more than answer: hold, transfer, consult a colleague, hand the caller over.

SIPp plays one dialogue at a time; handing a caller over takes two. All telephones are behind one socket, whose address
`Sipp.register` registered before; each dialogue sends speech from a port of its own.
"""

import asyncio
import itertools
import re
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from stack.dialogue import FRAME, FRAME_S, Dialogue, Media
from stack.errors import StackError
from stack.sip_message import Message, md5, proof, read
from stack.sipp import Leg

T1_S = 0.5
GONE_WITHIN_S = 10.0


class Move(StrEnum):
    """What an operator does with a caller before the talk is over."""

    NONE = "none"
    HOLD = "hold"
    BLIND = "blind"
    ATTENDED = "attended"
    CONSULT = "consult"
    """A colleague is consulted, and the caller stays with the operator."""
    RETURN = "return"


class Telephones(asyncio.DatagramProtocol):
    """The telephones `phones` (endpoint: secret) at `address`, whose calls go to and come from `target`.

    Each call that a telephone takes starts with the next of `moves`, unless the telephone is one of `colleagues`: those
    take transferred calls and are chosen in turn. `rang(endpoint, call_id)` is called when a telephone gets a call,
    `free(endpoint, call_id)` when that call ends untaken, `took(call_id, leg)` when a talk begins and when it ends;
    `done` counts the moves that Asterisk accepted. `dialled`: the company's number that each caller called, to which
    the caller returns. While `muted`, they send no packets at all.
    """

    def __init__(
        self,
        address: tuple[str, int],
        target: tuple[str, int],
        phones: Mapping[str, str],
        colleagues: Sequence[str],
        *,
        dialled: Mapping[str, str],
        ring_s: float,
        talk_s: float,
        speech: bytes,
        rang: Callable[[str, str], None],
        free: Callable[[str, str], None],
        took: Callable[[str, Leg], None],
    ) -> None:
        self._legs: dict[str, Leg] = {}
        self._rang = rang
        self._free = free
        self._took = took
        self.done: dict[Move, int] = dict.fromkeys(Move, 0)
        self.moves: deque[Move] = deque()
        self.muted = False
        self._address = address
        self._asterisk = target
        self._phones = dict(phones)
        self._colleagues = itertools.cycle(colleagues)
        self._taken_by = set(colleagues)
        self._dialled = dialled
        self._ring_s = ring_s
        self._talk_s = talk_s
        self._frames = [speech[at : at + FRAME] for at in range(0, len(speech) - FRAME, FRAME)]
        self._dialogues: dict[str, Dialogue] = {}
        self._answers: dict[str, asyncio.Queue[Message]] = {}
        self._serial = itertools.count(1)
        self._tasks: set[asyncio.Task[None]] = set()
        self._transport: asyncio.DatagramTransport | None = None
        self._closed = asyncio.Event()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=self._address)
        self._begin(self._speak())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for dialogue in self._dialogues.values():
            dialogue.close()
        if self._transport is not None:
            self._transport.close()
            # Its port is free for the one who signs the telephones off.
            await self._closed.wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """The port is free again."""
        self._closed.set()

    def check(self) -> None:
        """Raise the error of a telephone, if there was one."""
        for task in [task for task in self._tasks if task.done()]:
            self._tasks.discard(task)
            task.result()

    # Incoming messages.

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """A message from Asterisk."""
        if not data.strip():
            return
        message = read(data)
        call_id = message.headers.get("call-id", "")
        if message.status:
            if waiting := self._answers.get(f"{call_id} {message.headers['cseq']}"):
                waiting.put_nowait(message)
            return
        dialogue = self._dialogues.get(call_id)
        if message.method == "INVITE" and dialogue is None:
            self._begin(self._ring(message))
        elif dialogue is None:
            if message.method != "ACK":
                self._respond(
                    message, "481 Call/Transaction Does Not Exist" if message.method != "OPTIONS" else "200 OK"
                )
        else:
            self._hear(message, dialogue)

    def _hear(self, message: Message, dialogue: Dialogue) -> None:
        match message.method:
            case "ACK":
                dialogue.acknowledged.set()
            case "INVITE" if not dialogue.acknowledged.is_set():
                return  # sent again while it rings
            case "INVITE":
                dialogue.media.aim(message.body)
                self._respond(message, "200 OK", dialogue, self._sdp(dialogue, "sendrecv"))
            case "CANCEL":
                self._respond(message, "200 OK")
                dialogue.cancelled.set()
            case "BYE":
                self._respond(message, "200 OK")
                self._end(dialogue)
            case "NOTIFY":
                self._respond(message, "200 OK")
                if re.match(r"SIP/2.0 [2-6]", message.body):
                    dialogue.referred.set()
            case _:
                self._respond(message, "200 OK")

    # Incoming calls.

    async def _ring(self, invite: Message) -> None:
        endpoint = invite.first.split("sip:")[1].partition("@")[0]
        here = f"{invite.headers['to']};tag=t{next(self._serial)}"
        contact = re.search(r"<?(sip:[^>]+)", invite.headers["contact"])
        assert contact
        dialogue = await self._open(endpoint, invite.headers["call-id"], here, invite.headers["from"], contact[1])
        dialogue.media.aim(invite.body)
        self._rang(endpoint, dialogue.call_id)
        self._respond(invite, "180 Ringing", dialogue)
        if await _within(dialogue.cancelled, self._ring_s):
            self._free(endpoint, dialogue.call_id)
            self._respond(invite, "487 Request Terminated", dialogue)
            self._forget(dialogue)
            return
        while not dialogue.acknowledged.is_set() and not dialogue.over.is_set():
            self._respond(invite, "200 OK", dialogue, self._sdp(dialogue, "sendrecv"))
            await _within(dialogue.acknowledged, T1_S)
        found = re.search(r"sip:([^@;>]*)", invite.headers["from"])
        caller = found[1] if found else ""
        # A colleague calls about that colleague's caller.
        about = [leg.caller for leg in self._legs.values() if leg.endpoint == caller and leg.ended is None]
        leg = self._legs[dialogue.call_id] = Leg(endpoint, about[0] if about else caller, time.time())
        self._took(dialogue.call_id, leg)
        mine = endpoint not in self._taken_by and bool(self.moves)
        await self._talk(dialogue, self.moves.popleft() if mine else Move.NONE)
        self._forget(dialogue)

    async def _talk(self, dialogue: Dialogue, move: Move) -> None:
        part = self._talk_s / 3
        if move is Move.NONE:
            # A colleague who was consulted keeps the caller as long as other operators do.
            await _within(dialogue.over, self._talk_s * (2 if dialogue.endpoint in self._taken_by else 1))
        elif not await _within(dialogue.over, part):
            match move:
                case Move.HOLD:
                    await self._hold(dialogue, part)
                case Move.BLIND:
                    await self._refer(dialogue, f"<sip:{next(self._colleagues)}@{self._asterisk[0]}>", move)
                case Move.RETURN:
                    number = self._dialled[self._legs[dialogue.call_id].caller]
                    await self._refer(dialogue, f"<sip:{number}@{self._asterisk[0]}>", move)
                case Move.ATTENDED | Move.CONSULT:
                    await self._consult(dialogue, next(self._colleagues), part, move)
        if not dialogue.over.is_set():
            await self._bye(dialogue)

    async def _hold(self, dialogue: Dialogue, seconds: float) -> None:
        await self._reinvite(dialogue, "sendonly")
        if not await _within(dialogue.over, seconds):
            self.done[Move.HOLD] += 1
        await self._go_on(dialogue, seconds)

    async def _refer(self, dialogue: Dialogue, to: str, move: Move) -> None:
        answer = await self._ask(
            dialogue, "REFER", extra=(f"Refer-To: {to}", f"Referred-By: <sip:{dialogue.endpoint}@x>")
        )
        if answer.status == 202:
            self.done[move] += 1
            # From here on the caller is elsewhere; Asterisk keeps this dialogue to report how the transfer goes.
            self._end_talk(dialogue)
            await _within(dialogue.referred, GONE_WITHIN_S)

    async def _consult(self, dialogue: Dialogue, colleague: str, seconds: float, move: Move) -> None:
        await self._reinvite(dialogue, "sendonly")
        consultation = await self._call(dialogue.endpoint, colleague)
        if consultation is None:
            await self._go_on(dialogue, seconds)
            return
        await _within(consultation.over, seconds)
        if move is Move.CONSULT:
            await self._bye(consultation)
            self.done[move] += 1
            await self._go_on(dialogue, seconds)
        elif not dialogue.over.is_set() and not consultation.over.is_set():
            tags = f"to-tag%3D{consultation.tag(consultation.there)}%3Bfrom-tag%3D{consultation.tag(consultation.here)}"
            to = f"<sip:{colleague}@{self._asterisk[0]}?Replaces={consultation.call_id}%3B{tags}>"
            await self._refer(dialogue, to, move)
        if not consultation.over.is_set():
            await self._bye(consultation)
        self._forget(consultation)

    async def _go_on(self, dialogue: Dialogue, seconds: float) -> None:
        """Talk with the caller again."""
        if not dialogue.over.is_set():
            await self._reinvite(dialogue, "sendrecv")
            await _within(dialogue.over, seconds)

    # Outgoing calls.

    async def _call(self, endpoint: str, colleague: str) -> Dialogue | None:
        """Call a colleague; None when that is refused."""
        serial = next(self._serial)
        uri = f"sip:{colleague}@{self._asterisk[0]}:{self._asterisk[1]}"
        here = f"<sip:{endpoint}@{self._asterisk[0]}>;tag=c{serial}"
        call_id = f"consult-{uuid4().hex}"
        dialogue = await self._open(endpoint, call_id, here, f"<{uri}>", uri)
        dialogue.acknowledged.set()
        body = self._sdp(dialogue, "sendrecv")
        answer = await self._ask(dialogue, "INVITE", body=body)
        if answer.status == 401:
            self._send_ack(dialogue, answer)
            answered = proof(endpoint, self._phones[endpoint], answer.headers["www-authenticate"], uri, "INVITE")
            answer = await self._ask(dialogue, "INVITE", body=body, extra=(answered,))
        dialogue.there = answer.headers["to"]
        if answer.status != 200:
            self._send_ack(dialogue, answer)
            self._forget(dialogue)
            return None
        contact = re.search(r"<?(sip:[^>]+)", answer.headers["contact"])
        assert contact
        dialogue.target = contact[1]
        dialogue.media.aim(answer.body)
        self._send_ack(dialogue, answer)
        return dialogue

    async def _reinvite(self, dialogue: Dialogue, direction: str) -> None:
        answer = await self._ask(dialogue, "INVITE", body=self._sdp(dialogue, direction))
        self._send_ack(dialogue, answer)

    async def _bye(self, dialogue: Dialogue) -> None:
        self._end(dialogue)
        await self._ask(dialogue, "BYE")

    async def _ask(self, dialogue: Dialogue, method: str, *, body: str = "", extra: Sequence[str] = ()) -> Message:
        """Send a request until its final response comes. Raises `StackError` when none does."""
        dialogue.sequence += 1
        key = f"{dialogue.call_id} {dialogue.sequence} {method}"
        answers = self._answers[key] = asyncio.Queue()
        deadline = time.monotonic() + 32
        heard = False
        try:
            while time.monotonic() < deadline:
                if not heard:
                    self._send(dialogue, method, dialogue.sequence, body, extra)
                try:
                    async with asyncio.timeout(T1_S):
                        answer = await answers.get()
                except TimeoutError:
                    continue
                heard = True
                if answer.status >= 200:
                    return answer
        finally:
            del self._answers[key]
        raise StackError(f"no answer to {method} of {dialogue.endpoint}")

    def _send_ack(self, dialogue: Dialogue, answer: Message) -> None:
        dialogue.there = answer.headers["to"] if answer.status == 200 else dialogue.there
        branch = answer.vias[0] if answer.status != 200 else None
        self._send(dialogue, "ACK", int(answer.headers["cseq"].split()[0]), via=branch, there=answer.headers["to"])

    def _send(
        self,
        dialogue: Dialogue,
        method: str,
        sequence: int,
        body: str = "",
        extra: Sequence[str] = (),
        *,
        via: str | None = None,
        there: str | None = None,
    ) -> None:
        host, port = self._address
        branch = f"z9hG4bK{md5(f'{dialogue.call_id}{sequence}{method}')}"
        lines = [
            f"{method} {dialogue.target} SIP/2.0",
            f"Via: {via or f'SIP/2.0/UDP {host}:{port};branch={branch};rport'}",
            f"From: {dialogue.here}",
            f"To: {there or dialogue.there}",
            f"Call-ID: {dialogue.call_id}",
            f"CSeq: {sequence} {method}",
            f"Contact: <sip:{dialogue.endpoint}@{host}:{port}>",
            "Max-Forwards: 70",
            *extra,
        ]
        self._put(lines, body)

    def _respond(self, request: Message, status: str, dialogue: Dialogue | None = None, body: str = "") -> None:
        host, port = self._address
        to = request.headers["to"]
        if dialogue is not None and "tag=" not in to:
            to = dialogue.here
        lines = [
            f"SIP/2.0 {status}",
            *(f"Via: {via}" for via in request.vias),
            f"From: {request.headers['from']}",
            f"To: {to}",
        ]
        lines += [f"{name}: {request.headers[name.lower()]}" for name in ("Call-ID", "CSeq")]
        if dialogue is not None:
            lines.append(f"Contact: <sip:{dialogue.endpoint}@{host}:{port}>")
        self._put(lines, body)

    def _put(self, lines: list[str], body: str) -> None:
        if body:
            lines.append("Content-Type: application/sdp")
        text = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", body])
        if self._transport is not None:
            self._transport.sendto(text.encode(), self._asterisk)

    def _sdp(self, dialogue: Dialogue, direction: str) -> str:
        host = self._address[0]
        lines = ("v=0", f"o=operator 1 {dialogue.sequence} IN IP4 {host}", "s=-", f"c=IN IP4 {host}", "t=0 0")
        return "\r\n".join((*lines, f"m=audio {dialogue.port} RTP/AVP 8", "a=rtpmap:8 PCMA/8000", f"a={direction}", ""))

    # Helpers.

    async def _open(self, endpoint: str, call_id: str, here: str, there: str, target: str) -> Dialogue:
        media = Media()
        # Stored before anything is awaited, so that a request sent again starts no second call.
        dialogue = self._dialogues[call_id] = Dialogue(endpoint, call_id, here, there, target, media, 0)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: media, local_addr=(self._address[0], 0))
        dialogue.port = transport.get_extra_info("sockname")[1]
        return dialogue

    def _end(self, dialogue: Dialogue) -> None:
        dialogue.over.set()
        self._end_talk(dialogue)

    def _end_talk(self, dialogue: Dialogue) -> None:
        dialogue.media.remote = None
        if (leg := self._legs.get(dialogue.call_id)) is not None and leg.ended is None:
            leg.ended = time.time()
            self._took(dialogue.call_id, leg)

    def _forget(self, dialogue: Dialogue) -> None:
        self._dialogues.pop(dialogue.call_id, None)
        dialogue.close()

    async def _speak(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        for frame in itertools.cycle(self._frames):
            for dialogue in self._dialogues.values() if not self.muted else ():
                dialogue.media.send(frame)
            due = max(due + FRAME_S, loop.time() - 10 * FRAME_S)
            await asyncio.sleep(max(0.0, due - loop.time()))

    def _begin(self, work: Any) -> None:
        self._tasks.add(asyncio.get_running_loop().create_task(work))


async def _within(event: asyncio.Event, seconds: float) -> bool:
    """Whether it comes within so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
