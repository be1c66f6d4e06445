from datetime import timedelta
from types import SimpleNamespace

import pytest
from argon2.exceptions import VerificationError

from callcenter.common.attempts import ATTEMPTS_PER_ADDRESS, Attempts, TooManyAttempts
from callcenter.common.attempts import ATTEMPTS_PER_SECRET as ATTEMPTS_PER_LOGIN
from callcenter.common.origin import Origin
from callcenter.common.passwords import Passwords
from callcenter.people.logins import LoggedIn, Logins
from tests.site import PASSWORD, Site

DAY = timedelta(days=1)


async def test_an_operator_comes_to_the_workplace_and_a_supervisor_to_the_board(site: Site):
    async with site.browser() as anna, site.browser() as vera:
        assert (await anna.get("/workplace")).headers["Location"] == "/login"
        assert (await anna.log_in("anna")).headers["Location"] == "/workplace"
        assert (await vera.log_in(" Vera ")).headers["Location"] == "/board"
        assert (await anna.get("/workplace")).status == 200
        assert (await vera.get("/board")).status == 200


async def test_the_cookie_is_out_of_reach_and_only_its_digest_is_kept(site: Site):
    async with site.browser() as anna:
        cookie = (await anna.log_in("anna")).cookies["session"]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Strict"
        assert len(cookie.value) >= 43
        stored = await site.pool.fetchval("select token_hash from sessions")
        assert len(stored) == 32
        assert cookie.value.encode() not in stored


@pytest.mark.parametrize(
    ("login", "password"),
    [
        ("anna", "wrong"),
        ("nobody", PASSWORD),
        ("", ""),
        ("anna\0", PASSWORD),
        ("anna", "x" * 5000),
        ("' or 1=1 --", "x"),
    ],
)
async def test_a_wrong_login_or_password_opens_nothing(site: Site, login: str, password: str):
    async with site.browser() as browser:
        answer = await browser.log_in(login, password)
        assert answer.status == 401
        assert "session" not in answer.cookies
        assert "Неверный логин или пароль" in await answer.text()
        assert (await browser.get("/workplace")).status == 303
    assert await site.pool.fetchval("select count(*) from sessions") == 0


async def test_an_unknown_login_is_checked_as_thoroughly_as_a_known_one(site: Site, monkeypatch: pytest.MonkeyPatch):
    passwords = Passwords()
    checked: list[str] = []

    def verify(password_hash: str, password: str) -> bool:
        checked.append(password_hash)
        raise VerificationError

    monkeypatch.setattr(passwords, "_hasher", SimpleNamespace(verify=verify))
    logins = Logins(site.pool, passwords, Attempts(site.pool))
    assert await logins.log_in("nobody", "x", Origin("127.0.0.1"), DAY) is None
    assert await logins.log_in("anna", "x", Origin("127.0.0.1"), DAY) is None
    assert len(checked) == 2
    assert all(each.startswith("$argon2id$") for each in checked)


async def test_a_session_ends_by_time(site: Site):
    async with site.browser("anna") as anna:
        assert (await anna.get("/workplace")).status == 200
        await site.pool.execute("update sessions set expires_at = now()")
        assert (await anna.get("/workplace")).headers["Location"] == "/login"
        assert (await anna.get("/session", Accept="*/*")).status == 401


async def test_logging_out_ends_the_session_for_a_copied_cookie_too(site: Site):
    async with site.browser("anna") as anna:
        token = anna.http.cookie_jar.filter_cookies(anna.http._base_url)["session"].value
        assert (await anna.post("/logout")).headers["Location"] == "/login"
        assert (await anna.get("/workplace")).status == 303
        assert (await anna.get("/workplace", Cookie=f"session={token}")).status == 303
        assert await site.pool.fetchval("select count(*) from sessions") == 0


@pytest.mark.parametrize("token", ["", "x", "\u00ff\u00fe", "a" * 3000])
async def test_a_made_up_cookie_is_nobody(site: Site, token: str):
    async with site.browser() as browser:
        assert (await browser.get("/workplace", Cookie=f"session={token}")).status == 303


@pytest.mark.parametrize("origin", [None, "https://evil.example", "null", "http://[", "http://127.0.0.1"])
async def test_a_foreign_origin_changes_nothing(site: Site, origin: str | None):
    async with site.browser("anna") as anna:
        assert (await anna.post("/logout", origin=origin)).status == 403
        assert (await anna.post("/language", origin=origin, language="en")).status == 403
        assert (await anna.get("/workplace")).status == 200
    async with site.browser() as browser:
        assert (await browser.post("/login", origin=origin, login="anna", password=PASSWORD)).status == 403


async def test_an_operator_is_refused_what_is_the_supervisors(site: Site):
    async with site.browser("anna") as anna:
        for path in ("/board", "/calls", "/recordings/1"):
            answer = await anna.get(path)
            assert answer.status == 403
            assert "нет доступа" in await answer.text()


async def test_without_a_session_nothing_but_the_login_is_open(site: Site):
    async with site.browser() as browser:
        for path in ("/calls", "/recordings/1", "/session", "/ws"):
            answer = await browser.get(path, Origin=browser.origin, Accept="*/*")
            assert answer.status == 401, path
        assert (await browser.get("/board")).headers["Location"] == "/login"
        assert (await browser.get("/login")).status == 200


async def test_guessing_at_one_login_is_stopped_and_does_not_stop_the_others(site: Site):
    async with site.browser() as browser:
        for _ in range(ATTEMPTS_PER_LOGIN):
            assert (await browser.log_in("anna", "guess")).status == 401
        answer = await browser.log_in("anna")
        assert answer.status == 429
        assert "через 15 минут" in await answer.text()
        assert (await browser.log_in("boris")).status == 303
        await site.pool.execute("update login_attempts set at = at - interval '15 minutes'")
        assert (await browser.log_in("anna")).status == 303


async def test_guessing_from_one_address_is_stopped(site: Site):
    logins = Logins(site.pool, Passwords(), Attempts(site.pool))
    await site.pool.execute(
        "insert into login_attempts (subject) select 'address 192.0.2.1' from generate_series(1, $1)",
        ATTEMPTS_PER_ADDRESS,
    )
    with pytest.raises(TooManyAttempts):
        await logins.log_in("anna", PASSWORD, Origin("192.0.2.1"), DAY)
    assert isinstance(await logins.log_in("boris", PASSWORD, Origin("192.0.2.2"), DAY), LoggedIn)


async def test_only_failures_count_against_an_address(site: Site):
    async with site.browser() as browser:
        for password in (PASSWORD, "wrong", PASSWORD, PASSWORD, "wrong"):
            await browser.log_in("anna", password)
        counted = await site.pool.fetch("select subject, count(*) as n from login_attempts group by 1 order by 1")
        assert [tuple(row) for row in counted] == [("address 127.0.0.1", 2), ("login anna", 1)]


async def test_what_was_refused_counts_for_nothing(site: Site):
    async with site.browser() as browser:
        for _ in range(ATTEMPTS_PER_LOGIN):
            await browser.log_in("anna", "guess")
        before = await site.pool.fetchval("select count(*) from login_attempts")
        assert (await browser.log_in("anna")).status == 429
        assert await site.pool.fetchval("select count(*) from login_attempts") == before


async def test_a_right_password_forgives_the_wrong_ones_before(site: Site):
    async with site.browser() as browser:
        for _ in range(2):
            for _ in range(ATTEMPTS_PER_LOGIN - 1):
                await browser.log_in("anna", "guess")
            assert (await browser.log_in("anna")).status == 303
