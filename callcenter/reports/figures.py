"""What Prometheus is told of the database: outages that go on, and messages that did not arrive."""

import asyncpg

from callcenter import metrics
from callcenter.domain.outage import OutageState
from callcenter.retrying import watch
from callcenter.settings import DatabaseSettings
from callcenter.storage import queries

SQL = queries("figures")
LOOK_S = 15.0
OVER = (OutageState.CLOSED, OutageState.CANCELLED)
MESSAGES = [(kind, state) for kind in ("crew", "outage") for state in ("waiting", "dead")]


class Figures:
    """Counts every few seconds. Of several processes one does; another takes over when it ends."""

    def __init__(self, settings: DatabaseSettings) -> None:
        self._settings = settings

    async def run(self) -> None:
        """Count until cancelled; reconnects by itself."""
        await watch(self._settings, SQL["lead"], self.look, LOOK_S, "figures not counted")

    async def look(self, connection: asyncpg.Connection) -> None:
        """Count once."""
        outages = {row["state"]: row["count"] for row in await connection.fetch(SQL["outages"])}
        for state in OutageState:
            if state not in OVER:
                metrics.outages.labels(state=state).set(outages.get(state, 0))
        rows = await connection.fetch(SQL["messages"])
        messages = {(row["kind"], row["state"]): row["count"] for row in rows}
        for kind, state_of_message in MESSAGES:
            count = messages.get((kind, state_of_message), 0)
            metrics.messages_failed.labels(kind=kind, state=state_of_message).set(count)
