"""What happens to an outage while it lasts: another one in the same house, an end that moves, more houses."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from callcenter.domain.events import OutageAnnounced
from callcenter.domain.outage import OutageEventKind, OutageStep
from callcenter.outages.announcing import announcer as announcing_module
from callcenter.outages.outage import OutageEdit, PlaceEdit
from callcenter.outages.places import LEAST_SPARE
from tests.outages.district import DID, NOW, District
from tests.outages.test_announcer import FakeSpeaker, announcing
from tests.outages.test_bad_input import live_in
from tests.outages.test_service import reserved, tickets, told

VERA = "Вера Старшая"


async def test_two_outages_of_a_house_are_told_one_after_the_other_each_with_its_own_ticket(
    district: District, tmp_path: Path
) -> None:
    water = await district.outages.open(district.vera, district.new())
    power = await district.outages.open(district.vera, district.new(kind="power", since=NOW - timedelta(minutes=5)))
    announcer = announcing(district, tmp_path, FakeSpeaker())
    await announcer.refresh()
    phone = district.phones[0]
    own = tmp_path / "by-number" / DID / phone
    first, second = [await reserved(district, outage) for outage in (water, power)]
    assert set(first.values()).isdisjoint(second.values())
    wanted = [f"{water.id}-{first['1']}", f"{power.id}-{second['1']}"]
    assert [entry.rsplit("-", 1)[0] for entry in own.read_text().split("&")] == wanted
    # Whoever is not known chooses; silence would be about one of two.
    assert len((tmp_path / "by-company" / DID / "options").read_text().split("&")) == 2
    assert not (tmp_path / "by-company" / DID / "alone").exists()
    await district.write(*told("1", phone, water.id, first["1"]))
    await district.write(*told("2", phone, power.id, second["1"], at=60))
    await district.outages.step(district.vera, water.id, OutageStep.CLOSE, comment="Вода дана")
    await announcer.refresh()
    assert own.read_text().rsplit("-", 1)[0] == wanted[1]
    assert await tickets(district, water) == [(first["1"], "1", "closed")]
    assert await tickets(district, power) == [(second["1"], "1", "new")]


async def test_an_end_that_is_moved_three_times_is_kept_with_who_moved_it_and_reaches_callers_and_tickets(
    district: District, tmp_path: Path
) -> None:
    # An end that has passed is not said.
    now = datetime.now(UTC).replace(microsecond=0)
    outage = await district.outages.open(district.vera, district.new(until=now + timedelta(hours=4)))
    numbers = await reserved(district, outage)
    await district.write(*told("1", district.phones[0], outage.id, numbers["1"]))
    announcer = announcing(district, tmp_path, FakeSpeaker())
    await announcer.refresh()
    own = tmp_path / "by-number" / DID / district.phones[0]
    heard = [own.read_text()]
    ends = [outage.until, *(now + timedelta(hours=hours) for hours in (6, 9, 5))]
    for end in ends[1:]:
        await district.outages.edit(district.vera, outage.id, OutageEdit(until=end))
        await announcer.refresh()
        heard.append(own.read_text())
        planned = await district.pool.fetch("select distinct planned_until from tickets")
        assert [row["planned_until"] for row in planned] == [end]
    assert len({*heard}) == len(ends)
    # The number that a resident was told stays.
    assert len({entry.rsplit("-", 1)[0] for entry in heard}) == 1
    history = await district.outages.history(district.vera, outage.id)
    edits = [event for event in history if event.kind is OutageEventKind.EDITED]
    assert [event.moments["until"] for event in edits] == [*pairwise(ends)]
    assert {event.who for event in edits} == {VERA}


async def test_every_step_is_kept_with_who_took_it_and_why(district: District) -> None:
    outage = await district.outages.open(district.vera, district.new())
    taken = (
        (OutageStep.REPAIR, ""),
        (OutageStep.RESTORE, ""),
        (OutageStep.FAIL_AGAIN, "Снова нет воды"),
        (OutageStep.RESTORE, ""),
        (OutageStep.CHECK, "Проверено в 12 квартирах"),
        (OutageStep.CLOSE, "Вода дана"),
    )
    for step, comment in taken:
        await district.outages.step(district.vera, outage.id, step, comment=comment)
    history = await district.outages.history(district.vera, outage.id)
    states = ["suspected", "confirmed", "repairing", "restored", "repairing", "restored", "checked", "closed"]
    assert [(event.from_state, event.to_state) for event in history] == [*pairwise([None, *states])]
    assert [event.comment for event in history][2:] == [comment for _, comment in taken]
    assert {event.who for event in history} == {VERA}
    assert [event.at for event in history] == sorted(event.at for event in history)


async def test_an_outage_that_outgrows_the_numbers_for_strangers_has_more_of_them(
    district: District, tmp_path: Path
) -> None:
    outage = await district.outages.open(district.vera, district.new())
    first = await district.pool.fetchrow("select spare_from, spare_until from outages")
    assert first["spare_until"] - first["spare_from"] == LEAST_SPARE
    await district.write(*told("1", "+79990000001", outage.id, first["spare_from"]))
    await district.pool.execute(
        "insert into premises (house_id, flat) select $1, n::text from generate_series(1, $2) n",
        district.other_house,
        LEAST_SPARE,
    )
    places = (PlaceEdit(house_id=district.house), PlaceEdit(house_id=district.other_house))
    await district.outages.put_places(district.vera, outage.id, places)
    second = await district.pool.fetchrow("select spare_from, spare_until from outages")
    assert second["spare_until"] - second["spare_from"] == LEAST_SPARE + 20
    numbers = await district.pool.fetch("select number from outage_numbers where premises_id is not null")
    assert max(row["number"] for row in numbers) < second["spare_from"]
    # The dialplan goes on where the new ones begin, and whoever has one of the earlier keeps it.
    await announcing(district, tmp_path, FakeSpeaker()).refresh()
    [option, _] = (tmp_path / "by-company" / DID / "options").read_text().split("&")
    assert option.split("-")[2:4] == [str(second["spare_from"]), str(second["spare_until"])]
    await district.write(*told("2", "+79990000001", outage.id, first["spare_from"], at=60))
    await district.write(*told("3", "+79990000002", outage.id, second["spare_from"], at=120))
    strangers = [number for number, flat, _ in await tickets(district, outage) if flat is None]
    assert strangers == [first["spare_from"], second["spare_from"]]
    # Growing by less draws none.
    await district.outages.put_places(district.vera, outage.id, places[:1])
    assert await district.pool.fetchrow("select spare_from, spare_until from outages") == second


async def test_callers_of_a_house_that_it_grew_by_are_told_also_while_they_wait(
    district: District, tmp_path: Path
) -> None:
    phone = "+79168888888"
    await live_in(district, phone, district.other_house)
    outage = await district.outages.open(district.vera, district.new())
    for_the_engine: list[OutageAnnounced] = []
    announcer = announcing(district, tmp_path, FakeSpeaker(), for_the_engine.append)
    await announcer.refresh()
    places = (PlaceEdit(house_id=district.house), PlaceEdit(house_id=district.other_house))
    await district.outages.put_places(district.vera, outage.id, places)
    await announcer.refresh()
    assert [phone in event.callers for event in for_the_engine] == [False, True]
    assert (tmp_path / "by-number" / DID / phone).exists()
    await district.outages.put_places(district.vera, outage.id, places[:1])
    await announcer.refresh()
    assert not (tmp_path / "by-number" / DID / phone).exists()


async def test_the_laws_limits_run_on_the_incident_and_telling_on_each_flat(district: District) -> None:
    outage = await district.outages.open(district.vera, district.new())
    numbers = await reserved(district, outage)
    await district.write(*told("1", district.phones[0], outage.id, numbers["1"]))
    # Somebody who hung up inside it has not been told.
    await district.write(*told("2", district.phones[1], outage.id, numbers["2"], whole=False, at=60))
    rows = await district.pool.fetch(
        "select t.number, d.step, d.met_at from ticket_deadlines d join tickets t on t.id = d.ticket_id order by 1, 2"
    )
    limits: dict[int, dict[str, object]] = {}
    for row in rows:
        limits.setdefault(row["number"], {})[row["step"]] = row["met_at"]
    # There is nobody to tell of an incident: each flat has its own ticket for that.
    assert limits[outage.incident_number].keys() == {"localise", "repair"}
    assert limits[numbers["1"]] == {"tell": NOW + timedelta(seconds=20)}
    assert limits[numbers["2"]] == {"tell": None}
    await district.outages.step(district.vera, outage.id, OutageStep.CLOSE, comment="Вода дана")
    open_limits = await district.pool.fetchval(
        "select count(*) from ticket_deadlines d join tickets t on t.id = d.ticket_id where met_at is null and is_open(t.state)"
    )
    assert open_limits == 0


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not true():
            await asyncio.sleep(0.02)


async def test_planned_works_are_told_from_their_beginning_to_their_end_by_themselves(
    district: District, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcing_module, "LOOK_EVERY_S", 0.05)
    now = datetime.now(UTC)
    works = district.new(planned=True, since=now + timedelta(hours=1), until=now + timedelta(hours=2))
    await district.outages.open(district.vera, works)
    announcer = announcing(district, tmp_path, FakeSpeaker())
    await announcer.refresh()
    own = tmp_path / "by-number" / DID / district.phones[0]
    assert not own.exists()
    running = asyncio.create_task(announcer._keep_writing())
    try:
        # As if the hours had passed: nobody tells the node.
        await district.pool.execute("update outages set since = since - interval '61 minutes'")
        await until(own.exists)
        await district.pool.execute("update outages set until = now(), since = now() - interval '1 hour'")
        await until(lambda: not own.exists())
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
