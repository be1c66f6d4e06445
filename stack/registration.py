"""Telephones that register and sign off, from the address at which they take calls: Asterisk calls them there."""

import socket
import time
from collections.abc import Iterable

from stack.errors import StackError
from stack.sip_message import Message, proof, read

WITHIN_S = 20.0
RESEND_S = 0.5


def register(
    address: tuple[str, int], target: tuple[str, int], phones: Iterable[tuple[str, str]], seconds: int
) -> None:
    """Register each (user, secret) of `phones` at `target` for so long; 0 signs off.

    `address` must be free: who takes the calls there starts after this. Raises `StackError`.
    """
    left = dict(phones)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
        here.bind(address)
        here.settimeout(RESEND_S)
        asked = {user: _request(user, address, target, seconds, 1) for user in left}
        deadline = time.monotonic() + WITHIN_S
        while left:
            if time.monotonic() > deadline:
                raise StackError(f"{len(left)} telephones could not register, such as {min(left)}")
            for user in left:
                here.sendto(asked[user], target)
            for message in _heard(here):
                user = message.headers.get("call-id", "").partition("@")[0]
                if not message.status:
                    here.sendto(_answer(message), target)
                elif user in left and message.status == 200:
                    del left[user]
                elif user in left and message.status == 401 and message.headers["cseq"].startswith("1 "):
                    uri = f"sip:{target[0]}:{target[1]}"
                    more = proof(user, left[user], message.headers["www-authenticate"], uri, "REGISTER")
                    asked[user] = _request(user, address, target, seconds, 2, more)
                    here.sendto(asked[user], target)
                elif user in left and message.status >= 400 and message.headers["cseq"].startswith("2 "):
                    raise StackError(f"{user} may not register: {message.first}")


def _heard(here: socket.socket) -> Iterable[Message]:
    """What comes until nothing does for a while."""
    while True:
        try:
            data = here.recv(8192)
        except TimeoutError:
            return
        yield read(data)


def _request(
    user: str, address: tuple[str, int], target: tuple[str, int], seconds: int, number: int, *more: str
) -> bytes:
    host, port = address
    lines = [
        f"REGISTER sip:{target[0]}:{target[1]} SIP/2.0",
        f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{user}{number}{time.time_ns()};rport",
        f"From: <sip:{user}@{target[0]}>;tag={user}",
        f"To: <sip:{user}@{target[0]}>",
        f"Call-ID: {user}@{host}:{port}",
        f"CSeq: {number} REGISTER",
        f"Contact: <sip:{user}@{host}:{port}>",
        f"Expires: {seconds}",
        "Max-Forwards: 70",
        *more,
        "Content-Length: 0",
    ]
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode()


def _answer(request: Message) -> bytes:
    """To a question whether the telephone is there."""
    names = ("From", "To", "Call-ID", "CSeq")
    lines = ["SIP/2.0 200 OK", *(f"Via: {via}" for via in request.vias)]
    lines += [f"{name}: {request.headers[name.lower()]}" for name in names]
    return "".join(f"{line}\r\n" for line in (*lines, "Content-Length: 0", "")).encode()
