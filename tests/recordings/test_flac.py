"""A WAV comes out of its FLAC byte by byte, and what is damaged gives no WAV that could be taken for it."""

import struct
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from pathlib import Path

import numpy as np
import psutil
import pytest

from callcenter.errors import AudioProblem, ObjectAltered
from callcenter.recordings.flac import can_be_packed, unpacked
from callcenter.recordings.originals import open_original
from callcenter.recordings.raw import Gap, make_wav
from callcenter.recordings.wav import inspect
from tests.recordings.conftest import wav
from tests.recordings.packed import packed
from tests.recordings.test_transcode import file_of, pcm, tone

SPEECH = pcm(tone(3, 300, 0.4), tone(3, 500, 0.02))
LIST = struct.pack("<4sI", b"LIST", 5) + b"INFOx\0"


async def whole(pieces: AsyncGenerator[bytes, None]) -> bytes:
    async with aclosing(pieces):
        return b"".join([piece async for piece in pieces])


async def unpacked_from(path: Path) -> bytes:
    with path.open("rb") as file:
        return await whole(unpacked(file))


@pytest.fixture
def original(tmp_path: Path) -> Path:
    """What the node makes of Asterisk's raw file: with silence inserted, and a last frame that was not written whole."""
    raw, made = tmp_path / "talk.raw", tmp_path / "talk.wav"
    raw.write_bytes(SPEECH + b"abc")
    make_wav(raw, made, [Gap(8000, 4000)])
    return made


async def test_what_the_node_makes_comes_back_byte_by_byte_and_is_smaller(original: Path) -> None:
    assert original.read_bytes()[-28:-24] == b"rest"
    flac = await packed(original)
    assert await unpacked_from(flac) == original.read_bytes()
    assert flac.stat().st_size < original.stat().st_size / 2
    assert [each.name for each in original.parent.iterdir() if each.suffix == ".plain"] == []


@pytest.mark.parametrize(
    "data",
    [
        wav(2.0),
        file_of(pcm(tone(1, 400, 0.3)), 1, 44100),
        file_of(bytes(4), 2),
        file_of(np.random.default_rng(1).integers(-32768, 32767, 16000, dtype="<i2").tobytes(), 2),
    ],
    ids=["one channel", "44100 Hz", "one frame", "noise"],
)
async def test_other_sound_wavs_come_back_too(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "other.wav"
    path.write_bytes(data)
    assert can_be_packed(inspect(path))
    assert await unpacked_from(await packed(path)) == data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"#!/bin/sh\n" * 20,
        wav(0),
        wav(2.0, data_size=0),
        wav(2.0)[:8000],
        file_of(SPEECH, 2) + LIST,
        file_of(bytes([0xD5, 0x2A] * 8000), 1, codec=6, bits=8),
        file_of(bytes(8000), 1, bits=8),
        file_of(pcm(*[tone(1, 400, 0.3)] * 4), 4),
    ],
    ids=[
        "no bytes",
        "not a WAV",
        "no audio",
        "crashed",
        "truncated",
        "a chunk not counted",
        "A-law",
        "8 bit",
        "four channels",
    ],
)
def test_what_is_not_sound_or_has_other_samples_is_not_packed(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "odd.wav"
    path.write_bytes(data)
    assert not can_be_packed(inspect(path))


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:3],
        lambda data: data[:30],
        lambda data: data.replace(b"riffdata", b"riffdata"[::-1]),
        lambda data: data[: len(data) // 2],
        lambda data: data[: len(data) // 2] + bytes(200) + data[len(data) // 2 + 200 :],
        lambda data: data[:-1] + bytes([data[-1] ^ 1]),
    ],
    ids=["nothing", "no mark", "no header", "no header of a WAV", "half of it", "a hole", "one bit"],
)
async def test_a_damaged_one_never_gives_the_same_wav(original: Path, damage: Callable[[bytes], bytes]) -> None:
    flac = await packed(original)
    flac.write_bytes(damage(flac.read_bytes()))
    try:
        found = await unpacked_from(flac)
    except AudioProblem:
        return
    assert found != original.read_bytes()


class OneObject:
    def __init__(self, data: bytes) -> None:
        self._data = data

    async def open(self, key: str, offset: int, length: int, version: str | None = None) -> AsyncGenerator[bytes, None]:
        end = offset + length if length else len(self._data)
        for start in range(offset, end, 1000):
            yield self._data[start : min(end, start + 1000)]


@pytest.mark.parametrize(
    ("offset", "length"),
    [(0, 0), (0, 1), (0, 44), (10, 100), (44, 8), (20_000, 30_000), (100_000, 0), (111_990, 43), (112_030, 3)],
)
async def test_any_part_of_the_wav_is_had_from_the_flac(original: Path, offset: int, length: int) -> None:
    data = original.read_bytes()
    assert len(data) == 112_072
    expected = data[offset : offset + length if length else None]
    store = OneObject((await packed(original)).read_bytes())
    assert await whole(open_original(store, "recordings/1.flac", offset, length)) == expected
    # A WAV may be under the key of a FLAC, and is under its own.
    for key in ("recordings/1.flac", "recordings/1.wav"):
        assert await whole(open_original(OneObject(data), key, offset, length)) == expected


async def test_a_part_that_is_not_there_is_an_altered_object_and_no_short_answer(original: Path) -> None:
    flac = (await packed(original)).read_bytes()
    with pytest.raises(ObjectAltered):
        await whole(open_original(OneObject(flac[: len(flac) // 2]), "recordings/1.flac", 0, 112_072))
    with pytest.raises(ObjectAltered):
        await whole(open_original(OneObject(flac), "recordings/1.flac", 100, 200_000))


async def test_ffmpeg_ends_when_nobody_reads_on(original: Path) -> None:
    original.write_bytes(file_of(120 * SPEECH, 2))
    flac = await packed(original)
    with flac.open("rb") as file:
        pieces = unpacked(file)
        assert (await anext(pieces)).startswith(b"RIFF")
        assert await anext(pieces)
        assert [child.name() for child in psutil.Process().children() if child.name() == "ffmpeg"]
        await pieces.aclose()
    assert [child for child in psutil.Process().children() if child.name() == "ffmpeg"] == []
