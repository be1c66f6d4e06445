"""Old recordings come in once, by their names or by a CSV file."""

import subprocess
import unicodedata
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from callcenter.recordings.incoming import BROUGHT, GONE, KNOWN, STRANGE, Incoming
from callcenter.recordings.incoming_list import BAD_AT, BAD_CALL, FOREIGN, OUTSIDE
from callcenter.recordings.wav import inspect
from tests.recordings.conftest import NODE, Bench, new_name, wav
from tests.recordings.test_raw import AUDIO

pytestmark = pytest.mark.e2e


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "old"
    folder.mkdir()
    return folder


async def bring(bench: Bench, folder: Path, listed: Path | None = None) -> dict[str, str]:
    incoming = Incoming(bench.ledger.pool, bench.store, NODE)
    return {each.file: each.what for each in (await incoming.bring(folder, listed)).outcomes}


async def test_by_name_once_and_the_folder_stays(bench: Bench, folder: Path) -> None:
    call, name = await bench.ledger.call()
    _, raw = await bench.ledger.call()
    _, nobodys = new_name()
    (folder / f"{name}.wav").write_bytes(wav(2.0))
    (folder / f"{raw}.raw").write_bytes(AUDIO)
    (folder / f"{nobodys}.WAV").write_bytes(wav(1.0))
    (folder / "Ivanova.wav").write_bytes(wav(1.0))
    (folder / f"{new_name()[1]}.wav").symlink_to("/etc/hostname")
    (folder / f"{new_name()[1]}.wav").write_bytes(b"hello\n" * 100)
    (folder / f"{new_name()[1]}.wav").write_bytes(wav(0))
    before = {path.name: path.lstat().st_size for path in folder.iterdir()}
    said = await bring(bench, folder)
    assert [said[f"{each}"] for each in (f"{name}.wav", f"{raw}.raw", f"{nobodys}.WAV")] == [BROUGHT] * 3
    assert sorted(what for what in said.values() if what != BROUGHT) == [
        "empty",
        "its name is not that of a recording, nor is it in the CSV file",
        "not a WAV",
        "not a regular file of the folder",
    ]
    rows = {row["name"]: row for row in await bench.ledger.recordings()}
    assert set(rows) == {name, raw, nobodys}
    assert {row["state"] for row in rows.values()} == {"attached"}
    assert (rows[name]["call_id"], rows[name]["ticket_id"] is None) == (call, False)
    assert (rows[nobodys]["call_id"], rows[nobodys]["defect"]) == (None, "no such call")
    assert rows[name]["expected_at"] == datetime.fromtimestamp(int(name.rpartition("_")[2]), UTC)
    assert await bench.content(rows[name]["object_key"]) == wav(2.0)
    assert {path.name: path.lstat().st_size for path in folder.iterdir()} == before

    (folder / f"{new_name()[1]}.wav").write_bytes(wav(2.0))
    again = await bring(bench, folder)
    assert sorted(again.values()).count(KNOWN) == 4
    assert BROUGHT not in again.values()
    assert len(await bench.ledger.recordings()) == 3

    (folder / f"{name}.wav").write_bytes(wav(2.5))
    assert (await bring(bench, folder))[f"{name}.wav"] == "another recording of this name is in the database"
    assert await bench.content(rows[name]["object_key"]) == wav(2.0)


async def test_by_a_csv_file(bench: Bench, folder: Path, tmp_path: Path) -> None:
    call, _ = await bench.ledger.call()
    for file, seconds in (("first.wav", 2.0), ("second.wav", 1.0), ("unlisted.wav", 3.0)):
        (folder / file).write_bytes(wav(seconds))
    (tmp_path / "secret.wav").write_bytes(wav(4.0))
    listed = tmp_path / "list.csv"
    listed.write_text(
        "\ufefffile;call;at\n"
        f"first.wav;{call};2025-01-01T10:00:00+03:00\n"
        f"second.wav;{call};2025-01-01T10:00:00+03:00\n"
        f"../secret.wav;{call};2025-01-01T10:00:00+03:00\n"
        f"first.wav;../../x;2025-01-01T10:00:00+03:00\n"
        f"first.wav;{call};2025-01-01T10:00:00\n"
        f"gone.wav;{call};2025-01-01T10:00:00+03:00\n"
    )
    outcomes = (await Incoming(bench.ledger.pool, bench.store, NODE).bring(folder, listed)).outcomes
    assert [each.refused for each in outcomes] == [False, False, True, True, True, True]
    rows = await bench.ledger.recordings()
    assert sorted(row["duration_s"] for row in rows) == [1.0, 2.0]
    assert {(row["call_id"], row["expected_at"]) for row in rows} == {(call, datetime(2025, 1, 1, 7, tzinfo=UTC))}
    assert [
        each.what for each in (await Incoming(bench.ledger.pool, bench.store, NODE).bring(folder, listed)).outcomes
    ][:2] == [
        KNOWN,
        KNOWN,
    ]


def compressed(path: Path, seconds: float = 2.0) -> bytes:
    """A file of the kind that its name says, as another PBX wrote it."""
    tone = ["-f", "lavfi", "-i", f"sine=frequency=440:sample_rate=8000:duration={seconds}"]
    subprocess.run(["ffmpeg", "-v", "error", "-y", *tone, str(path)], check=True)
    return path.read_bytes()


async def test_a_list_from_another_pbx(bench: Bench, folder: Path, tmp_path: Path) -> None:
    """Windows' Cyrillic, ids without a node, MP3, folders by date."""
    (folder / "2025/11/22").mkdir(parents=True)
    queue = "2025/11/22/q-600-79000000001-20251122-220002-1763838002.44.wav"
    for file, seconds in (("жалоба.wav", 1.0), ("1763838001.43.wav", 2.0), (queue, 3.0)):
        (folder / file).write_bytes(wav(seconds))
    original = compressed(folder / "1763838003.45.mp3", 4.0)
    listed = tmp_path / "list.csv"
    lines = [
        "file;call;at",
        "жалоба.wav;node1-1763838000.42;2025-11-22T22:00:00+03:00",
        "1763838001.43.wav;1763838001.43;2025-11-22T22:00:01+03:00",
        f"{queue};node1-1763838002.44;2025-11-22T22:00:02+03:00",
        "1763838003.45.mp3;1763838003.45;2025-11-22T22:00:03+03:00",
    ]
    listed.write_bytes("\r\n".join(lines).encode("cp1251"))
    said = await bring(bench, folder, listed)
    assert said == {line.split(";")[0]: BROUGHT for line in lines[1:]}
    rows = sorted(await bench.ledger.recordings(), key=lambda row: str(row["expected_at"]))
    assert [row["named_call"] for row in rows] == [f"{NODE}-176383800{number}.4{number + 2}" for number in range(4)]
    assert [round(row["duration_s"]) for row in rows] == [1, 2, 3, 4]
    assert {row["state"] for row in rows} == {"attached"}
    made = await bench.content(rows[3]["object_key"])
    assert sha256(original).hexdigest().encode() in made
    (tmp_path / "made.wav").write_bytes(made)
    assert (inspect(tmp_path / "made.wav").defect, inspect(tmp_path / "made.wav").linear16) == (None, True)
    assert set((await bring(bench, folder, listed)).values()) == {KNOWN}


async def test_names_of_another_pbx_need_no_list(bench: Bench, folder: Path) -> None:
    (folder / "2025/11/22").mkdir(parents=True)
    queue = "2025/11/22/q-600-79000000001-20251122-220002-1763838002.44.wav"
    (folder / queue).write_bytes(wav(1.0))
    compressed(folder / "1763838003.45.mp3")
    (folder / "2025/11/22/79000000001.wav").write_bytes(wav(2.0))
    said = await bring(bench, folder)
    assert {file for file, what in said.items() if what == BROUGHT} == {queue, "1763838003.45.mp3"}
    rows = {row["named_call"]: row["expected_at"] for row in await bench.ledger.recordings()}
    assert rows == {
        f"{NODE}-1763838002.44": datetime.fromtimestamp(1763838002, UTC),
        f"{NODE}-1763838003.45": datetime.fromtimestamp(1763838003, UTC),
    }


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251"])
@pytest.mark.parametrize("on_disk", [b"cp1251", b"composed", b"decomposed"])
async def test_a_cyrillic_name_is_found_however_it_is_written(
    bench: Bench, folder: Path, tmp_path: Path, encoding: str, on_disk: bytes
) -> None:
    name = "чей.wav"
    written = name.encode("cp1251") if on_disk == b"cp1251" else name.encode()
    if on_disk == b"decomposed":
        written = unicodedata.normalize("NFD", name).encode()
    (folder / written.decode(errors="surrogateescape")).write_bytes(wav(1.0))
    listed = tmp_path / "list.csv"
    listed.write_bytes(f"file\tcall\tat\n{name}\t1763838000.42\t2025-11-22T22:00:00+03:00\n".encode(encoding))
    assert await bring(bench, folder, listed) == {name: BROUGHT}


async def test_each_refused_line_says_its_true_reason(bench: Bench, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.wav").write_bytes(wav(1.0))
    (folder / "link").symlink_to(tmp_path / "outside")
    (folder / "a.wav").write_bytes(wav(1.0))
    (folder / "notes.txt").write_bytes(b"x")
    (folder / "list.mp3").write_bytes(b"#EXTM3U\n#EXTINF:1,\n/etc/hostname\n")
    good = "1763838000.42,2025-11-22T22:00:00+03:00"
    lines = {
        f"gone.wav,{good}": GONE,
        f"../outside/a.wav,{good}": OUTSIDE,
        f"{tmp_path}/outside/a.wav,{good}": OUTSIDE,
        f"link/a.wav,{good}": STRANGE,
        f"notes.txt,{good}": FOREIGN,
        f"list.mp3,{good}": "not an audio file of the kind that its name says (.mp3)",
        "a.wav,42,2025-11-22T22:00:00+03:00": BAD_CALL,
        "a.wav,1763838000.42,22.11.2025 22:00": BAD_AT,
        "a.wav,1763838000.42,2025-11-22T22:00:00": BAD_AT,
    }
    listed = tmp_path / "list.csv"
    listed.write_text("\n".join(["file,call,at", *lines]))
    outcomes = (await Incoming(bench.ledger.pool, bench.store, NODE).bring(folder, listed)).outcomes
    assert [each.what for each in outcomes] == list(lines.values())
    assert await bench.ledger.recordings() == []
