import asyncio
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callcenter.push.hub import Hub, Screen
from callcenter.push.state import Delta, Message, Resumed, Snapshot, apply
from callcenter.settings import DatabaseSettings
from callcenter.storage import connect, open_pool, queries
from tests.conftest import by_owner

from .conftest import SLOW_LIMIT, Desk, open_desk

PATIENCE_S = 30.0


async def read(screen: Screen, count: int) -> list[Message]:
    async with asyncio.timeout(PATIENCE_S):
        return [await anext(screen) for _ in range(count)]


async def read_to_end(screen: Screen) -> list[Message]:
    async with asyncio.timeout(PATIENCE_S):
        return [message async for message in screen]


async def test_a_new_screen_gets_the_snapshot_then_what_happens(desk: Desk):
    n = await desk.push("all", "journal", {"at": [1]})
    await desk.push("operator:9", "card", {"call": "not mine"})
    async with desk.hub.subscribe(["all", "operator:1"], None) as screen:
        first = await desk.push("operator:1", "card", {"call": "x"})
        other = await desk.push("operator:2", "card", {"call": "not mine either"})
        second = await desk.push("operator:1", "card", {"call": "y"})
        assert n < first < other < second
        assert await read(screen, 3) == [
            Snapshot(n + 1, {"journal": {"at": [1]}}),
            Delta(first, "operator:1", "card", {"call": "x"}),
            Delta(second, "operator:1", "card", {"call": "y"}),
        ]


async def test_a_returning_screen_gets_only_what_it_missed(desk: Desk):
    seen = await desk.push("all", "journal", {"at": []})
    missed = await desk.push("operator:1", "ringing", {"call": "x"})
    async with desk.hub.subscribe(["all", "operator:1"], seen) as screen:
        assert await read(screen, 2) == [Resumed(seen), Delta(missed, "operator:1", "ringing", {"call": "x"})]


@pytest.mark.parametrize("last", [-1, 0, 10**12])
async def test_a_number_that_is_not_held_gets_a_snapshot(desk: Desk, last: int):
    n = await desk.push("all", "journal", {"at": []})
    async with desk.hub.subscribe(["all"], last) as screen:
        assert await read(screen, 1) == [Snapshot(n, {"journal": {"at": []}})]


async def test_a_long_absence_is_answered_by_a_snapshot(desk: Desk):
    seen = await desk.push("all", "journal", {"at": []})
    for number in range(SLOW_LIMIT):
        await desk.push("all", "journal", {"at": [number]})
    async with desk.hub.subscribe(["all"], seen) as screen:
        assert await read(screen, 1) == [Snapshot(seen + SLOW_LIMIT, {"journal": {"at": [SLOW_LIMIT - 1]}})]


async def test_a_body_too_long_for_a_notification_arrives_whole_and_in_order(desk: Desk):
    async with desk.hub.subscribe(["all"], None) as screen:
        await read(screen, 1)
        bodies = [{"text": "ж" * 6000}, {"text": "short"}, {"text": '"' * 4000}]
        numbers = [await desk.push("all", "journal", body) for body in bodies]
        assert await read(screen, 3) == [
            Delta(n, "all", "journal", body) for n, body in zip(numbers, bodies, strict=True)
        ]


async def test_a_screen_that_does_not_read_is_ended_and_costs_the_others_nothing(desk: Desk):
    notified = asyncio.Event()
    async with (
        desk.hub.subscribe(["all"], None, notified.set) as slow,
        desk.hub.subscribe(["all"], None) as quick,
    ):
        for number in range(SLOW_LIMIT + 1):
            n = await desk.push("all", "journal", {"at": [number]})
            async with asyncio.timeout(PATIENCE_S):
                async for message in quick:
                    if isinstance(message, Delta) and message.n == n:
                        break
        assert notified.is_set()
        assert slow.slow
        assert not quick.slow
        assert await read_to_end(slow) == []


async def test_a_cut_connection_loses_nothing(desk: Desk):
    async with desk.hub.subscribe(["all"], None) as screen:
        await read(screen, 1)
        before = await desk.push("all", "journal", {"at": ["before"]})
        await read(screen, 1)
        assert await desk.cut_listener() == 1
        numbers = [await desk.push("all", "journal", {"at": [number]}) for number in range(5)]
        assert [message.n for message in await read(screen, 5)] == numbers
        assert numbers[0] > before
        # Heard by the new listener, not read by it.
        await desk.push("all", "journal", {"at": ["after"]})
        await read(screen, 1)
        assert desk.hub.live


async def test_a_long_outage_ends_the_screens_and_says_so(database_url: str):
    async with open_desk(database_url, grace_s=0.0) as desk, desk.hub.subscribe(["all"], None) as screen:
        await read(screen, 1)
        assert await desk.cut_listener() == 1
        assert await read_to_end(screen) == []
        assert not screen.slow


async def test_it_stops_whenever_it_is_asked_to(database_url: str):
    settings = DatabaseSettings(url=database_url)
    async with await open_pool(settings) as pool:
        for milliseconds in range(60):
            running = asyncio.create_task(Hub(pool, lambda: connect(settings), SLOW_LIMIT).run())
            await asyncio.wait([running], timeout=milliseconds / 2000)
            running.cancel()
            _, still = await asyncio.wait([running], timeout=PATIENCE_S)
            assert not still


async def test_old_deltas_are_cut_off_from_the_beginning_only(desk: Desk):
    numbers = [await desk.push("all", "journal", {"at": [number]}) for number in range(4)]
    # The third was begun before the second and committed after it.
    await desk.pool.execute("update push_log set at = now() - interval '2 hours' where seq = $1", numbers[2])
    await desk.hub.forget(timedelta(hours=1))
    held = await desk.pool.fetchrow(queries("push")["held"])
    assert (held["oldest"], held["newest"]) == (numbers[3], numbers[3])
    await desk.hub.forget(timedelta(0))
    assert await desk.pool.fetchval("select count(*) from push_log") == 1
    async with desk.hub.subscribe(["all"], numbers[0]) as screen:
        assert await read(screen, 1) == [Snapshot(numbers[3], {"journal": {"at": [3]}})]


AUDIENCES = ("all", "supervisors", "operator:1", "operator:2")
STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("push"),
            st.sampled_from(AUDIENCES),
            st.sampled_from(("card", "presence")),
            st.one_of(st.integers(0, 9), st.just("я" * 5000)),
        ),
        st.tuples(st.just("queue"), st.sampled_from(("7495", "7496")), st.one_of(st.none(), st.integers(1, 9))),
        st.tuples(st.just("come"), st.sets(st.sampled_from(AUDIENCES), min_size=1)),
        st.tuples(st.just("leave"), st.integers(0, 3)),
        st.tuples(st.just("return"), st.integers(0, 3)),
        st.tuples(st.just("cut")),
        st.tuples(st.just("forget")),
    ),
    max_size=25,
)


class Browser:
    """A client that keeps its own state by the protocol, and comes back with the last number it saw."""

    def __init__(self, desk: Desk, audiences: set[str]) -> None:
        self.desk = desk
        self.audiences = audiences
        self.screen: Snapshot | None = None
        self.task: asyncio.Task[None] | None = None
        self.come()

    def come(self) -> None:
        if self.task is None:
            self.task = asyncio.create_task(self._live())

    async def leave(self) -> None:
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)
            self.task = None

    async def _live(self) -> None:
        while True:
            last = None if self.screen is None else self.screen.n
            async with self.desk.hub.subscribe(self.audiences, last) as screen:
                async for message in screen:
                    match message:
                        case Snapshot():
                            self.screen = message
                        case Delta():
                            assert self.screen is not None
                            assert message.audience in self.audiences
                            assert message.n > self.screen.n
                            self.screen = apply(self.screen, message)

    async def fresh(self) -> dict[str, object]:
        row = await self.desk.pool.fetchrow(queries("push")["snapshot"], sorted(self.audiences))
        return dict(row["state"])

    async def wait_until_true(self) -> None:
        expected = await self.fresh()
        async with asyncio.timeout(PATIENCE_S):
            while self.screen is None or dict(self.screen.state) != expected:
                assert self.task is not None
                assert not self.task.done(), self.task.exception()
                await asyncio.sleep(0.002)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_an_old_snapshot_and_the_deltas_are_a_fresh_snapshot(database_url: str, steps: list[tuple[object, ...]]):
    asyncio.run(_play(database_url, steps))


async def _play(database_url: str, steps: list[tuple[object, ...]]) -> None:
    async with open_desk(database_url) as desk:
        await desk.pool.execute(by_owner("truncate push_log, screens"))
        browsers = [Browser(desk, {"all", "operator:1"})]
        try:
            for step in steps:
                match step:
                    case ("push", str(audience), str(kind), value):
                        # A kind belongs to one audience, as in the product.
                        await desk.push(audience, f"{audience}/{kind}", {"value": value})
                    case ("queue", str(number), waiting):
                        await desk.push("all", "queues", {"queues": {number: waiting}})
                    case ("come", audiences):
                        browsers.append(Browser(desk, audiences))
                    case ("leave", int(index)) if index < len(browsers):
                        await browsers[index].leave()
                    case ("return", int(index)) if index < len(browsers):
                        browsers[index].come()
                    case ("cut",):
                        await desk.cut_listener()
                    case ("forget",):
                        await desk.hub.forget(timedelta(0))
            for browser in browsers:
                browser.come()
                await browser.wait_until_true()
        finally:
            for browser in browsers:
                await browser.leave()
