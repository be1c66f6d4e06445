"""Where nobody sent a packet, silence is inserted: in the right place, once, and only what the file never caught up."""

import os
import struct
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import pytest

from callcenter.domain.recording import RecordingName
from callcenter.recordings import timing
from callcenter.recordings.raw import Gap, is_made_from, make_wav
from callcenter.recordings.spool import Spool
from callcenter.recordings.timing import Note
from callcenter.recordings.wav import Wav, inspect
from tests.recordings.conftest import new_name

SECOND = 32_000
WRITE = 32_768
SPEECH = struct.pack("<2h", 9000, -9000) * 8000
SILENCE = bytes(SECOND)


def notes(*written: tuple[float, float]) -> list[Note]:
    """Seconds of audio, and when they were written."""
    return [Note(round(audio * SECOND), round(at * 1e9)) for audio, at in written]


def speech(start: int, end: int) -> bytes:
    return (SPEECH * (end // SECOND + 1))[start:end]


def test_a_file_that_grows_as_time_passes_has_no_gap() -> None:
    assert timing.gaps(notes(*((second, second) for second in range(60))), speech) == []
    assert timing.gaps([], speech) == []


def test_a_gap_is_as_long_as_the_file_lags_behind() -> None:
    written = notes((0, 0), (1, 1), (2, 32), (3, 33), (3.5, 63.5))
    assert timing.gaps(written, speech) == [Gap(16000, 30 * 8000), Gap(28000, 30 * 8000)]


def test_a_gap_is_where_the_audio_is_quiet_for_longest() -> None:
    whole = SPEECH + SPEECH[: SECOND // 2] + SILENCE[:9600] + SPEECH[:6400] + SPEECH
    [gap] = timing.gaps(notes((0, 0), (1, 1), (2, 7), (3, 8)), lambda start, end: whole[start:end])
    assert gap == Gap(14400, 5 * 8000)


def test_a_write_that_was_late_is_no_gap() -> None:
    assert timing.gaps(notes((0, 0), (1, 2.5), (2, 2.6), (3, 3.1), (4, 4.1)), speech) == []


def test_many_short_gaps_do_not_add_up_to_a_shift() -> None:
    written = notes(*((second, second * 1.1) for second in range(61)))
    found = timing.gaps(written, speech)
    assert sum(gap.frames for gap in found) / 8000 == pytest.approx(6, abs=timing.LEAST_S)
    for gap in found:
        before = sum(each.frames for each in found if each.at < gap.at)
        assert abs(gap.at / 8000 * 0.1 - before / 8000) <= timing.LEAST_S + 0.2


def test_no_silence_is_inserted_where_nobody_knows_the_place() -> None:
    assert timing.gaps(notes((0, 0), (1, 1), (9, 39), (10, 40)), speech) == []


def test_silence_stands_in_the_wav_and_a_chunk_says_where(tmp_path: Path) -> None:
    path, target, gaps = tmp_path / "a.raw", tmp_path / "a.wav", [Gap(8000, 1600), Gap(12000, 800)]
    path.write_bytes(SPEECH * 2 + b"abc")
    make_wav(path, target, gaps)
    audio = SPEECH + bytes(6400) + SPEECH[: SECOND // 2] + bytes(3200) + SPEECH[SECOND // 2 :]
    data = target.read_bytes()
    assert data[44 : 44 + len(audio)] == audio
    assert struct.unpack("<4sI4I", data[-24:]) == (b"gaps", 16, 8000, 1600, 13600, 800)
    assert int.from_bytes(data[4:8], "little") == len(data) - 8
    assert inspect(target) == Wav(2.3, 8000, 2, None, repaired=True)
    assert is_made_from(target, path, gaps)
    assert not is_made_from(target, path)
    path.write_bytes(SPEECH * 2)
    make_wav(path, target, gaps)
    assert inspect(target) == Wav(2.3, 8000, 2, None)


WRITING = """
import os, sys
file = open(sys.argv[1], "wb", buffering=0)
for line in sys.stdin:
    size, at = map(int, line.split())
    file.write(bytes(size))
    os.utime(sys.argv[1], ns=(at, at))
    print(flush=True)
"""


def test_what_the_node_saw_outlives_it_and_goes_with_the_raw_file(root: Path) -> None:
    _, name = new_name()
    path = root / "rec" / f"{name}.raw"
    with subprocess.Popen([sys.executable, "-c", WRITING, path], stdin=PIPE, stdout=PIPE) as asterisk:
        assert asterisk.stdin is not None
        assert asterisk.stdout is not None
        for size, seconds in ((0, 0), (WRITE, 1.024), (WRITE, 2.048), (WRITE, 33.072)):
            asterisk.stdin.write(f"{size} {round(seconds * 1e9)}\n".encode())
            asterisk.stdin.flush()
            asterisk.stdout.readline()
            for _ in range(2):
                # A node of its own each time.
                Spool(root).watch()
                assert Spool(root).collect() == []
        assert len(timing.read(path)) == 4
        asterisk.stdin.close()
    assert Spool(root).collect() == [RecordingName.parse(name)]
    assert inspect(root / "ready" / f"{name}.wav").duration_s == pytest.approx(33.072)
    assert list((root / "rec").iterdir()) == []


def test_killed_before_the_notes_went_they_go_at_the_next_time(root: Path) -> None:
    left = root / "rec" / f"{new_name()[1]}.times"
    left.write_bytes(bytes(32))
    secret = root / "secret"
    (root / "rec" / f"{new_name()[1]}.times").symlink_to(secret)
    assert Spool(root).collect() == []
    assert not os.path.lexists(left)
    assert Spool(root).names() == []
    assert not secret.exists()


def test_a_file_that_a_power_failure_cut_has_no_silence_behind_its_end() -> None:
    written = notes((0, 0), (1, 1), (2, 32), (3, 33), (1.5, 1.5))
    assert timing.gaps(written, speech) == []
