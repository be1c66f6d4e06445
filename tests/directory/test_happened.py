"""The pages of a house, a flat and a resident list their tickets and calls."""

import pytest

from tests.calls.card_work import CALL, Desk, desk
from tests.messages import CALLER
from tests.tickets.ticket_work import work

__all__ = ["desk", "work"]


async def shown(desk: Desk, path: str, login: str = "anna") -> str:
    async with desk.site.browser(login) as browser:
        answer = await browser.get(path)
        assert answer.status == 200
        return await answer.text()


@pytest.mark.parametrize("page", ["houses/{house}", "flats/{flat}", "residents/{resident}"])
async def test_a_house_a_flat_and_a_resident_list_their_tickets_and_calls(desk: Desk, page: str):
    ids = desk.work.ids
    own = (await desk.answered()).ticket
    assert own is not None
    await desk.post("caller", {"resident_id": ids["resident"]})
    closed = await desk.work.ticket(subject="Давняя течь", resident_id=ids["resident"])
    other = await desk.resident("Петров", "99")
    elsewhere = await desk.work.ticket(subject="У соседа", resident_id=other)
    text = await shown(desk, f"/directory/{page.format_map(ids)}")
    for ticket in (own.id, closed.id):
        assert f'href="/tickets/{ticket}"' in text
    assert "Давняя течь" in text
    assert "Анна Петрова" in text
    assert ("У соседа" in text) == page.startswith("houses")
    assert (f'href="/tickets/{elsewhere.id}"' in text) == page.startswith("houses")
    kind = {"houses": "house", "flats": "flat", "residents": "resident"}[page.partition("/")[0]]
    assert f'href="/tickets/new?{kind}={ids[kind]}"' in text


async def test_a_call_from_the_flats_telephone_is_listed_without_a_ticket(desk: Desk):
    ids, pool = desk.work.ids, desk.site.pool
    await pool.execute("insert into resident_phones (phone, resident_id) values ($1, $2)", CALLER, ids["resident"])
    await pool.execute(
        "insert into calls (id, node, company_id, did, caller, state, outcome, arrived_at, ended_at)"
        " values ($1, 'node1', $2, '74951234567', $3, 'ended', 'abandoned', now(), now())",
        CALL,
        ids["company"],
        CALLER,
    )
    for page in ("flats/{flat}", "residents/{resident}"):
        assert "Не дождался ответа" in await shown(desk, f"/directory/{page.format_map(ids)}")


async def test_a_manager_sees_them_and_opens_nothing(desk: Desk):
    ids = desk.work.ids
    await desk.work.ticket(subject="Течь", premises_id=ids["flat"])
    text = await shown(desk, f"/directory/flats/{ids['flat']}", "maria")
    assert "Течь" in text
    assert "/tickets/new" not in text
    assert f"/directory/flats/{ids['flat']}/edit" not in text
