from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest

from callcenter.__main__ import main
from callcenter.common.passwords import Passwords
from callcenter.common.tokens import Tokens
from callcenter.domain.access import Role, Scope
from callcenter.errors import InvitationError
from callcenter.people.invitations import Invitations, invite_administrator
from callcenter.settings import DatabaseSettings
from callcenter.storage import open_pool
from tests.conftest import emptied

ENVIRONMENT = {
    "CALLCENTER_AMI__EVENTS_SECRET": "x",
    "CALLCENTER_AMI__ACTIONS_SECRET": "x",
    "CALLCENTER_S3__ENDPOINT": "127.0.0.1:1",
    "CALLCENTER_S3__ACCESS_KEY": "x",
    "CALLCENTER_S3__SECRET_KEY": "x",
    "CALLCENTER_HANDOVER__SECRET": "x" * 32,
    "CALLCENTER_SECRETS__KEYS": f'["{"2" * 64}"]',
    "CALLCENTER_WEB__PUBLIC_URL": "https://desk.example.org",
}


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    pool = await open_pool(DatabaseSettings(url=database_url))
    await pool.execute(emptied("operators"))
    yield pool
    await pool.close()


async def invited(pool: asyncpg.Pool, login: str, name: str) -> str:
    async with pool.acquire() as connection:
        return await invite_administrator(connection, login, name)


async def test_the_first_administrator_comes_in_once(pool: asyncpg.Pool):
    invitations = Invitations(pool, Passwords())
    token = await invited(pool, "root", " Ирина Первая ")
    person = await invitations.find(token)
    assert person is not None
    assert (person.login, person.name, person.role) == ("root", "Ирина Первая", Role.ADMINISTRATOR)
    assert await invitations.use(token, "четыре разных слова", "192.0.2.1") == person
    assert await invitations.find(token) is None
    assert await invitations.use(token, "другие четыре слова", "192.0.2.1") is None
    rows = await pool.fetch("select action, operator_id, address from audit_log order by id")
    assert [tuple(row) for row in rows] == [
        ("invited person", None, ""),
        ("accepted invitation", person.id, "192.0.2.1"),
    ]


async def test_a_second_invitation_of_the_same_administrator_ends_the_first(pool: asyncpg.Pool):
    invitations = Invitations(pool, Passwords())
    first = await invited(pool, "root", "Ирина Первая")
    second = await invited(pool, "root", "Ирина Первая")
    assert await invitations.find(first) is None
    assert await invitations.find(second) is not None
    assert await pool.fetchval("select count(*) from operators") == 1


@pytest.mark.parametrize(
    ("login", "name", "said"),
    [
        ("Root", "Ирина", "cannot be a login"),
        ("r", "Ирина", "cannot be a login"),
        ("root\n", "Ирина", "cannot be a login"),
        ("root", "  ", "name is empty"),
        ("anna", "Анна", "choose another login"),
        ("gone", "Ушла", "choose another login"),
    ],
)
async def test_what_cannot_be_invited_is_said(pool: asyncpg.Pool, login: str, name: str, said: str):
    await pool.execute(
        "insert into operators (login, name, role, active)"
        " values ('anna', 'Анна', 'operator', true), ('gone', 'Ушла', 'administrator', false)"
    )
    with pytest.raises(InvitationError, match=said):
        await invited(pool, login, name)
    assert await pool.fetchval("select count(*) from invitations") == 0
    assert await pool.fetchval("select count(*) from operators") == 2


def test_the_command_prints_the_link_or_what_is_wrong(
    database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    for name, value in (ENVIRONMENT | {"CALLCENTER_DATABASE__URL": database_url}).items():
        monkeypatch.setenv(name, value)
    assert main(["invite-administrator", "chief", "Главный"]) == 0
    assert capsys.readouterr().out.startswith("https://desk.example.org/invite/")
    assert main(["invite-administrator", "No!", "Главный"]) == 1
    assert "cannot be a login" in capsys.readouterr().err


async def test_a_new_password_ends_what_programs_could_do_with_the_old_ones_owner(pool: asyncpg.Pool):
    invitations, tokens = Invitations(pool, Passwords()), Tokens(pool)
    for login in ("root", "other"):
        person = await invitations.use(await invited(pool, login, "Имя"), "четыре разных слова", "192.0.2.1")
        assert person is not None
        await tokens.make(person, "program", {Scope.TICKETS_READ}, timedelta(days=1), address="")
    await invitations.use(await invited(pool, "root", "Имя"), "другие четыре слова", "192.0.2.1")
    left = await pool.fetch("select o.login from api_tokens t join operators o on o.id = t.operator_id")
    assert [row["login"] for row in left] == ["other"]
    assert await pool.fetchval("select details from audit_log where action = 'revoked token'") == {"n": 1}
