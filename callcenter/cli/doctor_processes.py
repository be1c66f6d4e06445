"""`callcenter doctor`: whether every process is there with all its parts, and whether the clocks agree."""

import asyncio
import time
from datetime import UTC, datetime

import asyncpg

from callcenter.cli.checks import CheckFailed, CheckWarning, connected, logged_in
from callcenter.settings import Settings
from callcenter.storage import queries, require_schema
from callcenter.telephony import forms
from callcenter.telephony.framing import text
from callcenter.web.heartbeat import BEAT_S, SILENT_AFTER_S, ProcessRole

SQL = queries("heartbeats")
OFF_S = 5.0
"""Seconds by which clocks may differ."""
START = {ProcessRole.NODE: "`callcenter serve` or `callcenter node`", ProcessRole.PAGES: "`callcenter serve`"}
WORDS = {ProcessRole.NODE: "telephony", ProcessRole.PAGES: "pages"}


async def processes(settings: Settings) -> str:
    """Whether all of them are there, and ready."""
    rows = await _beats(settings)
    if not rows:
        raise CheckWarning("none has run yet; `callcenter serve` is everything on one machine")
    if any(problem is not None for row in rows for problem in row["parts"].values()):
        # One that has just started says with its next beat that it is ready.
        await asyncio.sleep(BEAT_S + 1)
        rows = await _beats(settings)
    faults = [
        f"{_name(row)} has been silent for {row['silent_s']:.0f} s, since {_at(row)}: it was killed or hangs. Look into its"
        f" log and start it again, or `callcenter forget-process {row['name']}` if it was taken down"
        for row in rows
        if not row["stopped"] and row["silent_s"] > SILENT_AFTER_S
    ]
    alive = [row for row in rows if not row["stopped"] and row["silent_s"] <= SILENT_AFTER_S]
    for role in ProcessRole:
        if not any(row["role"] == role and not row["stopped"] for row in rows):
            ended = next((f", {_name(row)} was ended at {_at(row)}" for row in rows if row["role"] == role), "")
            faults.append(f"no process runs for the {WORDS[role]}{ended}: start {START[role]}")
    faults += [
        f"{_name(row)}: {part} is not ready" + (f" ({problem})" if problem else "")
        for row in alive
        for part, problem in sorted(row["parts"].items())
        if problem is not None
    ]
    if faults:
        raise CheckFailed("; ".join(faults))
    return f"{', '.join(_name(row) for row in alive)}: all parts ready"


async def clocks(settings: Settings) -> str:
    """Whether the clocks of PostgreSQL, Asterisk and the processes agree with the one of this machine."""
    async with connected(settings) as connection:
        before = time.time()
        there = await connection.fetchval("select clock_timestamp()")
        off = {"PostgreSQL": (there - _moment(before)).total_seconds()}
    database = off["PostgreSQL"]
    off |= {_name(row): row["off_s"] + database for row in await _beats(settings) if row["silent_s"] <= SILENT_AFTER_S}
    async with logged_in(settings) as ami:
        before = time.time()
        there = forms.micros(text(await ami.action("Ping"), "Timestamp"))
        off["Asterisk"] = (there - _moment(before)).total_seconds()
    wrong = [
        f"{name} is {abs(by):.0f} s {'ahead' if by > 0 else 'behind'}" for name, by in off.items() if abs(by) > OFF_S
    ]
    if wrong:
        raise CheckFailed(
            f"by the clock of this machine {', '.join(wrong)}. Let every machine take its time from the same servers"
            " (`timedatectl set-ntp true`, or chrony); calls are counted right, but at wrong times"
        )
    return f"agree within {max(map(abs, off.values())):.1f} s"


async def forget_process(settings: Settings, name: str) -> int:
    """Forget a process that was taken down; 1 when there is none of this name."""
    async with connected(settings) as connection:
        known = await connection.fetchval(SQL["forget"], name)
    print(f"{name} is forgotten" if known else f"no process is called {name}; `callcenter doctor` names them")
    return 0 if known else 1


async def _beats(settings: Settings) -> list[asyncpg.Record]:
    async with connected(settings) as connection:
        await require_schema(connection)
        return list(await connection.fetch(SQL["all"]))


def _name(row: asyncpg.Record) -> str:
    return f"{'node' if row['role'] == ProcessRole.NODE else 'pages at'} {row['name']}"


def _at(row: asyncpg.Record) -> str:
    return f"{row['seen_at']:%Y-%m-%d %H:%M:%S} UTC"


def _moment(seconds: float) -> datetime:
    """Halfway between then and now."""
    return datetime.fromtimestamp((seconds + time.time()) / 2, UTC)
