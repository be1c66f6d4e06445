"""The ledger's page: figures, what is in the way, what was deleted; and the list as a file."""

import pytest

from tests.site import Site

ROWS = """
insert into calls (id, node, company_id, did, caller, state, outcome, arrived_at, ended_at)
    select format('node1-1.%s', n), 'node1', (select id from companies), '7495', '', 'ended', 'answered',
        now() - interval '20 minutes', now() - interval '15 minutes' from generate_series(1, 4) n;
insert into tickets (company_id, number, call_id, caller, opened_at)
    select company_id, 70 + row_number() over (order by id), id, '', arrived_at from calls;
insert into recordings (name, node, call_id, ticket_id, company_id, state, expected_at, sha256, size, object_key, defect,
        retain_until, deleted_at)
    select c.id || '_x_1', 'node1', c.id, t.id, c.company_id,
        (array['attached', 'attached', 'recorded', 'missing'])[row_number() over (order by c.id)], c.arrived_at,
        decode(repeat('00', 32), 'hex'), 1, c.id,
        case when c.id = 'node1-1.4' then 'there is <b>no</b> file' end, null, null
    from calls c join tickets t on t.call_id = c.id;
insert into recordings (name, node, company_id, state, expected_at, sha256, size, object_key, retain_until, deleted_at,
        deleted_because)
    select 'old', 'node1', id, 'deleted', now() - interval '1100 days', decode(repeat('00', 32), 'hex'), 7, 'old',
        now() - interval '1100 days' + interval '1096 days', now(), 'retention of 1096 days is over' from companies;
insert into node_disks (node, free, total, files, bytes, full_at)
    values ('node1', 12300000000, 100000000000, 42, 7, now() + interval '2 hours');
"""


async def test_the_ledger_shows_what_is_in_the_way(site: Site):
    await site.pool.execute(ROWS)
    async with site.browser("vera") as vera:
        text = " ".join((await (await vera.get("/recordings/ledger")).text()).split())
        for shown in (
            '<b id="completeness">50',
            "<b>2 / 4</b>",
            "Ждёт на диске узла",
            "Файл не поступил",
            "there is &lt;b&gt;no&lt;/b&gt; file",
            "Заявка № 74",
            "12,3 / 100",
            "Истёк срок хранения компании: 1096 дней",
        ):
            assert shown in text, shown
        assert "Разговоры без записи" not in text
        for days, status in (("7", 200), ("31", 200), ("2", 400), ("x", 400)):
            assert (await vera.get(f"/recordings/ledger?days={days}")).status == status


async def test_a_talk_without_any_record_of_a_file_is_shown(site: Site):
    await site.pool.execute(ROWS)
    await site.pool.execute(
        "insert into talks (recording, call_id, kind, began_at) values"
        " ('never', 'node1-1.3', 'queue', now() - interval '18 minutes'),"
        " ('long ago', 'node1-1.2', 'queue', now() - interval '3 days')"
    )
    async with site.browser("vera") as vera:
        text = await (await vera.get("/recordings/ledger")).text()
        assert text.count("Разговоры без записи") == 1
        assert text.count(">node1-1.3<") == 1
        assert ">node1-1.2<" not in text
        assert ">node1-1.2<" in await (await vera.get("/recordings/ledger?days=7")).text()


async def test_how_much_was_read_back_and_what_lies_is_shown(site: Site):
    await site.pool.execute(ROWS)
    await site.pool.execute(
        "insert into recording_hashes (recording_id, checked_at, problem)"
        " select id, now(), case call_id when 'node1-1.2' then 'altered' end from recordings where state = 'attached'"
    )
    async with site.browser("vera") as vera:
        text = " ".join((await (await vera.get("/recordings/ledger")).text()).split())
    assert "За последние 30 дней с реестром сверено записей: 2 из 2." in text
    assert text.count("В хранилище не то, что было сохранено") == 1


async def test_an_empty_ledger_says_so(site: Site):
    async with site.browser("vera") as vera:
        text = await (await vera.get("/recordings/ledger")).text()
        assert '<b id="completeness">–</b>' in text
        for shown in ("У каждого законченного разговора есть запись.", "Разговоров не было.", "ничего не удалено"):
            assert shown in text


async def test_what_was_deleted_is_a_file_too_and_that_is_noted(site: Site):
    await site.pool.execute(ROWS)
    async with site.browser("vera") as vera:
        answer = await vera.get("/recordings/deleted.csv")
        assert (answer.status, answer.content_type) == (200, "text/csv")
        head, row = (await answer.read()).decode("utf-8-sig").splitlines()
    assert head.startswith("Запись;Компания;Заявка;Разговор;Хранится до;Удалена;Хранить, дней;Состояние;Причина;Байт")
    assert row.split(";")[-4:] == ["1096", "удалена", "retention of 1096 days is over", "7"]
    assert await site.pool.fetchval(
        "select count(*) from audit_log where action = 'downloaded list of deleted recordings'"
    )


@pytest.mark.parametrize("path", ["/recordings/ledger", "/recordings/deleted.csv"])
async def test_only_who_keeps_the_ledger_sees_it(site: Site, path: str):
    for login in ("anna", "maria", "kirill"):
        async with site.browser(login) as browser:
            assert (await browser.get(path)).status == 403
