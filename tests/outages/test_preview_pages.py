"""What callers hear, in a supervisor's browser: as it is, as it would be, and recorded."""

import base64
import io
import wave
from pathlib import Path

import aiohttp
import pytest

from callcenter.outages.announcing.sound_file import name_of
from callcenter.speech import sound
from callcenter.speech.phrases import Phrase, Phrases
from callcenter.speech.standard import listed_phrases
from callcenter.speech.ticket_numbers import speak_number
from tests.outages.test_pages import form, house
from tests.site import Browser, Site
from tests.speech.voices import SAMPLES, FakeEngine, phrases_of

__all__ = ["house"]
WORDS = "По адресу ул. Мира, 7: нет холодной воды с 12:20 5 марта."
AT_WORK = "Специалисты уже работают."


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """The voice of the pages."""
    made = FakeEngine()
    phrases = phrases_of(tmp_path / "phrases", made)

    async def opened(_settings: object) -> Phrases:
        return phrases

    monkeypatch.setattr(Phrases, "open", opened)
    monkeypatch.setattr(FakeEngine, "phrases", phrases, raising=False)
    return made


def recorded() -> bytes:
    """A WAV file of half a second."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(SAMPLES)
    return out.getvalue()


async def sent(
    browser: Browser, path: str, fields: dict[str, str], file: bytes | None = None
) -> aiohttp.ClientResponse:
    data = aiohttp.FormData()
    for name, value in fields.items():
        data.add_field(name, value)
    data.add_field(
        "recording", io.BytesIO(file or b""), filename="" if file is None else "voice.wav", content_type="audio/wav"
    )
    return await browser.http.post(
        path, data=data, headers={"Origin": browser.origin, "Accept": "text/html"}, allow_redirects=False
    )


def heard_in(answer: dict[str, str]) -> bytes:
    head, _, body = answer["sound"].partition(",")
    assert head == "data:audio/wav;base64"
    return base64.b64decode(body)


async def whole(engine: FakeEngine, announcement: bytes, number: int) -> bytes:
    """The announcement with the ticket's number, as Asterisk plays its files one after the other."""
    phrases = engine.phrases
    first, again = (next(each for each in listed_phrases() if (each.language, each.key) == ("ru", key)) for key in
                    ("ticket-number", "repeat"))  # fmt: skip
    spoken = await speak_number(phrases, "ru", number)
    return sound.to_wav(announcement + phrases.read(first) + spoken + phrases.read(again) + spoken)


async def test_a_new_outage_is_heard_before_it_is_opened(site: Site, house: int, engine: FakeEngine) -> None:
    company = str(await site.pool.fetchval("select id from companies"))
    async with site.browser("vera") as vera:
        page = await vera.get("/outages/new")
        assert "microphone=(self)" in page.headers["Permissions-Policy"]
        assert "media-src 'self' data:;" in page.headers["Content-Security-Policy"]
        elsewhere = await vera.get("/outages")
        assert "microphone=()" in elsewhere.headers["Permissions-Policy"]
        assert "media-src 'self';" in elsewhere.headers["Content-Security-Policy"]
        first = await (await sent(vera, "/outages/preview", {"company": company, **form(house)})).json()
        assert first["words"].startswith(WORDS)
        # Another text is another sound, and only what is new is spoken.
        spoken = len(engine.spoken)
        changed = {"company": company, **form(house, message="Вода у подъезда 2.")}
        second = await (await sent(vera, "/outages/preview", changed)).json()
        assert second["words"] == f"{first['words']} Вода у подъезда 2."
        assert engine.spoken[spoken:] == ["Вода у подъезда 2."]
        assert heard_in(second) != heard_in(first)
        own = await (await sent(vera, "/outages/preview", changed, recorded())).json()
        assert own["words"] == ""
        assert await site.pool.fetchval("select count(*) from outages") == 0
        # The number is the one that the first ticket of such an outage would have.
        assert heard_in(own) == await whole(engine, sound.from_samples(SAMPLES), 2)
        for wrong in (
            {"message": "😀"},
            {"house": ""},
            {"kind": ""},
            {"until": "2026-03-05T11:00"},
            {"house": "99999999"},
        ):
            answer = await sent(vera, "/outages/preview", {**changed, **wrong})
            assert (answer.status, list(await answer.json())) == (422, ["problem"])


async def test_a_page_plays_what_the_node_gives_asterisk(site: Site, house: int, engine: FakeEngine) -> None:
    company = str(await site.pool.fetchval("select id from companies"))
    async with site.browser("vera") as vera:
        path = (await sent(vera, "/outages/new", {"company": company, **form(house)})).headers["Location"]
        number = await site.pool.fetchval("select min(number) from outage_numbers")
        heard = await vera.get(path + "/heard.wav")
        assert heard.content_type == "audio/wav"
        words = (await (await sent(vera, path + "/preview", {})).json())["words"]
        assert words in await (await vera.get(path)).text()
        sentences = sorted({text for text in engine.spoken if text in words and text.endswith(".")}, key=words.index)
        pieces = [engine.phrases.read(Phrase(text, "ru")) for text in sentences]
        text = sound.join(pieces, [0.25] * (len(pieces) - 1))
        assert await heard.read() == await whole(engine, text, number)
        # A text that is typed, and saved only afterwards.
        typed = await (await sent(vera, path + "/preview", {"workers": "Бригада выехала"})).json()
        assert "Бригада выехала." in typed["words"]
        assert "Бригада" not in await (await vera.get(path)).text()
        assert (await sent(vera, path + "/preview", {"workers": "😀"})).status == 422
        # What it would be is refused for an outage that is over.
        await vera.post(path + "/step", step="close")
        assert (await vera.get(path + "/heard.wav")).status == 404
        assert (await sent(vera, path + "/preview", {})).status == 422


async def test_a_recording_replaces_the_text_and_is_heard_back_and_removed(
    site: Site, house: int, engine: FakeEngine
) -> None:
    company = str(await site.pool.fetchval("select id from companies"))
    alaw = sound.from_samples(SAMPLES)
    async with site.browser("vera") as vera:
        answer = await sent(vera, "/outages/new", {"company": company, **form(house)}, recorded())
        path = answer.headers["Location"]
        row = await site.pool.fetchrow("select digest, sound, recorded_by from outage_recordings")
        assert tuple(row) == (name_of(alaw), alaw, site.ids["vera"])
        number = await site.pool.fetchval("select min(number) from outage_numbers")
        assert await (await vera.get(path + "/heard.wav")).read() == await whole(engine, alaw, number)
        page = await (await vera.get(path)).text()
        assert WORDS not in page
        assert "После записи изменено" not in page
        await vera.post(path + "/edit", version="2", cause="Прорыв", since="2026-03-05T12:20", until="")
        page = await (await vera.get(path)).text()
        assert "После записи изменено: Ожидаемое окончание, Причина." in page
        # The typed text is heard all the same.
        assert WORDS in (await (await sent(vera, path + "/preview", {})).json())["words"]
        assert (await vera.post(path + "/recording/remove")).status == 303
        page = await (await vera.get(path)).text()
        assert WORDS in page
        assert "Запись удалена" in page
        assert (await sent(vera, path + "/recording", {}, recorded())).status == 303
        assert await site.pool.fetchval("select count(*) from outage_recordings") == 1


async def test_a_file_that_is_no_sound_is_refused_beside_the_field(site: Site, house: int, engine: FakeEngine) -> None:
    company = str(await site.pool.fetchval("select id from companies"))
    fields = {"company": company, **form(house, cause="Прорыв трубы")}
    async with site.browser("vera") as vera:
        answer = await sent(vera, "/outages/new", fields, b"no sound")
        page = await answer.text()
        assert (answer.status, "Это не звуковой файл." in page, "Прорыв трубы" in page) == (422, True, True)
        assert await site.pool.fetchval("select count(*) from outages") == 0
        path = (await sent(vera, "/outages/new", fields)).headers["Location"]
        refused = await sent(vera, path + "/recording", {}, b"no sound")
        assert (refused.status, "Это не звуковой файл." in await refused.text()) == (422, True)
        empty = await sent(vera, path + "/recording", {})
        assert (empty.status, "выберите файл" in await empty.text()) == (422, True)
        heard = await sent(vera, path + "/preview", {}, b"no sound")
        assert (heard.status, "Это не звуковой файл" in (await heard.json())["problem"]) == (422, True)
        assert (await sent(vera, path + "/recording", {}, bytes(26 * 1024**2))).status == 413
    assert await site.pool.fetchval("select count(*) from outage_recordings") == 0


async def test_a_voice_that_fails_is_said_with_the_text(site: Site, house: int, engine: FakeEngine) -> None:
    company = str(await site.pool.fetchval("select id from companies"))
    engine.broken = {AT_WORK}
    async with site.browser("vera") as vera:
        answer = await (await sent(vera, "/outages/preview", {"company": company, **form(house)})).json()
        assert answer["words"].startswith(WORDS)
        assert answer["problem"].startswith("Голос не отвечает.")
        path = (await sent(vera, "/outages/new", {"company": company, **form(house)})).headers["Location"]
        assert (await vera.get(path + "/heard.wav")).status == 503


async def test_a_company_hears_its_outages_and_records_nothing(site: Site, house: int, engine: FakeEngine) -> None:
    company = str(await site.pool.fetchval("select id from companies"))
    async with site.browser("vera") as vera:
        path = (await sent(vera, "/outages/new", {"company": company, **form(house)})).headers["Location"]
    async with site.browser("maria") as maria:
        assert (await maria.get(path + "/heard.wav")).status == 200
        assert 'name="recording"' not in await (await maria.get(path)).text()
        for what in ("recording", "recording/remove", "preview"):
            assert (await sent(maria, f"{path}/{what}", {}, recorded())).status == 403
