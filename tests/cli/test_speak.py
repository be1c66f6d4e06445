"""`callcenter speak-phrases`, where nothing else is set up."""

import os
from pathlib import Path

import pytest

from callcenter.cli.main import main
from callcenter.speech import standard
from callcenter.speech.engines import Festival
from callcenter.speech.standard import standard_phrases
from tests.speech.voices import install, install_voices


@pytest.fixture(autouse=True)
def voices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("CALLCENTER_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("CALLCENTER_SPEECH__CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(Festival, "data", tmp_path)
    # A program runs twice for each phrase, so only one of each kind; `tests/speech/test_phrases.py` has them all.
    monkeypatch.setattr(standard, "LIST", tmp_path / "phrases.txt")
    standard.LIST.write_text("ru/greeting Здравствуйте.\nen/greeting Good day.\n")
    monkeypatch.setattr(standard, "PLACES", range(2, 3))
    monkeypatch.setattr(standard, "MINUTES", range(1, 2))
    install_voices(tmp_path / "bin", monkeypatch)


def test_every_phrase_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["speak-phrases", str(tmp_path / "out")]) == 0
    made = list((tmp_path / "out").rglob("*.alaw"))
    assert len(made) == len(standard_phrases()) == 6
    assert all(file.stat().st_size == pytest.approx(8000, abs=400) for file in made)
    assert f"{len(made)} phrases" in capsys.readouterr().out


def test_a_voice_that_fails_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["speak-phrases", str(out)]) == 0
    before = {file: file.read_bytes() for file in out.rglob("*.alaw")}
    monkeypatch.setenv("CALLCENTER_SPEECH__CACHE", str(tmp_path / "another"))
    install(tmp_path / "bin", monkeypatch, "festival", 'if [ "$1" = --version ]; then echo 1; else echo no voice; fi')
    assert main(["speak-phrases", str(out)]) == 1
    assert "festival failed: no voice" in capsys.readouterr().err
    assert {file: file.read_bytes() for file in out.rglob("*.alaw")} == before


def test_a_folder_of_recordings_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CALLCENTER_SPEECH__RECORDED", str(tmp_path / "nowhere"))
    assert main(["speak-phrases", str(tmp_path / "out")]) == 1
    assert f"{tmp_path}/nowhere" in capsys.readouterr().err
