"""A network of the kind that a centre has: our Asterisk in an office behind a router, telephone companies beyond it.

The office is this network namespace, at `OFFICE`; the router translates its addresses to `ROUTER` and forwards SIP to it;
the companies have a namespace with an address each, and know no way to the office. Needs root.
"""

import fcntl
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

OFFICE, OFFICE_GATEWAY = "10.77.1.2", "10.77.1.1"
ROUTER = "10.77.2.1"
OFFICE6, OFFICE_GATEWAY6 = "fd77:1::2", "fd77:1::1"
COMPANY6, ROUTER6 = "fd77:2::10", "fd77:2::1"
"""By IPv6 nothing is translated."""
COMPANIES = tuple(f"10.77.2.{number}" for number in range(10, 16))
LOCK = Path(tempfile.gettempdir()) / "callcenter-internet.lock"
SPACE, ROUTER_SPACE = "cc-companies", "cc-router"

RULES = """
table ip office {{
    chain in {{
        type nat hook prerouting priority dstnat;
        iifname "cc-out" udp dport {port} dnat to {office}:{port}
    }}
    chain out {{
        type nat hook postrouting priority srcnat;
        oifname "cc-out" masquerade
    }}
}}
"""


@contextmanager
def internet(sip_port: int) -> Iterator[None]:
    """Both networks; `sip_port` of the router is the office's. The machine has one of them: the next in turn waits."""
    with turn(LOCK):
        _remove()
        try:
            _make(sip_port)
            yield
        finally:
            _remove()


@contextmanager
def turn(lock: Path) -> Iterator[None]:
    """Wait until nobody else on this machine has it."""
    with lock.open("w") as mine:
        fcntl.flock(mine, fcntl.LOCK_EX)
        yield


@contextmanager
def cut() -> Iterator[None]:
    """Nothing passes the router."""
    run(f"ip -n {ROUTER_SPACE} link set cc-out down")
    try:
        yield
    finally:
        run(f"ip -n {ROUTER_SPACE} link set cc-out up")


def _make(sip_port: int) -> None:
    for space in (ROUTER_SPACE, SPACE):
        run(f"ip netns add {space}")
        run(f"ip -n {space} link set lo up")
    run(f"ip link add cc-office type veth peer name cc-in netns {ROUTER_SPACE}")
    run(f"ip -n {ROUTER_SPACE} link add cc-out type veth peer name cc-net netns {SPACE}")
    run(f"ip address add {OFFICE}/24 dev cc-office")
    run("ip link set cc-office up")
    run(f"ip -n {ROUTER_SPACE} address add {OFFICE_GATEWAY}/24 dev cc-in")
    run(f"ip -n {ROUTER_SPACE} address add {ROUTER}/24 dev cc-out")
    for address in COMPANIES:
        run(f"ip -n {SPACE} address add {address}/24 dev cc-net")
    for space, link in ((ROUTER_SPACE, "cc-in"), (ROUTER_SPACE, "cc-out"), (SPACE, "cc-net")):
        run(f"ip -n {space} link set {link} up")
    run(f"ip route add {ROUTER.rpartition('.')[0]}.0/24 via {OFFICE_GATEWAY} dev cc-office")
    run(f"ip netns exec {ROUTER_SPACE} sysctl -q -w net.ipv4.ip_forward=1")
    run(f"ip -6 address add {OFFICE6}/64 dev cc-office nodad")
    run(f"ip -n {ROUTER_SPACE} -6 address add {OFFICE_GATEWAY6}/64 dev cc-in nodad")
    run(f"ip -n {ROUTER_SPACE} -6 address add {ROUTER6}/64 dev cc-out nodad")
    run(f"ip -n {SPACE} -6 address add {COMPANY6}/64 dev cc-net nodad")
    run(f"ip -6 route add fd77:2::/64 via {OFFICE_GATEWAY6} dev cc-office")
    run(f"ip -n {SPACE} -6 route add fd77:1::/64 via {ROUTER6} dev cc-net")
    run(f"ip netns exec {ROUTER_SPACE} sysctl -q -w net.ipv6.conf.all.forwarding=1")
    rules = RULES.format(port=sip_port, office=OFFICE)
    subprocess.run(["ip", "netns", "exec", ROUTER_SPACE, "nft", "-f", "-"], input=rules, text=True, check=True)


def _remove() -> None:
    """Links go with their namespaces."""
    existing = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
    for space in (ROUTER_SPACE, SPACE):
        if space in existing.split():
            run(f"ip netns del {space}")
    # The kernel takes the office's end away a moment after the namespace.
    subprocess.run(["ip", "link", "del", "cc-office"], capture_output=True)


def run(command: str) -> None:
    """A command that must succeed."""
    subprocess.run(command.split(), check=True)
