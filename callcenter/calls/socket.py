"""The WebSocket of a browser; implements docs/protocol.md."""

import asyncio
import json
import time
from datetime import datetime

import structlog
from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from callcenter import metrics
from callcenter.calls.presence import SAID_EVERY_S, set_anothers
from callcenter.calls.presence import SQL as PRESENCE
from callcenter.common import requests
from callcenter.common.scope import Connection
from callcenter.common.sessions import SESSIONS
from callcenter.domain.access import Permission
from callcenter.domain.events import Presence
from callcenter.domain.ids import OperatorId
from callcenter.domain.person import Person
from callcenter.domain.request import Body, PauseBody, PresenceBody, RingBody, TalkBody, WrapUpBody
from callcenter.push.codec import BadMessage, hello_of, request_of, to_json
from callcenter.push.hub import HUB, Screen
from callcenter.push.messages import (
    BrowserRequest,
    ErrorMessage,
    PauseRequest,
    PresenceRequest,
    RingRequest,
    TalkRequest,
    WrapUpRequest,
)
from callcenter.push.state import Delta
from callcenter.storage import AWAY
from callcenter.web.auth import needs, session_token
from callcenter.web.keys import PERSON, POOL

log = structlog.get_logger()
routes = web.RouteTableDef()

PING_EVERY_S = 20.0
HELLO_WITHIN_S = 10.0
ASK_AGAIN_WHO_S = 30.0
LONGEST_MESSAGE = 4096
BAD_MESSAGES = 10
SESSION_ENDED = 4401

POPPED = web.AppKey("popped cards", dict[str, tuple[int, str]])
"""Number and call of the card last observed in `pop_seconds`, by audience."""


def audiences(person: Person) -> list[str]:
    """The audiences whose messages this person may see."""
    return ["all", f"operator:{person.id}", *(["supervisors"] if person.may(Permission.SEE_BOARD) else [])]


@routes.get("/ws")
@needs(Permission.TAKE_CALLS)
async def serve(request: web.Request) -> web.WebSocketResponse:
    """Serve one browser until it disconnects."""
    app, person = request.app, request[PERSON]
    socket = web.WebSocketResponse(heartbeat=PING_EVERY_S, max_msg_size=LONGEST_MESSAGE, compress=False)
    await socket.prepare(request)
    talk = Conversation(app, person, socket, request)
    with metrics.sockets.track_inprogress():
        try:
            await talk.run()
        except AWAY as problem:
            log.warning("socket not served", operator=person.id, problem=type(problem).__name__)
            await socket.close(code=WSCloseCode.TRY_AGAIN_LATER)
    return socket


class Conversation:
    """One browser's socket."""

    def __init__(
        self, app: web.Application, person: Person, socket: web.WebSocketResponse, request: web.Request
    ) -> None:
        self._app = app
        self._person = person
        self._socket = socket
        self._request = request
        self._bad = 0
        self._last: int | None = None

    async def run(self) -> None:
        """Read the hello, then send and receive until either side ends it."""
        async with asyncio.timeout(HELLO_WITHIN_S):
            if not await self._heard_hello():
                return
        async with self._app[HUB].subscribe(audiences(self._person), self._last, self._abort) as screen:
            sides = [
                asyncio.create_task(self._send(screen), name="socket-send"),
                asyncio.create_task(self._watch_session(), name="socket-session"),
                asyncio.create_task(self._say_open(), name="socket-open"),
            ]
            try:
                await self._hear()
            finally:
                for side in sides:
                    side.cancel()
                await asyncio.gather(*sides, return_exceptions=True)

    async def _heard_hello(self) -> bool:
        async for message in self._socket:
            try:
                self._last = hello_of(_text(message)).last
                return True
            except BadMessage as problem:
                await self._complain(problem)
        return False

    async def _hear(self) -> None:
        async for message in self._socket:
            try:
                request = request_of(_text(message))
                async with self._app[POOL].acquire() as connection:
                    await self._ask(connection, request)
            except BadMessage as problem:
                await self._complain(problem)
            except AWAY as problem:
                log.warning("request not saved", operator=self._person.id, problem=type(problem).__name__)
                await self._say(ErrorMessage(message="not saved"))

    async def _ask(self, connection: Connection, request: BrowserRequest) -> None:
        """Ask the telephone server. Raises `BadMessage` when this person may not."""
        match request:
            case PresenceRequest(wanted=wanted, operator=int(other)) if other != self._person.id:
                if not self._person.may(Permission.SEE_BOARD):
                    raise BadMessage("this login may set no state but its own")
                address = self._request.remote or ""
                if not await set_anothers(connection, OperatorId(other), wanted, self._person, address):
                    raise BadMessage("no such operator, or one without a telephone")
            case _ if not self._person.has_phone:
                raise BadMessage("this login has no telephone")
            case PresenceRequest(pause=str(code)) if not await connection.fetchval(PRESENCE["is_pause_reason"], code):
                raise BadMessage("no such reason of a pause")
            case _:
                await requests.ask(connection, _asked(request), asker=self._person.id)

    async def _complain(self, problem: BadMessage) -> None:
        self._bad += 1
        if self._bad > BAD_MESSAGES:
            await self._socket.close(code=WSCloseCode.POLICY_VIOLATION)
        else:
            await self._say(ErrorMessage(message=str(problem)))

    async def _say(self, message: ErrorMessage) -> None:
        try:
            await self._socket.send_str(json.dumps(to_json(message)))
        except ConnectionResetError:
            pass

    async def _send(self, screen: Screen) -> None:
        try:
            async for message in screen:
                await self._socket.send_str(message.text)
                if isinstance(message, Delta):
                    self._measure(message)
        except ConnectionResetError:
            return
        if not screen.slow:
            await self._socket.close(code=WSCloseCode.TRY_AGAIN_LATER)

    def _measure(self, delta: Delta) -> None:
        """Observe the delay of a card, once per call however many windows the operator has open."""
        body = delta.body
        if delta.kind != "card" or not body.get("answered_at") or body.get("talk_ended_at"):
            return
        newest, call = self._app[POPPED].get(delta.audience, (0, ""))
        # Another window may be ahead, or this one may be catching up on what it missed.
        if delta.n > newest and call != body["call"]:
            self._app[POPPED][delta.audience] = delta.n, body["call"]
            metrics.pop_seconds.observe(max(0.0, time.time() - datetime.fromisoformat(body["answered_at"]).timestamp()))

    async def _watch_session(self) -> None:
        token = session_token(self._request)
        while True:
            await asyncio.sleep(ASK_AGAIN_WHO_S)
            try:
                person = await self._app[SESSIONS].who_is(token)
            except AWAY:
                continue
            if person is None:
                await self._socket.close(code=SESSION_ENDED)
                return
            if person.role != self._person.role:
                # The browser reconnects, and is then served according to the new role.
                await self._socket.close(code=WSCloseCode.SERVICE_RESTART)
                return

    async def _say_open(self) -> None:
        """Say again and again that this person's page is open."""
        while self._person.has_phone:
            try:
                await self._app[POOL].execute(PRESENCE["page_open"], self._person.id)
            except AWAY as problem:
                log.warning("open page not noted", operator=self._person.id, problem=type(problem).__name__)
            await asyncio.sleep(SAID_EVERY_S)

    def _abort(self) -> None:
        # A closing handshake would wait behind the messages that the browser does not read.
        log.warning("slow browser disconnected", operator=self._person.id)
        if self._request.transport is not None:
            self._request.transport.abort()


def _text(message: WSMessage) -> str:
    if message.type is not WSMsgType.TEXT:
        raise BadMessage("text messages only")
    return str(message.data)


def _asked(request: BrowserRequest) -> Body:
    """Requests of the operator to the telephone server."""
    match request:
        case PresenceRequest(wanted=wanted, pause=pause):
            return PresenceBody(wanted=wanted, pause=pause if wanted is Presence.PAUSED else None)
        case WrapUpRequest():
            return WrapUpBody()
        case PauseRequest(paused=paused):
            return PauseBody(paused=paused)
        case RingRequest(answer=answer):
            return RingBody(answer=answer)
        case TalkRequest(step=step, to=to, note=note):
            return TalkBody(step=step, to=to, note=note)
