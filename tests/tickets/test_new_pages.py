import json

from tests.site import Browser
from tests.tickets.ticket_work import Work


async def test_a_ticket_made_by_hand(work: Work):
    text = await (await work.vera.get("/tickets/new")).text()
    assert "Авария" in text
    sent = {
        "company": str(work.ids["company"]),
        "category_id": str(work.ids["sewer"]),
        "subject": "Засор",
        "contact_phone": "89001234567",
        "house_id": str(work.ids["house"]),
        "flat": "12А",
    }
    answer = await work.vera.post("/tickets/new", **sent, parent="5")
    assert answer.status == 422
    assert 'value="Засор"' in await answer.text()
    answer = await work.vera.post("/tickets/new", **sent)
    assert answer.status == 303
    row = await work.site.pool.fetchrow("select number, caller, premises_id, subject from tickets")
    assert tuple(row) == (1, "+79001234567", work.ids["flat"], "Засор")
    assert answer.headers["Location"].startswith("/tickets/")


async def test_with_several_companies_one_is_chosen_first(work: Work):
    other = await work.site.pool.fetchval("insert into companies (name) values ('Другая') returning id")
    text = await (await work.vera.get("/tickets/new")).text()
    assert "Другая" in text
    assert 'name="subject"' not in text
    assert 'name="subject"' in await (await work.vera.get(f"/tickets/new?company={other}")).text()
    for company in ("", "x", "999999"):
        answer = await work.vera.post("/tickets/new", company=company, subject="Дорогой текст")
        assert answer.status == 422
        assert "Выберите компанию." in await answer.text()
    assert await work.site.pool.fetchval("select count(*) from tickets") == 0


async def file_it(browser: Browser, path: str, body: object) -> tuple[int, dict[str, object]]:
    data = body if isinstance(body, str) else json.dumps(body)
    headers = {"Origin": browser.origin, "Content-Type": "application/json"}
    answer = await browser.http.post(path, data=data, headers=headers)
    return answer.status, await answer.json() if answer.content_type == "application/json" else {}


async def test_the_card_files_the_ticket_in_two_fields(work: Work):
    ticket = await work.ticket()
    path = f"/tickets/{ticket.id}/filing"
    async with work.site.browser("anna") as anna:
        begun = await (await anna.get(path)).json()
        assert (begun["version"], begun["category_id"], begun["subject"]) == (ticket.version, None, "")
        assert {"id": work.ids["damage"], "name": "Авария"} in begun["categories"]
        typed = {"version": ticket.version, "category_id": work.ids["damage"], "subject": "Течь"}
        status, saved = await file_it(anna, path, typed)
        assert (status, saved["version"], saved["subject"]) == (200, ticket.version + 1, "Течь")
        assert "Авария будет локализована до" in str(saved["read_out"])
        status, newest = await file_it(anna, path, typed | {"subject": "Позже"})
        assert (status, newest["version"], newest["subject"]) == (409, ticket.version + 1, "Течь")
    assert (await work.now(ticket)).subject == "Течь"


BROKEN = [
    ("{", 400, None),
    ("[" * 5000, 400, None),
    ("null", 400, None),
    ({"version": "two", "subject": ""}, 400, None),
    ({"subject": ""}, 400, None),
    ({"version": 2, "subject": "x", "state": "closed"}, 400, None),
    ({"version": 2, "subject": "x" * 201}, 422, "subject"),
    ({"version": 2, "subject": "a\0"}, 422, "subject"),
    ({"version": 2, "subject": "", "category_id": 999999}, 422, "category_id"),
    ({"version": 2, "subject": "", "category_id": 2**40}, 422, "category_id"),
]


async def test_a_broken_filing_is_refused(work: Work):
    ticket = await work.ticket()
    for body, status, field in BROKEN:
        answered, found = await file_it(work.vera, f"/tickets/{ticket.id}/filing", body)
        assert answered == status
        assert set(found.get("problems", {})) == ({field} if field else set())
        assert await work.now(ticket) == ticket
