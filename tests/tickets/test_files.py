import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from callcenter.tickets.files import LARGEST, BadFile, clean_name, media_type_of


def picture(kind: str, size: tuple[int, int] = (4, 3)) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", size, "red").save(made, kind)
    return made.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_bomb(width: int, height: int) -> bytes:
    """A picture of a few bytes that would take gigabytes of memory."""
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    data = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def zipped() -> bytes:
    return b"PK\x03\x04" + bytes(100)


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (picture("JPEG"), "image/jpeg"),
        (picture("PNG"), "image/png"),
        (picture("WEBP"), "image/webp"),
        (b"%PDF-1.7\n%%EOF", "application/pdf"),
    ],
)
def test_photographs_and_papers_are_known_by_their_content(tmp_path: Path, data: bytes, media_type: str):
    path = tmp_path / "file.exe"
    path.write_bytes(data)
    assert media_type_of(path) == media_type


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: b"", "empty"),
        (lambda: b"MZ" + bytes(100), "kind"),
        (lambda: b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "kind"),
        (lambda: b"<html><script>alert(1)</script>", "kind"),
        (lambda: b"\x89PNG\r\n\x1a\n", "kind"),
        (lambda: b"\xff\xd8\xff", "kind"),
        (lambda: picture("GIF"), "kind"),
        (lambda: picture("BMP"), "kind"),
        (lambda: b" %PDF-1.7", "kind"),
        (zipped, "kind"),
        (lambda: png_bomb(60_000, 60_000), "pixels"),
        (lambda: png_bomb(9_500, 9_500), "pixels"),
        (lambda: png_bomb(2**31 - 1, 2**31 - 1), "pixels"),
    ],
)
def test_anything_else_is_refused(tmp_path: Path, make: Callable[[], bytes], reason: str):
    path = tmp_path / "photo.jpg"
    path.write_bytes(make())
    with pytest.raises(BadFile) as refused:
        media_type_of(path)
    assert refused.value.code == reason


def test_what_is_too_large_is_refused_before_it_is_looked_at(tmp_path: Path):
    path = tmp_path / "large.pdf"
    with path.open("wb") as file:
        file.write(b"%PDF-")
        file.truncate(LARGEST + 1)
    with pytest.raises(BadFile, match="too large"):
        media_type_of(path)


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("Фото подвала.JPG", "Фото подвала.jpg"),
        ("../../etc/passwd", "passwd.jpg"),
        ("C:\\Users\\anna\\течь.png", "течь.jpg"),
        ("photo.jpg.exe", "photo.jpg.jpg"),
        ("a\r\nSet-Cookie: x.jpg", "aSet-Cookie x.jpg"),
        ("\u202egpj.exe", "gpj.jpg"),
        ("..", "file.jpg"),
        ("", "file.jpg"),
        ("\0\x07", "file.jpg"),
        ("x" * 500 + ".jpg", "x" * 100 + ".jpg"),
        ('a"b<c>.jpg', "abc.jpg"),
    ],
)
def test_names_are_made_safe(name: str, clean: str):
    assert clean_name(name, "image/jpeg") == clean
