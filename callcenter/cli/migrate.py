"""`callcenter migrate`: as the owner of the tables, everything that the service must find in the database."""

from urllib.parse import unquote, urlsplit

import asyncpg

from callcenter.cli.numbers import migrate_numbers
from callcenter.common.address_keys import fill_keys
from callcenter.common.secret_box import SecretBox, reseal
from callcenter.errors import StorageError
from callcenter.people.first_administrator import setup_link
from callcenter.settings import DatabaseSettings, Settings
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


def database_roles(settings: DatabaseSettings) -> str:
    """What an administrator of the server runs once, in SQL, where the owner of the tables may not make roles.

    Raises `StorageError` for settings without a login of the owner and one of the service.
    """
    if settings.owner_url is None:
        raise StorageError("CALLCENTER_DATABASE__OWNER_URL must name the login of the tables' owner")
    owner, owners_word, database = login_of(settings.owner_url.get_secret_value())
    service, services_word, _ = login_of(settings.url.get_secret_value())
    return "\n".join(
        (
            f"create role {_name(owner)} login password {_text(owners_word)};",
            f"create role {_name(service)} login password {_text(services_word)};",
            "create role callcenter_company nologin;",
            "create role callcenter_runtime nologin noinherit;",
            f"grant callcenter_company to {_name(owner)} with admin option;",
            "grant callcenter_company to callcenter_runtime;",
            f"grant callcenter_runtime to {_name(service)};",
            f"create database {_name(database)} owner {_name(owner)};",
        )
    )


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(text: str | None) -> str:
    return "null" if text is None else "'" + text.replace("'", "''") + "'"


async def let_in(connection: asyncpg.Connection, url: str) -> None:
    """Give the login of this DSN the service's rights; make it, with the DSN's password, if the server does not have it.

    Raises `StorageError` for a DSN without a login.
    """
    login, password, _ = login_of(url)
    for query, values in (("make_login", (login, password)), ("give_rights", (login,))):
        if statement := await connection.fetchval(SQL[query], *values):
            await connection.execute(statement)


def login_of(url: str) -> tuple[str, str | None, str]:
    """Login, password and database of a DSN. Raises `StorageError` if it has no login."""
    parts = urlsplit(url)
    if not parts.username:
        raise StorageError("a DSN of the database must name a login: postgresql://login:password@host:port/name")
    login = unquote(parts.username)
    password = None if parts.password is None else unquote(parts.password)
    return login, password, unquote(parts.path.removeprefix("/")) or login
