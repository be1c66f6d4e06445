"""Hostile files are refused before anything of them is unpacked."""

import resource
import struct
import zipfile
from pathlib import Path

import pytest

from callcenter.evidence import container
from callcenter.evidence.container import Container, TooLarge, Unsafe, write
from callcenter.evidence.verify import Part, What, verify

from .packs import contents, make, pack_of


def refused(path: Path) -> str:
    with path.open("rb") as file, pytest.raises(Unsafe) as problem:
        Container(file)
    return str(problem.value)


def zipped(path: Path, name: str, body: bytes, how: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", how) as out:
        out.writestr(name, body)
    return path


def test_what_is_written_is_a_zip_that_others_can_read(tmp_path: Path):
    pack = make(tmp_path / "pack.zip")
    with zipfile.ZipFile(pack) as opened:
        assert opened.testzip() is None
        assert {info.compress_type for info in opened.infolist()} == {zipfile.ZIP_STORED}
    with pack.open("rb") as file:
        assert Container(file).as_written()


@pytest.mark.parametrize(
    "name", ["../evil.wav", "/etc/passwd", "originals/../../x", "a\\..\\b", "x/./y", "C:x", "я", "."]
)
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str):
    assert "lead elsewhere" in refused(zipped(tmp_path / "a.zip", name, b"x"))


def test_a_name_with_a_zero_byte_is_refused(tmp_path: Path):
    path = zipped(tmp_path / "a.zip", "originals/1.wavXx", b"x")
    path.write_bytes(path.read_bytes().replace(b".wavXx", b".wav\0x"))
    assert "lead elsewhere" in refused(path)


def test_a_bomb_is_refused_and_costs_nothing(tmp_path: Path):
    bomb = zipped(tmp_path / "bomb.zip", "originals/1.wav", b"\0" * 50_000_000, zipfile.ZIP_DEFLATED)
    assert "bomb" in refused(bomb)
    assert [(fault.what, fault.part) for fault in verify(bomb).faults] == [(What.UNREADABLE, Part.ARCHIVE)]


def test_a_bomb_that_lies_about_its_size_yields_no_more_than_it_claims(tmp_path: Path):
    path = zipped(tmp_path / "bomb.zip", "manifest.json", b"\0" * 50_000_000, zipfile.ZIP_DEFLATED)
    body = path.read_bytes().replace(struct.pack("<L", 50_000_000), struct.pack("<L", 1000))
    path.write_bytes(body)
    with path.open("rb") as file:
        chunks: list[bytes] = []
        with pytest.raises(Unsafe):
            chunks.extend(Container(file).read("manifest.json"))
        assert sum(map(len, chunks)) <= 1000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert verify(path).faults
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


def test_two_entries_of_one_name_are_refused(tmp_path: Path):
    files = contents(make(tmp_path / "pack.zip"))
    path = pack_of(tmp_path / "twice.zip", files | {"originals/6.wav": b"other"})
    path.write_bytes(path.read_bytes().replace(b"originals/6.wav", b"originals/7.wav"))
    assert "same name" in refused(path)


def test_other_archives_are_refused(tmp_path: Path):
    path = tmp_path / "a"
    for body in (b"", b"RIFF", b"PK\3\4" * 10, b"\0" * 100_000):
        path.write_bytes(body)
        assert refused(path)
    compressed = zipped(tmp_path / "b.zip", "a", b"x" * 100, zipfile.ZIP_LZMA)
    assert "compressed" in refused(compressed)


def test_a_directory_larger_than_any_pack_has_is_not_read(tmp_path: Path):
    path = tmp_path / "a.zip"
    size = container.LARGEST_DIRECTORY + 1
    path.write_bytes(b"\0" * size + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, size, 0, 0))
    assert "directory" in refused(path)


def test_more_than_a_zip_can_hold_is_not_written(tmp_path: Path):
    huge = tmp_path / "huge"
    with huge.open("wb") as file:
        file.truncate(container.MOST_BYTES + 1)
    with pytest.raises(TooLarge):
        write(tmp_path / "a.zip", [("huge", huge)])
    assert not (tmp_path / "a.zip").exists()
