"""One instance of the whole stack: a directory with its data, ports, secrets and running parts."""

import fcntl
import json
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from stack import parts, processes
from stack.errors import StackError
from stack.parts import HOST, PORTS, PYTHON, READY, ROOT, TREE, Place
from stack.ports import free_port
from stack.supervisor import Program, Supervisor

PREFIX = "CALLCENTER_"
TRUNK = "127.0.0.2"
PHONES = "127.0.0.3"
SECRETS = (
    *("postgres", "postgres-service"),
    *("s3-admin-access", "s3-admin-secret", "s3-access", "s3-secret"),
    *("ami-events", "ami-actions", "ami-probe", "handover"),
)
# Keys are 32 bytes, no less.
KEYS = ("evidence", "secrets")
# A part of the stack is left out when this setting names an external server.
REPLACED_BY = {
    "postgres": "CALLCENTER_DATABASE__URL",
    "seaweedfs": "CALLCENTER_S3__ENDPOINT",
    "asterisk": "CALLCENTER_AMI__HOST",
}
# What setting up needs and the running service must not have.
OWNERS = ("CALLCENTER_DATABASE__OWNER_URL", "CALLCENTER_S3__ADMIN_ACCESS_KEY", "CALLCENTER_S3__ADMIN_SECRET_KEY")
READY_WITHIN_S = 60.0
BUCKET = "callcenter"
STARTING = Path("/run/callcenter-stack.lock")


class Instance:
    """The stack in `directory`. As a context manager it is up inside the block and removed after it.

    `environment` holds `CALLCENTER_*` settings that override the generated ones; by default those that the calling
    process has. `say` gets one line for each step. `empty`: without the demonstration's data, as it is installed.
    """

    def __init__(
        self,
        directory: Path,
        *,
        operators: int = 40,
        empty: bool = False,
        environment: Mapping[str, str] | None = None,
        say: Callable[[str], None] = print,
    ) -> None:
        self.directory = directory.resolve()
        self.description_file = self.directory.with_suffix(".json")
        self.operators = operators
        self.empty = empty
        given = os.environ if environment is None else environment
        self._given = {key: value for key, value in given.items() if key.startswith(PREFIX)}
        self._say = say
        self._supervisor = Supervisor(self.directory)

    def __enter__(self) -> Self:
        try:
            self.up()
        except BaseException:
            self.down()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.down()

    # Up and down.

    def up(self) -> dict[str, Any]:
        """Start the parts that are not running, wait until all are ready, and return the description of the stack.

        Raises `StackError` with the end of the log of the part that did not start.
        """
        if os.geteuid() != 0:
            raise StackError("the stack runs Asterisk in a tree of its own, which needs root; run this as root")
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _held(self.directory / "lock"):
            running = self.description()
            if running and self._is_ready():
                self._say(f"already running: {running['web']['url']}")
                return running
            self._end_everything()
            began = time.monotonic()
            # Ports are in use only when the parts listen; until then no other instance may choose.
            with _held(STARTING):
                description = self._start()
            self._say(f"ready in {time.monotonic() - began:.1f} s: {description['web']['url']}")
            return description

    def down(self) -> int:
        """End every process of this instance and return how many there were. Raises `StackError` if one stays."""
        if not self.directory.exists():
            return 0
        with _held(self.directory / "lock"):
            return self._end_everything()

    def description(self) -> dict[str, Any] | None:
        """What `up` wrote about the running stack, or None when there is no such file."""
        try:
            found: dict[str, Any] = json.loads(self.description_file.read_text())
        except FileNotFoundError:
            return None
        return found

    def pids(self) -> dict[str, int]:
        """The process number of each part that runs now."""
        return self._supervisor.pids()

    def wait_ready(self, part: str, within_s: float = READY_WITHIN_S) -> None:
        """Wait until the part is ready. Raises `StackError` when it is not in time or has failed."""
        deadline = time.monotonic() + within_s
        while not READY[part](self._place()):
            state = self._supervisor.state(part)
            if state == "FATAL" or time.monotonic() > deadline:
                log = self.directory / "log" / f"{part}.log"
                tail = "\n".join(log.read_text(errors="replace").splitlines()[-25:]) if log.exists() else ""
                raise StackError(f"{part} is not ready ({state}). The end of {log}:\n{tail}")
            time.sleep(0.05)

    def run(self, *arguments: str, module: str = "callcenter", **more: str) -> str:
        """Run a Python module with the settings of this instance, and `more`, and return what it printed."""
        command = [str(PYTHON), "-m", module, *arguments]
        environment = {**self._bare_environment(), "CALLCENTER_ENV_FILE": str(self.env_file), **more}
        done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise StackError(f"{module} {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    @property
    def env_file(self) -> Path:
        """The settings of the service in this instance."""
        return self.directory / "callcenter.env"

    # Starting.

    def _start(self) -> dict[str, Any]:
        place = self._settle()
        settings = self._write_settings(place)
        own = {name for name, setting in REPLACED_BY.items() if setting not in self._given}
        self._start_supervisor(place, own)
        for name in ("seaweedfs", "postgres"):
            if name in own:
                self._supervisor.start_program(name)
        if "postgres" in own:
            self._wait("postgres")
        owners = self._owners_settings(place)
        people = self._fill_database(owners)
        if "asterisk" in own:
            self.run("render-asterisk", str(self.directory / "asterisk" / "etc"))
            self._supervisor.start_program("asterisk")
            self._wait("asterisk")
        if "seaweedfs" in own:
            self._wait("seaweedfs")
            self.run("make-bucket", **owners)
        self._supervisor.start_program("callcenter")
        self._wait("callcenter")
        description = self._describe(settings, owners, people)
        write_private(self.description_file, json.dumps(description, indent=2, ensure_ascii=False) + "\n")
        return description

    def _fill_database(self, owners: Mapping[str, str]) -> Any:
        """Returns the logins of the demonstration's people."""
        self._say(f"database: migrations{'' if self.empty else ', demonstration data'}")
        said = self.run("migrate", **owners)
        if self.empty:
            self._say(said.splitlines()[-1])
            return []
        return json.loads(self.run("--operators", str(self.operators), module="stack.demo_data", **owners))

    def _start_supervisor(self, place: Place, own: set[str]) -> None:
        (self.directory / "log").mkdir(exist_ok=True)
        environment = {**self._bare_environment(), processes.MARK: str(self.directory)}
        self._supervisor.start(self._programs(place, own), files=processes.allow_open_files(), environment=environment)

    def _programs(self, place: Place, own: set[str]) -> list[Program]:
        makers = {"postgres": parts.postgres, "seaweedfs": parts.seaweedfs, "asterisk": parts.asterisk}
        programs = [make(place) for name, make in makers.items() if name in own]
        return [*programs, parts.service(place, {"CALLCENTER_ENV_FILE": str(self.env_file)})]

    def _wait(self, part: str) -> None:
        began = time.monotonic()
        self.wait_ready(part)
        self._say(f"{part}: ready after {time.monotonic() - began:.1f} s")

    def _is_ready(self) -> bool:
        running = self.pids()
        return all(part in running and READY[part](self._place()) for part in self._parts())

    def _parts(self) -> list[str]:
        return [part for part in READY if REPLACED_BY.get(part) not in self._given]

    def _bare_environment(self) -> dict[str, str]:
        return {key: value for key, value in os.environ.items() if not key.startswith(PREFIX)}

    # Ports, secrets, configuration.

    def _settle(self) -> Place:
        """Choose free ports, the previous ones if possible, and make the secrets that do not exist yet."""
        file = self.directory / "instance.json"
        known = json.loads(file.read_text()) if file.exists() else {"ports": {}, "secrets": {}}
        ports: dict[str, int] = {}
        for name, (usual, kind) in PORTS.items():
            preferred = known["ports"].get(name, usual)
            ports[name] = free_port(preferred, "udp" if kind == "udp" else "tcp", avoid=ports.values())
        words = {name: known["secrets"].get(name) or secrets.token_urlsafe(24) for name in SECRETS}
        words |= {name: known["secrets"].get(name) or secrets.token_hex(32) for name in KEYS}
        write_private(file, json.dumps({"ports": ports, "secrets": words}))
        return self._place()

    def _place(self) -> Place:
        known = json.loads((self.directory / "instance.json").read_text())
        return Place(self.directory, known["ports"], known["secrets"], self._given.get(f"{PREFIX}S3__BUCKET", BUCKET))

    def _owners_settings(self, place: Place) -> dict[str, str]:
        """The settings named in `OWNERS`, which are not written to the service's file."""
        made = {}
        if REPLACED_BY["postgres"] not in self._given:
            made["DATABASE__OWNER_URL"] = _dsn("callcenter", place.secrets["postgres"], place)
        if REPLACED_BY["seaweedfs"] not in self._given:
            made["S3__ADMIN_ACCESS_KEY"] = place.secrets["s3-admin-access"]
            made["S3__ADMIN_SECRET_KEY"] = place.secrets["s3-admin-secret"]
        owners = {PREFIX + name: value for name, value in made.items()}
        return owners | {name: value for name, value in self._given.items() if name in OWNERS}

    def _write_settings(self, place: Place) -> dict[str, str]:
        port, secret = place.ports, place.secrets
        own = self.directory / "asterisk"
        settings = {
            "DATABASE__URL": _dsn("callcenter_service", secret["postgres-service"], place),
            "AMI__PORT": str(port["ami"]),
            "AMI__EVENTS_SECRET": secret["ami-events"],
            "AMI__ACTIONS_SECRET": secret["ami-actions"],
            "ASTERISK__SPOOL": str(own / "spool" / "callcenter"),
            "SPEECH__CACHE": str(ROOT / "var" / "speech"),
            "ASTERISK__QUEUE_LOG": str(own / "log" / "queue_log"),
            "ASTERISK__ETC": str(own / "etc"),
            "ASTERISK__CONTROL": str(own / "run" / "asterisk.ctl"),
            "ASTERISK__SIP_PORT": str(port["sip"]),
            "ASTERISK__WS_PORT": str(port["ws"]),
            "ASTERISK__TRUNK_ADDRESSES": json.dumps([TRUNK]),
            "ASTERISK__PROBE_SECRET": secret["ami-probe"],
            "S3__ENDPOINT": f"{HOST}:{port['s3']}",
            "S3__ACCESS_KEY": secret["s3-access"],
            "S3__SECRET_KEY": secret["s3-secret"],
            "S3__BUCKET": place.bucket,
            "S3__SECURE": "false",
            "HANDOVER__SECRET": secret["handover"],
            "EVIDENCE__KEY": secret["evidence"],
            "SECRETS__KEYS": json.dumps([secret["secrets"]]),
            "WEB__PORT": str(port["web"]),
            "WEB__COOKIE_SECURE": "false",
        }
        given = {name: value for name, value in self._given.items() if name not in OWNERS}
        settings = {PREFIX + name: value for name, value in settings.items()} | given
        # In single quotes a value is taken literally, except for the quote and the backslash.
        quoted = {key: value.replace("\\", "\\\\").replace("'", "\\'") for key, value in settings.items()}
        write_private(self.env_file, "".join(f"{key}='{value}'\n" for key, value in quoted.items()))
        return settings

    def _describe(self, settings: Mapping[str, str], owners: Mapping[str, str], people: Any) -> dict[str, Any]:
        def get(name: str, default: str = "") -> str:
            return settings.get(PREFIX + name, default)

        web = {"host": get("WEB__HOST", HOST), "port": int(get("WEB__PORT"))}
        ami = {"host": get("AMI__HOST", HOST), "port": int(get("AMI__PORT"))}
        return {
            "web": {"url": f"http://{web['host']}:{web['port']}", **web},
            "sip": {
                "host": get("ASTERISK__BIND", HOST),
                "port": int(get("ASTERISK__SIP_PORT")),
                "ws_port": int(get("ASTERISK__WS_PORT")),
                "trunk_address": json.loads(get("ASTERISK__TRUNK_ADDRESSES"))[0],
                "phones_address": PHONES,
            },
            "ami": {**ami, "user": "probe", "secret": get("ASTERISK__PROBE_SECRET")},
            # The tools make databases and remove what they measured with, which the service may not.
            "postgres": {
                "dsn": owners.get("CALLCENTER_DATABASE__OWNER_URL", get("DATABASE__URL")),
                "service_dsn": get("DATABASE__URL"),
            },
            "s3": {
                "endpoint": get("S3__ENDPOINT"),
                "bucket": get("S3__BUCKET"),
                "access_key": get("S3__ACCESS_KEY"),
                "secret_key": get("S3__SECRET_KEY"),
                "region": get("S3__REGION", "us-east-1"),
                "secure": get("S3__SECURE") == "true",
            },
            "logins": people,
            "asterisk": {
                "tree": str(TREE),
                "directory": str(self.directory / "asterisk"),
                "queue_log": get("ASTERISK__QUEUE_LOG"),
            },
            "directory": str(self.directory),
            "env_file": str(self.env_file),
            "pids": self.pids(),
        }

    # Ending.

    def _end_everything(self) -> int:
        before = processes.marked(str(self.directory))
        if (leader := self.pids().get("supervisord")) is not None:
            os.kill(leader, signal.SIGTERM)
            psutil.wait_procs(before, timeout=40)
        # Without supervisord nothing ends the parts in order, so each gets a signal.
        left = processes.end(processes.marked(str(self.directory)), grace_s=5)
        self.description_file.unlink(missing_ok=True)
        if (self.directory / "instance.json").exists():
            parts.remove_seaweedfs_sockets(self._place())
        if left:
            raise StackError(f"these processes do not end: {[process.pid for process in left]}")
        return len(before)

    def remove(self) -> None:
        """End everything and remove the directory with all data."""
        self.down()
        shutil.rmtree(self.directory, ignore_errors=True)


def _dsn(login: str, password: str, place: Place) -> str:
    return f"postgresql://{login}:{password}@{HOST}:{place.ports['postgres']}/callcenter"


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """Hold a lock that one process at a time can have."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, in one step: a reader sees the old text or the new one."""
    partial = path.with_name(f".{path.name}.partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    partial.replace(path)
