"""The outage of a surge: opened by a supervisor, or confirmed when the calls make the service suspect it; closed at the end."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import asyncpg

from callcenter.domain.outage import OFF, OutageState
from stack.errors import StackError
from stack.outage.facts import House
from stack.outage.plan import OutagePlan
from stack.outage.supervisor_login import SupervisorLogin

WRITTEN_WITHIN_S = 60.0
SPOKEN_WITHIN_S = 600.0
SUSPECTED_WITHIN_S = 30.0
LOOK_S = 0.25

_SUSPECTED = """
select o.id from outages o join outage_places p on p.outage_id = o.id
where p.house_id = $1 and o.state = 'suspected' and o.opened_at > now() - interval '1 hour' order by o.id desc limit 1
"""


class Opening:
    """`outage`: its id while it is open; `took_s`: from the supervisor's click until callers hear of it.

    `announcements`: what the product writes for Asterisk; `url`: of its pages; `say` gets a line for people.
    """

    def __init__(
        self,
        plan: OutagePlan,
        house: House,
        login: SupervisorLogin,
        pool: asyncpg.Pool,
        announcements: Path,
        url: str,
        say: Callable[[str], None],
    ) -> None:
        self._plan = plan
        self._house = house
        self._login = login
        self._pool = pool
        self._announcements = announcements
        self._url = url
        self._say = say
        self.outage: int | None = None
        self.took_s: float | None = None

    async def before(self) -> None:
        """What is done before the first call. Raises `StackError`."""
        spoken = self._announcements / "numbers" / self._house.language / "pause.alaw"
        if not spoken.exists():
            self._say("The ticket numbers are being spoken: once, a minute or two.")
        await _until(spoken.exists, SPOKEN_WITHIN_S, "the ticket numbers were not spoken")
        if self._plan.outage == "on" and self._plan.open_after < 0:
            await self._open()
            await asyncio.sleep(-self._plan.open_after)

    async def during(self) -> None:
        """What is done while callers call. Raises `StackError`."""
        if self._plan.outage == "suggested":
            if (suspected := await self._suspected()) is not None:
                await self._confirm(suspected)
            else:
                self._say("The service suspects nothing, as where an outage was over lately: a supervisor opens it.")
                await self._open()
        elif self._plan.outage == "on" and self.outage is None:
            await asyncio.sleep(self._plan.open_after)
            await self._open()

    async def close(self) -> None:
        """The supply is back, and everything of the outage is closed."""
        if self.outage is not None:
            outage, self.outage = self.outage, None
            await self._login.step(outage, "restore")
            await self._login.step(outage, "close")

    async def _open(self) -> None:
        began = time.monotonic()
        self.outage = await self._login.open(self._house.company, self._house.zone, self._house.id)
        await self._written(began)

    async def _suspected(self) -> int | None:
        """Wait until the service suspects it, but not for ever."""
        began = time.monotonic()
        found = None
        while found is None and time.monotonic() - began < SUSPECTED_WITHIN_S:
            await asyncio.sleep(LOOK_S)
            found = await self._pool.fetchval(_SUSPECTED, self._house.id)
        return found

    async def _confirm(self, outage: int) -> None:
        """Unless somebody who watches was quicker, or says that there is none."""
        within = self._plan.open_after
        self._say(
            f"The calls look like an outage: {self._url}/outages/{outage}. "
            f"Confirm it there, or it confirms itself in {within:.0f} s."
        )
        began = time.monotonic()
        while (state := await self._state(outage)) is OutageState.SUSPECTED and time.monotonic() - began < within:
            await asyncio.sleep(LOOK_S)
        began = time.monotonic()
        if state is OutageState.SUSPECTED:
            await self._login.confirm(outage)
            state = await self._state(outage)
        if state not in OFF:
            self._say("It was dismissed: callers are told nothing.")
            return
        self.outage = outage
        await self._written(began)
        self._say("It is confirmed: whoever waits or calls is told, each with the number of a ticket.")

    async def _state(self, outage: int) -> OutageState:
        return OutageState(await self._pool.fetchval("select state from outages where id = $1", outage))

    async def _written(self, began: float) -> None:
        """Wait until what callers hear lies on the disk."""
        options = self._announcements / "by-company" / self._house.did / "options"

        def there() -> bool:
            return options.exists() and any(
                option.startswith(f"{self.outage}-") for option in options.read_text().split("&")
            )

        await _until(there, WRITTEN_WITHIN_S, "what callers hear of the outage was not written")
        self.took_s = time.monotonic() - began


async def _until(there: Callable[[], bool], within_s: float, problem: str) -> None:
    began = time.monotonic()
    while not there():
        if time.monotonic() - began > within_s:
            raise StackError(problem)
        await asyncio.sleep(0.02)
