"""The page on which a person makes tokens for programs."""

import re
from collections.abc import AsyncIterator

import pytest

from tests.api.conftest import Desk, furnish
from tests.site import PASSWORD, Browser, open_site

PASSWORD_LIKE = "update operators set password_hash = (select password_hash from operators where login = 'vera')"


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    async with open_site(database_url) as site:
        desk = await furnish(site)
        await desk.pool.execute(PASSWORD_LIKE)
        yield desk


async def make(browser: Browser, *scopes: str, **form: str) -> tuple[int, str]:
    fields = [
        ("name", form.get("name", "1C")),
        ("days", form.get("days", "90")),
        *(("scopes", scope) for scope in scopes),
    ]
    async with browser.http.post("/account/tokens", data=fields, headers={"Origin": browser.origin}) as answer:
        return answer.status, await answer.text()


async def test_a_token_is_shown_once_and_works(desk: Desk):
    async with desk.site.browser("max") as max_:
        status, page = await make(max_, "tickets:read", "calls:read")
        (token,) = re.findall(r'value="(ccapi_[\w-]{43})"', page)
        again = await (await max_.get("/account/tokens")).text()
    assert status == 200
    assert token not in again
    assert "1C" in again
    assert "просматривать заявки" in again
    async with desk.program(None, token=token) as program:
        assert (await program.get("/tickets")).status == 200
        assert (await program.get("/houses")).status == 403


async def test_a_revoked_token_ends_and_only_its_owner_revokes_it(desk: Desk):
    token = await desk.token("max")
    number = await desk.pool.fetchval("select id from api_tokens")
    async with (
        desk.site.browser("max") as max_,
        desk.site.browser("lena") as lena,
        desk.program(None, token=token) as program,
    ):
        assert (await lena.post(f"/account/tokens/{number}/revoke")).status == 404
        assert (await program.get("/companies")).status == 200
        assert (await max_.post(f"/account/tokens/{number}/revoke")).status == 303
        assert (await program.get("/companies")).status == 401


async def test_what_was_wrong_is_said_beside_the_field_and_what_was_typed_is_kept(desk: Desk):
    async with desk.site.browser("max") as max_:
        status, page = await make(max_, name="Обмен «с 1С»")
        assert status == 400
        assert "Выберите хотя бы одно" in page
        assert 'value="Обмен «с 1С»"' in page
        for wrong in ({"name": " "}, {"name": "x" * 101}, {"name": "\0"}, {"days": "x"}, {"days": "100000"}):
            status, page = await make(max_, "calls:read", **wrong)
            assert status == 400
            assert re.search(r'value="calls:read" checked', page)
        assert (await make(max_, "everything"))[0] == 400
    assert await desk.pool.fetchval("select count(*) from api_tokens") == 0


async def test_it_is_for_those_who_may_use_the_interface(desk: Desk):
    async with desk.site.browser("olga") as olga:
        assert (await olga.get("/account/tokens")).status == 403
        assert (await make(olga, "calls:read"))[0] == 403


async def test_an_expired_token_is_said_to_be_expired(desk: Desk):
    await desk.token("ada")
    await desk.pool.execute("update api_tokens set expires_at = now()")
    async with desk.site.browser("ada") as ada:
        assert "истёк" in await (await ada.get("/account/tokens")).text()


NEW = "четыре разных слова"


async def tokens_left(desk: Desk) -> list[str]:
    rows = await desk.pool.fetch(
        "select login from api_tokens t join operators o on o.id = t.operator_id order by login"
    )
    return [row["login"] for row in rows]


async def test_a_changed_password_ends_the_tokens_of_its_owner_alone(desk: Desk):
    mine, others = await desk.token("max"), await desk.token("lena")
    async with (
        desk.site.browser("max") as max_,
        desk.program(None, token=mine) as program,
        desk.program(None, token=others) as other,
    ):
        assert (await max_.post("/account/password", old=PASSWORD, new="short", again="short")).status == 400
        assert (await program.get("/companies")).status == 200
        assert (await max_.post("/account/password", old=PASSWORD, new=NEW, again=NEW)).status == 303
        assert (await program.get("/companies")).status == 401
        assert (await other.get("/companies")).status == 200
    noted = await desk.pool.fetchrow("select operator_id, details from audit_log where action = 'revoked token'")
    assert noted is not None
    assert tuple(noted) == (desk.people["max"].id, {"n": 1})


@pytest.mark.parametrize("step", ["active", "sessions/end", "invite"])
async def test_tokens_end_when_an_administrator_ends_what_a_person_may(desk: Desk, step: str):
    mine, _others = await desk.token("max"), await desk.token("lena")
    max_id = desk.people["max"].id
    async with desk.site.browser("ada") as ada, desk.program(None, token=mine) as program:
        form = {"active": "no"} if step == "active" else {}
        assert (await ada.post(f"/people/{max_id}/{step}", **form)).status in (200, 303)
        assert (await program.get("/companies")).status == 401
        assert await tokens_left(desk) == ["lena"]
        await desk.pool.execute("update operators set active = true")
        # Let in again, the person makes new ones; the old ones stay dead.
        assert (await program.get("/companies")).status == 401
    noted = await desk.pool.fetchrow(
        "select operator_id, subject_id, details from audit_log where action = 'revoked token'"
    )
    assert noted is not None
    assert tuple(noted) == (desk.people["ada"].id, str(max_id), {"n": 1})


async def test_a_login_that_waits_for_its_code_ends_with_the_password(desk: Desk):
    await desk.pool.execute("update operators set totp_secret = 'JBSWY3DPEHPK3PXP' where login = 'lena'")
    async with desk.site.browser() as browser, desk.site.browser("ada") as ada:
        assert (await browser.log_in("lena")).headers["Location"] == "/login/code"
        assert (await browser.get("/login/code")).status == 200
        await ada.post(f"/people/{desk.people['lena'].id}/invite")
        assert (await browser.get("/login/code")).status == 303
