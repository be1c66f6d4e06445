"""An AMI server on loopback that says what a test orders, and otherwise what Asterisk 22.10 says."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from callcenter.domain.ids import OPERATORS
from callcenter.settings import AmiSettings

Fields = dict[str, str]
Answer = Callable[[Fields], bytes | None]

ZONE_S = 3 * 3600
"""The pretended Asterisk lives three hours east of Greenwich."""


def message(**headers: str) -> bytes:
    """One message on the wire; `_` in a name stands for `-`."""
    return b"".join(f"{name.replace('_', '-')}: {value}\r\n".encode() for name, value in headers.items()) + b"\r\n"


class Client:
    """One connection that a program under test has made."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.events = False

    def write(self, data: bytes) -> None:
        self.writer.write(data)


class FakeAmi:
    """What it heard is in `heard`; what it is to answer differently goes into `answers` (None: no answer)."""

    def __init__(self) -> None:
        self.heard: list[Fields] = []
        self.answers: dict[str, Answer] = {}
        self.clients: list[Client] = []
        self.logins = 0
        self.secrets = {"callcenter-events": "events-secret", "callcenter-actions": "actions-secret"}
        self.members: dict[tuple[str, str], str] = {}
        self.queues: set[str] = {OPERATORS}
        self.channels: list[str] = []
        self.recorded: set[str] = set()
        self.muted: dict[str, str] = {}
        self.booted_at = time.time() - 300
        self.greeting = b"Asterisk Call Manager/11.0.0\r\n"
        self.port = 0
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        self.drop()
        await self._server.wait_closed()
        while self.clients:
            await asyncio.sleep(0)

    def settings(self, **changes: object) -> AmiSettings:
        """Settings for this server, with short times."""
        short = {"action_timeout_s": 2.0, "ping_every_s": 1.0, "backoff_max_s": 0.3}
        secrets = {"events_secret": "events-secret", "actions_secret": "actions-secret"}
        return AmiSettings.model_validate({"port": self.port, **short, **secrets, **changes})

    def send(self, data: bytes) -> None:
        """To every client that hears events."""
        for client in self.clients:
            if client.events:
                client.write(data)

    def drop(self) -> None:
        """End all connections, as a killed Asterisk does."""
        for client in self.clients:
            client.writer.transport.abort()

    def count(self, action: str) -> int:
        return sum(fields["Action"] == action for fields in self.heard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = Client(writer)
        self.clients.append(client)
        client.write(self.greeting)
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                block = (await reader.readuntil(b"\r\n\r\n")).decode()
                fields = dict(line.split(": ", 1) for line in block.strip().split("\r\n"))
                self.heard.append(fields)
                self._answer(client, fields)
        self.clients.remove(client)
        writer.close()

    def _answer(self, client: Client, fields: Fields) -> None:
        action = fields["Action"]
        if action in self.answers:
            raw = self.answers[action](fields)
            if raw is not None:
                client.write(raw)
            return
        method = getattr(self, f"_do_{action.lower()}", None)
        if action == "Login":
            self._login(client, fields)
        elif method is None:
            client.write(refusal(fields, f"Invalid/unknown command: {action}. Use Action: ListCommands"))
        else:
            client.write(method(fields))

    def _login(self, client: Client, fields: Fields) -> None:
        if self.secrets.get(fields["Username"]) != fields["Secret"]:
            client.write(refusal(fields, "Authentication failed"))
            return
        self.logins += 1
        client.write(success(fields, Message="Authentication accepted"))
        client.events = fields["Events"] == "on"
        if client.events:
            client.write(self.fully_booted())

    def fully_booted(self) -> bytes:
        uptime = str(int(time.time() - self.booted_at))
        return message(Event="FullyBooted", Privilege="system,all", Uptime=uptime, Status="Fully Booted")

    def _do_ping(self, fields: Fields) -> bytes:
        return success(fields, Ping="Pong", Timestamp=f"{time.time():.6f}")

    def _do_corestatus(self, fields: Fields) -> bytes:
        local = time.gmtime(self.booted_at + ZONE_S)
        return success(
            fields,
            CoreStartupDate=time.strftime("%Y-%m-%d", local),
            CoreStartupTime=time.strftime("%H:%M:%S", local),
        )

    def _do_coreshowchannels(self, fields: Fields) -> bytes:
        rows = [
            message(Event="CoreShowChannel", ActionID=fields["ActionID"], Uniqueid=channel, Linkedid=channel)
            for channel in self.channels
        ]
        return self._list(fields, "CoreShowChannelsComplete", rows)

    def _do_queuestatus(self, fields: Fields) -> bytes:
        rows = [
            message(Event="QueueMember", ActionID=fields["ActionID"], Queue=queue, Location=interface, Status="1")
            for queue, interface in self.members
            if queue == fields.get("Queue", queue)
        ]
        return self._list(fields, "QueueStatusComplete", rows)

    @staticmethod
    def _list(fields: Fields, end: str, rows: list[bytes]) -> bytes:
        begin = success(fields, EventList="start", Message="Channels will follow")
        return begin + b"".join(rows) + message(Event=end, ActionID=fields["ActionID"], EventList="Complete")

    def _do_queueadd(self, fields: Fields) -> bytes:
        member = (fields["Queue"], fields["Interface"])
        if fields["Queue"] not in self.queues:
            return refusal(fields, "Unable to add interface to queue: No such queue")
        if member in self.members:
            return refusal(fields, "Unable to add interface: Already there")
        self.members[member] = fields["Paused"]
        return success(fields, Message="Added interface to queue")

    def _do_queueremove(self, fields: Fields) -> bytes:
        if self.members.pop((fields["Queue"], fields["Interface"]), None) is None:
            return refusal(fields, "Unable to remove interface: Not there")
        return success(fields, Message="Removed interface from queue")

    def _do_queuepause(self, fields: Fields) -> bytes:
        member = (fields["Queue"], fields["Interface"])
        if member not in self.members:
            return refusal(fields, "Interface not found")
        self.members[member] = fields["Paused"]
        return success(fields, Message="Interface paused successfully")

    def _do_mixmonitormute(self, fields: Fields) -> bytes:
        if fields["Channel"] not in self.recorded:
            return refusal(fields, "No such channel")
        self.muted[fields["Channel"]] = fields["State"]
        return success(fields)

    def _do_setvar(self, fields: Fields) -> bytes:
        return refusal(fields, "No such channel")


def success(fields: Fields, **headers: str) -> bytes:
    return message(Response="Success", ActionID=fields["ActionID"], **headers)


def refusal(fields: Fields, text: str) -> bytes:
    return message(Response="Error", ActionID=fields["ActionID"], Message=text)


@asynccontextmanager
async def fake_ami() -> AsyncIterator[FakeAmi]:
    server = FakeAmi()
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
