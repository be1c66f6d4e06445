"""A bare AMI client for tests, so that they do not judge Asterisk through the code they are to judge."""

import socket
import time
from types import TracebackType
from typing import Self

Message = dict[str, str]


class Manager:
    """One logged-in connection."""

    def __init__(self, port: int, user: str, secret: str, events: bool = True, host: str = "127.0.0.1") -> None:
        self._socket = socket.create_connection((host, port), timeout=5)
        self._buffer = b""
        self.seen: list[Message] = []
        self._waited_for: set[int] = set()
        self._line()
        answer = self.act("Login", Username=user, Secret=secret, Events="on" if events else "off")
        assert answer["Response"] == "Success", answer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def act(self, action: str, **headers: str) -> Message:
        """Send an action and return its response; events on the way are kept in `seen`."""
        lines = [f"Action: {action}", "ActionID: now", *(f"{name}: {value}" for name, value in headers.items())]
        self._socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        while "Response" not in (message := self._read(5.0)):
            self.seen.append(message)
        return message

    def wait_event(self, name: str, timeout_s: float = 10.0, **fields: str) -> Message:
        """The first event of this name and fields not yet waited for, in whatever order events come."""
        deadline = time.monotonic() + timeout_s
        wanted = {"Event": name, **fields}.items()
        tried = 0
        while True:
            for index in range(tried, len(self.seen)):
                if index not in self._waited_for and wanted <= self.seen[index].items():
                    self._waited_for.add(index)
                    return self.seen[index]
            tried = len(self.seen)
            self.seen.append(self._read(deadline - time.monotonic()))

    def _read(self, timeout_s: float) -> Message:
        self._socket.settimeout(max(0.01, timeout_s))
        message: Message = {}
        while line := self._line():
            name, _, value = line.partition(": ")
            message[name.rstrip(":")] = value
        return message

    def _line(self) -> str:
        while b"\r\n" not in self._buffer:
            chunk = self._socket.recv(65536)
            assert chunk, "Asterisk closed the connection"
            self._buffer += chunk
        line, self._buffer = self._buffer.split(b"\r\n", 1)
        return line.decode(errors="backslashreplace")
