"""An empty database for one measurement, on the stack's server."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from pydantic import SecretStr

from callcenter.cli.migrate import let_in
from callcenter.settings import DatabaseSettings
from callcenter.storage import connect, migrate


@asynccontextmanager
async def own_database(postgres: Mapping[str, str], what: str) -> AsyncIterator[DatabaseSettings]:
    """A migrated database that is gone afterwards, with the login of the service. `what`: a part of its name."""
    name = f"bench_{what}_{os.getpid()}"
    url, service = (urlunsplit(urlsplit(postgres[dsn])._replace(path=f"/{name}")) for dsn in ("dsn", "service_dsn"))
    server = await asyncpg.connect(postgres["dsn"])
    try:
        await server.execute(f"create database {name}")
        try:
            connection = await connect(DatabaseSettings(url=SecretStr(url)))
            try:
                await migrate(connection)
                await let_in(connection, service)
            finally:
                await connection.close()
            yield DatabaseSettings(url=SecretStr(service))
        finally:
            await server.execute(f"drop database {name} with (force)")
    finally:
        await server.close()
