"""Free ports: the usual one where possible, else the next free one."""

import socket
from collections.abc import Collection
from typing import Literal

from stack.errors import StackError

Kind = Literal["tcp", "udp"]
TRIES = 500


def is_free(port: int, kind: Kind, host: str = "127.0.0.1") -> bool:
    """Whether `host:port` can be bound now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM) as probe:
        if kind == "tcp":
            # A port whose last connections are still in TIME_WAIT is free; a listener on it still refuses the bind.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port(preferred: int, kind: Kind = "tcp", *, host: str = "127.0.0.1", avoid: Collection[int] = ()) -> int:
    """Return `preferred` or the first free port above it that is not in `avoid`.

    Raises `StackError` when some hundreds in a row are taken.
    """
    last = min(preferred + TRIES, 65536)
    for port in range(preferred, last):
        if port not in avoid and is_free(port, kind, host):
            return port
    raise StackError(
        f"no free {kind} port on {host} from {preferred} to {last - 1}; end the processes that use them, and try again"
    )
