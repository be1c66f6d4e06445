"""Numbers that older versions stored are brought into the one form; what two companies claim is said."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from callcenter.cli.numbers import migrate_numbers
from callcenter.directory.stored_numbers import StoredNumber, rewrite_numbers
from tests.conftest import by_owner

pytestmark = pytest.mark.e2e


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database_url)
    await connection.execute(by_owner("truncate companies restart identity cascade"))
    await connection.execute("insert into companies (name) values ('one'), ('two')")
    yield connection
    await connection.close()


async def numbers(connection: asyncpg.Connection, *given: tuple[str, int]) -> None:
    await connection.executemany("insert into numbers (number, company_id) values ($1, $2)", given)


async def stored(connection: asyncpg.Connection) -> dict[str, int]:
    return dict(await connection.fetch("select number, company_id from numbers"))


async def test_each_is_rewritten_once_and_a_short_code_is_not(connection: asyncpg.Connection) -> None:
    await numbers(connection, ("84951234567", 1), ("8121234567", 2), ("0511", 1), ("79161234567", 2))
    assert await rewrite_numbers(connection) == [
        StoredNumber("8121234567", "78121234567", 2),
        StoredNumber("84951234567", "74951234567", 1),
    ]
    assert await stored(connection) == {"74951234567": 1, "78121234567": 2, "0511": 1, "79161234567": 2}
    assert await rewrite_numbers(connection) == []


async def test_what_two_companies_claim_stays_and_is_said(
    connection: asyncpg.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {"84951234567": 1, "74951234567": 2, "8121234567": 2, "78121234567": 2}
    await numbers(connection, *given.items())
    await migrate_numbers(connection)
    assert await stored(connection) == {"84951234567": 1, "74951234567": 2, "78121234567": 2}
    said = capsys.readouterr().out
    assert "number 84951234567 of company 1 stays as it is: 74951234567 is company 2's" in said
    assert "number 8121234567 of company 2 is stored as 78121234567 now" in said
