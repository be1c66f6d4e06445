"""A link that sets a telephone up: made by an administrator, works once, for one person or one telephone."""

import re
from xml.etree import ElementTree

import pytest

from tests.people.test_pages import audited
from tests.people.test_telephone_pages import account
from tests.site import Browser, Site

LINK = re.compile(r'id="telephone-link" value="[^"]*?(/telephone/[A-Za-z0-9_-]+)"')
LINPHONE = "{http://www.linphone.org/xsds/lpconfig.xsd}"


async def link(site: Site, alla: Browser, login: str = "vera") -> str:
    """The path of a new link for the telephone of this person, who gets one if there is none."""
    page = f"/people/{site.ids[login]}"
    if (await account(site, login))[0] is None:
        await alla.post(f"{page}/telephone", endpoint="desk-7", kind="device")
    text = await (await alla.post(f"{page}/telephone/link")).text()
    found = LINK.search(text)
    assert found
    assert text.count("<svg") >= 2
    assert found[1] not in await (await alla.get(page)).text()
    return found[1]


async def test_the_account_is_shown_once_to_whoever_has_the_link(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    async with site.browser("alla") as alla, site.browser() as anybody:
        path = await link(site, alla)
        _, secret, _ = await account(site, "vera")
        assert secret
        for _ in range(2):
            answer = await anybody.get(path)
            assert answer.status == 200
            assert secret not in await answer.text(), "a program that looks at links must not use it up"
        answer = await anybody.post(path)
        text = await answer.text()
        assert f"<code>{secret}</code>" in text
        assert "<code>desk-7</code>" in text
        assert "<code>127.0.0.1:5060</code>" in text
        assert (answer.headers["Cache-Control"], answer.headers["Referrer-Policy"]) == ("no-store", "no-referrer")
        for again in (await anybody.post(path), await anybody.get(path), await anybody.get(f"{path}/linphone.xml")):
            assert again.status == 404
            assert secret not in await again.text()
    assert await audited(site, str(site.ids["vera"])) == [
        "gave telephone", "created telephone link", "opened telephone link"
    ]  # fmt: skip
    written = capsys.readouterr()
    details = await site.pool.fetchval("select string_agg(details::text, '') from audit_log")
    for text in (written.out + written.err, details):
        assert secret not in text
        assert path.rpartition("/")[2] not in text


async def test_linphone_fetches_it(site: Site) -> None:
    async with site.browser("alla") as alla, site.browser() as anybody:
        path = await link(site, alla)
        _, secret, _ = await account(site, "vera")
        answer = await anybody.get(f"{path}/linphone.xml")
        assert answer.content_type == "text/xml"
        root = ElementTree.fromstring(await answer.text())
        entries = {
            (section.get("name"), entry.get("name")): entry.text
            for section in root.iter(f"{LINPHONE}section")
            for entry in section.iter(f"{LINPHONE}entry")
        }
        assert entries["auth_info_0", "username"] == "desk-7"
        assert entries["auth_info_0", "passwd"] == secret
        assert entries["proxy_0", "reg_proxy"] == "<sip:127.0.0.1:5060;transport=udp>"
        assert entries["proxy_0", "reg_identity"] == '"desk-7" <sip:desk-7@127.0.0.1>'
        assert (await anybody.post(path)).status == 404


async def test_a_telephone_of_grandstream_fetches_its_own_file(site: Site) -> None:
    async with site.browser("alla") as alla, site.browser() as anybody:
        path = await link(site, alla)
        _, secret, _ = await account(site, "vera")
        for name in ("cfg", "cfg.xml", "cfg000b82000001", "cfg000b8200000g.xml", "..%2Flinphone.xml"):
            assert (await anybody.get(f"{path}/{name}")).status == 404
        root = ElementTree.fromstring(await (await anybody.get(f"{path}/cfg000b82a1b2c3.xml")).text())
        assert [root.findtext(f"config/{name}") for name in ("P35", "P34", "P47")] == [
            "desk-7",
            secret,
            "127.0.0.1:5060",
        ]


@pytest.mark.parametrize("after", ["a day", "renew", "take", "block", "another link"])
async def test_a_link_does_not_work_after(site: Site, after: str) -> None:
    page = f"/people/{site.ids['vera']}"
    async with site.browser("alla") as alla, site.browser() as anybody:
        path = await link(site, alla)
        match after:
            case "a day":
                await site.pool.execute("update telephone_links set expires_at = expires_at - interval '24 hours'")
            case "block":
                await alla.post(f"{page}/active", active="no")
            case "another link":
                await link(site, alla)
            case _:
                await alla.post(f"{page}/telephone/{after}")
        for answer in (await anybody.get(path), await anybody.post(path), await anybody.get(f"{path}/linphone.xml")):
            assert answer.status == 404


@pytest.mark.parametrize("token", ["x", "a" * 4000, "%00", "%D1%8F", "'%20or%20true", "..%2f..%2fpeople"])
async def test_a_link_that_was_never_made_is_not_found(site: Site, token: str) -> None:
    async with site.browser() as anybody:
        for answer in (await anybody.get(f"/telephone/{token}"), await anybody.post(f"/telephone/{token}")):
            assert answer.status == 404


async def test_only_a_telephone_that_is_set_up_gets_a_link(site: Site) -> None:
    async with site.browser("alla") as alla:
        page = f"/people/{site.ids['vera']}"
        assert (await alla.post(f"{page}/telephone/link")).status == 404
        await alla.post(f"{page}/telephone", endpoint="vera", kind="browser")
        assert (await alla.post(f"{page}/telephone/link")).status == 404
        assert (await alla.post("/people/999999/telephone/link")).status == 404
    assert await site.pool.fetchval("select count(*) from telephone_links") == 0


async def test_a_name_is_no_markup(site: Site) -> None:
    await site.pool.execute("update operators set name = '<b>&\"' where login = 'vera'")
    async with site.browser("alla") as alla, site.browser() as anybody:
        path = await link(site, alla)
        text = await (await anybody.post(path)).text()
        assert "<b>" not in text
        assert "&lt;b&gt;&amp;" in text
