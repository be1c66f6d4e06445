import asyncio
import io
from datetime import UTC, datetime

import aiohttp
import pytest
from PIL import Image

from callcenter.dispatch.handover import Handover, Links
from callcenter.domain.access import Role
from callcenter.domain.ids import OperatorId
from callcenter.domain.person import Person
from callcenter.domain.ticket import OVER, Step, TicketState
from callcenter.tickets.files import LARGEST
from callcenter.tickets.service import TICKETS
from tests.dispatch.crew import Row, add_crew, add_ticket
from tests.site import Browser, Site, settings_for

LINKS = Links(settings_for("postgresql://").handover, "")


def picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "JPEG")
    return file.getvalue()


async def assigned(site: Site, *, language: str = "ru") -> tuple[Row, str]:
    """A ticket of a crew; the path of its page."""
    company = await site.pool.fetchval("select id from companies")
    crew = await add_crew(site.pool, company, name="Дежурные")
    await site.pool.execute("update crews set language = $1 where id = $2", language, crew)
    ticket = await add_ticket(site.pool, company, crew)
    return ticket, await path_of(site, ticket)


async def path_of(site: Site, ticket: Row) -> str:
    async with site.pool.acquire() as connection, connection.transaction():
        await Handover(LINKS).on_change(connection, ticket, "assign")
    assignment = await site.pool.fetchval("select assignment from crew_links where ended_at is null")
    return LINKS.url(assignment)


async def press(browser: Browser, path: str, photo: bytes | None = None, **fields: str) -> aiohttp.ClientResponse:
    """Send a form as a browser does whose page sends no referrer: without an origin."""
    form = aiohttp.FormData(fields, default_to_multipart=True)
    form.add_field(
        "photo", io.BytesIO(photo or b""), filename="IMG 1.jpg" if photo is not None else "", content_type="image/jpeg"
    )
    return await browser.http.post(path, data=form, headers={"Origin": "null"}, allow_redirects=False)


async def state(site: Site, ticket: Row) -> tuple[str, str]:
    row = await site.pool.fetchrow("select state, result from tickets where id = $1", ticket.id)
    return row["state"], row["result"]


async def test_the_page_says_what_and_where_and_by_when(site: Site):
    ticket, path = await assigned(site)
    await site.pool.execute(
        "update ticket_deadlines set due_at = $1, warn_at = $1", datetime(2026, 3, 5, 9, tzinfo=UTC)
    )
    async with site.browser() as phone:
        answer = await phone.get(path)
        text = await answer.text()
    assert answer.status == 200
    shown = ("Заявка № 1053", "Засор канализации", "Течёт с потолка", "Москва, Набережная ул., 12", "подъезд 3")
    for words in (*shown, "кв. 417", "Иванова Анна", 'href="tel:+79001234567"', "5 мар., 12:00", "просрочено"):
        assert words in text, words
    for name, value in {"Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}.items():
        assert answer.headers[name] == value
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert "<script" not in text
    seen = await site.pool.fetchrow("select action, subject_id, details from audit_log where subject = 'ticket'")
    assert (seen["action"], seen["subject_id"], seen["details"]) == (
        "viewed ticket",
        str(ticket.id),
        {"crew": ticket.crew_id},
    )


async def test_the_page_speaks_the_crews_language(site: Site):
    _ticket, path = await assigned(site, language="en")
    async with site.browser() as phone:
        text = await (await phone.get(path)).text()
    assert "Blocked sewer" in text
    assert "entrance 3" in text


async def test_a_ticket_goes_from_the_first_button_to_the_last_each_pressed_twice(site: Site):
    ticket, path = await assigned(site)
    async with site.browser() as phone:
        for step, then in (("accept", "accepted"), ("start", "in_progress")):
            for _ in range(2):
                answer = await phone.post(f"{path}/{step}", origin="null")
                assert (answer.status, answer.headers["Location"]) == (303, path)
            assert (await state(site, ticket))[0] == then
        photo = picture()
        both = await asyncio.gather(
            *(press(phone, f"{path}/done", photo, comment="Прочистили стояк") for _ in range(2))
        )
        assert [answer.status for answer in both] == [303, 303]
        text = await (await phone.get(path)).text()
    assert await state(site, ticket) == ("done", "Прочистили стояк")
    assert "Прочистили стояк" in text
    assert "1 файл" in text
    assert list(site.shelf.objects.values()) == [photo]
    moved = await site.pool.fetch(
        "select to_state, crew_id from ticket_events where ticket_id = $1 and kind = 'moved' order by id", ticket.id
    )
    assert [(row["to_state"], row["crew_id"]) for row in moved] == [
        (step, ticket.crew_id) for step in ("accepted", "in_progress", "done")
    ]


async def test_without_words_it_is_not_done_and_nothing_is_lost(site: Site):
    ticket, path = await assigned(site)
    async with site.browser() as phone:
        await phone.post(f"{path}/start", origin="null")
        for fields, photo, told in (
            ({"comment": "  "}, None, "Напишите, что сделано"),
            ({"comment": "x" * 10_001}, None, "Слишком длинно"),
            ({"comment": "Сделали"}, b"not a picture", "Это не фото"),
            ({"comment": "Сделали"}, b"", "Фото пустое"),
        ):
            answer = await press(phone, f"{path}/done", photo, **fields)
            text = await answer.text()
            assert (answer.status, told in text) == (422, True), told
            assert fields["comment"].strip() in text
        answer = await press(phone, f"{path}/done", b"x" * (LARGEST + 1), comment="Сделали")
        assert (answer.status, "слишком большое" in await answer.text()) == (413, True)
    assert (await state(site, ticket))[0] == "in_progress"
    assert site.shelf.objects == {}


async def test_a_photo_that_cannot_be_kept_now_can_be_sent_later(site: Site):
    ticket, path = await assigned(site)
    async with site.browser() as phone:
        await phone.post(f"{path}/start", origin="null")
        site.shelf.broken = True
        answer = await press(phone, f"{path}/done", picture(), comment="Прочистили")
        text = await answer.text()
        assert (answer.status, "отправьте фото ещё раз" in text) == (503, True)
        assert f'action="{path}/photo"' in text
        assert await state(site, ticket) == ("done", "Прочистили")
        site.shelf.broken = False
        assert (await press(phone, f"{path}/photo", None)).status == 422
        assert (await press(phone, f"{path}/photo", picture())).status == 303
    assert len(site.shelf.objects) == 1


async def end(site: Site, ticket: Row, how: str) -> None:
    match how:
        case "expired":
            await site.pool.execute("update crew_links set expires_at = now()")
        case "moved":
            other = await add_crew(site.pool, await site.pool.fetchval("select id from companies"), name="Другие")
            await site.server.app[TICKETS].step(vera(site), ticket.id, None, Step.ASSIGN, crew_id=other)
        case "cancelled":
            await site.server.app[TICKETS].step(vera(site), ticket.id, None, Step.CANCEL, comment="Ошибка")
        case "crew by hand":
            other = await add_crew(site.pool, await site.pool.fetchval("select id from companies"), name="Другие")
            await site.pool.execute("update tickets set crew_id = $1", other)


def vera(site: Site) -> Person:
    return Person(OperatorId(site.ids["vera"]), "vera", "Вера", Role.SUPERVISOR, "ru", False)


@pytest.mark.parametrize("how", ["expired", "moved", "cancelled", "crew by hand"])
async def test_a_link_that_has_ended_is_as_good_as_none(site: Site, how: str):
    ticket, path = await assigned(site)
    async with site.browser() as phone:
        never = await phone.get("/w/" + "A" * 43)
        await end(site, ticket, how)
        before = await state(site, ticket)
        gone = await phone.get(path)
        assert (gone.status, await gone.read()) == (never.status, await never.read()) == (404, await gone.read())
        assert "Ссылка не работает" in await gone.text()
        for what in ("accept", "start", "done", "photo"):
            assert (await press(phone, f"{path}/{what}", picture(), comment="x")).status == 404
    assert await state(site, ticket) == before


async def test_wrong_links_are_refused_and_the_crews_own_still_works(site: Site, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("callcenter.common.attempts.ATTEMPTS_PER_ADDRESS", 3)
    _ticket, path = await assigned(site)
    async with site.browser() as phone:
        for _ in range(5):
            assert (await phone.get(path)).status == 200
        guesses = [(await phone.get(f"/w/guess-{number}")).status for number in range(5)]
        assert guesses == [404, 404, 404, 429, 429]
        assert (await phone.get(path)).status == 200


async def test_whatever_stands_in_a_link_is_only_a_wrong_one(site: Site):
    async with site.browser() as phone:
        for token in ("%00", "%F0%9F%92%A7", "..%2F", "x" * 4000, "'--"):
            assert (await phone.get(f"/w/{token}")).status == 404, token


async def test_a_form_that_is_none(site: Site):
    _ticket, path = await assigned(site)
    async with site.browser() as phone:
        await phone.post(f"{path}/start", origin="null")
        assert (await phone.post(f"{path}/done", comment="x")).status == 400
        assert (await phone.post(f"{path}/photo", comment="x")).status == 400


async def test_hostile_words_stay_words(site: Site):
    ticket, path = await assigned(site)
    hostile = "<img src=x onerror=alert(1)>"
    await site.pool.execute("update tickets set subject = $1, contact_phone = $2", hostile, "javascript:alert(1)")
    async with site.browser() as phone:
        text = await (await phone.get(path)).text()
    assert hostile not in text
    assert 'href="javascript' not in text
    assert ticket.id


async def test_the_page_can_be_seen_in_every_state(site: Site):
    _ticket, path = await assigned(site)
    async with site.browser() as phone:
        for state in TicketState:
            await site.pool.execute("update tickets set state = $1, cancel_reason = 'x'", state)
            assert (await phone.get(path)).status == (404 if state in OVER else 200), state
