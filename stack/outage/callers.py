"""The callers of an outage, in a process of their own: `python -m stack.outage.callers`, with a `Task` as JSON in its input.

Each behaves by its `Person`. What is played is known from Asterisk's ledger; what came is held against the files. It
prints its progress every second, as JSON, and writes what each person did and heard to a file at the end.
"""

import asyncio
import json
import signal
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import uvloop

from stack.outage.behaviour import Lengths, Stage, Visit
from stack.outage.due import DueSounds
from stack.outage.hearing import Packet, Told, hold
from stack.outage.media import Ear, Media
from stack.outage.plan import MOST_CALLS, Person
from stack.outage.user_agent import Call, UserAgent
from stack.sipp import Tail

TICK_S = 0.02
TELL_S = 1.0
KEY_PACKET_S = 0.02
KEY_PAUSE_S = 0.06
SHORT_S = 0.2
ANSWER_S = 0.3
"""From the end of the greeting to the question, at most."""
LAST_S = 1.5
"""From the last hang-up to the end: for the messages that are still on their way."""


@dataclass(frozen=True, slots=True)
class Task:
    """What to do. `target`: Asterisk; `trunk`: the callers' address; the rest are paths and whom they call."""

    target: tuple[str, int]
    trunk: str
    did: str
    house: int
    ledger: str
    announcements: str
    phrases: str
    result: str
    people: tuple[Person, ...]

    @classmethod
    def read(cls, text: str) -> "Task":
        """From JSON."""
        given = json.loads(text)
        given |= {"people": tuple(Person(**each) for each in given["people"]), "target": tuple(given["target"])}
        return cls(**given)


@dataclass(slots=True)
class Visiting:
    """One call of one person."""

    person: Person
    visit: Visit
    call: Call
    ear: Ear | None
    asterisk_id: str = ""
    keys: str = ""
    talked: bool = False
    told: list[Told] = field(default_factory=list)
    asks_at: float = float("inf")
    finger: asyncio.Lock = field(default_factory=asyncio.Lock)


class Callers:
    """The whole of them."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._due = DueSounds(Path(task.announcements), Path(task.phrases), task.did, task.house)
        self._ledger = Tail(Path(task.ledger), separator="|", from_end=True)
        self._media = Media(task.trunk)
        self._agent = UserAgent(task.trunk, task.target, task.did, self._answered, self._ended)
        self._upcoming: list[tuple[float, Person]] = []
        self._of_call: dict[str, Visiting] = {}
        self._on_line: dict[str, Visiting] = {}
        self._by_asterisk: dict[str, Visiting] = {}
        self._visits: dict[str, list[Visiting]] = {person.number: [] for person in task.people}
        self._pressing: set[asyncio.Task[None]] = set()
        self.stopping = False

    async def run(self) -> None:
        """Call until everybody is done, and write down what happened."""
        await self._agent.open()
        began = time.time()
        self._upcoming = [(began + person.at, person) for person in self._task.people]
        tell_at = began
        while self._upcoming or self._on_line:
            now = time.time()
            if self.stopping:
                self._upcoming.clear()
                for visiting in list(self._on_line.values()):
                    self._agent.hang_up(visiting.call)
            self._call_due(now)
            self._read_ledger()
            self._behave(now)
            if now >= tell_at:
                tell_at = now + TELL_S
                print(json.dumps(self.progress()), flush=True)
            await asyncio.sleep(TICK_S)
        await asyncio.sleep(LAST_S)
        self._read_ledger()
        self._agent.close()
        self._media.close()
        Path(self._task.result).write_text(json.dumps(self.result()))

    def progress(self) -> Mapping[str, int]:
        """Counts of this moment, and `informed` and `talked` of all so far."""
        stages = Counter(visiting.visit.stage for visiting in self._on_line.values())
        visits = [visiting for each in self._visits.values() for visiting in each]
        return {
            "called": sum(bool(each) for each in self._visits.values()),
            "waiting": stages[Stage.WAITING],
            "told": stages[Stage.TOLD] + stages[Stage.CHOOSING],
            "talking": stages[Stage.TALKING],
            "informed": len({each.person.number for each in visits if each.visit.heard}),
            "talked": len({each.person.number for each in visits if each.talked}),
            "left": len(self._upcoming) + len(self._on_line),
        }

    def result(self) -> list[dict[str, Any]]:
        """Every person with their calls."""
        return [
            {"person": asdict(person), "calls": [_shown(each) for each in self._visits[person.number]]}
            for person in self._task.people
        ]

    def _call_due(self, now: float) -> None:
        due = [each for each in self._upcoming if each[0] <= now]
        if due:
            self._upcoming = [each for each in self._upcoming if each[0] > now]
        for _, person in due:
            call = self._agent.call(person.number, self._media.port(held=person.held))
            before = self._visits[person.number]
            visiting = Visiting(person, Visit(person, again=bool(before)), call, Ear() if person.held else None)
            before.append(visiting)
            self._of_call[call.id] = self._on_line[person.number] = visiting

    def _answered(self, call: Call) -> None:
        visiting = self._of_call[call.id]
        if visiting.ear is not None:
            self._media.hear(call.asterisk_port, visiting.ear)
        visiting.visit.answered(time.time())
        visiting.asks_at = time.time() + self._due.length_s("greeting") + ANSWER_S

    def _ended(self, call: Call) -> None:
        visiting = self._of_call[call.id]
        self._media.forget(call.asterisk_port)
        self._compare(visiting)
        visit, person = visiting.visit, visiting.person
        visit.ended()
        del self._on_line[person.number]
        served = visit.heard or visiting.talked
        if person.redials and not served and len(self._visits[person.number]) < MOST_CALLS:
            self._upcoming.append((time.time() + person.pause, person))

    # What Asterisk plays.

    def _read_ledger(self) -> None:
        for words in self._ledger.new_lines():
            if len(words) < 6:
                continue
            if words[4] == "ARRIVED" and (arrived := self._on_line.get(words[7])) is not None:
                arrived.asterisk_id = words[1]
                self._by_asterisk[words[1]] = arrived
            elif (visiting := self._by_asterisk.get(words[1])) is not None:
                self._learn(visiting, words[4], words[5:])

    def _learn(self, visiting: Visiting, event: str, words: Sequence[str]) -> None:
        now, visit = time.time(), visiting.visit
        match event:
            case "ANNOUNCED":
                self._announced(visiting, now, float(words[0]), int(words[1]), int(words[2]))
            case "HEARD" if visiting.told:
                visiting.told[-1].ended, visiting.told[-1].whole = float(words[0]), words[4] == "1"
                visit.over(now, whole=words[4] == "1")
            case "ENTERQUEUE" if visit.stage is not Stage.ENDED:
                self._compare(visiting)
                visit.queued()
                if visiting.ear is not None:
                    visiting.ear.wait()
            case "WITHDRAWN" if visit.stage is not Stage.ENDED:
                if visiting.ear is not None:
                    visiting.ear.listen()
                self._ask(visiting, now)
            case "CONNECT":
                visiting.talked = True
                if visit.stage is not Stage.ENDED:
                    visit.connected()

    def _announced(self, visiting: Visiting, now: float, began: float, outage: int, number: int) -> None:
        entry = self._due.entry(visiting.person, outage, number)
        said = None if entry is None else entry.said
        due = None if entry is None else entry.number
        visiting.told.append(Told(outage, number, due, said, began))
        length = 0.0 if said is None else len(self._due.sound(said, number)) / 8000
        if visiting.visit.stage is not Stage.ENDED:
            visiting.visit.told(now, length)

    def _ask(self, visiting: Visiting, now: float) -> None:
        digit = self._due.digit()
        if digit and not self._due.known(visiting.person.number):
            lengths = Lengths(*(self._due.length_s(name) for name in ("greeting", "menu", "outage-flat")))
            visiting.visit.asked(now, digit, lengths)

    # What the callers do.

    def _behave(self, now: float) -> None:
        for visiting in list(self._on_line.values()):
            visit = visiting.visit
            if visit.stage is Stage.GREETED and now >= visiting.asks_at:
                visiting.asks_at = float("inf")
                self._ask(visiting, now)
            if visiting.ear is not None:
                visiting.ear.trim()
            for act in visit.due(now):
                if act.key and visiting.call.asterisk_port:
                    visiting.keys += act.key
                    press = asyncio.get_running_loop().create_task(self._press(visiting, act.key))
                    self._pressing.add(press)
                    press.add_done_callback(self._pressing.discard)
                elif not act.key:
                    self._agent.hang_up(visiting.call)

    async def _press(self, visiting: Visiting, key: str) -> None:
        to = (self._task.target[0], visiting.call.asterisk_port)
        # One after the other, however late this process is: packets of two keys in a mix are more than two keys.
        async with visiting.finger:
            for data in self._media.key_packets(key):
                self._media.send(data, to, held=visiting.person.held)
                await asyncio.sleep(KEY_PACKET_S)
            await asyncio.sleep(KEY_PAUSE_S)

    def _compare(self, visiting: Visiting) -> None:
        """Hold what came against what was due, for all announcements since the last time."""
        if visiting.ear is None:
            return
        open_ones = [told for told in visiting.told if told.held is None and told.said is not None and not _short(told)]
        packets = visiting.ear.packets() if open_ones else []
        start = 0
        for told in open_ones:
            assert told.said is not None
            told.held, start = hold(packets, self._due.sound(told.said, told.number), start)
            if not told.held.begun:
                told.wrong = self._other(packets, told.said)

    def _other(self, packets: Sequence[Packet], due: str) -> str:
        for name, sound in self._due.all_said().items():
            if name != due and sound != self._due.menu() and hold(packets, sound)[0].begun:
                return name
        return ""


def _short(told: Told) -> bool:
    """Cut off before its first word is long enough to be told from that of the next."""
    return told.ended is not None and told.ended - told.began < SHORT_S


def _shown(visiting: Visiting) -> dict[str, Any]:
    call = visiting.call
    return {
        **{name: getattr(call, name) for name in ("started", "answered", "ended", "ended_by", "status", "heard_of")},
        **{name: getattr(visiting, name) for name in ("asterisk_id", "keys", "talked")},
        **{name: getattr(visiting.visit, name) for name in ("heard", "declined", "inside")},
        "told": [asdict(told) for told in visiting.told],
    }


async def _main() -> None:
    callers = Callers(Task.read(sys.stdin.read()))

    def stop() -> None:
        callers.stopping = True

    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop)
    await callers.run()


if __name__ == "__main__":
    uvloop.run(_main())
