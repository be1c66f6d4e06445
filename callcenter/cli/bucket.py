"""The bucket of the recordings: made, locked, and examined."""

import asyncio

from callcenter.cli.checks import CheckFailed, CheckWarning
from callcenter.recordings.lock_probe import may_bypass
from callcenter.recordings.store import Store
from callcenter.recordings.store_probe import try_store
from callcenter.settings import Settings


async def make_bucket(settings: Settings) -> int:
    """Make the bucket, with object lock if the settings say so, unless it is there; return 0."""
    store = Store(settings.s3.of_admin())
    try:
        await store.ensure_bucket()
    finally:
        store.close()
    print(f"bucket {settings.s3.bucket} is there")
    return 0


async def lock_bucket(settings: Settings) -> int:
    """Turn object lock on for the bucket; return 0."""
    store = Store(settings.s3.of_admin())
    try:
        await store.turn_locks_on()
    finally:
        store.close()
    print(f"bucket {settings.s3.bucket} can lock its objects")
    return 0


async def examine_store(settings: Settings) -> str:
    """Whether the store works and keeps recordings even from this program. Raises `CheckFailed`, `CheckWarning` and `StoreError`."""
    s3 = settings.s3
    store = Store(s3)
    try:
        await store.check()
        locks = s3.lock_mode != "none" and await store.locks()
        await try_store(store, locks=locks)
    finally:
        store.close()
    where = f"bucket {s3.bucket} at {s3.endpoint}"
    if s3.lock_mode == "none":
        return f"{where}; CALLCENTER_S3__LOCK_MODE=none: anybody who has its keys can remove recordings"
    if not locks:
        raise CheckFailed(
            f"{where} was made without object lock, so anybody who has its keys can remove recordings. Turn on"
            " its versions and object lock (`callcenter lock-bucket`); existing objects are then locked too"
        )
    if s3.lock_mode == "GOVERNANCE" and await asyncio.to_thread(may_bypass, s3):
        raise CheckWarning(
            f"{where}: CALLCENTER_S3__ACCESS_KEY may remove locked recordings. Give this program an account with the rights"
            " in docs/keeping.md, which has no s3:BypassGovernanceRetention"
        )
    return f"{where}, {s3.lock_mode} object lock"
