"""Phrases kept on disk: spoken once, played a thousand times."""

import asyncio
import hashlib
import os
import tempfile
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import structlog

from callcenter.errors import PhrasesMissing, SpeechError, TextRefused
from callcenter.settings import SpeechSettings
from callcenter.speech import sound
from callcenter.speech.engines import SpeechEngine, find_engine
from callcenter.speech.languages import WORDS
from callcenter.speech.programs import telephone_samples

log = structlog.get_logger()

_RECIPE = "1"
"""A change of how sound is trimmed and levelled, or of how texts are read, makes every phrase anew."""
_DAY_S = 86_400
_FAILURES_IN_A_ROW = 3


@dataclass(frozen=True)
class Phrase:
    """What is said. `key` is the name by which a centre may have recorded it itself."""

    text: str
    language: str
    key: str = ""


class Phrases:
    """The phrases of one folder. A file in it is complete, and never changes."""

    def __init__(self, settings: SpeechSettings, engines: Mapping[str, SpeechEngine]) -> None:
        self._settings = settings
        self._engines = engines
        self._speaking = asyncio.Semaphore(settings.at_once)

    @classmethod
    async def open(cls, settings: SpeechSettings) -> Self:
        """With the engines that the settings name. Raises `SpeechError` when a language has none."""
        if settings.recorded is not None and not settings.recorded.is_dir():
            raise SpeechError(f"{settings.recorded}, which should have your recordings, is not a folder")
        engines = {
            "ru": await find_engine(settings.russian, settings),
            "en": await find_engine(settings.english, settings),
        }
        try:
            settings.cache.mkdir(parents=True, exist_ok=True)
            _remove_unused(settings.cache, settings.keep_days)
        except OSError as problem:
            raise SpeechError(f"the folder of phrases cannot be used: {problem.strerror}") from problem
        return cls(settings, engines)

    def path(self, phrase: Phrase) -> Path:
        """Where the phrase's sound is, or will be once it is prepared."""
        made_of = [_RECIPE, self._engines[phrase.language].identity, phrase.language, phrase.text]
        if recorded := self._recorded(phrase):
            status = recorded.stat()
            made_of = [_RECIPE, str(recorded), str(status.st_size), str(status.st_mtime_ns)]
        return self._settings.cache / f"{hashlib.sha256(chr(0).join(made_of).encode()).hexdigest()}.alaw"

    def _recorded(self, phrase: Phrase) -> Path | None:
        if self._settings.recorded is None or not phrase.key:
            return None
        recorded = self._settings.recorded / phrase.language / f"{phrase.key}.wav"
        return recorded if recorded.is_file() else None

    @asynccontextmanager
    async def ready(self) -> AsyncIterator[None]:
        """Inside of it, the engines stay loaded from the first phrase on that they speak."""
        async with AsyncExitStack() as held:
            for engine in self._engines.values():
                await held.enter_async_context(engine.ready())
            yield

    async def try_voices(self) -> None:
        """Speak a word with each engine, which it has loaded then. Raises `SpeechError`."""
        for language, engine in self._engines.items():
            await engine.speak(WORDS[language].number(1), language)

    async def prepare(self, phrases: Iterable[Phrase]) -> None:
        """Speak what has not been spoken yet, a few at a time.

        Raises `PhrasesMissing` with those that failed; the others are there. An engine that fails again and again is not
        asked for the rest.
        """
        failures = _Failures()
        async with self.ready(), asyncio.TaskGroup() as tasks:
            for phrase in dict.fromkeys(phrases):
                tasks.create_task(self._prepare(phrase, failures))
        if failures.reasons:
            log.warning("phrases_not_spoken", phrases=len(failures.reasons))
            raise PhrasesMissing(failures.reasons)

    async def _prepare(self, phrase: Phrase, failures: "_Failures") -> None:
        async with self._speaking:
            try:
                path = self.path(phrase)
                if path.exists():
                    os.utime(path)
                    return
                failures.stop_after_many()
                write(path, await self._sound_of(phrase))
            except TextRefused as problem:
                failures.reasons[phrase.text] = str(problem)
            except SpeechError as problem:
                failures.reasons[phrase.text] = str(problem)
                failures.in_a_row += 1
            except OSError as problem:
                failures.reasons[phrase.text] = f"the phrase cannot be made: {problem.strerror}"
            else:
                failures.in_a_row = 0

    async def _sound_of(self, phrase: Phrase) -> bytes:
        recorded = self._recorded(phrase)
        if recorded is None:
            return await self._engines[phrase.language].speak(phrase.text, phrase.language)
        with tempfile.TemporaryDirectory(prefix="callcenter-speech-") as folder:
            samples = await telephone_samples(recorded, Path(folder), self._settings.timeout_s)
        return await asyncio.to_thread(sound.from_samples, samples)

    def read(self, phrase: Phrase) -> bytes:
        """The sound of a phrase that was prepared. Raises `SpeechError` when it was not."""
        try:
            return self.path(phrase).read_bytes()
        except FileNotFoundError:
            raise SpeechError("the phrase was not prepared") from None


class _Failures:
    """What went wrong while several phrases were prepared."""

    def __init__(self) -> None:
        self.reasons: dict[str, str] = {}
        self.in_a_row = 0

    def stop_after_many(self) -> None:
        if self.in_a_row >= _FAILURES_IN_A_ROW:
            raise SpeechError("not tried, since the engine failed for others")


def write(path: Path, content: bytes) -> None:
    """Write a file under another name and rename it, so that nobody ever plays half a phrase."""
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".new", delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise


def _remove_unused(folder: Path, days: int) -> None:
    for pattern, age_s in (("*.alaw", days * _DAY_S), ("*.new", _DAY_S)):
        for file in folder.glob(pattern):
            if file.stat().st_mtime < time.time() - age_s:
                file.unlink(missing_ok=True)
