"""The schema: one file that says all of it, functions that follow their text, defaults that are data."""

import re
import shutil
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest

from callcenter import storage
from callcenter.domain.deadlines import Limit, LimitStep
from callcenter.domain.ticket import OVER, TicketState
from callcenter.errors import StorageError
from stack import schema
from tests.conftest import SERVICE, TEMPLATE, as_login

FIRST_OF_TABLES_ALONE = "0026"
MADE = re.compile(r"create\s+(?:or\s+replace\s+)?(?:constraint\s+)?(function|procedure|view|trigger)\s+(\w+)", re.I)
CATEGORIES = storage.DEFAULTS / "categories.toml"


@asynccontextmanager
async def database(server_url: str, template: str) -> AsyncIterator[str]:
    """The DSN of a database of its own."""
    name = f"schema_{uuid4().hex[:12]}"
    connection = await asyncpg.connect(server_url)
    await connection.execute(f"create database {name} template {template}")
    yield urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))
    await connection.execute(f"drop database {name} with (force)")
    await connection.close()


@pytest.fixture
async def url(owner_url: str) -> AsyncIterator[str]:
    """A migrated database of the test's own, without what the tests themselves added."""
    async with database(owner_url, TEMPLATE) as url:
        connection = await asyncpg.connect(url)
        await connection.execute("drop schema testing cascade")
        await connection.close()
        yield url


@pytest.fixture
async def connection(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    yield connection
    await connection.close()


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of migrations, functions and defaults that a test may change; the program reads it from now on."""
    for name in ("MIGRATIONS", "FUNCTIONS", "DEFAULTS"):
        original: Path = getattr(storage, name)
        shutil.copytree(original, tmp_path / original.name)
        monkeypatch.setattr(storage, name, tmp_path / original.name)
    return tmp_path


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_migrations_carry_tables_and_data_alone():
    for file in storage.MIGRATIONS.glob("*.sql"):
        if file.stem >= FIRST_OF_TABLES_ALONE:
            assert not MADE.search(file.read_text()), f"{file.name}: functions, views, triggers: storage/functions"


def test_the_written_schema_is_the_one_of_a_migrated_database(url: str):
    assert schema.dump(url) == schema.FILE.read_text()


async def test_the_written_schema_makes_the_same_database(owner_url: str):
    async with database(owner_url, "template0") as url:
        connection = await asyncpg.connect(url)
        await connection.execute(schema.FILE.read_text())
        await connection.close()
        assert schema.dump(url) == schema.FILE.read_text()


async def test_every_function_and_view_has_its_text_among_the_functions(connection: asyncpg.Connection):
    written = [found for file in storage.FUNCTIONS.glob("*.sql") for found in MADE.findall(file.read_text())]
    there = await connection.fetch(
        "select proname::text from pg_proc where pronamespace = 'public'::regnamespace"
        " union all select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'v'"
    )
    assert sorted(name for kind, name in written if kind != "trigger") == sorted(row[0] for row in there)


async def test_a_function_follows_its_text(connection: asyncpg.Connection, files: Path):
    change(files / "functions" / "tickets.sql", "('closed', 'cancelled')", "('closed')")
    with pytest.raises(StorageError, match=r"functions/tickets\.sql .* run `callcenter migrate`"):
        await storage.require_schema(connection)
    assert await storage.migrate(connection) == ["functions/tickets.sql"]
    await storage.require_schema(connection)
    assert await connection.fetchval("select is_open('cancelled')")
    assert await storage.migrate(connection) == []


async def test_what_a_migration_dropped_is_made_again(connection: asyncpg.Connection, files: Path):
    (files / "migrations" / "9000_another.sql").write_text("drop view crew_tickets; drop function is_open")
    applied = await storage.migrate(connection)
    assert applied == ["9000_another", *storage.repeatable_files()]
    assert await connection.fetchval("select count(*) from crew_tickets where is_open(state)") == 0


async def test_what_a_killed_migration_dropped_is_made_again(connection: asyncpg.Connection, files: Path):
    (files / "migrations" / "9000_another.sql").write_text("drop view crew_tickets")
    broken = files / "functions" / "access.sql"
    whole = broken.read_text()
    broken.write_text("no sql")
    with pytest.raises(asyncpg.PostgresSyntaxError):
        await storage.migrate(connection)
    with pytest.raises(StorageError, match=r"functions/crews\.sql"):
        await storage.require_schema(connection)
    broken.write_text(whole)
    await storage.migrate(connection)
    await storage.require_schema(connection)
    assert await connection.fetchval("select count(*) from crew_tickets") == 0


async def test_functions_change_all_together_or_not_at_all(connection: asyncpg.Connection, files: Path):
    change(files / "functions" / "tickets.sql", "('closed', 'cancelled')", "('closed')")
    (files / "functions" / "write_batch.sql").write_text("no sql")
    with pytest.raises(asyncpg.PostgresSyntaxError):
        await storage.migrate(connection)
    assert not await connection.fetchval("select is_open('cancelled')")


async def test_a_file_that_is_gone_is_forgotten(connection: asyncpg.Connection, files: Path):
    (files / "functions" / "crews.sql").unlink()
    with pytest.raises(StorageError, match=r"functions/crews\.sql"):
        await storage.require_schema(connection)
    assert await storage.migrate(connection) == []
    await storage.require_schema(connection)


def test_a_file_comes_after_those_that_it_needs(files: Path):
    (files / "functions" / "a.sql").write_text("-- needs: b, push\n")
    (files / "functions" / "b.sql").write_text("-- needs: write_batch\n")
    order = [path.removesuffix(".sql").removeprefix("functions/") for path in storage.repeatable_files()]
    assert order.index("write_batch") < order.index("b") < order.index("a")
    assert order.index("push") < order.index("a")


async def test_the_database_and_the_domain_agree_on_what_is_open(connection: asyncpg.Connection):
    for state in TicketState:
        assert await connection.fetchval("select is_open($1)", state.value) is (state not in OVER)


def test_which_states_are_open_is_said_once():
    said = re.compile(r"\(\W*(closed\W+cancelled|cancelled\W+closed)\W*\)")
    files = [*storage.FUNCTIONS.glob("*.sql"), *storage.QUERIES.glob("*.sql")]
    assert [file.name for file in files if said.search(file.read_text())] == ["tickets.sql"]


@pytest.mark.parametrize("role", ["none", "callcenter_company"])
@pytest.mark.parametrize(
    "rest", ["order by opened_at desc, id desc limit 5", "and premises_id = 1", "and caller = '+7'"]
)
async def test_open_tickets_are_found_by_their_indexes(url: str, role: str, rest: str):
    """By the service, and by a company's people."""
    connection = await asyncpg.connect(as_login(SERVICE, url))
    partial = await connection.fetch("select indexname from pg_indexes where indexdef like '%state <> ALL (ARRAY[%'")
    for dear in ("seqscan", "bitmapscan", "sort"):
        await connection.execute(f"set enable_{dear} = off")
    await connection.execute(f"set role {role}")
    by_name, by_words = [
        "\n".join(row[0] for row in await connection.fetch(f"explain select id from tickets where {is_open} {rest}"))
        for is_open in ("is_open(state)", "state not in ('closed', 'cancelled')")
    ]
    await connection.close()
    assert by_name == by_words
    assert any(f"using {index} on tickets" in by_name for (index,) in partial)


def test_the_default_categories_are_complete():
    given = tomllib.loads(CATEGORIES.read_text())["category"]
    assert {category["class"] for category in given} == {"emergency", "planned", "paid", "question"}
    assert len({category["code"] for category in given}) == len(given)
    for category in given:
        assert set(category) == {"code", "class", "name_ru", "name_en", "limits"}
        assert all(category.values())
        limits = [Limit(**{**limit, "step": LimitStep(limit["step"])}) for limit in category["limits"]]
        steps = [limit.step for limit in limits]
        assert LimitStep.TELL in steps
        assert len(set(steps)) == len(steps)
        if category["class"] == "emergency":
            assert {LimitStep.CLEAR, LimitStep.REPAIR} & set(steps)
    assert {limit["step"] for category in given for limit in category["limits"]} == set(LimitStep)


CATEGORY_ROWS = """
select c.code, c.class, c.name_ru, c.name_en,
       (select jsonb_agg(jsonb_strip_nulls(to_jsonb(l) - 'category_id') order by l.step) from limits l
        where l.category_id = c.id)::text as limits
from categories c join companies m on m.id = c.company_id where m.name = $1 order by c.id
"""


async def test_a_new_company_gets_the_defaults(connection: asyncpg.Connection):
    await storage.prepare_connection(connection)
    await connection.execute("insert into companies (name) values ('new')")
    rows = await connection.fetch(CATEGORY_ROWS.replace("::text as", "as"), "new")
    given = tomllib.loads(CATEGORIES.read_text())["category"]
    for category in given:
        category["limits"] = [
            {key: str(value) if key in ("opens", "closes") else value for key, value in limit.items()}
            for limit in sorted(category["limits"], key=lambda limit: str(limit["step"]))
        ]
    assert [dict(row) for row in rows] == given


async def test_a_company_keeps_what_it_has_when_the_defaults_change(connection: asyncpg.Connection, files: Path):
    await connection.execute("insert into companies (name) values ('old')")
    before = await connection.fetch(CATEGORY_ROWS, "old")
    change(files / "defaults" / "categories.toml", "minutes = 4320", "minutes = 60000")
    change(files / "defaults" / "categories.toml", "Blocked sewer", "Sewer")
    with pytest.raises(StorageError, match=r"defaults/categories\.toml"):
        await storage.require_schema(connection)
    assert await storage.migrate(connection) == ["defaults/categories.toml"]
    await connection.execute("insert into companies (name) values ('new')")
    assert await connection.fetch(CATEGORY_ROWS, "old") == before
    after = await connection.fetch(CATEGORY_ROWS, "new")
    assert "60000" in after[0]["limits"]
    assert after[1]["name_en"] == "Sewer"


OUTAGE_KINDS = storage.DEFAULTS / "outage_kinds.toml"


def test_each_thing_that_can_be_off_is_complete_and_has_a_category_of_the_defaults():
    kinds = tomllib.loads(OUTAGE_KINDS.read_text())["kind"]
    categories = {category["code"] for category in tomllib.loads(CATEGORIES.read_text())["category"]}
    assert len({kind["code"] for kind in kinds}) == len(kinds)
    for kind in kinds:
        assert set(kind) == {"code", "name_ru", "name_en", "said_ru", "said_en", "category"}
        assert all(kind.values())
        assert kind["category"] in categories


async def test_what_can_be_off_is_what_the_defaults_say_and_what_was_can_still_be_named(
    connection: asyncpg.Connection, files: Path
):
    told = "select code, name_ru from outage_kinds order by place"
    before = dict(await connection.fetch(told))
    assert before == {kind["code"]: kind["name_ru"] for kind in tomllib.loads(OUTAGE_KINDS.read_text())["kind"]}
    change(files / "defaults" / "outage_kinds.toml", 'code = "internet"', 'code = "chute"')
    change(files / "defaults" / "outage_kinds.toml", 'name_ru = "Интернет"', 'name_ru = "Мусоропровод"')
    assert await storage.migrate(connection) == ["defaults/outage_kinds.toml"]
    assert dict(await connection.fetch(told)) == before | {"chute": "Мусоропровод"}
