"""The client's address of a request that comes through one of our own proxies."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from aiohttp import web
from aiohttp.typedefs import Handler

from callcenter.common.origin import Origin
from callcenter.web.keys import SETTINGS

Network = IPv4Network | IPv6Network


@web.middleware
async def know_address(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Set `request.remote` to the client's address for everything that follows: limits, the audit log, metrics."""
    trusted = request.app[SETTINGS].web.trusted_proxies
    if not trusted or request.remote is None:
        return await handler(request)
    forwarded = ",".join(request.headers.getall("X-Forwarded-For", []))
    client = client_of(request.remote, forwarded, trusted)
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
        if not any(address.version == network.version and address in network for network in networks):
            return known
    return known


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
