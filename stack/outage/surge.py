"""A surge of one outage: callers, operators, the outage opened and closed by a supervisor, and who was helped."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import uvloop

from callcenter.domain.events import Presence
from stack.connects import Connects
from stack.errors import StackError
from stack.outage.callers import Task
from stack.outage.facts import House, OutageFacts, biggest_house, residents
from stack.outage.judge import Judge, OutageVerdict, Seen, SeenCall
from stack.outage.plan import OutagePlan, Person, people
from stack.outage.supervisor_login import SupervisorLogin
from stack.parts import SOUNDS
from stack.progress import ProgressLine
from stack.screens import Screens
from stack.sipp import LATER, Sipp, speech
from stack.supervisor import Supervisor
from stack.surge import MEASURED, RING_S, connected
from stack.usage import Usage

LOOK_S = 2.0
SETTLED_WITHIN_S = 60.0
WRITTEN_WITHIN_S = 30.0
SHOWN = 10


class OutageSurge:
    """One run against the stack described by `stack`."""

    def __init__(self, stack: Mapping[str, Any], plan: OutagePlan) -> None:
        self._stack = stack
        self._plan = plan
        self._operators = [person for person in stack["logins"] if person["endpoint"]]
        self._line = ProgressLine()
        self._folder = Path(stack["directory"]) / "surges" / f"{time.time():.0f}"
        self._announcements = Path(stack["asterisk"]["directory"]) / "spool" / "callcenter" / "announcements"
        self._progress: dict[str, int] = {}
        self.outage: int | None = None
        self.opened_s: float | None = None

    async def run(self) -> tuple[dict[str, Any], OutageVerdict]:
        """Send the callers, wait until all is settled, close the outage, and return the report and the verdict."""
        plan = self._plan
        async with AsyncExitStack() as ending:
            pool = await ending.enter_async_context(connected(self._stack["postgres"]["dsn"]))
            house = await biggest_house(pool)
            of_flat = await residents(pool, house.id)
            plan.check(len(self._operators), len(of_flat), sum(len(each) for each in of_flat.values()))
            cast = people(plan, of_flat)
            began = time.time()
            self._folder.mkdir(parents=True)
            sipp = await self._operators_ready(ending, began)
            login = await ending.enter_async_context(SupervisorLogin(self._stack))
            supervisor = Supervisor(Path(self._stack["directory"]))
            usages = {program: Usage(supervisor, program) for program in MEASURED}
            facts = OutageFacts(pool, [person.number for person in cast], began)
            ending.push_async_callback(self._close_left, login)
            if plan.outage == "on" and plan.open_after < 0:
                await self._open(login, house)
                await asyncio.sleep(-plan.open_after)
            opening = asyncio.create_task(self._open_later(login, house), name="open the outage")
            ending.callback(opening.cancel)
            seen = await self._call(cast, house, sipp, list(usages.values()), opening)
            await opening
            await self._settle(facts, seen)
            for usage in usages.values():
                usage.sample()
            verdict = await self._judge(login, facts, seen, sipp, house)
            return self._report(verdict, usages), verdict

    async def _operators_ready(self, ending: AsyncExitStack, began: float) -> Sipp:
        sip = self._stack["sip"]
        chosen = self._operators[: self._plan.operators]
        target = (sip["host"], sip["port"])
        sipp = Sipp(self._folder, target=target, trunk=sip["trunk_address"], phones=sip["phones_address"])
        ending.callback(sipp.end)
        phones = [(person["endpoint"], person["sip_secret"]) for person in chosen]
        await asyncio.to_thread(sipp.register, phones, seconds=7200)
        ending.callback(_sign_off, sipp, phones)
        audio = speech("operator", Path(self._stack["directory"]).parent / "cache")
        sipp.answer(count=len(phones), ring_s=RING_S, talk_s=self._plan.talk, audio=audio)
        ending.callback(sipp.stop_answering)
        connects = await ending.enter_async_context(Connects(self._stack["ami"]))
        screens = Screens(self._stack["web"]["url"], chosen, connects.at, since=began)
        await ending.enter_async_context(screens)
        await screens.become(Presence.AVAILABLE, within_s=20)
        return sipp

    async def _open_later(self, login: SupervisorLogin, house: House) -> None:
        if self._plan.outage == "on" and self._plan.open_after >= 0:
            await asyncio.sleep(self._plan.open_after)
            await self._open(login, house)

    async def _open(self, login: SupervisorLogin, house: House) -> None:
        """Open it, and wait until what callers hear lies on the disk."""
        began = time.monotonic()
        self.outage = await login.open(house.company, house.zone, house.id)
        while not (self._announcements / "by-company" / house.did / "alone").exists():
            if time.monotonic() - began > WRITTEN_WITHIN_S:
                raise StackError("what callers hear of the outage was not written")
            await asyncio.sleep(0.02)
        self.opened_s = time.monotonic() - began

    async def _call(
        self, cast: list[Person], house: House, sipp: Sipp, usages: list[Usage], opening: asyncio.Task[None]
    ) -> list[Seen]:
        """Let the callers call until all are done."""
        sip = self._stack["sip"]
        result = self._folder / "callers.json"
        task = Task(
            target=(sip["host"], sip["port"]),
            trunk=sip["trunk_address"],
            did=house.did,
            house=house.id,
            ledger=self._stack["asterisk"]["queue_log"],
            announcements=str(self._announcements),
            phrases=str(SOUNDS / house.language),
            result=str(result),
            people=tuple(cast),
        )
        process = await asyncio.create_subprocess_exec(
            *LATER, sys.executable, "-m", "stack.outage.callers",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        assert process.stdin is not None
        process.stdin.write(json.dumps(asdict(task)).encode())
        process.stdin.close()
        reading = asyncio.create_task(self._read(process), name="callers' progress")
        try:
            while not reading.done():
                sipp.read()
                for usage in usages:
                    usage.sample()
                if opening.done():
                    opening.result()
                self._line.show(self._describe)
                await asyncio.wait([reading], timeout=LOOK_S)
            reading.result()
        finally:
            reading.cancel()
            if process.returncode is None:
                process.terminate()
            self._line.end(self._describe())
            if await process.wait():
                raise StackError(f"the callers ended with {process.returncode}")
        return [
            Seen(person=Person(**each["person"]), calls=tuple(SeenCall.read(call) for call in each["calls"]))
            for each in json.loads(result.read_text())
        ]

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            self._progress = json.loads(line)

    def _describe(self) -> str:
        seen = {
            name: self._progress.get(name, 0) for name in ("called", "informed", "talked", "told", "talking", "waiting")
        }
        return (
            f"called {seen['called']}  helped by robot {seen['informed']}, by operators {seen['talked']}  "
            f"hearing it {seen['told']}  talking {seen['talking']}  waiting {seen['waiting']}"
        )

    async def _settle(self, facts: OutageFacts, seen: list[Seen]) -> None:
        """Wait until the database has the end of every call and a ticket of everybody who was told, or is too late."""
        calls = sum(bool(call.asterisk_id) for each in seen for call in each.calls)
        deadline = time.monotonic() + SETTLED_WITHIN_S
        while not await facts.settled(calls) and time.monotonic() < deadline:
            await asyncio.sleep(LOOK_S / 4)

    async def _judge(
        self, login: SupervisorLogin, facts: OutageFacts, seen: list[Seen], sipp: Sipp, house: House
    ) -> OutageVerdict:
        sipp.read()
        judge = Judge(sipp.legs.values(), await facts.calls(), await facts.announcements(), house.id)
        judge.people(seen, self._plan.within)
        if self.outage is not None:
            outage = self.outage
            before, first = await facts.tickets(outage), await facts.first_number(outage)
            await self._close_left(login)
            judge.tickets(before, await facts.tickets(outage), first)
        return judge.verdict

    async def _close_left(self, login: SupervisorLogin) -> None:
        """The supply is back, and everything of the outage is closed."""
        if self.outage is not None:
            outage, self.outage = self.outage, None
            await login.step(outage, "restore")
            await login.step(outage, "close")

    def _report(self, verdict: OutageVerdict, usages: Mapping[str, Usage]) -> dict[str, Any]:
        plan = self._plan
        return {
            "scenario": "outage",
            "seed": plan.seed,
            "outage": plan.outage,
            "callers": verdict.callers,
            "known": verdict.known,
            "unknown": verdict.callers - verdict.known,
            "calls": verdict.calls,
            "helped_by_robot": verdict.helped_by_robot,
            "helped_by_operator": verdict.helped_by_operator,
            "helped_in_5_min": verdict.helped_in_time,
            "not_helped": dict(verdict.not_helped),
            "forgotten": len(verdict.forgotten),
            "heard_wrong_address": len(verdict.wrong_address),
            "tickets": verdict.tickets,
            "tickets_doubled": len(verdict.doubled),
            "tickets_key": verdict.tickets_key,
            "lost": len(verdict.lost),
            "disagreements": len(verdict.disagreements),
            "heard_checked": verdict.heard_checked,
            "gaps": verdict.gaps,
            "longest_gap_ms": round(verdict.longest_gap_s * 1000),
            "opened_s": None if self.opened_s is None else round(self.opened_s, 2),
            **{f"{name}_cpu_s": round(usage.cpu_s, 2) for name, usage in usages.items()},
        }


def _sign_off(sipp: Sipp, phones: list[tuple[str, str]]) -> None:
    with suppress(StackError):  # the error that ended the surge matters, not this one
        sipp.register(phones, seconds=0)


def run(stack: Mapping[str, Any], plan: OutagePlan) -> int:
    """Run it, print what is wrong and the report; return 1 when anything is wrong."""
    with suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    report, verdict = uvloop.run(OutageSurge(stack, plan).run())
    for title, reasons in verdict.faults.items():
        for number, reason in list(reasons.items())[:SHOWN]:
            print(f"{title}: {number}: {reason}", file=sys.stderr)
    print(json.dumps(report, ensure_ascii=False), flush=True)
    return 1 if any(verdict.faults.values()) else 0
