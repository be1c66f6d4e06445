"""A made-up journal of any size, to try and to measure the product with.

PostgreSQL makes everything in one transaction: foreign keys and plain indexes of the large tables are dropped and
created again at the end, which checks every row; what the triggers would have done one row at a time is done for all
at once. While it runs, others wait. Nobody made here can log in.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from callcenter.common.address_keys import fill_keys
from callcenter.errors import StorageError
from callcenter.settings import load_settings
from callcenter.storage import connect, statements
from stack import demo_data
from stack.made_up import COMPANIES, CREWS, DETAILS, STREETS, TEXTS

SQL = {
    **statements(Path(__file__).with_suffix(".sql")),
    **statements(Path(__file__).with_name("generate_calls.sql")),
}
LARGE = (
    *("calls", "call_events", "talks", "recordings", "wrap_ups", "audit_log"),
    *("tickets", "ticket_events", "ticket_deadlines"),
)
# What these do is done here for all rows at once, or nobody needs the notification.
TRIGGERS = {
    "tickets": ("words_of_new", "told_opened"),
    "calls": ("words_of_ended", "late_call"),
    "talks": ("late_talk",),
    "wrap_ups": ("late_wrap_up",),
    "recordings": ("chained_at_once",),
    "ticket_deadlines": ("times",),
}
OPERATORS = 40
DAYS = 3 * 365
TICKETS_A_COMPANY, TICKETS_A_HOUSE = 50_000, 1_000
MOST = 5_000_000


@dataclass(frozen=True, slots=True)
class Size:
    """How much to make. The same `seed` makes the same journal, up to the time of day at which it is made."""

    tickets: int
    calls: int
    seed: int = 1

    @property
    def companies(self) -> int:
        """Companies among which the tickets are divided."""
        return min(40, max(3, self.tickets // TICKETS_A_COMPANY))

    @property
    def houses(self) -> int:
        """Houses of all companies together."""
        return max(2 * self.companies, self.tickets // TICKETS_A_HOUSE)


async def generate(
    connection: asyncpg.Connection, size: Size, *, sure: bool = False, tell: Callable[[str], None] = lambda _line: None
) -> None:
    """Make the journal and commit it all, or nothing.

    `sure`: fill an empty database that is not marked as a demonstration (and mark it). `tell` gets a line
    for each step. Raises `StorageError` when the database may hold real people's tickets, or `size` is out of range.
    """
    if not 1 <= size.tickets <= MOST or not 0 <= size.calls <= 2 * MOST:
        raise StorageError(f"ask for 1 to {MOST:,} tickets and 0 to {2 * MOST:,} calls")
    if not 0 <= size.seed < 2**31:
        raise StorageError("the seed must be a number from 0 to 2147483647")
    await _require_demo(connection, sure)
    async with connection.transaction():
        await connection.execute(SQL["memory"])
        await connection.execute(SQL["pick"].format(seed=size.seed))
        await connection.execute(SQL["recording"])
        await connection.execute(SQL["untally"])
        await connection.execute(f"lock table {', '.join(LARGE)} in access exclusive mode")
        put_back = await _take_off(connection)
        for name, arguments in _steps(size):
            began = time.monotonic()
            await connection.execute(SQL[name], *arguments, timeout=None)
            tell(f"{name.replace('_', ' '):18} {time.monotonic() - began:7.1f} s")
        began = time.monotonic()
        for statement in put_back:
            await connection.execute(statement, timeout=None)
        tell(f"{'indexes and keys':18} {time.monotonic() - began:7.1f} s")
        await fill_keys(connection)
        await connection.execute(await connection.fetchval(SQL["mark_demo"]))
    began = time.monotonic()
    await connection.execute("vacuum analyze", timeout=None)
    tell(f"{'vacuum':18} {time.monotonic() - began:7.1f} s")


async def _require_demo(connection: asyncpg.Connection, sure: bool) -> None:
    if await connection.fetchval(SQL["is_demo"]):
        return
    if not await connection.fetchval(SQL["is_empty"]):
        raise StorageError(
            "this database is not marked as a demonstration and is not empty; made-up tickets would mix with real ones. "
            "Use a database of its own, or one that `callcenter seed-demo` has filled"
        )
    if not sure:
        raise StorageError("this database is empty but not marked as a demonstration; use --yes to make it one")


def _steps(size: Size) -> Iterator[tuple[str, tuple[object, ...]]]:
    """The named queries in their order, with their arguments."""
    men, women = demo_data.names()[::2], demo_data.names()[1::2]
    texts = [(code, *text) for code, each in TEXTS.items() for text in each]
    yield "companies", (size.companies, COMPANIES)
    yield "numbers", ()
    yield "houses", (size.houses, STREETS)
    yield "premises", ()
    yield "residents", (men, women)
    yield "homes", ()
    yield "count_homes", ()
    yield "crews", (CREWS, men)
    yield "crews_made", ()
    yield "people", (OPERATORS, women)
    yield "operators_made", ()
    yield "texts", tuple(zip(*texts, strict=True))
    yield "details", (DETAILS,)
    yield "node", ()
    yield "plan", (size.tickets, DAYS, min(size.calls, size.tickets * 9 // 10), len(CREWS))
    yield "analyze", ()
    yield "calls_of_tickets", ()
    yield "other_calls", (size.calls, DAYS)
    # Before the tickets, which have columns of their deadlines for the reports.
    yield "deadlines", ()
    yield "tickets", ()
    yield "numbers_given", ()
    yield "ids_given", ()
    yield "events", ()
    yield "name_recordings", ()
    yield "analyze_calls", ()
    yield "call_events", ()
    yield "talks", ()
    yield "recordings", ()
    yield "wrap_ups", ()
    yield "audit", ()


async def _take_off(connection: asyncpg.Connection) -> list[str]:
    """Drop keys, indexes and triggers of the large tables; return the statements that restore them."""
    put_back = []
    for index in await connection.fetch(SQL["indexes"], LARGE):
        await connection.execute(f"drop index {index['name']}")
        put_back.append(index["definition"])
    for key in await connection.fetch(SQL["foreign_keys"], LARGE):
        await connection.execute(f'alter table {key["table"]} drop constraint "{key["name"]}"')
        put_back.append(f'alter table {key["table"]} add constraint "{key["name"]}" {key["definition"]}')
    for table, triggers in TRIGGERS.items():
        for trigger in triggers:
            await connection.execute(f"alter table {table} disable trigger {trigger}")
            put_back.append(f"alter table {table} enable trigger {trigger}")
    return put_back


async def _main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m stack.generate", description="fill an empty or demonstration database with a made-up journal"
    )
    parser.add_argument("--tickets", type=int, default=10_000)
    parser.add_argument("--calls", type=int, help="default: twice as many as tickets")
    parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same journal")
    parser.add_argument("--yes", action="store_true", help="make an empty database a demonstration one")
    options = parser.parse_args()
    calls = 2 * options.tickets if options.calls is None else options.calls
    connection = await connect(load_settings().database.of_owner())
    try:
        await generate(connection, Size(options.tickets, calls, options.seed), sure=options.yes, tell=print)
    except StorageError as problem:
        print(problem, file=sys.stderr)
        return 1
    finally:
        await connection.close()
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(_main()))
