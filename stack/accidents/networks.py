"""A network for each desk: the browser there has a Wi-Fi and a mobile link to this machine, one of which is up.

Each desk is a network namespace on a bridge. What browsers reach on this machine is relayed, as by the proxy that a centre
has before the service and Asterisk's WebSocket; sound goes to Asterisk itself. Needs root.
"""

import asyncio
import json
import os
import subprocess
from collections.abc import Sequence
from contextlib import AsyncExitStack, closing, suppress
from functools import partial
from types import TracebackType
from typing import Self

import psutil

from stack.errors import StackError

NETWORKS = range(64, 128)
CHUNK = 65536


class DeskNetwork:
    """The links of one desk; the Wi-Fi is up at first."""

    def __init__(self, space: str) -> None:
        self.space = space
        self.addresses: dict[str, str] = {}

    def lose(self) -> None:
        """Neither link is up, nor has an address: a socket that has one is of no use from another link."""
        for link in self.addresses:
            _run(f"ip -n {self.space} address flush dev {link}")
            _run(f"ip -n {self.space} link set {link} down")

    def use(self, link: str) -> None:
        """This link, `wlan0` or `wwan0`, is up, and the other one is not: the address is another one."""
        self.lose()
        _run(f"ip -n {self.space} address add {self.addresses[link]} dev {link}")
        _run(f"ip -n {self.space} link set {link} up")

    def processes(self) -> list[psutil.Process]:
        """What runs at this desk."""
        found = []
        for pid in _run(f"ip netns pids {self.space}").split():
            with suppress(psutil.NoSuchProcess):
                found.append(psutil.Process(int(pid)))
        return found


class Networks:
    """So many desks, and relays by name: `relayed` has their addresses, `ports` where on loopback each leads to.

    The ports may be told when the relays are there already.
    """

    def __init__(self, desks: int, relays: Sequence[str]) -> None:
        self._name = f"cc{os.getpid()}"
        self._relays = relays
        self.ports: dict[str, int] = {}
        self._ending = AsyncExitStack()
        self.desks = [DeskNetwork(f"{self._name}n{number}") for number in range(1, desks + 1)]
        self.relayed: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        if os.geteuid() != 0:
            raise StackError("networks need root")
        self._ending.callback(self._remove)
        async with AsyncExitStack() as failed:
            failed.push_async_callback(self._ending.aclose)
            host = self._make(_unused())
            for name in self._relays:
                relay = await asyncio.start_server(partial(self._relay, name), host, 0)
                self._ending.callback(relay.close)
                self.relayed[name] = f"{host}:{relay.sockets[0].getsockname()[1]}"
            failed.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._ending.aclose()

    async def _relay(self, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self.ports[name])
        except OSError:
            writer.close()
            return
        # Asyncio prints the end of a connection that is cut off as a failure.
        with suppress(asyncio.CancelledError):
            await asyncio.gather(_pass_on(reader, inner_writer), _pass_on(inner_reader, writer))

    def _make(self, network: int) -> str:
        bridge, host = f"{self._name}b", f"10.{network}.0.1"
        _run(f"ip link add {bridge} type bridge stp_state 0 forward_delay 0")
        _run(f"ip address add {host}/16 dev {bridge}")
        _run(f"ip link set {bridge} up")
        for number, desk in enumerate(self.desks, 1):
            _run(f"ip netns add {desk.space}")
            _run(f"ip -n {desk.space} link set lo up")
            for kind, (link, part) in enumerate((("wlan0", "w"), ("wwan0", "m")), 1):
                outside = f"{self._name}{part}{number}"
                _run(f"ip link add {outside} type veth peer name {link} netns {desk.space}")
                _run(f"ip link set {outside} master {bridge} up")
                desk.addresses[link] = f"10.{network}.{kind}.{number}/16"
            desk.use("wlan0")
        return host

    def _remove(self) -> None:
        for desk in self.desks:
            subprocess.run(["ip", "netns", "del", desk.space], capture_output=True, check=False)
        subprocess.run(["ip", "link", "del", f"{self._name}b"], capture_output=True, check=False)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with closing(writer), suppress(OSError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()


def _unused() -> int:
    """A network 10.N.0.0/16 that this machine has no address in."""
    taken = {
        each.get("local", "").split(".")[1]
        for link in json.loads(_run("ip -j address"))
        for each in link["addr_info"]
        if each.get("local", "").startswith("10.")
    }
    for network in NETWORKS:
        if str(network) not in taken:
            return network
    raise StackError("no network is free")


def _run(command: str) -> str:
    done = subprocess.run(command.split(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise StackError(f"{command}: {done.stderr.strip()}")
    return done.stdout
