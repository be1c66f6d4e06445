"""The store: what it keeps, and what it says when it cannot."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from callcenter.errors import ObjectMissing, StoreError
from callcenter.recordings import store as module
from callcenter.recordings.store import Store
from callcenter.settings import S3Settings
from tests.recordings.gate import Gate

pytestmark = pytest.mark.e2e


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(bytes(i % 251 for i in range(100_000)))
    return path


@pytest.fixture
async def deaf() -> AsyncIterator[int]:
    """The port of a server that takes connections and never answers."""

    async def nowhere() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        await asyncio.Event().wait()
        raise AssertionError

    gate = await Gate(nowhere).open()
    yield gate.port
    await gate.shut()


async def test_what_is_put_is_read_back(store: Any, file: Path) -> None:
    data = file.read_bytes()
    sha256 = hashlib.sha256(data).digest()
    await store.ensure_bucket()
    await store.ensure_bucket()
    await store.check()
    await store.put("recordings/1.wav", file, sha256)
    await store.put("recordings/1.wav", file, sha256)
    assert await store.digest("recordings/1.wav") == (sha256, len(data))
    assert b"".join([chunk async for chunk in store.open("recordings/1.wav")]) == data
    assert b"".join([chunk async for chunk in store.open("recordings/1.wav", 10, 20)]) == data[10:30]
    assert b"".join([chunk async for chunk in store.open("recordings/1.wav", 99_990)]) == data[99_990:]


async def test_what_is_removed_is_gone(store: Any, file: Path) -> None:
    await store.ensure_bucket()
    await store.put("exports/1.csv", file, bytes(32), "text/csv")
    await store.remove("exports/1.csv")
    await store.remove("exports/1.csv")
    with pytest.raises(ObjectMissing):
        await store.digest("exports/1.csv")


async def test_without_a_bucket_it_says_so(store: Any, file: Path) -> None:
    for attempt in (store.check(), store.put("a", file, bytes(32))):
        with pytest.raises(StoreError, match=r"bucket .*does not exist"):
            await attempt


async def test_an_object_that_is_not_there(store: Any) -> None:
    await store.ensure_bucket()
    with pytest.raises(ObjectMissing, match=r"recordings/9\.wav"):
        await store.digest("recordings/9.wav")


async def test_a_file_of_several_parts(bucket: S3Settings, file: Path) -> None:
    data = file.read_bytes() * 120
    file.write_bytes(data)
    store = Store(bucket)
    await store.ensure_bucket()
    await store.put("large", file, hashlib.sha256(data).digest())
    assert await store.digest("large") == (hashlib.sha256(data).digest(), 12_000_000)
    async with aclosing(store.open("large")) as chunks:
        assert await anext(chunks) == data[: module.CHUNK]
    assert await store.digest("large") == (hashlib.sha256(data).digest(), 12_000_000)
    store.close()


async def test_a_link_is_not_followed(bucket: S3Settings, file: Path, tmp_path: Path) -> None:
    store = Store(bucket)
    await store.ensure_bucket()
    (tmp_path / "link").symlink_to(file)
    with pytest.raises(OSError, match="symbolic links"):
        await store.put("link", tmp_path / "link", bytes(32))
    store.close()


@pytest.mark.parametrize(
    "change", [{"access_key": "nobody"}, {"secret_key": SecretStr("wrong")}], ids=["who", "secret"]
)
async def test_wrong_keys(bucket: S3Settings, file: Path, change: dict[str, Any]) -> None:
    store = Store(bucket.model_copy(update=change))
    for attempt in (store.ensure_bucket(), store.check(), store.put("a", file, bytes(32)), store.digest("a")):
        with pytest.raises(StoreError, match=r"refuses our keys.*CALLCENTER_S3__SECRET_KEY"):
            await attempt
    store.close()


async def test_nobody_there(bucket: S3Settings) -> None:
    gate = await Gate(lambda: asyncio.open_connection("127.0.0.1", 9)).open()
    await gate.shut()
    store = Store(bucket.model_copy(update={"endpoint": f"127.0.0.1:{gate.port}"}))
    with pytest.raises(StoreError, match=rf"no S3 store can be reached at 127.0.0.1:{gate.port}: start it"):
        await store.check()
    store.close()


async def test_https_asked_of_plain_http(bucket: S3Settings) -> None:
    store = Store(bucket.model_copy(update={"secure": True}))
    with pytest.raises(StoreError, match="CALLCENTER_S3__SECURE=false"):
        await store.check()
    store.close()


async def test_a_silent_server_is_given_up(bucket: S3Settings, deaf: int) -> None:
    store = Store(bucket.model_copy(update={"endpoint": f"127.0.0.1:{deaf}"}), read_s=0.1)
    with pytest.raises(StoreError, match=r"did not answer within 0\.1 s"):
        await store.digest("a")
    store.close()


async def test_a_check_does_not_wait_for_a_silent_server(
    bucket: S3Settings, deaf: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHECK_WITHIN_S", 0.1)
    store = Store(bucket.model_copy(update={"endpoint": f"127.0.0.1:{deaf}"}), read_s=1.0)
    with pytest.raises(StoreError, match=r"did not answer within 0\.1 s"):
        await store.check()
    store.close()
