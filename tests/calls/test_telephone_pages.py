"""What the telephone in the browser is given, for how long, and what its page may do that others may not."""

import hmac
import re
from base64 import b64encode

import pytest
from pydantic import SecretStr

from callcenter.calls import telephone_pages
from callcenter.common.browser_telephones import close_ended
from callcenter.settings import BrowserTelephoneSettings
from tests.site import BOX, Browser, Site, put_in_place, settings_for

ACCOUNT = "web-anna"


@pytest.fixture(autouse=True)
async def _in_browser(site: Site) -> None:
    await site.pool.execute("update operators set endpoint = $1, sip_version = 0 where login = 'anna'", ACCOUNT)


@pytest.fixture(autouse=True)
def _built(monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a set-up, whether or not there was one."""
    monkeypatch.setitem(telephone_pages.FILES, telephone_pages.LIBRARY, b"")


async def opened(browser: Browser) -> dict:
    answer = await browser.post("/workplace/telephone")
    assert answer.status == 200
    return await answer.json()


async def current(site: Site) -> tuple[str, int]:
    """The secret that Asterisk is to know, and how often it was changed."""
    row = await site.pool.fetchrow("select sip_secret, sip_version from operators where login = 'anna'")
    return BOX.open(row["sip_secret"]), row["sip_version"]


async def test_a_session_has_one_secret_however_often_its_page_is_loaded(site: Site) -> None:
    async with site.browser("anna") as anna:
        first = await opened(anna)
        assert first["account"] == ACCOUNT
        assert re.fullmatch("[a-z2-7]{32}", first["secret"])
        assert await current(site) == (first["secret"], 1)
        assert await opened(anna) == first
        assert await current(site) == (first["secret"], 1)


async def test_another_session_takes_the_telephone_over(site: Site) -> None:
    async with site.browser("anna") as one, site.browser("anna") as other:
        before, after = await opened(one), await opened(other)
        assert before["secret"] != after["secret"]
        assert (await current(site))[0] == after["secret"]


async def test_logging_out_closes_it(site: Site) -> None:
    async with site.browser("anna") as anna:
        secret = (await opened(anna))["secret"]
        assert (await anna.post("/logout")).status == 303
    closed, changes = await current(site)
    assert closed != secret
    async with site.pool.acquire() as connection:
        await close_ended(connection, BOX)
    assert await current(site) == (closed, changes), "once"


async def test_logging_out_elsewhere_leaves_it_open(site: Site) -> None:
    async with site.browser("anna") as anna, site.browser("anna") as other:
        secret = (await opened(anna))["secret"]
        assert (await other.post("/logout")).status == 303
    assert (await current(site))[0] == secret


@pytest.mark.parametrize(
    "end",
    ["delete from sessions", "update sessions set expires_at = now() - interval '1 second'"],
    ids=["ended", "expired"],
)
async def test_a_session_that_ends_in_another_way_closes_it_soon(site: Site, end: str) -> None:
    async with site.browser("anna") as anna, site.pool.acquire() as connection:
        secret = (await opened(anna))["secret"]
        await close_ended(connection, BOX)
        assert (await current(site))[0] == secret
        await connection.execute(end)
        await close_ended(connection, BOX)
        assert (await current(site))[0] != secret


async def talks(site: Site) -> None:
    """Anna talks to a caller."""
    await site.pool.execute(
        "insert into calls (id, node, did, caller, state, arrived_at) values ('c', 'node1', '1', '', 'talking', now())"
    )
    await site.pool.execute(
        "insert into talks (recording, call_id, kind, operator_id, began_at) values ('r', 'c', 'queue', $1, now())",
        site.ids["anna"],
    )


async def test_a_session_that_ends_by_its_time_in_a_talk_closes_it_after_the_talk(site: Site) -> None:
    """Logging in again on the same page is a session beside it; ending it by hand closes at once."""
    async with site.browser("anna") as anna, site.browser("anna"), site.pool.acquire() as connection:
        secret = (await opened(anna))["secret"]
        await talks(site)
        await site.pool.execute("update sessions set expires_at = now() - interval '1 second'")
        async with site.browser("anna"):
            await close_ended(connection, BOX)
            assert (await current(site))[0] == secret
            await site.pool.execute("update talks set ended_at = now()")
            await close_ended(connection, BOX)
            assert (await current(site))[0] != secret


async def test_a_session_that_somebody_ends_in_a_talk_closes_it_soon(site: Site) -> None:
    async with site.browser("anna") as anna, site.pool.acquire() as connection:
        secret = (await opened(anna))["secret"]
        await talks(site)
        await site.pool.execute("delete from sessions")
        await close_ended(connection, BOX)
        assert (await current(site))[0] != secret


async def test_a_telephone_of_its_own_is_worked_by_the_node(site: Site) -> None:
    async with site.browser("boris") as boris, site.pool.acquire() as connection:
        assert (await boris.post("/workplace/telephone")).status == 404
        await close_ended(connection, BOX)
        assert await connection.fetchval("select sip_secret from operators where login = 'boris'") == "secret"
        page = await boris.get("/workplace")
        assert " data-own>" in await page.text()
        assert "microphone=()" in page.headers["Permissions-Policy"]


async def test_this_page_alone_may_use_the_microphone_and_talk_to_asterisk(site: Site) -> None:
    settings = settings_for("postgresql://unused")
    address = BrowserTelephoneSettings(address="wss://desk.example.org:8443/telephone/{node}")
    put_in_place(site.server.app, telephone_pages.SETTINGS, settings.model_copy(update={"browser_telephones": address}))
    async with site.browser("anna") as anna:
        page = await anna.get("/workplace")
        assert 'id="telephone"' in await page.text()
        assert "microphone=(self)" in page.headers["Permissions-Policy"]
        assert "connect-src 'self' wss://desk.example.org:8443;" in page.headers["Content-Security-Policy"]
        assert (await opened(anna))["address"] == "wss://desk.example.org:8443/telephone/node1"
        for path in ("/journal", "/account"):
            other = await anna.get(path)
            assert "microphone=()" in other.headers["Permissions-Policy"]
            assert "connect-src 'self';" in other.headers["Content-Security-Policy"]


async def test_without_the_library_the_page_says_what_to_do(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(telephone_pages.FILES, telephone_pages.LIBRARY)
    async with site.browser("anna") as anna, site.browser("boris") as boris:
        page = await anna.get("/workplace")
        assert page.status == 503
        assert "make setup" in await page.text()
        assert (await boris.get("/workplace")).status == 200


def test_the_password_of_a_turn_server_is_made_for_a_person_and_a_time() -> None:
    settings = settings_for("postgresql://unused")
    assert telephone_pages.ice_servers(settings, "7", 1000) == []
    given = BrowserTelephoneSettings(
        stun=("stun:stun.example.org:3478",), turn=("turn:turn.example.org",), turn_secret=SecretStr("shared")
    )
    stun, turn = telephone_pages.ice_servers(settings.model_copy(update={"browser_telephones": given}), "7", 1000)
    assert stun == {"urls": ["stun:stun.example.org:3478"]}
    assert turn == {
        "urls": ["turn:turn.example.org"],
        "username": "44200:7",
        "credential": b64encode(hmac.digest(b"shared", b"44200:7", "sha1")).decode(),
    }
