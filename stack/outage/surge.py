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
from callcenter.domain.ids import IN_BROWSER
from stack.connects import Connects
from stack.errors import StackError
from stack.outage.callers import Task
from stack.outage.facts import House, OutageFacts, biggest_house, residents
from stack.outage.judge import Judge, OutageVerdict, Seen, SeenCall
from stack.outage.kills import Kills
from stack.outage.opening import Opening
from stack.outage.plan import OutagePlan, Person, people
from stack.outage.report import describe, report
from stack.outage.supervisor_login import SupervisorLogin
from stack.parts import SOUNDS
from stack.progress import ProgressLine
from stack.screens import Screens
from stack.sipp import LATER, Leg, Sipp, speech
from stack.supervisor import Supervisor
from stack.surge import MEASURED, RING_S, connected
from stack.usage import Usage

LOOK_S = 2.0
SETTLED_WITHIN_S = 120.0
SHOWN = 10


class OutageSurge:
    """One run against the stack described by `stack`."""

    def __init__(self, stack: Mapping[str, Any], plan: OutagePlan) -> None:
        self._stack = stack
        self._plan = plan
        self._operators = [person for person in stack["logins"] if person["endpoint"]]
        self._connects = Connects(stack["ami"])
        self._line = ProgressLine()
        self._folder = Path(stack["directory"]) / "surges" / f"{time.time():.0f}"
        self._announcements = Path(stack["asterisk"]["directory"]) / "spool" / "callcenter" / "announcements"
        self._progress: dict[str, int] = {}

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
            opening = Opening(plan, house, login, pool, self._announcements, self._stack["web"]["url"], self._line.say)
            ending.push_async_callback(opening.close)
            await opening.before()
            kills = Kills(self._stack) if plan.kill else None
            if kills is not None:
                ending.push_async_callback(kills.after)
                await kills.before()
            meanwhile = opening.during() if kills is None else kills.during()
            during = asyncio.create_task(meanwhile, name="meanwhile")
            ending.callback(during.cancel)
            seen = await self._call(cast, house, sipp, list(usages.values()), during)
            if kills is not None:
                await during
                await kills.after()
            await self._settle(facts, seen)
            for usage in usages.values():
                usage.sample()
            verdict = await self._judge(opening, facts, seen, sipp, house)
            return report(plan, verdict, opening.took_s, usages), verdict

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
        await ending.enter_async_context(self._connects)
        screens = Screens(self._stack["web"]["url"], chosen, self._connects.at, since=began)
        await ending.enter_async_context(screens)
        await screens.become(Presence.AVAILABLE, within_s=20)
        return sipp

    async def _call(
        self, cast: list[Person], house: House, sipp: Sipp, usages: list[Usage], during: asyncio.Task[None]
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
                if during.done():
                    during.result()
                self._line.show(lambda: describe(self._progress))
                await asyncio.wait([reading], timeout=LOOK_S)
            reading.result()
        finally:
            # Whoever has said the last word ends by itself; a signal in that moment would cost its exit status.
            if not reading.done():
                reading.cancel()
                process.terminate()
            self._line.end(describe(self._progress))
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

    async def _settle(self, facts: OutageFacts, seen: list[Seen]) -> None:
        """Wait until the database has the end of every call and a ticket of everybody who was told, or is too late."""
        calls = sum(bool(call.asterisk_id) for each in seen for call in each.calls)
        deadline = time.monotonic() + SETTLED_WITHIN_S
        while not await facts.settled(calls) and time.monotonic() < deadline:
            await asyncio.sleep(LOOK_S / 4)

    async def _judge(
        self, opening: Opening, facts: OutageFacts, seen: list[Seen], sipp: Sipp, house: House
    ) -> OutageVerdict:
        sipp.read()
        legs = [*sipp.legs.values(), *_at_browsers(self._connects)]
        judge = Judge(legs, await facts.calls(), await facts.announcements(), house.id)
        judge.people(seen, self._plan.within)
        if (outage := opening.outage) is not None:
            before, first = await facts.tickets(outage), await facts.first_number(outage)
            await opening.close()
            judge.tickets(before, await facts.tickets(outage), first)
        return judge.verdict


def _at_browsers(connects: Connects) -> list[Leg]:
    """The talks of people who take calls in a browser meanwhile, which SIPp does not see."""
    return [
        Leg(interface.removeprefix("PJSIP/"), number, began=at)
        for (number, interface), at in connects.at.items()
        if interface.startswith(f"PJSIP/{IN_BROWSER}")
    ]


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
