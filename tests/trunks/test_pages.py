"""The pages of trunks and of the rules of calls out; what is decided and counted; the command line."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from callcenter.app import asterisk_directory
from callcenter.cli.checks import CheckFailed
from callcenter.cli.trunks import examine_trunks, list_rules, list_trunks, say_why
from callcenter.common.secret_box import SecretBox, reseal
from callcenter.domain.ids import NodeName
from callcenter.settings import SecretsSettings
from callcenter.trunks.judging import judge, judge_and_count
from callcenter.trunks.outbound import Reason
from tests.site import BOX, Browser, Site, settings_for, site

__all__ = ["site"]

SECRET = "very-secret-word"
TYPED = {
    "name": "alpha", "active": "on", "transport": "udp", "dtmf": "rfc4733", "session_timers": "always",
    "number_form": "plus", "codecs": "alaw", "dialled_number_in": "request To", "server": "203.0.113.5",
    "registers": "on", "login": "4951234567", "password": SECRET, "calls_out": "on", "position": "2",
}  # fmt: skip
RESIDENT, CREW, STRANGER = "+79160000001", "+79160000002", "+79160000003"


@pytest.fixture
async def alla(site: Site) -> AsyncIterator[Browser]:
    await site.pool.execute("delete from outbound_rules")
    await site.pool.execute("delete from outbound_attempts")
    await site.pool.execute("delete from trunks")
    async with site.browser("alla") as browser:
        yield browser


async def add(alla: Browser, **more: str) -> None:
    answer = await alla.post("/trunks/new", **(TYPED | more))
    assert answer.status == 303, await answer.text()


async def lines(site: Site, node: str = "node1") -> list[tuple[str, str]]:
    async with site.pool.acquire() as connection:
        directory = await asterisk_directory(connection, NodeName(node), BOX)
    return [(trunk.name, trunk.password) for trunk in directory.trunks]


async def test_a_trunk_is_added_changed_and_removed(site: Site, alla: Browser) -> None:
    await add(alla)
    await add(alla, name="beta", position="1", password="other")
    assert await lines(site) == [("beta", "other"), ("alpha", SECRET)]
    kept = await site.pool.fetchval("select password from trunks where name = 'alpha'")
    assert SECRET not in kept
    page = await (await alla.get("/trunks")).text()
    assert page.index("beta") < page.index("alpha")
    assert "CALLCENTER_ASTERISK__TRUNK_ADDRESSES" in page, "the settings' own is shown, and where it is"
    trunk = await site.pool.fetchval("select id from trunks where name = 'alpha'")
    form = await (await alla.get(f"/trunks/{trunk}")).text()
    assert "203.0.113.5" in form
    assert SECRET not in form + page

    wanted = "select value from asterisk_wanted('node1') where kind = 'trunk' and name like 'alpha%'"
    before = await site.pool.fetchval(wanted)
    answer = await alla.post(f"/trunks/{trunk}", **(TYPED | {"name": "alpha2", "password": "", "position": "0"}))
    assert answer.status == 303
    assert await lines(site) == [("alpha2", SECRET), ("beta", "other")], "the password stays"
    assert await site.pool.fetchval(wanted) != before, "the nodes see that it changed"
    assert (await alla.post(f"/trunks/{trunk}/remove")).status == 303
    assert await lines(site) == [("beta", "other")]
    actions = await site.pool.fetch("select action, details from audit_log where subject = 'trunk' order by id")
    assert [row["action"] for row in actions][-4:] == ["added trunk", "added trunk", "changed trunk", "removed trunk"]
    assert all(SECRET not in str(row["details"]) for row in actions)


async def test_a_trunk_of_another_node_or_out_of_use_is_not_this_ones(site: Site, alla: Browser) -> None:
    await site.pool.execute("insert into nodes (name) values ('node1'), ('node2') on conflict do nothing")
    await add(alla, node="node2")
    await add(alla, name="beta", active="")
    assert await lines(site) == []
    assert [name for name, _ in await lines(site, "node2")] == ["alpha"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"name": "Альфа"}, "первой — буква"),
        ({"node": "nowhere"}, "Такого узла нет"),
        ({"password": ""}, "Без пароля нельзя"),
        ({"srtp": "on"}, "Только с TLS"),
        ({"calls_at_once": "много"}, "Целое число"),
        ({"dtmf": "morse"}, "Выберите значение"),
    ],
)
async def test_what_is_typed_wrong_is_said_at_its_field(
    site: Site, alla: Browser, more: dict[str, str], words: str
) -> None:
    answer = await alla.post("/trunks/new", **(TYPED | more))
    text = await answer.text()
    assert answer.status == 422
    assert words in text
    assert text.count('aria-invalid="true"') == 1
    assert SECRET not in text
    assert await lines(site) == []


async def test_a_name_that_is_taken_is_said(alla: Browser) -> None:
    await add(alla)
    answer = await alla.post("/trunks/new", **TYPED)
    assert (answer.status, "Так называется другая линия" in await answer.text()) == (422, True)


async def known(site: Site) -> None:
    """Who is a resident by having called, and who is a crew."""
    company = await site.pool.fetchval("select id from companies")
    await site.pool.execute("update crews set phone = $1", CREW)
    await site.pool.execute("insert into nodes (name) values ('node1') on conflict do nothing")
    await site.pool.execute(
        "insert into calls (id, node, company_id, did, caller, state, arrived_at, ended_at, outcome)"
        " values ('node1-1.1', 'node1', $1, '74951234567', $2, 'ended', now(), now(), 'abandoned')"
        " on conflict do nothing",
        company,
        RESIDENT,
    )


async def test_the_page_answers_who_may_call_whom_and_why(site: Site, alla: Browser) -> None:
    await known(site)
    await add(alla)
    anna = site.ids["anna"]

    async def why(number: str) -> str:
        return await (await alla.get(f"/trunks/rules?operator={anna}&number={number}")).text()

    assert "нет: ни одно правило этого не разрешает" in await why("8 916 000-00-01")
    assert (await alla.post("/trunks/rules", purpose="resident", prefix="+7", active="on")).status == 303
    assert (await alla.post("/trunks/rules", purpose="crew", prefix="+7916", per_hour="0", active="on")).status == 303
    answer = await why("8 916 000-00-01")
    assert "op-01 → 8 916 000-00-01: да" in answer
    assert "+74951234567" in answer
    assert "номер не из их числа" in answer, "what the other rule says"
    assert "нет: вместе уже позвонили столько" in await why("%2B79160000002")
    assert "нет: ни одно правило этого не разрешает" in await why("%2B79160000003")
    assert "экстренный номер" in await why("112")
    assert await site.pool.fetchval("select count(*) from outbound_attempts") == 0, "asking counts nothing"


async def test_a_rule_is_changed_and_removed(site: Site, alla: Browser) -> None:
    assert (await alla.post("/trunks/rules", purpose="any", prefix="7495", active="on")).status == 303
    rule = await site.pool.fetchval("select id from outbound_rules")
    assert 'value="+7495"' in await (await alla.get(f"/trunks/rules?rule={rule}")).text()
    assert (await alla.post(f"/trunks/rules/{rule}", purpose="crew", prefix="+7", per_hour="5")).status == 303
    row = await site.pool.fetchrow("select purpose, prefix, per_hour, active from outbound_rules")
    assert tuple(row) == ("crew", "+7", 5, False)
    wrong = await alla.post(f"/trunks/rules/{rule}", purpose="crew", prefix="abc")
    assert (wrong.status, "Плюс и первые цифры" in await wrong.text()) == (422, True)
    assert (await alla.post(f"/trunks/rules/{rule}/remove")).status == 303
    assert (await alla.post(f"/trunks/rules/{rule}/remove")).status == 404


async def test_the_last_call_of_a_limit_is_given_once(site: Site, alla: Browser) -> None:
    await add(alla)
    await alla.post("/trunks/rules", purpose="any", prefix="+7", per_hour="3", per_operator_hour="2", active="on")

    async def attempt(endpoint: str) -> Reason:
        async with site.pool.acquire() as connection:
            verdict, _ = await judge_and_count(connection, "node1", f"PJSIP/{endpoint}", STRANGER, "")
        return verdict.reason

    at_once = await asyncio.gather(*(attempt("op-01") for _ in range(4)))
    assert sorted(at_once) == [Reason.ALLOWED, Reason.ALLOWED, Reason.OPERATOR_LIMIT, Reason.OPERATOR_LIMIT]
    assert [await attempt("op-02") for _ in range(2)] == [Reason.ALLOWED, Reason.LIMIT]
    await site.pool.execute("update outbound_attempts set at = at - interval '61 minutes'")
    assert await attempt("op-01") is Reason.ALLOWED
    await site.pool.execute("update outbound_attempts set at = at - interval '31 days'")
    await attempt("op-01")
    assert await site.pool.fetchval("select count(*) from outbound_attempts") == 1


async def test_the_number_shown_is_of_the_company_that_the_call_is_about(site: Site, alla: Browser) -> None:
    await known(site)
    other = await site.pool.fetchval("insert into companies (name) values ('УК «Другая»') returning id")
    await site.pool.execute("insert into numbers values ('74950000000', $1)", other)
    async with site.pool.acquire() as connection:
        shown = [
            (await judge(connection, "node1", None, number, did))[1]
            for number, did in ((RESIDENT, ""), (RESIDENT, "74950000000"), (CREW, ""), (STRANGER, ""))
        ]
    assert shown == ["74951234567", "74950000000", "74951234567", "74950000000"]


async def test_the_command_line_lists_trunks_and_says_why(
    site: Site, alla: Browser, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_for(database_url)
    await add(alla)
    await alla.post("/trunks/rules", purpose="crew", prefix="+7", active="on")
    await site.pool.execute("insert into nodes (name) values ('node1') on conflict do nothing")
    await site.pool.execute("insert into trunk_states (node, trunk, state) values ('node1', 'alpha', 'up')")
    async with site.pool.acquire() as connection:
        assert await list_trunks(connection, settings) == 0
        assert await examine_trunks(connection, "node1") == "1 trunks of the page, none of which is down"
        await connection.execute("update trunk_states set state = 'refused'")
        assert await list_trunks(connection, settings) == 1
        with pytest.raises(CheckFailed, match="alpha refused"):
            await examine_trunks(connection, "node1")
        assert await say_why(connection, settings, "op-01", "89160000003") == 1
        assert await say_why(connection, settings, "op-01", "112") == 0
        assert await say_why(connection, settings, "nobody", "89160000003") == 1
        await connection.execute("update outbound_rules set per_operator_hour = 2, active = false")
        assert await list_rules(connection) == 0
    printed = capsys.readouterr().out
    assert "alpha\t203.0.113.5\tudp\tin, out\tup at node1" in printed
    assert "op-01 +79160000003: no_rule" in printed
    assert "\t+7\tcrew\t2 an hour of one operator\toff" in printed
    assert "rule" in printed
    assert SECRET not in printed


async def test_a_trunks_password_is_encrypted_again_with_the_newest_key(site: Site, alla: Browser) -> None:
    await add(alla)
    newer = SecretsSettings(keys=["33" * 32, "22" * 32])
    async with site.pool.acquire() as connection:
        await reseal(connection, SecretBox(newer))
        kept = await connection.fetchval("select password from trunks")
        assert SecretBox(SecretsSettings(keys=["33" * 32])).open(kept) == SECRET
        await reseal(connection, SecretBox(SecretsSettings(keys=["22" * 32, "33" * 32])))


async def test_a_companys_people_see_nothing_of_it(site: Site, alla: Browser) -> None:
    await add(alla)
    async with site.pool.acquire() as connection, connection.transaction():
        await connection.execute("set local role callcenter_company")
        for table in ("trunks", "trunk_states", "outbound_rules", "outbound_attempts"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with connection.transaction():
                    await connection.fetch(f"select * from {table}")
