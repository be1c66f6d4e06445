"""A name server whose records a test changes, and which may fall silent."""

import socket
import threading
from types import TracebackType
from typing import Self

import dns.asyncresolver
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

TTL_S = 1


class NameServer:
    """At an address, port 53. `records`: what is answered, by name and kind; a name without any does not exist.

    `silent`: it hears, and answers nothing.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.records: dict[tuple[str, str], str] = {}
        self.silent = False
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, 53))
        self._socket.settimeout(0.05)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._socket.close()

    def resolver(self) -> dns.asyncresolver.Resolver:
        """What asks here, and gives up soon."""
        made = dns.asyncresolver.Resolver(configure=False)
        made.nameservers = [self.address]
        made.lifetime = 2.0
        return made

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                data, sender = self._socket.recvfrom(4096)
            except TimeoutError:
                continue
            if not self.silent:
                self._socket.sendto(self._answer(dns.message.from_wire(data)).to_wire(), sender)

    def _answer(self, query: dns.message.Message) -> dns.message.Message:
        answer = dns.message.make_response(query)
        question = query.question[0]
        name, kind = question.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(question.rdtype)
        if (name, kind) in self.records:
            answer.answer.append(dns.rrset.from_text(question.name, TTL_S, "IN", kind, self.records[name, kind]))
        elif name not in {known for known, _ in self.records}:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer
