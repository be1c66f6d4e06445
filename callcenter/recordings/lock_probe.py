"""Whether the service's keys get round object lock: tried on an object that nobody needs."""

from datetime import UTC, datetime, timedelta
from io import BytesIO

import urllib3
from minio import Minio
from minio.deleteobjects import DeleteObject
from minio.error import MinioException
from minio.retention import Retention
from urllib3.exceptions import HTTPError

from callcenter.errors import StoreError
from callcenter.recordings.store import Client
from callcenter.recordings.store_problems import explain
from callcenter.settings import S3Settings

KEY = "doctor/locked"
LOCKED_FOR = timedelta(days=1)
READ_S = 5.0


def may_bypass(settings: S3Settings) -> bool:
    """Whether these keys may remove an object during its retention. Blocks. Raises `StoreError`.

    The bucket must have object lock. One object at most is left there, for a day.
    """
    http = urllib3.PoolManager(
        timeout=urllib3.Timeout(connect=3.0, read=READ_S),
        retries=False,
        ca_certs=None if settings.ca_file is None else str(settings.ca_file),
    )
    client = Client(
        settings.endpoint,
        access_key=settings.access_key,
        secret_key=settings.secret_key.get_secret_value(),
        secure=settings.secure,
        region=settings.region,
        http_client=http,
    )
    try:
        return any(_remove(client, settings.bucket, each, bypass=True) for each in _locked(client, settings))
    except (HTTPError, MinioException) as error:
        raise StoreError(explain(settings, error, READ_S)) from error
    finally:
        http.clear()


def _locked(client: Minio, settings: S3Settings) -> list[str | None]:
    """The versions of the object that are locked; those that no longer are, are removed, and one is made if there is none."""
    bucket = settings.bucket
    listed = client.list_objects(bucket, prefix=KEY, include_version=True)
    locked = [each.version_id for each in listed if not _remove(client, bucket, each.version_id, bypass=False)]
    if locked:
        return locked
    until = datetime.now(UTC) + LOCKED_FOR
    written = client.put_object(bucket, KEY, BytesIO(), 0, retention=Retention(settings.lock_mode, until))
    return [written.version_id]


def _remove(client: Minio, bucket: str, version: str | None, *, bypass: bool) -> bool:
    refused = client.remove_objects(bucket, [DeleteObject(KEY, version)], bypass_governance_mode=bypass)
    return not list(refused)
