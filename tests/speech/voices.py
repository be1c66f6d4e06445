"""Engines for tests: in this process, and as programs that are found before the real ones."""

import asyncio
import hashlib
import math
import struct
from pathlib import Path

import pytest

from callcenter.errors import SpeechError
from callcenter.settings import SpeechSettings
from callcenter.speech import sound
from callcenter.speech.engines import SpeechEngine, speakable
from callcenter.speech.phrases import Phrases

SPEAKS = (
    'case "$*" in *--version) echo 1; exit;; esac; while [ $# -gt 0 ]; do case $1 in -w|-o) wav=$2;; esac; shift; done; '
    'ffmpeg -v error -f lavfi -i sine=frequency=440:duration=1 -ar 22050 -y "$wav"'
)
"""A program that speaks a tone of one second, whatever it is asked."""

FESTIVAL = (
    'if [ "$1" = --version ]; then echo 1; exit; fi; while read -r call text wav; do '
    'if [ "$call" = "(speak_file" ]; then text=${text//\\"/} wav=${wav//[\\")]/}; SPEAK; echo done; fi; done'
).replace("SPEAK", "ffmpeg -nostdin -v error -f lavfi -i sine=frequency=440:duration=1 -ar 22050 -y $wav; MORE")
"""A Festival that speaks the same tone; MORE is what it does for each text `$text` besides."""

SAMPLES = struct.pack("<4000h", *(round(9000 * math.sin(at / 3)) for at in range(4000)))
TONE = sound.from_samples(SAMPLES)


class FakeEngine(SpeechEngine):
    """Speaks a tone; knows what it was asked, and how many times at once. `broken`: texts that fail."""

    def __init__(self) -> None:
        self.name = self.identity = "fake"
        self.spoken: list[str] = []
        self.broken: set[str] = set()
        self.now = self.most = 0

    async def speak(self, text: str, language: str) -> bytes:
        self.spoken.append(text)
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0)
        self.now -= 1
        if text in self.broken:
            raise SpeechError("the engine is broken")
        return TONE + hashlib.sha256(speakable(text, language).encode()).digest()


def phrases_of(folder: Path, engine: SpeechEngine, recorded: Path | None = None) -> Phrases:
    folder.mkdir(exist_ok=True)
    settings = SpeechSettings(cache=folder, recorded=recorded)
    return Phrases(settings, {"ru": engine, "en": engine})


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, script: str) -> None:
    """A program `name` that is found before any other."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/bash\n{script}\n")
    (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


def install_voices(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engines of the default settings, with the tone for a voice."""
    install(folder, monkeypatch, "festival", FESTIVAL.replace("MORE", "true"))
    install(folder, monkeypatch, "espeak-ng", SPEAKS)
