"""`callcenter doctor`: PostgreSQL, its schema, the rights of the service, and the walls between companies."""

import re
from collections.abc import Callable
from functools import partial

from callcenter.cli.checks import CheckFailed, CheckWarning, connected
from callcenter.common.secret_box import SecretBox, require_readable
from callcenter.pooler import require_own_session
from callcenter.resources import ROOT
from callcenter.retention.personal_data import state
from callcenter.settings import Settings
from callcenter.storage import connect, queries, require_schema

EXCESS = {
    "is_superuser": "is a superuser",
    "bypasses": "bypasses row-level security",
    "makes_roles": "can make roles",
    "is_owner": "owns the tables",
}
MOST_NAMED = 8
_statements: Callable[[str], re.Pattern[str]] = partial(re.compile, flags=re.MULTILINE)
_GUARDED = _statements(r"^ALTER TABLE public\.(\w+) ENABLE ROW LEVEL SECURITY")
_POLICY = _statements(r"^CREATE POLICY (\w+) ON public\.(\w+)")
_TRIGGER = _statements(r"^CREATE (?:CONSTRAINT )?TRIGGER (\w+) .*? ON public\.(\w+) ")


async def database(settings: Settings) -> str:
    """Whether it answers and has the schema of this version."""
    async with connected(settings) as connection:
        await require_schema(connection)
        await require_own_session(lambda: connect(settings.database))
        return f"answers, schema up to date, version {'.'.join(map(str, connection.get_server_version()[:2]))}"


async def companies(settings: Settings) -> str:
    """Whether there is anybody to take calls for."""
    async with connected(settings) as connection:
        numbers = await connection.fetchval("select count(*) from numbers")
    if numbers == 0:
        raise CheckFailed("there are no companies yet; enter one, on the page Directory")
    return f"{numbers} company numbers"


async def rights(settings: Settings) -> str:
    """Whether the service's login may do no more than it needs."""
    async with connected(settings) as connection:
        row = await connection.fetchrow(queries("roles")["excess"])
    assert row is not None
    excess = [words for column, words in EXCESS.items() if row[column]]
    if excess:
        raise CheckWarning(
            f"the service's login {row['login']} {' and '.join(excess)}. Name a login of its own in"
            " CALLCENTER_DATABASE__URL, and this one in CALLCENTER_DATABASE__OWNER_URL for `callcenter migrate`, which makes"
            " the other (docs/access.md)"
        )
    return f"the service's login {row['login']} can read and write rows, and change nothing else"


async def walls(settings: Settings) -> str:
    """Whether everything is there that keeps companies apart and history from being changed: compared with the schema.

    A back-up that was restored without the roles has no policies, and works all the same.
    """
    schema = (ROOT / "storage" / "schema.sql").read_text()
    sql = queries("roles")
    async with connected(settings) as connection:
        await require_schema(connection)
        roles = {row["name"]: row["strong"] for row in await connection.fetch(sql["company_roles"])}
        guarded = {row["name"] for row in await connection.fetch(sql["guarded"])}
        policies = {(row["name"], row["on_table"]) for row in await connection.fetch(sql["policies"])}
        triggers = {(row["name"], row["on_table"]) for row in await connection.fetch(sql["triggers"])}
    missing = [f"the role {name}" for name in ("callcenter_company", "callcenter_runtime") if name not in roles]
    missing += [f"row-level security of {name}" for name in sorted({*_GUARDED.findall(schema)} - guarded)]
    missing += [f"the policy {name} of {table}" for name, table in sorted({*_POLICY.findall(schema)} - policies)]
    missing += [f"the trigger {name} of {table}" for name, table in sorted({*_TRIGGER.findall(schema)} - triggers)]
    if missing:
        more = len(missing) - MOST_NAMED
        raise CheckFailed(
            f"missing or turned off: {', '.join(missing[:MOST_NAMED])}{f' and {more} more' if more > 0 else ''}. Companies"
            " may see each other's data, or history may be changed. Stop the service, and restore them from a back-up that"
            " was made with its roles, or from storage/schema.sql"
        )
    if strong := sorted(name for name, is_strong in roles.items() if is_strong):
        raise CheckFailed(
            f"{', '.join(strong)} can log in or is not bound by row-level security: `alter role {strong[0]} nologin"
            " nosuperuser nobypassrls`"
        )
    return f"{len(guarded)} tables guarded by {len(policies)} policies, {len(triggers)} triggers"


async def personal_data(settings: Settings) -> str:
    """Whether each company has said how long it is kept, and what is over its term is removed."""
    async with connected(settings) as connection:
        await require_schema(connection)
        found = await state(connection)
    if found.overdue:
        raise CheckFailed(
            f"of {found.overdue} companies no run has removed what is over its term for two days. `callcenter serve` does it"
            " at night, from one to six; its log says what prevents it, and `callcenter personal-data --remove` does it now"
        )
    if found.unset:
        raise CheckWarning(
            f"{found.unset} companies have not said how long personal data is kept, so all of it is: the page /personal-data"
        )
    return "never removed yet" if found.last_s is None else f"last removed {found.last_s / 3600:.0f} hours ago"


async def secrets(settings: Settings) -> str:
    """Whether the keys fit what is encrypted."""
    async with connected(settings) as connection:
        await require_schema(connection)
        old = await require_readable(connection, SecretBox(settings.secrets))
    if old:
        raise CheckWarning(
            f"{old} secrets are not encrypted with the first key of CALLCENTER_SECRETS__KEYS: `callcenter rotate-secrets`"
        )
    return "all are encrypted with the first key of CALLCENTER_SECRETS__KEYS"
