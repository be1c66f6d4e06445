"""SIP messages as text: taking them apart, and the answer to a challenge."""

import hashlib
import re
from dataclasses import dataclass


@dataclass(slots=True)
class Message:
    """A SIP message: its first line, headers by lower-case name (the first of several), the Via lines, and the body."""

    first: str
    headers: dict[str, str]
    vias: list[str]
    body: str

    @property
    def method(self) -> str:
        """Of a request, or the one that a response answers."""
        return self.headers["cseq"].split()[1]

    @property
    def status(self) -> int:
        """Of a response; 0 of a request."""
        return int(self.first.split()[1]) if self.first.startswith("SIP/2.0") else 0


def read(data: bytes) -> Message:
    """Take a datagram apart."""
    head, _, body = data.decode(errors="replace").partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    headers: dict[str, str] = {}
    vias = []
    for line in lines:
        name, _, value = line.partition(":")
        if name.lower() == "via":
            vias.append(value.strip())
        headers.setdefault(name.strip().lower(), value.strip())
    return Message(first, headers, vias, body)


def proof(endpoint: str, secret: str, challenge: str, uri: str, method: str) -> str:
    """The header that answers a digest challenge to a request (RFC 2617, with `qop=auth`)."""
    given = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge))
    first = md5(f"{endpoint}:{given['realm']}:{secret}")
    whole = f"{first}:{given['nonce']}:00000001:callcenter:auth:{md5(f'{method}:{uri}')}"
    fields = {"username": endpoint, "realm": given["realm"], "nonce": given["nonce"], "uri": uri}
    fields |= {"response": md5(whole), "cnonce": "callcenter", "opaque": given.get("opaque", "")}
    quoted = ", ".join(f'{name}="{value}"' for name, value in fields.items())
    return f"Authorization: Digest {quoted}, qop=auth, nc=00000001, algorithm=MD5"


def md5(text: str) -> str:
    """MD5 as SIP digest authentication requires it."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
