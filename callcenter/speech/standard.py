"""The phrases that every caller may hear, whatever happens: spoken at set-up, beside the configuration of Asterisk."""

from pathlib import Path

from callcenter.resources import ROOT
from callcenter.speech.phrases import Phrase, Phrases, write

LIST = ROOT / "asterisk" / "sounds" / "phrases.txt"


def standard_phrases() -> list[Phrase]:
    """One line each: language, key, text."""
    lines = (line.split(maxsplit=1) for line in LIST.read_text().splitlines())
    return [Phrase(text.strip(), *place.split("/", 1)) for place, text in lines]


async def write_standard_phrases(phrases: Phrases, out: Path) -> int:
    """Write each as `out/LANGUAGE/KEY.alaw`, and return how many. Raises `SpeechError`; what was there stays then."""
    listed = standard_phrases()
    await phrases.prepare(listed)
    for phrase in listed:
        target = out / phrase.language / f"{phrase.key}.alaw"
        target.parent.mkdir(parents=True, exist_ok=True)
        write(target, phrases.read(phrase))
    return len(listed)
