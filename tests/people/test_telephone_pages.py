"""A telephone's account is given, renewed and taken away by an administrator, and its secret shown once."""

import re

import pytest

from tests.people.test_pages import audited
from tests.site import BOX, Site

SECRET = re.compile(r"<code>([a-z2-9]{20})</code>")


def secret_in(text: str) -> str:
    found = SECRET.search(text)
    assert found
    return found[1]


async def account(site: Site, login: str) -> tuple[str | None, str | None, int]:
    row = await site.pool.fetchrow("select endpoint, sip_secret, sip_version from operators where login = $1", login)
    assert row is not None
    secret = row["sip_secret"] and BOX.open(row["sip_secret"])
    return row["endpoint"], secret, row["sip_version"]


async def test_an_account_is_given_renewed_and_taken_away(site: Site) -> None:
    page = f"/people/{site.ids['vera']}"
    async with site.browser("alla") as alla:
        assert 'value="vera"' in await (await alla.get(page)).text()
        text = await (await alla.post(f"{page}/telephone", endpoint="desk-7")).text()
        first = secret_in(text)
        assert "127.0.0.1:5060" in text
        assert await account(site, "vera") == ("desk-7", first, 1)
        assert first not in await (await alla.get(page)).text()
        assert "desk-7" in await (await alla.get(page)).text()

        second = secret_in(await (await alla.post(f"{page}/telephone/renew")).text())
        assert await account(site, "vera") == ("desk-7", second, 2)
        assert second != first

        assert (await alla.post(f"{page}/telephone/take")).headers["Location"] == page
        assert await account(site, "vera") == (None, None, 2)
        assert (await alla.post(f"{page}/telephone/renew")).status == 404
        assert (await alla.post(f"{page}/telephone/take")).status == 303
    assert await audited(site, str(site.ids["vera"])) == [
        "gave telephone", "renewed telephone's password", "took telephone away"
    ]  # fmt: skip
    written = await site.pool.fetchval("select string_agg(details::text, '') from audit_log")
    assert first not in written
    assert second not in written


@pytest.mark.parametrize(
    ("endpoint", "said"),
    [
        *((name, "От 1 до 32 знаков") for name in ("", "7", "Op", "a b", "trunk", "udp", "a" * 33, "a;b", "я", "a\0")),
        ("op-01", "уже есть у другого"),
    ],
)
async def test_what_cannot_be_a_name_is_said_beside_it(site: Site, endpoint: str, said: str) -> None:
    async with site.browser("alla") as alla:
        answer = await alla.post(f"/people/{site.ids['vera']}/telephone", endpoint=endpoint)
        text = await answer.text()
    assert answer.status == 400
    found = re.search(r'id="endpoint-problem">([^<]*)<', text)
    assert found
    assert said in found[1]
    assert (await account(site, "vera"))[0] is None


async def test_only_one_who_takes_calls_and_has_none_gets_an_account(site: Site) -> None:
    async with site.browser("alla") as alla:
        for login in ("anna", "maria", "kirill"):
            answer = await alla.post(f"/people/{site.ids[login]}/telephone", endpoint="another")
            assert answer.status == 400
        assert "Телефон</h2>" not in await (await alla.get(f"/people/{site.ids['maria']}")).text()
        assert (await alla.post("/people/999999/telephone", endpoint="another")).status == 404
        unknown = await alla.post(f"/people/{site.ids['vera']}/telephone", endpoint="another", node="node9\0")
        assert unknown.status == 400
    assert await site.pool.fetchval("select count(*) from operators where endpoint = 'another'") == 0


async def test_the_node_is_asked_for_where_there_are_several(site: Site) -> None:
    page = f"/people/{site.ids['vera']}"
    await site.pool.execute("insert into nodes values ('node2')")
    await site.pool.execute("insert into node_configurations (node) values ('node1'), ('node2')")
    async with site.browser("alla") as alla:
        assert '<option value="node2">' in await (await alla.get(page)).text()
        secret_in(await (await alla.post(f"{page}/telephone", endpoint="desk-7", node="node2")).text())
    assert await site.pool.fetchval("select node from operators where login = 'vera'") == "node2"


async def test_a_role_that_takes_no_calls_has_no_telephone(site: Site) -> None:
    company = str(await site.pool.fetchval("select id from companies"))
    async with site.browser("alla") as alla:
        page = f"/people/{site.ids['anna']}"
        assert (await alla.post(page, name="Анна", role="manager", company_id=company)).status == 303
    assert (await account(site, "anna"))[:2] == (None, None)
    assert "took telephone away" in await audited(site, str(site.ids["anna"]))
    wanted = await site.pool.fetch("select kind, body ->> 'wanted' as wanted from requests")
    assert [(row["kind"], row["wanted"]) for row in wanted] == [("presence", "offline")]


async def test_a_blocked_login_has_its_telephone_out_of_use_and_back(site: Site) -> None:
    page = f"/people/{site.ids['anna']}"
    wanted = "select count(*) from asterisk_wanted('node1') where name = 'op-01'"
    async with site.browser("alla") as alla:
        await alla.post(f"{page}/active", active="no")
        assert await site.pool.fetchval(wanted) == 0
        assert "не работает, пока доступ закрыт" in await (await alla.get(page)).text()
        await alla.post(f"{page}/active", active="yes")
        assert await site.pool.fetchval(wanted) == 1


async def test_the_page_says_whether_asterisk_knows_the_telephone(site: Site) -> None:
    page = f"/people/{site.ids['anna']}"
    async with site.browser("alla") as alla:
        assert "нет ни одного узла" in await (await alla.get(page)).text()
        await site.pool.execute("insert into node_configurations (node) values ('node1')")
        assert "передаётся в Asterisk" in await (await alla.get(page)).text()
        await site.pool.execute("update node_configurations set problem = 'not_accepted', details = '<op-01>'")
        text = await (await alla.get(page)).text()
        assert "не принял изменение" in text
        assert "&lt;op-01&gt;" in text
        await site.pool.execute("update node_configurations set problem = null, seen_at = now() - interval '1 minute'")
        assert "узел node1 не отвечает" in await (await alla.get(page)).text()
        await site.pool.execute(
            "insert into asterisk_entries (node, kind, name, value) select 'node1', kind, name, value"
            " from asterisk_wanted('node1')"
        )
        text = await (await alla.get(page)).text()
        assert "в Asterisk с" in text
        assert "data-working" not in text


async def test_a_telephone_in_the_browser_has_a_name_that_says_so_and_no_secret_to_enter(site: Site) -> None:
    page = f"/people/{site.ids['vera']}"
    async with site.browser("alla") as alla:
        assert (await alla.post(f"{page}/telephone", endpoint="web-vera")).status == 400
        assert (await alla.post(f"{page}/telephone", endpoint="v" * 32, kind="browser")).status == 400
        text = await (await alla.post(f"{page}/telephone", endpoint="vera", kind="browser")).text()
        assert "<code>web-vera</code>" in text
        assert not re.search(r"<code>[a-z2-9]{20}</code>", text)
        assert "Закрыть телефон" in await (await alla.get(page)).text()


async def test_a_short_number_is_given_changed_and_taken_away(site: Site) -> None:
    page = f"/people/{site.ids['anna']}"
    async with site.browser("alla") as alla:
        for number in ("101x", "1", "023", "101", "112", "123456", "1 2", "٣٤", "12\0"):
            answer = await alla.post(f"{page}/extension", extension=number)
            assert answer.status == 400
            assert "От двух до пяти цифр" in await answer.text()
        before = (await account(site, "anna"))[2]
        assert (await alla.post(f"{page}/extension", extension=" 201 ")).headers["Location"] == page
        assert 'value="201"' in await (await alla.get(page)).text()
        assert (await account(site, "anna"))[2] == before, "the telephone stays registered"
        taken = await alla.post(f"/people/{site.ids['vera']}/extension", extension="201")
        assert taken.status == 400
        assert "уже есть у другого" in await taken.text()
        assert (await alla.post(f"/people/{site.ids['maria']}/extension", extension="202")).status == 400
        assert (await alla.post("/people/999999/extension", extension="202")).status == 404
        assert (await alla.post(f"{page}/extension", extension="")).status == 303
    assert await site.pool.fetchval("select count(*) from operators where extension is not null") == 0
    assert await audited(site, str(site.ids["anna"])) == ["changed extension"] * 2


async def test_a_short_number_is_none_of_a_company(site: Site) -> None:
    await site.pool.execute("insert into numbers select '4455', company_id from numbers limit 1")
    async with site.browser("alla") as alla:
        assert (await alla.post(f"/people/{site.ids['anna']}/extension", extension="4455")).status == 400
