"""Signed POSTs to programs of others, never to an address inside our own network."""

import asyncio
import hashlib
import hmac
import ipaddress
import json
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import aiohttp
from aiohttp import AddrInfoType
from yarl import URL

from callcenter.common.delivery import DeliveryProblem, NotDelivered
from callcenter.common.secret_box import SecretBox
from callcenter.common.tls import trusting
from callcenter.settings import HandoverSettings

SIGNATURE = "X-Callcenter-Signature"
# Networks in which the last 32 bits are an IPv4 address that a translator sends the packet to (RFC 6052, RFC 8215).
_TRANSLATED = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))
# Reachable inside one cloud only, though it looks public.
_OF_A_CLOUD = frozenset({ipaddress.ip_address("168.63.129.16")})
Ip = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def signature(secret: str, at: int, body: bytes) -> str:
    """The signature that the receiver compares: `t=<seconds since 1970>,v1=<HMAC-SHA256 of "t.body" in hex>`."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def is_inner(address: str) -> bool:
    """Whether an address is not on the public internet."""
    ip: Ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        ip = _within(ip)
    return not ip.is_global or ip.is_multicast or ip in _OF_A_CLOUD


def _within(ip: ipaddress.IPv6Address) -> Ip:
    """The IPv4 address embedded in an IPv6 address, if any."""
    if any(ip in network for network in _TRANSLATED):
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    teredo = ip.teredo
    return ip.ipv4_mapped or ip.sixtofour or (teredo[1] if teredo else None) or ip


@dataclass
class _Guard:
    """Opens sockets, but none to an internal address: the address checked is the one connected to."""

    allowed: tuple[Network, ...]
    refused: list[str] = field(default_factory=list)

    def open(self, info: AddrInfoType) -> socket.socket:
        family, kind, protocol, _, place = info
        address = str(place[0])
        if is_inner(address) and not any(ipaddress.ip_address(address) in network for network in self.allowed):
            self.refused.append(address)
            raise OSError(f"{address} is an inner address")
        return socket.socket(family, kind, protocol)


class SignedPost:
    """Posts documents to programs. `now`: seconds since 1970."""

    def __init__(self, settings: HandoverSettings, box: SecretBox, now: Callable[[], float] = time.time) -> None:
        self._timeout = settings.webhook_timeout_s
        self._allowed = settings.webhook_inner_networks
        self._tls = trusting(settings.webhook_ca_file)
        self._box = box
        self._now = now

    async def post(self, address: str | None, secret: str | None, key: str, document: Mapping[str, object]) -> None:
        """Post it; any status from 200 to 299 is success. `secret`: as the database keeps it; `key`: the same
        each time it is sent. Raises `NotDelivered`.
        """
        if not address or not secret:
            raise NotDelivered(DeliveryProblem.NO_WAY, lasting=True)
        url = _checked(address)
        body = json.dumps(document, ensure_ascii=False).encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "callcenter",
            "Idempotency-Key": key,
            SIGNATURE: signature(self._box.open(secret), int(self._now()), body),
        }
        guard = _Guard(self._allowed)
        try:
            async with asyncio.timeout(self._timeout):
                await self._post(url, body, headers, guard)
        except TimeoutError:
            raise NotDelivered(DeliveryProblem.TOO_SLOW) from None
        except aiohttp.ClientConnectorCertificateError as problem:
            raise NotDelivered(DeliveryProblem.CERTIFICATE, str(problem.certificate_error)) from problem
        except (aiohttp.ClientError, OSError, ValueError) as problem:
            if guard.refused:
                raise NotDelivered(DeliveryProblem.INNER_ADDRESS, guard.refused[0], lasting=True) from None
            raise NotDelivered(DeliveryProblem.UNREACHABLE, str(problem)) from problem

    async def _post(self, url: URL, body: bytes, headers: Mapping[str, str], guard: _Guard) -> None:
        connector = aiohttp.TCPConnector(ssl=self._tls, socket_factory=guard.open, force_close=True)
        async with (
            aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as http,
            http.post(url, data=body, headers=headers, allow_redirects=False) as answer,
        ):
            # The body is never read: it is not needed, and may be endless.
            if 300 <= answer.status < 400:
                raise NotDelivered(DeliveryProblem.REDIRECT, answer.headers.get("Location", ""))
            if not 200 <= answer.status < 300:
                raise NotDelivered(DeliveryProblem.ANSWER, str(answer.status))


def _checked(text: str) -> URL:
    try:
        url = URL(text)
        usable = url.scheme in ("http", "https") and bool(url.host) and url.user is None
    except ValueError:
        usable = False
    if not usable:
        raise NotDelivered(DeliveryProblem.BAD_ADDRESS, text, lasting=True)
    return url
