"""The rest of the card: who else it may be, what is open, and what the operator says of the caller and of the ticket."""

from typing import Any

from callcenter.domain.ticket import NoTicketReason
from callcenter.push.codec import body_of, entry
from callcenter.push.messages import RingingMessage
from callcenter.storage import queries
from callcenter.tickets.ticket import TicketEdit
from tests.calls.card_work import CALL, Desk, desk
from tests.messages import CALLER, ringing
from tests.site import NOW

__all__ = ["desk"]

NEXT = "node1-1772704009.2"


async def test_the_card_knows_everybody_on_the_number_and_what_is_open_in_flat_and_house(desk: Desk):
    first = await desk.resident("Иванова Мария", "12", CALLER)
    await desk.resident("Иванов Пётр", "40", CALLER)
    house, work = desk.work.ids["house"], desk.work
    flat = await desk.site.pool.fetchval("select premises_id from residents where id = $1", first)
    await work.ticket(subject="Кран на кухне", premises_id=flat)
    await work.ticket(subject="Лифт стоит", house_id=house, category_id=work.ids["damage"])
    await work.ticket(subject="В другом месте")
    popped = await desk.answered()
    assert (popped.resident, popped.flat, popped.others) == ("Иванова Мария", "12", 1)
    found = await desk.details()
    assert (found["resident_id"], found["flat"], found["note"]) == (first, "12", "")
    assert [each["name"] for each in found["candidates"]] == ["Иванова Мария", "Иванов Пётр"]
    assert [(each["place"], each["subject"]) for each in found["open_tickets"]] == [
        ("flat", "Кран на кухне"),
        ("house", "Лифт стоит"),
    ]
    assert found["open_tickets"][1]["category"] == "Авария"
    assert [each["id"] for each in found["tickets"]] == [popped.ticket.id]


async def test_of_several_on_a_number_the_one_chosen_is_on_the_card_and_on_the_next_one(desk: Desk):
    await desk.resident("Иванова Мария", "12", CALLER)
    second = await desk.resident("Иванов Пётр", "40", CALLER)
    await desk.answered()
    status, found = await desk.post("caller", {"resident_id": second})
    assert (status, found["resident"], found["flat"]) == (200, "Иванов Пётр", "40")
    assert (await desk.shown()).resident == "Иванов Пётр"
    ticket = await desk.ticket_of()
    assert ticket["resident_id"] == second
    # What the service writes later of the call does not undo it.
    await desk.answered()
    assert await desk.site.pool.fetchval("select resident_id from calls where id = $1", CALL) == second
    assert (await desk.ticket_of())["resident_id"] == second
    again = await desk.answered(NEXT)
    assert (again.resident, again.flat, again.others) == ("Иванов Пётр", "40", 1)


async def test_whoever_the_call_is_handed_to_sees_who_was_chosen(desk: Desk):
    await desk.resident("Иванова Мария", "12", CALLER)
    second = await desk.resident("Иванов Пётр", "40", CALLER)
    await desk.answered()
    await desk.post("caller", {"resident_id": second})
    message = entry("operator:7", ringing(NOW), outage_of=CALL)
    filled = await desk.site.pool.fetchval("select fill_in($1)", message)
    shown = body_of("ringing", filled["body"])
    assert isinstance(shown, RingingMessage)
    assert (shown.resident, shown.address, shown.flat) == ("Иванов Пётр", "М, Лесная, 3", "40")


async def test_what_was_learned_of_an_unknown_number_is_on_the_card_of_the_next_call(desk: Desk):
    flat = desk.work.ids["flat"]
    unknown = await desk.answered()
    assert (unknown.resident, unknown.address) == ("", "")
    # A place without a name.
    status, found = await desk.post("caller", {"premises_id": flat})
    assert (status, found["resident"], found["address"], found["flat"]) == (200, "", "М, Лесная, 3", "12А")
    shown = await desk.shown()
    assert (shown.resident, shown.address, shown.flat) == ("", "М, Лесная, 3", "12А")
    again = await desk.answered(NEXT)
    assert (again.resident, again.address, again.flat) == ("", "М, Лесная, 3", "12А")
    # Somebody new of that flat.
    status, found = await desk.post("caller", {"premises_id": flat, "name": " Сидоров  Олег "}, NEXT)
    assert (status, found["resident"]) == (200, "Сидоров Олег")
    third = await desk.answered("node1-1772704019.3")
    assert (third.resident, third.flat) == ("Сидоров Олег", "12А")
    assert await desk.site.pool.fetchval("select count(*) from audit_log where action = 'added resident'") == 1


async def test_a_known_resident_gets_another_telephone(desk: Desk):
    known = desk.work.ids["resident"]
    await desk.answered()
    assert (await desk.post("caller", {"resident_id": known}))[0] == 200
    assert (await desk.answered(NEXT)).resident == "Иванова"
    assert await desk.site.pool.fetchval("select count(*) from audit_log where action = 'changed resident'") == 1
    # A withheld number is nobody's.
    await desk.answered("node1-1772704029.4", caller="")
    status, found = await desk.post("caller", {"resident_id": known}, "node1-1772704029.4")
    assert (status, found["resident"], found["settled"]) == (200, "Иванова", True)
    assert await desk.site.pool.fetchval("select count(*) from resident_phones") == 1


async def test_another_companys_house_is_no_place_of_the_caller(desk: Desk):
    pool = desk.site.pool
    other = await pool.fetchval("insert into companies (name) values ('Другая') returning id")
    house = await pool.fetchval(
        "insert into houses (company_id, city, street, building) values ($1, 'М', 'Мира', '1') returning id", other
    )
    await desk.answered()
    for caller in ({"house_id": house}, {"resident_id": 999999}, {}, {"house_id": desk.work.ids["house"], "name": "А"}):
        assert (await desk.post("caller", caller))[0] == 409, caller
    for caller in ({"resident_id": "x"}, {"house_id": 0}, {"premises_id": 1, "name": "a\0"}, {"else": 1}, []):
        assert (await desk.post("caller", caller))[0] == 400, caller
    assert (await desk.post("caller", {"house_id": house}, "no-such-call"))[0] == 404
    assert (await desk.shown()).address == ""


async def test_a_note_about_a_resident_is_on_every_later_card(desk: Desk):
    known = desk.work.ids["resident"]
    await desk.answered()
    assert (await desk.post("note", {"note": "Плохо слышит"}))[0] == 409
    await desk.post("caller", {"resident_id": known})
    assert (await desk.post("note", {"note": " Плохо слышит "}))[0] == 204
    await desk.answered(NEXT)
    assert (await desk.details(NEXT))["note"] == "Плохо слышит"
    assert (await desk.post("note", {"note": "x" * 1001}))[0] == 400


async def test_the_notes_of_a_house_are_on_the_card_of_whoever_calls_from_it(desk: Desk):
    house = desk.work.ids["house"]
    form = {"city": "Москва", "street": "Лесная ул.", "building": "3", "company_id": str(desk.work.ids["company"])}
    async with desk.site.browser("vera") as vera:
        notes = "Домофон 12К34\r\nСтаршая по дому: <b>кв. 7</b>"
        assert (await vera.post(f"/directory/houses/{house}/edit", **form, notes=notes)).status == 303
        text = await (await vera.get(f"/directory/houses/{house}")).text()
        assert "Домофон 12К34\nСтаршая по дому: &lt;b&gt;кв. 7&lt;/b&gt;" in text
        assert (await vera.post(f"/directory/houses/{house}/edit", **form, notes="x" * 1001)).status == 422
    await desk.answered()
    assert (await desk.details())["house_notes"] == ""
    await desk.post("caller", {"house_id": house})
    assert (await desk.details())["house_notes"] == "Домофон 12К34\nСтаршая по дому: <b>кв. 7</b>"


async def test_last_calls_have_their_recordings_for_whoever_may_hear_them(desk: Desk):
    await desk.answered()
    pool = desk.site.pool
    await pool.execute("update calls set state = 'ended', outcome = 'answered', ended_at = now() where id = $1", CALL)
    recording = await pool.fetchval(
        "insert into recordings (name, node, call_id, company_id, state, sha256, size, object_key)"
        " values ('r', 'node1', $1, $2, 'attached', $3, 100, 'key') returning id",
        CALL,
        desk.work.ids["company"],
        bytes(32),
    )
    await desk.answered(NEXT)
    [past] = (await desk.details(NEXT))["past_calls"]
    assert (past["id"], past["outcome"], past["recordings"]) == (CALL, "answered", [])
    heard = await (await desk.work.vera.get(f"/workplace/calls/{NEXT}")).json()
    assert heard["past_calls"][0]["recordings"] == [recording]


async def test_a_call_about_an_open_ticket_joins_it_and_its_own_is_cancelled(desk: Desk):
    work = desk.work
    ticket = await work.ticket(subject="Нет воды", house_id=work.ids["house"])
    popped = await desk.answered()
    status, found = await desk.post("join", {"ticket": ticket.id})
    assert (status, found["tickets"]) == (200, [{"id": ticket.id, "number": ticket.number}])
    assert (await desk.shown()).ticket.id == ticket.id
    own = await desk.site.pool.fetchrow("select state, cancel_reason from tickets where id = $1", popped.ticket.id)
    assert tuple(own) == ("cancelled", f"Относится к заявке № {ticket.number}")
    assert (await work.tickets.history(work.person, ticket.id))[-1].comment == CALLER
    # The same key again changes nothing; another ticket would be one too many.
    assert (await desk.post("join", {"ticket": ticket.id}))[0] == 200
    other = await work.ticket(subject="Лифт")
    assert (await desk.post("join", {"ticket": other.id}))[0] == 409


async def test_whoever_calls_again_is_offered_the_own_ticket_before_those_of_the_house(desk: Desk):
    """A number of which only the house is known; a neighbour has reported something since."""
    work = desk.work
    own = (await desk.answered()).ticket
    assert own is not None
    await desk.post("caller", {"house_id": work.ids["house"]})
    await work.tickets.edit(work.person, own.id, 2, TicketEdit(subject="Течёт с крыши"))
    await work.ticket(subject="Нет света", house_id=work.ids["house"], common_property=True)
    again = "node1-1772704009.2"
    await desk.answered(again)
    found = (await desk.details(again))["open_tickets"]
    assert [(each["place"], each["subject"]) for each in found] == [("caller", "Течёт с крыши"), ("house", "Нет света")]


async def test_where_a_joined_call_came_from_is_on_the_card_of_the_next_one(desk: Desk):
    """An unknown number called about what a neighbour had reported; a minute later it calls again."""
    work = desk.work
    open_one = await work.ticket(subject="Нет света в подъезде", house_id=work.ids["house"])
    await desk.answered()
    assert (await desk.post("join", {"ticket": open_one.id}))[0] == 200
    again = await desk.answered("node1-1772704009.2")
    assert (again.resident, again.address) == ("", "М, Лесная, 3")


async def test_what_cannot_be_joined(desk: Desk):
    work = desk.work
    closed = await work.ticket(subject="Старое")
    await work.tickets.step(work.person, closed.id, None, "close")
    taken = await desk.answered()
    assert (await desk.post("join", {"ticket": closed.id}))[0] == 409
    assert (await desk.post("join", {"ticket": 999999}))[0] == 409
    assert (await desk.post("join", {"ticket": "x"}))[0] == 400
    open_one = await work.ticket(subject="Новое")
    await work.tickets.step(work.person, taken.ticket.id, None, "assign", crew_id=work.ids["crew"])
    assert (await desk.post("join", {"ticket": open_one.id}))[0] == 409


async def test_what_was_typed_goes_along_as_a_comment(desk: Desk):
    work = desk.work
    ticket = await work.ticket(subject="Нет воды")
    popped = await desk.answered()
    await work.tickets.edit(work.person, popped.ticket.id, None, TicketEdit(subject="Совсем нет горячей"))
    await desk.post("join", {"ticket": ticket.id})
    assert (await work.tickets.history(work.person, ticket.id))[-1].comment == "Совсем нет горячей"


async def test_a_call_about_two_things_has_two_tickets(desk: Desk):
    work = desk.work
    popped = await desk.answered()
    await desk.post("caller", {"resident_id": work.ids["resident"]})
    status, second = await desk.post("tickets", None)
    assert status == 201
    found = await desk.details()
    assert [each["id"] for each in found["tickets"]] == [popped.ticket.id, second["id"]]
    assert found["open_tickets"] == []
    made = await work.tickets.get(work.person, second["id"])
    assert made is not None
    assert (made.caller, made.resident_id, made.flat) == (CALLER, work.ids["resident"], "12А")
    # The call, with its recordings, is on the page of both.
    for ticket in (popped.ticket.id, second["id"]):
        assert [row["id"] for row in await desk.site.pool.fetch(queries("ticket_page")["calls"], ticket)] == [CALL]


async def test_a_call_without_a_ticket_says_why_and_leaves_no_nameless_ticket(desk: Desk):
    popped = await desk.answered()

    async def now() -> tuple[Any, ...]:
        return tuple(
            await desk.site.pool.fetchrow(
                "select state, subject, cancel_reason from tickets where id = $1", popped.ticket.id
            )
        )

    status, found = await desk.post("without-ticket", {"reason": "wrong_number"})
    assert (status, found["no_ticket"]) == (200, "wrong_number")
    assert await now() == ("cancelled", "Ошиблись номером", "Ошиблись номером")
    # Another reason, and none after all.
    await desk.post("without-ticket", {"reason": "silence"})
    assert await now() == ("cancelled", "В трубке молчат", "В трубке молчат")
    status, found = await desk.post("without-ticket", {"reason": None})
    assert (status, found["no_ticket"]) == (200, None)
    assert await now() == ("reopened", "", "")
    assert (await desk.post("without-ticket", {"reason": "answered"}))[0] == 200
    assert (await now())[0] == "cancelled"
    assert (await desk.post("without-ticket", {"reason": "boredom"}))[0] == 400


async def test_every_reason_is_one_that_the_table_takes(desk: Desk):
    await desk.answered()
    for reason in NoTicketReason:
        status, found = await desk.post("without-ticket", {"reason": reason})
        assert (status, found["no_ticket"]) == (200, reason)


async def test_a_ticket_on_which_somebody_works_is_not_cancelled_by_a_key(desk: Desk):
    work = desk.work
    popped = await desk.answered()
    await work.tickets.step(work.person, popped.ticket.id, None, "assign", crew_id=work.ids["crew"])
    assert (await desk.post("without-ticket", {"reason": "wrong_number"}))[0] == 409
    assert (await work.tickets.get(work.person, popped.ticket.id)).state == "assigned"
