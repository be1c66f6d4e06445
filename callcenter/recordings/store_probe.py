"""Does with an object that nobody needs what is done with every recording: store, lock, read back, remove."""

import contextlib
import hashlib
import os
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from callcenter.errors import ObjectLocked, StoreError
from callcenter.recordings.store import Store

PREFIX = "doctor/tried-"
LOCKED_FOR = timedelta(minutes=1)
SIZE = 1000


async def try_store(store: Store, *, locks: bool) -> None:
    """Raises `StoreError`. With `locks`, one small object stays locked for a minute, and is removed by the next try."""
    async for left, version in store.listed(PREFIX):
        with contextlib.suppress(ObjectLocked):
            await store.remove(left, version)
    key = f"{PREFIX}{uuid4().hex}"
    content = os.urandom(SIZE)
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        path, sha256 = Path(file.name), hashlib.sha256(content).digest()
        stored = await store.put(key, path, sha256, "application/octet-stream")
        await _require_same(store, key, stored.version, sha256)
        await store.remove(key, stored.version)
        if await store.versions(key):
            raise StoreError("an object that was removed is still there; may this account s3:DeleteObjectVersion?")
        if not locks:
            return
        until = datetime.now(UTC) + LOCKED_FOR
        locked = await store.put(key, path, sha256, "application/octet-stream", retain_until=until)
    await _require_same(store, key, locked.version, sha256)
    try:
        await store.remove(key, locked.version)
    except ObjectLocked:
        return
    raise StoreError("an object was removed during its retention: the store takes locks and does not keep to them")


async def _require_same(store: Store, key: str, version: str | None, sha256: bytes) -> None:
    if await store.digest(key, version) != (sha256, SIZE):
        raise StoreError("an object that is read back is not what was stored")
