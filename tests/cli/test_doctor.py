"""`callcenter doctor`: the check of the store."""

from uuid import uuid4

import pytest
from minio import Minio

from callcenter.cli import doctor
from callcenter.recordings.store import Store
from callcenter.settings import AmiSettings, DatabaseSettings, HandoverSettings, S3Settings, Settings

pytestmark = pytest.mark.e2e


@pytest.fixture
def settings(s3: S3Settings) -> Settings:
    return Settings(
        database=DatabaseSettings(url="postgresql://127.0.0.1:1/none"),
        ami=AmiSettings(events_secret="x", actions_secret="x"),
        s3=s3.model_copy(update={"bucket": f"test-{uuid4().hex[:12]}"}),
        handover=HandoverSettings(secret="x" * 32),
    )


async def store_line(settings: Settings, capsys: pytest.CaptureFixture[str]) -> str:
    await doctor.examine(settings)
    [line] = [line for line in capsys.readouterr().out.splitlines() if "S3 store" in line]
    return line


async def test_a_bucket_that_locks_is_well(settings: Settings, capsys: pytest.CaptureFixture[str]):
    store = Store(settings.s3)
    await store.ensure_bucket()
    store.close()
    line = await store_line(settings, capsys)
    assert line.startswith("ok")
    assert line.endswith("GOVERNANCE object lock")


async def test_a_bucket_without_object_lock_is_warned_of_until_it_has_it(
    settings: Settings, capsys: pytest.CaptureFixture[str]
):
    secret = settings.s3.secret_key.get_secret_value()
    Minio(settings.s3.endpoint, settings.s3.access_key, secret, secure=False).make_bucket(settings.s3.bucket)
    line = await store_line(settings, capsys)
    assert line.startswith("warn")
    assert "without object lock" in line
    assert await doctor.lock_bucket(settings) == 0
    capsys.readouterr()
    assert (await store_line(settings, capsys)).startswith("ok")
