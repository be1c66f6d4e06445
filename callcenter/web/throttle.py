"""Requests that need no login, limited for each address in the memory of this process: nothing is written for them."""

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping

from callcenter.errors import LimitReached, gettext_noop

MOST_ADDRESSES = 20_000
NETWORK = 64
"""Bits of an IPv6 address that say whose it is."""


class TooManyRequests(LimitReached):
    """This address has asked too often."""

    text = gettext_noop("Too many requests. Wait a little and try again.")

    def __init__(self, wait_s: float) -> None:
        super().__init__()
        self._wait_s = wait_s

    @property
    def headers(self) -> Mapping[str, str]:
        """The wait for programs, in seconds."""
        return {"Retry-After": str(math.ceil(self._wait_s))}


class Throttle:
    """So many requests a minute from one address, a minute's worth of them at once. `clock`: seconds.

    Addresses that are not on the public internet are not limited: a proxy of ours that nobody named among the trusted ones
    has such a one, and then it is everybody's.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        # By network, the moment at which all that it asked for is paid off; the one that asked last is the last.
        self._paid: OrderedDict[str, float] = OrderedDict()

    def take(self, address: str) -> None:
        """Count a request. Raises `TooManyRequests`, and then it counts for nothing."""
        whose = _whose(address)
        if whose is None:
            return
        now = self._clock()
        paid = max(self._paid.pop(whose, now), now) + 60 / self._per_minute
        over = paid - now - 60
        self._paid[whose] = paid if over <= 0 else paid - 60 / self._per_minute
        if len(self._paid) > MOST_ADDRESSES:
            self._paid.popitem(last=False)
        if over > 0:
            raise TooManyRequests(over)


def _whose(address: str) -> str | None:
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    if not ip.is_global:
        return None
    if isinstance(ip, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((ip, NETWORK), strict=False))
    return str(ip)
