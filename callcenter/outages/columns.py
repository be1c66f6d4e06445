"""An outage's own columns: checked and written, inside the caller's transaction."""

from callcenter.common.scope import Connection
from callcenter.domain.person import Person
from callcenter.outages.outage import BadOutage, NewOutage, Outage
from callcenter.outages.spoken import check_spoken
from callcenter.storage import queries

SQL = queries("outages")


async def check_kind(connection: Connection, kind: str) -> None:
    """Raises `BadOutage` unless it is something that can be off."""
    if kind not in {row["code"] for row in await connection.fetch(SQL["kinds"])}:
        raise BadOutage("unknown", "kind")


async def insert(connection: Connection, person: Person, new: NewOutage) -> int:
    """Add a suspected outage; its id. Raises `BadOutage`."""
    await check_kind(connection, new.kind)
    language = await connection.fetchval(SQL["language"], new.company_id)
    if language is None:
        raise BadOutage("unknown", "company_id")
    check_spoken(new.given(), language)
    if new.crew_id is not None and await connection.fetchval(SQL["crew_of"], new.crew_id, new.company_id) is None:
        raise BadOutage("unknown", "crew_id")
    outage_id: int = await connection.fetchval(
        SQL["open"], new.company_id, new.kind, new.planned, new.cause, new.since, new.until, new.crew_id,
        new.workers, new.message, new.operator_note, None, person.id,
    )  # fmt: skip
    return outage_id


async def check_changes(connection: Connection, before: Outage, changes: dict[str, object]) -> None:
    """Raises `BadOutage` when the outage cannot have these values."""
    since, until = changes.get("since", before.since), changes.get("until", before.until)
    if since is None:
        raise BadOutage("missing", "since")
    if until is not None and until <= since:  # type: ignore[operator]
        raise BadOutage("before start", "until")
    check_spoken(changes, before.language)
    crew = changes.get("crew_id")
    if crew is not None and await connection.fetchval(SQL["crew_of"], crew, before.company_id) is None:
        raise BadOutage("unknown", "crew_id")


async def set_columns(connection: Connection, outage_id: int, changes: dict[str, object]) -> None:
    """Give the columns these values, and the outage a new version."""
    columns = "".join(f"{name} = ${place}, " for place, name in enumerate(changes, 2))
    await connection.execute(
        f"update outages set {columns}version = version + 1 where id = $1", outage_id, *changes.values()
    )
