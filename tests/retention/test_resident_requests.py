"""A resident asks what is held about them, and asks for its removal."""

import pytest

from tests.retention.removal_work import NAME, NUMBER, Past, make_past
from tests.retention.test_removal import chain_problems
from tests.site import Browser
from tests.tickets.ticket_work import Work, work

__all__ = ["work"]


@pytest.fixture
async def past(work: Work) -> Past:
    return await make_past(work)


def page_of(past: Past) -> str:
    return f"/personal-data/residents/{past.work.ids['resident']}"


async def lines(alla: Browser, past: Past) -> list[list[str]]:
    answer = await alla.get(f"{page_of(past)}/all.csv")
    assert (answer.status, answer.content_type) == (200, "text/csv")
    return [line.split(";") for line in (await answer.read()).decode("utf-8-sig").splitlines()]


async def test_the_file_has_everything_about_the_resident_and_nothing_about_others(past: Past) -> None:
    await past.pool.execute(
        "insert into calls (id, node, company_id, did, caller, state, outcome, arrived_at, ended_at) values"
        " ('node1-own', 'node1', $1, '7', $2, 'ended', 'abandoned', now(), now()),"
        " ('node1-other', 'node1', $1, '7', '+79995550000', 'ended', 'abandoned', now(), now())",
        past.work.ids["company"],
        NUMBER,
    )
    async with past.work.site.browser("alla") as alla:
        head, *rows = await lines(alla, past)
    assert head == ["Что", "Когда", "Номер", "Содержание"]
    kinds = [row[0] for row in rows]
    assert {kind: kinds.count(kind) for kind in kinds} == {
        "Запись в справочнике": 1, "Телефон": 1, "Заявка": 1, "Комментарий к заявке": 1, "Файл заявки": 1, "Звонок": 2,
        "Запись разговора": 1, "Прослушал(а)": 1, "Ссылка на записи для": 1,
    }  # fmt: skip
    assert not any("+79995550000" in cell for row in rows for cell in row)
    assert await past.pool.fetchval(
        "select subject_id from audit_log where action = 'exported all about resident'"
    ) == str(past.work.ids["resident"])


async def test_a_telephone_of_two_residents_gives_neither_the_calls_of_the_other(past: Past) -> None:
    other = await past.pool.fetchval(
        "insert into residents (premises_id, name) values ($1, 'Соседова') returning id", past.work.ids["flat"]
    )
    await past.pool.execute("insert into resident_phones values ($1, $2)", NUMBER, other)
    await past.pool.execute(
        "insert into calls (id, node, company_id, did, caller, state, outcome, arrived_at, ended_at)"
        " values ('node1-whose', 'node1', $1, '7', $2, 'ended', 'abandoned', now(), now())",
        past.work.ids["company"],
        NUMBER,
    )
    async with past.work.site.browser("alla") as alla:
        assert [row[0] for row in await lines(alla, past)].count("Звонок") == 1
        assert (await alla.post(page_of(past), confirmed="on")).status == 303
    assert await past.pool.fetchval("select caller from calls where id = 'node1-whose'") == NUMBER
    assert await past.pool.fetchval("select name from residents") == "Соседова"


async def test_what_a_resident_wants_removed_goes_at_once_with_a_report_in_the_chain(past: Past) -> None:
    company = past.work.ids["company"]
    async with past.work.site.browser("alla") as alla:
        answer = await alla.post(page_of(past))
        assert (answer.status, "Сначала поставьте отметку." in await answer.text()) == (422, True)
        assert await past.pool.fetchval("select count(*) from residents") == 1
        answer = await alla.post(page_of(past), confirmed="on")
        assert (answer.status, answer.headers["Location"]) == (303, f"/personal-data/{company}#requests")
        assert "Удалено по требованию жителей" in await (await alla.get(answer.headers["Location"])).text()
        assert (await alla.get(page_of(past))).status == 404
    # To whom a link was given is another person's data, and goes by its own term.
    assert await past.where(NAME, NUMBER) == {"share_links", "share_link_uses", "ledger_entries", "audit_log"}
    assert await past.where(NUMBER) == set()
    row = await past.pool.fetchrow("select removed, left_behind, entry from keeping_requests")
    assert row["removed"] == {"tickets": 1, "calls": 1, "residents": 1, "files": 1, "entries": 3}
    assert row["left_behind"] == {}
    kind, entry = await past.pool.fetchrow("select kind, entry::jsonb from ledger_entries where seq = $1", row["entry"])
    assert (kind, entry["body"]["removed"]) == ("personal data removed on request", row["removed"])
    assert await chain_problems(past.pool) == []


async def test_what_must_still_be_kept_is_left_and_the_report_says_why(past: Past) -> None:
    await past.pool.execute(
        "insert into legal_holds (ticket_id, reason, placed_by) select $1, 'суд', min(id) from operators", past.ticket
    )
    async with past.work.site.browser("alla") as alla:
        assert (await alla.post(page_of(past), confirmed="on")).status == 303
    left = await past.pool.fetchval("select left_behind from keeping_requests")
    assert left == {kind: {"hold": 1} for kind in ("tickets", "calls", "residents")}
    assert await past.pool.fetchval("select contact_name from tickets where id = $1", past.ticket) == NAME
    # When the hold is gone, the company's term for those who moved out removes the rest.
    assert await past.pool.fetchval("select left_at is not null from residents")


async def test_while_the_store_is_away_nothing_is_removed(past: Past) -> None:
    past.work.site.shelf.broken = True
    async with past.work.site.browser("alla") as alla:
        answer = await alla.post(page_of(past), confirmed="on")
        assert (answer.status, "Хранилище файлов не отвечает" in await answer.text()) == (503, True)
    assert await past.pool.fetchval("select contact_name from tickets where id = $1", past.ticket) == NAME
    assert await past.pool.fetchval("select count(*) from keeping_requests") == 0


async def test_only_an_administrator_does_it(past: Past) -> None:
    async with past.work.site.browser("vera") as vera:
        for path in (page_of(past), f"{page_of(past)}/all.csv"):
            assert (await vera.get(path)).status == 403
        assert (await vera.post(page_of(past), confirmed="on")).status == 403
