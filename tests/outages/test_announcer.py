"""What callers hear of an outage, on the disk of a node: written, kept when a voice fails, replaced by a recording."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from callcenter.domain.events import Event
from callcenter.domain.ids import NodeName
from callcenter.domain.outage import OutageEventKind, OutageStep
from callcenter.errors import SpeechError
from callcenter.outages import screens
from callcenter.outages.announcing.announcements import REPEATED_S, Announced, AnnouncementFolder
from callcenter.outages.announcing.announcer import Announcer
from callcenter.outages.announcing.recordings import OutageRecordings
from callcenter.outages.announcing.wording import Speech
from callcenter.outages.outage import BadOutage, OutageEdit
from callcenter.push.outage_messages import OutageRow, OutagesMessage
from callcenter.settings import DatabaseSettings
from tests.outages.district import DID, NOW, District
from tests.outages.test_service import reserved

VOICE = bytes(range(256)) * 20


class FakeSpeaker:
    """Says everything as a tenth of a second of silence, unless it is broken. `raises`: at which part it fails."""

    def __init__(self) -> None:
        self.spoken: list[Speech] = []
        self.broken = False
        self.raises = ""

    async def load(self) -> None:
        """Nothing is slow here."""

    async def close(self) -> None:
        """Nothing was loaded."""

    async def speak(self, speeches: Iterable[Speech]) -> dict[Speech, bytes]:
        if self.raises == "sentences":
            raise SpeechError("no voice")
        if self.broken:
            return {}
        wanted = list(speeches)
        self.spoken += wanted
        return dict.fromkeys(wanted, b"\xd5" * 800)

    async def add_numbers(self, folder: Path, language: str) -> None:
        assert language == "ru"
        assert folder.name == "numbers"
        if self.raises == "numbers":
            raise SpeechError("no voice")


def announcing(
    district: District, folder: Path, speaker: FakeSpeaker, put: Callable[[Event], object] = lambda _: None
) -> Announcer:
    unused = DatabaseSettings(url="postgresql://unused")
    return Announcer(district.pool, unused, NodeName("node1"), folder, speaker, put)


async def on_the_board(district: District) -> tuple[OutageRow, ...]:
    async with district.pool.acquire() as connection:
        message, _ = await screens.parts(connection)
    assert isinstance(message, OutagesMessage)
    return message.outages


async def test_what_each_hears_lies_on_the_disk_and_goes_when_it_is_over(district: District, tmp_path: Path) -> None:
    outage = await district.outages.open(district.vera, district.new(since=NOW, until=None))
    speaker = FakeSpeaker()
    told_of: list[object] = []
    announcer = announcing(district, tmp_path, speaker, told_of.append)
    await announcer.refresh()
    numbers = await reserved(district, outage)
    [sound] = {path.stem for path in (tmp_path / "said").iterdir()} - {
        speech.name for speech in speaker.spoken if "оператором" in speech.sentences[-1]
    }
    for flat, phone in enumerate(district.phones, 1):
        entry = (tmp_path / "by-number" / DID / phone).read_text()
        assert entry == f"{outage.id}-{numbers[str(flat)]}-{sound}"
    assert (tmp_path / "by-flat" / str(outage.id) / str(district.house) / "20").read_text().split("-")[1] == str(
        numbers["20"]
    )
    option = (tmp_path / "by-company" / DID / "options").read_text()
    assert (tmp_path / "by-company" / DID / "alone").read_text() == option
    assert (tmp_path / "by-company" / DID / "menu.alaw").exists()
    [event] = told_of
    assert (event.outage, event.dids, event.callers) == (outage.id, {DID}, set(district.phones))
    assert await announcer.refresh() == 0
    await district.outages.step(district.vera, outage.id, OutageStep.RESTORE)
    await announcer.refresh()
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    # Whoever has just been told can press 3.
    assert {path.parent.name for path in left} == {"said"}
    assert f"{sound}.alaw" in {path.name for path in left}
    folder = AnnouncementFolder(tmp_path)
    folder.put(Announced(), 1000.0)
    folder.put(Announced(), 1000.0 + REPEATED_S)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert len(told_of) == 1


async def test_what_cannot_be_spoken_is_left_out_and_the_last_good_file_stays(
    district: District, tmp_path: Path
) -> None:
    outage = await district.outages.open(district.vera, district.new())
    speaker = FakeSpeaker()
    announcer = announcing(district, tmp_path, speaker)
    await announcer.refresh()
    own = tmp_path / "by-number" / DID / district.phones[0]
    before = own.read_text()
    speaker.broken = True
    await district.outages.edit(district.vera, outage.id, OutageEdit(cause="Прорыв трубы"))
    await announcer.refresh()
    assert own.read_text() == before
    assert (tmp_path / "said" / f"{before.rsplit('-', 1)[1]}.alaw").exists()
    # The board and the page say so, until the voice works again.
    assert [row.unspoken for row in await on_the_board(district)] == [True]
    assert (await district.outages.get(district.vera, outage.id)).unspoken
    speaker.broken = False
    await announcer.refresh()
    assert own.read_text() != before
    assert [row.unspoken for row in await on_the_board(district)] == [False]


@pytest.mark.parametrize("part", ["numbers", "sentences"])
async def test_a_voice_that_is_not_there_is_said_on_the_board(district: District, tmp_path: Path, part: str) -> None:
    await district.outages.open(district.vera, district.new())
    speaker = FakeSpeaker()
    speaker.raises = part
    announcer = announcing(district, tmp_path, speaker)
    await announcer.refresh()
    assert [path for path in tmp_path.glob("by-*/**/*") if path.is_file()] == []
    assert [row.unspoken for row in await on_the_board(district)] == [True]
    speaker.raises = ""
    await announcer.refresh()
    assert (tmp_path / "by-number" / DID / district.phones[0]).exists()
    assert [row.unspoken for row in await on_the_board(district)] == [False]


async def test_while_nothing_changes_the_files_are_not_read(
    district: District, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await district.outages.open(district.vera, district.new())
    announcer = announcing(district, tmp_path, FakeSpeaker())
    await announcer.refresh()
    read: list[Path] = []
    monkeypatch.setattr(Path, "read_bytes", lambda path: read.append(path) or b"")
    await announcer.refresh()
    assert read == []


async def test_what_somebody_recorded_replaces_the_text_until_it_is_removed(district: District, tmp_path: Path) -> None:
    outage = await district.outages.open(district.vera, district.new())
    recordings = OutageRecordings(district.pool, district.outages)
    speaker = FakeSpeaker()
    announcer = announcing(district, tmp_path, speaker)
    await announcer.refresh()
    own = tmp_path / "by-number" / DID / district.phones[0]
    spoken = own.read_text()
    await recordings.keep(district.vera, outage.id, VOICE)
    await announcer.refresh()
    start, _, name = own.read_text().rpartition("-")
    # The ticket's number is still said after it.
    assert start == spoken.rpartition("-")[0]
    assert (tmp_path / "said" / f"{name}.alaw").read_bytes() == VOICE
    alone = (tmp_path / "by-company" / DID / "alone").read_text()
    assert alone.endswith(name)
    # Whoever is not known still chooses the address.
    [menu] = [speech for speech in speaker.spoken if "оператором" in speech.sentences[-1]]
    assert "ул. Мира, 7" in menu.sentences[1]
    await recordings.remove(district.vera, outage.id)
    await announcer.refresh()
    assert own.read_text() == spoken
    history = await district.outages.history(district.vera, outage.id)
    assert [event.kind for event in history][-2:] == [OutageEventKind.RECORDED, OutageEventKind.RECORDING_REMOVED]


async def test_an_outage_that_is_over_gets_no_recording(district: District) -> None:
    outage = await district.outages.open(district.vera, district.new())
    recordings = OutageRecordings(district.pool, district.outages)
    await district.outages.step(district.vera, outage.id, OutageStep.CLOSE)
    with pytest.raises(BadOutage):
        await recordings.keep(district.vera, outage.id, VOICE)
