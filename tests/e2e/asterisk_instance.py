"""A real Asterisk for a test: its own directories, ports and secrets; gone without a trace afterwards."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

from callcenter.recordings.spool import Spool
from callcenter.settings import Settings
from callcenter.telephony.render import ROOT, Directory, render
from stack.registration import register
from tests.e2e.caller import TRUNK
from tests.e2e.manager import Manager

TREE = Path(os.environ.get("CALLCENTER_ASTERISK_TREE", ROOT / "var" / "asterisk-tree"))
SIPP = Path(__file__).parent / "sipp"
OPERATORS = "127.0.0.3"
# A busy machine takes five times as long as a free one.
BOOTED_WITHIN_S = 60.0
# Seconds that each phrase lasts in the tests.
PHRASES = {
    "greeting": 0.8,
    "greeting-short": 0.2,
    "please-wait": 0.3,
    "no-such-number": 0.3,
    "timed-out": 0.3,
    "outage-menu": 0.4,
    "outage-flat": 0.3,
    "ticket-number": 0.3,
    "repeat": 0.2,
    "place-many": 0.3,
    "wait-long": 0.3,
    "out-refused": 0.3,
    "out-emergency": 0.3,
    "out-no-trunk": 0.3,
    "one-moment": 0.5,
}

T = TypeVar("T")


def wait_for(condition: Callable[[], T], what: str, timeout_s: float = 10.0) -> T:
    """Ask `condition` until it gives something true, and return that."""
    deadline = time.monotonic() + timeout_s
    while not (result := condition()):
        assert time.monotonic() < deadline, f"waited {timeout_s} s in vain for {what}"
        time.sleep(0.02)
    return result


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM, host: str = "127.0.0.1") -> int:
    """A port that nobody has at this moment."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class AsteriskInstance:
    """A running Asterisk."""

    home: Path
    settings: Settings
    directory: Directory
    process: subprocess.Popen[bytes]

    def recordings(self, name: str) -> list[Path]:
        """The closed recordings of this name, collected as the node does it."""
        spool = self.home / "spool" / "callcenter"
        Spool(spool).collect()
        return list((spool / "ready").glob(f"{name}*"))

    def cli(self, command: str) -> str:
        done = subprocess.run([ROOT / "asterisk" / "cli.sh", self.home, command], capture_output=True, text=True)
        return done.stdout

    def ledger(self) -> list[list[str]]:
        """The whole lines of queue_log, split; it does not exist until the first line is written."""
        path = self.home / "log" / "queue_log"
        text = path.read_text() if path.exists() else ""
        return [line.split("|") for line in text[: text.rfind("\n") + 1].splitlines()]

    def complaints(self) -> list[str]:
        """What Asterisk wrote to its log at WARNING or worse."""
        lines = (self.home / "log" / "messages").read_text(errors="replace").splitlines()
        return [line for line in lines if "WARNING[" in line or "ERROR[" in line]

    def actions(self) -> Manager:
        ami = self.settings.ami
        return Manager(ami.port, ami.actions_user, ami.actions_secret.get_secret_value(), events=False, host=ami.host)

    def events(self) -> Manager:
        ami = self.settings.ami
        return Manager(ami.port, ami.events_user, ami.events_secret.get_secret_value(), host=ami.host)

    @contextmanager
    def operator(self, scenario: str, endpoint: str = "op-01") -> Iterator[None]:
        """A registered telephone that takes calls as `scenario` says, and answers when Asterisk asks whether it is there."""
        with self.sipp(scenario, OPERATORS, "-p", str(self.register(endpoint)), "-aa"):
            yield

    def register(self, endpoint: str) -> int:
        """Register a telephone that takes calls from now on at the port that is returned."""
        port = free_port(socket.SOCK_DGRAM, OPERATORS)
        secret = dict(self.directory.endpoints)[endpoint]
        register((OPERATORS, port), ("127.0.0.1", self.settings.asterisk.sip_port), [(endpoint, secret)], 600)
        return port

    def call(self, did: str) -> AbstractContextManager[subprocess.Popen[bytes]]:
        """SIPp calls this number once, from the trunk."""
        return self.sipp("caller", TRUNK, "-s", did, "-m", "1")

    @contextmanager
    def sipp(self, scenario: str, host: str, *more: str) -> Iterator[subprocess.Popen[bytes]]:
        """One SIPp; ended when left."""
        command = ["sipp", f"127.0.0.1:{self.settings.asterisk.sip_port}", "-sf", str(SIPP / f"{scenario}.xml")]
        command += ["-i", host, "-mi", host, "-nostdin", *more]
        with open(self.home / f"sipp-{scenario}.log", "wb") as log:
            process = subprocess.Popen(command, cwd=self.home, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def settings_of(more: Mapping[str, object] | None = None, **queueing: int) -> Settings:
    """With ports that nobody has, and secrets of its own. `more`: further settings of `asterisk`."""
    return Settings.model_validate(
        {
            "database": {"url": "postgresql://unused"},
            "s3": {"endpoint": "unused", "access_key": "unused", "secret_key": "unused"},
            "handover": {"secret": "unused" * 8},
            "secrets": {"keys": ["0" * 64]},
            "ami": {
                "port": free_port(),
                "events_secret": secrets.token_urlsafe(12),
                "actions_secret": secrets.token_urlsafe(12),
            },
            "asterisk": {
                "sip_port": free_port(socket.SOCK_DGRAM),
                "ws_port": free_port(),
                "rtp_start": 21000,
                "rtp_end": 21999,
                **(more or {}),
            },
            "queueing": {"place_up_to": 0, **queueing},
        }
    )


@contextmanager
def asterisk(
    home: Path,
    directory: Directory,
    change: Callable[[Path], None] = lambda _etc: None,
    *,
    more: Mapping[str, object] | None = None,
    space: str | None = None,
    **queueing: int,
) -> Iterator[AsteriskInstance]:
    """Start an Asterisk in `home`, yield it when it has booted, end it. `change` may edit the rendered configuration.

    `more`: further settings of `asterisk`. `space`: the network namespace that it is in.
    """
    settings = settings_of(more, **queueing)
    render(settings, directory, home / "etc")
    change(home / "etc")
    make_sounds(home, home / "sounds")
    with started(home, settings, directory, space) as instance:
        yield instance


@contextmanager
def started(
    home: Path, settings: Settings, directory: Directory, space: str | None = None
) -> Iterator[AsteriskInstance]:
    """Start an Asterisk with the configuration that is in `home`, yield it when it has booted, end it."""
    with open(home / "asterisk.out", "wb") as out:
        there = [] if space is None else ["ip", "netns", "exec", space]
        process = subprocess.Popen([*there, ROOT / "asterisk" / "run.sh", TREE, home], stdout=out, stderr=out)
    instance = AsteriskInstance(home, settings, directory, process)
    try:
        wait_for(
            lambda: process.poll() is not None or "fully booted" in instance.cli("core waitfullybooted"),
            "boot",
            BOOTED_WITHIN_S,
        )
        assert process.poll() is None, (home / "asterisk.out").read_text()
        yield instance
    finally:
        process.terminate()
        process.wait(timeout=10)


def make_sounds(home: Path, folder: Path) -> None:
    """The phrases in `folder`, the tone in `home`."""
    made = Path(_sounds().name)
    shutil.copytree(made / "sounds", folder, dirs_exist_ok=True)
    shutil.copy(made / "tone.alaw", home)


@cache
def _sounds() -> tempfile.TemporaryDirectory[str]:
    """Short phrases, given the way an operator's own recordings are, and a tone for SIPp to send. Made once in a process."""
    made = tempfile.TemporaryDirectory(prefix="callcenter-test-sounds-")
    recorded, sounds = Path(made.name, "recorded"), Path(made.name, "sounds")
    (recorded / "ru").mkdir(parents=True)
    for name, seconds in PHRASES.items():
        phrase = recorded / "ru" / f"{name}.wav"
        _tone(phrase, seconds, 440, "-r", "44100", "-c", "2")
    places = {"CACHE": ROOT / "var" / "speech", "RECORDED": recorded}
    environment = os.environ | {f"CALLCENTER_SPEECH__{name}": str(place) for name, place in places.items()}
    speak = [sys.executable, "-m", "callcenter", "speak-phrases", str(sounds)]
    subprocess.run(speak, cwd=ROOT, env=environment, check=True)
    for counted in sounds.glob("ru/*-[0-9]*.alaw"):
        shutil.copy(sounds / "ru" / "repeat.alaw", counted)
    _tone(Path(made.name, "tone.alaw"), 3, 600, "-r", "8000", "-c", "1", "-t", "al")
    return made


def _tone(file: Path, seconds: float, hertz: int, *form: str) -> None:
    subprocess.run(["sox", "-n", *form, file, "synth", str(seconds), "sine", str(hertz)], check=True)
