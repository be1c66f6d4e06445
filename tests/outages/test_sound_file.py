"""Sound files from browsers and studios, and files that are none."""

import io
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from callcenter.outages.announcing.sound_file import LONGEST_S, BadSound, read_sound
from callcenter.settings import SpeechSettings
from callcenter.speech.sound import duration_s

SETTINGS = SpeechSettings()
TONE = "sine=frequency=440:duration={}"


def made(path: Path, *form: str, seconds: float = 2, source: str = TONE) -> bytes:
    command = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", source.format(seconds), *form, str(path)]
    subprocess.run(command, check=True)
    return path.read_bytes()


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("studio.wav", ("-ar", "48000", "-ac", "2")),
        ("chromium.webm", ("-c:a", "libopus")),
        ("firefox.ogg", ("-c:a", "libopus")),
        ("vorbis.ogg", ("-c:a", "libvorbis")),
        ("telephone.mp3", ()),
        ("telephone.m4a", ("-c:a", "aac")),
        ("safari.m4a", ("-c:a", "aac", "-movflags", "frag_keyframe+empty_moov", "-f", "mp4")),
    ],
)
async def test_what_browsers_record_and_people_have_is_played(tmp_path: Path, name: str, form: tuple[str, ...]) -> None:
    alaw = await read_sound(io.BytesIO(made(tmp_path / name, *form)), SETTINGS)
    assert 1.9 < duration_s(alaw) < 2.2


async def refused(content: bytes) -> str:
    with pytest.raises(BadSound) as problem:
        await read_sound(io.BytesIO(content), SETTINGS)
    return problem.value.code


async def test_what_is_no_sound_or_too_much_of_it_is_refused(tmp_path: Path) -> None:
    picture = made(tmp_path / "a.png", "-frames:v", "1", source="color=red:size=16x16:duration={}")
    film = made(tmp_path / "a.mp4", "-an", source="testsrc=size=64x64:duration={}")
    sound = made(tmp_path / "a.wav")
    # Of the formats that ffmpeg knows only those that are named here are read: some open other files.
    other = made(tmp_path / "a.aiff")
    for content in (other, b"", b"no sound", b"RIFF\xff\xff\xff\xffWAVE", picture, film, b"%PDF-1.7", sound[:30]):
        assert await refused(content) == "no sound"
    assert await refused(made(tmp_path / "b.wav", source="sine=duration={},volume=0")) == "silent"
    assert await refused(made(tmp_path / "c.ogg", seconds=LONGEST_S + 1)) == "too long"


@pytest.fixture
def asked() -> Iterator[tuple[str, list[str]]]:
    """The address of a server, and what it was asked for."""
    paths: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", paths
    server.shutdown()
    thread.join()
    server.server_close()


async def test_a_file_that_names_others_opens_none_of_them(tmp_path: Path, asked: tuple[str, list[str]]) -> None:
    address, paths = asked
    secret = tmp_path / "secret.wav"
    made(secret)
    for place in (f"{address}/list.wav", secret.as_uri(), str(secret)):
        lists = f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{place}\n#EXT-X-ENDLIST\n"
        assert await refused(lists.encode()) == "no sound"
        assert await refused(f"ffconcat version 1.0\nfile {place}\n".encode()) == "no sound"
    assert paths == []
