"""`callcenter trace` on a real call."""

import asyncio
import re

import asyncpg
import pytest

from stack.errors import StackError
from stack.instance import Instance
from stack.surge import Plan, Surge

pytestmark = [pytest.mark.e2e, pytest.mark.alone]

LINE = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3})  (.{13}) (.+)$", re.MULTILINE)


async def newest(stack: Instance) -> tuple[str, str]:
    description = stack.description()
    assert description is not None
    connection = await asyncpg.connect(description["postgres"]["dsn"])
    try:
        row = await connection.fetchrow("select id, caller from calls order by arrived_at desc limit 1")
    finally:
        await connection.close()
    return row["id"], row["caller"]


def test_a_real_call_is_told_from_every_source_in_order_and_without_gaps(stack: Instance) -> None:
    description = stack.description()
    assert description is not None
    _, verdict = asyncio.run(Surge(description, Plan(callers=1, operators=1, talk=2)).run())
    assert verdict.lost == {}
    call, caller = asyncio.run(newest(stack))
    said = stack.run("trace", call)
    facts = LINE.findall(said)
    times = [at for at, _, _ in facts]
    assert times == sorted(times)
    sources = {source.strip() for _, source, _ in facts}
    assert sources >= {"ami", "ledger file", "database", "recording", "ticket", "custody chain"}, said
    assert said.splitlines()[0] == f"call {call} at node1: in, answered"
    assert said.splitlines()[-1] == f"{len(facts)} facts, 0 gaps", said
    for kind in ("CallArrived", "OperatorAnswered", "TalkEnded", "CallEnded", "read back and compared"):
        assert kind in said
    assert caller.lstrip("+") not in said
    by_recording = stack.run("trace", re.findall(r"recording=(\S+_\S+)", said)[0])
    assert by_recording.splitlines()[0] == said.splitlines()[0]


def test_a_call_that_nobody_knows_is_said_so(stack: Instance) -> None:
    with pytest.raises(StackError, match=r"no call node1-1\.1 is known; the ledger has 0 lines"):
        stack.run("trace", "node1-1.1")
