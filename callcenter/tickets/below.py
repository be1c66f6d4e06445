"""The tickets below an incident, a page at a time, by number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import asyncpg

from callcenter.common.scope import Connection
from callcenter.domain.access import Role
from callcenter.domain.person import Person
from callcenter.domain.ticket import TicketState, is_open
from callcenter.storage import queries

SQL = queries("journal")
SHOWN = 100


@dataclass(frozen=True, slots=True)
class Below:
    """Some of the tickets below an incident: rows of `below` in `storage/queries/journal.sql`.

    `after`: the number from which on there are more; `by_state`: how many there are of all, by state.
    """

    rows: Sequence[asyncpg.Record]
    after: int | None
    by_state: Mapping[TicketState, int]

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(self.by_state.values())

    @property
    def open(self) -> int:
        """How many of them are open."""
        return sum(count for state, count in self.by_state.items() if is_open(state))


async def read_below(
    connection: Connection, person: Person, incident: int, first: int = 0, shown: int = SHOWN
) -> Below:
    """At most `shown` of those that this person may see, from the number `first` on."""
    crew = await crew_of(connection, person)
    rows = await connection.fetch(SQL["below"], incident, first, shown + 1, crew)
    counted = await connection.fetch(SQL["below_by_state"], incident, crew)
    return Below(
        rows=rows[:shown],
        after=rows[shown]["number"] if len(rows) > shown else None,
        by_state=in_order({row["state"]: row["tickets"] for row in counted}),
    )


def in_order(counted: Mapping[str, int]) -> dict[TicketState, int]:
    """How many there are by state, in the order of the work."""
    return {state: counted[state] for state in TicketState if state in counted}


async def crew_of(connection: Connection, person: Person) -> int | None:
    """The crew of which alone this person sees tickets; None: of any."""
    crew: int | None = await connection.fetchval(SQL["crew_of"], person.id) if person.role is Role.CREW else None
    return crew
