"""The link by which the first administrator makes an account, and nobody after."""

import asyncio

import asyncpg
import pytest

from callcenter.__main__ import main
from callcenter.people.first_administrator import setup_link
from tests.conftest import emptied
from tests.people.test_invitations import ENVIRONMENT
from tests.site import BOX, Site

GOOD = "четыре разных слова"
FORM = {"login": "Olga", "name": "Ольга Первая", "new": GOOD, "again": GOOD}


async def link(site: Site) -> str:
    await site.pool.execute("update operators set role = 'supervisor' where role = 'administrator'")
    async with site.pool.acquire() as connection:
        found = await setup_link(connection, BOX, "")
    assert found is not None
    return found


async def test_the_first_administrator_comes_in_by_the_link_and_begins_where_the_first_steps_are(site: Site):
    path = await link(site)
    async with site.browser() as olga:
        assert "Здравствуйте" in await (await olga.get(path)).text()
        answer = await olga.post(path, **FORM)
        assert (answer.status, answer.headers["Location"]) == (303, "/start")
        assert (await olga.get("/people")).status == 200
    row = await site.pool.fetchrow("select name, role from operators where login = 'olga'")
    assert tuple(row) == ("Ольга Первая", "administrator")


async def test_the_link_is_over_once_there_is_an_administrator_and_a_wrong_one_never_works(site: Site):
    path = await link(site)
    async with site.browser() as olga, site.browser() as late:
        wrong = path[:-1] + ("a" if path[-1] != "a" else "b")
        assert (await late.get(wrong)).status == 404
        assert (await late.post(wrong, **FORM)).status == 404
        answers = await asyncio.gather(olga.post(path, **FORM), late.post(path, **(FORM | {"login": "late"})))
        assert sorted(answer.status for answer in answers)[0] == 303
        assert await site.pool.fetchval("select count(*) from operators where role = 'administrator'") == 1
        assert (await late.get(path)).status == 404
        assert (await late.post(path, **(FORM | {"login": "third"}))).status == 404
        async with site.pool.acquire() as connection:
            assert await setup_link(connection, BOX, "") is None


@pytest.mark.parametrize(
    ("change", "marked"),
    [({"login": "О"}, "login"), ({"name": " "}, "name"), ({"new": "short"}, "new"), ({"again": "other"}, "again")],
)
async def test_what_is_wrong_is_said_beside_its_field(site: Site, change: dict[str, str], marked: str):
    path = await link(site)
    async with site.browser() as olga:
        answer = await olga.post(path, **(FORM | change))
        assert answer.status == 400
        assert f'id="{marked}-problem"' in await answer.text()
    assert await site.pool.fetchval("select count(*) from operators where role = 'administrator'") == 0


async def nobody(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute(emptied("operators"))
    await connection.close()


def test_the_command_prints_the_link_until_there_is_an_administrator(
    database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    for name, value in (ENVIRONMENT | {"CALLCENTER_DATABASE__URL": database_url}).items():
        monkeypatch.setenv(name, value)
    asyncio.run(nobody(database_url))
    assert main(["setup-link"]) == 0
    first = capsys.readouterr().out
    assert first.startswith("https://desk.example.org/setup/")
    assert main(["setup-link"]) == 0
    assert capsys.readouterr().out == first
    assert main(["invite-administrator", "chief", "Главный"]) == 0
    capsys.readouterr()
    assert main(["setup-link"]) == 1
    assert "/setup/" not in capsys.readouterr().out
