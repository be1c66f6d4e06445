"""The voices: each is a program, replaceable by any other that makes sound of text."""

import asyncio
import shutil
import tempfile
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import ClassVar

import structlog

from callcenter.errors import SpeechError, TextRefused
from callcenter.settings import SpeechSettings
from callcenter.speech import sound
from callcenter.speech.companion import Companion
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

    @asynccontextmanager
    async def ready(self) -> AsyncIterator[None]:
        """Inside of it, what the engine loads to speak is loaded once."""
        yield


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
    async def _make(self, text: Path, wav: Path, language: str) -> None:
        """Speak the file `text` into the file `wav`. Raises `SpeechError`."""

    async def speak(self, text: str, language: str) -> bytes:
        """The words of the text, spoken."""
        words = speakable(text, language)
        for word, better in self.spelled.items():
            words = words.replace(word, better)
        with tempfile.TemporaryDirectory(prefix="callcenter-speech-") as name:
            folder = Path(name)
            written, spoken = folder / "phrase.txt", folder / "phrase.wav"
            written.write_text(words + "\n")
            await self._make(written, spoken, language)
            if not spoken.exists():
                raise SpeechError(f"{self.program} made no sound")
            samples = await telephone_samples(spoken, folder, self._timeout_s)
        return await asyncio.to_thread(sound.from_samples, samples)


class CommandEngine(ProgramEngine):
    """An engine that is run once for each text."""

    @abstractmethod
    def _command(self, text: Path, wav: Path, language: str) -> Sequence[str]:
        """What to run."""

    async def _make(self, text: Path, wav: Path, language: str) -> None:
        await run(self._command(text, wav, language), self._timeout_s)


class Festival(ProgramEngine):
    """Festival with the Russian voice of Debian's `festvox-ru`. It loads for half a second and speaks for a twentieth."""

    name = "festival"
    program = "festival"
    asks_version = ("festival", "--version")
    hint = "apt-get install festival festvox-ru"
    data = Path("/usr/share/festival/voices/russian/msu_ru_nsh_clunits")
    # The voice has no sound for "мьс", and says something else instead.
    spelled: ClassVar[Mapping[str, str]] = {"восемьсот": "восемь сот", "семьсот": "семь сот"}

    def __init__(self, settings: SpeechSettings) -> None:
        super().__init__(settings)
        # Its own heap is four times as large, and takes as long to fill.
        command = (self.program, "--heap", "1000000", "--pipe")
        self._festival = Companion(command, f"(voice_{self.data.name})\n{_SPEAK_FILE}", self._timeout_s)
        self._held = 0

    @asynccontextmanager
    async def ready(self) -> AsyncIterator[None]:
        """Festival stays, with about 220 MB, until the last one leaves."""
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1
            if not self._held:
                await self._festival.close()

    async def _make(self, text: Path, wav: Path, language: str) -> None:
        async with self.ready():
            await self._festival.ask(f'(speak_file "{text}" "{wav}")')


# As Debian's text2wave does it, which ends after one text.
_SPEAK_FILE = """
(define (add_wave utt)
  (if (eq? samples 0) (wave.save.header out (utt.wave utt) 'riff nil (list (list "numsamples" 0))))
  (set! samples (+ samples (get_param 'num_samples (wave.info (utt.wave utt)) 0)))
  (wave.save.data.fp (utt.wave utt) out 'riff nil)
  (set! last_utt utt))
(set! tts_hooks (list utt.synth add_wave))
(define (speak_file text wav)
  (set! samples 0)
  (set! out (fopen wav "wb"))
  (tts_file text nil)
  (fseek out 0 0)
  (wave.save.header out (utt.wave last_utt) 'riff nil (list (list "numsamples" samples)))
  (fclose out)
  (format t "done\\n")
  (fflush nil))
""".strip()


class RHVoice(CommandEngine):
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


class ESpeak(CommandEngine):
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
