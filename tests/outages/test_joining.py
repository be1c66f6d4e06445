"""Calls that operators attach to outages: what they are told of it, and one ticket a flat whatever the answer opened."""

from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from callcenter.calls.cards import find_cards
from callcenter.domain.commands import PrepareCard
from callcenter.domain.events import CallArrived, CallQueued, CardPrepared, Event, OperatorAnswered, OperatorRang
from callcenter.domain.ids import CallId, QueueName
from callcenter.domain.outage import OutageStep
from callcenter.domain.recording import RecordingName
from callcenter.outages.joining import Joining, JoinRefused
from callcenter.outages.outage import NoOutage, Outage
from callcenter.push.codec import body_of
from callcenter.push.messages import CardMessage, RingingMessage
from callcenter.push.outage_messages import CallOutage
from callcenter.push.shapes import TicketKey
from callcenter.tickets.service import Tickets
from callcenter.tickets.ticket import NoTicket
from tests.evidence_packs.test_chain import entries_of, wrong
from tests.outages.district import ANNA, DID, NOW, District
from tests.outages.test_service import reserved, told

STRANGER = "+79990000001"


async def answered(district: District, number: int, caller: str, *, rings_only: bool = False) -> CallId:
    """Somebody calls, and Anna's telephone rings; she answers."""
    call = CallId(f"node1-1772704000.{number}")
    start = NOW + timedelta(seconds=100 + number)
    [card] = await find_cards(district.pool, [PrepareCard(call=call, did=DID, caller=caller)])
    events: list[Event] = [
        CallArrived(call=call, at=start, did=DID, caller=caller, channel=f"PJSIP/trunk-{number}"),
        CardPrepared(call=call, at=start, card=card),
        CallQueued(call=call, at=start, queue=QueueName(DID)),
        OperatorRang(call=call, at=start, operator=ANNA),
    ]
    if not rings_only:
        recording = RecordingName(call, f"node1-1772704001.{number}", 1772704001)
        events.append(OperatorAnswered(call=call, at=start + timedelta(seconds=3), operator=ANNA, recording=recording))
    await district.write(*events)
    return call


async def screen(district: District, kind: str) -> Any:
    body = await district.pool.fetchval(
        "select body from screens where audience = $1 and kind = $2", f"operator:{district.anna.id}", kind
    )
    return body_of(kind, body)


async def card(district: District) -> CardMessage:
    shown: CardMessage = await screen(district, "card")
    return shown


async def ticket(district: District, number: int) -> asyncpg.Record:
    return await district.pool.fetchrow("select * from tickets where number = $1", number)


@pytest.fixture
def joining(district: District) -> Joining:
    return Joining(district.pool, Tickets(district.pool))


@pytest.fixture
async def outage(district: District) -> Outage:
    return await district.outages.open(district.vera, district.new())


async def test_the_operator_knows_of_the_outage_when_it_rings_and_at_the_answer(
    district: District, outage: Outage
) -> None:
    number = (await reserved(district, outage))["3"]
    await district.write(*told("1", district.phones[2], outage.id, number))
    await district.write(*told("2", district.phones[7], outage.id, (await reserved(district, outage))["8"]))
    await answered(district, 1, district.phones[2], rings_only=True)
    ringing: RingingMessage = await screen(district, "ringing")
    known = await ticket(district, number)
    assert ringing.outage == CallOutage(
        id=outage.id,
        kind="cold_water",
        until=NOW + timedelta(hours=4),
        calls=2,
        ticket=TicketKey(id=known["id"], number=number),
    )
    await answered(district, 2, district.phones[2])
    assert (await card(district)).outage == ringing.outage
    assert (await card(district)).house_id == district.house
    # Of a flat that has not called yet, and of somebody who lives elsewhere.
    await answered(district, 3, district.phones[5])
    seen = (await card(district)).outage
    assert seen is not None
    assert (seen.calls, seen.ticket) == (2, None)
    await answered(district, 4, STRANGER)
    assert (await card(district)).outage is None


async def test_a_suspected_outage_is_told_and_nothing_can_be_attached(district: District, joining: Joining) -> None:
    suspected = await district.outages.open(district.vera, district.new(), suspected=True)
    await district.pool.execute("update outages set kind = null, evidence = $1", {"calls": 6})
    call = await answered(district, 1, district.phones[0])
    assert (await card(district)).outage == CallOutage(
        id=suspected.id, kind=None, until=NOW + timedelta(hours=4), calls=6, ticket=None
    )
    with pytest.raises(JoinRefused):
        await joining.join(district.vera, suspected.id, call)


async def test_a_known_outage_is_told_before_a_suspected_one(district: District, outage: Outage) -> None:
    await district.outages.open(district.vera, district.new(since=NOW), suspected=True)
    await answered(district, 1, district.phones[0])
    seen = (await card(district)).outage
    assert seen is not None
    assert seen.id == outage.id


async def test_a_call_joins_the_ticket_of_its_flat_and_its_own_is_cancelled(
    district: District, outage: Outage, joining: Joining
) -> None:
    number = (await reserved(district, outage))["3"]
    await district.write(*told("1", district.phones[2], outage.id, number))
    call = await answered(district, 1, district.phones[2])
    own = (await card(district)).ticket
    assert own is not None
    assert own.number != number
    joined = await joining.join(district.vera, outage.id, call)
    assert (await ticket(district, number))["id"] == joined
    cancelled = await ticket(district, own.number)
    assert (cancelled["state"], cancelled["cancel_reason"]) == ("cancelled", f"Относится к заявке № {number}")
    shown = await card(district)
    assert shown.ticket == TicketKey(id=joined, number=number)
    assert shown.outage is not None
    assert shown.outage.ticket == shown.ticket
    history = await district.pool.fetch(
        "select kind, operator_id, comment from ticket_events where ticket_id = $1 order by id", joined
    )
    assert tuple(history[-1]) == ("called", district.vera.id, district.phones[2])
    assert await joining.join(district.vera, outage.id, call) == joined
    assert await district.pool.fetchval("select count(*) from ticket_events where kind = 'called'") == 1
    # What the node writes of the call later does not bring the old one back.
    await district.write(CallArrived(call=call, at=NOW, did=DID, caller=district.phones[2], channel="x"))
    assert await district.pool.fetchval("select ticket_of_call($1)", call) == joined


async def attach_recording(district: District, call: CallId) -> int:
    """The call's talk is archived, as it is while the operator still writes; the ticket that has the recording."""
    for change in (
        "state = 'recorded', sha256 = '\\x11', size = 9, object_key = 'a.wav'".replace("11", "11" * 32),
        "state = 'verified'",
        "state = 'attached', ticket_id = ticket_of_call($1)",
    ):
        await district.pool.execute(f"update recordings set {change} where call_id = coalesce($1::text, '')", call)
    return int(await district.pool.fetchval("select ticket_id from recordings where call_id = $1", call))


async def test_a_recording_that_was_attached_before_goes_to_the_ticket_that_lives(
    district: District, outage: Outage, joining: Joining
) -> None:
    call = await answered(district, 1, district.phones[4])
    own = (await card(district)).ticket
    assert own is not None
    assert await attach_recording(district, call) == own.id
    joined = await joining.join(district.vera, outage.id, call)
    assert joined != own.id
    assert await district.pool.fetchval("select ticket_id from recordings where call_id = $1", call) == joined
    entries = await entries_of(district.pool, district.company)
    moved = [(kind, body["ticket"]) for kind, body in entries if kind.startswith("recording")]
    assert moved[-2:] == [("recording attached", own.id), ("recording adopted", joined)]
    assert await wrong(district.pool, district.company) == []


async def test_a_recording_under_a_legal_hold_stays_with_it(
    district: District, outage: Outage, joining: Joining
) -> None:
    call = await answered(district, 1, district.phones[4])
    own = await attach_recording(district, call)
    await district.pool.execute(
        "insert into legal_holds (ticket_id, reason, placed_by) values ($1, 'Иск', $2)", own, district.vera.id
    )
    await joining.join(district.vera, outage.id, call)
    assert await district.pool.fetchval("select ticket_id from recordings where call_id = $1", call) == own


async def test_the_first_of_a_flat_opens_its_ticket_with_the_number_kept_for_it(
    district: District, outage: Outage, joining: Joining
) -> None:
    numbers = await reserved(district, outage)
    call = await answered(district, 1, district.phones[4])
    joined = await joining.join(district.vera, outage.id, call)
    made = await ticket(district, numbers["5"])
    assert (made["id"], made["parent_id"], made["state"]) == (joined, outage.incident_id, "new")
    # Whoever of the flat calls next hears this number, and has this ticket.
    await district.write(*told("2", district.phones[4], outage.id, numbers["5"], at=900))
    assert await district.pool.fetchval("select count(*) from tickets where parent_id = $1", outage.incident_id) == 1


async def test_the_ticket_of_a_stranger_becomes_the_outages(
    district: District, outage: Outage, joining: Joining
) -> None:
    call = await answered(district, 1, STRANGER)
    own = (await card(district)).ticket
    assert own is not None
    assert await joining.join(district.vera, outage.id, call) == own.id
    linked = await ticket(district, own.number)
    assert (linked["parent_id"], linked["subject"], linked["state"]) == (outage.incident_id, "Холодная вода", "new")
    assert linked["category_id"] is not None
    steps = await district.pool.fetch("select step from ticket_deadlines where ticket_id = $1", own.id)
    assert {row["step"] for row in steps} <= {"tell"}
    shown = await card(district)
    assert shown.ticket == own
    assert shown.outage is not None
    assert shown.outage.ticket == own


async def test_what_cannot_be_attached(district: District, outage: Outage, joining: Joining) -> None:
    with pytest.raises(NoTicket):
        await joining.join(district.vera, outage.id, "node1-0.0")
    call = await answered(district, 1, district.phones[4])
    with pytest.raises(NoOutage):
        await joining.join(district.vera, outage.id + 1, call)
    await district.pool.execute("update tickets set state = 'in_progress' where call_id = $1", call)
    with pytest.raises(JoinRefused):
        await joining.join(district.vera, outage.id, call)
    other = await district.pool.fetchval("insert into companies (name) values ('Другая') returning id")
    await district.pool.execute("update tickets set company_id = $1 where call_id = $2", other, call)
    with pytest.raises(NoOutage):
        await joining.join(district.vera, outage.id, call)
    await district.outages.step(district.vera, outage.id, OutageStep.CLOSE)
    with pytest.raises(JoinRefused):
        await joining.join(district.vera, outage.id, call)
