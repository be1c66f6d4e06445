"""`callcenter upgrade`: what a new version would change, and the change in the right order, while callers wait and talk."""

import asyncio
import re
import shlex
import time
import tomllib
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any

import aiohttp
import asyncpg

from callcenter.cli.checks import CheckFailed
from callcenter.cli.migrate import migrate_all
from callcenter.cli.samples import NODE_PORT
from callcenter.common.secret_box import SecretBox, require_readable
from callcenter.errors import CallcenterError, TelephonyError
from callcenter.pooler import require_own_session
from callcenter.resources import ROOT
from callcenter.settings import Settings, unknown_variables
from callcenter.storage import MIGRATIONS, connect, queries, step_back
from callcenter.telephony.console import Console

SQL = queries("upgrade")
RELEASES = ROOT / "storage" / "releases.toml"
FLAC = "0078_flac"
"""The migration before which no version reads what is stored as FLAC."""
RESTART = ("systemctl restart callcenter-node.service", "systemctl restart callcenter-web.service")
"""The node first: it has nothing to show, and what callers need of it is back before the screens are away."""
READY_WITHIN_S = 120.0
LOOK_S = 0.1
_STARTUP = re.compile(r"Startup time: +(\S.*)")


def releases() -> list[dict[str, Any]]:
    """Every release, the oldest first: `version`, `commit`, `date`, and `migrations` with the SHA-256 of each."""
    found: list[dict[str, Any]] = tomllib.loads(RELEASES.read_text())["release"]
    return found


async def check(settings: Settings) -> int:
    """Print what an upgrade to this version would do, and what prevents it; return 0 if nothing does."""
    for line in unknown_variables():
        print(f"warn  settings: {line}")
    try:
        connection = await connect(settings.database.of_owner())
        try:
            new = await _new_migrations(connection)
            await require_readable(connection, SecretBox(settings.secrets))
            [(talking, waiting)] = await connection.fetch(SQL["on_the_line"])
        finally:
            await connection.close()
        await require_own_session(lambda: connect(settings.database))
    except CallcenterError as problem:
        print(f"FAIL  database: {problem}")
        return 1
    print(f"ok    database: {len(new)} migrations to apply{': ' if new else ''}{', '.join(new)}")
    print(f"ok    calls: {talking} talk, {waiting} wait; they go on, and are written down when the service is back")
    return 0


async def _new_migrations(connection: asyncpg.Connection) -> list[str]:
    known: set[str] = set()
    if await connection.fetchval("select to_regclass('schema_migrations')") is not None:
        known = {row["name"] for row in await connection.fetch("select name from schema_migrations")}
    wanted = {file.stem for file in MIGRATIONS.glob("*.sql")}
    if unknown := sorted(known - wanted):
        raise CheckFailed(
            f"it has {', '.join(unknown)} of a newer version; let that one run `callcenter upgrade --back-to`, then this again"
        )
    return sorted(wanted - known)


async def upgrade(settings: Settings, restart: Sequence[str]) -> int:
    """Migrate beside the running version, then restart what runs; print how long there were no screens. Returns 0 or 1."""
    if await check(settings):
        return 1
    await migrate_all(settings)
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.web.host, settings.web.host)
    ports = {"pages": settings.web.port, "node": NODE_PORT}
    urls = {name: f"http://{host if name == 'pages' else '127.0.0.1'}:{port}/readyz" for name, port in ports.items()}
    running = await _ready(urls.values())
    watched = {name: url for name, url in urls.items() if url in running}
    watch = asyncio.create_task(_away(urls["pages"]))
    try:
        for command in restart:
            await _run(command)
            await _wait_ready(watched)
    finally:
        watch.cancel()
        away = await asyncio.gather(watch, return_exceptions=True)
    seconds = next((each for each in away if isinstance(each, float)), 0.0)
    print(f"upgraded; there were no screens for {seconds:.1f} s")
    return 0


async def _run(command: str) -> None:
    process = await asyncio.create_subprocess_exec(*shlex.split(command))
    if await process.wait():
        raise CheckFailed(f"`{command}` failed; the database is of this version, so start the services of this version")


async def _ready(urls: Collection[str]) -> set[str]:
    """Those that say that they are ready."""
    found = set()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(5)) as http:
        for url in urls:
            try:
                async with http.get(url) as answer:
                    if answer.status == 200:
                        found.add(url)
            except (aiohttp.ClientError, TimeoutError):
                continue
    return found


async def _wait_ready(watched: Mapping[str, str]) -> None:
    """Until everything is ready that was before. Raises `CheckFailed`."""
    deadline = time.monotonic() + READY_WITHIN_S
    while missing := set(watched.values()) - await _ready(watched.values()):
        if time.monotonic() > deadline:
            names = ", ".join(name for name, url in watched.items() if url in missing)
            raise CheckFailed(f"{names}: not ready within {READY_WITHIN_S:.0f} s; see the log, and `callcenter doctor`")
        await asyncio.sleep(LOOK_S)


async def _away(url: str) -> float:
    """Seconds during which the pages did not answer, counted until this is cancelled."""
    away, before = 0.0, time.monotonic()
    health = url.replace("/readyz", "/healthz")
    try:
        while True:
            there = bool(await _ready([health]))
            now = time.monotonic()
            away, before = away + (0.0 if there else now - before), now
            await asyncio.sleep(LOOK_S)
    except asyncio.CancelledError:
        return away


async def back_to(settings: Settings, version: str) -> int:
    """Let the program of an earlier release run on this database; return 0. Raises `CheckFailed` for one that is none."""
    known = {each["version"]: each for each in releases()}
    if version not in known:
        raise CheckFailed(f"{version} is none of the releases {', '.join(known)}")
    connection = await connect(settings.database.of_owner())
    try:
        names = await step_back(connection, known[version]["migrations"])
        packed = await connection.fetchval(SQL["packed"]) if FLAC in names else 0
    finally:
        await connection.close()
    print(f"stepped back from {', '.join(names) or 'nothing'}: what they added stays")
    if packed:
        print(
            f"{packed} recordings are stored as FLAC, which {version} cannot read: they stay as they are, are played by their"
            f" copies alone and come into no evidence pack until the next upgrade. Set CALLCENTER_S3__HASH_ALL_IN_DAYS=0"
            f" until then, or it reports them as altered, and CALLCENTER_COPIES__AT_ONCE=0, or those without a copy get none"
        )
    print(f"next, with {version} installed: `callcenter migrate`, then restart the node and the pages")
    return 0


async def restart_asterisk(settings: Settings) -> int:
    """Restart Asterisk when nobody is on the line, and wait for that; return 0 once it takes calls again.

    Raises `CheckFailed` if it does not run.
    """
    console = Console(settings.asterisk.control)
    before = await _startup(console)
    if before is None:
        raise CheckFailed(f"Asterisk does not answer at {settings.asterisk.control}")
    print("Asterisk: restarts as soon as nobody is on the line; calls are taken until then (Ctrl-C calls it off)")
    try:
        # It answers when it does so, which may be in hours, and waits on by itself.
        with suppress(TelephonyError):
            await console.command("core restart when convenient")
        while await _startup(console) in (before, None):
            await asyncio.sleep(LOOK_S)
        await console.command("core waitfullybooted")
    except asyncio.CancelledError:
        await console.command("core abort shutdown")
        raise
    print("Asterisk: restarted")
    return 0


async def _startup(console: Console) -> str | None:
    """When it was started, as it says; None while it is away."""
    try:
        found = _STARTUP.search(await console.command("core show settings"))
    except TelephonyError:
        return None
    return found[1] if found else None
