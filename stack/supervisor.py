"""supervisord, which keeps the parts of an instance running: its configuration and its control socket."""

import shlex
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault, ServerProxy

from supervisor.xmlrpc import SupervisorTransport

from stack.errors import StackError

LONGEST_SOCKET_PATH = 107


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One part: its command, the signal that ends it cleanly, and the time after which it is killed."""

    name: str
    command: tuple[str, ...]
    directory: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_signal: str = "TERM"
    stop_within_s: int = 20


class Supervisor:
    """The supervisord of the instance in `directory`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.socket = directory / "supervisor.sock"
        if len(str(self.socket)) > LONGEST_SOCKET_PATH:
            raise StackError(f"the path {self.socket} is too long for a socket; use a checkout with a shorter path")

    def start(self, programs: Iterable[Program], *, files: int, environment: Mapping[str, str]) -> None:
        """Write the configuration and start supervisord in the background; it starts no program yet."""
        config = self.directory / "supervisord.conf"
        config.touch(mode=0o600)
        config.write_text(self.configuration(programs, files))
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(config)]
        done = subprocess.run(command, env=dict(environment), capture_output=True, text=True, check=False)
        if done.returncode:
            raise StackError(f"supervisord did not start: {done.stdout}{done.stderr}")

    def configuration(self, programs: Iterable[Program], files: int) -> str:
        """The configuration as text."""
        lines = [
            "[supervisord]",
            f"logfile={self.directory}/log/supervisord.log",
            f"pidfile={self.directory}/supervisord.pid",
            f"childlogdir={self.directory}/log",
            f"directory={self.directory}",
            f"minfds={files}",
            "user=root",
            "[unix_http_server]",
            f"file={self.socket}",
            "chmod=0700",
            "[rpcinterface:supervisor]",
            "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface",
        ]
        for program in programs:
            quoted = ",".join(f'{key}="{value}"' for key, value in program.environment.items())
            lines += [
                f"[program:{program.name}]",
                f"command={shlex.join(program.command)}",
                f"directory={program.directory}",
                f"environment={quoted}",
                "autostart=false",
                "autorestart=true",
                "startsecs=1",
                "startretries=20",
                f"stopsignal={program.stop_signal}",
                f"stopwaitsecs={program.stop_within_s}",
                "stopasgroup=false",
                "killasgroup=true",
                f"stdout_logfile={self.directory}/log/{program.name}.log",
                "redirect_stderr=true",
            ]
        # A percent sign starts an expansion in this format.
        return "\n".join(line.replace("%", "%%") for line in lines) + "\n"

    def start_program(self, name: str) -> None:
        """Start a program and return at once; its readiness check says when it can be used."""
        self._call("startProcess", name, False)

    def stop_program(self, name: str) -> None:
        """Stop a program, and return when it is gone."""
        self._call("stopProcess", name)

    def pids(self) -> dict[str, int]:
        """Process number of each running program, and supervisord's own; empty when it does not run."""
        try:
            found = {item["name"]: item["pid"] for item in self._call("getAllProcessInfo") if item["pid"]}
            return {"supervisord": self._call("getPID"), **found}
        except OSError:
            return {}

    def state(self, name: str) -> str:
        """supervisord's name for the state of a program: STARTING, RUNNING, BACKOFF, FATAL, …"""
        return str(self._call("getProcessInfo", name)["statename"])

    def _call(self, method: str, *arguments: object) -> Any:
        transport = SupervisorTransport(None, None, f"unix://{self.socket}")  # type: ignore[no-untyped-call]
        proxy = ServerProxy("http://localhost", transport=transport)
        try:
            return getattr(proxy.supervisor, method)(*arguments)
        except Fault as fault:
            raise StackError(f"supervisord refused {method}{arguments}: {fault.faultString}") from None
        finally:
            transport.close()  # type: ignore[no-untyped-call]
