"""One AMI account, kept logged in.

panoramisk gives the message type; everything that it gets wrong with a connection is done here instead: deadlines,
acknowledged pings, no sending again after a reconnect, an error logged when a login is refused.
"""

import asyncio
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from logging import DEBUG, WARNING
from typing import TypeVar

import structlog
from panoramisk.message import Message

from callcenter import metrics
from callcenter.errors import (
    ActionRefused,
    ActionTimeout,
    LoginRefused,
    NotConnected,
    ParseProblem,
    TelephonyError,
    UnsafeValue,
)
from callcenter.settings import AmiSettings
from callcenter.telephony.framing import Framer, encode_action, text

log = structlog.get_logger()

News = TypeVar("News", Message, bool)

CHUNK = 64 * 1024
GREETING = b"Asterisk Call Manager/"
GREETING_LIMIT = 256
FIRST_BACKOFF_S = 0.2
REFUSED_RETRY_S = 30.0
"""Seconds between logins while Asterisk refuses the account: somebody has to fix the configuration first."""
STEADY_S = 5.0
"""Seconds that a connection must have lasted for the backoff to be reset."""


class Account(StrEnum):
    """Which of the two AMI accounts."""

    EVENTS = "events"
    """Reads events, and may do nothing but ping."""
    ACTIONS = "actions"
    """Sends actions, and gets nothing but their answers."""


@dataclass(slots=True)
class _Asked:
    """An action that waits for its answer. `events`: the rows of a list so far."""

    done: asyncio.Future[Message]
    events: list[Message] = field(default_factory=list)
    response: Message | None = None

    def add(self, message: Message) -> bool:
        """Take one message of the answer; True when the answer is whole."""
        if self.response is None:
            self.response = message
            whole = text(message, "EventList").lower() != "start"
        else:
            whole = text(message, "EventList").lower() in ("complete", "cancelled")
            if not whole:
                self.events.append(message)
        if whole and not self.done.done():
            self.done.set_result(self.response)
        return whole


def _ignore_event(_message: Message) -> None:
    """The default: the actions account gets no events."""


def _ignore_link(_up: bool) -> None:
    """The default: nothing is notified."""


class AmiConnection:
    """Keeps one account logged in; reports events, sends actions.

    `on_event` is called once for each event, in order, synchronously, and must only enqueue. `on_link(True)` is
    called after each login and before any event of it, `on_link(False)` after each loss. What they raise is
    logged and stops nothing.
    """

    def __init__(
        self,
        account: Account,
        settings: AmiSettings,
        on_event: Callable[[Message], None] = _ignore_event,
        on_link: Callable[[bool], None] = _ignore_link,
        refused_retry_s: float = REFUSED_RETRY_S,
    ) -> None:
        self.account = account
        self.last_received_at: datetime | None = None
        self._settings = settings
        self._on_event = on_event
        self._on_link = on_link
        self._refused_retry_s = refused_retry_s
        self._ids = itertools.count(1)
        self._asked: dict[str, _Asked] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._logged_in = asyncio.Event()

    @property
    def connected(self) -> bool:
        """Whether the account is logged in now."""
        return self._logged_in.is_set()

    async def wait_connected(self) -> None:
        """Return once the account is logged in."""
        await self._logged_in.wait()

    async def run(self) -> None:
        """Connect, log in, read; again after every loss, until cancelled."""
        loop = asyncio.get_running_loop()
        gauge = metrics.ami_connected.labels(account=self.account)
        gauge.set(0)
        backoff = FIRST_BACKOFF_S
        while True:
            began = loop.time()
            try:
                await self._session()
            except LoginRefused as error:
                log.error("ami login refused", account=self.account, reason=str(error))
                metrics.problems_total.labels(problem="ami login refused").inc()
                await asyncio.sleep(self._refused_retry_s)
                continue
            except (OSError, EOFError, TelephonyError, TimeoutError) as error:
                if loop.time() - began > STEADY_S:
                    backoff = FIRST_BACKOFF_S
                # Once a loss, not at each attempt of an hour.
                level = WARNING if backoff == FIRST_BACKOFF_S else DEBUG
                log.log(level, "ami connection lost", account=self.account, reason=f"{type(error).__name__}: {error}")
            # Jitter, so that several programs do not reconnect to a restarted Asterisk at the same moment.
            await asyncio.sleep(backoff * random.uniform(0.5, 1.0))
            backoff = min(self._settings.backoff_max_s, backoff * 2)

    async def action(self, name: str, **fields: str) -> Message:
        """Send an action and return Asterisk's answer.

        Raises `NotConnected` (not sent, or the connection was lost before the answer; it is never sent again),
        `ActionTimeout`, `ActionRefused`, `UnsafeValue`.
        """
        return (await self._send(name, fields))[0]

    async def listing(self, name: str, **fields: str) -> list[Message]:
        """Send an action that answers with a list and return its rows. Raises as `action`."""
        return (await self._send(name, fields))[1]

    async def _send(self, name: str, fields: dict[str, str], *, login: bool = False) -> tuple[Message, list[Message]]:
        writer = self._writer
        if writer is None or not (login or self.connected):
            raise NotConnected(f"{name}: no AMI connection ({self.account})")
        action_id = f"{self.account}-{next(self._ids)}"
        wire = encode_action(name, action_id, fields)
        asked = _Asked(asyncio.get_running_loop().create_future())
        self._asked[action_id] = asked
        try:
            async with asyncio.timeout(self._settings.action_timeout_s):
                writer.write(wire)
                await writer.drain()
                response = await asked.done
        except TimeoutError:
            raise ActionTimeout(f"{name}: no answer within {self._settings.action_timeout_s} s") from None
        except OSError as error:
            raise NotConnected(f"{name}: {error}") from error
        finally:
            self._asked.pop(action_id, None)
        if not response.success:
            raise ActionRefused(f"{name}: {text(response, 'Message')}")
        return response, asked.events

    async def _session(self) -> None:
        """One connection from its start to its end. Always ends with an exception."""
        async with asyncio.timeout(self._settings.action_timeout_s):
            reader, writer = await asyncio.open_connection(self._settings.host, self._settings.port)
            try:
                await _greeting(reader)
            except BaseException:
                writer.transport.abort()
                raise
        self._writer = writer
        tasks = [
            asyncio.create_task(self._read(reader), name=f"ami {self.account} read"),
            asyncio.create_task(self._keep(), name=f"ami {self.account} keep"),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._lost()
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            writer.transport.abort()
        # A refusal is the reason, and the end of the stream only its consequence.
        raise next(
            (result for result in results if isinstance(result, LoginRefused)),
            next(error for task in done if (error := task.exception()) is not None),
        )

    async def _read(self, reader: asyncio.StreamReader) -> None:
        framer = Framer()
        while data := await reader.read(CHUNK):
            self.last_received_at = datetime.now(UTC)
            for message in framer.feed(data):
                self._take(message)
        raise EOFError("Asterisk closed the connection")

    def _take(self, message: Message) -> None:
        action_id = text(message, "ActionID")
        asked = self._asked.get(action_id)
        if asked is not None:
            login = not self.connected
            if asked.add(message):
                del self._asked[action_id]
                if login and message.success:
                    self._found()
        elif "event" in message:
            self._tell(self._on_event, message)

    async def _keep(self) -> None:
        """Log in, then ping until two pings in a row stay unanswered."""
        secret = {
            Account.EVENTS: (self._settings.events_user, self._settings.events_secret, "on"),
            Account.ACTIONS: (self._settings.actions_user, self._settings.actions_secret, "off"),
        }[self.account]
        user, password, events = secret
        try:
            await self._send(
                "Login", {"Username": user, "Secret": password.get_secret_value(), "Events": events}, login=True
            )
        except ActionRefused as error:
            # Asterisk has not noticed the end of our last connection yet.
            if "already in use" in str(error).lower():
                raise NotConnected(str(error)) from error
            raise LoginRefused(str(error)) from error
        except UnsafeValue as error:
            raise LoginRefused(str(error)) from error
        loop = asyncio.get_running_loop()
        missed = 0
        while missed < 2:
            next_at = loop.time() + self._settings.ping_every_s
            try:
                async with asyncio.timeout_at(next_at):
                    await self.action("Ping")
                missed = 0
            except (ActionTimeout, TimeoutError):
                missed += 1
                log.warning("ami ping unanswered", account=self.account, missed=missed)
            await asyncio.sleep(next_at - loop.time())
        raise NotConnected("two pings in a row were not answered")

    def _found(self) -> None:
        self._logged_in.set()
        metrics.ami_connected.labels(account=self.account).set(1)
        log.info("ami logged in", account=self.account)
        self._tell(self._on_link, True)

    def _lost(self) -> None:
        self._writer = None
        asked, self._asked = self._asked, {}
        for one in asked.values():
            if not one.done.done():
                one.done.set_exception(NotConnected("the connection was lost before the answer"))
        if self._logged_in.is_set():
            self._logged_in.clear()
            metrics.ami_connected.labels(account=self.account).set(0)
            self._tell(self._on_link, False)

    def _tell(self, callback: Callable[[News], None], news: News) -> None:
        try:
            callback(news)
        except Exception as error:
            # Only the kind of the error: its text may quote what a caller sent.
            log.error("ami callback failed", account=self.account, error=type(error).__name__)
            metrics.problems_total.labels(problem="ami callback failed").inc()


async def _greeting(reader: asyncio.StreamReader) -> None:
    """Before the secret is sent: is it Asterisk? Raises `ParseProblem`, or `EOFError` when it has hung up."""
    try:
        greeting = await reader.readuntil(b"\n")
    except asyncio.LimitOverrunError:
        greeting = b""
    if not greeting.startswith(GREETING) or len(greeting) > GREETING_LIMIT:
        raise ParseProblem("the peer does not greet as Asterisk's manager")
