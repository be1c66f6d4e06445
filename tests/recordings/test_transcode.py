"""What the copy and the waveform hold, heard again through ffmpeg."""

import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from callcenter.errors import AudioProblem
from callcenter.recordings.transcode import make_copy
from callcenter.recordings.wav import inspect
from tests.recordings.conftest import wav

RATE = 8000
LONG = 3600.0


def tone(seconds: float, hertz: float, level: float, rate: int = RATE) -> NDArray[np.float64]:
    return level * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)


def pcm(*channels: NDArray[np.float64]) -> bytes:
    return (np.stack(channels, axis=1) * 32767).astype("<i2").tobytes()


def file_of(
    audio: bytes, channels: int, rate: int = RATE, *, codec: int = 1, bits: int = 16, said: int | None = None
) -> bytes:
    block = channels * bits // 8
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, codec, channels, rate, rate * block, block, bits)
    said = len(audio) if said is None else said
    return struct.pack("<4sI4s", b"RIFF", 36 + said, b"WAVE") + form + struct.pack("<4sI", b"data", said) + audio


def heard(path: Path, channels: int) -> NDArray[np.float64]:
    """The copy's samples at 8000 Hz, of full scale 1: samples by channels."""
    command = ["ffmpeg", "-v", "error", "-i", path, "-f", "s16le", "-ar", "8000", "pipe:1"]
    data = subprocess.run(command, check=True, capture_output=True).stdout
    return np.frombuffer(data, "<i2").reshape(-1, channels).astype(np.float64) / 32768


def db(samples: NDArray[np.float64]) -> float:
    return float(10 * np.log10(np.mean(samples**2) + 1e-12))


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "original.wav", tmp_path / "copy.ogg"


def test_both_voices_stay_apart_and_become_as_loud(files: tuple[Path, Path]) -> None:
    original, copy = files
    silence = np.zeros(2 * RATE)
    # The operator is loud, the caller faint; they speak in turns.
    audio = pcm(np.concatenate([tone(2, 400, 0.5), silence]), np.concatenate([silence, tone(2, 700, 0.01)]))
    original.write_bytes(file_of(audio, 2))
    made = make_copy(original, copy, 32, LONG)
    sound = heard(copy, 2)
    assert len(sound) / RATE == pytest.approx(4.0, abs=0.05)
    first, second = sound[RATE // 2 : 3 * RATE // 2], sound[5 * RATE // 2 : 7 * RATE // 2]
    assert db(first[:, 0]) == pytest.approx(-20, abs=1.5)
    assert db(second[:, 1]) == pytest.approx(-20, abs=1.5)
    assert db(first[:, 1]) < -40
    assert db(second[:, 0]) < -40
    # The waveform shows what is there, not the copy.
    peaks = np.frombuffer(made.peaks, np.uint8).reshape(-1, 2)
    assert (made.per_s, made.channels, len(peaks)) == (8.0, 2, 32)
    assert set(peaks[:16, 0]) <= {126, 127}
    assert set(peaks[16:, 0]) == {0}
    assert set(peaks[:16, 1]) == {0}
    assert set(peaks[16:, 1]) == {2}
    assert original.read_bytes() == file_of(audio, 2)
    assert subprocess.check_output(
        ["ffprobe", "-v", "error", "-show_entries", "stream=codec_name:format=format_name", "-of", "csv=p=0", copy],
        text=True,
    ).split() == ["opus", "ogg"]


def speaking(seconds: float, pitch: float) -> NDArray[np.float64]:
    """A voice that never pauses, on a line that is not quite silent."""
    vowel = sum(tone(seconds, pitch * harmonic, 0.1 / harmonic) for harmonic in range(1, 12))
    sound: NDArray[np.float64] = vowel + np.random.default_rng(1).normal(0, 0.01, len(vowel))
    return sound


@pytest.mark.parametrize("voices", [1, 2])
@pytest.mark.parametrize("kbps", [12, 13, 16, 24, 32, 48, 64, 96, 128, 192, 256])
def test_a_copy_has_the_bitrate_that_is_set(files: tuple[Path, Path], kbps: int, voices: int) -> None:
    original, copy = files
    original.write_bytes(file_of(pcm(*[speaking(10, 120), speaking(10, 210)][:voices]), voices))
    make_copy(original, copy, kbps, LONG)
    command = ["ffprobe", "-v", "error", "-show_entries", "format=bit_rate", "-of", "csv=p=0", copy]
    # At the lowest rates Opus needs less than it may; a kilobit is Ogg's.
    set_for_it = kbps * 1000 * voices / 2
    assert 0.7 * set_for_it < int(subprocess.check_output(command)) < 1.03 * set_for_it + 1000


def test_silence_takes_less_than_is_set(files: tuple[Path, Path]) -> None:
    original, copy = files
    original.write_bytes(file_of(bytes(40 * RATE), 2))
    make_copy(original, copy, 32, LONG)
    assert copy.stat().st_size * 8 / 10 < 16_000


@pytest.mark.parametrize("said", [0, 100, 0xFFFF0000])
def test_a_wrong_header_hides_nothing(files: tuple[Path, Path], said: int) -> None:
    original, copy = files
    original.write_bytes(file_of(pcm(tone(3, 400, 0.3), tone(3, 500, 0.3)), 2, said=said))
    made = make_copy(original, copy, 32, LONG)
    assert len(heard(copy, 2)) / RATE == pytest.approx(3.0, abs=0.05)
    assert len(made.peaks) == 48


@pytest.mark.parametrize(
    ("data", "channels", "seconds"),
    [
        (file_of(pcm(tone(2, 400, 0.3, 44100)), 1, 44100), 1, 2),
        (file_of(pcm(tone(2, 400, 0.3, 11025), tone(2, 500, 0.3, 11025)), 2, 11025), 2, 2),
        (file_of((tone(2, 400, 0.3) * 100 + 128).astype(np.uint8).tobytes(), 1, bits=8), 1, 2),
        (file_of(bytes([0xD5, 0x2A] * RATE), 1, codec=6, bits=8), 1, 2),
        (file_of(pcm(*[tone(2, 400, 0.3)] * 4), 4), 2, 2),
    ],
    ids=["44100 Hz", "11025 Hz", "8 bit", "A-law", "four channels"],
)
def test_other_kinds_of_wav(files: tuple[Path, Path], data: bytes, channels: int, seconds: float) -> None:
    original, copy = files
    original.write_bytes(data)
    made = make_copy(original, copy, 32, LONG)
    assert made.channels == channels
    assert len(made.peaks) / channels / made.per_s == pytest.approx(seconds, abs=0.13)
    assert len(heard(copy, channels)) / RATE == pytest.approx(seconds, abs=0.05)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (wav(0), "empty"),
        (b"", "empty"),
        (b"#!/bin/sh\necho hello\n" * 20, "not a WAV"),
        (wav(2.0)[:45], "empty"),
        (file_of(bytes(4000), 1, codec=0x7777, bits=8), "ffmpeg cannot read it"),
    ],
    ids=["44 bytes", "no bytes", "a text file", "one byte of audio", "an unknown codec"],
)
def test_what_can_have_no_copy_says_why(files: tuple[Path, Path], data: bytes, problem: str) -> None:
    original, copy = files
    original.write_bytes(data)
    with pytest.raises(AudioProblem, match=problem):
        make_copy(original, copy, 32, LONG)


def test_three_gigabytes_are_refused_without_being_read(files: tuple[Path, Path]) -> None:
    original, copy = files
    with original.open("wb") as file:
        file.write(file_of(b"", 2, said=3 * 1024**3))
        file.truncate(44 + 3 * 1024**3)
    with pytest.raises(AudioProblem, match="longer than 12 h"):
        make_copy(original, copy, 32, 12 * 3600)


@pytest.mark.e2e
def test_two_hours_need_no_more_memory_than_two_minutes(files: tuple[Path, Path]) -> None:
    original, copy = files
    minute = pcm(tone(60, 400, 0.3), tone(60, 500, 0.01))
    with original.open("wb") as file:
        file.write(file_of(b"", 2, said=120 * len(minute)))
        for _ in range(120):
            file.write(minute)
    assert inspect(original).duration_s == 7200
    script = (
        "import re, resource, sys; from pathlib import Path; from callcenter.recordings.transcode import make_copy\n"
        "made = make_copy(Path(sys.argv[1]), Path(sys.argv[2]), 32, 9000)\n"
        # What getrusage says of a process itself counts what it was forked from.
        "own = re.search(r'VmHWM:\\s+(\\d+) kB', Path('/proc/self/status').read_text())[1]\n"
        "print(len(made.peaks), own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    said = subprocess.check_output([sys.executable, "-c", script, original, copy], text=True)
    peaks, own_kib, ffmpeg_kib = map(int, said.split())
    assert peaks == 7200 * 8 * 2
    # The file is 230 MB.
    assert own_kib < 150 * 1024
    assert ffmpeg_kib < 150 * 1024
