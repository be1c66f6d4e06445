"""A legal hold on a ticket's page: placed with a reason, shown, released."""

import pytest

from callcenter.storage import queries
from tests.tickets.ticket_work import Work


async def record(work: Work, ticket: int, *, held: bool = False, state: str = "attached") -> None:
    """A recording of the ticket, as the archive leaves it."""
    await work.site.pool.execute(
        """insert into recordings (name, node, ticket_id, state, sha256, size, object_key, recorded_at, retain_until,
               locked_until, held)
           select format('rec %s', count(*)), 'node1', $1, $2, decode(repeat('00', 32), 'hex'), 1,
               format('recordings/%s.wav', count(*)), now(), '2030-03-05 09:00Z', '2030-03-05 09:00Z', $3 from recordings""",
        ticket,
        state,
        held,
    )


async def holds(work: Work) -> list[tuple[str, bool]]:
    rows = await work.site.pool.fetch("select reason, released_at is null as stands from legal_holds order by id")
    return [(row["reason"], row["stands"]) for row in rows]


async def test_a_hold_is_placed_once_shown_and_released(work: Work):
    ticket = await work.ticket(subject="Течь")
    await record(work, ticket.id)
    path = f"/tickets/{ticket.id}"
    text = await (await work.vera.get(path)).text()
    assert "1 запись · хранятся до 5 мар. 2030" in " ".join(text.split())
    assert "защищены в хранилище" in text
    for reason in ("  Иск  жильца ", "ещё раз"):
        answer = await work.vera.post(f"{path}/hold", reason=reason)
        assert (answer.status, answer.headers["Location"]) == (303, f"{path}#keeping")
    assert await holds(work) == [("Иск жильца", True)]
    text = await (await work.vera.get(path)).text()
    assert "Иск жильца" in text
    assert "Хранилище ещё не подтвердило запрет." in text
    await work.site.pool.execute("update recordings set held = true")
    assert "Хранилище тоже не даст удалить." in await (await work.vera.get(path)).text()
    for _ in range(2):
        assert (await work.vera.post(f"{path}/hold/release")).status == 303
    assert await holds(work) == [("Иск жильца", False)]
    text = await (await work.vera.get(path)).text()
    assert "снят (Вера Старшая): Иск жильца" in text
    audited = await work.site.pool.fetch("select action from audit_log where action like '%legal hold' order by id")
    assert [row["action"] for row in audited] == ["placed legal hold", "released legal hold"]


@pytest.mark.parametrize("reason", ["", "   ", "x" * 1001])
async def test_a_hold_needs_a_reason(work: Work, reason: str):
    ticket = await work.ticket()
    answer = await work.vera.post(f"/tickets/{ticket.id}/hold", reason=reason)
    assert answer.status == 422
    assert 'id="hold-reason" name="reason" maxlength="1000" required aria-invalid="true"' in await answer.text()
    assert await holds(work) == []


async def test_who_may_not_keep_recordings_neither_sees_nor_places_holds(work: Work):
    ticket = await work.ticket()
    for login in ("anna", "maria"):
        async with work.site.browser(login) as browser:
            assert 'id="keeping"' not in await (await browser.get(f"/tickets/{ticket.id}")).text()
            assert (await browser.post(f"/tickets/{ticket.id}/hold", reason="x")).status == 403
            assert (await browser.post(f"/tickets/{ticket.id}/hold/release")).status == 403


async def test_a_ticket_that_is_not_there(work: Work):
    assert (await work.vera.post("/tickets/999999/hold", reason="x")).status == 404
    assert (await work.vera.post("/tickets/999999/hold/release")).status == 404


async def test_the_company_says_how_long_recordings_are_kept(work: Work):
    path = f"/directory/companies/{work.ids['company']}"
    form = {"name": "УК", "zone": "Europe/Moscow", "language": "ru", "numbers": "74951234567"}
    for wrong in ("0", "36526", "год", ""):
        assert (await work.vera.post(f"{path}/edit", **form, retention_days=wrong)).status == 422
    assert (await work.vera.post(f"{path}/edit", **form, retention_days="400")).status == 303
    assert await work.site.pool.fetchval("select retention_days from companies") == 400
    assert "400 дней" in await (await work.vera.get(path)).text()


async def test_a_hold_on_the_second_ticket_of_a_call_covers_the_calls_recordings(work: Work):
    first, second = await work.ticket(subject="Течь"), await work.ticket(subject="Лифт")
    await record(work, first.id)
    await work.site.pool.execute(
        "insert into calls (id, node, did, caller, state, arrived_at) values ('c', 'node1', '1', '', 'talking', now())"
    )
    await work.site.pool.execute("update recordings set call_id = 'c'")
    await work.site.pool.execute("insert into further_tickets (ticket_id, call_id) values ($1, 'c')", second.id)
    assert (await work.vera.post(f"/tickets/{second.id}/hold", reason="Иск")).status == 303
    assert "1 запись" in " ".join((await (await work.vera.get(f"/tickets/{second.id}")).text()).split())
    to_hold = queries("keeping")["to_hold"]
    assert [row["wanted"] for row in await work.site.pool.fetch(to_hold, 10)] == [True]
    await work.site.pool.execute("update recordings set held = true, retain_until = now() - interval '1 day'")
    assert await work.site.pool.fetch(to_hold, 10) == []
    await work.site.pool.execute("update recordings set held = false")
    assert await work.site.pool.fetch(queries("keeping")["expire"]) == []
    assert (await work.vera.post(f"/tickets/{second.id}/hold/release")).status == 303
    assert len(await work.site.pool.fetch(queries("keeping")["expire"])) == 1
