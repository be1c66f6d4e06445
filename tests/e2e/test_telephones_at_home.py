"""Telephones at home behind routers, a real program at each: what an operator does with one, and that its network is cut."""

import asyncio
import audioop
import statistics
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from pathlib import Path

import pytest

from callcenter.domain.call import Call
from callcenter.domain.events import PresenceReason
from callcenter.domain.talk import Party, TalkKind
from callcenter.telephony.render import Directory
from tests.e2e.asterisk_instance import AsteriskInstance, asterisk, free_port
from tests.e2e.baresip import TONE, Baresip
from tests.e2e.browser_operator import CALLERS_TONE, bursts, of_alaw, share
from tests.e2e.caller import Caller
from tests.e2e.carrier import make_certificate
from tests.e2e.homes import FORGETS_S, OFFICE, ROUTER, Home, homes
from tests.e2e.service import Service, service
from tests.telephony.helpers import until

pytestmark = [pytest.mark.e2e, pytest.mark.long]

NUMBER = "74951234567"
TELEPHONES, CUT_AT_ONCE, ROUNDS = 20, 10, 3
NAMES = tuple(f"op-{number:02d}" for number in range(1, TELEPHONES + 1))
DIRECTORY = Directory(numbers=((NUMBER, "ru"),), endpoints=tuple((name, f"secret-{name}") for name in NAMES))
BACK_WITHIN_S = 60.0


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AsteriskInstance]:
    home = tmp_path_factory.mktemp("asterisk")
    make_certificate(home / "lib")
    more = {
        "bind": "0.0.0.0",
        "tls_port": free_port(),
        "telephone_transports": ["tcp", "tls"],
        "telephone_srtp": "optional",
        "tls_certificate": "/var/lib/asterisk/carrier.pem",
        "tls_key": "/var/lib/asterisk/carrier.key",
    }
    with asterisk(home, DIRECTORY, more=more, ring_s=10, max_wait_s=120) as instance:
        yield instance


@pytest.fixture(scope="module")
def flats(pbx: AsteriskInstance) -> Iterator[list[Home]]:
    with homes(TELEPHONES) as made:
        yield made


@asynccontextmanager
async def at_home(
    pbx: AsteriskInstance, flats: list[Home], folder: Path, count: int
) -> AsyncIterator[tuple[Service, list[Baresip]]]:
    """So many operators, available at their telephones at home."""
    server = f"{OFFICE}:{pbx.settings.asterisk.sip_port}"
    with ExitStack() as stack:
        phones = [
            stack.enter_context(Baresip(folder / name, flat.space, flat.address, name, f"secret-{name}", server))
            for name, flat in zip(NAMES[:count], flats, strict=False)
        ]
        for phone in phones:
            await asyncio.to_thread(phone.wait_registered)
        async with service(pbx, *NAMES[:count]) as made:
            yield made, phones


@asynccontextmanager
async def calling(pbx: AsteriskInstance, number: str) -> AsyncIterator[Caller]:
    """A resident who calls."""
    caller_id = f"<sip:{number}@127.0.0.2>".encode()
    with Caller(pbx.settings.asterisk.sip_port, NUMBER.encode(), caller_id) as caller:
        assert await asyncio.to_thread(caller.invite, 20.0) == 200
        yield caller


@asynccontextmanager
async def speaking(caller: Caller) -> AsyncIterator[None]:
    """The resident speaks all the while. Takes a thread of the few that there are."""
    sound = audioop.lin2alaw(bursts(CALLERS_TONE, 120, 8000), 2)
    stop = asyncio.Event()
    task = asyncio.create_task(asyncio.to_thread(caller.speak, sound, stop.is_set))
    try:
        yield
    finally:
        stop.set()
        await task


async def heard(caller: Caller, tone: bool) -> None:
    """Wait until the caller hears the operator's tone, or does not."""
    deadline = time.monotonic() + 20.0
    while (share(of_alaw(await asyncio.to_thread(caller.listen, 1.0)), TONE) > 0.5) is not tone:
        assert time.monotonic() < deadline, f"the tone {'did not come' if tone else 'went on'}"


def talks(call: Call | None) -> list[tuple[str, TalkKind, Party | None]]:
    return [] if call is None else [(talk.operator.partition("/")[2], talk.kind, talk.by) for talk in call.talks]


async def test_a_telephone_behind_a_router_rings_talks_holds_and_transfers(
    pbx: AsteriskInstance, flats: list[Home], tmp_path: Path
) -> None:
    async with at_home(pbx, flats, tmp_path, 2) as (made, phones):
        assert ROUTER in pbx.cli("pjsip show contacts")
        assert flats[0].address not in pbx.cli("pjsip show contacts")
        await outlast_the_router(pbx)
        async with calling(pbx, "+79160000001") as caller, speaking(caller):
            await heard(caller, tone=True)
            (first,) = [name for name, _, _ in talks(made.call_of("+79160000001"))]
            phone, colleague = sorted(phones, key=lambda each: each.account != first)
            await until(lambda: phone.hears(CALLERS_TONE))
            phone.type("hold")
            await heard(caller, tone=False)
            phone.type("resume")
            await heard(caller, tone=True)
            phone.type(f"transfer {colleague.account}")
            await until(
                lambda: [name for name, _, _ in talks(made.call_of("+79160000001"))] == [first, colleague.account]
            )
            await heard(caller, tone=True)
            await until(lambda: colleague.hears(CALLERS_TONE))
        await until(
            lambda: (
                talks(made.call_of("+79160000001"))
                == [(first, TalkKind.QUEUE, Party.TRANSFER), (colleague.account, TalkKind.TRANSFER, Party.CALLER)]
            )
        )


async def outlast_the_router(pbx: AsteriskInstance) -> None:
    """Until the router has forgotten a telephone that was not asked meanwhile; it registers again only after a minute."""
    began = time.monotonic()
    with pbx.actions() as manager:
        contact = manager.act("Getvar", Variable="PJSIP_AOR(op-01,contact)")["Value"]
        took: list[str] = []
        while time.monotonic() - began < FORGETS_S or len(took) < 3:
            answer = manager.act("Getvar", Variable=f"PJSIP_CONTACT({contact},rtt)")["Value"]
            took += [answer] if [answer] != took[-1:] else []
            assert time.monotonic() - began < 3 * FORGETS_S, took
            await asyncio.sleep(0.2)


@pytest.mark.parametrize(("transport", "srtp"), [("tcp", False), ("tls", True), ("tls", False)])
async def test_a_telephone_talks_by_tcp_and_tls_and_encrypts_its_sound_if_it_can(
    pbx: AsteriskInstance, flats: list[Home], tmp_path: Path, transport: str, srtp: bool
) -> None:
    port = pbx.settings.asterisk.tls_port if transport == "tls" else pbx.settings.asterisk.sip_port
    server = f"{OFFICE}:{port};transport={transport}"
    more = ";mediaenc=srtp" if srtp else ""
    flat = flats[0]
    with Baresip(tmp_path / "op-01", flat.space, flat.address, "op-01", "secret-op-01", server, more) as phone:
        await asyncio.to_thread(phone.wait_registered)
        assert f";transport={transport}" in pbx.cli("pjsip show aor op-01").lower()
        async with service(pbx, "op-01") as made, calling(pbx, "+79160000002") as caller, speaking(caller):
            await heard(caller, tone=True)
            ((_, channel),) = made.switchboard.legs()
            with pbx.actions() as manager:
                secure = manager.act("Getvar", Channel=channel, Variable="CHANNEL(rtp,secure,audio)")
            assert secure["Value"] == str(int(srtp))
            await until(lambda: phone.hears(CALLERS_TONE))
            caller.hang_up()
            await until(lambda: talks(made.call_of("+79160000002")) == [("op-01", TalkKind.QUEUE, Party.CALLER)])


async def test_of_thirty_talks_whose_network_is_cut_each_caller_is_back_with_somebody(
    pbx: AsteriskInstance, flats: list[Home], tmp_path: Path
) -> None:
    """Ten at a time; of each ten five networks come back when the caller has heard that the connection is restored.

    Whoever was not back in time gets no more calls until they ask for them.
    """
    back: list[Call] = []
    took: list[float] = []
    async with at_home(pbx, flats, tmp_path, TELEPHONES) as (made, _):
        for turn in range(ROUNDS):
            for call, cut_at in await cut_talks(pbx, made, flats, turn):
                back.append(call)
                took.append(call.talks[1].began_at.timestamp() - cut_at)
    same = sum(first.operator == second.operator for first, second, *_ in (call.talks for call in back))
    print(f"{len(back)} callers back, {same} of them with the same operator")
    print(f"median {statistics.median(took):.1f} s, longest {max(took):.1f} s after the cut")
    assert len(back) == CUT_AT_ONCE * ROUNDS
    assert same > 0


async def cut_talks(pbx: AsteriskInstance, made: Service, flats: list[Home], turn: int) -> list[tuple[Call, float]]:
    """Cut talks at once; the calls, in which each caller talks again, and when each was cut."""
    await all_ready(made)
    numbers = [f"+7916{turn:03d}{each:04d}" for each in range(CUT_AT_ONCE)]
    async with AsyncExitStack() as stack:
        callers = [await stack.enter_async_context(calling(pbx, number)) for number in numbers]
        await until(lambda: all(len(talks(made.call_of(number))) == 1 for number in numbers), BACK_WITHIN_S)
        cut = {number: flats[NAMES.index(talks(made.call_of(number))[0][0])] for number in numbers}
        began = {}
        for number in numbers:
            await asyncio.to_thread(cut[number].cut)
            began[number] = time.time()
        back_soon = numbers[: CUT_AT_ONCE // 2]
        for number in back_soon:
            await until(lambda number=number: talks(made.call_of(number))[0][2] is not None, BACK_WITHIN_S)
            await asyncio.to_thread(cut[number].mend)
        await until(lambda: all(len(talks(made.call_of(number))) >= 2 for number in numbers), BACK_WITHIN_S)
        for caller in callers:
            await heard(caller, tone=True)
        calls = [(call, began[number]) for number in numbers if (call := made.call_of(number)) is not None]
        late = {call.talks[0].operator for call, _ in calls if call.talks[1].operator != call.talks[0].operator}
        assert {f"PJSIP/{NAMES[number - 1]}" for number in paused(made)} == late
        for number in numbers:
            await asyncio.to_thread(cut[number].mend)
    assert [call.talks[0].by for call, _ in calls] == [Party.NETWORK] * CUT_AT_ONCE
    return calls


async def all_ready(made: Service) -> None:
    """Once every telephone is there, whoever was lost asks for calls again."""
    operators = range(1, TELEPHONES + 1)
    await until(lambda: all((now := made.shown(number)) and now.phone_reachable for number in operators), BACK_WITHIN_S)
    for number in paused(made):
        made.on_the_line(number)
    await until(lambda: all(made.ready(number) for number in operators), BACK_WITHIN_S)


def paused(made: Service) -> list[int]:
    """Of whose telephones it is shown that they were lost in a talk."""
    shown = {number: made.shown(number) for number in range(1, TELEPHONES + 1)}
    return [number for number, now in shown.items() if now and now.reason is PresenceReason.NO_CONNECTION]
