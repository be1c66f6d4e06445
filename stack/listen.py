"""What callers of the demo hear, as WAV files for ears."""

import asyncio
import os
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from callcenter.settings import SpeechSettings
from callcenter.speech import sound
from callcenter.speech.languages import WORDS
from callcenter.speech.phrases import Phrase, Phrases
from callcenter.speech.standard import standard_phrases
from callcenter.speech.ticket_numbers import speak_number
from stack.demo_data import HOUSES
from stack.parts import ROOT

FOLDER = ROOT / "var" / "listen"
TICKET = 104_112
PAUSE_S = 0.6

_OUTAGE = {
    "ru": "Холодная вода отключена {since} по адресу: {address}. Аварийная бригада работает. Воду обещают включить {until}.",
    "en": "The cold water is off {since} at {address}. People are at work. We expect it back {until}.",
}
_TICKET = {"ru": "Ваша заявка принята под номером", "en": "The number of your ticket is"}
_AGAIN = {"ru": "Повторяю", "en": "I repeat"}
_MENU = {
    "ru": "Если у вас другой вопрос, нажмите один. Чтобы прослушать ещё раз, нажмите три.",
    "en": "If your question is another one, press one. To hear this again, press three.",
}


def run(folder: Path = FOLDER) -> int:
    """Write the files and say which; return the exit status."""
    cache = Path(os.environ.get("CALLCENTER_SPEECH__CACHE", ROOT / "var" / "speech"))
    asyncio.run(write(folder, SpeechSettings(cache=cache)))
    return 0


async def write(folder: Path, settings: SpeechSettings) -> None:
    """Speak everything in every language, and write it as `folder/LANGUAGE/NAME.wav`."""
    phrases = await Phrases.open(settings)
    for language in WORDS:
        (folder / language).mkdir(parents=True, exist_ok=True)
        for name, (text, spoken) in (await _everything(phrases, language)).items():
            file = folder / language / f"{name}.wav"
            file.write_bytes(sound.to_wav(spoken))
            print(f"{file}  {sound.duration_s(spoken):.1f} s  {text}")


async def _everything(phrases: Phrases, language: str) -> Mapping[str, tuple[str, bytes]]:
    """Text and sound by name."""
    texts = {each.key: each for each in standard_phrases() if each.language == language}
    texts |= {name: Phrase(text, language) for name, text in _sentences(language).items()}
    leads = {text: Phrase(text, language) for text in (_TICKET[language], _AGAIN[language])}
    await phrases.prepare([*texts.values(), *leads.values()])
    number = await speak_number(phrases, language, TICKET)
    first, again = (phrases.read(lead) for lead in leads.values())
    twice = sound.join([first, number, again, number], [0.1, PAUSE_S, 0.1])
    said = {name: (phrase.text, phrases.read(phrase)) for name, phrase in texts.items()}
    return said | {"ticket": (f"{_TICKET[language]} {WORDS[language].ticket_number(TICKET)}", twice)}


def _sentences(language: str) -> dict[str, str]:
    words = WORDS[language]
    now = datetime.now().astimezone().replace(hour=14, minute=20)
    _, _, street, building, _ = HOUSES[0]
    since, until = words.since(now, now), words.until(now + timedelta(hours=4, minutes=10), now)
    outage = _OUTAGE[language].format(since=since, until=until, address=words.address(street, building))
    return {"outage": outage, "menu": _MENU[language]}
