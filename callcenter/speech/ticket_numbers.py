"""Ticket numbers as sound: the parts that Asterisk joins, and whole ones joined of the same parts."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from callcenter.speech import sound
from callcenter.speech.languages import WORDS
from callcenter.speech.phrases import Phrase, Phrases, write
from callcenter.speech.words import THOUSAND, number_parts

PARTS = (
    *(str(each) for each in range(1, 1000)),
    *(f"{each:03}" for each in range(100)),
    *(f"{THOUSAND}{each}" for each in range(1, 10)),
)
"""Of which every number is made."""
BETWEEN_PIECES_S = 0.03
BETWEEN_GROUPS_S = 0.35


async def write_parts(phrases: Phrases, language: str, folder: Path) -> None:
    """Make `folder/LANGUAGE` hold the parts and the pause that `[spoken]` of the dialplan joins. Raises `SpeechError`.

    About a hundred phrases, spoken once; then it is fast.
    """
    target = folder / language
    if (target / "pause.alaw").exists():
        return
    parts = await _spoken(phrases, language, PARTS)
    target.mkdir(parents=True, exist_ok=True)
    for name, alaw in parts.items():
        write(target / f"{name}.alaw", alaw)
    # The last one says that all are there.
    write(target / "pause.alaw", sound.silence(BETWEEN_GROUPS_S))


async def speak_number(phrases: Phrases, language: str, number: int) -> bytes:
    """A whole number, to the byte as Asterisk plays it. Raises `SpeechError`."""
    groups = number_parts(number)
    parts = await _spoken(phrases, language, (name for group in groups for name in group))
    spoken = [sound.join([parts[name] for name in group]) for group in groups]
    return sound.join(spoken, [BETWEEN_GROUPS_S] * (len(spoken) - 1))


async def _spoken(phrases: Phrases, language: str, names: Iterable[str]) -> Mapping[str, bytes]:
    said = {name: [Phrase(text, language) for text in WORDS[language].part(name)] for name in names}
    await phrases.prepare(phrase for pieces in said.values() for phrase in pieces)
    return {
        name: sound.join([phrases.read(phrase) for phrase in pieces], [BETWEEN_PIECES_S] * (len(pieces) - 1))
        for name, pieces in said.items()
    }
