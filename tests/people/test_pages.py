import re
from datetime import timedelta

from tests.site import PASSWORD, Browser, Site

NEW = {"login": "olga", "name": "Ольга Новая", "role": "operator", "language": "ru"}
HOSTILE = "<img src=x onerror=alert(1)> {{ 7*191 }}"
GOOD = "четыре разных слова"


async def add(alla: Browser, **changes: str) -> tuple[int, str]:
    answer = await alla.post("/people/new", **(NEW | changes))
    return answer.status, await answer.text()


def link_in(text: str) -> str:
    found = re.search(r"(/invite/[\w-]+)", text)
    assert found
    return found[1]


async def audited(site: Site, subject: str | None = None) -> list[str]:
    rows = await site.pool.fetch(
        "select action from audit_log where $1::text is null or subject_id = $1 order by id", subject
    )
    return [row["action"] for row in rows]


async def test_a_person_is_added_and_comes_in_by_the_link_once(site: Site):
    async with site.browser("alla") as alla, site.browser() as olga, site.browser() as thief:
        status, text = await add(
            alla, role="manager", company_id=str(await site.pool.fetchval("select id from companies"))
        )
        assert status == 200
        link = link_in(text)
        assert "Приглашён" in await (await alla.get("/people")).text()
        assert (await olga.log_in("olga", GOOD)).status == 401
        assert "Ольга Новая" in await (await olga.get(link)).text()
        easy = await olga.post(link, new="Gfhjkm123456", again="Gfhjkm123456")
        assert (easy.status, "Слишком легко угадать" in await easy.text()) == (400, True)
        assert (await olga.post(link, new=GOOD, again=GOOD)).status == 200
        assert (await thief.post(link, new="another password", again="another password")).status == 404
        assert (await thief.get(link)).status == 404
        assert (await olga.log_in("olga", GOOD)).headers["Location"] == "/tickets"
    row = await site.pool.fetchrow("select * from operators where login = 'olga'")
    assert row is not None
    assert row["password_hash"].startswith("$argon2id$")
    assert GOOD not in str(row)
    assert row["company_id"] is not None
    invitation = await site.pool.fetchrow("select token_hash, used_at from invitations")
    assert invitation is not None
    assert link.rsplit("/", 1)[1].encode() not in invitation["token_hash"]
    assert await audited(site) == ["logged in", "added person", "failed to log in", "accepted invitation", "logged in"]


IMPOSSIBLE: list[tuple[dict[str, str], str, str]] = [
    ({"login": "Я"}, "login", "От 2 до 32 знаков"),
    ({"login": "anna"}, "login", "уже занят"),
    ({"login": "a" * 33}, "login", "От 2 до 32 знаков"),
    ({"login": ""}, "login", "От 2 до 32 знаков"),
    ({"login": "olga\nx"}, "login", "От 2 до 32 знаков"),
    ({"name": ""}, "name", "Укажите имя"),
    ({"name": "  "}, "name", "Укажите имя"),
    ({"name": "x" * 101}, "name", "Укажите имя"),
    ({"name": "a\0b"}, "name", "Укажите имя"),
    ({"role": "king"}, "role", "Выберите из списка"),
    ({"role": "manager"}, "company_id", "относится к компании"),
    ({"role": "manager", "company_id": "999999"}, "company_id", "больше нет"),
    ({"role": "manager", "company_id": "9" * 30}, "company_id", "больше нет"),
    ({"role": "manager", "company_id": "x"}, "company_id", "больше нет"),
    ({"role": "crew"}, "crew_id", "Выберите бригаду"),
    ({"role": "crew", "crew_id": "999999"}, "crew_id", "больше нет"),
]


async def test_what_cannot_be_is_said_beside_its_field_and_what_was_typed_is_kept(site: Site):
    async with site.browser("alla") as alla:
        for changes, field, said in IMPOSSIBLE:
            status, text = await add(alla, **changes)
            assert status == 400, changes
            found = re.search(rf'id="{field}-problem">([^<]*)<', text)
            assert found, changes
            assert said in found[1], changes
            assert f'aria-describedby="{field}-problem"' in text
            if "name" not in changes:
                assert 'value="Ольга Новая"' in text
    assert await site.pool.fetchval("select count(*) from operators") == 6


async def test_names_are_shown_and_not_run(site: Site):
    async with site.browser("alla") as alla:
        _status, text = await add(alla, name=HOSTILE)
        text += await (await alla.get("/people")).text()
    assert "<img src=x" not in text
    assert "1337" not in text


async def test_an_operator_has_no_company_and_a_crews_member_that_of_the_crew(site: Site):
    crew = await site.pool.fetchrow("select id, company_id from crews")
    assert crew is not None
    async with site.browser("alla") as alla:
        await add(alla, company_id=str(crew["company_id"]), crew_id=str(crew["id"]))
        await add(alla, login="petr", role="crew", crew_id=str(crew["id"]))
    rows = await site.pool.fetch(
        "select company_id, crew_id from operators where login in ('olga', 'petr') order by login"
    )
    assert [tuple(row) for row in rows] == [(None, None), (crew["company_id"], crew["id"])]


async def test_name_and_role_are_changed_and_the_change_is_written_down(site: Site):
    anna = site.ids["anna"]
    async with site.browser("alla") as alla, site.browser("anna") as browser:
        assert (await browser.get("/board")).status == 403
        answer = await alla.post(f"/people/{anna}", name="Анна Старшая", role="supervisor")
        assert answer.headers["Location"] == f"/people/{anna}"
        assert (await browser.get("/board")).status == 200
        assert (await alla.post(f"/people/{anna}", name="Анна Старшая", role="supervisor")).status == 303
        bad = await alla.post(f"/people/{anna}", name="", role="manager")
        assert bad.status == 400
        assert (await alla.post("/people/999999", name="x", role="operator")).status == 404
    rows = await site.pool.fetch("select details from audit_log where action = 'changed person'")
    assert [row["details"] for row in rows] == [
        {"name": ["Анна Петрова", "Анна Старшая"], "role": ["operator", "supervisor"]}
    ]
    endpoint = await site.pool.fetchval("select endpoint from operators where id = $1", anna)
    assert endpoint == "op-01"


async def test_a_reset_ends_the_password_the_sessions_and_the_link_before(site: Site):
    anna = site.ids["anna"]
    async with site.browser("alla") as alla, site.browser("anna") as browser:
        first = link_in(await (await alla.post(f"/people/{anna}/invite")).text())
        assert (await browser.get("/workplace")).status == 303
        assert (await browser.log_in("anna")).status == 401
        second = link_in(await (await alla.post(f"/people/{anna}/invite")).text())
        assert (await browser.get(first)).status == 404
        assert (await browser.get(second)).status == 200
        await site.pool.execute("update invitations set expires_at = now() - interval '1 second'")
        assert (await browser.post(second, new=GOOD, again=GOOD)).status == 404
        assert (await alla.post("/people/999999/invite")).status == 404
    assert await audited(site, str(anna)) == ["invited person", "failed to log in", "invited person"]


async def test_a_link_lasts_72_hours(site: Site):
    async with site.browser("alla") as alla:
        await alla.post(f"/people/{site.ids['anna']}/invite")
    left = await site.pool.fetchval("select expires_at - now() from invitations")
    assert timedelta(hours=71, minutes=59) < left <= timedelta(hours=72)


async def test_somebody_shut_out_is_out_at_once_and_can_be_let_in_again(site: Site):
    anna = site.ids["anna"]
    await site.pool.execute("insert into presence values ($1, 'available', now())", anna)
    async with site.browser("alla") as alla, site.browser("anna") as browser:
        assert (await alla.post(f"/people/{anna}/active", active="maybe")).status == 400
        assert (await alla.post(f"/people/{anna}/active", active="no")).status == 303
        assert (await browser.get("/workplace")).status == 303
        assert (await browser.log_in("anna")).status == 401
        assert (await alla.post(f"/people/{anna}/invite")).status == 404
        assert await site.pool.fetchval("select wanted from presence") == "offline"
        asked = await site.pool.fetchrow("select * from requests")
        assert asked is not None
        assert (asked["kind"], asked["body"]) == ("presence", {"wanted": "offline"})
        assert (asked["operator_id"], asked["asked_by"]) == (anna, site.ids["alla"])
        assert "Доступ закрыт" in await (await alla.get("/people")).text()
        assert (await alla.post(f"/people/{anna}/active", active="yes")).status == 303
        assert (await browser.log_in("anna")).status == 303
        assert (await alla.post("/people/999999/active", active="no")).status == 404
    assert await audited(site, str(anna)) == ["blocked person's access", "failed to log in", "restored person's access"]


async def test_sessions_and_codes_of_others_are_ended(site: Site):
    anna = site.ids["anna"]
    async with site.browser("alla") as alla, site.browser("anna") as browser:
        await site.pool.execute("update operators set totp_secret = 'x', totp_step = 1 where id = $1", anna)
        assert (await alla.post(f"/people/{anna}/sessions/end")).status == 303
        assert (await browser.get("/workplace")).status == 303
        assert (await alla.post(f"/people/{anna}/codes/remove")).status == 303
        assert (await browser.log_in("anna")).headers["Location"] == "/workplace"
        for what in ("sessions/end", "codes/remove"):
            assert (await alla.post(f"/people/999999/{what}")).status == 404
    assert await audited(site, str(anna)) == ["ended person's sessions", "turned person's codes off"]


async def test_people_cannot_remove_their_own_access(site: Site):
    alla_id = site.ids["alla"]
    async with site.browser("alla") as alla:
        for path, form in (
            (f"/people/{alla_id}/active", {"active": "no"}),
            (f"/people/{alla_id}/invite", {}),
            (f"/people/{alla_id}/sessions/end", {}),
            (f"/people/{alla_id}/codes/remove", {}),
            (f"/people/{alla_id}", {"name": "Алла", "role": "operator"}),
        ):
            answer = await alla.post(path, **form)
            assert answer.status == 400, path
            assert "Нельзя лишить себя" in await answer.text()
        assert (await alla.post(f"/people/{alla_id}", name="Алла", role="administrator")).status == 303
        assert (await alla.get("/people")).status == 200
        assert (await alla.log_in("alla", PASSWORD)).status == 303


UNFIT = [
    ("short", "short", "не меньше 12"),
    ("", "", "не меньше 12"),
    ("x" * 257, "x" * 257, "не больше 256"),
    ("anna anna anna", "anna anna anna", "не должен содержать логин"),
    ("aaaaaaaaaaaa", "aaaaaaaaaaaa", "Слишком легко угадать"),
    (GOOD, GOOD + "!", "не совпадают"),
]


async def test_a_password_that_will_not_do_leaves_the_link_good(site: Site):
    async with site.browser("alla") as alla, site.browser() as browser:
        link = link_in(await (await alla.post(f"/people/{site.ids['anna']}/invite")).text())
        for new, again, said in UNFIT:
            answer = await browser.post(link, new=new, again=again)
            assert answer.status == 400, new
            assert said in await answer.text()
        assert (await browser.post(link, new=GOOD, again=GOOD)).status == 200


async def test_a_guessed_link_leads_nowhere(site: Site):
    async with site.browser() as browser:
        for token in ("x", "%00", "%ff", "a" * 3000, "..%2f"):
            assert (await browser.get(f"/invite/{token}")).status == 404, token
            assert (await browser.post(f"/invite/{token}", new=GOOD, again=GOOD)).status == 404, token
