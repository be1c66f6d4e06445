"""Tickets without a flat and telephones without a resident: what a person decides, and what follows from it."""

import pytest

from callcenter.domain.access import Role
from callcenter.domain.ids import OperatorId
from callcenter.domain.person import Person
from callcenter.outages.flats import OutageFlats
from callcenter.outages.outage import BadOutage, NoOutage, Outage
from tests.outages.district import District, district
from tests.outages.test_service import reserved, tickets, told

__all__ = ["district"]
STRANGER = "+79990000001"


@pytest.fixture
async def outage(district: District) -> Outage:
    return await district.outages.open(district.vera, district.new())


@pytest.fixture
def flats(district: District) -> OutageFlats:
    return OutageFlats(district.pool)


async def spare(district: District, outage: Outage) -> int:
    first: int = await district.pool.fetchval("select spare_from from outages where id = $1", outage.id)
    return first


async def premises(district: District, flat: str) -> int:
    found: int = await district.pool.fetchval(
        "select id from premises where house_id = $1 and flat = $2", district.house, flat
    )
    return found


async def ticket_of(district: District, number: int) -> int:
    found: int = await district.pool.fetchval("select id from tickets where number = $1", number)
    return found


async def owners(district: District, phone: str) -> list[tuple[str, str]]:
    rows = await district.pool.fetch(
        "select p.flat, r.name from resident_phones f join residents r on r.id = f.resident_id"
        " join premises p on p.id = r.premises_id where f.phone = $1 order by 1, 2",
        phone,
    )
    return [tuple(row) for row in rows]


async def said_to(district: District, outage: Outage, flat: str) -> list[int]:
    """The numbers that callers of the flat would hear from now on."""
    rows = await district.pool.fetch(
        "select number from outage_numbers where outage_id = $1 and premises_id = $2",
        outage.id,
        await premises(district, flat),
    )
    return [row["number"] for row in rows]


async def test_a_ticket_gets_its_flat_and_keeps_the_number_that_the_caller_was_told(
    district: District, outage: Outage, flats: OutageFlats
) -> None:
    number, first = await spare(district, outage), (await reserved(district, outage))["12"]
    await district.write(*told("1", STRANGER, outage.id, number))
    [waiting] = (await flats.unsettled(district.vera, outage.id)).tickets
    assert (waiting["number"], waiting["caller"]) == (number, STRANGER)
    kept = await flats.say_flat(district.vera, outage.id, waiting["id"], district.house, " 12 ")
    assert kept == waiting["id"]
    assert await tickets(district, outage) == [(number, "12", "new")]
    assert await said_to(district, outage, "12") == [number]
    assert await owners(district, STRANGER) == [("12", "Жилец 12")]
    assert (await flats.unsettled(district.vera, outage.id)).tickets == []
    # A neighbour in the flat who heard the number that it had before joins all the same, and so does the next one.
    await district.write(*told("2", district.phones[11], outage.id, first, at=60))
    await district.write(*told("3", STRANGER, outage.id, number, at=90))
    assert await tickets(district, outage) == [(number, "12", "new")]
    history = await district.pool.fetch("select kind from ticket_events where ticket_id = $1 order by id", kept)
    assert [row["kind"] for row in history] == ["opened", "edited", "called", "called"]


async def test_a_ticket_of_a_flat_that_has_one_is_merged_into_it_with_both_histories_kept(
    district: District, outage: Outage, flats: OutageFlats
) -> None:
    own, strange = (await reserved(district, outage))["3"], await spare(district, outage)
    await district.write(*told("1", district.phones[2], outage.id, own))
    await district.write(*told("2", STRANGER, outage.id, strange, at=60))
    kept = await flats.say_flat(
        district.vera, outage.id, await ticket_of(district, strange), district.house, "3", name="Сосед Иван"
    )
    assert kept == await ticket_of(district, own)
    assert await tickets(district, outage) == [(own, "3", "new"), (strange, None, "cancelled")]
    reason = await district.pool.fetchval("select cancel_reason from tickets where number = $1", strange)
    assert reason == f"У квартиры уже есть заявка № {own}"
    called = await district.pool.fetch("select kind, comment from ticket_events where ticket_id = $1 order by id", kept)
    assert [tuple(row) for row in called] == [("opened", ""), ("called", STRANGER)]
    assert await owners(district, STRANGER) == [("3", "Сосед Иван")]
    # The same caller again, with the number of the first time.
    await district.write(*told("3", STRANGER, outage.id, strange, at=120))
    assert await district.pool.fetchval("select ticket_id from announcements where call_id like '%.3'") == kept
    heard = await district.pool.fetchval("select count(*) from announcements where caller = $1", STRANGER)
    assert heard == 2


async def test_a_confirmed_telephone_belongs_to_the_flat_and_so_does_what_it_said_before(
    district: District, outage: Outage, flats: OutageFlats
) -> None:
    """Nothing pressed at first; then the flat keyed in."""
    strange, own = await spare(district, outage), (await reserved(district, outage))["5"]
    await district.write(*told("1", STRANGER, outage.id, strange))
    await district.write(*told("2", STRANGER, outage.id, own, at=60))
    [candidate] = (await flats.unsettled(district.vera, outage.id)).telephones
    assert (candidate["phone"], candidate["flat"], [each["name"] for each in candidate["residents"]]) == (
        STRANGER, "5", ["Жилец 5"],
    )  # fmt: skip
    await flats.decide(district.vera, outage.id, STRANGER, candidate["premises_id"], right=True)
    assert await owners(district, STRANGER) == [("5", "Жилец 5")]
    assert await tickets(district, outage) == [(own, "5", "new"), (strange, None, "cancelled")]
    decided = await district.pool.fetchrow("select confirmed, decided_by, decided_at from phone_candidates")
    assert (decided["confirmed"], decided["decided_by"]) == (True, district.vera.id)
    with pytest.raises(BadOutage):
        await flats.decide(district.vera, outage.id, STRANGER, candidate["premises_id"], right=False)


async def test_a_rejected_telephone_stays_nobodys_and_is_not_asked_about_again(
    district: District, outage: Outage, flats: OutageFlats
) -> None:
    own = (await reserved(district, outage))["20"]
    await district.write(*told("1", STRANGER, outage.id, own))
    flat = await premises(district, "20")
    await flats.decide(district.vera, outage.id, STRANGER, flat, right=False)
    await district.write(*told("2", STRANGER, outage.id, own, at=60))
    assert await owners(district, STRANGER) == []
    assert (await flats.unsettled(district.vera, outage.id)).telephones == []


async def test_a_flat_without_residents_gets_one_without_a_name(
    district: District, outage: Outage, flats: OutageFlats
) -> None:
    own = (await reserved(district, outage))["20"]
    await district.write(*told("1", STRANGER, outage.id, own))
    await flats.decide(district.vera, outage.id, STRANGER, await premises(district, "20"), right=True)
    assert await owners(district, STRANGER) == [("20", "Житель кв. 20")]
    audited = await district.pool.fetchval("select count(*) from audit_log where action = 'added resident'")
    assert audited == 1


async def test_what_makes_no_sense_is_refused_and_changes_nothing(
    district: District, outage: Outage, flats: OutageFlats
) -> None:
    strange, own = await spare(district, outage), (await reserved(district, outage))["5"]
    await district.write(*told("1", STRANGER, outage.id, strange))
    await district.write(*told("2", "+79990000002", outage.id, own, at=60))
    ticket = await ticket_of(district, strange)
    five, resident = await premises(district, "5"), await district.pool.fetchval("select max(id) from residents")
    with pytest.raises(BadOutage):
        await flats.say_flat(district.vera, outage.id, ticket, district.house, "777")
    with pytest.raises(BadOutage):
        await flats.say_flat(district.vera, outage.id, ticket, district.other_house, "5")
    with pytest.raises(BadOutage):
        await flats.say_flat(district.vera, outage.id, await ticket_of(district, own), district.house, "6")
    with pytest.raises(BadOutage):
        await flats.decide(district.vera, outage.id, "+79990000002", five, right=True, resident=resident)
    with pytest.raises(BadOutage):
        await flats.decide(district.vera, outage.id, "+79990000009", five, right=True)
    stranger = Person(OperatorId(0), "x", "X", Role.MANAGER, "ru", False, district.company + 1)
    with pytest.raises(NoOutage):
        await flats.say_flat(stranger, outage.id, ticket, district.house, "5")
    assert await tickets(district, outage) == sorted([(own, "5", "new"), (strange, None, "new")])
    assert await owners(district, STRANGER) == await owners(district, "+79990000002") == []
    assert len((await flats.unsettled(district.vera, outage.id)).telephones) == 1
