"""What the service's account in the store may do, on the real SeaweedFS with the rights that it has in the stack."""

import hashlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from minio import Minio
from minio.commonconfig import ENABLED
from minio.deleteobjects import DeleteObject
from minio.error import S3Error
from minio.helpers import md5sum_hash
from minio.objectlockconfig import ObjectLockConfig
from minio.retention import Retention
from minio.versioningconfig import SUSPENDED, VersioningConfig
from minio.xml import marshal

from callcenter.errors import ObjectLocked, StoreError
from callcenter.recordings.store import Store
from callcenter.settings import S3Settings

pytestmark = pytest.mark.e2e

DATA = b"a recording"
SHA256 = hashlib.sha256(DATA).digest()
KEY = "recordings/1.wav"
REFUSED = ("AccessDenied", "InvalidBucketState")


@pytest.fixture(params=["GOVERNANCE", "COMPLIANCE"])
async def store(request: pytest.FixtureRequest, s3_service: S3Settings) -> AsyncIterator[Store]:
    """The store as the service has it; the bucket was made by its administrator."""
    admin = Store(s3_service.of_admin())
    await admin.ensure_bucket()
    admin.close()
    store = Store(s3_service.model_copy(update={"lock_mode": request.param}))
    await store.ensure_bucket()
    yield store
    store.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(DATA)
    return path


def client(settings: S3Settings) -> Minio:
    secret = settings.secret_key.get_secret_value()
    return Minio(settings.endpoint, settings.access_key, secret, secure=False, region=settings.region)


def refused(attempt: Callable[[], object]) -> str:
    """The code with which the store refuses it."""
    with pytest.raises(S3Error) as refusal:
        attempt()
    return str(refusal.value.code)


async def test_the_service_works_with_its_account(store: Store, file: Path) -> None:
    assert await store.locks()
    until = datetime.now(UTC) + timedelta(days=1)
    kept = await store.put(KEY, file, SHA256, retain_until=until)
    assert kept.locked_until == until
    assert await store.retain(KEY, kept.version, until + timedelta(days=1))
    assert await store.digest(KEY, kept.version) == (SHA256, len(DATA))
    assert kept.version in await store.versions(KEY)
    for on in (True, False):
        assert await store.legal_hold(KEY, kept.version, on)
    free = await store.put("copies/1.ogg", file, SHA256)
    await store.remove("copies/1.ogg", free.version)
    assert await store.versions("copies/1.ogg") == []


async def test_the_service_does_not_remove_a_locked_recording(store: Store, s3_service: S3Settings, file: Path) -> None:
    kept = await store.put(KEY, file, SHA256, retain_until=datetime.now(UTC) + timedelta(days=2))
    with pytest.raises(ObjectLocked):
        await store.remove(KEY, kept.version)
    service = client(s3_service)
    for bypass in (False, True):
        [refusal] = service.remove_objects(
            s3_service.bucket, [DeleteObject(KEY, kept.version)], bypass_governance_mode=bypass
        )
        assert refusal.code == "AccessDenied"
    sooner = datetime.now(UTC) + timedelta(hours=1)
    with pytest.raises(StoreError):
        await store.retain(KEY, kept.version, sooner)
    for mode in ("GOVERNANCE", "COMPLIANCE"):
        assert shorten(service, s3_service.bucket, kept.version, Retention(mode, sooner)) == "AccessDenied"
    assert await store.digest(KEY, kept.version) == (SHA256, len(DATA))


def shorten(service: Minio, bucket: str, version: str | None, retention: Retention) -> str:
    """The code with which the store refuses to lock it for less, though asked to bypass its lock."""
    body = marshal(retention)
    headers = {"x-amz-bypass-governance-retention": "true", "Content-MD5": md5sum_hash(body)}
    query = {"retention": "", "versionId": version}
    return refused(lambda: service._execute("PUT", bucket, KEY, body=body, headers=headers, query_params=query))


async def test_the_service_does_not_change_its_bucket_or_another(store: Store, s3_service: S3Settings) -> None:
    service, bucket = client(s3_service), s3_service.bucket
    attempts: list[Callable[[], object]] = [
        lambda: service.make_bucket("another"),
        lambda: service.remove_bucket(bucket),
        lambda: service.set_bucket_versioning(bucket, VersioningConfig(SUSPENDED)),
        lambda: service.set_object_lock_config(bucket, ObjectLockConfig(None, None, None)),
        lambda: service.set_bucket_policy(bucket, '{"Version": "2012-10-17", "Statement": []}'),
        lambda: service.set_bucket_versioning("probe", VersioningConfig(ENABLED)),
        lambda: list(service.list_objects("probe")),
        lambda: service.get_object("probe", "probe"),
    ]
    for attempt in attempts:
        assert refused(attempt) in REFUSED


async def test_without_its_administrator_there_is_no_bucket(s3_service: S3Settings) -> None:
    store = Store(s3_service.model_copy(update={"bucket": "not-made"}))
    with pytest.raises(StoreError, match="AccessDenied"):
        await store.ensure_bucket()
    store.close()
