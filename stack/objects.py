"""Reads originals from the store as a stranger to the program would, but for what a FLAC is made into."""

import asyncio
from contextlib import aclosing
from tempfile import TemporaryFile

import urllib3
from minio import Minio
from minio.error import S3Error

from callcenter.errors import AudioProblem
from callcenter.recordings.flac import MARK, unpacked


def read_original(client: Minio, bucket: str, key: str, version: str | None = None) -> bytes | None:
    """The WAV; None when the object is not there, or damaged. Blocks, and has a loop of its own."""
    try:
        answer = client.get_object(bucket_name=bucket, object_name=key, version_id=version)
    except (S3Error, urllib3.exceptions.HTTPError):
        return None
    try:
        data = bytes(answer.read())
    finally:
        answer.close()
        answer.release_conn()
    return asyncio.run(_unpacked(data)) if data.startswith(MARK) else data


async def _unpacked(data: bytes) -> bytes | None:
    with TemporaryFile() as file:
        file.write(data)
        file.flush()
        try:
            async with aclosing(unpacked(file)) as pieces:
                return b"".join([piece async for piece in pieces])
        except AudioProblem:
            return None
