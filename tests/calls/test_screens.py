"""On a real PostgreSQL: whatever is pushed, by the code or by what the database adds, is one of the protocol's messages."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
from pydantic import SecretStr

from callcenter.common import requests
from callcenter.common.browser_telephones import BrowserTelephones
from callcenter.dispatch.crew_answers import CrewAnswers
from callcenter.domain.commands import FinishRequest, SavePause
from callcenter.domain.events import AsideChanged, AsidePhase, OperatorAnswered
from callcenter.domain.ids import NodeName, OperatorId
from callcenter.domain.recording import RecordingName
from callcenter.domain.request import PauseBody, RequestState
from callcenter.outages.detection.watcher import OutageWatcher
from callcenter.push.codec import body_of
from callcenter.push.messages import KINDS, CardMessage, OperatorMessage
from callcenter.retention.completeness_alarm import CompletenessAlarm
from callcenter.settings import DatabaseSettings
from callcenter.telephony.console import Console
from callcenter.tickets.deadline_alarm import DeadlineAlarm
from callcenter.trunks.watch import TrunkWatch
from tests.calls.test_writer import node, pool, story
from tests.domain.playbook import tick
from tests.site import BOX

__all__ = ["pool"]


class Trunkless(Console):
    """Of an Asterisk without trunks."""

    async def command(self, command: str) -> str:
        return ""


async def _pause(connection: asyncpg.Connection, operator: OperatorId, recording: RecordingName) -> None:
    for paused in (True, False):
        asked = await requests.ask(connection, PauseBody(paused=paused), asker=operator)
        done = SavePause(recording=recording, operator=operator, paused=paused, at=datetime.now(UTC))
        await requests.answer(connection, [done, FinishRequest(request=asked, state=RequestState.DONE)])


async def test_all_that_is_pushed_is_in_the_protocol(pool: asyncpg.Pool, database_url: str) -> None:
    settings = DatabaseSettings(url=SecretStr(database_url))
    async with pool.acquire() as connection, node(pool, database_url) as running:
        for number in (1, 2):
            for event in await story(pool, number):
                running.engine.step(event)
                await running.written()
                if isinstance(event, OperatorAnswered):
                    held = {"phase": AsidePhase.HELD, "whom": "", "why": ""}
                    running.engine.step(AsideChanged(at=event.at, call=event.call, operator=event.operator, **held))
                    await running.written()
                    anna = OperatorId(await pool.fetchval("select max(operator_id) from talks"))
                    await _pause(connection, anna, event.recording)
        running.engine.step(tick(20))
        await running.written()
        due = datetime.now(UTC) - timedelta(minutes=1)
        await connection.execute(
            "insert into ticket_deadlines select id, 'tell', $1, $1 from tickets on conflict do nothing", due
        )
        await DeadlineAlarm(settings).check(connection)
        await connection.execute("update tickets set crew_said = 'absent', crew_said_at = now()")
        await CrewAnswers(settings).check(connection)
        await CompletenessAlarm(settings, 30).check(connection)
        await OutageWatcher(settings).look(connection)
        await connection.execute("update operators set endpoint = 'web-anna', sip_secret = 's' where id = $1", anna)
        await BrowserTelephones(pool, BOX).open(anna, "token")
        await TrunkWatch(pool, NodeName("node1"), Trunkless(Path())).look()

        pushed = await connection.fetch("select kind, body from push_log union all select kind, body from screens")
    bodies = [body_of(row["kind"], row["body"]) for row in pushed]
    assert {type(body) for body in bodies} == {shape for _, shapes in KINDS.values() for shape in shapes}
    # What only the database knows.
    cards = [body for body in bodies if isinstance(body, CardMessage)]
    assert all(card.ticket for card in cards)
    assert {len(card.past_calls) for card in cards} == {0}
    assert any(body.login for body in bodies if isinstance(body, OperatorMessage))
