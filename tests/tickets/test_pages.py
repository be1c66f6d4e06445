import re
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from asyncpg.transaction import Transaction

from callcenter.common.scope import Connection
from callcenter.domain.person import Person
from callcenter.domain.ticket import Step
from callcenter.retention.legal_holds import LegalHolds
from callcenter.tickets import pages
from callcenter.tickets.reading import TicketPage, read_page
from callcenter.tickets.sections import TICKET_SECTIONS, TicketSection
from callcenter.tickets.service import Ticket, TicketEdit
from tests.tickets.ticket_work import Work

HOSTILE = "</textarea><script>alert(1)</script> \"' {{ 7*191 }} & ${x}"


async def test_the_page_shows_the_ticket_whole(work: Work):
    ticket = await work.ticket(
        category_id=work.ids["damage"], subject="Течёт стояк", description="С утра", resident_id=work.ids["resident"]
    )
    await work.tickets.step(
        work.person, ticket.id, None, Step.ASSIGN, crew_id=work.ids["crew"], responsible_id=work.ids["responsible"]
    )
    answer = await work.vera.get(f"/tickets/{ticket.id}")
    text = await answer.text()
    assert answer.status == 200
    for shown in (
        "Заявка № 1",
        "Назначена",
        "Авария",
        "М, Лесная, 3",
        "кв. 12А",
        "Иванова",
        "Сантехники",
        "Петров",
        "осталось 29 мин",
        "Номер вашей заявки — 1. Авария будет локализована до",
        "Ответственный — Петров.",
        "Новая → Назначена",
    ):
        assert shown in text, shown
    viewed = await work.site.pool.fetchval("select count(*) from audit_log where action = 'viewed ticket'")
    assert viewed == 1


async def test_the_sentence_is_in_the_companys_language_and_zone(work: Work):
    await work.site.pool.execute("update companies set language = 'en', zone = 'Asia/Vladivostok'")
    until = datetime(2026, 3, 31, 20, 5, tzinfo=UTC)
    ticket = await work.ticket(
        planned_until=until,
        access_at=until,
        access_reason="To shut the valve",
        access_people="Petrov and Sidorov",
        responsible_id=work.ids["responsible"],
    )
    text = await (await work.vera.get(f"/tickets/{ticket.id}")).text()
    assert (
        '<p lang="en">Your ticket is number 1. The work will be done by 1 April, 06:05. Responsible: Петров. '
        "Access to the flat is needed on 1 April, 06:05. Reason: To shut the valve. "
        "Who will come: Petrov and Sidorov.</p>"
    ) in text


async def test_what_is_late_says_by_how_much(work: Work):
    ticket = await work.ticket(category_id=work.ids["damage"], contact_name="Иванова")
    await work.site.pool.execute(
        "update ticket_deadlines set due_at = now() - interval '125 minutes', warn_at = now() - interval '3 hours'"
    )
    text = await (await work.vera.get(f"/tickets/{ticket.id}")).text()
    assert text.count("опоздание 2 ч 5 мин") == 3
    assert (await work.vera.post(f"/tickets/{ticket.id}/mark", what="told")).status == 303
    assert "сделано с опозданием" in await (await work.vera.get(f"/tickets/{ticket.id}")).text()


async def test_what_was_closed_in_time_does_not_grow_late(work: Work):
    ticket = await work.ticket(category_id=work.ids["damage"], contact_name="Иванова")
    await work.tickets.step(work.person, ticket.id, None, Step.CLOSE, comment="Решили по телефону")
    await work.site.pool.execute(
        "update ticket_deadlines set due_at = now() - interval '1 minute', warn_at = now() - interval '1 hour' where ticket_id = $1",
        ticket.id,
    )
    await work.site.pool.execute("update tickets set closed_at = closed_at - interval '2 hours'")
    text = await (await work.vera.get(f"/tickets/{ticket.id}")).text()
    assert text.count("не отмечено") == 3
    assert "опоздание" not in text
    assert "Решили по телефону" in text
    assert 'value="told"' not in text


async def test_an_untouched_form_changes_nothing(work: Work):
    ticket = await work.ticket(
        subject="Тема",
        description="Первая строка\nвторая",
        resident_id=work.ids["resident"],
        contact_phone="+79001234567",
        price="1500.50",
        planned_from=datetime(2026, 3, 1, 10, 0, 37, tzinfo=UTC),
        common_property=True,
    )
    sent = await work.form(ticket) | {"common_property": "1"}
    sent["description"] = sent["description"].replace("\n", "\r\n")
    assert (await work.vera.post(f"/tickets/{ticket.id}", **sent)).status == 303
    assert await work.now(ticket) == ticket


async def test_the_form_changes_every_field(work: Work):
    incident, ticket = await work.ticket(), await work.ticket()
    sent = {
        "version": str(ticket.version),
        "category_id": str(work.ids["paid"]),
        "subject": " Кран ",
        "description": "Новый кран",
        "contact_name": "Мария",
        "contact_phone": "8 (900) 123-45-67",
        "house_id": str(work.ids["house"]),
        "flat": "12а",
        "resident_id": "",
        "responsible_id": str(work.ids["responsible"]),
        "planned_from": "2026-03-31T23:30",
        "planned_until": "2026-04-01T01:00",
        "access_at": "2026-04-01T00:00",
        "access_reason": "Замена",
        "access_people": "Петров",
        "price": "1 500,5",
        "payment": "due",
        "parent": "№ 1",
        "common_property": "1",
    }
    assert (await work.vera.post(f"/tickets/{ticket.id}", **sent)).status == 303
    saved = await work.now(ticket)
    assert (saved.category, saved.subject, saved.contact_phone) == ("paid", "Кран", "+79001234567")
    assert (saved.premises_id, saved.responsible, saved.parent_id) == (work.ids["flat"], "Петров", incident.id)
    assert (str(saved.price), saved.payment, saved.common_property) == ("1500.50", "due", True)
    assert saved.planned_from == datetime(2026, 3, 31, 20, 30, tzinfo=UTC)
    assert saved.planned_until == datetime(2026, 3, 31, 22, 0, tzinfo=UTC)
    text = await (await work.vera.get(f"/tickets/{ticket.id}")).text()
    assert "1\u00a0500,50" in text
    assert f'<a href="/tickets/{incident.id}">1</a>' in text
    assert "Заявки этой аварии" in await (await work.vera.get(f"/tickets/{incident.id}")).text()


NONSENSE = [
    ("contact_phone", "нет", "Это не номер телефона"),
    ("price", "даром", "Введите сумму"),
    ("price", "-5", "Введите сумму"),
    ("planned_from", "вчера", "Укажите день и время"),
    ("planned_from", "0001-01-01T00:00", "Укажите день и время"),
    ("flat", "999", "нет такой квартиры"),
    ("parent", "77", "Такой записи нет"),
    ("parent", "первая", "Введите число"),
    ("parent", "9" * 30, "Введите число"),
    ("category_id", "999999", "Такой записи нет"),
    ("category_id", "x", "Такой записи нет"),
    ("house_id", "-1", "Такой записи нет"),
    ("responsible_id", "9" * 40, "Такой записи нет"),
    ("payment", "завтра", "введите заново"),
    ("subject", "x" * 201, "Слишком длинно"),
    ("subject", "a\0b", "Уберите символы"),
]


async def test_what_makes_no_sense_is_said_beside_its_field_and_kept(work: Work):
    ticket = await work.ticket(house_id=work.ids["house"])
    for field, typed, said in NONSENSE:
        sent = {"house_id": str(work.ids["house"]), "version": str(ticket.version)}
        sent |= {"description": "Дорогой текст", field: typed}
        answer = await work.vera.post(f"/tickets/{ticket.id}", **sent)
        text = await answer.text()
        assert answer.status == 422
        assert re.search(rf'<p class="wrong" id="{field}-wrong">[^<]*{said}', text)
        assert "Дорогой текст</textarea>" in text
        if field not in ("payment", "subject"):
            assert typed in text
        assert await work.now(ticket) == ticket


async def test_the_second_writer_sees_both_values_and_loses_nothing(work: Work):
    ticket = await work.ticket(subject="Было", contact_name="Было имя")
    sent = await work.form(ticket) | {"subject": "Моё", "description": "Моё описание", "flat": ""}
    theirs = TicketEdit(subject="Их", contact_name="Их имя", resident_id=work.ids["resident"], price="5")
    current = await work.tickets.edit(work.person, ticket.id, ticket.version, theirs)
    answer = await work.vera.post(f"/tickets/{ticket.id}", **sent)
    text = await answer.text()
    assert answer.status == 409
    assert "Другой сотрудник сохранил: <b>Их</b>" in text
    assert text.count("Другой сотрудник сохранил") == 1
    for kept in ('value="Моё"', "Моё описание</textarea>", 'value="Их имя"', 'value="12А"', 'value="5.00"'):
        assert kept in text, kept
    assert await work.now(ticket) == current
    again = dict(sent, version=str(current.version), contact_name="Их имя", flat="12А", price="5.00")
    again |= {"house_id": str(work.ids["house"]), "resident_id": str(work.ids["resident"])}
    assert (await work.vera.post(f"/tickets/{ticket.id}", **again)).status == 303
    saved = await work.now(ticket)
    assert (saved.subject, saved.contact_name, saved.resident) == ("Моё", "Их имя", "Иванова")


async def test_steps_are_taken_and_refused(work: Work):
    ticket = await work.ticket()
    path = f"/tickets/{ticket.id}/step"
    answer = await work.vera.post(path, version="2", step="assign", crew_id="", comment="Быстро")
    assert answer.status == 422
    text = await answer.text()
    assert "Выберите бригаду." in text
    assert "Быстро</textarea>" in text
    answer = await work.vera.post(path, version="2", step="cancel", comment=" ")
    assert answer.status == 422
    assert "Напишите причину" in await answer.text()
    for crew in ("999999", "x"):
        assert (await work.vera.post(path, version="2", step="assign", crew_id=crew)).status == 422
    assert (await work.vera.post(path, version="2", step="accept")).status == 409
    crew = str(work.ids["crew"])
    assert (await work.vera.post(path, version="2", step="assign", crew_id=crew)).status == 303
    answer = await work.vera.post(path, version="2", step="cancel", comment="Моя причина")
    assert answer.status == 409
    text = await answer.text()
    assert "действие не выполнено" in text
    assert "Моя причина</textarea>" in text
    assert (await work.now(ticket)).state == "assigned"


FOREIGN = [
    ("", {}),
    ("", {"version": "x"}),
    ("", {"version": "0"}),
    ("", {"version": "9" * 30}),
    ("/step", {"version": "2"}),
    ("/step", {"version": "2", "step": "explode"}),
    ("/mark", {"what": "ignored"}),
]


async def test_what_no_page_of_ours_sends_is_refused(work: Work):
    ticket = await work.ticket()
    for path, form in FOREIGN:
        assert (await work.vera.post(f"/tickets/{ticket.id}{path}", **form)).status == 400
        assert await work.now(ticket) == ticket


async def test_comments_are_kept_and_hostile_text_stays_text(work: Work):
    ticket = await work.ticket(subject=HOSTILE, description=HOSTILE, contact_name=HOSTILE[:100])
    path = f"/tickets/{ticket.id}/comment"
    answer = await work.vera.post(path, comment="  ")
    assert answer.status == 422
    assert (await work.vera.post(path, comment=HOSTILE)).status == 303
    text = await (await work.vera.get(f"/tickets/{ticket.id}")).text()
    assert "<script>alert" not in text
    assert "1337" not in text
    assert text.count("alert(1)") >= 5


async def test_a_long_description_in_russian_is_taken(work: Work):
    ticket = await work.ticket()
    sent = await work.form(ticket) | {"description": "щ" * 10_000}
    assert (await work.vera.post(f"/tickets/{ticket.id}", **sent)).status == 303
    assert len((await work.now(ticket)).description) == 10_000


async def test_a_manager_and_a_fitter_see_and_comment_and_no_more(work: Work):
    ticket = await work.ticket(subject="Кран", description="Подробно", category_id=work.ids["damage"])
    base = f"/tickets/{ticket.id}"
    async with work.site.browser("kirill") as kirill:
        assert (await kirill.get(base)).status == 404
        assert (await kirill.post(f"{base}/comment", comment="я")).status == 404
        await work.tickets.step(work.person, ticket.id, None, Step.ASSIGN, crew_id=work.ids["crew"])
        assert (await kirill.get(base)).status == 200
    async with work.site.browser("maria") as maria:
        text = await (await maria.get(base)).text()
        assert "Подробно" in text
        assert "Прочитать жителю" not in text
        assert f'action="{base}/comment"' in text
        assert f'action="{base}"' not in text
        assert f'action="{base}/step"' not in text
        assert (await maria.post(f"{base}/comment", comment="Срочно")).status == 303
        for path in ("", "/step", "/mark", "/files", "/filing"):
            assert (await maria.post(base + path, version="3")).status == 403
        assert (await maria.get("/tickets/new")).status == 403
        other = await work.site.pool.fetchval("insert into companies (name) values ('Чужая') returning id")
        theirs = await work.tickets.create(work.person, other, TicketEdit())
        assert (await maria.get(f"/tickets/{theirs.id}")).status == 404
        assert (await maria.post(f"/tickets/{theirs.id}/comment", comment="x")).status == 404
    assert (await work.now(ticket)).state == "assigned"


async def test_only_those_who_may_listen_are_offered_the_recording(work: Work):
    ticket = await work.ticket()
    now = datetime.now(UTC)
    await work.site.pool.execute(
        "insert into calls (id, node, did, caller, state, outcome, arrived_at, ended_at, talk_s)"
        " values ('c', 'node1', '7', '+79001234567', 'ended', 'answered', $1, $1, 61)",
        now - timedelta(minutes=1),
    )
    await work.site.pool.execute("update tickets set call_id = 'c' where id = $1", ticket.id)
    recording = await work.site.pool.fetchval(
        "insert into recordings (name, node, call_id, ticket_id, state, sha256, size, object_key)"
        " values ('r', 'node1', 'c', $1, 'attached', $2, 10, 'key') returning id",
        ticket.id,
        bytes(32),
    )
    text = await (await work.vera.get(f"/tickets/{ticket.id}")).text()
    assert f'href="/listening/{recording}"' in text
    async with work.site.browser("anna") as anna:
        text = await (await anna.get(f"/tickets/{ticket.id}")).text()
    assert "1:01" in text
    assert "/listening/" not in text


NOWHERE = ["/tickets/0", "/tickets/999999999", f"/tickets/{10**17}", "/tickets/x", "/tickets/-1"]


async def test_a_ticket_that_is_not_there(work: Work):
    for path in NOWHERE:
        assert (await work.vera.get(path)).status == 404
        assert (await work.vera.post(path, version="1")).status in (404, 405)


async def test_a_foreign_page_changes_nothing(work: Work):
    ticket = await work.ticket()
    for path in ("", "/step", "/comment", "/mark", "/files", "/filing"):
        answer = await work.vera.post(f"/tickets/{ticket.id}{path}", origin="https://evil.example", comment="x")
        assert answer.status == 403
    assert await work.now(ticket) == ticket


async def test_the_page_is_of_one_moment(work: Work):
    """What another connection commits while the page is read is shown by the next page, and by no part of this one."""
    ticket = await work.ticket(subject="Течь")
    holds, meanwhile = LegalHolds(work.site.pool), []

    async def change(_request: object, _connection: object, shown: Ticket, _answer: object) -> None:
        if not meanwhile:
            meanwhile.append(shown.version)
            await work.tickets.comment(work.person, shown.id, "Перезвонили жителю")
            await holds.place(work.person, shown.id, "Суд")

    sections = work.site.server.app[TICKET_SECTIONS]
    sections.insert(0, TicketSection("change", "web/parts.html", change))
    first = await (await work.vera.get(f"/tickets/{ticket.id}")).text()
    assert meanwhile == [ticket.version]
    assert "Перезвонили жителю" not in first
    assert "Суд" not in first
    second = await (await work.vera.get(f"/tickets/{ticket.id}")).text()
    assert "Перезвонили жителю" in second
    assert "Суд" in second


async def test_the_page_is_read_in_one_transaction(work: Work, monkeypatch: pytest.MonkeyPatch):
    begun: list[dict[str, object]] = []
    begin = asyncpg.Connection.transaction

    def counted(connection: asyncpg.Connection, **options: object) -> Transaction:
        begun.append(options)
        return begin(connection, **options)

    ticket = await work.ticket(subject="Течь")
    monkeypatch.setattr(asyncpg.Connection, "transaction", counted)
    assert (await work.vera.get(f"/tickets/{ticket.id}")).status == 200
    # The view is audited first.
    assert begun == [{}, {"isolation": "repeatable_read", "readonly": True}]


async def test_a_form_that_is_shown_again_is_of_the_version_that_it_was_filled_in_for(
    work: Work, monkeypatch: pytest.MonkeyPatch
):
    """Otherwise saving the form would overwrite what was changed while the page was rendered."""
    ticket = await work.ticket(subject="Было")
    sent = await work.form(ticket) | {"subject": "Моё", "price": "дорого"}

    async def changed_before(connection: Connection, person: Person, ticket_id: int, below: int) -> TicketPage:
        await work.tickets.edit(work.person, ticket.id, ticket.version, TicketEdit(description="Их слова"))
        return await read_page(connection, person, ticket_id, below)

    monkeypatch.setattr(pages, "read_page", changed_before)
    answer = await work.vera.post(f"/tickets/{ticket.id}", **sent)
    monkeypatch.undo()
    form = (await answer.text()).split('class="fields" data-keep>')[1]
    assert answer.status == 422
    assert f'name="version" value="{ticket.version}"' in form
    again = await work.vera.post(f"/tickets/{ticket.id}", **sent | {"price": "5"})
    assert again.status == 409
    assert (await work.now(ticket)).description == "Их слова"
