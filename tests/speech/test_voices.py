"""The real voices: what can be measured of what callers hear."""

import wave
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from callcenter.settings import SpeechSettings
from callcenter.speech import sound
from callcenter.speech.engines import LONGEST_TEXT, Festival, find_engine
from stack import listen
from tests.speech.test_engines import HOSTILE

pytestmark = pytest.mark.e2e

QUIET = 0.0065
LOUDEST = 10 ** ((sound.PEAK_DB + 0.3) / 20)


def samples(file: Path) -> NDArray[np.float64]:
    with wave.open(str(file)) as opened:
        assert (opened.getnchannels(), opened.getframerate()) == (1, 8000)
        return np.frombuffer(opened.readframes(opened.getnframes()), "<i2") / 32768


@pytest.mark.long
async def test_what_the_demo_says_can_be_heard_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    await listen.write(tmp_path / "listen", SpeechSettings(cache=tmp_path / "cache"))
    lines = dict(line.split("  ")[::2] for line in capsys.readouterr().out.splitlines())
    assert lines.keys() == {str(file) for file in (tmp_path / "listen").rglob("*.wav")}
    for file, text in lines.items():
        heard = np.abs(samples(Path(file)))
        loud = np.flatnonzero(heard > QUIET)
        letters_a_second = len(text) / (len(heard) / 8000)
        assert 5 < letters_a_second < 25 or "ticket" in file, (file, letters_a_second)
        assert loud[0] < 0.06 * 8000, file
        assert loud[-1] > len(heard) - 0.06 * 8000, file
        assert heard.max() <= LOUDEST, file
        assert 20 * np.log10(np.sqrt(np.mean(heard**2))) == pytest.approx(sound.LOUDNESS_DB, abs=1.5), file


@pytest.mark.parametrize("engine", ["festival", "espeak-ng"])
@pytest.mark.parametrize("text", HOSTILE)
async def test_a_hostile_text_is_only_spoken(
    engine: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    spoken = await (await find_engine(engine, SpeechSettings())).speak(text, "ru")
    assert 0.2 < sound.duration_s(spoken) < 60
    assert list(tmp_path.iterdir()) == []


async def test_the_longest_text_is_spoken_in_time() -> None:
    text = ("Холодная вода отключена до вечера. " * 100)[:LONGEST_TEXT]
    spoken = await Festival(SpeechSettings(timeout_s=60)).speak(text, "ru")
    assert 60 < sound.duration_s(spoken) < 400
