"""`callcenter migrate`: as the owner of the tables, everything that the service must find in the database."""

from urllib.parse import unquote, urlsplit

import asyncpg

from callcenter.cli.numbers import migrate_numbers
from callcenter.common.address_keys import fill_keys
from callcenter.common.secret_box import SecretBox, reseal
from callcenter.errors import StorageError
from callcenter.people.first_administrator import setup_link
from callcenter.settings import Settings
from callcenter.storage import connect, migrate, queries

SQL = queries("roles")


async def migrate_all(settings: Settings) -> int:
    """Bring the schema up to date, let the service's login in, encrypt secrets; return 0."""
    database = settings.database
    connection = await connect(database.of_owner())
    try:
        applied = await migrate(connection)
        print(f"applied {', '.join(applied)}" if applied else "the schema is up to date")
        await migrate_numbers(connection)
        await fill_keys(connection)
        if database.owner_url is not None:
            await let_in(connection, database.url.get_secret_value())
        box = SecretBox(settings.secrets)
        sealed = await reseal(connection, box)
        link = await setup_link(connection, box, settings.web.url)
    finally:
        await connection.close()
    if sealed:
        print(f"encrypted {sealed} secrets with the first key")
    if link is not None:
        print(f"nobody can log in yet; the first administrator begins here: {link}")
    return 0


async def rotate_secrets(settings: Settings) -> int:
    """Encrypt with the first key what an earlier one, or none, was used for; return 0."""
    connection = await connect(settings.database)
    try:
        print(f"encrypted {await reseal(connection, SecretBox(settings.secrets))} secrets with the first key")
    finally:
        await connection.close()
    return 0


async def let_in(connection: asyncpg.Connection, url: str) -> None:
    """Give the login of this DSN the service's rights; make it, with the DSN's password, if the server does not have it.

    Raises `StorageError` for a DSN without a login.
    """
    parts = urlsplit(url)
    if not parts.username:
        raise StorageError("CALLCENTER_DATABASE__URL must name the login of the service: postgresql://login:password@…")
    login = unquote(parts.username)
    password = None if parts.password is None else unquote(parts.password)
    for query, values in (("make_login", (login, password)), ("give_rights", (login,))):
        if statement := await connection.fetchval(SQL[query], *values):
            await connection.execute(statement)
