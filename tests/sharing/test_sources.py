"""What players are offered: the copy (Opus in Ogg, which Safari plays from 18.4 on), and the original beside it."""

import re
import struct
import subprocess
from pathlib import Path

import pytest

from callcenter.recordings.transcode import make_copy
from callcenter.sharing.links import MadeLink
from tests.recordings.packed import packed_bytes
from tests.sharing.link_work import Shared, add_recording, open_shared
from tests.site import Browser, Site
from tests.tickets.ticket_work import open_work

SOURCE = re.compile(r'<source src="([^"]+)" type="([^"]+)">')


@pytest.fixture
def audio(tmp_path: Path) -> tuple[bytes, bytes]:
    """A recording as Asterisk writes it, and its copy."""
    sound = bytes(range(256)) * 2 * 125
    form = struct.pack("<4sIHHIIHH4sI", b"fmt ", 16, 1, 2, 8000, 32000, 4, 16, b"data", len(sound))
    original, copy = tmp_path / "original.wav", tmp_path / "copy.ogg"
    original.write_bytes(b"RIFF" + struct.pack("<I4s", 4 + len(form) + len(sound), b"WAVE") + form + sound)
    make_copy(original, copy, 32, 60.0)
    return original.read_bytes(), copy.read_bytes()


@pytest.fixture(params=["wav", "flac"])
async def flac(request: pytest.FixtureRequest, audio: tuple[bytes, bytes], tmp_path: Path) -> bytes | None:
    """What the store has in place of the original; None where it has the original."""
    return await packed_bytes(audio[0], tmp_path) if request.param == "flac" else None


def codec_of(sound: bytes, path: Path) -> str:
    path.write_bytes(sound)
    command = ["ffprobe", "-v", "error", "-show_entries", "stream=codec_name", "-of", "csv=p=0", path]
    return subprocess.check_output(command, text=True).strip()


async def in_ranges(browser: Browser, path: str, media_type: str) -> bytes:
    """The whole of it as Safari fetches it: two bytes that tell its size, then range after range."""
    probe = await browser.get(path, Range="bytes=0-1")
    assert (probe.status, probe.content_type, len(await probe.read())) == (206, media_type, 2)
    size = int(probe.headers["Content-Range"].rpartition("/")[2])
    whole = b""
    while len(whole) < size:
        part = await browser.get(path, Range=f"bytes={len(whole)}-{len(whole) + 9999}")
        assert (part.status, part.content_type) == (206, media_type)
        assert "Content-Disposition" not in part.headers
        whole += await part.read()
    return whole


async def made_link(shared: Shared, audio: tuple[bytes, bytes], flac: bytes | None, **changed: object) -> MadeLink:
    recording = await add_recording(shared.work, shared.ticket_id, "real", *audio, flac)
    return await shared.link(recordings=[recording], **changed)


async def test_a_link_plays_where_the_copy_cannot_be_played(
    site: Site, audio: tuple[bytes, bytes], flac: bytes | None, tmp_path: Path
):
    async with open_work(site) as work, open_shared(work) as shared, site.browser() as guest:
        made = await made_link(shared, audio, flac)
        sources = SOURCE.findall(await (await guest.get(f"/l/{made.token}")).text())
        at = f"/l/{made.token}/1"
        assert sources == [(f"{at}/listen", "audio/ogg"), (f"{at}/listen-original", "audio/wav")]
        heard = [await in_ranges(guest, *source) for source in sources]
        assert [codec_of(each, tmp_path / "heard") for each in heard] == ["opus", "pcm_s16le"]
        # The original is sent as it is, and logged as heard, once for all ranges.
        assert heard[1] == audio[0]
        assert await shared.uses() == [
            ("opened", None, 0), ("listened", 1, len(audio[1]) + 2), ("listened", 1, len(audio[0]) + 2)
        ]  # fmt: skip
        assert await shared.audited() == ["shared recordings", "opened link", "listened by link", "listened by link"]


async def test_each_source_is_played_as_often_as_the_link_allows(
    site: Site, audio: tuple[bytes, bytes], flac: bytes | None
):
    async with open_work(site) as work, open_shared(work) as shared, site.browser() as guest:
        made = await made_link(shared, audio, flac, fetches=1)
        at = f"/l/{made.token}/1"
        original = await guest.get(f"{at}/listen-original")
        assert (original.status, await original.read()) == (200, audio[0])
        assert (await guest.get(f"{at}/listen-original")).status == 403
        assert SOURCE.findall(await (await guest.get(f"/l/{made.token}")).text()) == [(f"{at}/listen", "audio/ogg")]
        copy = await guest.get(f"{at}/listen")
        assert (copy.status, await copy.read()) == (200, audio[1])
        assert (await guest.get(f"{at}/listen")).status == 403
        assert "столько раз" in await (await guest.get(f"/l/{made.token}")).text()


async def test_the_player_of_supervisors_offers_the_same(
    site: Site, audio: tuple[bytes, bytes], flac: bytes | None, tmp_path: Path
):
    async with open_work(site) as work, open_shared(work) as shared, site.browser("vera") as vera:
        recording = await add_recording(work, shared.ticket_id, "real", *audio, flac)
        assert (await vera.post(f"/listening/{recording}/begin", reason="quality")).status == 303
        sources = SOURCE.findall(await (await vera.get(f"/listening/{recording}")).text())
        at = f"/recordings/{recording}"
        assert sources == [(f"{at}/copy", "audio/ogg"), (at, "audio/wav")]
        heard = [await in_ranges(vera, *source) for source in sources]
        assert [codec_of(each, tmp_path / "heard") for each in heard] == ["opus", "pcm_s16le"]
