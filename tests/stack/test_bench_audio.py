"""The figures on sound, on a small piece of it and real servers."""

import pytest

from callcenter.settings import DatabaseSettings, S3Settings
from callcenter.storage import connect
from stack import bench_audio


async def test_the_figures_and_nothing_left_behind(
    owner_url: str, s3: S3Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench_audio, "TALK_S", 10)
    monkeypatch.setattr(bench_audio, "RECORDINGS", 3)
    stack = {
        "postgres": {"dsn": owner_url},
        "s3": s3.model_dump() | {"secret_key": s3.secret_key.get_secret_value(), "bucket": "bench"},
    }
    (figure,) = (await bench_audio.whole_way(stack)).values()
    assert float(str(figure["value"])) > 0
    connection = await connect(DatabaseSettings(url=owner_url))  # type: ignore[arg-type]
    assert await connection.fetchval("select count(*) from recordings") == 0
    assert await connection.fetchval("select count(*) from nodes") == 0
    await connection.close()
    figures = bench_audio.against_ffmpeg()
    assert set(figures) == {"audio_minutes_per_cpu_s", "audio_vs_ffmpeg_ratio"}
    assert 0 < float(str(figures["audio_vs_ffmpeg_ratio"]["value"])) < 3
