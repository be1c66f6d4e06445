"""`callcenter doctor`: the folders that Asterisk and the service share, how much is free, and when they were last written."""

import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

from callcenter.cli.checks import CheckFailed, connected
from callcenter.recordings.disk import LEAST_FREE_FOR_LOGS
from callcenter.recordings.spool import being_written
from callcenter.settings import Settings
from callcenter.storage import queries, require_schema

FREE_BYTES = 2 * 1024**3
UNWRITTEN_S = 60.0
"""Seconds by which a call may be newer than the ledger's last line."""


async def ledger(settings: Settings) -> str:
    """Whether it can be read, has room, and is written when there are calls."""
    path = settings.asterisk.queue_log
    if not path.exists():
        raise CheckFailed(
            f"{path} does not exist; Asterisk creates it at its first start; is CALLCENTER_ASTERISK__QUEUE_LOG right?"
        )
    try:
        with path.open("rb"):
            pass
    except OSError as problem:
        raise CheckFailed(f"{problem}; this program must be allowed to read it") from None
    usage = shutil.disk_usage(path.parent)
    if usage.free < LEAST_FREE_FOR_LOGS:
        raise CheckFailed(
            f"only {usage.free // 2**20} MB free below {path.parent}, where Asterisk writes the ledger: when it is full,"
            " lines are lost, and with them calls. Make room: old logs, core dumps; then see docs/watching.md"
        )
    written_at = path.stat().st_mtime
    async with connected(settings) as connection:
        await require_schema(connection)
        newest = await connection.fetchval(queries("calls")["newest_arrival"], settings.node)
    if newest is not None and newest.timestamp() - written_at > UNWRITTEN_S:
        raise CheckFailed(
            f"{path} was last written at {_when(written_at)}, and a call came at {_when(newest.timestamp())}: Asterisk writes"
            " another file, or none. Is CALLCENTER_ASTERISK__QUEUE_LOG right? `asterisk -rx 'logger rotate'` opens it anew"
        )
    return f"{path} can be read, last written at {_when(written_at)}, {usage.free // 2**20} MB free"


async def spool(settings: Settings) -> str:
    """Whether recordings can be removed there, have room, and go to the store."""
    root = settings.asterisk.spool
    for folder in (root / "rec", root / "ready"):
        if not folder.is_dir():
            raise CheckFailed(
                f"{folder} does not exist; CALLCENTER_ASTERISK__SPOOL must name Asterisk's recording folder"
            )
        _try_writing(folder)
    free = shutil.disk_usage(root).free
    if free < FREE_BYTES:
        raise CheckFailed(f"only {free // 2**20} MB free below {root}; a thousand minutes of talk need about 1,000 MB")
    waiting = [path.stat().st_mtime for path in (root / "ready").glob("*.wav")]
    oldest = f", {len(waiting)} recordings wait since {_when(min(waiting))}" if waiting else ""
    written = max((path.stat().st_mtime for path in (root / "rec", root / "ready")), default=time.time())
    return f"{root} can be written, last written at {_when(written)}, {free // 2**30} GB free{oldest}"


def _try_writing(folder: Path) -> None:
    probe = folder / ".doctor"
    try:
        with probe.open("wb") as file:
            file.write(b"\0" * 4096)
        being_written(probe)
        probe.unlink()
    except OSError as problem:
        probe.unlink(missing_ok=True)
        raise CheckFailed(
            f"{problem}; this program must be allowed to write and remove recordings there, and the folder must be on a local"
            " disk that is not full"
        ) from None


def _when(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
