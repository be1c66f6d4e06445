"""The S3 store. The client blocks, so it has its own threads; a store that does not answer blocks only those."""

import asyncio
import hashlib
import os
import re
from base64 import b64encode
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import BinaryIO, TypeVar
from xml.etree import ElementTree

import urllib3
from minio import Minio
from minio.commonconfig import ENABLED
from minio.credentials.credentials import Credentials
from minio.datatypes import Object
from minio.error import MinioException, S3Error
from minio.objectlockconfig import ObjectLockConfig
from minio.retention import Retention
from minio.sse import SseS3
from minio.versioningconfig import VersioningConfig
from urllib3.exceptions import HTTPError

from callcenter.errors import ObjectLocked, ObjectMissing, StoreError
from callcenter.recordings.store_problems import explain, no_bucket, silent
from callcenter.settings import S3Settings

CHUNK = 256 * 1024
CHECK_WITHIN_S = 5.0
LISTED_AT_ONCE = 1000
MISSING = ("NoSuchKey", "NoSuchVersion")
# A bucket without object lock answers with the first, or, to a request that names a lock, with the second.
NO_LOCK = ("ObjectLockConfigurationNotFoundError", "InvalidRequest", "NotImplemented")
_KEY = re.compile(r"[a-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*", re.ASCII)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StoredObject:
    """How an object was stored: its version, if the bucket has versions, and until when it cannot be removed."""

    version: str | None = None
    locked_until: datetime | None = None


class Client(Minio):
    """With a Content-MD5 over plain http too, without which many stores refuse an object with a lock."""

    def _build_headers(
        self,
        host: str,
        headers: dict[str, str | list[str] | tuple[str]] | None = None,
        body: bytes | None = None,
        creds: Credentials | None = None,
    ) -> tuple[dict[str, str | list[str] | tuple[str]], datetime]:
        given = dict(headers or {})
        if body is not None and "Content-MD5" not in given:
            given["Content-MD5"] = b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
        return super()._build_headers(host, given, body, creds)


class Store:
    """One bucket. Every method raises `StoreError` with a text that says what to do.

    A key is made of letters, digits and `._-`, in folders; another raises `ValueError`. `version` None means the newest.
    In a bucket without object lock everything works except the locking.
    """

    def __init__(self, settings: S3Settings, *, connect_s: float = 3.0, read_s: float = 30.0) -> None:
        self._settings = settings
        self._read_s = read_s
        workers = settings.uploads + 2
        trusted = None if settings.ca_file is None else str(settings.ca_file)
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="s3")
        self._http = urllib3.PoolManager(
            maxsize=workers,
            ca_certs=trusted,
            timeout=urllib3.Timeout(connect=connect_s, read=read_s),
            retries=urllib3.Retry(total=2, backoff_factor=0.2, status_forcelist=(500, 502, 503, 504)),
        )
        self._client = self._connect(settings.endpoint, settings.secure, self._http)
        # A request to write whose answer was lost may have been carried out: sent again it would make a second version.
        self._writing = urllib3.PoolManager(
            maxsize=workers,
            ca_certs=trusted,
            timeout=urllib3.Timeout(connect=connect_s, read=read_s),
            retries=urllib3.Retry(total=2, connect=2, read=False, status=0, other=0, backoff_factor=0.2),
        )
        self._writer = self._connect(settings.endpoint, settings.secure, self._writing)
        public = settings.public_endpoint
        # Signs without a request, so it need not be reachable from here.
        self._signer = self._connect(public, settings.public_secure, self._http) if public else self._client
        self._locks: bool | None = None

    async def ensure_bucket(self) -> None:
        """Create the bucket, with object lock if the settings say so, unless it exists."""
        await self._run(self._ensure_bucket)

    async def locks(self) -> bool:
        """Whether the bucket can lock objects. One that was made without object lock cannot until that is turned on."""
        return await self._run(self._ask_for_locks)

    async def turn_locks_on(self) -> None:
        """Turn on versions and object lock of a bucket that was made without. It cannot be undone."""
        await self._run(self._turn_locks_on)

    async def put(
        self,
        key: str,
        path: Path,
        sha256: bytes,
        media_type: str = "audio/wav",
        *,
        retain_until: datetime | None = None,
    ) -> StoredObject:
        """Store the file's bytes under `key`, with their digest and type as metadata.

        `retain_until`: nobody may remove it before then, if the bucket can lock and the settings say so. Raises `OSError`
        when the file cannot be read.
        """
        return await self._run(lambda: self._put(_sane(key), path, sha256, media_type, retain_until))

    async def retain(self, key: str, version: str | None, until: datetime) -> bool:
        """Lock an existing object, or lock it for longer. False when the bucket or the settings have no object lock."""
        return await self._run(lambda: self._retain(_sane(key), version, until))

    async def legal_hold(self, key: str, version: str | None, on: bool) -> bool:
        """Place or release a legal hold, which has no end. False when the bucket or settings have no object lock."""
        return await self._run(lambda: self._legal_hold(_sane(key), version, on))

    def presign(self, key: str, version: str | None = None, *, lasts: timedelta) -> str:
        """A link at the public endpoint that opens this object for anybody, for so long (a week at most)."""
        return self._signer.presigned_get_object(
            bucket_name=self._settings.bucket, object_name=_sane(key), expires=lasts, version_id=version
        )

    async def digest(self, key: str, version: str | None = None) -> tuple[bytes, int]:
        """Read the object back and return its SHA-256 and its size in bytes."""
        return await self._run(lambda: self._digest(_sane(key), version))

    async def open(
        self, key: str, offset: int = 0, length: int = 0, version: str | None = None
    ) -> AsyncGenerator[bytes, None]:
        """Read `length` bytes from `offset` on, 0 meaning all that follow, in chunks.

        Close the iterator (`contextlib.aclosing`) when it is not read to the end.
        """
        bucket = self._settings.bucket
        response = await self._run(
            lambda: self._client.get_object(
                bucket_name=bucket, object_name=_sane(key), offset=offset, length=length, version_id=version
            )
        )
        try:
            while chunk := await self._run(lambda: response.read(CHUNK)):
                yield chunk
        finally:
            response.close()
            response.release_conn()

    async def versions(self, key: str) -> list[str | None]:
        """The versions of the object, the newest first; `[None]` for an object in a bucket without versions.

        A version that was being written when its writer was killed may be there without being the newest of its key.
        """
        return await self._run(lambda: self._versions(_sane(key)))

    async def listed(self, prefix: str) -> AsyncGenerator[tuple[str, str | None], None]:
        """Key and version of every object whose key has this prefix, by key, the newest version of each first."""
        bucket = self._settings.bucket
        objects = iter(
            await self._run(lambda: self._client.list_objects(bucket, prefix, recursive=True, include_version=True))
        )
        while some := await self._run(lambda: list(islice(objects, LISTED_AT_ONCE))):
            for each in some:
                if not each.is_delete_marker:
                    yield str(each.object_name), _version(each.version_id)

    async def remove(self, key: str, version: str | None = None) -> None:
        """Remove the object, or all its versions; if there is none, do nothing.

        Raises `ObjectLocked` while its retention or a legal hold lasts.
        """
        await self._run(lambda: self._remove(_sane(key), version))

    async def check(self) -> None:
        """Return within a few seconds if the bucket can be used."""
        try:
            async with asyncio.timeout(CHECK_WITHIN_S):
                there = await self._run(lambda: self._client.bucket_exists(self._settings.bucket))
        except TimeoutError:
            raise StoreError(silent(self._settings, CHECK_WITHIN_S)) from None
        if not there:
            raise StoreError(no_bucket(self._settings))

    def close(self) -> None:
        """Release threads and connections. An upload in progress ends by itself or by its time limit."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._http.clear()
        self._writing.clear()

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except (HTTPError, MinioException, ElementTree.ParseError) as error:
            missing = isinstance(error, S3Error) and error.code in MISSING
            problem = ObjectMissing if missing else StoreError
            raise problem(explain(self._settings, error, self._read_s)) from error

    def _connect(self, endpoint: str, secure: bool, http: urllib3.PoolManager) -> Minio:
        return Client(
            endpoint,
            access_key=self._settings.access_key,
            secret_key=self._settings.secret_key.get_secret_value(),
            secure=secure,
            region=self._settings.region,
            http_client=http,
        )

    def _ensure_bucket(self) -> None:
        bucket = self._settings.bucket
        if not self._client.bucket_exists(bucket):
            try:
                self._client.make_bucket(bucket, object_lock=self._settings.lock_mode != "none")
            except S3Error as error:
                # Another process was faster.
                if error.code not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
                    raise
        self._ask_for_locks()

    def _ask_for_locks(self) -> bool:
        try:
            self._client.get_object_lock_config(self._settings.bucket)
        except S3Error as error:
            if error.code not in NO_LOCK:
                raise
            self._locks = False
        else:
            self._locks = True
        return self._locks

    def _turn_locks_on(self) -> None:
        bucket = self._settings.bucket
        self._client.set_bucket_versioning(bucket, VersioningConfig(ENABLED))
        self._client.set_object_lock_config(bucket, ObjectLockConfig(None, None, None))
        self._locks = None

    def _may_lock(self) -> bool:
        if self._settings.lock_mode == "none":
            return False
        return self._ask_for_locks() if self._locks is None else self._locks

    def _put(self, key: str, path: Path, sha256: bytes, media_type: str, retain_until: datetime | None) -> StoredObject:
        metadata: dict[str, str | list[str] | tuple[str]] = {"sha256": sha256.hex()}
        # A time in the past cannot be requested.
        locks = retain_until is not None and retain_until > datetime.now(UTC) and self._may_lock()
        locked_until = retain_until if locks else None
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as file:
            written = self._writer.put_object(
                self._settings.bucket,
                key,
                file,
                os.fstat(file.fileno()).st_size,
                content_type=media_type,
                metadata=metadata,
                sse=SseS3() if self._settings.encryption == "AES256" else None,
                num_parallel_uploads=1,
                retention=None if locked_until is None else Retention(self._settings.lock_mode, locked_until),
            )
        return StoredObject(_version(written.version_id), locked_until)

    def _retain(self, key: str, version: str | None, until: datetime) -> bool:
        if not self._may_lock():
            return False
        retention = Retention(self._settings.lock_mode, until)
        self._client.set_object_retention(self._settings.bucket, key, retention, version)
        return True

    def _legal_hold(self, key: str, version: str | None, on: bool) -> bool:
        if not self._may_lock():
            return False
        change = self._client.enable_object_legal_hold if on else self._client.disable_object_legal_hold
        change(self._settings.bucket, key, version)
        return True

    def _digest(self, key: str, version: str | None) -> tuple[bytes, int]:
        response = self._client.get_object(self._settings.bucket, key, version_id=version)
        try:
            return digest(response)
        finally:
            response.close()
            response.release_conn()

    def _listed(self, key: str) -> list[Object]:
        """All versions of exactly this key, delete markers too, the newest first."""
        listed = self._client.list_objects(self._settings.bucket, prefix=key, include_version=True)
        return [each for each in listed if each.object_name == key]

    def _versions(self, key: str) -> list[str | None]:
        return [_version(each.version_id) for each in self._listed(key) if not each.is_delete_marker]

    def _remove(self, key: str, version: str | None) -> None:
        bucket = self._settings.bucket
        # Removed without a version, an object with versions would only be hidden.
        versions = [each.version_id for each in self._listed(key)] if version is None else [version]
        for each in versions:
            try:
                self._client.remove_object(bucket, key, each)
            except S3Error as error:
                if error.code == "AccessDenied" and self._is_locked(key, each):
                    raise ObjectLocked(f"object {key} is locked: its retention or a legal hold lasts") from error
                if error.code not in MISSING:
                    raise

    def _is_locked(self, key: str, version: str | None) -> bool:
        # Some stores answer the questions for a lock with the object itself; beside the object all tell of it.
        try:
            said = self._client.stat_object(self._settings.bucket, key, version_id=version).metadata or {}
        except S3Error:
            return False
        until = said.get("x-amz-object-lock-retain-until-date")
        held = said.get("x-amz-object-lock-legal-hold") == "ON"
        return held or (until is not None and datetime.fromisoformat(until) > datetime.now(UTC))


def _sane(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise ValueError(f"not a key of an object: {key!r}")
    return key


def _version(said: str | None) -> str | None:
    """A bucket without versions says `null`."""
    return None if said == "null" else said


def digest(file: "BinaryIO | urllib3.BaseHTTPResponse") -> tuple[bytes, int]:
    """The SHA-256 and the size in bytes of all that can be read from here on, a chunk at a time."""
    sha256, size = hashlib.sha256(), 0
    while chunk := file.read(CHUNK):
        sha256.update(chunk)
        size += len(chunk)
    return sha256.digest(), size
