"""Programs that speak, and that fail to; texts that mean harm."""

import asyncio
import re
import shutil
from pathlib import Path

import psutil
import pytest

from callcenter.errors import SpeechError, TextRefused
from callcenter.settings import SpeechSettings
from callcenter.speech import engines, sound
from callcenter.speech.engines import ESpeak, Festival, RHVoice, find_engine, speakable
from tests.speech.voices import FESTIVAL, SPEAKS, install

HOSTILE = [
    '") (system "touch CANARY") ("',
    '(system "touch CANARY") \'quoted (list)',
    "$(touch CANARY) `touch CANARY`; touch CANARY | tee CANARY > CANARY",
    "-w CANARY --stdin -f /etc/passwd",
    '<speak><audio src="CANARY"/>слово</speak> <![CDATA[x]]> &lt;слово&gt; [[w3:d]]',
    "слово\x00\x07\x1b[2J\r\n\u202e\ufeff слово 😀🔥",
    "1234567890 77 002",
    "Only Latin letters, no others",
]


@pytest.fixture
def settings() -> SpeechSettings:
    return SpeechSettings(timeout_s=20)


async def ended(pid: int) -> None:
    """Return when the process is no more, or fail after ten seconds."""
    async with asyncio.timeout(10):
        while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
            await asyncio.sleep(0.02)


async def test_what_a_program_says_becomes_sound_of_the_telephone(
    settings: SpeechSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path / "bin", monkeypatch, "espeak-ng", SPEAKS)
    spoken = await ESpeak(settings).speak("слово", "ru")
    assert sound.duration_s(spoken) == pytest.approx(1.0, abs=0.02)


async def test_an_engine_that_hangs_is_ended_with_its_children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "bin", monkeypatch, "espeak-ng", f"sleep 600 & echo $! >{tmp_path}/child; wait")
    with pytest.raises(SpeechError, match=r"espeak-ng did not end within 0\.5 s"):
        await ESpeak(SpeechSettings(timeout_s=0.5)).speak("слово", "ru")
    await ended(int((tmp_path / "child").read_text()))


async def test_a_child_of_an_engine_that_ended_is_ended(
    settings: SpeechSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path / "bin", monkeypatch, "espeak-ng", f"sleep 600 & echo $! >{tmp_path}/child; exit 3")
    with pytest.raises(SpeechError, match="espeak-ng failed with status 3"):
        await ESpeak(settings).speak("слово", "ru")
    await ended(int((tmp_path / "child").read_text()))


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("echo no such voice >&2; exit 1", "no such voice"),
        ("exit 0", "made no sound"),
        (f"{SPEAKS}; echo broken >$wav", "ffmpeg failed"),
        (SPEAKS.replace("sine=frequency=440:duration=1", "anullsrc=sample_rate=8000:duration=1"), "silence"),
        ('head -c 100M /dev/zero >"${@: -3:1}"', "failed with status"),
    ],
)
async def test_an_engine_that_fails_is_an_error_with_its_reason(
    settings: SpeechSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, problem: str
) -> None:
    install(tmp_path / "bin", monkeypatch, "espeak-ng", script)
    with pytest.raises(SpeechError, match=problem):
        await ESpeak(settings).speak("слово", "ru")


@pytest.mark.parametrize("text", HOSTILE)
async def test_an_engine_gets_words_in_a_file_and_nothing_of_a_hostile_text_elsewhere(
    settings: SpeechSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    keep = f'printf "%s\\n" "$@" >{tmp_path}/arguments; cat "${{@: -1}}" >{tmp_path}/text'
    install(tmp_path / "bin", monkeypatch, "espeak-ng", f"{keep}; {SPEAKS}")
    await ESpeak(settings).speak(text, "ru")
    assert re.fullmatch(r"[а-яё ,.!?]+\n", (tmp_path / "text").read_text(), re.IGNORECASE)
    arguments = (tmp_path / "arguments").read_text().splitlines()
    assert [each for each in arguments if not each.startswith("/tmp/")] == [
        "-v",
        "ru",
        "-s",
        "150",
        "-b",
        "1",
        "-w",
        "-f",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no word"),
        ("😀 ... <b></b>", "no word"),
        ("ж" * 5000, "5000 characters"),
        ("ж" * 1000, "a word of more than 40 letters"),
        ("7" * 2000, "the limit"),
    ],
)
def test_a_text_that_nobody_could_listen_to_is_refused(text: str, problem: str) -> None:
    with pytest.raises(TextRefused, match=problem):
        speakable(text, "ru")


async def test_where_the_engine_is_not_installed_another_speaks(
    settings: SpeechSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SpeechError, match="apt-get install espeak-ng"):
        await find_engine("festival", settings)
    for name in ("prlimit", "setpriv", "ffmpeg"):
        (tmp_path / name).symlink_to(str(shutil.which(name, path="/usr/bin:/bin")))
    install(tmp_path, monkeypatch, "espeak-ng", "echo version 7")
    (tmp_path / "espeak-ng").write_text("#!/bin/bash\necho version 7\n")
    engine = await find_engine("festival", settings)
    assert (type(engine), engine.identity) == (ESpeak, "espeak-ng version 7")


async def test_festival_is_given_what_it_cannot_say_in_another_spelling(
    settings: SpeechSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path / "bin", monkeypatch, "festival", FESTIVAL.replace("MORE", f"cat $text >{tmp_path}/text"))
    await Festival(settings).speak("заявка 2817, дом 700", "ru")
    written = (tmp_path / "text").read_text()
    assert written == "заявка две тысячи восемь сот семнадцать, дом семь сот\n"


async def test_festival_is_loaded_once_for_texts_that_come_together_and_gone_after_them(
    settings: SpeechSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path / "bin", monkeypatch, "festival", FESTIVAL.replace("MORE", f"echo $$ >>{tmp_path}/started"))
    engine = Festival(settings)
    async with engine.ready():
        spoken = await asyncio.gather(*(engine.speak(text, "ru") for text in ("слово", "два", "три")))
    assert [sound.duration_s(each) for each in spoken] == pytest.approx([1.0] * 3, abs=0.02)
    [first] = set((tmp_path / "started").read_text().split())
    await ended(int(first))
    await engine.speak("слово", "ru")
    assert len(set((tmp_path / "started").read_text().split())) == 2


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ("sleep 600 & echo $! >CHILD; wait", "festival did not end within 5 s"),
        ("echo out of storage; exit 1", "festival failed: out of storage"),
    ],
)
async def test_a_festival_that_hangs_or_dies_is_an_error_and_the_next_text_gets_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: str, problem: str
) -> None:
    once = (
        f"if [ ! -e {tmp_path}/child ]; then touch {tmp_path}/child; {more.replace('CHILD', f'{tmp_path}/child')}; fi"
    )
    install(tmp_path / "bin", monkeypatch, "festival", FESTIVAL.replace("MORE", once))
    engine = Festival(SpeechSettings(timeout_s=5))
    async with engine.ready():
        with pytest.raises(SpeechError, match=problem):
            await engine.speak("слово", "ru")
        if child := (tmp_path / "child").read_text():
            await ended(int(child))
        assert await engine.speak("слово", "ru")


async def test_festival_without_its_russian_voice_is_not_installed(
    settings: SpeechSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path / "bin", monkeypatch, "festival", "exit 0")
    monkeypatch.setattr(Festival, "data", tmp_path / "voice")
    assert not Festival(settings).installed()
    (tmp_path / "voice").mkdir()
    assert Festival(settings).installed()


async def test_rhvoice_is_used_where_it_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    version = 'if [ "$1" = --version ]; then echo RHVoice 1.8; exit; fi'
    keep = f'printf "%s\\n" "$@" >{tmp_path}/arguments'
    install(tmp_path / "bin", monkeypatch, "RHVoice-test", f"{version}; {keep}; {SPEAKS}")
    engine = await find_engine("rhvoice", SpeechSettings(rhvoice_russian="irina"))
    assert isinstance(engine, RHVoice)
    assert "irina" in engine.identity
    await engine.speak("слово", "ru")
    assert (tmp_path / "arguments").read_text().splitlines()[:2] == ["-p", "irina"]


def test_every_engine_of_the_settings_is_there() -> None:
    fields = SpeechSettings.model_fields
    named = {name for field in ("russian", "english") for name in fields[field].annotation.__args__}  # type: ignore[union-attr]
    assert named == engines.ENGINES.keys()
