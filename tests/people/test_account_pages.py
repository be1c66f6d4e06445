import asyncio
import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pyotp
import pytest

from callcenter.common.attempts import ATTEMPTS_PER_SECRET
from callcenter.people.second_factor import qr_code
from callcenter.web.browsers import browser_name
from tests.site import BOX, PASSWORD, Browser, Site

GOOD = "четыре разных слова"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


async def page(browser: Browser) -> str:
    answer = await browser.get("/account")
    assert answer.status == 200
    return await answer.text()


async def secret_of(browser: Browser) -> pyotp.TOTP:
    answer = await browser.post("/account/codes", password=PASSWORD)
    assert answer.status == 200
    text = await answer.text()
    found = re.search(r"secret=([A-Z2-7]+)", text)
    assert found
    assert f"{found[1][:4]} {found[1][4:8]}" in text
    [address] = re.findall(r'href="(otpauth:[^"]+)"', text)
    assert qr_code(unescape(address)) in text
    return pyotp.TOTP(found[1])


def code(totp: pyotp.TOTP, steps: int = 0) -> str:
    return str(totp.at(datetime.now(UTC) + timedelta(seconds=30 * steps)))


async def turn_on(browser: Browser) -> pyotp.TOTP:
    """Codes, confirmed by the one of the step before, so that the present one is still to be used."""
    totp = await secret_of(browser)
    assert (await browser.post("/account/codes/confirm", code=code(totp, -1))).status == 200
    return totp


async def test_sessions_are_listed_and_each_is_ended(site: Site):
    async with site.browser("anna") as here, site.browser() as there, site.browser("boris") as boris:
        await there.http.post(
            "/login",
            data={"login": "anna", "password": PASSWORD},
            headers={"Origin": there.origin, "User-Agent": FIREFOX},
            allow_redirects=False,
        )
        text = await page(here)
        assert "Firefox, Windows" in text
        assert "127.0.0.1" in text
        assert len(re.findall(r"/account/sessions/\d+/end", text)) == 1
        other = re.search(r"/account/sessions/\d+/end", text)
        assert other
        assert (await boris.post(other[0])).status == 404
        assert (await there.get("/workplace")).status == 200
        assert (await here.post(other[0])).status == 303
        assert (await there.get("/workplace")).status == 303
        assert (await here.get("/workplace")).status == 200
        assert (await here.post(other[0])).status == 404
        await there.log_in("anna")
        assert (await here.post("/account/sessions/end")).status == 303
        assert (await there.get("/workplace")).status == 303
        assert (await here.get("/workplace")).status == 200


async def test_when_a_session_was_seen_is_written_once_a_minute(site: Site):
    async with site.browser("anna") as anna:
        first = await site.pool.fetchval("select seen_at from sessions")
        await anna.get("/workplace")
        assert await site.pool.fetchval("select seen_at from sessions") == first
        await site.pool.execute("update sessions set seen_at = now() - interval '61 seconds'")
        before = await site.pool.fetchval("select seen_at from sessions")
        await anna.get("/workplace")
        assert await site.pool.fetchval("select seen_at from sessions") > before + timedelta(seconds=60)


async def test_a_new_password_ends_the_other_sessions(site: Site):
    async with site.browser("anna") as here, site.browser("anna") as there:
        answer = await here.post("/account/password", old=PASSWORD, new=GOOD, again=GOOD)
        assert answer.headers["Location"] == "/account?done=password"
        assert "Пароль изменён" in await (await here.get(answer.headers["Location"])).text()
        assert (await there.get("/workplace")).status == 303
        assert (await there.log_in("anna")).status == 401
        assert (await there.log_in("anna", GOOD)).status == 303


UNFIT = [
    ("wrong", GOOD, GOOD, "old"),
    ("x" * 5000, GOOD, GOOD, "old"),
    (PASSWORD, "short", "short", "new"),
    (PASSWORD, "anna knows it", "anna knows it", "new"),
    (PASSWORD, "Password2026!", "Password2026!", "new"),
    (PASSWORD, GOOD, "другие четыре слова", "again"),
    ("", "", "", "new"),
]


async def test_a_password_that_will_not_do_changes_nothing(site: Site):
    async with site.browser("anna") as anna, site.browser("anna") as there:
        for old, new, again, field in UNFIT:
            answer = await anna.post("/account/password", old=old, new=new, again=again)
            assert answer.status == 400, (old, new)
            text = await answer.text()
            assert f'id="{field}-problem"' in text
            assert GOOD not in text
        assert (await there.get("/workplace")).status == 200
        assert (await there.log_in("anna")).status == 303


async def test_guessing_the_present_password_takes_turns(site: Site):
    async with site.browser("anna") as anna:
        await site.pool.execute(
            "insert into login_attempts (subject, at) select 'login anna from 127.0.0.1', now() + interval '1 minute'"
            " from generate_series(1, $1)",
            ATTEMPTS_PER_SECRET,
        )
        answer = await anna.post("/account/password", old=PASSWORD, new=GOOD, again=GOOD)
        assert answer.status == 429
        assert "через 2 минуты" in await answer.text()
        assert (await anna.post("/account/codes/remove", password=PASSWORD)).status == 429
        await site.pool.execute("update login_attempts set at = at - interval '2 minutes'")
        assert (await anna.post("/account/password", old=PASSWORD, new=GOOD, again=GOOD)).status == 303


async def test_a_login_asks_for_a_code_once_it_was_confirmed(site: Site):
    async with site.browser("anna") as anna, site.browser() as there:
        totp = await secret_of(anna)
        # Not confirmed: login works as before.
        assert (await there.log_in("anna")).headers["Location"] == "/workplace"
        wrong = await anna.post("/account/codes/confirm", code="000000" if code(totp) != "000000" else "000001")
        assert wrong.status == 400
        assert 'id="code-problem"' in await wrong.text()
        assert (await anna.post("/account/codes/confirm", code=f" {code(totp)[:3]} {code(totp)[3:]} ")).status == 200
        assert (await there.log_in("anna")).headers["Location"] == "/login/code"
        assert (await anna.post("/account/codes", password=PASSWORD)).status == 400
        kept = await site.pool.fetchval("select totp_secret from operators where login = 'anna'")
        assert kept != BOX.open(kept) == totp.secret
    actions = await site.pool.fetch("select action from audit_log where action like '%codes%' order by id")
    assert [row["action"] for row in actions] == ["turned codes on", "created recovery codes"]


async def test_codes_are_begun_by_the_password_only_and_the_secret_is_shown_to_whoever_gave_it(site: Site):
    async with site.browser("anna") as anna:
        for password in ("", "wrong"):
            answer = await anna.post("/account/codes", password=password)
            assert (answer.status, 'id="password-problem"' in await answer.text()) == (400, True)
        assert await site.pool.fetchval("select totp_pending from operators where login = 'anna'") is None
        totp = await secret_of(anna)
        for answer in (await anna.get("/account"), await anna.post("/account/codes/confirm", code="x")):
            text = await answer.text()
            assert 'name="code"' in text
            assert not [part for part in ("otpauth:", 'class="qr"', f"{totp.secret[:4]} ") if part in text]


async def test_with_codes_the_password_alone_opens_nothing(site: Site):
    async with site.browser("anna") as anna, site.browser() as there:
        totp = await turn_on(anna)
        answer = await there.log_in("anna")
        assert answer.headers["Location"] == "/login/code"
        assert "session" not in answer.cookies
        assert (await there.get("/workplace")).headers["Location"] == "/login"
        assert (await there.get("/login/code")).status == 200
        assert (await there.post("/login/code", code="12345")).status == 401
        assert (await there.post("/login/code", code=code(totp))).headers["Location"] == "/workplace"
        assert (await there.get("/workplace")).status == 200
        assert (await there.get("/login/code")).headers["Location"] == "/login"


async def test_a_code_is_taken_once_also_by_two_at_the_same_time(site: Site):
    async with site.browser("anna") as anna, site.browser() as one, site.browser() as two, site.browser() as three:
        totp = await turn_on(anna)
        for browser in (one, two, three):
            await browser.log_in("anna")
        now = code(totp)
        answers = await asyncio.gather(one.post("/login/code", code=now), two.post("/login/code", code=now))
        assert sorted(answer.status for answer in answers) == [303, 401]
        assert (await three.post("/login/code", code=now)).status == 401
        # Nor one before it.
        assert (await three.post("/login/code", code=code(totp, -1))).status == 401


async def test_guessing_codes_is_stopped_and_the_right_password_forgives_no_code(site: Site):
    async with site.browser("anna") as anna, site.browser() as there:
        totp = await turn_on(anna)
        for _ in range(ATTEMPTS_PER_SECRET):
            await there.log_in("anna")
            assert (await there.post("/login/code", code="x")).status == 401
        await there.log_in("anna")
        answer = await there.post("/login/code", code=code(totp))
        assert answer.status == 429
        assert "через 15 минут" in await answer.text()
        await site.pool.execute("update login_attempts set at = at - interval '15 minutes'")
        assert (await there.post("/login/code", code=code(totp))).status == 303


async def test_the_second_step_waits_ten_minutes_and_needs_the_first(site: Site):
    async with site.browser("anna") as anna, site.browser() as there, site.browser() as stranger:
        totp = await turn_on(anna)
        await there.log_in("anna")
        assert (await stranger.get("/login/code")).headers["Location"] == "/login"
        assert (await stranger.post("/login/code", code=code(totp))).status == 401
        await site.pool.execute("update pending_logins set expires_at = now()")
        answer = await there.post("/login/code", code=code(totp))
        assert answer.status == 401
        assert "слишком много времени" in await answer.text()


async def test_codes_are_turned_off_by_the_password_only(site: Site):
    async with site.browser("anna") as anna, site.browser() as there:
        await turn_on(anna)
        wrong = await anna.post("/account/codes/remove", password="wrong")
        assert wrong.status == 400
        assert 'id="password-problem"' in await wrong.text()
        assert (await there.log_in("anna")).headers["Location"] == "/login/code"
        assert (await anna.post("/account/codes/remove", password=PASSWORD)).status == 303
        assert (await there.log_in("anna")).headers["Location"] == "/workplace"


async def test_nothing_is_confirmed_that_was_not_begun(site: Site):
    async with site.browser("anna") as anna:
        assert (await anna.post("/account/codes/confirm", code="123456")).status == 400


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (FIREFOX, "Firefox, Windows"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140 Safari/537.36 Edg/140", "Edge, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari, iPhone"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140 Mobile Safari/537.36", "Chrome, Android"),
        ("curl/8.9", "curl/8.9"),
        ("x" * 100, "x" * 40),
        ("", ""),
    ],
)
def test_browsers_have_names(user_agent: str, name: str):
    assert browser_name(user_agent) == name
