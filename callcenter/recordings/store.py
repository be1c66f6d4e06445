"""The S3 store. The client blocks, so it works in threads of its own; a dead store pins those and nothing else."""

import asyncio
import hashlib
import os
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, TypeVar
from xml.etree import ElementTree

import urllib3
from minio import Minio
from minio.error import MinioException, S3Error
from urllib3.exceptions import HTTPError, MaxRetryError, ReadTimeoutError, SSLError

from callcenter.errors import ObjectMissing, StoreError
from callcenter.settings import S3

CHUNK = 256 * 1024
CHECK_WITHIN_S = 5.0
WRONG_KEYS = ("AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "AuthorizationHeaderMalformed")

T = TypeVar("T")


class Store:
    """One bucket. Every method raises `StoreError` with a text that says what to do."""

    def __init__(self, settings: S3, *, connect_s: float = 3.0, read_s: float = 30.0) -> None:
        self._settings = settings
        self._read_s = read_s
        workers = settings.uploads + 2
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="s3")
        self._http = urllib3.PoolManager(
            maxsize=workers,
            timeout=urllib3.Timeout(connect=connect_s, read=read_s),
            retries=urllib3.Retry(total=2, backoff_factor=0.2, status_forcelist=(500, 502, 503, 504)),
        )
        self._client = Minio(
            settings.endpoint,
            access_key=settings.access_key,
            secret_key=settings.secret_key.get_secret_value(),
            secure=settings.secure,
            region=settings.region,
            http_client=self._http,
        )

    async def ensure_bucket(self) -> None:
        """Make the bucket unless it is there."""
        await self._run(self._ensure_bucket)

    async def put(self, key: str, path: Path, sha256: bytes, media_type: str = "audio/wav") -> None:
        """Store the file's bytes under `key`, with their digest and type beside them.

        Raises `OSError` when the file cannot be read.
        """
        await self._run(lambda: self._put(key, path, sha256, media_type))

    async def digest(self, key: str) -> tuple[bytes, int]:
        """Read the object back and return its SHA-256 and its size in bytes."""
        return await self._run(lambda: self._digest(key))

    async def open(self, key: str, offset: int = 0, length: int = 0) -> AsyncGenerator[bytes, None]:
        """Read `length` bytes from `offset` on, 0 meaning all that follow, in chunks.

        Close the iterator (`contextlib.aclosing`) when it is not read to the end.
        """
        response = await self._run(lambda: self._client.get_object(self._settings.bucket, key, offset, length))
        try:
            while chunk := await self._run(lambda: response.read(CHUNK)):
                yield chunk
        finally:
            response.close()
            response.release_conn()

    async def remove(self, key: str) -> None:
        """Remove the object, if there is one."""
        await self._run(lambda: self._client.remove_object(self._settings.bucket, key))

    async def check(self) -> None:
        """Return within a few seconds if the bucket can be used."""
        try:
            async with asyncio.timeout(CHECK_WITHIN_S):
                there = await self._run(lambda: self._client.bucket_exists(self._settings.bucket))
        except TimeoutError:
            raise StoreError(self._silent(CHECK_WITHIN_S)) from None
        if not there:
            raise StoreError(self._no_bucket())

    def close(self) -> None:
        """Let go of threads and connections. What is being sent ends by itself or by its time limit."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._http.clear()

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except (HTTPError, MinioException, ElementTree.ParseError) as error:
            missing = isinstance(error, S3Error) and error.code == "NoSuchKey"
            raise (ObjectMissing if missing else StoreError)(self._explain(error)) from error

    def _ensure_bucket(self) -> None:
        bucket = self._settings.bucket
        if self._client.bucket_exists(bucket):
            return
        try:
            self._client.make_bucket(bucket)
        except S3Error as error:
            # Another process was quicker.
            if error.code not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
                raise

    def _put(self, key: str, path: Path, sha256: bytes, media_type: str) -> None:
        metadata: dict[str, str | list[str] | tuple[str]] = {"sha256": sha256.hex()}
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as file:
            self._client.put_object(
                self._settings.bucket,
                key,
                file,
                os.fstat(file.fileno()).st_size,
                content_type=media_type,
                metadata=metadata,
                num_parallel_uploads=1,
            )

    def _digest(self, key: str) -> tuple[bytes, int]:
        response = self._client.get_object(self._settings.bucket, key)
        try:
            return digest(response)
        finally:
            response.close()
            response.release_conn()

    def _explain(self, error: Exception) -> str:
        endpoint, bucket = self._settings.endpoint, self._settings.bucket
        cause = error.reason if isinstance(error, MaxRetryError) and error.reason is not None else error
        match cause:
            case S3Error(code=code) if code in WRONG_KEYS:
                return (
                    f"the S3 store at {endpoint} refuses our keys ({code}): mend CALLCENTER_S3__ACCESS_KEY and "
                    f"CALLCENTER_S3__SECRET_KEY, and give that account the right to read and write bucket {bucket}"
                )
            case S3Error(code="NoSuchBucket"):
                return self._no_bucket()
            case S3Error(code="NoSuchKey"):
                return f"object {cause.object_name} is not in bucket {bucket} of the S3 store at {endpoint}"
            case S3Error():
                return f"the S3 store at {endpoint} answered {cause.code}: {cause.message}; look into its log"
            case ReadTimeoutError():
                return self._silent(self._read_s)
            case SSLError():
                return (
                    f"no https with the S3 store at {endpoint} ({cause}): set CALLCENTER_S3__SECURE=false if it "
                    "speaks plain http, else mend its certificate"
                )
            case MinioException() | ElementTree.ParseError():
                return f"what answers at {endpoint} is not an S3 store ({cause}): mend CALLCENTER_S3__ENDPOINT"
        return f"no S3 store can be reached at {endpoint}: start it, or mend CALLCENTER_S3__ENDPOINT ({cause})"

    def _no_bucket(self) -> str:
        return (
            f"bucket {self._settings.bucket} does not exist at {self._settings.endpoint}: make it, or start callcenter"
        )

    def _silent(self, seconds: float) -> str:
        return (
            f"the S3 store at {self._settings.endpoint} did not answer within {seconds:g} s: look into its load and log"
        )


def digest(file: "BinaryIO | urllib3.BaseHTTPResponse") -> tuple[bytes, int]:
    """The SHA-256 and the size in bytes of all that can be read from here on, a chunk at a time."""
    sha256, size = hashlib.sha256(), 0
    while chunk := file.read(CHUNK):
        sha256.update(chunk)
        size += len(chunk)
    return sha256.digest(), size
