"""Object lock, versions, legal hold, encryption and links, on the real store."""

import asyncio
import hashlib
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from minio import Minio
from minio.deleteobjects import DeleteObject

from callcenter.errors import ObjectLocked, ObjectMissing, StoreError
from callcenter.recordings.store import Store, StoredObject
from callcenter.settings import S3Settings

pytestmark = pytest.mark.e2e

DATA = bytes(i % 251 for i in range(100_000))
SHA256 = hashlib.sha256(DATA).digest()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(DATA)
    return path


@pytest.fixture(params=["GOVERNANCE", "COMPLIANCE"])
async def store(request: pytest.FixtureRequest, bucket: S3Settings) -> AsyncIterator[Store]:
    store = Store(bucket.model_copy(update={"lock_mode": request.param}))
    await store.ensure_bucket()
    yield store
    store.close()


@pytest.fixture
async def plain(bucket: S3Settings) -> AsyncIterator[Store]:
    """A store whose bucket somebody made long ago, without object lock."""
    client(bucket).make_bucket(bucket.bucket)
    store = Store(bucket)
    await store.ensure_bucket()
    yield store
    store.close()


def client(settings: S3Settings) -> Minio:
    secret = settings.secret_key.get_secret_value()
    return Minio(settings.endpoint, settings.access_key, secret, secure=False, region=settings.region)


def in_a(**span: float) -> datetime:
    return datetime.now(UTC) + timedelta(**span)


async def after(moment: datetime) -> None:
    """Wait until that moment is over for the store too, which has the same clock."""
    await asyncio.sleep((moment - datetime.now(UTC)).total_seconds() + 0.2)


async def test_object_lock_refuses_deletion(store: Store, file: Path) -> None:
    assert await store.locks()
    until = in_a(days=1)
    kept = await store.put("recordings/1.wav", file, SHA256, retain_until=until)
    assert kept == StoredObject(kept.version, until)
    assert kept.version
    for version in (kept.version, None):
        with pytest.raises(ObjectLocked, match="locked"):
            await store.remove("recordings/1.wav", version)
    assert await store.digest("recordings/1.wav") == (SHA256, len(DATA))


async def test_compliance_yields_to_nobody(bucket: S3Settings, file: Path) -> None:
    store = Store(bucket.model_copy(update={"lock_mode": "COMPLIANCE"}))
    await store.ensure_bucket()
    kept = await store.put("recordings/1.wav", file, SHA256, retain_until=in_a(days=1))
    with pytest.raises(StoreError):
        await store.retain("recordings/1.wav", kept.version, in_a(seconds=1))
    owner = client(bucket)
    wanted = DeleteObject("recordings/1.wav", kept.version)
    [refusal] = owner.remove_objects(bucket.bucket, [wanted], bypass_governance_mode=True)
    assert refusal.code == "AccessDenied"
    assert await store.digest("recordings/1.wav", kept.version) == (SHA256, len(DATA))
    store.close()


async def test_what_is_written_over_or_hidden_is_still_there_by_its_version(
    store: Store, bucket: S3Settings, file: Path, tmp_path: Path
) -> None:
    kept = await store.put("recordings/1.wav", file, SHA256, retain_until=in_a(days=1))
    (tmp_path / "other").write_bytes(b"other")
    await store.put("recordings/1.wav", tmp_path / "other", bytes(32))
    assert (await store.digest("recordings/1.wav"))[0] != SHA256
    client(bucket).remove_object(bucket.bucket, "recordings/1.wav")
    with pytest.raises(ObjectMissing):
        await store.digest("recordings/1.wav")
    assert await store.digest("recordings/1.wav", kept.version) == (SHA256, len(DATA))
    assert b"".join([piece async for piece in store.open("recordings/1.wav", 10, 20, kept.version)]) == DATA[10:30]


async def test_retention_ends_and_can_be_lengthened_before(store: Store, file: Path) -> None:
    end = in_a(seconds=2)
    short = await store.put("recordings/1.wav", file, SHA256, retain_until=end)
    longer = await store.put("recordings/2.wav", file, SHA256, retain_until=end)
    assert await store.retain("recordings/2.wav", longer.version, in_a(days=1))
    await after(end)
    await store.remove("recordings/1.wav", short.version)
    with pytest.raises(ObjectMissing):
        await store.digest("recordings/1.wav", short.version)
    with pytest.raises(ObjectLocked):
        await store.remove("recordings/2.wav", longer.version)


async def test_a_legal_hold_outlives_retention(store: Store, file: Path) -> None:
    end = in_a(seconds=2)
    kept = await store.put("recordings/1.wav", file, SHA256, retain_until=end)
    assert await store.legal_hold("recordings/1.wav", kept.version, True)
    await after(end)
    with pytest.raises(ObjectLocked, match="legal hold"):
        await store.remove("recordings/1.wav", kept.version)
    assert await store.digest("recordings/1.wav", kept.version) == (SHA256, len(DATA))
    assert await store.legal_hold("recordings/1.wav", kept.version, False)
    await store.remove("recordings/1.wav", kept.version)
    with pytest.raises(ObjectMissing):
        await store.digest("recordings/1.wav", kept.version)


async def test_a_recording_of_several_parts_is_locked_too(store: Store, file: Path) -> None:
    file.write_bytes(DATA * 120)
    kept = await store.put("recordings/1.wav", file, SHA256, retain_until=in_a(days=1))
    with pytest.raises(ObjectLocked):
        await store.remove("recordings/1.wav", kept.version)


async def test_what_was_not_locked_leaves_no_version_behind(store: Store, bucket: S3Settings, file: Path) -> None:
    for _ in range(2):
        await store.put("exports/1.csv", file, SHA256, "text/csv")
    await store.put("exports/1.csv2", file, SHA256, "text/csv")
    await store.remove("exports/1.csv")
    left = client(bucket).list_objects(bucket.bucket, recursive=True, include_version=True)
    assert [each.object_name for each in left] == ["exports/1.csv2"]


async def test_a_retention_that_is_over_locks_nothing(store: Store, file: Path) -> None:
    kept = await store.put("recordings/1.wav", file, SHA256, retain_until=in_a(days=-1))
    assert kept.locked_until is None
    await store.remove("recordings/1.wav", kept.version)


async def test_a_bucket_made_without_object_lock_still_works(plain: Store, file: Path) -> None:
    assert not await plain.locks()
    kept = await plain.put("recordings/1.wav", file, SHA256, retain_until=in_a(days=1))
    assert kept == StoredObject()
    assert await plain.digest("recordings/1.wav") == (SHA256, len(DATA))
    assert not await plain.retain("recordings/1.wav", None, in_a(days=1))
    assert not await plain.legal_hold("recordings/1.wav", None, True)
    assert await plain.versions("recordings/1.wav") == [None]
    await plain.remove("recordings/1.wav")
    with pytest.raises(ObjectMissing):
        await plain.digest("recordings/1.wav")


async def test_a_bucket_made_without_object_lock_can_be_given_it(plain: Store, file: Path) -> None:
    await plain.put("recordings/1.wav", file, SHA256)
    await plain.turn_locks_on()
    assert await plain.retain("recordings/1.wav", None, in_a(days=1))
    kept = await plain.put("recordings/2.wav", file, SHA256, retain_until=in_a(days=1))
    for key, version in (("recordings/1.wav", None), ("recordings/2.wav", kept.version)):
        with pytest.raises(ObjectLocked):
            await plain.remove(key, version)


async def test_lock_mode_none_asks_for_no_lock(bucket: S3Settings, file: Path) -> None:
    store = Store(bucket.model_copy(update={"lock_mode": "none"}))
    await store.ensure_bucket()
    assert not await store.locks()
    assert await store.put("recordings/1.wav", file, SHA256, retain_until=in_a(days=1)) == StoredObject()
    store.close()


async def test_the_server_encrypts_when_asked(bucket: S3Settings, file: Path) -> None:
    store = Store(bucket.model_copy(update={"encryption": "AES256"}))
    await store.ensure_bucket()
    kept = await store.put("recordings/1.wav", file, SHA256, retain_until=in_a(days=1))
    about = client(bucket).stat_object(bucket.bucket, "recordings/1.wav")
    assert about.metadata is not None
    assert {key.lower(): value for key, value in about.metadata.items()}["x-amz-server-side-encryption"] == "AES256"
    assert await store.digest("recordings/1.wav", kept.version) == (SHA256, len(DATA))
    with pytest.raises(ObjectLocked):
        await store.remove("recordings/1.wav", kept.version)
    store.close()


async def test_a_link_opens_one_object_and_cannot_be_changed(store: Store, file: Path) -> None:
    kept = await store.put("recordings/1.wav", file, SHA256)
    await store.put("recordings/2.wav", file, SHA256)
    link = store.presign("recordings/1.wav", kept.version, lasts=timedelta(minutes=5))
    with await asyncio.to_thread(urllib.request.urlopen, link) as answer:
        assert answer.read() == DATA
    for changed in (link.replace("1.wav", "2.wav"), link.replace("Expires=300", "Expires=3000")):
        with pytest.raises(urllib.error.HTTPError, match="403"):
            await asyncio.to_thread(urllib.request.urlopen, changed)


async def test_links_name_the_public_endpoint(bucket: S3Settings) -> None:
    store = Store(bucket.model_copy(update={"public_endpoint": "files.example.org"}))
    link = store.presign("recordings/1.wav", lasts=timedelta(minutes=5))
    assert link.startswith(f"https://files.example.org/{bucket.bucket}/recordings/1.wav?")
    store.close()


@pytest.mark.parametrize("key", ["../1.wav", "recordings/../1.wav", "/1.wav", "recordings//1.wav", "", "a/./b", "a\nb"])
async def test_a_key_cannot_leave_its_folder(bucket: S3Settings, file: Path, key: str) -> None:
    store = Store(bucket)
    for attempt in (store.put(key, file, SHA256), store.digest(key), store.remove(key), store.versions(key)):
        with pytest.raises(ValueError, match="not a key"):
            await attempt
    with pytest.raises(ValueError, match="not a key"):
        store.presign(key, lasts=timedelta(minutes=5))
    store.close()


async def test_clocks_that_differ_are_reported(store: Store, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("minio.time.utcnow", lambda: in_a(hours=-1))
    with pytest.raises(StoreError, match=r"clocks .* differ by more than 15 minutes"):
        await store.put("recordings/1.wav", file, SHA256)
