"""A trunk as Asterisk must know it: how calls come from a telephone company, and how they go to it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address, ip_network

from callcenter.errors import RenderError

PREFIX = "trunk_"
"""Of the sections of a trunk in pjsip.conf; no telephone's account may have an underscore."""

CODECS = ("alaw", "ulaw")
"""Those of which there are the modules (asterisk/templates/modules.conf.j2)."""

_NAME = re.compile(r"[a-z][a-z0-9-]{0,19}")
_HOST_NAME = re.compile(
    r"(?=.{1,253}$)([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)
_HEADER = re.compile(r"[A-Za-z][A-Za-z-]{0,39}")
_USER = re.compile(r"[A-Za-z0-9_.+-]{0,64}")
_PASSWORD = re.compile(r"[!-:<-Z^-~]{1,128}")
_NUMBER = re.compile(r"\+?[0-9]{3,15}")


class Transport(StrEnum):
    """By what SIP messages go to a trunk."""

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"


class Dtmf(StrEnum):
    """How keys pressed come and go."""

    RFC4733 = "rfc4733"
    INFO = "info"
    INBAND = "inband"
    AUTO = "auto"


class SessionTimers(StrEnum):
    """Whether the two sides ask each other now and then if the call is still there (RFC 4028)."""

    ALWAYS = "always"
    ACCEPTED = "accepted"
    NEVER = "never"


class NumberForm(StrEnum):
    """How a trunk wants the number that is called."""

    PLUS = "plus"
    DIGITS = "digits"
    NATIONAL = "national"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkLine:
    """One trunk. `hosts`: where its calls come from, beside the server: addresses, networks, host names.

    `server`: where registrations and calls go, empty when calls only come. `dialled_number_in`: `request` or headers.
    `caller_number`: what outbound calls show instead of the company's number. None as a limit is no limit.
    `addresses`: those of the host names among its sources, as the node found them.
    """

    name: str
    transport: Transport = Transport.UDP
    srtp: bool = False
    hosts: tuple[str, ...] = ()
    server: str = ""
    port: int | None = None
    registers: bool = False
    login: str = ""
    password: str = ""
    codecs: tuple[str, ...] = ("alaw",)
    dtmf: Dtmf = Dtmf.RFC4733
    session_timers: SessionTimers = SessionTimers.ALWAYS
    dialled_number_in: tuple[str, ...] = ("request", "To", "Diversion")
    trust_asserted_identity: bool = True
    send_asserted_identity: bool = False
    from_user: str = ""
    from_domain: str = ""
    number_form: NumberForm = NumberForm.PLUS
    caller_number: str | None = None
    calls_out: bool = False
    calls_at_once: int | None = None
    calls_per_s: int | None = None
    addresses: tuple[str, ...] = ()

    @property
    def section(self) -> str:
        """Its name in pjsip.conf."""
        return PREFIX + self.name

    @property
    def sources(self) -> list[str]:
        """From where its calls may come: what is named, and the server."""
        return list(dict.fromkeys([*self.hosts, *([self.server] if self.server else [])]))

    @property
    def networks(self) -> list[str]:
        """From where its calls may come, as addresses and networks."""
        return list(dict.fromkeys([*(each for each in self.sources if is_network(each)), *self.addresses]))

    @property
    def ipv6(self) -> bool:
        """Whether it is reached by IPv6 alone: by its server's address, or by all that its names have."""
        known = [self.server] if is_network(self.server) else list(self.addresses)
        return bool(known) and all(":" in each for each in known)

    @property
    def domain(self) -> str:
        """In the addresses of its accounts."""
        return _in_uri(self.from_domain or self.server)

    @property
    def uri(self) -> str:
        """Where registrations and calls go."""
        port = "" if self.port is None else f":{self.port}"
        return f"sip:{_in_uri(self.server)}{port}" + (
            "" if self.transport is Transport.UDP else rf"\;transport={self.transport}"
        )

    @property
    def timers(self) -> str:
        """As pjsip.conf names them."""
        return {SessionTimers.ALWAYS: "always", SessionTimers.ACCEPTED: "yes", SessionTimers.NEVER: "no"}[
            self.session_timers
        ]


def _in_uri(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def is_network(text: str) -> bool:
    """Whether it is an address or a network."""
    try:
        ip_network(text)
    except ValueError:
        return False
    return True


def is_host(text: str) -> bool:
    """Whether it can be an address or the name of a host."""
    try:
        ip_address(text)
    except ValueError:
        return _HOST_NAME.fullmatch(text) is not None
    return True


def faults(trunk: TrunkLine) -> list[str]:
    """The names of the fields whose value a configuration file may not have, or that do not go together."""
    checks = {
        "name": _NAME.fullmatch(trunk.name),
        "hosts": all(is_network(each) or is_host(each) for each in trunk.hosts),
        "addresses": all(is_network(each) for each in trunk.addresses),
        "server": not trunk.server or is_host(trunk.server),
        "port": trunk.port is None or 1 <= trunk.port <= 65535,
        "login": _USER.fullmatch(trunk.login) and (bool(trunk.login) or not trunk.registers),
        "password": _PASSWORD.fullmatch(trunk.password) if trunk.password else not trunk.registers,
        "registers": not trunk.registers or trunk.server,
        "codecs": trunk.codecs and set(trunk.codecs) <= set(CODECS),
        "dialled_number_in": trunk.dialled_number_in
        and all(_HEADER.fullmatch(each) for each in trunk.dialled_number_in),
        "from_user": _USER.fullmatch(trunk.from_user),
        "from_domain": not trunk.from_domain or is_host(trunk.from_domain),
        "caller_number": trunk.caller_number is None or _NUMBER.fullmatch(trunk.caller_number),
        "calls_out": not trunk.calls_out or trunk.server,
        "calls_at_once": trunk.calls_at_once is None or trunk.calls_at_once > 0,
        "calls_per_s": trunk.calls_per_s is None or trunk.calls_per_s > 0,
        "srtp": not trunk.srtp or trunk.transport is Transport.TLS,
    }
    found = [name for name, holds in checks.items() if not holds]
    return found if trunk.sources or "server" in found else [*found, "hosts"]


def require_valid(trunks: Sequence[TrunkLine]) -> None:
    """Raises `RenderError` for a trunk that may not be rendered; no value is repeated in it."""
    for trunk in trunks:
        if wrong := faults(trunk):
            name = trunk.name if _NAME.fullmatch(trunk.name) else "?"
            raise RenderError(f"the trunk {name}: {', '.join(wrong)} cannot be as given")
    names = [trunk.name for trunk in trunks]
    if len(set(names)) < len(names):
        raise RenderError("a trunk's name is given twice")
