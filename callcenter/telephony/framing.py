"""Bytes from Asterisk to messages, and actions to bytes. Pure: no sockets, no clock.

panoramisk decodes text as it arrives from the network, so a letter that is split between two
packets is lost, and it writes unchecked what it is given. Here a message is decoded when it is complete, and
an action that could be read as two is refused.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from panoramisk.message import Message

from callcenter.errors import ParseProblem, UnsafeValue

END_OF_MESSAGE = b"\r\n\r\n"
MESSAGE_LIMIT = 256 * 1024
"""Bytes. A peer that has sent more without ending its message is not Asterisk."""
LINE_LIMIT = 1000
"""Bytes. Asterisk drops an action with a line of 1,024 or more (`manager.c`)."""
HEADER_LIMIT = 128
"""Lines of one action that Asterisk takes (`AST_MAX_MANHEADERS`)."""


class _Message(Message):
    """panoramisk's, made and read without the generic methods of its dictionary, which take half of the time."""

    def __init__(self, headers: Mapping[str, str | list[str]], content: str = "") -> None:
        self._store = {key.lower(): (key, value) for key, value in headers.items()}
        self._store["content"] = ("content", content)
        self.manager = None

    def get(self, key: str, default: Any = None) -> Any:
        found = self._store.get(key.lower())
        return default if found is None else found[1]


class Framer:
    """Cuts a stream into messages."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[Message]:
        """The messages that are complete now. Bytes that are not UTF-8 become U+FFFD.

        Raises `ParseProblem` for a message of more than `MESSAGE_LIMIT` bytes, whether or not its end has come.
        """
        *blocks, self._rest = (self._rest + data).split(END_OF_MESSAGE)
        for block in blocks:
            _require_size(block)
            message = _Message.from_line(block.decode("utf-8", "replace").strip())  # type: ignore[no-untyped-call]
            if message is not None:
                yield message
        _require_size(self._rest)


def _require_size(message: bytes) -> None:
    if len(message) > MESSAGE_LIMIT:
        raise ParseProblem(f"a message of more than {MESSAGE_LIMIT} bytes")


def text(message: Mapping[str, str | list[str]], header: str) -> str:
    """A header's value; the first one if it came twice, empty if it did not come."""
    value = message.get(header, "")
    return value[0] if isinstance(value, list) else value


def encode_action(name: str, action_id: str, fields: Mapping[str, str]) -> bytes:
    """One action on the wire.

    Raises `UnsafeValue` for CR, LF or NUL anywhere, a line over `LINE_LIMIT`, more than `HEADER_LIMIT` headers.
    """
    headers = {"Action": name, "ActionID": action_id, **fields}
    if len(headers) > HEADER_LIMIT:
        raise UnsafeValue(f"{name}: {len(headers)} headers; Asterisk takes {HEADER_LIMIT}")
    lines = [_line(name, key, value) for key, value in headers.items()]
    return b"".join(lines) + b"\r\n"


def _line(action: str, key: str, value: str) -> bytes:
    if not key or any(char in key for char in ":\r\n\0"):
        raise UnsafeValue(f"{action}: not the name of a header")
    if any(char in value for char in "\r\n\0"):
        raise UnsafeValue(f"{action}: {key} holds CR, LF or NUL")
    line = f"{key}: {value}\r\n".encode("utf-8", "replace")
    if len(line) > LINE_LIMIT:
        raise UnsafeValue(f"{action}: {key} makes a line of {len(line)} bytes; {LINE_LIMIT} is the limit")
    return line
