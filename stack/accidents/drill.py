"""All accidents, so many times each, at several desks side by side; and what became of the callers."""

import argparse
import asyncio
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
from playwright.async_api import Error, async_playwright

from callcenter.domain.events import Presence
from stack.accidents.desk import CARD, Desk, digits, until_true
from stack.accidents.judge import calls_of, parts_of, settled
from stack.accidents.kinds import ACCIDENTS, BREAKS, Centre, Kind
from stack.accidents.networks import Networks
from stack.browser_telephone import give_browser_telephone
from stack.companies import CastCaller, cast_callers
from stack.instance import Instance
from stack.parts import ROOT
from stack.sipp import Sipp, speech

BACK_WITHIN_S = 60.0
SETTLED_WITHIN_S = 90.0
TALK_S = 1.5
"""Seconds of talk before an accident, and after it."""
STARTED_WITHIN_S = 10.0
ENDED_WITHIN_S = 10.0
RELOAD_P95_S = 8.0
SHOWN = 20

_TALKS = """
select count(*) as talks, count(*) filter (where t.ended_at is null) as going_on
from talks t join calls c on c.id = t.call_id where c.caller = $1
"""


@dataclass(slots=True)
class Findings:
    """What was seen. The texts say what is wrong, by the caller and the kind."""

    kinds: dict[str, Kind] = field(default_factory=dict)
    back_s: dict[Kind, list[float]] = field(default_factory=lambda: defaultdict(list))
    dropped: dict[str, str] = field(default_factory=dict)
    doubled: dict[str, str] = field(default_factory=dict)
    lost: dict[str, str] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)

    def line(self) -> dict[str, Any]:
        """The result as JSON."""
        return {
            "accidents": len(self.kinds),
            "dropped": len(self.dropped),
            "doubled_cards": len(self.doubled),
            "parts_lost": len(self.lost),
            "back_in_s": {
                kind: {"p50": _percentile(times, 50), "p95": _percentile(times, 95)}
                for kind, times in sorted(self.back_s.items())
            },
        }

    @property
    def clean(self) -> bool:
        """Whether nobody was lost, nothing is there twice, and who loaded the page again was back in time."""
        slow = _percentile(self.back_s[Kind.RELOAD], 95) > RELOAD_P95_S if self.back_s[Kind.RELOAD] else False
        return not (self.dropped or self.doubled or self.lost or self.wrong or slow)


def _percentile(times: Sequence[float], percent: int) -> float:
    """By nearest rank, as `stack.surge_report` does."""
    ordered = sorted(times)
    return round(ordered[max(0, -(-len(ordered) * percent // 100) - 1)], 2)


class Heard:
    """Whether sound comes from an operator's browser, as Asterisk counts its packets."""

    def __init__(self, stack: Mapping[str, Any], login: str) -> None:
        self._command = [ROOT / "asterisk" / "cli.sh", stack["asterisk"]["directory"], "pjsip show channelstats"]
        self._line = re.compile(rf"\bweb-{login}-[0-9a-f]+ +\S+ +\S+ +(\d+)")
        self._before: int | None = None

    async def now(self) -> bool:
        """Whether more has come since this was asked last; false at first."""
        shown = await asyncio.to_thread(subprocess.run, self._command, capture_output=True, text=True, check=True)
        found = self._line.search(shown.stdout)
        before, self._before = self._before, None if found is None else int(found[1])
        return before is not None and self._before is not None and self._before > before


class Drill:
    """One run against the stack described by `stack`."""

    def __init__(self, stack: Mapping[str, Any], networks: Networks, folder: Path) -> None:
        self._stack = stack
        self._networks = networks
        self._folder = folder
        self._audio = speech("caller", Path(stack["directory"]) / "speech")
        self._calls: dict[str, Sipp] = {}
        self._dialling = asyncio.Lock()
        self._pool: asyncpg.Pool
        self._since = datetime.now(UTC)
        self.findings = Findings()

    async def run(self, plan: Sequence[Kind], rounds: int) -> Findings:
        """Each accident of the plan, and so many deaths of the service."""
        people = [person for person in self._stack["logins"] if person["endpoint"]][: len(self._networks.desks)]
        await give_browser_telephone(dict(self._stack), *(person["login"] for person in people))
        async with AsyncExitStack() as ending:
            self._pool = await ending.enter_async_context(
                asyncpg.create_pool(self._stack["postgres"]["dsn"], min_size=0, max_size=4)
            )
            playwright = await ending.enter_async_context(async_playwright())
            address = self._networks.relayed["web"]
            desks = [
                Desk(playwright, network, f"http://{address}", person, self._folder / person["login"])
                for network, person in zip(self._networks.desks, people, strict=True)
            ]
            for desk in desks:
                ending.push_async_callback(desk.close)
                await desk.open()
                await desk.log_in()
            cast = iter(await cast_callers(self._pool, len(plan) + rounds * len(desks), 1, random.Random(1)))
            centre = Centre(pool=self._pool, kill_service=self._kill_service, desks=asyncio.Barrier(len(desks)))
            work = list(reversed(plan))

            async def through(desk: Desk) -> None:
                while work:
                    await self._one(desk, work.pop(), next(cast), centre)
                # Else it would take the callers of the others.
                await desk.be(Presence.OFFLINE)

            async with asyncio.TaskGroup() as tasks:
                for desk in desks:
                    tasks.create_task(through(desk), name=f"accidents at {desk.login}")
            for _ in range(rounds):
                async with asyncio.TaskGroup() as tasks:
                    for desk in desks:
                        tasks.create_task(self._one(desk, Kind.SERVICE, next(cast), centre))
            for desk in desks:
                self.findings.wrong |= {f"page of {desk.login}": text for text in desk.failures}
            await self._judge()
        return self.findings

    def _kill_service(self) -> None:
        os.kill(Instance(Path(self._stack["directory"])).pids()["callcenter"], signal.SIGKILL)

    async def _one(self, desk: Desk, kind: Kind, cast: CastCaller, centre: Centre) -> None:
        """A call, an accident in it, and its end. The caller whom the desk gets may be another desk's."""
        caller = ""
        try:
            await desk.be(Presence.AVAILABLE)
            await self._call(cast)
            await desk.phase("talking")
            caller = f"+{await desk.caller()}"
            self.findings.kinds[caller] = kind
            await self._suffer(desk, kind, caller, centre)
            if not self._on_the_line(caller):
                self.findings.dropped[caller] = f"{kind}: the call ended before the operator hung up"
            await desk.hang_up()
            await self._over(desk, kind, caller)
        except (Error, TimeoutError) as problem:
            self.findings.wrong[caller or cast.number] = (
                f"{kind} at {desk.login}: {' '.join(str(problem).split())[:200]}"
            )
            await desk.picture(self._folder / f"{kind}-{desk.login}.png")
            # The next one begins anew.
            await desk.kill()
            await desk.open()
        finally:
            if (sipp := self._calls.pop(caller, None)) is not None:
                await asyncio.to_thread(sipp.end)

    async def _over(self, desk: Desk, kind: Kind, caller: str) -> None:
        async def over() -> bool:
            return not self._on_the_line(caller)

        if not await until_true(over, ENDED_WITHIN_S):
            self.findings.wrong[caller] = f"{kind} at {desk.login}: the operator hung up, and the caller was not told"
        await desk.phase("")

    async def _suffer(self, desk: Desk, kind: Kind, caller: str, centre: Centre) -> None:
        """The accident, the way back, and what the page shows then."""
        await desk.page.wait_for_selector(CARD)
        await asyncio.sleep(TALK_S)
        usable_at = await ACCIDENTS[kind](desk, centre)
        wanted = 2 if kind in BREAKS else 1
        heard = Heard(self._stack, desk.login)

        async def back() -> bool:
            (row,) = await self._pool.fetch(_TALKS, caller)
            on_page = await desk.page.locator('#telephone[data-phase="talking"]').count()
            return bool(row["talks"] >= wanted and row["going_on"] == 1 and on_page and await heard.now())

        if not await until_true(back, BACK_WITHIN_S):
            raise TimeoutError("the operator does not get the caller back")
        self.findings.back_s[kind].append(time.monotonic() - usable_at)
        await asyncio.sleep(TALK_S)
        if (shown := await desk.card()) != digits(caller):
            self.findings.doubled[caller] = f"{kind}: the card is that of {shown or 'nobody'}"

    async def _call(self, cast: CastCaller) -> None:
        # One at a time: until SIPp has taken its ports, they look free to the next one.
        async with self._dialling:
            sipp = self._start(cast)

            async def started() -> bool:
                sipp.read()
                return cast.number in sipp.callers

            if not await until_true(started, STARTED_WITHIN_S):
                raise TimeoutError("SIPp does not start")

    def _start(self, cast: CastCaller) -> Sipp:
        sip = self._stack["sip"]
        folder = self._folder / f"caller-{digits(cast.number)}"
        folder.mkdir(parents=True)
        sipp = Sipp(folder, target=(sip["host"], sip["port"]), trunk=sip["trunk_address"], phones=sip["phones_address"])
        self._calls[cast.number] = sipp
        sipp.call([(cast.number, cast.did)], rate=1, audio=self._audio)
        return sipp

    def _on_the_line(self, caller: str) -> bool:
        if (sipp := self._calls.get(caller)) is None:
            return False
        sipp.read()
        return caller in sipp.callers and sipp.callers[caller].ended is None

    async def _judge(self) -> None:
        callers = list(self.findings.kinds)

        async def done() -> bool:
            return await settled(self._pool, self._since, callers)

        await until_true(done, SETTLED_WITHIN_S)
        for part in await parts_of(self._pool, self._stack["s3"], self._since, callers):
            if part.fault:
                self.findings.lost[part.caller] = f"{self.findings.kinds[part.caller]}: {part.fault}"
        found = await calls_of(self._pool, self._since, callers)
        for caller, kind in self.findings.kinds.items():
            calls, tickets = found[caller]
            if (calls, tickets) != (1, 1):
                self.findings.doubled[caller] = f"{kind}: {calls} calls, {tickets} tickets"

    def end(self) -> None:
        """End the callers who are left."""
        for sipp in self._calls.values():
            sipp.end()


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("--count", type=int, default=20, help="how often each happens (default: %(default)s)")
    parser.add_argument("--desks", type=int, default=4, help="browsers side by side (default: %(default)s)")
    parser.add_argument(
        "--kinds", nargs="+", type=Kind, choices=list(Kind), default=list(Kind), help="which (default: all)"
    )


async def drill(directory: Path, count: int, desks: int, kinds: Sequence[Kind], **settings: str) -> Findings:
    """A stack of its own in this directory, with these settings, the accidents, and nothing left of either."""
    folder = Path(f"{directory}-desks")
    shutil.rmtree(folder, ignore_errors=True)
    async with AsyncExitStack() as ending:
        networks = await ending.enter_async_context(Networks(desks, ["web", "telephone"]))
        settings |= {"BROWSER_TELEPHONES__ADDRESS": f"ws://{networks.relayed['telephone']}/ws"}
        instance = Instance(directory, environment={f"CALLCENTER_{name}": value for name, value in settings.items()})
        ending.callback(instance.remove)
        stack = await asyncio.to_thread(instance.up)
        networks.ports |= {"web": stack["web"]["port"], "telephone": stack["sip"]["ws_port"]}
        made = Drill(stack, networks, folder)
        ending.callback(made.end)
        plan = [kind for kind in kinds if kind is not Kind.SERVICE] * count
        findings = await made.run(plan, -(-count // desks) if Kind.SERVICE in kinds else 0)
        if findings.clean:
            # Else its pictures show what went wrong.
            ending.callback(shutil.rmtree, folder, ignore_errors=True)
        return findings


def run(directory: Path, options: argparse.Namespace) -> int:
    """Run it, print what is wrong and a line of JSON; return 1 unless nothing is."""
    found = asyncio.run(drill(directory, options.count, options.desks, options.kinds))
    for title in ("dropped", "doubled", "lost", "wrong"):
        for caller, text in list(getattr(found, title).items())[:SHOWN]:
            print(f"{title}: {caller}: {text}", file=sys.stderr)
    print(json.dumps(found.line()), flush=True)
    return 0 if found.clean else 1
