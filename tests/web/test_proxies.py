"""Whose address is counted and written down when a proxy stands before the pages."""

from ipaddress import ip_network

import pytest

from callcenter import metrics
from callcenter.cli import doctor
from callcenter.settings import WebSettings
from callcenter.web.keys import SETTINGS
from callcenter.web.proxies import client_of
from tests.site import Site, put_in_place

OURS = [ip_network("10.0.0.0/8"), ip_network("127.0.0.0/8"), ip_network("fd00::/8")]


@pytest.mark.parametrize(
    ("peer", "said", "client"),
    [
        ("127.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("127.0.0.1", "203.0.113.7, 10.0.0.2", "203.0.113.7"),
        # The client wrote the first itself.
        ("127.0.0.1", "198.51.100.1, 203.0.113.7", "203.0.113.7"),
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "nonsense", "127.0.0.1"),
        ("127.0.0.1", "198.51.100.1, nonsense, 10.0.0.2", "10.0.0.2"),
        ("127.0.0.1", "10.0.0.9", "10.0.0.9"),
        ("fd00::1", "2001:db8::5", "2001:db8::5"),
        ("::ffff:127.0.0.1", "203.0.113.7", "203.0.113.7"),
    ],
)
def test_only_a_trusted_proxy_is_believed(peer: str, said: str, client: str):
    assert client_of(peer, said, OURS) == client


async def failures(site: Site, said: str) -> str:
    async with site.browser() as browser:
        headers = {"Origin": browser.origin, "X-Forwarded-For": said}
        form = {"login": "anna", "password": "wrong"}
        async with browser.http.post("/login", data=form, headers=headers, allow_redirects=False) as answer:
            await answer.read()
            assert answer.status == 401
    return str(await site.pool.fetchval("select address from audit_log order by id desc limit 1"))


async def test_the_limits_and_the_audit_log_know_the_client_behind_our_proxy_alone(site: Site):
    assert await failures(site, "203.0.113.7") == "127.0.0.1"
    web = WebSettings.model_validate({"cookie_secure": False, "trusted_proxies": ["127.0.0.0/8"]})
    app = site.server.app
    put_in_place(app, SETTINGS, app[SETTINGS].model_copy(update={"web": web}))
    assert await failures(site, "203.0.113.7") == "203.0.113.7"
    subjects = {row["subject"] for row in await site.pool.fetch("select subject from login_attempts")}
    assert {"address 127.0.0.1", "address 203.0.113.7"} <= subjects


async def test_the_doctor_warns_of_a_proxy_that_nobody_trusts(
    site: Site,
):
    settings = site.server.app[SETTINGS]
    web = settings.web.model_copy(update={"host": site.server.host, "port": site.server.port})
    settings = settings.model_copy(update={"web": web})
    metrics.untrusted_forwarded_total.clear()
    assert (await doctor._web(settings)).endswith("is served")
    await failures(site, "203.0.113.7")
    with pytest.raises(doctor.CheckWarning, match=r"X-Forwarded-For from 127\.0\.0\.1.*TRUSTED_PROXIES"):
        await doctor._web(settings)
