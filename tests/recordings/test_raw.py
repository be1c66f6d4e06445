"""A closed raw file becomes a WAV of the same bytes, whatever happens on the way."""

import errno
import os
import subprocess
import sys
import wave
from pathlib import Path
from subprocess import PIPE

import pytest
from structlog.testing import capture_logs

from callcenter.domain.recording import RecordingName
from callcenter.recordings import raw
from callcenter.recordings.spool import Spool
from callcenter.recordings.wav import Wav, inspect
from tests.recordings.conftest import new_name

AUDIO = bytes(i * 37 % 251 for i in range(2 * 32000))


def put(root: Path, data: bytes) -> str:
    _, name = new_name()
    (root / "rec" / f"{name}.raw").write_bytes(data)
    return name


def everything(root: Path) -> list[str]:
    return sorted(path.name for folder in ("rec", "ready") for path in (root / folder).iterdir())


def test_a_closed_file_becomes_a_wav_of_the_same_bytes(root: Path) -> None:
    name = put(root, AUDIO)
    assert Spool(root).collect() == [RecordingName.parse(name)]
    (file,) = Spool(root).ready()
    assert str(file.name) == name
    with wave.open(str(file.path)) as made:
        assert (made.getnchannels(), made.getsampwidth(), made.getframerate()) == (2, 2, 8000)
        assert made.readframes(made.getnframes()) == AUDIO
    assert file.path.stat().st_size == 44 + len(AUDIO)
    assert inspect(file.path) == Wav(2.0, 8000, 2, None)
    assert everything(root) == [f"{name}.wav"]


@pytest.mark.parametrize("more", [1, 2, 3])
def test_a_last_frame_that_is_not_whole_is_kept_behind_the_audio_and_marked(root: Path, more: int) -> None:
    name = put(root, AUDIO + b"abc"[:more])
    Spool(root).collect()
    path = root / "ready" / f"{name}.wav"
    with wave.open(str(path)) as made:
        assert made.readframes(made.getnframes()) == AUDIO
    assert inspect(path) == Wav(2.0, 8000, 2, None, repaired=True)
    assert b"abc"[:more] in path.read_bytes()[44 + len(AUDIO) :]


@pytest.mark.parametrize("data", [b"", b"abc"])
def test_a_talk_of_no_frame_is_an_empty_recording(root: Path, data: bytes) -> None:
    name = put(root, data)
    assert Spool(root).collect() == [RecordingName.parse(name)]
    assert inspect(root / "ready" / f"{name}.wav").defect == "empty"


def test_a_file_that_asterisk_writes_stays_until_it_is_closed(root: Path) -> None:
    name = put(root, AUDIO)
    path = root / "rec" / f"{name}.raw"
    writing = "import sys; file = open(sys.argv[1], 'ab'); print(flush=True); sys.stdin.read(); file.write(b'last')"
    with subprocess.Popen([sys.executable, "-c", writing, path], stdin=PIPE, stdout=PIPE) as asterisk:
        assert asterisk.stdout is not None
        assert asterisk.stdin is not None
        asterisk.stdout.readline()
        assert Spool(root).collect() == []
        assert Spool(root).names() == [name]
        asterisk.stdin.close()
    assert Spool(root).collect() == [RecordingName.parse(name)]
    assert (root / "ready" / f"{name}.wav").read_bytes()[44:] == AUDIO + b"last"


def test_killed_before_the_raw_file_went_nothing_is_doubled(root: Path) -> None:
    name = put(root, AUDIO)
    path, target = root / "rec" / f"{name}.raw", root / "ready" / f"{name}.wav"
    raw.make_wav(path, target)
    before = target.stat()
    assert Spool(root).collect() == [RecordingName.parse(name)]
    assert everything(root) == [f"{name}.wav"]
    assert target.stat().st_ino == before.st_ino


def test_killed_in_the_middle_it_is_started_again(root: Path) -> None:
    name = put(root, AUDIO)
    (root / "ready" / f"{name}.wav.part").write_bytes(b"RIFF half")
    Spool(root).collect()
    assert everything(root) == [f"{name}.wav"]
    assert (root / "ready" / f"{name}.wav").read_bytes()[44:] == AUDIO


@pytest.mark.parametrize("other", [AUDIO[:-4], AUDIO + bytes(4), AUDIO[:-4] + b"else"])
def test_another_recording_of_the_name_is_not_overwritten(root: Path, other: bytes) -> None:
    name = put(root, other)
    Spool(root).collect()
    before = (root / "ready" / f"{name}.wav").read_bytes()
    (root / "rec" / f"{name}.raw").write_bytes(AUDIO)
    assert Spool(root).collect() == []
    assert (root / "ready" / f"{name}.wav").read_bytes() == before
    assert (root / "rec" / f"{name}.raw").read_bytes() == AUDIO


def test_no_link_is_followed(root: Path) -> None:
    secret = root / "secret"
    secret.write_bytes(b"not for the store")
    (root / "rec" / f"{new_name()[1]}.raw").symlink_to(secret)
    name = put(root, AUDIO)
    (root / "ready" / f"{name}.wav.part").symlink_to(secret)
    assert Spool(root).collect() == [RecordingName.parse(name)]
    assert secret.read_bytes() == b"not for the store"


def test_on_a_full_disk_the_raw_file_stays_and_others_are_collected(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    big, small = put(root, AUDIO), put(root, AUDIO[:4])
    sync = os.fsync

    def full(descriptor: int) -> None:
        if os.fstat(descriptor).st_size > 40_000:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with capture_logs() as logs:
        assert Spool(root).collect() == [RecordingName.parse(small)]
    assert [entry["problem"] for entry in logs] == ["No space left on device"]
    assert everything(root) == sorted([f"{big}.raw", f"{small}.wav"])
    monkeypatch.undo()
    assert Spool(root).collect() == [RecordingName.parse(big)]


def test_a_file_with_swapped_sides_has_the_operator_left_and_its_silence_in_its_place(root: Path) -> None:
    """What the node noted of its growth counts, whatever the file is called."""
    name = put(root, b"")
    path = (root / "rec" / f"{name}.raw").rename(root / "rec" / f"{name}.sln")
    caller, operator = b"\x01\x02", b"\x03\x04"
    path.write_bytes((caller + operator) * 32000 + b"ab")
    os.utime(path, ns=(0, 1_000_000_000))
    assert Spool(root).names() == [name]
    assert Spool(root).collect() == [RecordingName.parse(name)]
    with wave.open(str(root / "ready" / f"{name}.wav")) as made:
        assert made.readframes(made.getnframes()) == (operator + caller) * 32000
    assert everything(root) == [f"{name}.wav"]


def test_a_swap_that_was_interrupted_is_done_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = put(root, b"")
    path = (root / "rec" / f"{name}.raw").rename(root / "rec" / f"{name}.sln")
    path.write_bytes(b"abcd" * 1000)

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch, capture_logs():
        patch.setattr(os, "fsync", full)
        assert Spool(root).collect() == []
    assert everything(root) == [f"{name}.sln"]
    # Killed between the rename and the removal.
    path.with_suffix(".raw").write_bytes(b"cdab" * 1000)
    assert Spool(root).collect() == [RecordingName.parse(name)]
    assert everything(root) == [f"{name}.wav"]
