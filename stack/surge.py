"""A surge: hundreds of callers within seconds, operators who answer, and a verdict on the outcome of each caller."""

import asyncio
import json
import os
import random
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import asyncpg
import uvloop

from callcenter.domain.access import Role
from callcenter.domain.events import Presence
from stack import trunks
from stack.browsers import Browsers, pops
from stack.companies import CastCaller, cast_callers, ensure_companies
from stack.connects import Connects
from stack.errors import StackError
from stack.facts import Facts
from stack.instance import Instance
from stack.judge import SurgeVerdict, judge
from stack.progress import ProgressLine
from stack.screens import Screens
from stack.sipp import Caller, Sipp, Tail, speech
from stack.supervisor import Supervisor
from stack.surge_report import paint_report, report, spread
from stack.telephones import Move, Telephones
from stack.usage import Usage

RING_S = 1.0
TICK_S = 0.05
LOOK_S = 2.0
"""Seconds between queries to the database: their cost falls on what is being measured."""
REPEAT_S = 1.0
NO_PROGRESS_S = 60.0
SHOWN_REASONS = 10
COLLEAGUES = 15
MOST_COMPANIES = 9999
MEASURED = ("callcenter", "asterisk", "postgres")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The parameters of a surge. Times in seconds, `rate` in callers a second.

    `patience`: seconds from the greeting on after which a caller who is not served hangs up; `abandon`: how many hang up
    early; `blind`, `attended`, `holds`, `returns`: how many talks have a transfer, a hand-over after a
    consultation, a hold, a return to the queue. With `audio` "both" callers speak all the time, with "operators" they
    are silent. `browsers`: how many of the operators sit before a real Chromium. `companies`: among how many the callers
    are divided; the directory gets those that it lacks. `trunks`: by how many the callers come, that of the settings and
    others of the page.
    """

    callers: int = 300
    rate: float = 100.0
    operators: int = 20
    talk: float = 5.0
    patience: float = 600.0
    abandon: int = 0
    blind: int = 0
    attended: int = 0
    holds: int = 0
    returns: int = 0
    audio: Literal["both", "operators"] = "both"
    companies: int = 1
    trunks: int = 1
    browsers: int = 0

    @property
    def moves(self) -> list[Move]:
        """What operators do with callers besides talking."""
        return (
            [Move.BLIND] * self.blind
            + [Move.ATTENDED] * self.attended
            + [Move.HOLD] * self.holds
            + [Move.RETURN] * self.returns
        )

    def check(self, available: int, browsers: int = 0) -> None:
        """Raise `StackError` when it is impossible with so many operators available, of whom some have browsers."""
        if not 0 <= self.browsers <= min(browsers, self.operators - 1):
            raise StackError(f"BROWSERS must be from 0 to {browsers}, and below OPERATORS")
        if self.browsers and self.abandon:
            raise StackError("with BROWSERS nobody abandons: who talks to one seems to the callers' tool to wait")
        if self.moves and self.operators + COLLEAGUES > available:
            raise StackError(
                f"with transfers OPERATORS must be at most {available - COLLEAGUES}: colleagues take the callers"
            )
        if len(self.moves) > self.callers or min(self.blind, self.attended, self.holds, self.returns) < 0:
            raise StackError("BLIND, ATTENDED, HOLDS and RETURNS must not be below 0, nor together above CALLERS")
        if not 1 <= self.operators <= available:
            raise StackError(f"OPERATORS must be from 1 to {available}, for so many logins there are")
        if self.audio not in ("both", "operators"):
            raise StackError("AUDIO is both or operators")
        if self.callers < 1 or self.rate <= 0 or self.talk <= 0 or self.patience <= 0:
            raise StackError("CALLERS, RATE, TALK and PATIENCE must be above 0")
        if not 1 <= self.companies <= MOST_COMPANIES:
            raise StackError(f"COMPANIES must be from 1 to {MOST_COMPANIES}")
        if not 1 <= self.trunks <= trunks.MOST:
            raise StackError(f"TRUNKS must be from 1 to {trunks.MOST}")
        if not 0 <= self.abandon <= max(0, self.callers - 2 * self.operators):
            raise StackError(
                "ABANDON must not be above CALLERS less twice OPERATORS: the first ones are served before they can give up"
            )


class Patience:
    """Decides when which caller hangs up: those chosen soon after they start to wait, the others after their patience.

    A caller who is being served stays. Who waits is read from Asterisk's own ledger, not from the service.
    """

    def __init__(self, plan: Plan, numbers: Sequence[str], sipp: Sipp, ledger: Path, chance: random.Random) -> None:
        self._limit = plan.patience
        self._sipp = sipp
        self._ledger = Tail(ledger, separator="|", from_end=True)
        # Not of the first half: callers who hear the short greeting wait sooner than those who called just before.
        first = max(2 * plan.operators, min(plan.callers - plan.abandon, plan.callers // 2))
        early = chance.sample(numbers[first:], plan.abandon)
        self._early = {number: chance.uniform(1, plan.talk + RING_S) for number in early}
        self._told: dict[str, float] = {}
        self._waiting_since: dict[str, float] = {}

    def tick(self, now: float) -> None:
        """Check once and make those whose patience is over hang up; repeated after a while if they did not."""
        for words in self._ledger.new_lines():
            if len(words) > 6 and words[4] == "ENTERQUEUE":
                self._waiting_since.setdefault(words[6], now)
        for caller in self._sipp.waiting.values():
            if now >= self._hangs_up_at(caller) and now - self._told.get(caller.number, 0) > REPEAT_S:
                self._told[caller.number] = now
                self._sipp.hang_up(caller)

    def _hangs_up_at(self, caller: Caller) -> float:
        assert caller.answered is not None
        if caller.number in self._early and caller.number in self._waiting_since:
            return self._waiting_since[caller.number] + self._early[caller.number]
        return caller.answered + self._limit


class Surge:
    """One run against the stack described by `stack` (the content of its description file)."""

    clocks_differ_s = 0.0
    """Seconds by which Asterisk's clock may be behind this one."""

    def __init__(self, stack: Mapping[str, Any], plan: Plan) -> None:
        self._stack = stack
        self._plan = plan
        self._chance = random.Random()
        self._line = ProgressLine()
        people = [person for person in stack["logins"] if person["endpoint"]]
        at_browsers = [one for one in stack["logins"] if one["in_browser"] and one["role"] == Role.OPERATOR]
        plan.check(len(people), len(at_browsers))
        simulated = plan.operators - plan.browsers
        self._people, self._at_browsers = people[:simulated], at_browsers[: plan.browsers]
        self._colleagues = people[simulated:][: COLLEAGUES if plan.moves else 0]
        self._telephones: Telephones | None = None

    async def run(self) -> tuple[dict[str, Any], SurgeVerdict]:
        """Send the callers, wait until all is settled, and return the report and the verdict."""
        async with AsyncExitStack() as ending:
            pool = await ending.enter_async_context(connected(self._stack["postgres"]["dsn"]))
            await ensure_companies(pool, self._plan.companies, Instance(Path(self._stack["directory"])))
            cast = await cast_callers(pool, self._plan.callers, self._plan.companies, self._chance)
            numbers = [caller.number for caller in cast]
            began = time.time()
            more = trunks.further_trunks(pool, self._plan.trunks - 1)
            sipp = await self._start_phones(ending, began, cast, await ending.enter_async_context(more))
            url = self._stack["web"]["url"]
            connects = await ending.enter_async_context(Connects(self._stack["ami"]))
            screens = await ending.enter_async_context(
                Screens(url, self._people, connects.at, since=began, resting=self._colleagues)
            )
            await screens.become(Presence.AVAILABLE, within_s=20)
            browsers = Browsers(url, self._at_browsers, ring_s=RING_S, talk_s=self._plan.talk)
            if self._at_browsers:
                await ending.enter_async_context(browsers)
            supervisor = Supervisor(Path(self._stack["directory"]))
            usages = {program: Usage(supervisor, program) for program in MEASURED}
            facts = Facts(pool, numbers, began - self.clocks_differ_s)
            ledger = Path(self._stack["asterisk"]["queue_log"])
            patience = Patience(self._plan, numbers, sipp, ledger, self._chance)
            silent = self._plan.audio == "operators"
            audio = None if silent else speech("caller", self._cache())
            sipp.call([(caller.number, caller.did) for caller in cast], rate=self._plan.rate, audio=audio)
            await self._watch(sipp, patience, screens, facts, list(usages.values()))
            cards, talks = await browsers.seen()
            painted = pops(cards, connects.at)
            verdict = judge(
                sipp.callers.values(),
                [leg for leg in (*sipp.legs.values(), *talks) if leg.caller in sipp.callers],
                await facts.calls(),
                await facts.recordings(self._stack["s3"]),
                [*screens.pops(), *painted],
                sipp.double_rings,
            )
            missing = len(numbers) - verdict.callers
            if missing:
                raise StackError(f"SIPp did not send {missing} of the callers; see its files in {self._folder(began)}")
            done = self._telephones.done if self._telephones is not None else {}
            pops_ms = [pop.after_ms for pop in screens.pops()]
            used = len({caller.at for caller in sipp.callers.values()})
            companies = len({caller.did for caller in cast})
            result = report(verdict, used, companies, done, pops_ms, await facts.lags_ms(), usages)
            if self._at_browsers:
                result |= paint_report(len(self._at_browsers), [pop.after_ms for pop in painted])
            return result, verdict

    async def _start_phones(
        self, ending: AsyncExitStack, began: float, cast: Sequence[CastCaller], more_trunks: Sequence[str]
    ) -> Sipp:
        sip = self._stack["sip"]
        folder = self._folder(began)
        folder.mkdir(parents=True)
        target = (sip["host"], sip["port"])
        sipp = Sipp(
            folder,
            target=target,
            trunk=sip["trunk_address"],
            phones=sip["phones_address"],
            more_trunks=more_trunks,
        )
        ending.callback(sipp.end)
        phones = [(person["endpoint"], person["sip_secret"]) for person in (*self._people, *self._colleagues)]
        audio = speech("operator", self._cache())
        await asyncio.to_thread(sipp.register, phones, seconds=7200)
        ending.callback(self._sign_off, sipp, phones)
        if self._plan.moves:
            moving = Telephones(
                sipp.phones_at,
                target,
                dict(phones),
                [person["endpoint"] for person in self._colleagues],
                dialled={caller.number: caller.did for caller in cast},
                ring_s=RING_S,
                talk_s=self._plan.talk,
                speech=audio.read_bytes(),
                rang=sipp.rang,
                free=sipp.free,
                took=sipp.took,
            )
            self._telephones = await ending.enter_async_context(moving)
            self._telephones.moves.extend(self._moves())
        else:
            sipp.answer(count=len(phones), ring_s=RING_S, talk_s=self._plan.talk, audio=audio)
            ending.callback(sipp.stop_answering)
        return sipp

    def _moves(self) -> list[Move]:
        """One for each caller's first talk, in any order."""
        moves = self._plan.moves
        moves += [Move.NONE] * (self._plan.callers - len(moves))
        self._chance.shuffle(moves)
        return moves

    def _sign_off(self, sipp: Sipp, phones: Sequence[tuple[str, str]]) -> None:
        with suppress(StackError):  # the error that ended the surge matters, not this one
            sipp.register(phones, seconds=0)

    async def _watch(
        self, sipp: Sipp, patience: Patience, screens: Screens, facts: Facts, usages: Sequence[Usage]
    ) -> None:
        """Wait until every caller is gone, every call ended, every recording attached, or nothing changes any more."""
        progress: Mapping[str, int] = {"ended": 0, "answered": 0, "talks": 0, "stored": 0, "attached": 0}
        state: object = None
        moved = time.monotonic()
        # Queried in a task of its own: without a database the callers' patience still runs out.
        look = asyncio.create_task(self._look(facts))
        try:
            while True:
                sipp.read()
                patience.tick(time.time())
                if self._telephones is not None:
                    self._telephones.check()
                if look.done():
                    progress = look.result()
                    for usage in usages:
                        usage.sample()
                    if not sipp.calling() and not sipp.talking and self._settled(sipp, progress):
                        return
                    look = asyncio.create_task(self._look(facts))
                self._line.show(partial(describe, sipp, screens, progress))
                if state != (state := (progress, sipp.lines_read)):
                    moved = time.monotonic()
                if time.monotonic() - moved > max(NO_PROGRESS_S, self._plan.patience if sipp.calling() else 0):
                    return
                await asyncio.sleep(TICK_S)
        finally:
            look.cancel()
            self._line.end(describe(sipp, screens, progress))

    async def _look(self, facts: Facts) -> Mapping[str, int]:
        await asyncio.sleep(LOOK_S)
        return await facts.progress()

    def _settled(self, sipp: Sipp, progress: Mapping[str, int]) -> bool:
        """Whether the database has the end of every call and every recording attached."""
        heard = sum(caller.answered is not None for caller in sipp.callers.values())
        # A caller whose call Asterisk ended after a talk was answered for sure; a caller's own may cross the answer.
        talked = sum(sipp.callers[number].ended_by == "asterisk" for number in sipp.served & sipp.callers.keys())
        return (
            progress["ended"] >= heard
            and progress["attached"] >= max(progress["talks"], progress["answered"])
            and progress["answered"] >= talked
        )

    def _cache(self) -> Path:
        return Path(self._stack["directory"]).parent / "cache"

    def _folder(self, began: float) -> Path:
        return Path(self._stack["directory"]) / "surges" / f"{began:.0f}"


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[asyncpg.Pool]:
    """A pool for a load tool's questions."""
    # Planning the query again for thousands of numbers takes longer than running it.
    plan = {"plan_cache_mode": "force_generic_plan"}
    pool = await asyncpg.create_pool(dsn, min_size=0, max_size=2, command_timeout=30, server_settings=plan)
    try:
        yield pool
    finally:
        pool.terminate()


def describe(sipp: Sipp, screens: Screens, progress: Mapping[str, int]) -> str:
    """The progress in one line."""
    late = spread([pop.after_ms for pop in screens.pops()])
    return (
        f"called {len(sipp.callers)}  waiting {len(sipp.waiting)}  talking {len(sipp.talking)}  "
        f"answered {len(sipp.served)}  abandoned {sipp.gave_up}  recordings stored {progress['stored']}  "
        f"pop p50 {late['p50']} ms, p99 {late['p99']} ms"
    )


def run(stack: Mapping[str, Any], plan: Plan) -> int:
    """Run a surge, print the reasons and the report.

    Returns 1 when anything was lost or shown to the wrong operator, or two callers came to one telephone.
    """
    # The browsers that it simulates have machines of their own, which Asterisk and the callers cannot slow down.
    with suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    result, verdict = uvloop.run(Surge(stack, plan).run())
    for title, reasons in (("lost", verdict.lost), ("wrong card", verdict.pops_wrong)):
        for number, reason in list(reasons.items())[:SHOWN_REASONS]:
            print(f"{title}: {number}: {reason}", file=sys.stderr)
        if len(reasons) > SHOWN_REASONS:
            print(f"{title}: and {len(reasons) - SHOWN_REASONS} more", file=sys.stderr)
    print(json.dumps(result), flush=True)
    return 0 if verdict.flawless else 1
