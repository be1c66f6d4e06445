"""A call is taken on what was restored: by an Asterisk and a node that have only the back-up."""

import shutil
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from callcenter.cli.evidence import check_custody_chain
from callcenter.settings import Settings
from callcenter.storage import connect
from callcenter.telephony.render import Directory
from tests.e2e.asterisk_instance import asterisk
from tests.e2e.node import node, settings_of, until
from tests.site import BOX

pytestmark = pytest.mark.e2e

NUMBER, SECRET = "74951112233", "first-secret"
DIRECTORY = Directory(numbers=((NUMBER, "ru"),), endpoints=(("op-01", SECRET),))


async def test_a_call_is_taken_on_what_was_restored(
    restored: asyncpg.Pool, elsewhere: Settings, tmp_path: Path
) -> None:
    await restored.execute(
        "update operators set endpoint = 'op-01', sip_secret = $1, node = 'node1' where login = 'anna'",
        BOX.seal(SECRET),
    )
    # The calls of the others are made up, and no call was ever told of an outage without a kind.
    owner = await connect(elsewhere.database.of_owner())
    await owner.execute("delete from announcements")
    await owner.close()
    await restored.execute(
        "with made as (insert into companies (name) values ('of whoever calls') returning id)"
        " insert into numbers select $1, id from made",
        NUMBER,
    )
    await restored.execute("update presence set wanted = 'available'")
    # The call of the back-up was cut off with the machine that it was on.
    home = tmp_path / "asterisk"
    (home / "log").mkdir(parents=True)
    shutil.copy2(elsewhere.asterisk.queue_log, home / "log")
    with asterisk(home, DIRECTORY, ring_s=5) as pbx:
        settings = settings_of(pbx, elsewhere.database.url.get_secret_value()).model_copy(update={"s3": elsewhere.s3})
        async with node(settings):
            with pbx.operator("operator_hangs_up"):
                await until(lambda: takes_calls(pbx), "the operator in the queue")
                with pbx.call(NUMBER):
                    await until(lambda: recorded(restored), "the call with its ticket and its recording")
    assert await restored.fetchval("select count(*) from node_gaps where lost") == 0
    connection = await connect(elsewhere.database)
    assert await check_custody_chain(connection) == 0
    await connection.close()


async def takes_calls(pbx: Any) -> bool:
    shown = pbx.cli("queue show")
    return "Not in use" in shown and "paused" not in shown


async def recorded(pool: asyncpg.Pool) -> bool:
    return bool(
        await pool.fetchval(
            "select exists (select from calls c join tickets t on t.call_id = c.id join recordings r on r.call_id = c.id"
            " where c.outcome = 'answered' and c.state = 'ended' and r.state = 'attached' and r.version_id is not null"
            " and c.id not in ('node1-1', 'node1-2'))"
        )
    )
