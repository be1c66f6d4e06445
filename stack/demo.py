"""The demonstration: the stack, an outage, a report, and then the stack to look at until Ctrl-C."""

import asyncio
import signal
import threading
from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from callcenter.settings import DatabaseSettings
from callcenter.storage import connect
from stack.instance import Instance
from stack.outage.plan import OutagePlan
from stack.outage.report import grave, summary
from stack.outage.surge import OutageSurge
from stack.outside import answering, let_out
from stack.sipp import Sipp

PLAN = OutagePlan(callers=120, rate=2.0, operators=10, talk=15.0, outage="suggested", open_after=10.0)
"""Over in about three minutes."""


def run(instance: Instance) -> int:
    """Run the whole demonstration; return 0 when nothing was wrong."""
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
    print(
        f"Cold water goes off in a 900-flat house: {PLAN.callers} residents call, {PLAN.rate:.0f} a second; "
        f"{PLAN.operators} operators answer.",
        flush=True,
    )
    result, verdict = asyncio.run(OutageSurge(stack, PLAN).run())
    print(summary(result, verdict), flush=True)
    print(f"The stack stays up: {stack['web']['url']}. Ctrl-C ends it.", flush=True)
    city = answering(stack, instance.directory / "outside")
    try:
        asyncio.run(_let_out(stack, city))
        print("Whoever is called from a ticket answers and speaks.", flush=True)
        threading.Event().wait()
    except KeyboardInterrupt:
        print("\nending everything", flush=True)
    finally:
        city.end()
    return 1 if grave(verdict) else 0


async def _let_out(stack: Mapping[str, Any], city: Sipp) -> None:
    connection = await connect(DatabaseSettings(url=SecretStr(stack["postgres"]["dsn"])))
    try:
        await let_out(connection, city)
    finally:
        await connection.close()


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
