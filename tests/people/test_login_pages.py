import asyncio
from collections import Counter
from datetime import timedelta
from types import SimpleNamespace

import pytest
from argon2.exceptions import VerificationError

from callcenter.calls import socket
from callcenter.common import attempts
from callcenter.common.attempts import (
    ATTEMPTS_PER_ADDRESS,
    ATTEMPTS_PER_SECRET,
    LONGEST_WAIT,
    PAUSE_OF_SECRET,
    Attempts,
    TooManyAttempts,
)
from callcenter.common.origin import Origin
from callcenter.common.passwords import Passwords
from callcenter.common.sessions import SESSIONS, SessionTerm
from callcenter.people.logins import LoggedIn, Logins
from tests.calls.test_socket import hello
from tests.site import BOX, PASSWORD, Site

TERM = SessionTerm(lasts=timedelta(days=1), idle=timedelta(hours=1))


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
    logins = Logins(site.pool, passwords, Attempts(site.pool), TERM, BOX)
    assert await logins.log_in("nobody", "x", Origin("127.0.0.1")) is None
    assert await logins.log_in("anna", "x", Origin("127.0.0.1")) is None
    assert len(checked) == 2
    assert all(each.startswith("$argon2id$") for each in checked)


async def test_a_session_ends_by_time(site: Site):
    async with site.browser("anna") as anna:
        assert (await anna.get("/workplace")).status == 200
        await site.pool.execute("update sessions set expires_at = now()")
        assert (await anna.get("/workplace")).headers["Location"] == "/login"
        assert (await anna.get("/session", Accept="*/*")).status == 401


async def test_a_session_that_nobody_uses_ends_and_one_in_use_goes_on_until_its_end(site: Site):
    term = site.server.app[SESSIONS].term
    async with site.browser("anna") as anna:
        cookie = anna.http.cookie_jar.filter_cookies(anna.http._base_url)["session"]
        half = term.idle * 0.6
        used = timedelta()
        # Each step is shorter than the time without use, all together longer than it.
        while used < term.idle * 2:
            await later(site, half)
            used += half
            assert (await anna.get("/workplace")).status == 200, used
        await later(site, term.idle + timedelta(seconds=1))
        assert (await anna.get("/workplace")).headers["Location"] == "/login"
        assert (await anna.get("/workplace", Cookie=f"session={cookie.value}")).status == 303
    async with site.browser("anna") as anna:
        for _ in range(int(term.lasts / half) - 1):
            await later(site, half)
            assert (await anna.get("/workplace")).status == 200
        await later(site, half)
        assert (await anna.get("/workplace")).headers["Location"] == "/login"


async def test_an_open_live_page_is_use_of_the_session(site: Site, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(socket, "ASK_AGAIN_WHO_S", 0.01)
    async with site.browser("anna") as anna:
        talk = await anna.socket()
        await hello(talk)
        await later(site, site.server.app[SESSIONS].term.idle * 0.6)
        async with asyncio.timeout(10):
            while await site.pool.fetchval("select seen_at < now() - interval '1 minute' from sessions"):
                await asyncio.sleep(0.01)
        await later(site, site.server.app[SESSIONS].term.idle * 0.6)
        assert (await anna.get("/workplace")).status == 200
        await talk.close()


async def later(site: Site, passed: timedelta) -> None:
    """Let this time pass for all sessions."""
    await site.pool.execute(
        "update sessions set seen_at = seen_at - $1::interval, expires_at = expires_at - $1::interval,"
        " ends_at = ends_at - $1::interval",
        passed,
    )


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


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long each attempt would have waited for its turn."""
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(attempts, "asyncio", SimpleNamespace(sleep=sleep))
    return waits


async def test_guessing_at_one_login_makes_it_slow_and_shuts_out_no_right_password(site: Site, slept: list[float]):
    async with site.browser() as browser:
        for _ in range(ATTEMPTS_PER_SECRET + 1):
            assert (await browser.log_in("anna", "guess")).status == 401
        assert slept[:-1] == [0] * ATTEMPTS_PER_SECRET
        assert slept[-1] == pytest.approx(PAUSE_OF_SECRET.total_seconds(), abs=1)
        assert (await browser.log_in("boris")).status == 303
        assert slept[-1] == 0
        assert (await browser.log_in("anna")).status == 303
        assert slept[-1] == pytest.approx(2 * PAUSE_OF_SECRET.total_seconds(), abs=1)


async def test_guesses_at_once_take_turns_and_those_for_whom_it_is_too_long_are_refused(site: Site, slept: list[float]):
    async with site.browser() as browser:
        answers = await asyncio.gather(*(browser.log_in("anna", "guess") for _ in range(40)))
        statuses = Counter(answer.status for answer in answers)
        turns = LONGEST_WAIT // PAUSE_OF_SECRET
        assert statuses == {401: ATTEMPTS_PER_SECRET + turns, 429: 30 - turns}
        assert sorted(slept)[-turns:] == pytest.approx([5, 10, 15], abs=1.5)
        refused = await browser.log_in("anna")
        assert (refused.status, "через 1 минуту" in await refused.text()) == (429, True)
        assert 0 < int(refused.headers["Retry-After"]) <= 20
        await site.pool.execute("update login_attempts set at = at - interval '20 seconds'")
        assert (await browser.log_in("anna")).status == 303
        assert slept[-1] == 0


async def test_guessing_elsewhere_does_not_slow_the_person_down(site: Site, slept: list[float]):
    logins = Logins(site.pool, Passwords(), Attempts(site.pool), TERM, BOX)
    for _ in range(ATTEMPTS_PER_SECRET + 1):
        assert await logins.log_in("anna", "guess", Origin("192.0.2.1")) is None
    assert isinstance(await logins.log_in("anna", PASSWORD, Origin("192.0.2.2")), LoggedIn)
    assert slept[-1] == 0


async def test_a_login_guessed_at_from_many_addresses_is_slow_everywhere(site: Site, slept: list[float]):
    await site.pool.execute(
        "insert into login_attempts (subject) select 'login anna' from generate_series(1, $1)",
        attempts.ATTEMPTS_PER_LOGIN,
    )
    logins = Logins(site.pool, Passwords(), Attempts(site.pool), TERM, BOX)
    assert isinstance(await logins.log_in("anna", PASSWORD, Origin("192.0.2.2")), LoggedIn)
    assert 0 < slept[-1] <= 1


async def test_a_hundred_wrong_tries_from_one_address_lock_nobody_out(site: Site, slept: list[float]):
    async with site.browser() as browser:
        for number in range(ATTEMPTS_PER_ADDRESS):
            assert (await browser.log_in(f"nobody{number}", "guess")).status == 401
        assert set(slept) == {0}
        assert (await browser.log_in("boris")).status == 303
        assert 0 < slept[-1] <= 0.5
        # Nor those behind the same proxy who have a link.
        assert (await browser.get("/w/guess")).status == 404


async def test_a_flood_from_one_address_is_refused_and_writes_nothing(site: Site):
    await site.pool.execute(
        "insert into login_attempts (subject, at) select 'address 192.0.2.1', now() + interval '1 minute'"
        " from generate_series(1, $1)",
        ATTEMPTS_PER_ADDRESS,
    )
    logins = Logins(site.pool, Passwords(), Attempts(site.pool), TERM, BOX)
    before = await site.pool.fetchval("select count(*) from login_attempts")
    with pytest.raises(TooManyAttempts):
        await logins.log_in("anna", PASSWORD, Origin("192.0.2.1"))
    assert await site.pool.fetchval("select count(*) from login_attempts") == before
    assert isinstance(await logins.log_in("boris", PASSWORD, Origin("192.0.2.2")), LoggedIn)


async def test_only_failures_count_against_an_address(site: Site):
    async with site.browser() as browser:
        for password in (PASSWORD, "wrong", PASSWORD, PASSWORD, "wrong"):
            await browser.log_in("anna", password)
        counted = await site.pool.fetch("select subject, count(*) as n from login_attempts group by 1 order by 1")
        assert [tuple(row) for row in counted] == [
            ("address 127.0.0.1", 2),
            ("login anna", 1),
            ("login anna from 127.0.0.1", 1),
        ]


async def test_a_right_password_forgives_the_wrong_ones_before(site: Site):
    async with site.browser() as browser:
        for _ in range(2):
            for _ in range(ATTEMPTS_PER_SECRET - 1):
                await browser.log_in("anna", "guess")
            assert (await browser.log_in("anna")).status == 303


async def test_logging_out_takes_the_operator_off_the_line(site: Site):
    anna = site.ids["anna"]
    await site.pool.execute("insert into presence values ($1, 'available', now())", anna)
    async with site.browser("anna") as browser:
        assert (await browser.post("/logout")).status == 303
    # Also should the node be away until it starts anew.
    assert await site.pool.fetchval("select wanted from presence") == "offline"
    [asked] = await site.pool.fetch("select * from requests")
    assert (asked["kind"], asked["body"], asked["state"]) == ("presence", {"wanted": "offline"}, "asked")
    assert (asked["operator_id"], asked["asked_by"]) == (anna, anna)


async def test_logging_out_asks_also_when_it_is_not_known_yet_that_the_operator_is_on_the_line(site: Site):
    async with site.browser("boris") as boris, site.browser("vera") as vera:
        assert (await boris.post("/logout")).status == 303
        # Whoever has no telephone is on no line.
        assert (await vera.post("/logout")).status == 303
    [asked] = await site.pool.fetch("select operator_id from requests")
    assert asked["operator_id"] == site.ids["boris"]
