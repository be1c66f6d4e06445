"""Phrases for Asterisk, made where neither a database nor a store is set up yet."""

import asyncio
import sys
from pathlib import Path

from callcenter.errors import CallcenterError
from callcenter.settings import load_speech_settings
from callcenter.speech.phrases import Phrases
from callcenter.speech.standard import write_standard_phrases


def speak_phrases(out: Path) -> int:
    """Make every standard phrase as `out/LANGUAGE/PHRASE.alaw`; return the exit status."""
    try:
        written = asyncio.run(_speak(out))
    except (CallcenterError, OSError) as problem:
        print(f"callcenter: {problem}", file=sys.stderr)
        return 1
    print(f"{written} phrases in {out}")
    return 0


async def _speak(out: Path) -> int:
    return await write_standard_phrases(await Phrases.open(load_speech_settings()), out)
