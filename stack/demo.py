"""The demonstration: the stack, a surge, a report, and then the stack to look at until Ctrl-C."""

import asyncio
import signal
import threading
from collections.abc import Mapping
from typing import Any

from stack.instance import Instance
from stack.judge import SurgeVerdict
from stack.surge import Plan, Surge


def run(instance: Instance) -> int:
    """Run the whole demonstration; return 0 when no caller was lost."""
    # Closing the terminal ends it as Ctrl-C does.
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.default_int_handler)
    with instance:
        try:
            return _show(instance)
        except KeyboardInterrupt:
            print("\nending everything", flush=True)
            return 130
        finally:
            # A second Ctrl-C must not leave parts of it running.
            signal.signal(signal.SIGINT, signal.SIG_IGN)


def _show(instance: Instance) -> int:
    stack = instance.description()
    assert stack is not None
    print(addresses(stack), flush=True)
    plan = Plan()
    print(
        f"Cold water goes off in a 900-flat house: {plan.callers} residents call at {plan.rate:.0f} a second, "
        f"{plan.operators} operators answer.",
        flush=True,
    )
    result, verdict = asyncio.run(Surge(stack, plan).run())
    print(summary(result, verdict), flush=True)
    print(f"The stack stays up: {stack['web']['url']}. Ctrl-C ends it.", flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        print("\nending everything", flush=True)
    return 0 if verdict.flawless else 1


def addresses(stack: Mapping[str, Any]) -> str:
    """The addresses and logins."""
    people = {person["login"]: person for person in stack["logins"]}
    others = [people[login] for login in ("supervisor", "manager", "administrator")]
    # The last operator: the first ones are played by the load tool.
    operator = next(person for person in reversed(stack["logins"]) if person["endpoint"])
    sip = stack["sip"]
    return "\n".join(
        (
            "",
            f"  pages         {stack['web']['url']}",
            *(f"  {person['role']:13} {person['login']}  {person['password']}" for person in others),
            f"  operator      {operator['login']}  {operator['password']}",
            f"  softphone     sip:{operator['endpoint']}@{sip['host']}:{sip['port']} (UDP), "
            f"password {operator['sip_secret']}",
            "",
        )
    )


def summary(result: Mapping[str, Any], verdict: SurgeVerdict) -> str:
    """The report as text for people."""
    pop, lag = result["pop_ms"], result["engine_lag_ms"]
    lines = [
        "",
        f"  callers     {result['callers']}, queued {result['queued']}, answered {result['answered']}, "
        f"abandoned {result['abandoned']}, lost {result['lost']}",
        f"  kept        {result['tickets']} tickets, {result['recordings_verified']} recordings read back and verified",
        f"  cards       {result['pops_right']} at the right operator only, {result['pops_wrong']} wrong",
        f"  lateness    card p50 {pop['p50']} ms, p99 {pop['p99']} ms; events p50 {lag['p50']} ms, p99 {lag['p99']} ms",
        f"  service     {result['service_cpu_s']} s of processor time, {result['service_rss_mb']} MB",
    ]
    lines += [f"  lost        {number}: {reason}" for number, reason in list(verdict.lost.items())[:10]]
    return "\n".join((*lines, ""))
