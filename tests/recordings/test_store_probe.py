"""What doctor does with the store, and what every upload carries."""

import hashlib
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from callcenter.errors import ObjectLocked, StoreError
from callcenter.recordings.store import Store, StoredObject
from callcenter.recordings.store_probe import PREFIX, try_store
from callcenter.settings import S3Settings

CONTENT = b"a recording"


class Shelf:
    """A store in memory that keeps what it is told, except for its faults."""

    def __init__(self, *faults: str) -> None:
        self.faults = faults
        self.objects: dict[str, tuple[bytes, bool]] = {}

    async def listed(self, prefix: str) -> Any:
        for key in [key for key in self.objects if key.startswith(prefix)]:
            yield key, None

    async def put(
        self, key: str, path: Path, _sha256: bytes, _media_type: str, *, retain_until: datetime | None = None
    ) -> StoredObject:
        self.objects[key] = path.read_bytes(), retain_until is not None
        return StoredObject()

    async def digest(self, key: str, _version: str | None = None) -> tuple[bytes, int]:
        content = self.objects[key][0] + (b"!" if "alters" in self.faults else b"")
        return hashlib.sha256(content).digest(), len(content)

    async def versions(self, key: str) -> list[str | None]:
        return [None] if key in self.objects else []

    async def remove(self, key: str, _version: str | None = None) -> None:
        if self.objects[key][1] and "unlocks" not in self.faults:
            raise ObjectLocked(key)
        if "keeps" not in self.faults:
            del self.objects[key]


async def test_a_store_that_does_all_is_well_and_one_object_stays_locked() -> None:
    shelf = Shelf()
    for _ in range(2):
        await try_store(shelf, locks=True)  # type: ignore[arg-type]
    assert [locked for _, locked in shelf.objects.values()] == [True, True]
    shelf.objects = {key: (content, False) for key, (content, _) in shelf.objects.items()}
    await try_store(shelf, locks=False)  # type: ignore[arg-type]
    assert shelf.objects == {}


@pytest.mark.parametrize(
    ("fault", "says"),
    [("alters", "not what was stored"), ("keeps", "still there"), ("unlocks", "during its retention")],
)
async def test_a_store_that_does_otherwise_is_named(fault: str, says: str) -> None:
    with pytest.raises(StoreError, match=says):
        await try_store(Shelf(fault), locks=True)  # type: ignore[arg-type]


@pytest.mark.e2e
async def test_the_real_store_is_tried(bucket: S3Settings) -> None:
    store = Store(bucket)
    await store.ensure_bucket()
    await try_store(store, locks=True)
    left = [key async for key, _ in store.listed("")]
    assert [key.startswith(PREFIX) for key in left] == [True]
    store.close()


async def test_an_upload_over_plain_http_carries_its_md5(tmp_path: Path) -> None:
    """Stores of the kind of AWS refuse an object with a lock that comes without."""
    uploads: list[tuple[str | None, bytes]] = []

    async def answer(request: web.Request) -> web.Response:
        if request.method == "PUT":
            uploads.append((request.headers.get("Content-MD5"), await request.read()))
        lock = "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>"
        return web.Response(text=lock, headers={"ETag": '"1"'})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    file = tmp_path / "file"
    file.write_bytes(CONTENT)
    async with TestServer(app) as server:
        address = f"{server.host}:{server.port}"
        store = Store(S3Settings(endpoint=address, access_key="x", secret_key="x", secure=False))
        until = datetime.now(UTC) + timedelta(days=1)
        await store.put("a", file, hashlib.sha256(CONTENT).digest(), retain_until=until)
        store.close()
    assert uploads == [(b64encode(hashlib.md5(CONTENT).digest()).decode(), CONTENT)]
