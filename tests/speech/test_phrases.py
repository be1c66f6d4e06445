"""Phrases on disk: spoken once, complete, and still there when a voice fails."""

import asyncio
import errno
import os
import subprocess
from pathlib import Path

import pytest

from callcenter.errors import PhrasesMissing, SpeechError
from callcenter.settings import SpeechSettings
from callcenter.speech import phrases as module
from callcenter.speech import sound
from callcenter.speech.phrases import Phrase, Phrases
from callcenter.speech.standard import standard_phrases, write_standard_phrases
from tests.speech.voices import FakeEngine, phrases_of

WATER = Phrase("Воды нет.", "ru", key="no-water")


def record(folder: Path, frequency: int) -> None:
    recording = folder / "ru" / "no-water.wav"
    recording.parent.mkdir(parents=True, exist_ok=True)
    made = f"sine=frequency={frequency}:duration=2"
    command = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", made, "-ar", "44100", "-ac", "2", str(recording)]
    subprocess.run(command, check=True)


async def test_a_phrase_is_spoken_once(tmp_path: Path) -> None:
    engine = FakeEngine()
    phrases = phrases_of(tmp_path / "cache", engine)
    for _ in range(2):
        await phrases.prepare([WATER, WATER, Phrase("Свет есть.", "ru")])
    assert sorted(engine.spoken) == ["Воды нет.", "Свет есть."]
    assert phrases.path(WATER).read_bytes() == phrases.read(WATER)
    assert {file.suffix for file in (tmp_path / "cache").iterdir()} == {".alaw"}


async def test_text_language_and_voice_each_make_another_phrase(tmp_path: Path) -> None:
    one, other = FakeEngine(), FakeEngine()
    other.identity = "another version"
    paths = {
        phrases_of(tmp_path, engine).path(phrase)
        for engine in (one, other)
        for phrase in (WATER, Phrase("Воды нет", "ru"), Phrase("Воды нет.", "en"))
    }
    assert len(paths) == 6


async def test_two_are_spoken_at_a_time(tmp_path: Path) -> None:
    engine = FakeEngine()
    await phrases_of(tmp_path, engine).prepare([Phrase(f"дом {number}", "ru") for number in range(20)])
    assert (len(engine.spoken), engine.most) == (20, 2)


async def test_what_fails_is_told_and_the_last_good_files_stay(tmp_path: Path) -> None:
    engine = FakeEngine()
    phrases = phrases_of(tmp_path, engine)
    await phrases.prepare([WATER])
    good = phrases.read(WATER)
    engine.broken = {WATER.text, "Света нет."}
    with pytest.raises(PhrasesMissing) as problem:
        await phrases.prepare([WATER, Phrase("Света нет.", "ru"), Phrase("Газ есть.", "ru"), Phrase("😀", "ru")])
    assert set(problem.value.reasons) == {"Света нет.", "😀"}
    assert "broken" in problem.value.reasons["Света нет."]
    assert "no word" in problem.value.reasons["😀"]
    assert phrases.read(WATER) == good
    assert phrases.read(Phrase("Газ есть.", "ru"))
    with pytest.raises(SpeechError, match="not prepared"):
        phrases.read(Phrase("Света нет.", "ru"))


async def test_an_engine_that_always_fails_is_not_asked_for_all(tmp_path: Path) -> None:
    engine = FakeEngine()
    wanted = [Phrase(f"дом {number}", "ru") for number in range(100)]
    engine.broken = {phrase.text for phrase in wanted}
    phrases = phrases_of(tmp_path, engine)
    with pytest.raises(PhrasesMissing) as problem:
        await phrases.prepare(wanted)
    assert len(problem.value.reasons) == 100
    assert 3 <= len(engine.spoken) <= 5
    engine.broken = set()
    await phrases.prepare(wanted)


async def test_a_full_disk_is_told_and_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    phrases = phrases_of(tmp_path, FakeEngine())

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(module.os, "replace", full)
        with pytest.raises(PhrasesMissing, match="No space left on device"):
            await phrases.prepare([WATER])
    assert list(tmp_path.iterdir()) == []
    await phrases.prepare([WATER])


async def test_a_recording_of_ones_own_replaces_the_voice(tmp_path: Path) -> None:
    engine = FakeEngine()
    phrases = phrases_of(tmp_path / "cache", engine, tmp_path / "recorded")
    await phrases.prepare([WATER])
    assert engine.spoken == [WATER.text]
    record(tmp_path / "recorded", 440)
    await phrases.prepare([WATER])
    first = phrases.read(WATER)
    assert sound.duration_s(first) == pytest.approx(2.0, abs=0.05)
    record(tmp_path / "recorded", 880)
    await phrases.prepare([WATER])
    assert phrases.read(WATER) != first
    assert engine.spoken == [WATER.text]


async def test_a_recording_that_is_no_sound_is_told(tmp_path: Path) -> None:
    (tmp_path / "recorded" / "ru").mkdir(parents=True)
    (tmp_path / "recorded" / "ru" / "no-water.wav").write_bytes(b"no sound")
    with pytest.raises(PhrasesMissing, match="ffmpeg failed"):
        await phrases_of(tmp_path / "cache", FakeEngine(), tmp_path / "recorded").prepare([WATER])


async def test_phrases_that_nobody_uses_are_removed(tmp_path: Path) -> None:
    settings = SpeechSettings(cache=tmp_path / "cache", russian="espeak-ng")
    phrases = await Phrases.open(settings)
    await phrases.prepare([WATER])
    old, half = settings.cache / "old.alaw", settings.cache / "half.new"
    for file in (old, half):
        file.write_bytes(b"")
        os.utime(file, (0, 0))
    os.utime(phrases.path(WATER), (0, 0))
    await phrases.prepare([WATER])
    await Phrases.open(settings)
    assert list(settings.cache.iterdir()) == [phrases.path(WATER)]


async def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SpeechError, match="Not a directory"):
        await Phrases.open(SpeechSettings(cache=tmp_path / "file" / "cache", russian="espeak-ng"))


async def test_what_is_cut_off_leaves_no_half_phrase(tmp_path: Path) -> None:
    class Slow(FakeEngine):
        async def speak(self, text: str, language: str) -> bytes:
            await asyncio.Event().wait()
            raise AssertionError

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(phrases_of(tmp_path, Slow()).prepare([WATER]), 0.05)
    assert list(tmp_path.iterdir()) == []


async def test_the_standard_phrases_are_written_for_asterisk(tmp_path: Path) -> None:
    phrases = phrases_of(tmp_path / "cache", FakeEngine())
    out = tmp_path / "sounds"
    assert await write_standard_phrases(phrases, out) == len(standard_phrases()) > 0
    written = {str(file.relative_to(out)) for file in out.rglob("*") if file.is_file()}
    assert written == {f"{phrase.language}/{phrase.key}.alaw" for phrase in standard_phrases()}


def test_the_place_and_the_wait_are_said_in_the_right_forms() -> None:
    said = {f"{phrase.language}/{phrase.key}": phrase.text for phrase in standard_phrases()}
    assert {name: said[name] for name in said if name in SAID} == SAID
    counted = {name for name in said if name.startswith("ru/") and name[-1].isdigit()}
    assert counted == {f"ru/place-{n}" for n in range(2, 31)} | {f"ru/wait-{n}" for n in range(1, 31)}
    assert len(said) == len(standard_phrases()) == len(set(said.values()))


SAID = {
    "ru/place-2": "Ваше место в очереди: два.",
    "ru/place-21": "Ваше место в очереди: двадцать один.",
    "ru/wait-1": "Ожидание около одной минуты.",
    "ru/wait-2": "Ожидание около двух минут.",
    "ru/wait-11": "Ожидание около одиннадцати минут.",
    "ru/wait-21": "Ожидание около двадцати одной минуты.",
    "ru/wait-30": "Ожидание около тридцати минут.",
    "en/place-3": "Your place in the queue: three.",
    "en/wait-1": "The wait is about one minute.",
    "en/wait-22": "The wait is about twenty two minutes.",
}
