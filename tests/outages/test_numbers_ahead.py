"""The parts of ticket numbers, spoken before there is an outage."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

import pytest

from callcenter.domain.ids import NodeName
from callcenter.outages.announcing.announcer import Announcer
from callcenter.outages.announcing.voice import Voice
from callcenter.outages.announcing.wording import Speech
from callcenter.settings import DatabaseSettings, SpeechSettings
from callcenter.speech import ticket_numbers
from callcenter.speech.phrases import Phrases
from tests.outages.district import District


class Speaker:
    """Notes the languages of which numbers are wanted."""

    def __init__(self) -> None:
        self.languages: list[str] = []

    async def speak(self, speeches: Iterable[Speech]) -> dict[Speech, bytes]:
        return {}

    async def add_numbers(self, folder: Path, language: str) -> None:
        self.languages.append(language)


async def test_every_language_has_its_numbers_before_the_first_outage(district: District, tmp_path: Path) -> None:
    await district.pool.execute("update companies set language = 'en' where id = $1", district.company)
    speaker = Speaker()
    announcer = Announcer(
        district.pool,
        DatabaseSettings(url="postgresql://unused"),
        NodeName("node1"),
        tmp_path,
        speaker,
        lambda _: None,
    )
    await announcer.prepare()
    spoken_in = await district.pool.fetch("select distinct language from companies")
    assert sorted(speaker.languages) == sorted(row["language"] for row in spoken_in)
    assert "en" in speaker.languages


async def test_two_who_want_them_at_once_make_them_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    voice, made = Voice(SpeechSettings(cache=tmp_path / "cache")), []

    async def spoken(_phrases: Phrases, language: str, names: Iterable[str]) -> dict[str, bytes]:
        made.append(language)
        await asyncio.sleep(0)
        return dict.fromkeys(names, b"")

    monkeypatch.setattr(ticket_numbers, "_spoken", spoken)
    await asyncio.gather(*(voice.add_numbers(tmp_path / "numbers", "ru") for _ in range(3)))
    assert made == ["ru"]
