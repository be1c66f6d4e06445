"""The voices: each is a program, replaceable by any other that makes sound of text."""

import asyncio
import shutil
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import structlog

from callcenter.errors import SpeechError, TextRefused
from callcenter.settings import SpeechSettings
from callcenter.speech import sound
from callcenter.speech.languages import WORDS
from callcenter.speech.programs import run, telephone_samples

log = structlog.get_logger()

LONGEST_TEXT = 2000
LONGEST_SPOKEN = 3000
"""Letters, numbers as words: about four minutes."""
LONGEST_WORD = 40


class SpeechEngine(ABC):
    """Speaks texts.

    `name`: as in the settings; `identity` also has all else that changes how it sounds: its voice, its version.
    """

    name: str
    identity: str

    @abstractmethod
    async def speak(self, text: str, language: str) -> bytes:
        """A-law at 8 kHz, one channel, no header.

        Raises `TextRefused` when the text is too long or has no word, `SpeechError` when the engine fails.
        """


class ProgramEngine(SpeechEngine):
    """An engine that reads a text file and writes a WAV file."""

    program: str
    asks_version: Sequence[str]
    hint: str
    """What a person does who does not have it."""
    data: Path = Path("/")
    """What it needs beside the program."""
    spelled: ClassVar[Mapping[str, str]] = {}
    """Words that it says better when they are written otherwise."""

    def __init__(self, settings: SpeechSettings) -> None:
        self._timeout_s = settings.timeout_s
        self.identity = self.name

    def installed(self) -> bool:
        """Whether it is on this machine."""
        return shutil.which(self.program) is not None and self.data.exists()

    async def find_version(self) -> None:
        """Learn which version it is, for `identity`. Raises `SpeechError`."""
        self.identity = f"{self.identity} {await run(self.asks_version, self._timeout_s)}"

    @abstractmethod
    def _command(self, text: Path, wav: Path, language: str) -> Sequence[str]:
        """What to run."""

    async def speak(self, text: str, language: str) -> bytes:
        """The words of the text, spoken."""
        words = speakable(text, language)
        for word, better in self.spelled.items():
            words = words.replace(word, better)
        with tempfile.TemporaryDirectory(prefix="callcenter-speech-") as name:
            folder = Path(name)
            written, spoken = folder / "phrase.txt", folder / "phrase.wav"
            written.write_text(words + "\n")
            await run(self._command(written, spoken, language), self._timeout_s)
            if not spoken.exists():
                raise SpeechError(f"{self.program} made no sound")
            samples = await telephone_samples(spoken, folder, self._timeout_s)
        return await asyncio.to_thread(sound.from_samples, samples)


class Festival(ProgramEngine):
    """Festival with the Russian voice of Debian's `festvox-ru`."""

    name = "festival"
    program = "text2wave"
    asks_version = ("festival", "--version")
    hint = "apt-get install festival festvox-ru"
    data = Path("/usr/share/festival/voices/russian/msu_ru_nsh_clunits")
    # The voice has no sound for "мьс", and says something else instead.
    spelled: ClassVar[Mapping[str, str]] = {"восемьсот": "восемь сот", "семьсот": "семь сот"}

    def _command(self, text: Path, wav: Path, language: str) -> Sequence[str]:
        return (self.program, "-eval", f"(voice_{self.data.name})", "-o", str(wav), str(text))


class RHVoice(ProgramEngine):
    """RHVoice, whose voices are in the part of Debian that is not free."""

    name = "rhvoice"
    program = "RHVoice-test"
    asks_version = ("RHVoice-test", "--version")
    hint = "apt-get install rhvoice rhvoice-russian, from Debian's non-free part"

    def __init__(self, settings: SpeechSettings) -> None:
        super().__init__(settings)
        self._voices = {"ru": settings.rhvoice_russian, "en": settings.rhvoice_english}
        self.identity = f"{self.name} {self._voices}"

    def _command(self, text: Path, wav: Path, language: str) -> Sequence[str]:
        return (self.program, "-p", self._voices[language], "-i", str(text), "-o", str(wav))


class ESpeak(ProgramEngine):
    """espeak-ng, which speaks every language, none well."""

    name = "espeak-ng"
    program = "espeak-ng"
    asks_version = ("espeak-ng", "--version")
    hint = "apt-get install espeak-ng"

    def _command(self, text: Path, wav: Path, language: str) -> Sequence[str]:
        return (self.program, "-v", language, "-s", "150", "-b", "1", "-w", str(wav), "-f", str(text))


ENGINES: Mapping[str, type[ProgramEngine]] = {engine.name: engine for engine in (Festival, RHVoice, ESpeak)}


async def find_engine(name: str, settings: SpeechSettings) -> SpeechEngine:
    """The engine of this name; espeak-ng where it is not installed. Raises `SpeechError` when there is neither."""
    engine = ENGINES[name](settings)
    if not engine.installed():
        log.warning("speech_engine_missing", engine=name, hint=engine.hint)
        engine = ESpeak(settings)
    if not engine.installed():
        raise SpeechError(f"{engine.program} is not installed: {engine.hint}")
    await engine.find_version()
    return engine


def speakable(text: str, language: str) -> str:
    """The text as words of this language, harmless to every engine. Raises `TextRefused`."""
    if len(text) > LONGEST_TEXT:
        raise TextRefused(f"the text has {len(text)} characters; {LONGEST_TEXT} can be spoken")
    words = WORDS[language].read(text)
    if not words:
        raise TextRefused("the text has no word that can be spoken")
    if len(words) > LONGEST_SPOKEN:
        raise TextRefused(f"spoken, the text has {len(words)} letters; {LONGEST_SPOKEN} are the limit")
    if any(len(word) > LONGEST_WORD for word in words.split()):
        raise TextRefused(f"the text has a word of more than {LONGEST_WORD} letters")
    return words
