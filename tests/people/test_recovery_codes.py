"""Codes on paper that let somebody in whose telephone is lost, each once."""

import asyncio
import re

from callcenter.common.attempts import ATTEMPTS_PER_SECRET
from callcenter.people.second_factor import RECOVERY_CODES, is_recovery_code, new_recovery_codes
from tests.people.test_account_pages import code, page, secret_of
from tests.site import PASSWORD, Browser, Site

CODE = re.compile(r"<code>([a-z2-9]{4}(?:-[a-z2-9]{4}){3})</code>")


async def turn_on(browser: Browser) -> list[str]:
    totp = await secret_of(browser)
    answer = await browser.post("/account/codes/confirm", code=code(totp))
    assert answer.status == 200
    return CODE.findall(await answer.text())


async def enters(browser: Browser, recovery: str) -> bool:
    assert (await browser.log_in("anna")).headers["Location"] == "/login/code"
    answer = await browser.post("/login/code", recovery=recovery)
    assert answer.status in (303, 401)
    return answer.status == 303


def test_codes_are_all_different_and_hard_to_guess():
    codes = new_recovery_codes()
    assert len({*codes, *new_recovery_codes()}) == 2 * RECOVERY_CODES
    assert all(is_recovery_code(each) for each in codes)
    assert not is_recovery_code("123456")
    assert not is_recovery_code("")


async def test_ten_are_shown_once_and_kept_as_hashes(site: Site):
    async with site.browser("anna") as anna:
        codes = await turn_on(anna)
        assert len(codes) == RECOVERY_CODES
        text = await page(anna)
        assert "Осталось 10 кодов восстановления" in text
        assert not [each for each in codes if each in text]
    rows = await site.pool.fetch("select to_jsonb(c)::text as row from recovery_codes c")
    assert len(rows) == RECOVERY_CODES
    for each in codes:
        assert not [row for row in rows if each in row["row"] or each.replace("-", "") in row["row"]]


async def test_each_lets_in_once_however_it_is_typed_and_it_is_audited(site: Site):
    async with site.browser("anna") as anna, site.browser() as there, site.browser() as boris:
        codes = await turn_on(anna)
        assert await enters(there, f" {codes[0].upper().replace('-', ' ')} ")
        assert (await there.get("/workplace")).status == 200
        assert not await enters(there, codes[0])
        answer = await there.post("/login/code", recovery=codes[0])
        assert 'id="recovery-problem"' in await answer.text()
        assert await enters(there, codes[1].replace("-", ""))
        assert "Осталось 8 кодов восстановления" in await page(anna)
        # Nobody else's.
        await boris.log_in("boris")
        assert (await boris.post("/account/codes/recovery", password=PASSWORD)).status == 400
        totp = await secret_of(boris)
        await boris.post("/account/codes/confirm", code=code(totp))
        await boris.log_in("boris")
        assert (await boris.post("/login/code", recovery=codes[2])).status == 401
    used = await site.pool.fetch(
        "select o.login, a.address from audit_log a join operators o on o.id = a.operator_id"
        " where action = 'used recovery code'"
    )
    assert [tuple(row) for row in used] == [("anna", "127.0.0.1")] * 2


async def test_one_is_taken_once_also_by_two_at_the_same_time(site: Site):
    async with site.browser("anna") as anna, site.browser() as one, site.browser() as two:
        codes = await turn_on(anna)
        for browser in (one, two):
            await browser.log_in("anna")
        answers = await asyncio.gather(*(each.post("/login/code", recovery=codes[0]) for each in (one, two)))
        assert sorted(answer.status for answer in answers) == [303, 401]


async def test_new_ones_need_the_password_and_end_the_earlier(site: Site):
    async with site.browser("anna") as anna, site.browser() as there:
        old = await turn_on(anna)
        assert (await anna.post("/account/codes/recovery", password="wrong")).status == 400
        assert await enters(there, old[0])
        new = CODE.findall(await (await anna.post("/account/codes/recovery", password=PASSWORD)).text())
        assert len(new) == RECOVERY_CODES
        assert not set(old) & set(new)
        assert not await enters(there, old[1])
        assert await enters(there, new[1])
        assert "Осталось 9 кодов восстановления" in await page(anna)
    made = await site.pool.fetchval("select count(*) from audit_log where action = 'created recovery codes'")
    assert made == 2


async def test_they_are_gone_with_the_codes(site: Site):
    async with site.browser("anna") as anna:
        await turn_on(anna)
        assert (await anna.post("/account/codes/remove", password=PASSWORD)).status == 303
        assert await site.pool.fetchval("select count(*) from recovery_codes") == 0
        await turn_on(anna)
    async with site.browser("alla") as alla:
        assert (await alla.post(f"/people/{site.ids['anna']}/codes/remove")).status == 303
    assert await site.pool.fetchval("select count(*) from recovery_codes") == 0


async def test_guessing_them_is_stopped_as_guessing_codes_is(site: Site):
    async with site.browser("anna") as anna, site.browser() as there:
        codes = await turn_on(anna)
        for _ in range(ATTEMPTS_PER_SECRET):
            assert not await enters(there, new_recovery_codes()[0])
        await there.log_in("anna")
        assert (await there.post("/login/code", recovery=codes[0])).status == 429
