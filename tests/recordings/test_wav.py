"""Lengths are taken from the bytes that are there, and nothing in a file raises."""

import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.recordings.wav import Wav, inspect
from tests.recordings.conftest import RATE, wav

GIGABYTES_3 = 3 * 1024**3
LIST = b"LIST" + struct.pack("<I", 26) + b"INFOISFT" + struct.pack("<I", 14) + b"Lavf61.7.100\x00\x00"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("wav") / "file.wav"


def look(path: Path, data: bytes) -> Wav:
    path.write_bytes(data)
    return inspect(path)


def test_a_sound_file(path: Path) -> None:
    assert look(path, wav(1.5)) == Wav(1.5, RATE, 1, None)


def test_a_trailer_is_not_audio(path: Path) -> None:
    assert look(path, wav(1.5, tail=LIST)) == Wav(1.5, RATE, 1, None)


def test_a_trailer_of_an_unknown_kind_is_not_audio(path: Path) -> None:
    assert look(path, wav(1.5, tail=b"XYZW" + struct.pack("<I", 3) + b"abc")) == Wav(1.5, RATE, 1, None)


@pytest.mark.parametrize("data", [wav(0), b""], ids=["header only", "no bytes"])
def test_empty(path: Path, data: bytes) -> None:
    found = look(path, data)
    assert (found.duration_s, found.defect) == (0.0, "empty")


@pytest.mark.parametrize("size", [0, 100, 0xFFFFFFFF], ids=["never written", "written too early", "too large"])
def test_a_header_that_a_crash_left_wrong(path: Path, size: int) -> None:
    found = look(path, wav(2.0, data_size=size, riff_size=size))
    assert found == Wav(2.0, RATE, 1, "header does not match the data", repaired=True)


def test_a_truncated_file_is_as_long_as_what_is_left(path: Path) -> None:
    found = look(path, wav(2.0)[: 44 + RATE])
    assert found == Wav(0.5, RATE, 1, "header does not match the data", repaired=True)


def test_a_right_length_with_a_wrong_total(path: Path) -> None:
    assert look(path, wav(1.0, riff_size=0)).defect == "header does not match the data"


@pytest.mark.parametrize(
    "data",
    [
        b"ID3\x04" + bytes(400),
        b"RIFF",
        b"RIFF\x24\x00\x00\x00AVI " + bytes(36),
        wav(1)[:22] + b"\x00\x00" + wav(1)[24:],
    ],
    ids=["mp3", "four bytes", "another RIFF", "no channels"],
)
def test_not_a_wav(path: Path, data: bytes) -> None:
    assert look(path, data) == Wav(0.0, 0, 0, "not a WAV")


def test_a_long_file_is_not_read(path: Path) -> None:
    header = wav(0, data_size=GIGABYTES_3, riff_size=GIGABYTES_3 + 36)
    with path.open("wb") as file:
        file.write(header)
        file.truncate(44 + GIGABYTES_3)
    try:
        assert inspect(path) == Wav(GIGABYTES_3 / (2 * RATE), RATE, 1, None)
    finally:
        path.unlink()


@settings(deadline=None)
@given(data=st.binary(max_size=200), prefix=st.sampled_from([b"", wav(0)[:12], wav(0)[:36], wav(0)[:40], wav(0.01)]))
def test_no_bytes_raise(path: Path, data: bytes, prefix: bytes) -> None:
    found = look(path, prefix + data)
    assert 0 <= found.duration_s <= len(prefix + data)
    assert found.defect is not None or found.duration_s > 0


@settings(deadline=None)
@given(cut=st.integers(0, 44 + 1600 + len(LIST)), tail=st.sampled_from([b"", LIST]))
def test_cut_anywhere_it_is_never_longer_than_it_was(path: Path, cut: int, tail: bytes) -> None:
    whole = wav(0.1, tail=tail)
    found = look(path, whole[:cut])
    assert found.duration_s <= 0.1
    assert (found.defect is None) == (cut >= len(whole))


@settings(deadline=None)
@given(kind=st.binary(min_size=4, max_size=4), body=st.binary(max_size=40))
def test_chunks_before_the_audio_are_passed_over(path: Path, kind: bytes, body: bytes) -> None:
    if kind in (b"fmt ", b"data"):
        return
    plain = wav(0.1)
    chunk = kind + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)
    total = struct.pack("<I", len(plain) + len(chunk) - 8)
    assert look(path, b"RIFF" + total + plain[8:36] + chunk + plain[36:]) == Wav(0.1, RATE, 1, None)
