"""Originals kept as FLAC, on a real PostgreSQL and both stores: the WAV leaves the disk only when it can be had back."""

import asyncio
import hashlib
import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from callcenter.errors import AudioProblem, StoreError
from callcenter.recordings import flac, packing
from callcenter.recordings.hashes import HashProblem, HashSweep, findings
from callcenter.recordings.incoming import Incoming
from callcenter.recordings.packing import Packer
from callcenter.recordings.spool import Spool
from callcenter.recordings.wav import Wav
from callcenter.settings import DatabaseSettings
from stack.parts import ROOT
from tests.conftest import by_owner
from tests.recordings.conftest import NODE, Bench, wav
from tests.recordings.test_copies import archived, copies, maker
from tests.recordings.test_raw import AUDIO

pytestmark = pytest.mark.e2e

NIGHT = datetime(2031, 5, 1, 23, tzinfo=UTC)
KEPT_AS_WAV = "recording is kept as WAV"
# The real store locks what is stored: nobody can alter it.
tampered = pytest.mark.parametrize("store", ["memory"], indirect=True)


@pytest.fixture
def bench(bench: Bench) -> Bench:
    bench.flac = True
    return bench


async def chained(bench: Bench, recording: int) -> dict[str, Any]:
    """What the custody chain says of it last."""
    entry = await bench.ledger.pool.fetchval("select (last_entry(r)).entry from recordings r where id = $1", recording)
    body: dict[str, Any] = json.loads(entry)["body"]
    return body


async def as_chained(bench: Bench) -> bool:
    return bool(await bench.ledger.pool.fetchval("select as_chained(r) from recordings r"))


async def test_the_chain_has_the_wav_and_the_store_its_flac(bench: Bench) -> None:
    _, name = await bench.ledger.call()
    (bench.root / "rec" / f"{name}.raw").write_bytes(AUDIO)
    Spool(bench.root).collect()
    data = (bench.root / "ready" / f"{name}.wav").read_bytes()
    assert await bench.pass_once() == [True]
    row = await bench.ledger.only()
    stored = await bench.content(row["object_key"], row["version_id"])
    assert row["object_key"].endswith(f"/{row['id']}.flac")
    assert (row["sha256"], row["size"]) == (hashlib.sha256(data).digest(), len(data))
    assert (row["stored_sha256"], row["stored_size"]) == (hashlib.sha256(stored).digest(), len(stored))
    said = await chained(bench, row["id"])
    assert (said["sha256"], said["stored_sha256"]) == (row["sha256"].hex(), row["stored_sha256"].hex())
    assert (said["key"], said["size"], said["stored_size"]) == (row["object_key"], len(data), len(stored))
    assert await bench.original(row) == data
    assert await as_chained(bench)
    assert bench.on_disk() == []
    assert list((bench.root / "packing").iterdir()) == []


def _as_an_expert_does(folder: Path) -> str:
    """The commands of `docs/evidence.md`."""
    text = (ROOT / "docs" / "evidence.md").read_text()
    commands = text.partition("<!-- flac -->\n```\n")[2].partition("```")[0]
    return subprocess.check_output(["bash", "-ec", commands], cwd=folder, text=True).split()[0]


async def test_the_reference_program_alone_gives_the_wav_that_the_chain_names(bench: Bench, tmp_path: Path) -> None:
    recording = await archived(bench, wav(3.0))
    row = await bench.ledger.only()
    (tmp_path / "31.flac").write_bytes(await bench.content(row["object_key"], row["version_id"]))
    said = await asyncio.to_thread(_as_an_expert_does, tmp_path)
    assert said == (await chained(bench, recording))["sha256"]


async def _too_little_room(original: Path, content: Wav, target: Path) -> None:
    target.write_bytes(b"fLaC")
    raise OSError(28, "No space left on device")


async def _no_ffmpeg(original: Path, content: Wav, target: Path) -> None:
    raise AudioProblem("ffmpeg failed with status 127")


async def _of_other_sound(original: Path, content: Wav, target: Path) -> None:
    other = target.with_suffix(".other")
    other.write_bytes(original.read_bytes()[:-2] + b"xx")
    await flac.pack(other, content, target)


@pytest.mark.parametrize("pack", [_too_little_room, _no_ffmpeg, _of_other_sound])
async def test_a_recording_that_cannot_be_packed_goes_into_the_store_as_it_is(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, pack: Any
) -> None:
    monkeypatch.setattr(packing, "pack", pack)
    with capture_logs() as logs:
        await archived(bench, wav(2.0))
    assert [entry["event"] for entry in logs].count(KEPT_AS_WAV) == 1
    row = await bench.ledger.only()
    assert (row["state"], row["stored_sha256"]) == ("attached", None)
    assert row["object_key"].endswith(".wav")
    assert await bench.content(row["object_key"]) == wav(2.0)
    assert list((bench.root / "packing").iterdir()) == []


async def test_where_there_is_no_room_for_a_folder_it_goes_into_the_store_as_it_is(bench: Bench) -> None:
    (bench.root / "packing").write_text("in the way")
    await archived(bench, wav(2.0))
    row = await bench.ledger.only()
    assert (row["state"], await bench.content(row["object_key"])) == ("attached", wav(2.0))


async def test_a_wav_with_a_defect_goes_into_the_store_as_it_is(bench: Bench) -> None:
    data = wav(2.0, data_size=0)
    with capture_logs() as logs:
        await archived(bench, data)
    assert KEPT_AS_WAV not in [entry["event"] for entry in logs]
    row = await bench.ledger.only()
    assert (row["state"], await bench.content(row["object_key"])) == ("attached", data)


async def test_the_wav_stays_until_the_store_gives_back_a_flac_of_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _, name = await bench.ledger.call()
    bench.put(name, wav(2.0))
    put = bench.store.put

    async def halved(key: str, path: Path, *arguments: Any, **options: Any) -> object:
        half = tmp_path / "half"
        half.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        return await put(key, half, *arguments, **options)

    monkeypatch.setattr(bench.store, "put", halved)
    with pytest.raises(StoreError, match="is not what was stored"):
        await bench.pass_once()
    assert bench.on_disk() == [f"{name}.wav"]
    assert (await bench.ledger.only())["state"] == "stored"
    monkeypatch.setattr(bench.store, "put", put)
    assert await bench.pass_once() == [True]
    assert await bench.original(await bench.ledger.only()) == wav(2.0)


@pytest.mark.parametrize("first", [False, True], ids=["turned on", "turned off"])
async def test_the_setting_changed_on_the_way_to_the_store_loses_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, first: bool
) -> None:
    _, name = await bench.ledger.call()
    bench.put(name, wav(2.0))
    bench.flac = first

    async def away(*_arguments: object, **_options: object) -> None:
        raise StoreError("the store is away")

    with monkeypatch.context() as patch:
        patch.setattr(bench.store, "put", away)
        with pytest.raises(StoreError):
            await bench.pass_once()
    key = (await bench.ledger.only())["object_key"]
    bench.flac = not first
    assert await bench.pass_once() == [True]
    row = await bench.ledger.only()
    # The key is chained already; under either the WAV itself may be.
    assert (row["object_key"], row["object_key"].endswith(".flac"), row["stored_sha256"]) == (key, first, None)
    assert await bench.content(key) == wav(2.0) == await bench.original(row)
    assert await as_chained(bench)


async def test_a_copy_is_made_of_a_flac_and_none_of_a_damaged_one(bench: Bench, tmp_path: Path) -> None:
    good, damaged = await archived(bench, wav(2.0)), await archived(bench, wav(3.0))
    row = (await bench.ledger.recordings())[-1]
    half = tmp_path / "half"
    half.write_bytes((await bench.content(row["object_key"]))[:-2000])
    kept = await bench.store.put(row["object_key"], half, bytes(32))
    # As if it had been stored so.
    await bench.ledger.pool.execute("update recordings set version_id = $2 where id = $1", damaged, kept.version)
    await bench.ledger.pool.execute(
        by_owner("select chain_recording(r, 'recording attached') from recordings r where state = 'attached'")
    )
    making = maker(bench, tmp_path)
    assert await making.make() == 2
    assert await making.make() == 0
    making.close()
    assert await copies(bench) == {good: None, damaged: "the object in the store is not what was recorded"}


async def swept(bench: Bench) -> dict[int, HashProblem]:
    sweep = HashSweep(DatabaseSettings(url="postgresql://unused"), bench.store, 1)  # type: ignore[arg-type]
    async with bench.ledger.pool.acquire() as connection:
        await connection.execute("delete from recording_hashes")
        await sweep.look(connection, NIGHT)
        return {found.recording: found.problem for found in await findings(connection)}


async def test_each_night_the_object_is_compared_without_being_unpacked(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await archived(bench, wav(2.0))
    monkeypatch.delattr("callcenter.recordings.originals.unpacked")
    assert await swept(bench) == {}


async def test_what_an_earlier_version_chained_of_a_flac_is_compared_unpacked(bench: Bench) -> None:
    await archived(bench, wav(2.0))
    pool = bench.ledger.pool
    row = await bench.ledger.only()
    # Its functions know nothing of FLAC: an entry of theirs names no object.
    await pool.execute("update recordings set stored_sha256 = null, stored_size = null")
    await pool.execute(by_owner("select chain_recording(r, 'recording attached') from recordings r"))
    await pool.execute(
        "update recordings set stored_sha256 = $1, stored_size = $2", row["stored_sha256"], row["stored_size"]
    )
    assert "stored_sha256" not in await chained(bench, row["id"])
    assert await as_chained(bench)
    assert await swept(bench) == {}


@tampered
async def test_an_altered_flac_is_found(bench: Bench) -> None:
    _, altered, gone = [await archived(bench, wav(1.0 + number)) for number in range(3)]
    objects, keys = bench.store.objects, {row["id"]: row["object_key"] for row in await bench.ledger.recordings()}
    objects[keys[altered]] = objects[keys[altered]][:-1] + b"x"
    del objects[keys[gone]]
    assert await swept(bench) == {altered: HashProblem.ALTERED, gone: HashProblem.GONE}


async def test_a_row_that_names_another_flac_than_the_chain_is_not_given_out(bench: Bench) -> None:
    await archived(bench, wav(2.0))
    assert await as_chained(bench)
    await bench.ledger.pool.execute("update recordings set stored_sha256 = sha256('')")
    assert not await as_chained(bench)


async def test_imported_recordings_are_packed_too(bench: Bench, tmp_path: Path) -> None:
    _, name = await bench.ledger.call()
    folder = tmp_path / "old"
    folder.mkdir()
    (folder / f"{name}.wav").write_bytes(wav(2.0))
    await Incoming(bench.ledger.pool, bench.store, NODE, flac=True).bring(folder)
    row = await bench.ledger.only()
    assert (await bench.content(row["object_key"])).startswith(b"fLaC")
    assert await bench.original(row) == wav(2.0)


async def test_what_a_killed_run_has_left_is_removed(tmp_path: Path) -> None:
    left = tmp_path / "packing" / "tmp1"
    left.mkdir(parents=True)
    (left / "half.flac").write_bytes(b"fLaC")
    Packer(tmp_path / "packing").tidy()
    assert not left.exists()
