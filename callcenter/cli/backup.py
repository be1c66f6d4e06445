"""`callcenter backup` and `callcenter restore`: an installation into a folder, and out of it elsewhere."""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import asyncpg
from dotenv import dotenv_values

from callcenter import variables
from callcenter.cli import database_copy, object_copy
from callcenter.cli.evidence import check_custody_chain
from callcenter.cli.migrate import SQL as ROLES
from callcenter.cli.migrate import database_roles, login_of, migrate_all
from callcenter.cli.remote_folder import SCHEME, RemoteFolder
from callcenter.errors import BackupProblem, StorageError
from callcenter.recordings.store import Store
from callcenter.settings import Settings, env_files, variable_names
from callcenter.storage import connect

MANIFEST = "manifest.json"
DATABASE = "database.dump"
SETTINGS = "settings.env"
LEDGER = "ledger"
READY = "ready"
FORMAT = 1
_SQL = database_copy.SQL


async def backup(settings: Settings, place: str, *, copy: bool) -> int:
    """Write an installation into a folder, or `s3://bucket/prefix`; what an earlier run brought there is not fetched again.

    `copy`: the bytes of the objects too, not only their list. Returns 1 if the store is not as the database says.
    """
    before = os.umask(0o077)
    try:
        return await _backup(settings, place, copy)
    finally:
        os.umask(before)


async def _backup(settings: Settings, place: str, copy: bool) -> int:
    if not place.startswith(SCHEME):
        folder = Path(place)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / MANIFEST).unlink(missing_ok=True)
        for name in (LEDGER, READY):
            shutil.rmtree(folder / name, ignore_errors=True)
        return await _write(settings, folder, copy, None)
    remote = RemoteFolder(place, settings.s3)
    with TemporaryDirectory(prefix="callcenter-backup-") as made:
        folder = Path(made)
        if object_copy.LIST in await remote.sizes():
            await remote.get(folder, object_copy.LIST)
        for name in await remote.sizes():
            if not name.startswith((f"{object_copy.FOLDER}/", object_copy.LIST)):
                await remote.remove(name)
        status = await _write(settings, folder, copy, remote)
        files = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]
        for name in sorted(files, key=lambda name: name == MANIFEST):
            await remote.put(folder, name)
    return status


async def _write(settings: Settings, folder: Path, copy: bool, remote: RemoteFolder | None) -> int:
    owner = settings.database.of_owner()
    connection = await connect(owner)
    store = Store(settings.s3)
    try:
        # A recording goes from the node's disk into the store, so the disk comes before the rows, and after them once more.
        _copy_ready(settings, folder)
        about = await _about(connection, settings)
        await database_copy.dump(owner.url.get_secret_value(), folder / DATABASE)
        # What the rows name is in the store by now, and the lines that they were written from in the ledger.
        ledger, ready = _copy_ledger(settings, folder), _copy_ready(settings, folder)
        named = {row["key"]: (row["version"], row["sha256"]) for row in await connection.fetch(_SQL["objects"])}
        print(f"database: {(folder / DATABASE).stat().st_size >> 10} KiB")
        objects, wrong = await object_copy.fetch(store, named, folder, copy=copy, remote=remote)
        object_copy.write_list(folder, objects)
        size = sum(each.size for each in objects) >> 20
        print(f"store: {len(objects)} objects, {size} MiB{'' if copy else ', listed'}")
    finally:
        store.close()
        await connection.close()
    print(f"node: {ledger} files of the ledger, {ready} recordings on their way")
    (folder / SETTINGS).write_text(_settings_text())
    _write_manifest(folder, about | {"copied": copy})
    for line in wrong:
        print(f"wrong: {line}")
    print("this has keys and secrets in clear: keep it where only you can read it")
    return 1 if wrong else 0


async def _about(connection: asyncpg.Connection, settings: Settings) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "node": settings.node,
        "bucket": settings.s3.bucket,
        "migrations": {row["name"]: row["sha256"] for row in await connection.fetch(_SQL["migrations"])},
        "ledgers": json.loads(json.dumps([dict(row) for row in await connection.fetch(_SQL["ledgers"])], default=str)),
        "walls": await database_copy.walls(connection),
    }


def _copy_ledger(settings: Settings, folder: Path) -> int:
    """The files of the ledger; returns how many."""
    path, target = settings.asterisk.queue_log, folder / LEDGER
    target.mkdir()
    files = sorted(path.parent.glob(f"{path.name}*")) if path.parent.is_dir() else []
    for each in files:
        shutil.copy2(each, target)
        (target / each.name).chmod(0o600)
    return len(files)


def _copy_ready(settings: Settings, folder: Path) -> int:
    """Complete recordings that the store does not have yet, beside those that are copied already; returns how many."""
    source, target = settings.asterisk.spool / READY, folder / READY
    target.mkdir(exist_ok=True)
    files = [each for each in source.iterdir() if each.is_file()] if source.is_dir() else []
    for each in files:
        try:
            shutil.copy2(each, target)
        except FileNotFoundError:
            continue  # in the store by now
        (target / each.name).chmod(0o600)
    return len(list(target.iterdir()))


def _settings_text() -> str:
    """Every setting with its value, wherever it was given."""
    known = variable_names(Settings)
    values: dict[str, str | None] = {}
    sources: list[Mapping[str, str | None]] = [*(dotenv_values(file) for file in env_files()), os.environ]
    for source in sources:
        given = {name: value for name, value in source.items() if value}
        values |= variables.given(given, known)
    quoted = {name.upper(): (value or "").replace("\\", "\\\\").replace("'", "\\'") for name, value in values.items()}
    return "".join(f"{name}='{value}'\n" for name, value in sorted(quoted.items()))


def _write_manifest(folder: Path, about: dict[str, Any]) -> None:
    """Last, so that a folder with one is whole."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and object_copy.FOLDER not in path.parts]
    about["files"] = {str(path.relative_to(folder)): _sha256(path) for path in files}
    (folder / MANIFEST).write_text(json.dumps(about, indent=2, ensure_ascii=False) + "\n")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_manifest(folder: Path) -> dict[str, Any]:
    """What the folder says of itself, if its files are as they were written. Raises `BackupProblem`."""
    try:
        about: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
        if about["format"] != FORMAT:
            raise BackupProblem(f"{folder} is a back-up of another version of this program")
        changed = [name for name, sha256 in about["files"].items() if _sha256(folder / name) != sha256]
    except (OSError, ValueError, KeyError) as problem:
        raise BackupProblem(f"{folder} is no whole back-up: {problem}") from None
    if changed:
        raise BackupProblem(f"{folder} was changed since: {', '.join(changed)}")
    return about


async def restore(settings: Settings, place: str) -> int:
    """Bring a back-up into the empty database and the store that the settings name; return 0 if everything is there."""
    if not place.startswith(SCHEME):
        return await _restore(settings, Path(place))
    remote = RemoteFolder(place, settings.s3)
    with TemporaryDirectory(prefix="callcenter-restore-") as made:
        for name in await remote.sizes():
            await remote.get(Path(made), name)
        return await _restore(settings, Path(made))


async def _restore(settings: Settings, folder: Path) -> int:
    about = read_manifest(folder)
    owner = settings.database.of_owner()
    await _make_roles(settings)
    await database_copy.load(owner.url.get_secret_value(), folder / DATABASE)
    connection = await connect(owner)
    store = Store(settings.s3)
    try:
        if wrong := database_copy.missing_walls(about["walls"], await database_copy.walls(connection)):
            raise StorageError("the restored database does not keep companies apart as it did:\n" + "\n".join(wrong))
        print(f"database: restored, with all of its {len(about['walls']['policies'])} policies")
        await migrate_all(settings)
        objects = object_copy.read_list(folder)
        brought, wrong = await object_copy.bring(store, connection, objects, folder)
        print(f"store: {len(objects)} objects, of which {brought} were brought there")
        for line in wrong:
            print(f"wrong: {line}")
        chains = await check_custody_chain(connection)
    finally:
        store.close()
        await connection.close()
    _bring_node(settings, folder)
    return 1 if wrong or chains else 0


async def _make_roles(settings: Settings) -> None:
    """The roles that policies name: without them PostgreSQL leaves the policies out."""
    connection = await connect(settings.database.of_owner())
    try:
        login, password, _ = login_of(settings.database.url.get_secret_value())
        statements = [*await connection.fetchval(ROLES["make_roles"])]
        statements.append(await connection.fetchval(ROLES["make_login"], login, password))
        for statement in filter(None, statements):
            await connection.execute(statement)
    except asyncpg.InsufficientPrivilegeError:
        raise StorageError(
            "the owner of the tables may not make roles. An administrator of PostgreSQL can (as psql reads it):\n\n"
            f"{database_roles(settings.database)}\n"
        ) from None
    finally:
        await connection.close()


def _bring_node(settings: Settings, folder: Path) -> None:
    """The ledger, in which the node goes on where it was, and recordings on their way. What is there is left."""
    for name, target in ((LEDGER, settings.asterisk.queue_log.parent), (READY, settings.asterisk.spool / READY)):
        # A folder without files is none in a store.
        files = sorted((folder / name).iterdir()) if (folder / name).is_dir() else []
        if not files:
            continue
        if not target.is_dir():
            print(f"node: there is no {target} here; copy {folder / name} to the machine of the node")
            continue
        new = [each for each in files if not (target / each.name).exists()]
        owner = target.stat()
        for each in new:
            shutil.copy2(each, target)
            (target / each.name).chmod(0o640)
            if os.geteuid() == 0:
                os.chown(target / each.name, owner.st_uid, owner.st_gid)
        print(f"node: {len(new)} of {len(files)} files to {target}; the others are there")
