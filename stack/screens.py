"""Operators' browsers: they log in through the page's form, hold a WebSocket open and note each card that comes."""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, Self

import aiohttp

from callcenter.domain.events import Presence
from callcenter.domain.operator import OperatorStatus
from callcenter.push.codec import body_of, to_json
from callcenter.push.messages import CardMessage, Hello, PresenceMessage, PresenceRequest
from stack.errors import StackError
from stack.judge import Pop

RETRY_S = 0.2


@dataclass(slots=True)
class ScreenWatcher:
    """One operator's browser. `cards`: for each call the caller's number, when its card came, and when it says that the
    operator picked up; both in seconds since the epoch."""

    login: str
    password: str
    endpoint: str
    address: str
    wanted: Presence = Presence.AVAILABLE
    presence: PresenceMessage | None = None
    cards: dict[str, tuple[str, float, float]] = field(default_factory=dict)
    last: int | None = None
    socket: aiohttp.ClientWebSocketResponse | None = None


class Screens:
    """The browsers of several operators at the service `url`; cards of calls answered before `since` are ignored.

    `connects`: when Asterisk connected a caller's number and a telephone, which grows meanwhile (`Connects.at`).
    """

    def __init__(
        self,
        url: str,
        people: Sequence[Mapping[str, str]],
        connects: Mapping[tuple[str, str], float],
        *,
        since: float,
        resting: Sequence[Mapping[str, str]] = (),
    ) -> None:
        self._url = url
        self._connects = connects
        self._since = since
        # Each has an address of its own, as when working from home.
        self.screens = [
            ScreenWatcher(person["login"], person["password"], person["endpoint"], f"127.0.1.{number}")
            for number, person in enumerate((*people, *resting), 1)
        ]
        # No queue rings them: they only get transfers from colleagues.
        self._resting = {person["login"] for person in resting}
        for screen in self.screens:
            screen.wanted = Presence.PAUSED if screen.login in self._resting else screen.wanted
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._live(screen), name=screen.login) for screen in self.screens]
        return self

    async def __aexit__(self, *_: object) -> None:
        with suppress(TimeoutError, StackError):
            await self.become(Presence.OFFLINE, within_s=5)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def become(self, wanted: Presence, *, within_s: float) -> None:
        """Ask for a presence on each screen and wait until the service shows it. Raises `StackError`."""
        asked = [screen for screen in self.screens if wanted is Presence.OFFLINE or screen.login not in self._resting]
        for screen in asked:
            screen.wanted = wanted
            if screen.socket is not None and not screen.socket.closed:
                await screen.socket.send_json(to_json(PresenceRequest(wanted=wanted)))
        shown = OperatorStatus(wanted)
        deadline = time.monotonic() + within_s
        while missing := [
            screen.login for screen in asked if screen.presence is None or screen.presence.state != shown
        ]:
            for task in self._tasks:
                if task.done():
                    task.result()
            if time.monotonic() > deadline:
                raise StackError(f"these operators did not become {wanted}: {', '.join(missing)}")
            await asyncio.sleep(0.05)

    def pops(self) -> list[Pop]:
        """Every card that came. Its lateness counts from when Asterisk reported that it connected the two, or, for a
        call that a colleague transferred, from when the operator picked up."""
        return [
            Pop(
                endpoint=screen.endpoint,
                caller=number,
                after_ms=(at - self._connects.get((number, f"PJSIP/{screen.endpoint}"), answered)) * 1000,
            )
            for screen in self.screens
            for number, at, answered in screen.cards.values()
        ]

    async def _live(self, screen: ScreenWatcher) -> None:
        """Stay logged in and connected, like a browser that reconnects after each loss."""
        jar = aiohttp.CookieJar(unsafe=True)  # the service may have a bare address
        home = aiohttp.TCPConnector(local_addr=(screen.address, 0))
        async with aiohttp.ClientSession(
            self._url, connector=home, cookie_jar=jar, headers={"Origin": self._url}
        ) as session:
            try:
                await log_in(session, screen.login, screen.password)
            except aiohttp.ClientError as problem:
                raise StackError(f"{self._url} does not let {screen.login} log in: {problem}") from None
            while True:
                with suppress(aiohttp.ClientError, ConnectionError):
                    async with session.ws_connect("/ws", heartbeat=20) as socket:
                        screen.socket = socket
                        await self._listen(screen, socket)
                await asyncio.sleep(RETRY_S)

    async def _listen(self, screen: ScreenWatcher, socket: aiohttp.ClientWebSocketResponse) -> None:
        await socket.send_json(to_json(Hello(last=screen.last)))
        await socket.send_json(to_json(PresenceRequest(wanted=screen.wanted)))
        async for message in socket:
            at = time.time()
            if message.type is aiohttp.WSMsgType.TEXT:
                self._take(screen, json.loads(message.data), at)

    def _take(self, screen: ScreenWatcher, message: Mapping[str, Any], at: float) -> None:
        match message:
            case {"type": "delta", "n": n, "kind": kind, "body": body}:
                screen.last = n
                self._show(screen, kind, body, at)
            case {"type": "snapshot", "n": n, "state": state}:
                screen.last = n
                for kind, body in state.items():
                    self._show(screen, kind, body, at)

    def _show(self, screen: ScreenWatcher, kind: str, body: Mapping[str, Any], at: float) -> None:
        if kind not in (PresenceMessage.shown_as, CardMessage.shown_as):
            return
        match body_of(kind, body):
            case PresenceMessage() as presence:
                screen.presence = presence
            case CardMessage() as card if card.call not in screen.cards:
                answered = card.answered_at.timestamp()
                if answered >= self._since:
                    screen.cards[card.call] = (card.caller, at, answered)


class _Form(HTMLParser):
    """The inputs of the form on the login page."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden: dict[str, str] = {}
        self.login = ""
        self.password = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an input with a name."""
        given = dict(attrs)
        name, kind = given.get("name"), given.get("type") or "text"
        if tag != "input" or not name:
            return
        if kind == "hidden":
            self.hidden[name] = given.get("value") or ""
        elif kind == "password":
            self.password = name
        elif kind == "text":
            self.login = name


async def log_in(session: aiohttp.ClientSession, login: str, password: str) -> None:
    """Log in by the form of the page, as a person does. Raises `StackError` when refused."""
    async with session.get("/login") as page:
        form = _Form()
        form.feed(await page.text())
    if not form.login or not form.password:
        raise StackError("the login page has no form with a name and a password")
    data = {**form.hidden, form.login: login, form.password: password}
    async with session.post("/login", data=data, allow_redirects=False) as answer:
        if answer.status not in (302, 303):
            raise StackError(f"{login} could not log in: {answer.status} {answer.reason}")
