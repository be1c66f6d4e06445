"""Announcements and ticket numbers as sound: sentences spoken and joined, and the pieces of which numbers are made."""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import structlog

from callcenter.errors import PhrasesMissing, SpeechError
from callcenter.outages.announcing.wording import Speech
from callcenter.settings import SpeechSettings
from callcenter.speech import sound, ticket_numbers
from callcenter.speech.phrases import Phrase, Phrases
from callcenter.speech.standard import listed_phrases

log = structlog.get_logger()

BETWEEN_SENTENCES_S = 0.25


class Voice:
    """Speaks for one folder of announcements. The phrases are kept: what was said before costs nothing."""

    def __init__(self, settings: SpeechSettings) -> None:
        self._settings = settings
        self._opened: Phrases | None = None
        self._held = AsyncExitStack()
        # Whoever comes second finds them made.
        self._numbers = asyncio.Lock()

    async def _phrases(self) -> Phrases:
        """Opened when they are first needed: a node runs without a voice too. Raises `SpeechError`."""
        self._opened = self._opened or await Phrases.open(self._settings)
        return self._opened

    async def load(self) -> None:
        """Load what the voices need and keep it: that takes longer than to speak. Raises `SpeechError`."""
        phrases = await self._phrases()
        await self._held.enter_async_context(phrases.ready())
        await phrases.try_voices()

    async def close(self) -> None:
        """Let the voices go."""
        await self._held.aclose()

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

    async def with_number(self, announcement: bytes, language: str, number: int) -> bytes:
        """The announcement and the ticket's number, as the dialplan plays them. Raises `SpeechError`."""
        phrases = await self._phrases()
        listed = {phrase.key: phrase for phrase in listed_phrases() if phrase.language == language}
        first, again = listed["ticket-number"], listed["repeat"]
        await phrases.prepare([first, again])
        spoken = await ticket_numbers.speak_number(phrases, language, number)
        return sound.join([announcement, phrases.read(first), spoken, phrases.read(again), spoken])

    async def add_numbers(self, folder: Path, language: str) -> None:
        """Make `folder/LANGUAGE` hold the parts of ticket numbers. Raises `SpeechError`."""
        async with self._numbers:
            await ticket_numbers.write_parts(await self._phrases(), language, folder)
