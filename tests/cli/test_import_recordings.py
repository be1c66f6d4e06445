import os
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from minio import Minio

from callcenter.cli.import_recordings import ImportOptions, import_recordings, sweep_recordings
from callcenter.errors import SettingsError
from callcenter.settings import S3Settings
from callcenter.storage import open_pool
from tests.conftest import by_owner
from tests.recordings.conftest import new_name, wav
from tests.site import settings_for


async def test_recordings_from_the_command_line(
    database_url: str, s3: S3Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_for(database_url).model_copy(update={"s3": s3.model_copy(update={"bucket": "old-recordings"})})
    assert await import_recordings(settings, tmp_path) == 0
    assert capsys.readouterr().out == "there is nothing in the folder\n"
    assert await sweep_recordings(settings, None, look_into_store=True) == 0
    assert capsys.readouterr().out == "everything is consistent\n"
    _, name = new_name()
    (tmp_path / f"{name}.wav").write_bytes(wav(1.0))
    assert await import_recordings(settings, tmp_path) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "1 brought in"
    (tmp_path / "notes.txt").write_bytes(b"\xff")
    assert await import_recordings(settings, tmp_path) == 1
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "notes.txt: its name is not that of a recording, nor is it in the CSV file",
        "1 known already, 1 refused",
    ]
    assert await import_recordings(settings, tmp_path, ImportOptions(tmp_path / "notes.txt")) == 1
    assert "not a CSV file" in capsys.readouterr().out
    assert await sweep_recordings(settings, None, look_into_store=True) == 1
    said = capsys.readouterr().out.splitlines()
    assert (said[0].partition(":")[0], said[-1]) == ("no call", "inconsistencies: 1")
    Minio(
        settings.s3.endpoint, settings.s3.access_key, settings.s3.secret_key.get_secret_value(), secure=False
    ).put_object(settings.s3.bucket, "recordings/nobody.wav", BytesIO(b"x"), 1)
    assert await sweep_recordings(settings, None, look_into_store=False) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "inconsistencies: 1"
    assert await sweep_recordings(settings, None, look_into_store=True) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "inconsistencies: 2"


async def test_what_is_of_no_company_is_told_and_comes_to_the_one_that_is_named(
    database_url: str, s3: S3Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_for(database_url).model_copy(update={"s3": s3.model_copy(update={"bucket": "of-a-company"})})
    pool = await open_pool(settings.database)
    try:
        await pool.execute(by_owner("truncate recordings, calls, companies cascade"))
        company = await pool.fetchval("insert into companies (name, zone) values ('УК', 'Asia/Omsk') returning id")
        folder = tmp_path / "monitorDONE"
        folder.mkdir()
        (folder / "20251122-220002_79000000001-all.wav").write_bytes(wav(1.0))
        assert await import_recordings(settings, folder) == 0
        said = capsys.readouterr().out.splitlines()
        assert said[-3] == "calls entered: 1"
        assert said[-2].startswith("recordings of no company, so that no retention applies to them: 1;")
        with pytest.raises(SettingsError, match="no company"):
            await import_recordings(settings, folder, ImportOptions(company="УК 2"))
        # By its number, then by its name; the zone is the company's unless told, and what is known keeps its time.
        (folder / "20251122-220003_79000000001-all.wav").write_bytes(wav(2.0))
        assert await import_recordings(settings, folder, ImportOptions(company=str(company))) == 0
        assert capsys.readouterr().out.splitlines()[-2:] == ["calls entered: 1", "1 brought in, 1 known already"]
        (folder / "20251122-220004_79000000001-all.wav").write_bytes(wav(3.0))
        options = ImportOptions(company="УК", zone=ZoneInfo("UTC"), node="vici")
        assert await import_recordings(settings, folder, options) == 0
        rows = await pool.fetch("select node, arrived_at from calls where company_id = $1 order by arrived_at", company)
    finally:
        await pool.close()
    assert [(row["node"], f"{row['arrived_at']:%H:%M:%S}") for row in rows] == [
        ("node1", "16:00:03"),
        ("node1", "19:00:02"),
        ("vici", "22:00:04"),
    ]


async def test_a_hostile_name_is_told_and_does_nothing_else(
    database_url: str, s3: S3Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_for(database_url).model_copy(update={"s3": s3.model_copy(update={"bucket": "hostile"})})
    for name in (b"\x1b[2J.wav", b"a\nb.wav", b"\xff\xfe.wav", "жалоба.wav".encode()):
        (tmp_path / os.fsdecode(name)).write_bytes(wav(1.0))
    assert await import_recordings(settings, tmp_path) == 1
    said = capsys.readouterr().out
    assert sorted(line.partition(": its name")[0] for line in said.splitlines() if ": its name" in line) == [
        r"\x1b[2J.wav",
        r"\xff\xfe.wav",
        r"a\nb.wav",
        "жалоба.wav",
    ]


async def test_a_cdr_that_is_none_stops_the_import(
    database_url: str, s3: S3Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cdr.csv").write_text("calldate,src\n")
    settings = settings_for(database_url).model_copy(update={"s3": s3})
    assert await import_recordings(settings, tmp_path, ImportOptions(cdr=tmp_path / "cdr.csv")) == 1
    assert "not a CSV file of call detail records: no column" in capsys.readouterr().out
