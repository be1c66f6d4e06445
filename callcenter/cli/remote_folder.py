"""A folder in an S3 store, `s3://bucket/prefix`, at the endpoint and with the administrator's keys of the settings."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from minio.error import MinioException
from urllib3.exceptions import HTTPError

from callcenter.errors import BackupProblem, StoreError
from callcenter.recordings.store_problems import explain
from callcenter.settings import S3Settings

SCHEME = "s3://"
READ_S = 60.0

T = TypeVar("T")


class RemoteFolder:
    """Files by their path in the folder. Methods raise `StoreError`."""

    def __init__(self, url: str, settings: S3Settings) -> None:
        parts = urlsplit(url)
        if parts.scheme != "s3" or not parts.hostname:
            raise BackupProblem(f"{url} is no folder of a store: s3://bucket/prefix")
        self.bucket, self._prefix = parts.hostname, parts.path.strip("/")
        if self.bucket == settings.bucket:
            raise BackupProblem(
                f"a back-up in {self.bucket} would be lost with what it is a back-up of: name another bucket"
            )
        self._settings = settings.of_admin()
        self._client = Minio(
            settings.endpoint,
            access_key=self._settings.access_key,
            secret_key=self._settings.secret_key.get_secret_value(),
            secure=settings.secure,
            region=settings.region,
            http_client=urllib3.PoolManager(
                timeout=urllib3.Timeout(connect=3.0, read=READ_S),
                retries=urllib3.Retry(total=3, backoff_factor=0.5),
                ca_certs=None if settings.ca_file is None else str(settings.ca_file),
            ),
        )

    async def sizes(self) -> dict[str, int]:
        """What is there, with its size in bytes."""
        return await self._do(self._sizes)

    async def put(self, folder: Path, name: str) -> None:
        """Copy a file there."""
        await self._do(lambda: self._client.fput_object(self.bucket, self._key(name), str(folder / name)))

    async def get(self, folder: Path, name: str) -> None:
        """Copy a file from there."""
        (folder / name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        await self._do(lambda: self._client.fget_object(self.bucket, self._key(name), str(folder / name)))

    async def remove(self, name: str) -> None:
        """Remove a file there, if there is one."""
        await self._do(lambda: self._client.remove_object(self.bucket, self._key(name)))

    def _key(self, name: str) -> str:
        return f"{self._prefix}/{name}" if self._prefix else name

    def _sizes(self) -> dict[str, int]:
        start = self._key("")
        listed = self._client.list_objects(self.bucket, prefix=start, recursive=True)
        return {str(each.object_name).removeprefix(start): each.size or 0 for each in listed}

    async def _do(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.to_thread(work)
        except (HTTPError, MinioException) as problem:
            raise StoreError(
                explain(self._settings.model_copy(update={"bucket": self.bucket}), problem, READ_S)
            ) from problem
