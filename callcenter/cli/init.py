"""`callcenter init`: from an empty folder to a database, a bucket and a first administrator; says each next step."""

import argparse
import asyncio
import os
import shutil
import sys
from pathlib import Path

import asyncpg

from callcenter.cli.answers import OWNERS, SECRET, collect, from_environment
from callcenter.cli.bucket import make_bucket
from callcenter.cli.migrate import database_roles, migrate_all
from callcenter.cli.samples import write_samples
from callcenter.domain.phone import set_country
from callcenter.errors import CallcenterError, SettingsError, StorageError
from callcenter.people.invitations import invite_administrator
from callcenter.settings import Settings, load_settings
from callcenter.storage import connect

FILES = ("settings.env", "secrets.env", "owner.env")
"""What everybody may know; what the service must know; what sets up and upgrades alone."""


def init(options: argparse.Namespace) -> int:
    """Do what is not done yet and return the exit status. Done again it keeps what there is, and goes on."""
    folder: Path = options.folder
    try:
        if all((folder / name).is_file() for name in FILES):
            print(f"settings: those in {folder} are kept")
        else:
            _write_settings(options, folder)
        os.environ["CALLCENTER_ENV_FILE"] = ":".join(str(folder / name) for name in FILES)
        settings = load_settings()
        set_country(settings.country)
        if options.administrator is None and sys.stdin.isatty():
            options.administrator = input("login of the first administrator, empty for none: ").strip()
        asyncio.run(_set_up(settings, options))
        write_samples(settings, folder)
    except CallcenterError as problem:
        print(f"callcenter: {problem}", file=sys.stderr)
        return 1
    except (OSError, asyncpg.PostgresError) as problem:
        print(f"callcenter: {problem}\nMend it and run this again: what is done is kept", file=sys.stderr)
        return 1
    _say_what_follows(folder)
    return 0


def _write_settings(options: argparse.Namespace, folder: Path) -> None:
    """Write all files or none. Raises `SettingsError`."""
    if any((folder / name).exists() for name in FILES):
        raise SettingsError(
            f"{folder} has some of {', '.join(FILES)} and not all: move them away, or bring the others back"
        )
    answers = collect(vars(options), from_environment())
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    parts = {
        "settings.env": (0o644, [name for name in answers if name not in SECRET and name not in OWNERS]),
        "secrets.env": (0o640, [name for name in answers if name in SECRET]),
        "owner.env": (0o600, [name for name in answers if name in OWNERS]),
    }
    for name, (mode, settings) in parts.items():
        text = "".join(f"CALLCENTER_{each}={_quoted(answers[each])}\n" for each in sorted(settings))
        _write(folder / name, mode, text)
        print(f"settings: wrote {folder / name}, mode {mode:04o}")
    _give_to_group(folder / "secrets.env", options.group)


def _quoted(value: str) -> str:
    """In single quotes a value is taken literally, by us and by a shell, except for the quote and the backslash."""
    if "'" in value or "\\" in value or "\n" in value:
        raise SettingsError("a value must not have an apostrophe, a backslash or a line's end in it: choose another")
    return f"'{value}'"


def _write(path: Path, mode: int, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    os.fchmod(descriptor, mode)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)


def _give_to_group(path: Path, group: str) -> None:
    try:
        shutil.chown(path, group=group)
    except (LookupError, PermissionError) as problem:
        print(f"settings: {problem}; let the service's group read {path}: chgrp {group} {path}")


async def _set_up(settings: Settings, options: argparse.Namespace) -> None:
    print("database: migrations, the service's login and rights")
    try:
        await migrate_all(settings)
    except (StorageError, asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError) as problem:
        raise StorageError(
            f"{problem}\nAn administrator of PostgreSQL can make what is missing (as psql reads it):\n\n"
            f"{database_roles(settings.database)}\n"
        ) from None
    print("store: bucket")
    await make_bucket(settings)
    login: str | None = options.administrator
    if not login:
        return
    connection = await connect(settings.database)
    try:
        there = await connection.fetchval("select exists (select from operators where role = 'administrator')")
        if there:
            print("administrator: there is one already; `callcenter invite-administrator` makes a new link")
            return
        token = await invite_administrator(connection, login, options.name or login)
    finally:
        await connection.close()
    print(f"administrator: this link sets the password, once, within 72 hours:\n    {settings.web.url}/invite/{token}")


def _say_what_follows(folder: Path) -> None:
    settings, owner = folder / FILES[0], ":".join(str(folder / name) for name in FILES)
    print(f"""
Keep a copy of {folder / FILES[1]} apart from this machine: without CALLCENTER_SECRETS__KEYS and
CALLCENTER_EVIDENCE__KEY a back-up cannot be read and packs are not recognised as yours.

What follows (docs/install.md says more):
 1. Look through {settings}; docs/settings.md has everything that can be set.
 2. Asterisk's configuration:    CALLCENTER_ENV_FILE={owner} callcenter render-asterisk FOLDER
 3. The services:                {folder / "samples"}/README.txt says where each file belongs
 4. In front of the pages:       {folder / "samples"}/nginx.conf or Caddyfile
 5. Open the link, set the password, enter a company with its number and an operator.
 6. Look at everything:          callcenter doctor""")
