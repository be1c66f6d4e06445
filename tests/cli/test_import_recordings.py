from io import BytesIO
from pathlib import Path

import pytest
from minio import Minio

from callcenter.cli.import_recordings import import_recordings, sweep_recordings
from callcenter.settings import S3Settings
from tests.recordings.conftest import new_name, wav
from tests.site import settings_for


async def test_recordings_from_the_command_line(
    database_url: str, s3: S3Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_for(database_url).model_copy(update={"s3": s3.model_copy(update={"bucket": "old-recordings"})})
    assert await import_recordings(settings, tmp_path, None) == 0
    assert capsys.readouterr().out == "there is nothing in the folder\n"
    assert await sweep_recordings(settings, None, look_into_store=True) == 0
    assert capsys.readouterr().out == "everything is consistent\n"
    _, name = new_name()
    (tmp_path / f"{name}.wav").write_bytes(wav(1.0))
    assert await import_recordings(settings, tmp_path, None) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "1 brought in"
    (tmp_path / "notes.txt").write_bytes(b"\xff")
    assert await import_recordings(settings, tmp_path, None) == 1
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "notes.txt: its name is not that of a recording, nor is it in the CSV file",
        "1 known already, 1 refused",
    ]
    assert await import_recordings(settings, tmp_path, tmp_path / "notes.txt") == 1
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
