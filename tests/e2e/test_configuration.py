"""What is changed on the pages reaches a real Asterisk by the node itself, and the pages say since when."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from callcenter.common.requests import ask
from callcenter.domain.events import Presence
from callcenter.domain.ids import OPERATORS, OperatorId
from callcenter.domain.request import PresenceBody
from callcenter.settings import Settings
from callcenter.telephony import configuration
from callcenter.telephony.configuration import ConfigurationRefused, RunningConfiguration
from callcenter.telephony.render import ROOT, Directory, texts
from stack.errors import StackError
from tests.e2e.asterisk_instance import TREE, AsteriskInstance, asterisk, wait_for
from tests.e2e.caller import Caller
from tests.e2e.node import PATIENCE_S, node, settings_of, until
from tests.site import Browser, Site, site

__all__ = ["site"]

pytestmark = pytest.mark.e2e

NUMBER, NEW_NUMBER = "74951234567", "74957654321"
NEW_COMPANY = {"name": "УК «Новая»", "zone": "Europe/Moscow", "language": "ru", "retention_days": "1096"}
OLGA = {"login": "olga", "name": "Ольга Новая", "role": "operator", "language": "ru"}


@pytest.fixture
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AsteriskInstance]:
    """It knows nobody yet."""
    with asterisk(tmp_path_factory.mktemp("asterisk"), Directory((), ()), ring_s=5, max_wait_s=20) as instance:
        yield instance


async def said(browser: Browser, path: str, words: str) -> None:
    """Wait until the page says it."""

    async def says() -> bool:
        return words in await (await browser.get(path)).text()

    await until(says, f"{words!r} on {path}")


async def add_company(browser: Browser, number: str = NEW_NUMBER) -> str:
    answer = await browser.post("/directory/companies/new", **NEW_COMPANY, numbers=f"+{number}")
    assert answer.status == 303, await answer.text()
    return answer.headers["Location"]


def reached(pbx: AsteriskInstance, number: str) -> str:
    """How a call to the number goes on in the ledger: `ENTERQUEUE` or `REJECTED`."""
    before = len(pbx.ledger())
    with Caller(pbx.settings.asterisk.sip_port, number.encode()) as caller:
        assert caller.invite() == 200
        found = wait_for(
            lambda: [line[4] for line in pbx.ledger()[before:] if line[4] in ("ENTERQUEUE", "REJECTED")], "the call"
        )
        caller.hang_up()
    return found[0]


async def test_a_number_added_on_a_page_answers_and_one_removed_does_not(
    site: Site, database_url: str, pbx: AsteriskInstance
) -> None:
    async with node(settings_of(pbx, database_url)), site.browser("alla") as alla:
        assert await asyncio.to_thread(reached, pbx, NEW_NUMBER) == "REJECTED"
        page = await add_company(alla)
        await said(alla, page, "в Asterisk с")
        assert await asyncio.to_thread(reached, pbx, NEW_NUMBER) == "ENTERQUEUE"
        assert await asyncio.to_thread(reached, pbx, NUMBER) == "ENTERQUEUE"

        assert (await alla.post(f"{page}/edit", **NEW_COMPANY, numbers="")).status == 303

        async def gone() -> bool:
            return "d" + NEW_NUMBER not in await asyncio.to_thread(pbx.cli, "dialplan show numbers")

        await until(gone, "the end of the number")
        assert await asyncio.to_thread(reached, pbx, NEW_NUMBER) == "REJECTED"


async def test_a_telephone_is_given_renewed_taken_away_and_out_of_use_with_its_operator(
    site: Site, database_url: str, pbx: AsteriskInstance
) -> None:
    async def registers(secret: str) -> bool:
        phone = replace(pbx, directory=Directory((), (("olga", secret),)))
        try:
            await asyncio.to_thread(phone.register, "olga")
        except StackError:
            return False
        return True

    async def members() -> str:
        return re.sub(r"\x1b\[[\d;]*m", "", await asyncio.to_thread(pbx.cli, f"queue show {OPERATORS}"))

    async def unknown() -> bool:
        return "Unable to find" in await asyncio.to_thread(pbx.cli, "pjsip show endpoint olga")

    async with node(settings_of(pbx, database_url)), site.browser("alla") as alla:
        added = await (await alla.post("/people/new", **OLGA)).text()
        person = int(re.findall(r"/people/(\d+)", added)[0])
        page = f"/people/{person}"

        first = secret_in(await (await alla.post(f"{page}/telephone", endpoint="olga")).text())
        await said(alla, page, "в Asterisk с")
        async with site.pool.acquire() as connection:
            await ask(connection, PresenceBody(wanted=Presence.AVAILABLE), asker=OperatorId(person))
        phone = replace(pbx, directory=Directory((), (("olga", first),)))
        await asyncio.to_thread(one_call, phone)

        # Where it registered is forgotten, so that no call goes there.
        assert await registers(first)
        second = secret_in(await (await alla.post(f"{page}/telephone/renew")).text())
        await said(alla, page, "в Asterisk с")
        assert second != first
        assert "(Invalid)" in await members()
        assert not await registers(first)
        assert await registers(second)
        assert "(Not in use)" in await members()

        assert (await alla.post(f"{page}/active", active="no")).status == 303
        await until(unknown, "the end of the account while access is blocked")
        await until(lambda: without(members), "being taken off the line")
        assert not await registers(second)
        assert (await alla.post(f"{page}/active", active="yes")).status == 303
        await said(alla, page, "в Asterisk с")
        assert await registers(second)

        assert (await alla.post(f"{page}/telephone/take")).status == 303
        await said(alla, page, "Выдать телефон")
        await until(unknown, "the end of the account")
        assert not await registers(second)
        assert "olga" not in await asyncio.to_thread(pbx.cli, "database show registrar")


async def without(members: Callable[[], Awaitable[str]]) -> bool:
    return "olga" not in await members()


def secret_in(text: str) -> str:
    found = re.search(r"<code>([a-z2-9]{20})</code>", text)
    assert found
    return found[1]


def one_call(pbx: AsteriskInstance) -> None:
    """A caller whom the telephone `olga` answers."""
    with pbx.operator("operator_listens", "olga"), Caller(pbx.settings.asterisk.sip_port, NUMBER.encode()) as caller:
        assert caller.invite() == 200
        wait_for(lambda: [line for line in pbx.ledger() if line[4] == "CONNECT"], "the answer", timeout_s=PATIENCE_S)
        caller.hang_up()


async def test_a_change_without_the_node_is_said_and_caught_up_at_its_start(
    site: Site, database_url: str, pbx: AsteriskInstance
) -> None:
    settings = settings_of(pbx, database_url)
    async with site.browser("alla") as alla:
        async with node(settings):
            await said(alla, "/directory/companies", "Компании")
            await until(lambda: site.pool.fetchval("select count(*) from asterisk_entries"), "the first start")
        await site.pool.execute("update node_configurations set seen_at = now() - interval '1 minute'")
        page = await add_company(alla)
        text = await (await alla.get(page)).text()
        assert "ещё не в Asterisk: узел node1 не отвечает" in text
        assert "1 изменение ещё не в Asterisk" in text
        assert await asyncio.to_thread(reached, pbx, NEW_NUMBER) == "REJECTED"
        async with node(settings):
            await said(alla, page, "в Asterisk с")
        assert await asyncio.to_thread(reached, pbx, NEW_NUMBER) == "ENTERQUEUE"
        assert "изменение" not in await (await alla.get("/directory/companies")).text()


async def test_a_change_without_asterisk_is_said_and_caught_up_when_it_is_back(
    site: Site, database_url: str, pbx: AsteriskInstance
) -> None:
    async with node(settings_of(pbx, database_url)), site.browser("alla") as alla:
        await until(lambda: site.pool.fetchval("select count(*) from asterisk_entries"), "the first start")
        pbx.process.terminate()
        await asyncio.to_thread(pbx.process.wait)
        page = await add_company(alla)
        await said(alla, page, "Asterisk не отвечает")
        again = await asyncio.create_subprocess_exec(ROOT / "asterisk" / "run.sh", TREE, pbx.home)
        try:
            await said(alla, page, "в Asterisk с")
            assert await asyncio.to_thread(reached, pbx, NEW_NUMBER) == "ENTERQUEUE"
        finally:
            again.terminate()
            await again.wait()


async def test_what_asterisk_does_not_accept_leaves_what_it_has(
    database_url: str, pbx: AsteriskInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_of(pbx, database_url)
    running = RunningConfiguration(settings)
    good = Directory(((NUMBER, "ru"),), (("olga", "good-secret"),))
    await running.apply(good, ())
    before = files(pbx.home / "etc")
    monkeypatch.setattr(configuration, "TAKES_EFFECT_WITHIN_S", 0.5)
    for name, broken in (("pjsip.conf", "[global\n"), ("dialplan/numbers.conf", "[n\n")):

        def break_one(given: Settings, directory: Directory, name: str = name, broken: str = broken) -> dict[Path, str]:
            return texts(given, directory) | {Path(name): broken}

        with monkeypatch.context() as patch:
            patch.setattr(configuration, "texts", break_one)
            with pytest.raises(ConfigurationRefused):
                await running.apply(
                    Directory(((NUMBER, "ru"), (NEW_NUMBER, "ru")), (("boris", "b-1"), *good.endpoints)), ()
                )
        assert files(pbx.home / "etc") == before
        assert await asyncio.to_thread(reached, pbx, NUMBER) == "ENTERQUEUE"
        assert "good-secret" in pbx.cli("pjsip show auth olga")
    assert await asyncio.to_thread(reached, pbx, NEW_NUMBER) == "REJECTED"


def files(folder: Path) -> dict[Path, str]:
    return {path: path.read_text() for path in folder.rglob("*") if path.is_file()}
