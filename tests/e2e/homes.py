"""Telephones at home, each in a network of its own behind a router that translates its address.

The office is this network namespace, at `OFFICE`; it knows no way to a home, and sees all telephones at `ROUTER`. Needs root.
"""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.internet import run, turn

OFFICE, ROUTER = "10.78.1.2", "10.78.1.1"
FORGETS_S = 25
"""After so long without a packet the router lets nothing in any more; many at home are like that."""
SPACE, LINK = "cc-homes", "cc-homes"
LOCK = Path(tempfile.gettempdir()) / "callcenter-homes.lock"
RULES = """
table ip homes {
    chain out {
        type nat hook postrouting priority srcnat;
        oifname "out" masquerade
    }
}
"""


@dataclass(frozen=True)
class Home:
    """One of them; `address`: the telephone's, which the office never sees."""

    number: int

    @property
    def space(self) -> str:
        """Its network namespace."""
        return f"cc-home-{self.number}"

    @property
    def address(self) -> str:
        return f"192.168.{self.number}.2"

    def cut(self) -> None:
        """Nothing goes in or out any more."""
        run(f"ip -n {SPACE} link set home-{self.number} down")

    def mend(self) -> None:
        """Everything does again."""
        run(f"ip -n {SPACE} link set home-{self.number} up")


@contextmanager
def homes(count: int) -> Iterator[list[Home]]:
    """So many; gone when left. The machine has them once: the next in turn waits."""
    made = [Home(number) for number in range(1, count + 1)]
    with turn(LOCK):
        _remove()
        try:
            run(f"ip netns add {SPACE}")
            run(f"ip link add {LINK} type veth peer name out netns {SPACE}")
            run(f"ip address add {OFFICE}/24 dev {LINK}")
            run(f"ip link set {LINK} up")
            run(f"ip -n {SPACE} address add {ROUTER}/24 dev out")
            run(f"ip -n {SPACE} link set out up")
            run(f"ip netns exec {SPACE} sysctl -q -w net.ipv4.ip_forward=1")
            subprocess.run(["ip", "netns", "exec", SPACE, "nft", "-f", "-"], input=RULES, text=True, check=True)
            for kind in ("udp_timeout", "udp_timeout_stream"):
                run(f"ip netns exec {SPACE} sysctl -q -w net.netfilter.nf_conntrack_{kind}={FORGETS_S}")
            for home in made:
                _make(home)
            yield made
        finally:
            _remove()


def _make(home: Home) -> None:
    gateway = f"192.168.{home.number}.1"
    run(f"ip netns add {home.space}")
    run(f"ip -n {home.space} link set lo up")
    run(f"ip -n {SPACE} link add home-{home.number} type veth peer name home netns {home.space}")
    run(f"ip -n {SPACE} address add {gateway}/24 dev home-{home.number}")
    run(f"ip -n {SPACE} link set home-{home.number} up")
    run(f"ip -n {home.space} address add {home.address}/24 dev home")
    run(f"ip -n {home.space} link set home up")
    run(f"ip -n {home.space} route add default via {gateway}")


def _remove() -> None:
    """Links go with their namespaces."""
    existing = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
    for line in existing.splitlines():
        if (space := line.split()[0]) == SPACE or space.startswith("cc-home-"):
            run(f"ip netns del {space}")
    # The kernel takes the office's end away a moment after the namespace.
    subprocess.run(["ip", "link", "del", LINK], capture_output=True)
