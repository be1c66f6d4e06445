"""How fast recordings become copies: the whole path from Asterisk's raw file, and our processing against ffmpeg's."""

import os
import resource
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import asyncpg
import numpy as np
from pydantic import SecretStr

from callcenter.domain.ids import NodeName
from callcenter.recordings.archive import Archive
from callcenter.recordings.copies import CopyMaker
from callcenter.recordings.raw import RATE, make_wav
from callcenter.recordings.spool import Spool
from callcenter.recordings.store import Store
from callcenter.recordings.transcode import encoding, make_copy
from callcenter.settings import CopiesSettings, DatabaseSettings, S3Settings
from callcenter.storage import open_pool
from stack.errors import StackError

TALK_S = 180
ROUNDS = 3
RECORDINGS = 20
KBPS = 32
LONGEST_S = 7200.0


def talk(seconds: int) -> bytes:
    """Raw sound as Asterisk writes it: two generated voices in turns, vowels in noise, four seconds each."""
    at = np.arange(seconds * RATE) / RATE
    noise = np.random.default_rng(1).normal(size=(2, len(at)))
    voices = []
    for number, pitch in enumerate((120.0, 210.0)):
        vowel = sum(np.sin(2 * np.pi * pitch * harmonic * at) / harmonic for harmonic in range(1, 12))
        speaking = (at // 4 % 2 == number) * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * at))
        voices.append(0.15 * vowel * speaking + 0.01 * noise[number])
    sound: bytes = (np.clip(np.stack(voices, axis=1), -1, 1) * 32767).astype("<i2").tobytes()
    return sound


def against_ffmpeg() -> dict[str, dict[str, object]]:
    """Minutes of sound per second of processor: ours (peaks, loudness, gain, Opus) and plain ffmpeg's, in turns."""
    ours, theirs = [], []
    with tempfile.TemporaryDirectory(prefix="callcenter-bench-") as work:
        folder = Path(work)
        original, copy = folder / "original.wav", folder / "copy.ogg"
        (folder / "talk.raw").write_bytes(talk(TALK_S))
        make_wav(folder / "talk.raw", original)
        bare = ("ffmpeg", "-nostdin", "-v", "error", "-threads", "1", "-y", "-i", str(original))
        for _ in range(ROUNDS):
            began = processor_s()
            subprocess.run([*bare, *encoding(KBPS, 2), str(copy)], check=True)
            theirs.append(TALK_S / 60 / (processor_s() - began))
            began = processor_s()
            make_copy(original, copy, KBPS, LONGEST_S)
            ours.append(TALK_S / 60 / (processor_s() - began))
    ratio = [mine / bare_one for mine, bare_one in zip(ours, theirs, strict=True)]
    return {
        "audio_minutes_per_cpu_s": {"value": round(statistics.median(ours), 2), "unit": "minutes/s"},
        "audio_vs_ffmpeg_ratio": {"value": round(statistics.median(ratio), 3), "unit": "ratio"},
    }


async def whole_way(stack: dict[str, Any]) -> dict[str, dict[str, object]]:
    """Recordings of three minutes a minute: raw file, WAV, hash, store, read back, attached, fetched, copied, stored."""
    s3 = stack["s3"]
    settings = S3Settings(
        endpoint=s3["endpoint"],
        access_key=s3["access_key"],
        secret_key=SecretStr(s3["secret_key"]),
        bucket=s3["bucket"],
        region=s3["region"],
        secure=s3["secure"],
        lock_mode="none",
    )
    node = NodeName(f"bench{os.getpid()}")
    pool = await open_pool(DatabaseSettings(url=SecretStr(stack["postgres"]["dsn"])))
    store = Store(settings)
    try:
        with tempfile.TemporaryDirectory(prefix="callcenter-bench-") as work:
            took = await _way(pool, store, node, Path(work))
    finally:
        await _forget(pool, store, node)
        store.close()
        pool.terminate()
    return {"recordings_per_minute": {"value": round(60 * RECORDINGS / took, 1), "unit": "recordings/min"}}


async def _way(pool: asyncpg.Pool, store: Store, node: NodeName, root: Path) -> float:
    sound = talk(TALK_S)
    for name in ("rec", "ready"):
        (root / name).mkdir()
    for number in range(RECORDINGS):
        call = f"{node}-1.{number}"
        # All different, or the store might deduplicate them.
        (root / "rec" / f"{call}_{call}_{number}.raw").write_bytes(sound[4 * number :] + sound[: 4 * number])
    await store.ensure_bucket()
    spool = Spool(root)
    archive = Archive(pool, store, spool, node, 1, patience_s=-1)
    maker = CopyMaker(pool, store, node, CopiesSettings(at_once=os.cpu_count() or 1))
    began = time.perf_counter()
    spool.collect()
    for file in spool.ready():
        await archive.archive(file)
    while await maker.make():
        pass
    took = time.perf_counter() - began
    maker.close()
    made = await pool.fetchval(
        "select count(*) from recordings r join recording_copies c on c.recording_id = r.id "
        "where r.node = $1 and c.problem is null",
        node,
    )
    if made != RECORDINGS:
        raise StackError(f"{made} of {RECORDINGS} recordings got a copy")
    return took


async def _forget(pool: asyncpg.Pool, store: Store, node: NodeName) -> None:
    rows = await pool.fetch(
        "select r.id, r.object_key, c.object_key as copy from recordings r "
        "left join recording_copies c on c.recording_id = r.id where r.node = $1",
        node,
    )
    for row in rows:
        for key in (row["object_key"], row["copy"]):
            if key:
                await store.remove(key)
    ids = [row["id"] for row in rows]
    for table in ("recording_copies", "waveforms"):
        await pool.execute(f"delete from {table} where recording_id = any($1)", ids)
    await pool.execute("delete from recordings where node = $1", node)
    await pool.execute("delete from nodes where name = $1", node)


def processor_s() -> float:
    """Seconds of processor used by this process and by those that it waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)
