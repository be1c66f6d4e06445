"""What crews said by their links, on the screens of the desk until somebody has seen it.

As with deadlines nothing is remembered: the tickets are queried every few seconds, and a changed result is sent.
"""

import asyncpg

from callcenter.domain.ticket import CrewAnswer
from callcenter.push.codec import entry
from callcenter.push.messages import CrewAnswerRow, CrewAnswersMessage
from callcenter.retrying import watch
from callcenter.settings import DatabaseSettings
from callcenter.storage import queries

SQL = queries("crew_answers")
LOOK_S = 2.0
SHOWN = 20


class CrewAnswers:
    """Looks every `every_s` seconds. Of several processes one does; another takes over when it ends."""

    def __init__(self, settings: DatabaseSettings, every_s: float = LOOK_S) -> None:
        self._settings = settings
        self._every_s = every_s
        self._told: CrewAnswersMessage | None = None

    async def run(self) -> None:
        """Look until cancelled; reconnects by itself."""
        await watch(self._settings, SQL["lead"], self.check, self._every_s, "answers of crews not checked")

    async def check(self, connection: asyncpg.Connection) -> None:
        """Look once; send the result to the screens if it has changed."""
        newest = [
            CrewAnswerRow(**{**row, "said": CrewAnswer(row["said"])})
            for row in await connection.fetch(SQL["newest"], SHOWN)
        ]
        body = CrewAnswersMessage(count=await connection.fetchval(SQL["count"]), newest=tuple(newest))
        if body != self._told:
            await connection.execute(SQL["push"], [entry("all", body)])
            self._told = body
