"""What is taken from the spool, in which order, and what is left alone."""

import os
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import pytest
from structlog.testing import capture_logs

from callcenter.domain.recording import RecordingName
from callcenter.recordings.spool import Spool, SpoolFile
from tests.recordings.conftest import new_name


def put(folder: Path, name: str, data: bytes = b"x") -> Path:
    path = folder / f"{name}.wav"
    path.write_bytes(data)
    return path


def only(spool: Spool) -> SpoolFile:
    (file,) = spool.ready()
    return file


def test_a_recording_knows_its_call(root: Path) -> None:
    call, name = new_name()
    put(root / "ready", name)
    file = only(Spool(root))
    assert (file.call, str(file.name)) == (call, name)


def test_the_oldest_comes_first(root: Path) -> None:
    names = [new_name()[1] for _ in range(3)]
    for name in reversed(names):
        before = put(root / "rec", name).stat().st_ctime_ns
        # The clock of the file system is coarse: move it again until its time differs.
        while (root / "rec" / f"{name}.wav").stat().st_ctime_ns == before:
            (root / "rec" / f"{name}.wav").touch()
        (root / "rec" / f"{name}.wav").rename(root / "ready" / f"{name}.wav")
    assert [str(file.name) for file in Spool(root).ready()] == names[::-1]


@pytest.mark.parametrize(
    "name",
    [
        "notes.txt",
        "Ivanova.wav",
        "node1-1.2_node1-1.2_3.wav.part",
        "node1-1.2_node1-1.2.wav",
        "node1-1.2_node1-1.2_3\n.wav",
        "..node1-1.2_node1-1.2_3.wav",
        "node1-1.٢_node1-1.2_3.wav",
        ".wav",
    ],
)
def test_other_files_are_left_and_reported_once_without_their_name(root: Path, name: str) -> None:
    path = root / "ready" / name
    path.write_bytes(b"x")
    spool = Spool(root)
    with capture_logs() as logs:
        assert spool.ready() == []
        assert spool.ready() == []
    assert path.exists()
    assert len(logs) == 1
    assert name not in str(logs)


def test_links_and_folders_are_refused(root: Path) -> None:
    secret = root / "secret"
    secret.write_bytes(b"not for the store")
    (root / "ready" / f"{new_name()[1]}.wav").symlink_to(secret)
    (root / "ready" / f"{new_name()[1]}.wav").mkdir()
    os.mkfifo(root / "ready" / f"{new_name()[1]}.wav")
    assert Spool(root).ready() == []


def test_a_file_replaced_by_a_link_is_not_opened(root: Path) -> None:
    secret = root / "secret"
    secret.write_bytes(b"not for the store")
    path = put(root / "ready", new_name()[1])
    file = only(Spool(root))
    path.unlink()
    path.symlink_to(secret)
    with pytest.raises(OSError, match="symbolic links"):
        file.open()
    file.remove()
    assert path.is_symlink()


def test_a_file_replaced_by_another_is_neither_opened_nor_removed(root: Path) -> None:
    path = put(root / "ready", new_name()[1])
    file = only(Spool(root))
    other = root / "other"
    other.write_bytes(b"another recording")
    other.rename(path)
    with pytest.raises(FileNotFoundError):
        file.open()
    file.remove()
    assert path.read_bytes() == b"another recording"


def test_removing_twice_is_removing_once(root: Path) -> None:
    put(root / "ready", new_name()[1])
    file = only(Spool(root))
    file.remove()
    file.remove()
    assert list((root / "ready").iterdir()) == []


def test_a_file_that_a_process_writes_stays_and_is_ready_when_closed(root: Path) -> None:
    _, cut_off = new_name()
    _, going_on = new_name()
    put(root / "rec", cut_off)
    path = put(root / "rec", going_on)
    writing = "import sys; file = open(sys.argv[1], 'ab'); print(flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", writing, path], stdin=PIPE, stdout=PIPE) as asterisk:
        assert asterisk.stdout is not None
        assert asterisk.stdin is not None
        asterisk.stdout.readline()
        assert Spool(root).collect() == [RecordingName.parse(cut_off)]
        assert path.exists()
        asterisk.stdin.close()
    assert Spool(root).collect() == [RecordingName.parse(going_on)]
    assert {str(file.name) for file in Spool(root).ready()} == {cut_off, going_on}


def test_collecting_moves_no_link_and_overwrites_nothing(root: Path) -> None:
    _, taken = new_name()
    _, link = new_name()
    put(root / "rec", taken, b"new")
    put(root / "ready", taken, b"old")
    (root / "rec" / f"{link}.wav").symlink_to("/etc/hostname")
    assert Spool(root).collect() == []
    assert (root / "ready" / f"{taken}.wav").read_bytes() == b"old"
    assert (root / "rec" / f"{taken}.wav").read_bytes() == b"new"
    assert (root / "rec" / f"{link}.wav").is_symlink()
