"""The phrases that every caller may hear, whatever happens: spoken at set-up, beside the configuration of Asterisk."""

from collections.abc import Iterator
from pathlib import Path

from callcenter.resources import ROOT
from callcenter.speech.languages import WORDS
from callcenter.speech.phrases import Phrase, Phrases, write
from callcenter.speech.words import Case, Noun

LIST = ROOT / "asterisk" / "sounds" / "phrases.txt"


PLACES = range(2, 31)
MINUTES = range(1, 31)
PLACE = {"ru": "Ваше место в очереди: {place}.", "en": "Your place in the queue: {place}."}
WAIT = {"ru": "Ожидание около {minutes}.", "en": "The wait is about {minutes}."}


def standard_phrases() -> list[Phrase]:
    """Those of the list, and those with a number in them."""
    return [*listed_phrases(), *_waiting()]


def listed_phrases() -> list[Phrase]:
    """Those of the list, one line each: language, key, text."""
    lines = (line.split(maxsplit=1) for line in LIST.read_text().splitlines())
    return [Phrase(text.strip(), *place.split("/", 1)) for place, text in lines]


def _waiting() -> Iterator[Phrase]:
    """Each place in the queue and each wait as a whole sentence, so that Asterisk joins no words."""
    for language, words in WORDS.items():
        for place in PLACES:
            yield Phrase(PLACE[language].format(place=words.number(place)), language, f"place-{place}")
        for minutes in MINUTES:
            wait = words.count(minutes, Noun.MINUTE, Case.GENITIVE)
            yield Phrase(WAIT[language].format(minutes=wait), language, f"wait-{minutes}")


async def write_standard_phrases(phrases: Phrases, out: Path) -> int:
    """Write each as `out/LANGUAGE/KEY.alaw`, and return how many. Raises `SpeechError`; what was there stays then."""
    listed = standard_phrases()
    await phrases.prepare(listed)
    for phrase in listed:
        target = out / phrase.language / f"{phrase.key}.alaw"
        target.parent.mkdir(parents=True, exist_ok=True)
        write(target, phrases.read(phrase))
    return len(listed)
