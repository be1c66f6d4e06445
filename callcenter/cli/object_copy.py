"""The objects of the store out to files and back: each with its version, its size and its SHA-256."""

import hashlib
import json
import mimetypes
import os
from collections.abc import Collection, Iterable, Mapping
from contextlib import aclosing
from dataclasses import asdict, dataclass
from pathlib import Path

import asyncpg

from callcenter.cli.database_copy import SQL
from callcenter.cli.remote_folder import RemoteFolder
from callcenter.errors import ObjectMissing, StoreError
from callcenter.recordings.store import Store, StoredObject

LIST = "objects.jsonl"
FOLDER = "objects"
OURS = "doctor/"
"""What `callcenter doctor` tries the store with."""


@dataclass(frozen=True, slots=True)
class ListedObject:
    """An object as it was. `version`: None where the bucket has none; `sha256`: of its bytes, in hexadecimal digits."""

    key: str
    version: str | None
    size: int
    sha256: str


def read_list(folder: Path) -> list[ListedObject]:
    """What a back-up lists; nothing where there is none yet."""
    file = folder / LIST
    lines = file.read_text().splitlines() if file.exists() else []
    return [ListedObject(**json.loads(line)) for line in lines]


def write_list(folder: Path, objects: Iterable[ListedObject]) -> None:
    """In one step: a reader sees the old one or the new one."""
    partial = folder / f".{LIST}.partial"
    partial.write_text("".join(json.dumps(asdict(each)) + "\n" for each in objects))
    partial.replace(folder / LIST)


async def fetch(
    store: Store,
    named: Mapping[str, tuple[str | None, Collection[str]]],
    folder: Path,
    *,
    copy: bool,
    remote: RemoteFolder | None = None,
) -> tuple[list[ListedObject], list[str]]:
    """List every object of the bucket, and keep its bytes unless an earlier run did. Returns them, and what is wrong.

    `named`: by key, the version that the database names, and which SHA-256 it may have. `remote`: where the bytes go on to, one by one.
    """
    kept = await remote.sizes() if remote is not None else _sizes(folder)
    known = {(each.key, each.version): each for each in read_list(folder)}
    wanted: dict[str, str | None] = {}
    async for key, version in store.listed(""):
        if not key.startswith(OURS):
            # The newest version comes first.
            wanted.setdefault(key, version)
    wanted |= {key: version for key, (version, _) in named.items() if version is not None or key not in wanted}
    found, wrong = [], []
    for key, version in sorted(wanted.items()):
        before = known.get((key, version))
        if before is not None and (not copy or kept.get(f"{FOLDER}/{key}") == before.size):
            found.append(before)
            continue
        try:
            got = await _fetch(store, key, version, folder / FOLDER / key if copy else None)
        except ObjectMissing:
            wrong.append(f"{key}: the database names it, and the store does not have it")
            continue
        if key in named and got.sha256 not in named[key][1]:
            wrong.append(f"{key}: its bytes are not those that the database names")
        if remote is not None and copy:
            await remote.put(folder, f"{FOLDER}/{key}")
            (folder / FOLDER / key).unlink()
        found.append(got)
    return found, wrong


def _sizes(folder: Path) -> dict[str, int]:
    return {
        str(path.relative_to(folder)): path.stat().st_size for path in (folder / FOLDER).rglob("*") if path.is_file()
    }


async def _fetch(store: Store, key: str, version: str | None, file: Path | None) -> ListedObject:
    sha256, size = hashlib.sha256(), 0
    path = Path(os.devnull) if file is None else file.with_name(f".{file.name}.partial")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("wb") as written:
        async with aclosing(store.open(key, version=version)) as chunks:
            async for chunk in chunks:
                sha256.update(chunk)
                size += len(chunk)
                written.write(chunk)
    if file is not None:
        path.replace(file)
    return ListedObject(key, version, size, sha256.hexdigest())


async def bring(
    store: Store, connection: asyncpg.Connection, objects: Iterable[ListedObject], folder: Path
) -> tuple[int, list[str]]:
    """Let the store have every object again; what it has still, in that version, is left as it is.

    Returns how many were brought, and what is wrong. A recording that has another version now gets it by its custody chain.
    """
    brought, wrong = 0, []
    for each in objects:
        if each.version in await store.versions(each.key):
            if (await store.digest(each.key, each.version))[0].hex() != each.sha256:
                wrong.append(f"{each.key}: the store has other bytes than the back-up lists")
            continue
        file = folder / FOLDER / each.key
        if not file.exists():
            wrong.append(f"{each.key}: neither in the store nor in the back-up")
            continue
        try:
            await _bring(store, connection, each, file)
            brought += 1
        except StoreError as problem:
            wrong.append(f"{each.key}: {problem}")
    return brought, wrong


async def _bring(store: Store, connection: asyncpg.Connection, listed: ListedObject, file: Path) -> None:
    row = await connection.fetchrow(SQL["recording"], listed.key)
    media_type = mimetypes.guess_type(listed.key)[0] or "application/octet-stream"
    kept = await store.put(
        listed.key,
        file,
        bytes.fromhex(listed.sha256),
        media_type,
        retain_until=None if row is None else row["retain_until"],
    )
    if (await store.digest(listed.key, kept.version))[0].hex() != listed.sha256:
        raise StoreError("the back-up has other bytes than it lists")
    async with connection.transaction():
        if row is not None:
            await _move(connection, listed.key, kept, row["state"])
        await connection.execute(SQL["copy_moved"], listed.key, kept.version)


async def _move(connection: asyncpg.Connection, key: str, kept: StoredObject, state: str) -> None:
    await connection.execute(SQL["moved_away"], key)
    await connection.execute(SQL["moved_in"], key, kept.version, kept.locked_until)
    if state != "stored":
        await connection.execute(SQL["moved_verified"], key)
        await connection.execute(SQL["moved_back"], key, state)
