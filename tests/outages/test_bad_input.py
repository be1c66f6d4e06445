"""What people and machines give that nobody expects: who hears what then, and what is refused in which words."""

import resource
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from callcenter.domain.outage import OutageStep
from callcenter.outages.announcing.wording import Speech
from callcenter.outages.outage import BadOutage, OutageEdit
from callcenter.speech.engines import speakable
from tests.outages.district import DID, NOW, District
from tests.outages.test_announcer import FakeSpeaker, announcing
from tests.outages.test_service import reserved, tickets, told
from tests.site import Site

OTHER_DID = "74957654321"


async def live_in(district: District, phone: str, house: int) -> None:
    """The telephone has a flat in this house too."""
    premises = await district.pool.fetchval(
        "insert into premises (house_id, flat) values ($1, '1') returning id", house
    )
    resident = await district.pool.fetchval(
        "insert into residents (premises_id, name) values ($1, 'Жилец') returning id", premises
    )
    await district.pool.execute("insert into resident_phones (phone, resident_id) values ($1, $2)", phone, resident)


async def test_a_caller_of_two_flats_hears_of_the_one_that_is_out(district: District, tmp_path: Path) -> None:
    phone = district.phones[0]
    await live_in(district, phone, district.other_house)
    outage = await district.outages.open(district.vera, district.new())
    speaker = FakeSpeaker()
    await announcing(district, tmp_path, speaker).refresh()
    number = (await reserved(district, outage))["1"]
    [entry] = (tmp_path / "by-number" / DID / phone).read_text().split("&")
    assert entry.rsplit("-", 1)[0] == f"{outage.id}-{number}"
    assert not any("Мира, 9" in sentence for speech in speaker.spoken for sentence in speech.sentences)


async def test_a_telephone_of_another_company_is_a_stranger_to_this_one(district: District, tmp_path: Path) -> None:
    other = await district.pool.fetchval("insert into companies (name) values ('Другая') returning id")
    await district.pool.execute("insert into numbers values ($1, $2)", OTHER_DID, other)
    house = await district.pool.fetchval(
        "insert into houses (company_id, city, street, building) values ($1, 'Заречный', 'ул. Мира', '11') returning id",
        other,
    )
    await live_in(district, "+79169999999", house)
    await district.outages.open(district.vera, district.new())
    await announcing(district, tmp_path, FakeSpeaker()).refresh()
    # Nothing is kept for it, so the dialplan lets it choose an address; and the other company's callers hear nothing.
    assert {path.name for path in (tmp_path / "by-number" / DID).iterdir()} == set(district.phones)
    assert (tmp_path / "by-company" / DID / "options").exists()
    assert list(tmp_path.rglob(f"*{OTHER_DID}*")) == []


async def test_an_outage_without_a_house_is_none(district: District) -> None:
    with pytest.raises(ValidationError):
        district.new(places=())
    outage = await district.outages.open(district.vera, district.new())
    with pytest.raises(BadOutage) as refused:
        await district.outages.put_places(district.vera, outage.id, ())
    assert (refused.value.code, refused.value.field) == ("missing", "places")
    assert len((await district.outages.get(district.vera, outage.id)).places) == 1


async def test_an_end_before_the_start_is_refused(district: District) -> None:
    with pytest.raises(ValidationError, match="until is not after since"):
        district.new(until=NOW - timedelta(minutes=11))
    outage = await district.outages.open(district.vera, district.new())
    with pytest.raises(BadOutage) as refused:
        await district.outages.edit(district.vera, outage.id, OutageEdit(until=outage.since - timedelta(hours=1)))
    assert (refused.value.code, refused.value.field) == ("before start", "until")


@pytest.mark.parametrize("text", ["7" * 1000, "😀" * 20, "ж" * 300, "pipe" * 80])
async def test_a_text_that_no_voice_can_say_is_refused(district: District, text: str) -> None:
    """One such sentence would take the announcement from all callers."""
    with pytest.raises(BadOutage) as refused:
        await district.outages.open(district.vera, district.new(message=text))
    assert (refused.value.code, refused.value.field) == ("unspoken", "message")
    outage = await district.outages.open(district.vera, district.new())
    with pytest.raises(BadOutage) as refused:
        await district.outages.edit(district.vera, outage.id, OutageEdit(message=text))
    assert (refused.value.code, refused.value.field) == ("unspoken", "message")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Воду дадут 😀", "воду дадут"),
        ("ул. Мира, д. 7, тел. 112", "улица мира, дом семь, телефон сто двенадцать"),
        ("Water is off", None),
    ],
)
async def test_what_of_a_text_can_be_said_is_said(district: District, text: str, said: str | None) -> None:
    assert await district.outages.open(district.vera, district.new(message=text))
    spoken = speakable(text, "ru").lower()
    assert spoken
    assert not any(letter.isascii() and letter.isalnum() for letter in spoken)
    if said is not None:
        assert said in spoken


async def test_five_thousand_letters_are_refused_in_words(site: Site) -> None:
    house = await site.pool.fetchval(
        "insert into houses (company_id, city, street, building) select id, 'Заречный', 'ул. Мира', '7' from companies"
        " returning id"
    )
    form = {"kind": "cold_water", "house": str(house), "since": "2026-03-05T12:00"}
    company = await site.pool.fetchval("select id from companies")
    async with site.browser("vera") as vera:
        for text, words in (
            ("слово " * 834, "Слишком длинно, или"),
            ("7" * 1000, "Этого нельзя произнести"),
            ("😀", "Этого нельзя произнести"),
        ):
            answer = await vera.post("/outages/new", company=str(company), message=text, **form)
            assert answer.status == 422
            assert words in await answer.text()
    assert await site.pool.fetchval("select count(*) from outages") == 0


async def test_with_a_full_disk_the_last_good_files_stay_whole(district: District, tmp_path: Path) -> None:
    class LongSpeaker(FakeSpeaker):
        async def speak(self, speeches: object) -> dict[Speech, bytes]:
            return dict.fromkeys(speeches, b"\xd5" * 80_000)  # type: ignore[call-overload, no-any-return]

    outage = await district.outages.open(district.vera, district.new())
    announcer = announcing(district, tmp_path, LongSpeaker())
    await announcer.refresh()
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    await district.outages.edit(district.vera, outage.id, OutageEdit(cause="Прорыв трубы"))
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    # A file cannot grow beyond this, as on a disk with so much room.
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, unlimited[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            await announcer.refresh()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    # One that kept the folder from changing is tried again, as `run` does.
    assert await announcer.refresh() > 0
    own = (tmp_path / "by-number" / DID / district.phones[0]).read_text()
    assert (tmp_path / "said" / f"{own.rsplit('-', 1)[1]}.alaw").stat().st_size == 80_000
    assert own != before[tmp_path / "by-number" / DID / district.phones[0]].decode()


@pytest.mark.parametrize(("step", "state"), [(OutageStep.CLOSE, "closed"), (OutageStep.CANCEL, "cancelled")])
async def test_those_who_hear_it_while_it_ends_have_one_outcome_and_a_ticket_that_is_over_too(
    district: District, step: OutageStep, state: str
) -> None:
    """200 callers: telephones of the house, and strangers with reserved numbers."""
    outage = await district.outages.open(district.vera, district.new())
    spare = await district.pool.fetchval("select spare_from from outages where id = $1", outage.id)
    numbers = await reserved(district, outage)
    calls = [(phone, numbers[str(flat)]) for flat, phone in enumerate(district.phones, 1)]
    calls += [(f"+7999000{number:04}", spare + number) for number in range(200 - len(calls))]
    events = [told(str(place), caller, outage.id, number) for place, (caller, number) in enumerate(calls)]
    await district.write(*(event for each in events for event in each[:2]))
    await district.outages.step(district.vera, outage.id, step, comment="Вода дана")
    await district.write(*(event for each in events for event in each))
    outcomes = await district.pool.fetch("select outcome, count(*) from calls group by outcome")
    assert [tuple(row) for row in outcomes] == [("informed", 200)]
    found = await tickets(district, outage)
    assert sorted(number for number, _, _ in found) == sorted(number for _, number in calls)
    assert {each for _, _, each in found} == {state}
    said = await district.pool.fetch(
        "select distinct t.result, t.cancel_reason, e.from_state, e.to_state, e.comment from tickets t"
        " join ticket_events e on e.ticket_id = t.id and e.kind = 'moved' where t.parent_id = $1",
        outage.incident_id,
    )
    result, reason = ("Вода дана", "") if state == "closed" else ("", "Вода дана")
    assert [tuple(row) for row in said] == [(result, reason, "new", state, "Вода дана")]
