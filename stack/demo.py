"""The demonstration: the stack, an outage in which somebody with a headset takes calls too, a report, until Ctrl-C."""

import asyncio
import signal
import sys
from collections.abc import Mapping
from typing import Any, NoReturn

from pydantic import SecretStr

from callcenter.settings import DatabaseSettings
from callcenter.storage import connect
from stack.instance import Instance
from stack.outage.plan import OutagePlan
from stack.outage.report import grave, summary
from stack.outage.surge import OutageSurge
from stack.outside import answering, let_out
from stack.sipp import Sipp
from stack.welcome import Welcome

PLAN = OutagePlan(callers=120, rate=2.0, operators=10, talk=15.0, outage="suggested", open_after=10.0)
"""Over in about three minutes."""
LOOK_S = 0.5


def run(instance: Instance) -> int:
    """Run the whole demonstration; return 0 when nothing was wrong.

    At a terminal it waits for somebody; where there is none the residents call at once.
    """
    # Closing the terminal ends it as Ctrl-C does.
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.default_int_handler)
    flawless: list[bool] = []
    with instance:
        try:
            stack = instance.description()
            assert stack is not None
            city = answering(stack, instance.directory / "outside")
            try:
                asyncio.run(_let_out(stack, city))
                asyncio.run(show(stack, PLAN, flawless, wait=sys.stdin.isatty()))
            finally:
                city.end()
        except KeyboardInterrupt:
            print("\nending everything", flush=True)
            return int(not all(flawless)) if flawless else 130
        finally:
            # A second Ctrl-C must not leave parts of it running.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise AssertionError("it ends by a signal")


async def show(stack: Mapping[str, Any], plan: OutagePlan, flawless: list[bool], *, wait: bool) -> NoReturn:
    """Let the residents call; once more each time that somebody wishes it. Notes of each time whether nothing was wrong."""
    async with Welcome(stack) as welcome:
        print(f"\n  Open {welcome.url}\n  and come in with a click.\n", flush=True)
        if wait:
            print("The residents call as soon as you are on the line there, or press Enter to watch only.", flush=True)
            await _wished(welcome)
        while True:
            print(
                f"Cold water goes off in a 900-flat house: {plan.callers} residents call, {plan.rate:.0f} a second; "
                f"{plan.operators} simulated operators answer.",
                flush=True,
            )
            result, verdict = await OutageSurge(stack, plan).run()
            flawless.append(not grave(verdict))
            print(summary(result, verdict), flush=True)
            if not wait:
                print(f"The stack stays up: {stack['web']['url']}. Ctrl-C ends it.", flush=True)
                await asyncio.Event().wait()
            print("Look round as long as you like. Enter: it goes off once more. Ctrl-C ends everything.", flush=True)
            await _enter()


async def _let_out(stack: Mapping[str, Any], city: Sipp) -> None:
    """Whoever is called from a ticket answers and speaks."""
    connection = await connect(DatabaseSettings(url=SecretStr(stack["postgres"]["dsn"])))
    try:
        await let_out(connection, city)
    finally:
        await connection.close()


async def _wished(welcome: Welcome) -> None:
    """Until somebody is on the line, or presses Enter."""
    pressed = asyncio.create_task(_enter())
    try:
        while not pressed.done() and not await welcome.on_the_line():
            await asyncio.wait([pressed], timeout=LOOK_S)
    finally:
        pressed.cancel()
        # It leaves the keyboard to the next who waits for it.
        await asyncio.gather(pressed, return_exceptions=True)


async def _enter() -> None:
    """Until a line comes; at the end of the input for ever."""
    loop, came = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(sys.stdin, came.set)
    try:
        await came.wait()
        if not sys.stdin.readline():
            loop.remove_reader(sys.stdin)
            await asyncio.Event().wait()
    finally:
        loop.remove_reader(sys.stdin)
