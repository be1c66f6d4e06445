"""Announcements and ticket numbers as sound: sentences spoken and joined, and the pieces of which numbers are made."""

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path

import structlog

from callcenter.errors import PhrasesMissing, SpeechError
from callcenter.outages.announcements import Speech
from callcenter.settings import SpeechSettings
from callcenter.speech import sound
from callcenter.speech.languages import WORDS
from callcenter.speech.phrases import Phrase, Phrases, write
from callcenter.speech.words import digit_pieces

log = structlog.get_logger()

BETWEEN_SENTENCES_S = 0.25
BETWEEN_PIECES_S = 0.03
BETWEEN_GROUPS_S = 0.35


class Voice:
    """Speaks for one folder of announcements. The phrases are kept: what was said before costs nothing."""

    def __init__(self, settings: SpeechSettings) -> None:
        self._settings = settings
        self._opened: Phrases | None = None
        # Whoever comes second finds them made.
        self._numbers = asyncio.Lock()

    async def _phrases(self) -> Phrases:
        """Opened when they are first needed: a node runs without a voice too. Raises `SpeechError`."""
        self._opened = self._opened or await Phrases.open(self._settings)
        return self._opened

    async def speak(self, speeches: Iterable[Speech]) -> Mapping[Speech, bytes]:
        """The sound of each that could be spoken whole: 8,000 bytes of A-law a second. Raises `SpeechError`."""
        phrases = await self._phrases()
        wanted = {speech: [Phrase(text, speech.language) for text in speech.sentences] for speech in speeches}
        try:
            await phrases.prepare(phrase for each in wanted.values() for phrase in each)
        except PhrasesMissing as problem:
            log.error("sentences not spoken", count=len(problem.reasons), reason=next(iter(problem.reasons.values())))
        spoken: dict[Speech, bytes] = {}
        for speech, sentences in wanted.items():
            try:
                pieces = [phrases.read(phrase) for phrase in sentences]
            except SpeechError:
                continue
            spoken[speech] = sound.join(pieces, [BETWEEN_SENTENCES_S] * (len(pieces) - 1))
        return spoken

    async def add_numbers(self, folder: Path, language: str) -> None:
        """Make `folder/LANGUAGE` hold the pieces that `[spoken]` of the dialplan joins. Raises `SpeechError`.

        About a hundred phrases, spoken once; then it is fast.
        """
        async with self._numbers:
            if not (folder / language / "pause.alaw").exists():
                await self._make_numbers(folder / language, language)

    async def _make_numbers(self, target: Path, language: str) -> None:
        phrases = await self._phrases()
        number = WORDS[language].number
        parts = {str(each): list(digit_pieces(str(each), number)) for each in range(1, 1000)}
        parts |= {f"{each:03}": list(digit_pieces(f"{each:03}", number)) for each in range(100)}
        parts |= {f"thousand-{each}": [number(each * 1000)] for each in range(1, 10)}
        await phrases.prepare({Phrase(text, language) for pieces in parts.values() for text in pieces})
        target.mkdir(parents=True, exist_ok=True)
        for name, pieces in parts.items():
            sounds = [phrases.read(Phrase(text, language)) for text in pieces]
            write(target / f"{name}.alaw", sound.join(sounds, [BETWEEN_PIECES_S] * (len(sounds) - 1)))
        # The last one says that all are there.
        write(target / "pause.alaw", sound.silence(BETWEEN_GROUPS_S))
