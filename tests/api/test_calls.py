"""Calls, recordings and deliveries by programs: page by page, narrowed."""

from datetime import UTC, datetime, timedelta

import pytest

from callcenter.api.finding import statement
from callcenter.domain.recording import RecordingState
from tests.api.conftest import Desk

NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)


@pytest.fixture
async def calls(desk: Desk) -> list[str]:
    """Five calls of one company, the last one first; every second one has a recording."""
    names = [f"node1-{number}.1" for number in range(5)]
    for number, name in enumerate(names):
        await desk.pool.execute(
            "insert into calls (id, node, company_id, did, caller, state, outcome, arrived_at, ended_at, wait_s, talk_s)"
            " values ($1, 'node1', $2, '74951234567', $3, 'ended', $4, $5, $5, 4.5, 55.5)",
            name,
            desk.companies["zarechye"],
            f"+7916000000{number}",
            "answered" if number % 2 else "abandoned",
            # The third and the fourth arrived in the same moment.
            NOON + timedelta(minutes=min(number, 3) if number != 2 else 3),
        )
        if number % 2 == 0:
            await desk.pool.execute(
                "insert into recordings (name, node, call_id, state) values ($1, 'node1', $1, 'expected')", name
            )
    rows = await desk.pool.fetch("select id from calls order by arrived_at desc, id desc")
    return [row["id"] for row in rows]


async def test_every_call_comes_once_whatever_the_pages(desk: Desk, calls: list[str]):
    async with desk.program("max") as program:
        for limit in (1, 2, 3, 5):
            seen: list[str] = []
            query: dict[str, object] = {"limit": limit}
            while True:
                page = (await program.get("/calls", **query)).body
                seen += [call["id"] for call in page["items"]]
                if page["next"] is None:
                    break
                query["cursor"] = page["next"]
            assert seen == calls
        assert (await program.get("/calls", cursor="node9-1.1")).body == {"items": [], "next": None}


async def test_calls_are_narrowed_by_what_is_asked(desk: Desk, calls: list[str]):
    async with desk.program("max") as program:

        async def found(**query: object) -> set[str]:
            return {call["id"] for call in (await program.get("/calls", **query)).body["items"]}

        assert await found(outcome="answered") == {"node1-1.1", "node1-3.1"}
        assert await found(caller="+79160000004") == {"node1-4.1"}
        assert await found(until="2026-03-05T12:01:00Z") == {"node1-0.1"}
        assert await found(since="2026-03-05T15:03:00+03:00", outcome="abandoned") == {"node1-2.1", "node1-4.1"}
        assert await found(company_id=desk.companies["luch"]) == set()
        assert len(await found(company_id=desk.companies["zarechye"])) == 5


async def test_looking_at_one_call_is_written_down(desk: Desk, calls: list[str]):
    async with desk.program("max") as program:
        call = (await program.get(f"/calls/{calls[0]}")).body
    assert (call["wait_s"], call["talk_s"]) == (4.5, 55.5)
    row = await desk.pool.fetchrow("select operator_id, subject_id from audit_log where action = 'viewed call'")
    assert (row["operator_id"], row["subject_id"]) == (desk.people["max"].id, calls[0])


async def test_recordings_and_deliveries_come_in_pages_too(desk: Desk, calls: list[str]):
    ticket = await desk.ticket()
    for state in ("waiting", "dead"):
        await desk.pool.execute(
            "insert into deliveries (ticket_id, crew_id, way, key, state) values ($1, $2, 'webhook', $3, $3)",
            ticket,
            desk.ids["zarechye crew"],
            state,
        )
    async with desk.program("ada") as program:
        first = (await program.get("/recordings", limit=2)).body
        second = (await program.get("/recordings", limit=2, cursor=first["next"])).body
        one = (await program.get("/recordings", call_id="node1-2.1")).body["items"]
        dead = (await program.get("/deliveries", state="dead", ticket_id=ticket)).body["items"]
    assert [each["call_id"] for each in first["items"] + second["items"]] == ["node1-4.1", "node1-2.1", "node1-0.1"]
    assert [each["call_id"] for each in one] == ["node1-2.1"]
    assert [(each["way"], each["state"]) for each in dead] == [("webhook", "dead")]


@pytest.mark.parametrize("state", RecordingState)
async def test_a_recording_is_shown_in_whatever_state_it_is(desk: Desk, calls: list[str], state: RecordingState):
    await desk.pool.execute(
        "update recordings set state = $1, sha256 = $2, size = 1, object_key = name where call_id = $3",
        *(state, bytes(32), calls[0]),
    )
    async with desk.program("ada") as program:
        [told] = (await program.get("/recordings", call_id=calls[0])).body["items"]
    assert told["state"] == state


def test_a_statement_has_the_conditions_that_were_asked_for_and_no_others():
    conditions = {"a = {}": (1,), "b = {}": (None,), "(c, d) < ({}, {})": (2, 3)}
    asked, values = statement("select 1", conditions, "a", 10)
    assert asked == "select 1 where a = $1 and (c, d) < ($2, $3) order by a limit 10"
    assert values == [1, 2, 3]
    assert statement("select 1", {"b = {}": (None,)}, "a", 1) == ("select 1 order by a limit 1", [])
