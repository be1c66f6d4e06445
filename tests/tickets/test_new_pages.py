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


async def test_a_walk_in_and_a_letter_say_how_they_came(work: Work):
    for source, name in (("visit", "Личное обращение"), ("letter", "Письмо")):
        answer = await work.vera.post(
            "/tickets/new", company=str(work.ids["company"]), subject="Ступень разбита", source=source
        )
        assert answer.status == 303
        assert name in await (await work.vera.get(answer.headers["Location"])).text()
    assert await work.site.pool.fetchval("select array_agg(source order by id) from tickets") == ["visit", "letter"]
    answer = await work.vera.post("/tickets/new", company=str(work.ids["company"]), subject="x", source="program")
    assert answer.status == 400


async def test_a_new_ticket_of_a_resident_a_flat_or_a_house_knows_where(work: Work):
    ids, pool = work.ids, work.site.pool
    await pool.execute("insert into resident_phones (phone, resident_id) values ('+79001234567', $1)", ids["resident"])
    text = await (await work.vera.get(f"/tickets/new?resident={ids['resident']}")).text()
    for known in ('value="12А"', 'value="Иванова"', 'value="+79001234567"', f'value="{ids["house"]}" selected'):
        assert known in text
    assert 'value="12А"' in await (await work.vera.get(f"/tickets/new?flat={ids['flat']}")).text()
    text = await (await work.vera.get(f"/tickets/new?house={ids['house']}")).text()
    assert f'value="{ids["house"]}" selected' in text
    sent = {
        "company": str(ids["company"]), "house_id": str(ids["house"]), "flat": "12А", "resident_id": str(ids["resident"]),
        "subject": "Течь",
    }  # fmt: skip
    assert (await work.vera.post("/tickets/new", **sent)).status == 303
    # With another flat it is not this resident.
    await pool.execute("insert into premises (house_id, flat) values ($1, '13')", ids["house"])
    assert (await work.vera.post("/tickets/new", **sent | {"flat": "13"})).status == 303
    assert [row["resident_id"] for row in await pool.fetch("select resident_id from tickets order by id")] == [
        ids["resident"], None,
    ]  # fmt: skip
