"""The pages of who is told of outages: an administrator's, and of what did not reach them."""

import re

import pytest

from tests.site import BOX, Browser, Site

FORM = {
    "name": "ЕДДС",
    "party": "municipality",
    "way": "email",
    "address": "edds@example.org",
    "language": "ru",
    "active": "on",
}


async def add(alla: Browser, site: Site, **changes: str) -> int:
    company = str(await site.pool.fetchval("select min(id) from companies"))
    return (await alla.post("/outages/recipients", company=company, **{**FORM, **changes})).status


async def test_an_administrator_says_who_is_told(site: Site) -> None:
    async with site.browser("alla") as alla:
        assert await add(alla, site) == 303
        page = await (await alla.get("/outages/recipients")).text()
        assert "edds@example.org" in page
        path = re.search(r"/outages/recipients/\d+", page)
        assert path is not None
        form = await (await alla.get(path[0])).text()
        assert 'value="edds@example.org"' in form
        changed = {**FORM, "way": "max", "address": "-7001"}
        changed.pop("active")
        assert (await alla.post(path[0], **changed)).status == 303
        row = await site.pool.fetchrow("select way, address, active, secret from outage_recipients")
        assert tuple(row) == ("max", "-7001", False, None)
        assert (await alla.post("/outages/recipients/999999999", **FORM)).status == 404
    noted = await site.pool.fetch("select details from audit_log where action = 'changed outage recipient' order by id")
    assert [row["details"]["active"] for row in noted] == [True, False]
    assert "edds" not in str([dict(row["details"]) for row in noted])


async def test_a_webhooks_secret_is_shown_once_and_kept(site: Site) -> None:
    company = str(await site.pool.fetchval("select min(id) from companies"))
    webhook = {**FORM, "way": "webhook", "address": "https://edds.example.org/hook"}
    async with site.browser("alla") as alla:
        made = await (await alla.post("/outages/recipients", company=company, **webhook)).text()
        kept = await site.pool.fetchval("select secret from outage_recipients")
        secret = BOX.open(kept)
        assert secret != kept
        assert len(secret) >= 40
        assert secret in made
        assert secret not in await (await alla.get("/outages/recipients")).text()
        recipient = await site.pool.fetchval("select id from outage_recipients")
        again = await alla.post(f"/outages/recipients/{recipient}", **{**webhook, "name": "Другое имя"})
        assert again.status == 303
        assert await site.pool.fetchval("select secret from outage_recipients") == kept


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "x" * 201},
        {"address": "edds"},
        {"address": "a@b\r\nBcc: c@d"},
        {"way": "webhook", "address": "http://edds.example.org/"},
        {"way": "webhook", "address": "https://user:secret@edds.example.org/"},
        {"way": "webhook", "address": "https://[::1"},
        {"way": "max", "address": "чат"},
        {"way": "max", "address": "1&user_id=2"},
        {"way": "pigeon"},
        {"party": "neighbour"},
        {"company": "999999999"},
        {"company": ""},
    ],
)
async def test_what_makes_no_sense_is_refused(site: Site, wrong: dict[str, str]) -> None:
    company = {"company": str(await site.pool.fetchval("select min(id) from companies"))}
    async with site.browser("alla") as alla:
        assert (await alla.post("/outages/recipients", **{**FORM, **company, **wrong})).status == 422
    assert await site.pool.fetchval("select count(*) from outage_recipients") == 0


async def test_what_did_not_arrive_is_shown_to_supervisors(site: Site) -> None:
    async with site.browser("alla") as alla:
        await add(alla, site)
    company = await site.pool.fetchval("select min(id) from companies")
    notice = await site.pool.fetchval(
        "with o as (insert into outages (company_id, state, since) values ($1, 'suspected', now()) returning id)"
        " insert into outage_notices (outage_id, recipient_id, event, body, key, state, attempts, problem)"
        " select o.id, r.id, 'opened', '{}', 'k', 'dead', 10, 'mail refused: 550 no such mailbox'"
        " from o, outage_recipients r returning id",
        company,
    )
    async with site.browser("vera") as vera:
        page = await (await vera.get("/outages/messages")).text()
        assert "550 no such mailbox" in page
        assert "ЕДДС" in page
        assert (await vera.post(f"/outages/messages/{notice}/again")).status == 303
        assert await site.pool.fetchval("select state from outage_notices") == "waiting"
        assert (await vera.get("/outages/recipients")).status == 403
