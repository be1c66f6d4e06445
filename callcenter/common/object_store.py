"""The interface of the object store, implemented by `recordings.store.Store`."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Protocol

from aiohttp import web


class ObjectStore(Protocol):
    """Objects by key. Every method raises `StoreError`."""

    async def put(self, key: str, path: Path, sha256: bytes, media_type: str) -> object:
        """Store the file's bytes under `key`."""
        ...

    def open(self, key: str, offset: int, length: int, version: str | None = None) -> AsyncGenerator[bytes, None]:
        """`length` bytes of the object from `offset` on, 0 meaning all that follow; `version` None means the newest."""
        ...

    async def remove(self, key: str) -> None:
        """Remove the object under this key, if there is one."""
        ...


OBJECT_STORE = web.AppKey("object store", ObjectStore)
