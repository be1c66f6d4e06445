"""Sound files that people record or choose, made into what a telephone carries. Nothing in a file is trusted."""

import asyncio
import hashlib
import shutil
import tempfile
from pathlib import Path
from typing import IO

from callcenter.errors import Refusal, SpeechError, gettext_noop
from callcenter.settings import SpeechSettings
from callcenter.speech import sound
from callcenter.speech.programs import telephone_samples

LARGEST = 25 * 1024**2
"""Bytes of a file: two minutes of WAV as studios record it."""
LONGEST_S = 120


class BadSound(Refusal):
    """A file that cannot be played to callers. `code`: `no sound`, `silent` or `too long`."""

    status = 422
    text = gettext_noop("This file cannot be played to callers.")


async def read_sound(file: IO[bytes], settings: SpeechSettings) -> bytes:
    """The file's sound as A-law, as loud as all phrases. Raises `BadSound`."""
    with tempfile.TemporaryDirectory(prefix="callcenter-sound-") as name:
        folder = Path(name)
        await asyncio.to_thread(_copy, file, folder / "file")
        try:
            # One second more than is allowed shows that it is too long.
            samples = await telephone_samples(folder / "file", folder, settings.timeout_s, LONGEST_S + 1)
        except SpeechError:
            raise BadSound("no sound") from None
    try:
        alaw = await asyncio.to_thread(sound.from_samples, samples)
    except SpeechError:
        raise BadSound("silent") from None
    if sound.duration_s(alaw) > LONGEST_S:
        raise BadSound("too long")
    return alaw


def name_of(alaw: bytes) -> str:
    """The name of a sound among the announcements: 16 hexadecimal digits."""
    return hashlib.sha256(alaw).hexdigest()[:16]


def _copy(file: IO[bytes], path: Path) -> None:
    with path.open("wb") as copy:
        shutil.copyfileobj(file, copy)
