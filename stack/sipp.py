"""SIPp plays the callers and the operators' telephones; this starts and controls it and reads its logs."""

import contextlib
import random
import signal
import socket
import subprocess
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stack.ports import free_port
from stack.processes import allow_open_files
from stack.registration import register

# The surge itself has priority, since it measures; the callers and telephones that it starts do not.
LATER = ("chrt", "--other", "0")
SCENARIOS = Path(__file__).resolve().parent / "sipp"
HANG_UP_S = 3.0
# Whoever takes the port of telephones that are gone gets their calls, and answers for them.
SIP_PORTS = range(7000, 9500)
# Far enough apart that none takes another's port while that one is starting.
MEDIA_PORT = 6000
SPOKEN = {
    "caller": "Здравствуйте, у нас с самого утра нет холодной воды. Когда её дадут? Дом двенадцать, весь подъезд без воды.",
    "operator": "Добрый день, диспетчерская служба. Вашу заявку я записала, бригада уже выехала, ждите звонка до обеда.",
}


@dataclass(slots=True)
class Caller:
    """What SIPp saw of one caller. Times are seconds since 1970; `ended_by` is `asterisk` or `caller`; `at`: SIPp's address."""

    number: str
    sip_id: str
    started: float
    answered: float | None = None
    ended: float | None = None
    ended_by: str = ""
    at: tuple[str, int] = ("", 0)


@dataclass(slots=True)
class Leg:
    """What SIPp saw at an operator's telephone: a talk, from the ACK on."""

    endpoint: str
    caller: str
    began: float
    ended: float | None = None


class Sipp:
    """The SIPp processes of one surge, with their files in `folder`.

    Callers send from `trunk` and `more_trunks`, telephones are at `phones`; all talk to `target`, Asterisk's host and port.
    `callers` by their number and `legs` by the Call-ID are all there were; `waiting` and `talking` those of this moment, as
    far as `read` has read. `double_rings`: how often a telephone got a call while it rang or talked.
    """

    def __init__(
        self, folder: Path, *, target: tuple[str, int], trunk: str, phones: str, more_trunks: Sequence[str] = ()
    ) -> None:
        self._folder = folder
        self._target = target
        self._phones = phones
        self._phone_port = free_port(random.choice(SIP_PORTS), "udp", host=phones)
        self._trunks = [(host, free_port(random.choice(SIP_PORTS), "udp", host=host)) for host in (trunk, *more_trunks)]
        self._running: list[subprocess.Popen[bytes]] = []
        self._calls: list[subprocess.Popen[bytes]] = []
        self._telephones: subprocess.Popen[bytes] | None = None
        self._hangups = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._caller_logs = {at: Tail(folder / f"{_callers(number)}.log") for number, at in enumerate(self._trunks)}
        self._leg_log = Tail(folder / "operators.log")
        self.callers: dict[str, Caller] = {}
        self.legs: dict[str, Leg] = {}
        self.waiting: dict[str, Caller] = {}
        self.talking: dict[str, Leg] = {}
        self.served: set[str] = set()
        self.gave_up = 0
        self.double_rings = 0
        self._at: dict[str, set[str]] = defaultdict(set)
        self.lines_read = 0

    def register(self, phones: Sequence[tuple[str, str]], *, seconds: int) -> None:
        """Register the telephones, given as (user, secret), for so long; 0 unregisters them. Raises `StackError`.

        Before they answer, or after: at that moment the port is this call's.
        """
        register(self.phones_at, self._target, phones, seconds)

    def answer(self, *, count: int, ring_s: float, talk_s: float, audio: Path) -> None:
        """Let the telephones answer: ring, talk, hang up. `audio` is what they say."""
        words = {"ring_ms": _ms(ring_s), "talk_ms": _ms(talk_s), "audio": _stream(audio)}
        options = ["-p", str(self._phone_port), "-l", str(10 * count)]
        self._telephones = self._start("operators", "operator", self._phones, options, rows=(), words=words)

    def stop_answering(self) -> None:
        """Take the telephones away; they stay registered."""
        if self._telephones is not None:
            _end(self._telephones)
            self._running.remove(self._telephones)
            self._telephones = None

    def call(self, calls: Sequence[tuple[str, str]], *, rate: float, audio: Path | None) -> None:
        """Let callers call, each given as own number and dialled one, so many a second, the same share by each trunk.

        `audio` is what they say, None is silence.
        """
        allow_open_files()  # four for each caller who speaks
        words = {"audio": _stream(audio) if audio else ""}
        for number, (host, port) in enumerate(self._trunks):
            rows = [f"{caller};{did}" for caller, did in calls[number :: len(self._trunks)]]
            if not rows:
                continue
            count, share = str(len(rows)), rate * len(rows) / len(calls)
            options = ["-p", str(port), "-m", count, "-l", count, "-r", f"{share:g}"]
            self._calls.append(self._start(_callers(number), "caller", host, options, rows=rows, words=words))

    def _start(
        self,
        name: str,
        scenario: str,
        address: str,
        options: list[str],
        *,
        rows: Sequence[str],
        words: Mapping[str, str],
    ) -> subprocess.Popen[bytes]:
        text = (SCENARIOS / f"{scenario}.xml").read_text()
        for word, value in words.items():
            text = text.replace("{{" + word + "}}", value)
        files = {kind: str(self._folder / f"{name}.{kind}") for kind in ("xml", "csv", "log", "errors", "out")}
        Path(files["xml"]).write_text(text)
        command = [*LATER, "sipp", "-sf", files["xml"], "-i", address, "-mi", address, "-nostdin", "-aa"]
        command += ["-mp", str(free_port(MEDIA_PORT, "udp", host=address)), "-buff_size", "4194304"]
        command += ["-trace_logs", "-log_file", files["log"], "-trace_err", "-error_file", files["errors"], *options]
        if rows:
            Path(files["csv"]).write_text("\n".join(["SEQUENTIAL", *rows]) + "\n")
            command += ["-inf", files["csv"]]
        # A session of its own: Ctrl-C is for the surge, which then ends its SIPp processes itself.
        with Path(files["out"]).open("wb") as out:
            process = subprocess.Popen(
                [*command, "{}:{}".format(*self._target)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=self._folder,
                start_new_session=True,
            )
        self._running.append(process)
        return process

    def hang_up(self, caller: Caller) -> None:
        """Make a caller hang up. There is no answer: `callers` shows that it did; repeat it until then."""
        lines = (
            "INFO sip:caller@{}:{} SIP/2.0".format(*caller.at),
            f"Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK-{caller.sip_id}",
            "From: <sip:patience@127.0.0.1>;tag=1",
            f"To: <sip:caller@{caller.at[0]}>",
            f"Call-ID: {caller.sip_id}",
            "CSeq: 1 INFO",
            "Content-Length: 0",
        )
        self._hangups.sendto("".join(f"{line}\r\n" for line in (*lines, "")).encode(), caller.at)

    def read(self) -> None:
        """Read what was added to the logs."""
        for at, log in self._caller_logs.items():
            for words in log.new_lines():
                self._read_caller(at, *words)
        for words in self._leg_log.new_lines():
            self._read_leg(*words)

    def _read_caller(self, host: tuple[str, int], what: str, number: str, sip_id: str, *times: str) -> None:
        at = float(times[-1])
        self.lines_read += 1
        if what == "started":
            self.callers[number] = Caller(number, sip_id, at, at=host)
            return
        caller = self.callers[number]
        if what == "answered":
            caller.answered = at
            self.waiting[number] = caller
            return
        caller.ended, caller.ended_by = at, "caller" if what == "gave-up" else "asterisk"
        self.waiting.pop(number, None)
        self.gave_up += what == "gave-up" and number not in self.served

    def rang(self, endpoint: str, call_id: str) -> None:
        """A telephone got a call."""
        self.lines_read += 1
        self.double_rings += bool(self._at[endpoint])
        self._at[endpoint].add(call_id)

    def free(self, endpoint: str, call_id: str) -> None:
        """The call is no longer at the telephone."""
        self._at[endpoint].discard(call_id)

    def took(self, call_id: str, leg: Leg) -> None:
        """A telephone that is none of SIPp's took a call, or ended it."""
        self.lines_read += 1
        self.legs[call_id] = leg
        if leg.ended is None:
            self.talking[call_id] = leg
            self.served.add(leg.caller)
            self.waiting.pop(leg.caller, None)
        else:
            self.talking.pop(call_id, None)
            self.free(leg.endpoint, call_id)

    @property
    def phones_at(self) -> tuple[str, int]:
        """Where the telephones are, host and port."""
        return self._phones, self._phone_port

    def _read_leg(self, what: str, endpoint: str, number: str, sip_id: str, *times: str) -> None:
        at = float(times[-1])
        self.lines_read += 1
        if what == "rang":
            self.rang(endpoint, sip_id)
        elif what == "cancelled":
            self.free(endpoint, sip_id)
        elif what == "acked":
            self.legs[sip_id] = self.talking[sip_id] = Leg(endpoint, number, at)
            self.served.add(number)
            self.waiting.pop(number, None)
        else:
            self.legs[sip_id].ended = at
            self.talking.pop(sip_id, None)
            self.free(endpoint, sip_id)

    def _hang_up_all(self) -> None:
        """Within a few seconds: callers whose SIPp is gone would wait at Asterisk for as long as its session timer."""
        told: set[str] = set()
        deadline = time.monotonic() + HANG_UP_S
        while self.calling() and time.monotonic() < deadline:
            self.read()
            here = [caller for caller in self.callers.values() if caller.answered and not caller.ended]
            if not here and self.callers:
                return
            for caller in here:
                if caller.number not in told:
                    told.add(caller.number)
                    self.hang_up(caller)
            time.sleep(0.05)

    def calling(self) -> bool:
        """Whether callers still call or talk."""
        return any(process.poll() is None for process in self._calls)

    def end(self) -> None:
        """Make the callers who are left hang up, and end every SIPp process."""
        self._hang_up_all()
        for process in self._running:
            # A process that gets the signal twice ends at once, without waiting for its calls.
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        for process in self._running:
            _wait(process)
        self._hangups.close()


class Tail:
    """The complete lines that were added to a file since the last read, split into words."""

    def __init__(self, path: Path, *, separator: str | None = None, from_end: bool = False) -> None:
        self._path = path
        self._separator = separator
        self._offset = path.stat().st_size if from_end and path.exists() else 0

    def new_lines(self) -> Iterator[list[str]]:
        """The words of each new line."""
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._offset)
            text = file.read()
        complete = text[: text.rfind(b"\n") + 1]
        self._offset += len(complete)
        for line in complete.decode(errors="replace").splitlines():
            if words := line.split(self._separator):
                yield words


def speech(name: str, folder: Path) -> Path:
    """What a `caller` or an `operator` says, as raw A-law at 8 kHz; made once."""
    path = folder / f"{name}.alaw"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        spoken, partial = folder / f"{name}.wav", folder / f"{name}.partial"
        subprocess.run(["espeak-ng", "-v", "ru", "-w", spoken, SPOKEN[name]], check=True)
        raw = ["-r", "8000", "-c", "1", "-t", "raw", "-e", "a-law", "-b", "8"]
        subprocess.run(["sox", "--norm=-3", spoken, *raw, partial], check=True)
        partial.rename(path)
    return path


def _callers(trunk: int) -> str:
    """The name of the files of those who call by this trunk."""
    return f"callers-{trunk + 1}"


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    _wait(process)


def _wait(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(3)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _stream(audio: Path) -> str:
    return f'<exec rtp_stream="{audio},-1,8"/>'


def _ms(seconds: float) -> str:
    return str(round(seconds * 1000))
