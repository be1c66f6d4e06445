"""Tickets by programs: opened once, changed with a version, moved, found."""

import asyncio
from uuid import uuid4

from tests.api.conftest import Desk


def new_ticket(desk: Desk, **more: object) -> dict[str, object]:
    return {
        "company_id": desk.companies["zarechye"],
        "category_id": desk.ids["zarechye category"],
        "premises_id": desk.ids["zarechye flat"],
        "subject": "Течёт кран",
        "description": "На кухне, второй день",
        "contact_phone": "+79161234567",
        **more,
    }


async def test_a_ticket_goes_from_opening_to_closing(desk: Desk):
    async with desk.program("ada") as program:
        made = await program.post(
            "/tickets", new_ticket(desk, price="1250.50", planned_from="2026-03-05T12:00:00+03:00")
        )
        assert made.status == 201
        ticket = made.body
        assert (ticket["state"], ticket["price"], ticket["flat"]) == ("new", "1250.50", "12")
        assert ticket["planned_from"] == "2026-03-05T09:00:00Z"
        assert [deadline["step"] for deadline in ticket["deadlines"]] == ["tell"]
        steps = [
            {"step": "assign", "crew_id": desk.ids["zarechye crew"], "version": ticket["version"]},
            {"step": "accept"},
            {"step": "finish", "comment": "Заменена прокладка"},
            {"step": "close"},
        ]
        for step in steps:
            taken = await program.post(f"/tickets/{ticket['id']}/steps", step)
            assert taken.status == 200, taken.body
        assert (taken.body["state"], taken.body["result"]) == ("closed", "Заменена прокладка")
        assert (await program.post(f"/tickets/{ticket['id']}/comments", {"text": "Спасибо"})).status == 204
        history = (await program.get(f"/tickets/{ticket['id']}/history")).body["items"]
        assert [event["kind"] for event in history] == ["opened", *["moved"] * 4, "comment"]
        assert (await program.get(f"/tickets/{ticket['id']}")).body["state"] == "closed"
    viewed = await desk.pool.fetchval("select count(*) from audit_log where action = 'viewed ticket'")
    assert viewed == 1


async def test_a_change_names_the_version_it_was_made_from(desk: Desk):
    ticket = await desk.ticket()
    async with desk.program("ada") as program:
        path = f"/tickets/{ticket}"
        version = (await program.get(path)).body["version"]
        first = await program.ask("PATCH", path, {"version": version, "subject": "Течёт труба"})
        assert (first.status, first.body["subject"]) == (200, "Течёт труба")
        second = await program.ask("PATCH", path, {"version": version, "description": "В ванной"})
        assert second.problem["status"] == 409
        assert second.body["current_version"] == first.body["version"]
        assert second.body["changed"] == ["subject"]
        without = await program.ask("PATCH", path, {"subject": "Течёт всё"})
        assert without.problem["errors"] == [{"at": "body.version", "message": "Field required"}]
        assert (await program.get(path)).body["description"] == ""


async def test_the_same_key_gives_the_same_answer_and_one_ticket(desk: Desk):
    key = str(uuid4())
    async with desk.program("ada") as program:
        first = await program.post("/tickets", new_ticket(desk), key)
        second = await program.post("/tickets", new_ticket(desk), key)
        assert (second.status, second.body) == (201, first.body)
        assert second.headers["Idempotent-Replayed"] == "true"
        other = await program.post("/tickets", new_ticket(desk, subject="Другое"), key)
        assert other.problem["status"] == 422
        elsewhere = await program.post(f"/tickets/{first.body['id']}/comments", {"text": "x"}, key)
        assert elsewhere.problem["status"] == 422
    async with desk.program("ada") as another:
        assert (await another.post("/tickets", new_ticket(desk), key)).body["id"] != first.body["id"]
    assert await desk.pool.fetchval("select count(*) from tickets") == 2


async def test_two_with_one_key_at_the_same_time_make_one_ticket(desk: Desk):
    key = str(uuid4())
    async with desk.program("ada") as program:
        answers = await asyncio.gather(*(program.post("/tickets", new_ticket(desk), key) for _ in range(6)))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.body["id"] for answer in answers}) == 1
    assert await desk.pool.fetchval("select array_agg(number) from tickets") == [1]


async def test_what_was_refused_keeps_no_answer_and_a_key_is_forgotten_in_time(desk: Desk):
    key = str(uuid4())
    async with desk.program("ada") as program:
        assert (await program.post("/tickets", new_ticket(desk, category_id=999), key)).status == 409
        first = await program.post("/tickets", new_ticket(desk), key)
        assert first.status == 201
        await desk.pool.execute("update idempotency_keys set at = now() - interval '25 hours'")
        assert (await program.post("/tickets", new_ticket(desk), key)).body["number"] == 2


async def test_a_manager_comments_once_with_a_key(desk: Desk):
    ticket, key = await desk.ticket(), str(uuid4())
    async with desk.program("max") as program:
        for _ in range(2):
            assert (await program.post(f"/tickets/{ticket}/comments", {"text": "Когда?"}, key)).status == 204
        history = (await program.get(f"/tickets/{ticket}/history")).body["items"]
    assert [event["comment"] for event in history if event["kind"] == "comment"] == ["Когда?"]


async def test_steps_that_cannot_be_taken_are_refused(desk: Desk):
    ticket = await desk.ticket()
    async with desk.program("ada") as program:
        path = f"/tickets/{ticket}/steps"
        assert (await program.post(path, {"step": "accept"})).problem["status"] == 409
        assert (await program.post(path, {"step": "cancel"})).problem["status"] == 422
        assert (await program.post(path, {"step": "cancel", "comment": " "})).problem["status"] == 422
        assert (await program.post(path, {"step": "assign"})).problem["status"] == 422
        assert (await program.post(path, {"step": "dance"})).problem["status"] == 422
        foreign = await program.post(path, {"step": "assign", "crew_id": desk.ids["luch crew"]})
        assert foreign.problem["errors"] == [
            {"at": "body.crew_id", "message": "there is no such thing in this company"}
        ]
        assert (await program.post(path, {"step": "close", "version": 1})).problem["status"] == 409
        assert (await program.get(f"/tickets/{ticket}")).body["state"] == "new"


async def test_the_list_goes_on_where_the_last_page_ended(desk: Desk):
    ids = [await desk.ticket(subject=str(number)) for number in range(5)]
    async with desk.program("ada") as program:
        seen, cursor = [], None
        while True:
            page = (await program.get("/tickets", limit=2, **({"cursor": cursor} if cursor else {}))).body
            seen += [ticket["id"] for ticket in page["items"]]
            if (cursor := page["next"]) is None:
                break
    assert seen == ids[::-1]


async def test_the_list_is_narrowed_by_what_is_asked(desk: Desk):
    mine = await desk.ticket(house_id=desk.ids["zarechye house"], category_id=desk.ids["zarechye category"])
    other = await desk.ticket("luch")
    async with desk.program("ada") as program:

        async def found(**query: object) -> list[int]:
            answer = await program.get("/tickets", **query)
            assert answer.status == 200, answer.body
            return [ticket["id"] for ticket in answer.body["items"]]

        assert await found() == [other, mine]
        assert await found(company_id=desk.companies["luch"]) == [other]
        assert await found(house_id=desk.ids["zarechye house"]) == [mine]
        assert await found(category_id=desk.ids["zarechye category"], state="new") == [mine]
        assert await found(phone="+79161234567", limit=1) == [other]
        assert await found(number=1, until="2099-12-31T23:59:59Z") == [other, mine]
        assert await found(since="2099-01-01T00:00:00.5+03:00") == []
        assert await found(state="closed") == []
        assert await found(due="late") == []
        assert await found(payment="paid") == []
        assert await found(crew_id=1) == []


async def test_an_incident_is_closed_with_or_without_the_tickets_below_it(desk: Desk):
    async with desk.program("ada") as program:
        for below, expected in ((True, "closed"), (False, "new")):
            incident = (await program.post("/tickets", new_ticket(desk))).body
            flat = (await program.post("/tickets", new_ticket(desk, parent_id=incident["id"], source="letter"))).body
            assert flat["source"] == "letter"
            step = {"step": "close", "comment": "Починили", "below": below}
            assert (await program.post(f"/tickets/{incident['id']}/steps", step)).body["state"] == "closed"
            assert (await program.get(f"/tickets/{flat['id']}")).body["state"] == expected
