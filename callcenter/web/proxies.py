"""The client's address of a request that comes through one of our own proxies."""

from collections.abc import Iterable
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from callcenter import metrics
from callcenter.common.origin import Origin
from callcenter.web.keys import SETTINGS

log = structlog.get_logger()

Network = IPv4Network | IPv6Network


@web.middleware
async def know_address(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Set `request.remote` to the client's address for everything that follows: limits, the audit log, metrics."""
    trusted = request.app[SETTINGS].web.trusted_proxies
    said = ",".join(request.headers.getall("X-Forwarded-For", []))
    if not said or request.remote is None:
        return await handler(request)
    if not _is_trusted(_address(request.remote), trusted):
        _note_untrusted(request.remote)
        return await handler(request)
    client = client_of(request.remote, said, trusted)
    return await handler(request if client == request.remote else request.clone(remote=client))


def client_of(peer: str, forwarded: str, trusted: Iterable[Network]) -> str:
    """The last address in `forwarded`, an `X-Forwarded-For`, that is no trusted proxy's; `peer` when it is not trusted.

    Entries before that address may be forged by the client. An entry that is not an address ends the search: the one
    that added it is the last that is known.
    """
    networks, known = list(trusted), peer
    for each in reversed([*forwarded.split(","), peer]):
        address = _address(each)
        if address is None:
            return known
        known = str(address)
        if not _is_trusted(address, networks):
            return known
    return known


def _is_trusted(address: IPv4Address | IPv6Address | None, networks: Iterable[Network]) -> bool:
    return address is not None and any(
        address.version == network.version and address in network for network in networks
    )


def _note_untrusted(peer: str) -> None:
    """Everybody behind a proxy that was forgotten has its address, in limits and in the audit log; the doctor warns of it."""
    address = _address(peer)
    # Strangers may write the header too, and are to fill neither the log nor the figures.
    named = str(address) if address is not None and address.is_private else "public"
    metrics.untrusted_forwarded_total.labels(peer=named).inc()
    _warn(named)


@cache
def _warn(peer: str) -> None:
    log.warning("X-Forwarded-For from no trusted proxy", peer=peer)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def origin_of(request: web.Request) -> Origin:
    """Where a request comes from."""
    return Origin(request.remote or "", request.headers.get("User-Agent", ""))
