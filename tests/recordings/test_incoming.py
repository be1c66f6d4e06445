"""Old recordings come in once, by their names or by a CSV file."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from callcenter.recordings.incoming import BROUGHT, KNOWN, Incoming
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
    return {each.file: each.what for each in await incoming.bring(folder, listed)}


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
    outcomes = await Incoming(bench.ledger.pool, bench.store, NODE).bring(folder, listed)
    assert [each.refused for each in outcomes] == [False, False, True, True, True, True]
    rows = await bench.ledger.recordings()
    assert sorted(row["duration_s"] for row in rows) == [1.0, 2.0]
    assert {(row["call_id"], row["expected_at"]) for row in rows} == {(call, datetime(2025, 1, 1, 7, tzinfo=UTC))}
    assert [each.what for each in await Incoming(bench.ledger.pool, bench.store, NODE).bring(folder, listed)][:2] == [
        KNOWN,
        KNOWN,
    ]
