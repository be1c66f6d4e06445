"""The pages of personal data: terms, what would go tonight, the confirmation of shorter ones, the reports."""

import re
from datetime import UTC, datetime

import pytest

from tests.retention.removal_work import ALL_YEAR, NUMBER, Past, make_past, remove
from tests.tickets.ticket_work import Work, work

__all__ = ["work"]
FORM = {kind: str(months) for kind, months in ALL_YEAR.items()}


@pytest.fixture
async def past(work: Work) -> Past:
    return await make_past(work, at=datetime(2020, 1, 1, tzinfo=UTC))


def page_of(past: Past) -> str:
    return f"/personal-data/{past.work.ids['company']}"


async def terms(past: Past) -> dict[str, int]:
    rows = await past.pool.fetch("select kind, months from keeping_terms where company_id is not null")
    return {row["kind"]: row["months"] for row in rows}


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


async def test_a_first_or_shorter_term_is_set_only_after_what_it_removes_was_shown(past: Past) -> None:
    async with past.work.site.browser("alla") as alla:
        shown = await (await alla.get(page_of(past))).text()
        assert "Сроки не указаны, поэтому ничего не удаляется." in shown
        assert 'value="36"' in shown
        answer = await alla.post(page_of(past), **FORM)
        text = await answer.text()
        assert (answer.status, await terms(past)) == (200, {})
        assert "Сократить сроки?" in text
        assert (
            "Звонки Номер звонившего и указание на жителя. Время и итог остаются. Срок — со звонка. не указано 36 месяцев 1"
            in words(text)
        )
        sent = dict(re.findall(r'<input type="hidden" name="(\w+)" value="(\w+)">', text))
        sent.pop("back", None)
        assert sent == FORM | {"confirmed": "on"}
        assert (await alla.post(page_of(past), **sent)).status == 303
        assert await terms(past) == ALL_YEAR
        # Longer, and without one: nothing more would go.
        assert (await alla.post(page_of(past), **(FORM | {"calls": "60", "audit": ""}))).status == 303
        assert await terms(past) == {
            kind: 60 if kind == "calls" else months for kind, months in ALL_YEAR.items() if kind != "audit"
        }
        answer = await alla.post(page_of(past), **(FORM | {"calls": "59", "audit": ""}))
        assert (answer.status, (await terms(past))["calls"]) == (200, 60)
    details = await past.pool.fetchval(
        "select details from audit_log where action = 'changed how long personal data is kept' order by id desc limit 1"
    )
    assert details == {"calls months": [36, 60], "audit months": [12, None]}


@pytest.mark.parametrize("typed", ["0", "1201", "x", "-1", "1.5", "١"])
async def test_what_is_no_number_of_months_is_not_saved_and_not_lost(past: Past, typed: str) -> None:
    async with past.work.site.browser("alla") as alla:
        answer = await alla.post(page_of(past), **(FORM | {"calls": typed, "confirmed": "on"}))
        text = await answer.text()
    assert (answer.status, await terms(past)) == (422, {})
    assert f'name="calls" type="number" min="1" max="1200" value="{typed}"' in text
    assert 'aria-describedby="calls-what calls-problem" aria-invalid="true"' in text


async def test_what_would_go_and_what_would_stay_is_shown_before_the_night(past: Past) -> None:
    await past.terms()
    await past.pool.execute(
        "insert into legal_holds (ticket_id, reason, placed_by) select $1, 'суд', min(id) from operators", past.ticket
    )
    async with past.work.site.browser("vera") as vera:
        text = words(await (await vera.get(page_of(past))).text())
    assert "ничего остаётся: 1 – запрет удаления старше" in text
    assert await past.pool.fetchval("select caller from calls where id = $1", past.call) == NUMBER


async def test_the_reports_say_what_went_and_what_stayed(past: Past) -> None:
    await past.terms()
    await remove(past.work.site)
    async with past.work.site.browser("vera") as vera:
        text = words(await (await vera.get(page_of(past))).text())
        assert "Ссылки на записи: 1 Заявки: 1 Звонки: 1 Выехавшие жители: 1 Журнал действий: 1 Файлы: 1" in text
        overview = words(await (await vera.get("/personal-data")).text())
    entry = await past.pool.fetchval("select max(entry) from keeping_runs")
    assert text.endswith(f"ничего {entry}")
    assert "Звонки: 36 месяцев" in overview
    assert "Сама диспетчерская не указано – – –" in overview


async def test_the_centre_has_terms_of_its_own(past: Past) -> None:
    async with past.work.site.browser("alla") as alla:
        sent = {"calls": "12", "audit": "6", "tickets": "1", "confirmed": "on"}
        assert (await alla.post("/personal-data/0", **sent)).status == 303
        assert "Заявки" not in words(await (await alla.get("/personal-data/0")).text()).split("Сколько хранить")[1]
        assert (await alla.get("/personal-data/999999")).status == 404
    rows = await past.pool.fetch("select kind, months from keeping_terms where company_id is null order by 1")
    assert [tuple(row) for row in rows] == [("audit", 6), ("calls", 12)]


async def test_a_supervisor_reads_and_does_not_change(past: Past) -> None:
    async with past.work.site.browser("vera") as vera:
        text = await (await vera.get(page_of(past))).text()
        assert "<input id=" not in text
        assert (await vera.post(page_of(past), **FORM, confirmed="on")).status == 403
    assert await terms(past) == {}
