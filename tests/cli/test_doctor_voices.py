"""`callcenter doctor`: the check of the voices."""

from pathlib import Path

import pytest

from callcenter.cli.checks import CheckWarning
from callcenter.cli.doctor import _voices
from callcenter.errors import SpeechError
from callcenter.settings import AmiSettings, DatabaseSettings, HandoverSettings, S3Settings, Settings
from callcenter.speech.engines import Festival
from tests.site import SECRETS
from tests.speech.voices import install, install_voices

SETTINGS = Settings(
    database=DatabaseSettings(url="postgresql://127.0.0.1:1/none"),
    ami=AmiSettings(events_secret="x", actions_secret="x"),
    s3=S3Settings(endpoint="127.0.0.1:1", access_key="x", secret_key="x"),
    handover=HandoverSettings(secret="x" * 32),
    secrets=SECRETS,
)


@pytest.fixture(autouse=True)
def voices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Festival, "data", tmp_path)
    install_voices(tmp_path / "bin", monkeypatch)


async def test_voices_that_speak_are_named():
    assert await _voices(SETTINGS) == "festival for ru, espeak-ng for en"


async def test_a_voice_that_is_missing_is_warned_of(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(Festival, "data", tmp_path / "nowhere")
    with pytest.raises(CheckWarning, match=r"espeak-ng speaks ru, .* apt-get install festival festvox-ru"):
        await _voices(SETTINGS)


async def test_a_voice_that_fails_is_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    install(tmp_path / "bin", monkeypatch, "festival", 'if [ "$1" != --version ]; then exit 3; fi')
    with pytest.raises(SpeechError, match="festival failed: it printed nothing"):
        await _voices(SETTINGS)
