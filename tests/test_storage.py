"""Migrations are applied once and are not altered; queries are read by name."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from callcenter import storage
from callcenter.errors import StorageError

pytestmark = pytest.mark.e2e


@pytest.fixture
async def connection(owner_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(owner_url)
    yield connection
    await connection.close()


async def test_migrating_twice_applies_nothing_twice(connection: asyncpg.Connection) -> None:
    assert await storage.migrate(connection) == []


async def test_an_altered_migration_is_refused(connection: asyncpg.Connection) -> None:
    name = await connection.fetchval("update schema_migrations set sha256 = 'other' returning name")
    with pytest.raises(StorageError, match=name):
        await storage.migrate(connection)
    await connection.execute("delete from schema_migrations where name = $1", name)
    await connection.execute("drop schema public cascade; create schema public")
    assert name in await storage.migrate(connection)


async def test_a_database_of_a_newer_version_is_refused(connection: asyncpg.Connection) -> None:
    await connection.execute("insert into schema_migrations values ('9999_future', 'x')")
    with pytest.raises(StorageError, match="9999_future"):
        await storage.migrate(connection)
    await connection.execute("delete from schema_migrations where name = '9999_future'")


def test_every_named_query_is_read() -> None:
    for file in storage.QUERIES.glob("*.sql"):
        found = storage.queries(file.stem)
        assert len(found) == file.read_text().count("-- name: ")
        assert all(found.values())
