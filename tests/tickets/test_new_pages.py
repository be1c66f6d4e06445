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
