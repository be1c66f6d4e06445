"""Outages on a real PostgreSQL: reserved numbers, tickets of those who were told, everything finished at once."""

from datetime import timedelta

import pytest

from callcenter.domain.events import (
    AnnouncementBegan,
    AnnouncementEnded,
    AnnouncementsOver,
    CallArrived,
    CallEnded,
    CallEvent,
    CallLost,
    Source,
)
from callcenter.domain.ids import CallId
from callcenter.domain.outage import OutageState, OutageStep, OutageStepRefused
from callcenter.outages.outage import BadOutage, NoOutage, Outage, OutageConflict, OutageEdit, PlaceEdit
from tests.outages.district import DID, NOW, District


def told(
    call: str, caller: str, outage: int, number: int, *, keys: str = "", whole: bool = True, at: float = 0
) -> list[CallEvent]:
    """Somebody calls, hears the outage and hangs up."""
    id_ = CallId(f"node1-1772703000.{call}")
    start = NOW + timedelta(seconds=at)
    began, ended = start + timedelta(seconds=2), start + timedelta(seconds=20)
    return [
        CallArrived(call=id_, at=start, did=DID, caller=caller, channel=f"PJSIP/trunk-{call}"),
        AnnouncementBegan(call=id_, at=began, outage=outage, number=number),
        AnnouncementEnded(call=id_, at=ended, outage=outage, number=number, began_at=began, whole=whole),
        AnnouncementsOver(call=id_, at=ended, keys=keys),
        CallEnded(call=id_, at=ended, cause=16),
    ]


async def reserved(district: District, outage: Outage) -> dict[str, int]:
    """The number of each flat."""
    rows = await district.pool.fetch(
        "select p.flat, n.number from outage_numbers n join premises p on p.id = n.premises_id where n.outage_id = $1",
        outage.id,
    )
    return {row["flat"]: row["number"] for row in rows}


async def tickets(district: District, outage: Outage) -> list[tuple[int, str | None, str]]:
    """Number, flat and state of each ticket below the incident."""
    rows = await district.pool.fetch(
        "select t.number, p.flat, t.state from tickets t left join premises p on p.id = t.premises_id"
        " where t.parent_id = $1 order by t.number",
        outage.incident_id,
    )
    return [(row["number"], row["flat"], row["state"]) for row in rows]


async def test_opening_reserves_a_number_for_each_flat_and_some_for_strangers(district: District) -> None:
    outage = await district.outages.open(district.vera, district.new())
    assert outage.state is OutageState.CONFIRMED
    numbers = await reserved(district, outage)
    assert sorted(numbers, key=int) == [str(flat) for flat in range(1, 21)]
    assert len(set(numbers.values())) == 20
    spare = await district.pool.fetchrow("select spare_from, spare_until from outages where id = $1", outage.id)
    assert set(numbers.values()).isdisjoint(range(*spare))
    assert spare["spare_until"] - spare["spare_from"] == 300
    assert outage.incident_number not in numbers.values()


async def test_a_part_of_a_house_and_its_growth(district: District) -> None:
    part = PlaceEdit(house_id=district.house, entrances=(1,), flats="1-4, 7")
    outage = await district.outages.open(district.vera, district.new(places=(part,)))
    before = await reserved(district, outage)
    assert sorted(before, key=int) == ["1", "2", "3", "4", "7"]
    places = (PlaceEdit(house_id=district.house, entrances=(1,)), PlaceEdit(house_id=district.other_house))
    grown = await district.outages.put_places(district.vera, outage.id, places)
    after = await reserved(district, grown)
    assert len(after) == 10
    assert before.items() <= after.items()


async def test_the_second_of_a_flat_joins_its_ticket_and_whoever_has_something_else_gets_none(
    district: District,
) -> None:
    outage = await district.outages.open(district.vera, district.new())
    numbers = await reserved(district, outage)
    first, second = numbers["3"], numbers["4"]
    await district.write(*told("1", district.phones[2], outage.id, first))
    await district.write(*told("2", district.phones[2], outage.id, first, whole=False))
    await district.write(*told("3", district.phones[3], outage.id, second, keys="31"))
    assert await tickets(district, outage) == [(first, "3", "new")]
    [outcomes] = [await district.pool.fetch("select id, outcome from calls order by id")]
    assert [row["outcome"] for row in outcomes] == ["informed", "hung_up_early", "informed"]
    kinds = await district.pool.fetch(
        "select e.kind from ticket_events e join tickets t on t.id = e.ticket_id where t.number = $1 order by e.id",
        first,
    )
    assert [row["kind"] for row in kinds] == ["opened", "called"]
    deadline = await district.pool.fetchrow(
        "select step, met_at from ticket_deadlines d join tickets t on t.id = d.ticket_id where t.number = $1", first
    )
    assert (deadline["step"], deadline["met_at"]) == ("tell", NOW + timedelta(seconds=20))


async def test_the_same_events_again_change_nothing(district: District) -> None:
    outage = await district.outages.open(district.vera, district.new())
    number = (await reserved(district, outage))["5"]
    events = told("1", district.phones[4], outage.id, number)
    for _ in range(2):
        await district.write(*events)
    assert await tickets(district, outage) == [(number, "5", "new")]
    assert await district.pool.fetchval("select count(*) from ticket_events where kind = 'called'") == 0


async def test_a_stranger_has_one_ticket_however_often_they_call_and_a_number_told_twice_is_mended(
    district: District,
) -> None:
    outage = await district.outages.open(district.vera, district.new())
    spare: int = await district.pool.fetchval("select spare_from from outages where id = $1", outage.id)
    await district.write(*told("1", "+79990000001", outage.id, spare))
    await district.write(*told("2", "+79990000001", outage.id, spare, at=100))
    # Asterisk forgot, and gave the same number to somebody else.
    await district.write(*told("3", "+79990000002", outage.id, spare, at=200))
    await district.write(*told("4", "", outage.id, spare + 1, at=300))
    await district.write(*told("5", "", outage.id, spare + 2, at=400))
    found = await tickets(district, outage)
    assert [number for number, flat, _ in found if flat is None] == [spare, spare + 1, spare + 2, found[-1][0]]
    assert found[-1][0] > spare + 299
    by_call = await district.pool.fetch("select call_id, ticket_id from announcements order by began_at")
    assert by_call[0]["ticket_id"] == by_call[1]["ticket_id"]
    assert len({row["ticket_id"] for row in by_call}) == 4


async def test_a_flat_keyed_in_by_a_stranger_makes_the_telephone_a_candidate(district: District) -> None:
    outage = await district.outages.open(district.vera, district.new())
    number = (await reserved(district, outage))["20"]
    await district.write(*told("1", "+79990000001", outage.id, number))
    candidate = await district.pool.fetchrow(
        "select c.phone, p.flat, c.confirmed from phone_candidates c join premises p on p.id = c.premises_id"
    )
    assert (candidate["phone"], candidate["flat"], candidate["confirmed"]) == ("+79990000001", "20", None)


async def test_when_asterisk_stops_in_mid_announcement_the_ticket_is_opened(district: District) -> None:
    outage = await district.outages.open(district.vera, district.new())
    number = (await reserved(district, outage))["6"]
    began, *_ = told("1", district.phones[5], outage.id, number)[:2], None
    lost = CallLost(call=began[0].call, at=NOW + timedelta(seconds=9), source=Source.RECONCILE)
    await district.write(*began, lost)
    assert await tickets(district, outage) == [(number, "6", "new")]
    assert await district.pool.fetchval("select outcome from calls") == "interrupted"


async def test_closing_closes_the_incident_and_all_tickets_at_once(district: District) -> None:
    outage = await district.outages.open(district.vera, district.new())
    numbers = await reserved(district, outage)
    for call, flat in enumerate(range(1, 6)):
        await district.write(*told(str(call), district.phones[flat - 1], outage.id, numbers[str(flat)]))
    until = NOW + timedelta(hours=9)
    await district.outages.edit(district.vera, outage.id, OutageEdit(until=until))
    planned = await district.pool.fetch("select planned_until from tickets")
    assert [row["planned_until"] for row in planned] == [until] * 6
    closed = await district.outages.step(district.vera, outage.id, OutageStep.CLOSE, comment="Вода дана")
    assert closed.state is OutageState.CLOSED
    rows = await district.pool.fetch("select state, result from tickets")
    assert [(row["state"], row["result"]) for row in rows] == [("closed", "Вода дана")] * 6
    moves = await district.pool.fetchval(
        "select count(*) from ticket_events where kind = 'moved' and to_state = 'closed'"
    )
    assert moves == 6
    with pytest.raises(OutageStepRefused):
        await district.outages.step(district.vera, outage.id, OutageStep.CLOSE)


async def test_what_is_wrong_is_refused_and_changes_nothing(district: District) -> None:
    for wrong, field in (
        ({"kind": "coffee"}, "kind"),
        ({"places": (PlaceEdit(house_id=2**31 - 1),)}, "places"),
        ({"crew_id": 2**31 - 1}, "crew_id"),
        ({"company_id": 2**31 - 1}, "company_id"),
    ):
        with pytest.raises(BadOutage) as refused:
            await district.outages.open(district.vera, district.new(**wrong))
        assert refused.value.field == field
    assert await district.pool.fetchval("select count(*) from outages") == 0
    outage = await district.outages.open(district.vera, district.new())
    with pytest.raises(OutageConflict):
        await district.outages.edit(district.vera, outage.id, OutageEdit(cause="x"), version=99)
    with pytest.raises(BadOutage):
        await district.outages.edit(district.vera, outage.id, OutageEdit(until=outage.since))
    with pytest.raises(NoOutage):
        await district.outages.get(district.vera, outage.id + 1)
