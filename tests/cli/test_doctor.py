"""`callcenter doctor`: the check of the store."""

from uuid import uuid4

import pytest
from minio import Minio

from callcenter.cli import bucket, doctor
from callcenter.recordings import lock_probe
from callcenter.recordings.store import Store
from callcenter.settings import AmiSettings, DatabaseSettings, HandoverSettings, S3Settings, Settings
from tests.site import SECRETS

pytestmark = pytest.mark.e2e


@pytest.fixture
def settings(s3: S3Settings) -> Settings:
    return Settings(
        database=DatabaseSettings(url="postgresql://127.0.0.1:1/none"),
        ami=AmiSettings(events_secret="x", actions_secret="x"),
        s3=s3.model_copy(update={"bucket": f"test-{uuid4().hex[:12]}"}),
        handover=HandoverSettings(secret="x" * 32),
        secrets=SECRETS,
    )


async def store_line(settings: Settings, capsys: pytest.CaptureFixture[str]) -> str:
    await doctor.examine(settings)
    [line] = [line for line in capsys.readouterr().out.splitlines() if "S3 store" in line]
    return line


async def test_a_bucket_that_locks_is_well(
    settings: Settings, s3_service: S3Settings, capsys: pytest.CaptureFixture[str]
):
    settings = settings.model_copy(update={"s3": s3_service})
    assert await bucket.make_bucket(settings) == 0
    capsys.readouterr()
    for _ in range(2):
        line = await store_line(settings, capsys)
        assert line.startswith("ok")
        assert line.endswith("GOVERNANCE object lock")
    store = Store(s3_service)
    assert len(await store.versions(lock_probe.KEY)) == 1
    store.close()


async def test_keys_that_remove_locked_recordings_are_warned_of(settings: Settings, capsys: pytest.CaptureFixture[str]):
    assert await bucket.make_bucket(settings) == 0
    capsys.readouterr()
    for _ in range(2):
        line = await store_line(settings, capsys)
        assert line.startswith("warn")
        assert "may remove locked recordings" in line
    compliant = settings.model_copy(update={"s3": settings.s3.model_copy(update={"lock_mode": "COMPLIANCE"})})
    assert (await store_line(compliant, capsys)).startswith("ok")


async def test_a_bucket_without_object_lock_fails_until_it_has_it(
    settings: Settings, capsys: pytest.CaptureFixture[str]
):
    secret = settings.s3.secret_key.get_secret_value()
    Minio(settings.s3.endpoint, settings.s3.access_key, secret, secure=False).make_bucket(settings.s3.bucket)
    line = await store_line(settings, capsys)
    assert line.startswith("FAIL")
    assert "without object lock" in line
    assert await bucket.lock_bucket(settings) == 0
    capsys.readouterr()
    assert "without object lock" not in await store_line(settings, capsys)
