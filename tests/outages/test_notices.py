"""Others told of outages on a real PostgreSQL: a mail server, a program and a fake of MAX on loopback."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from callcenter.common import jobs
from callcenter.common.delivery import DeliveryProblem, NotDelivered
from callcenter.common.jobs import Worker
from callcenter.common.max_bot import LONGEST, MaxBot
from callcenter.common.smtp import MailServer
from callcenter.common.webhook import SIGNATURE
from callcenter.domain.outage import OutageState, OutageStep
from callcenter.outages.notices.channels import NoticeMail, NoticeMax, NoticeWebhook
from callcenter.outages.notices.notice import NoticeChannel, NoticeEvent, NoticeWay, event_of
from callcenter.outages.notices.recipients import Recipients
from callcenter.outages.notices.sending import NoticeDeliveries, Notices
from callcenter.outages.outage import OutageChange, OutageEdit, PlaceEdit
from callcenter.settings import DatabaseSettings, MaxSettings
from tests.dispatch.crew import WAIT_S, eventually, handover_settings, mailbox, program, smtp_settings
from tests.outages.district import District, district
from tests.site import BOX

__all__ = ["district"]

URL = "https://desk.example.org"
SECRET = "a recipient's secret"
PRIVATE = ("слесарь Иванов", "только для операторов", "57а", "стояк у лифта", "+7916", "Жилец")


@dataclass
class FakeMax:
    """The interface of MAX as its documentation has it. `statuses`: the next answers; then all are good."""

    url: str = ""
    messages: asyncio.Queue[tuple[str, str, str]] = field(default_factory=asyncio.Queue)
    statuses: list[int] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        status = self.statuses.pop(0) if self.statuses else 200
        if request.path != "/messages" or request.method != "POST" or "access_token" in request.query:
            status = 404
        body = await request.json()
        if len(body["text"]) > LONGEST:
            status = 400
        if status == 200:
            self.messages.put_nowait((request.headers["Authorization"], request.query["chat_id"], body["text"]))
        return web.json_response({"message": {}} if status == 200 else {"code": "x", "message": "x"}, status=status)


@asynccontextmanager
async def fake_max() -> AsyncIterator[FakeMax]:
    fake = FakeMax()
    runner = web.ServerRunner(web.Server(fake.handle), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield fake
    finally:
        await runner.cleanup()


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "LOOK_EVERY_S", 0.05)


@asynccontextmanager
async def worker(
    district: District, database_url: str, *, port: int = 1, max_url: str = "http://127.0.0.1:1", attempts: int = 3
) -> AsyncIterator[None]:
    channels: dict[NoticeWay, NoticeChannel] = {
        NoticeWay.EMAIL: NoticeMail(MailServer(smtp_settings(port))),
        NoticeWay.WEBHOOK: NoticeWebhook(handover_settings(), BOX),
        NoticeWay.MAX: NoticeMax(MaxBot(MaxSettings.model_validate({"token": "bot token", "url": max_url}))),
    }
    deliveries = NoticeDeliveries(district.pool, channels, attempts=attempts, wait=lambda _failures: timedelta(0))
    running = asyncio.create_task(Worker(DatabaseSettings(url=database_url), [deliveries.kind], dead_after_s=1).run())
    try:
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
def told(district: District) -> District:
    """The same district, of which others are told."""
    district.outages = district.outages.also(Notices(URL).on_change)
    return district


async def recipient(district: District, way: str, address: str, party: str = "municipality") -> int:
    return int(
        await district.pool.fetchval(
            "insert into outage_recipients (company_id, name, party, way, address, secret)"
            " values ($1, 'ЕДДС', $2, $3, $4, $5) returning id",
            district.company, party, way, address, BOX.seal(SECRET) if way == "webhook" else None,
        )
    )  # fmt: skip


async def notices(district: District) -> list[tuple[str, str]]:
    rows = await district.pool.fetch("select event, state from outage_notices order by id")
    return [(row["event"], row["state"]) for row in rows]


async def arrived(district: District) -> bool:
    return {state for _, state in await notices(district)} <= {"delivered", "dropped"}


async def test_each_way_carries_what_is_public_and_no_more(told: District, database_url: str) -> None:
    await told.pool.execute("update companies set outage_page = 'zarechye'")
    async with mailbox() as box, program() as receiver, fake_max() as chat:
        await recipient(told, "email", "edds@example.org")
        await recipient(told, "webhook", receiver.url, "supplier")
        await recipient(told, "max", "-7001", "company")
        now = datetime.now(UTC)
        place = PlaceEdit(house_id=told.house, entrances=(2,), flats="1-40, 57а", riser=PRIVATE[3])
        await told.outages.open(
            told.vera,
            told.new(
                since=now, until=now + timedelta(hours=4), places=(place,), cause="Прорыв трубы", message="Подвоз воды у дома",
                workers=PRIVATE[0], operator_note=PRIVATE[1],
            ),
        )  # fmt: skip
        async with (
            worker(told, database_url, port=box.port, max_url=chat.url),
            asyncio.timeout(WAIT_S),
        ):
            letter = await box.letters.get()
            headers, body = await receiver.requests.get()
            token, where, text = await chat.messages.get()
            await eventually(lambda: arrived(told))
    stamp = headers[SIGNATURE].partition(",")[0].removeprefix("t=")
    signed = hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    assert headers[SIGNATURE] == f"t={stamp},v1={signed}"
    document = json.loads(body)
    assert (document["event"], document["outage"]["state"]) == ("outage.opened", "off")
    assert document["outage"]["page"] == f"{URL}/public/outages/zarechye"
    assert letter["Subject"] == "Отключение: Холодная вода, Заречный, ул. Мира, 7"
    assert (token, where) == ("bot token", "-7001")
    for said in (letter.get_content(), text, json.dumps(document, ensure_ascii=False)):
        assert "Прорыв трубы" in said
        assert "Подвоз воды у дома" in said
        assert "Заречный, ул. Мира, 7" in said
        assert [secret for secret in (*PRIVATE, SECRET, "Вера") if secret in said] == []
    assert set(document["outage"]) == {
        "id", "kind", "names", "planned", "state", "since", "until", "cause", "message", "places", "company", "zone", "page",
    }  # fmt: skip


S = OutageState


@pytest.mark.parametrize(
    ("before", "after", "fields", "event"),
    [
        (None, S.CONFIRMED, (), NoticeEvent.OPENED),
        (None, S.SUSPECTED, (), None),
        (S.SUSPECTED, S.CONFIRMED, (), NoticeEvent.OPENED),
        (S.SUSPECTED, S.CANCELLED, (), None),
        (S.SUSPECTED, S.SUSPECTED, ("cause",), None),
        (S.CONFIRMED, S.REPAIRING, (), None),
        (S.CONFIRMED, S.CONFIRMED, ("until",), NoticeEvent.CHANGED),
        (S.REPAIRING, S.REPAIRING, ("places",), NoticeEvent.CHANGED),
        (S.REPAIRING, S.REPAIRING, ("workers", "operator_note", "crew_id"), None),
        (S.REPAIRING, S.RESTORED, (), NoticeEvent.ENDED),
        (S.CONFIRMED, S.CLOSED, (), NoticeEvent.ENDED),
        (S.CONFIRMED, S.CANCELLED, (), NoticeEvent.ENDED),
        (S.RESTORED, S.CHECKED, (), None),
        (S.CHECKED, S.CLOSED, (), None),
        (S.RESTORED, S.REPAIRING, (), NoticeEvent.CHANGED),
    ],
)
def test_what_others_are_told_of(
    before: OutageState | None, after: OutageState, fields: tuple[str, ...], event: NoticeEvent | None
) -> None:
    assert event_of(OutageChange(before=before, fields=frozenset(fields)), after) == event


async def test_opening_changing_and_ending_are_told_in_order(told: District, database_url: str) -> None:
    async with program() as receiver, worker(told, database_url), asyncio.timeout(WAIT_S):
        await recipient(told, "webhook", receiver.url)
        outage = await told.outages.open(told.vera, told.new())
        seen = [json.loads((await receiver.requests.get())[1])]
        await told.outages.edit(told.vera, outage.id, OutageEdit(until=outage.since + timedelta(hours=9)))
        seen.append(json.loads((await receiver.requests.get())[1]))
        await told.outages.edit(told.vera, outage.id, OutageEdit(operator_note="тихо"))
        await told.outages.step(told.vera, outage.id, OutageStep.RESTORE)
        seen.append(json.loads((await receiver.requests.get())[1]))
        await told.outages.step(told.vera, outage.id, OutageStep.CLOSE)
        await eventually(lambda: arrived(told))
    assert receiver.requests.empty()
    assert [(each["event"], each["outage"]["state"]) for each in seen] == [
        ("outage.opened", "off"),
        ("outage.changed", "off"),
        ("outage.ended", "restored"),
    ]
    assert len({each["key"] for each in seen}) == 3


async def test_whoever_was_out_of_reach_gets_the_last_word_only(told: District, database_url: str) -> None:
    async with program() as receiver:
        await recipient(told, "webhook", receiver.url)
        outage = await told.outages.open(told.vera, told.new())
        await told.outages.edit(told.vera, outage.id, OutageEdit(cause="Прорыв"))
        await told.outages.step(told.vera, outage.id, OutageStep.CLOSE)
        async with worker(told, database_url):
            await eventually(lambda: arrived(told))
        assert receiver.requests.qsize() == 1
    assert await notices(told) == [("opened", "dropped"), ("changed", "dropped"), ("ended", "delivered")]


async def test_a_suggestion_is_told_of_when_somebody_confirms_it(told: District) -> None:
    await recipient(told, "max", "1")
    suspected = await told.outages.open(told.vera, told.new(), suspected=True)
    assert await notices(told) == []
    await told.outages.confirm(told.vera, suspected.id, "gas")
    assert await notices(told) == [("opened", "waiting")]
    assert await told.pool.fetchval("select body ->> 'kind' from outage_notices") == "gas"


async def test_another_companys_recipients_and_those_switched_off_are_not_told(told: District) -> None:
    other = await told.pool.fetchval("insert into companies (name) values ('Другая') returning id")
    theirs = await recipient(told, "max", "1")
    await told.pool.execute("update outage_recipients set company_id = $1 where id = $2", other, theirs)
    await told.pool.execute(
        "update outage_recipients set active = false where id = $1", await recipient(told, "max", "2")
    )
    await told.outages.open(told.vera, told.new())
    assert await notices(told) == []


async def test_no_change_no_message(told: District) -> None:
    await recipient(told, "max", "1")

    async def fails(*_: object) -> None:
        raise OSError("the last thing in the transaction")

    with pytest.raises(OSError, match="last thing"):
        await told.outages.also(fails).open(told.vera, told.new())
    assert await notices(told) == []
    assert await told.pool.fetchval("select count(*) from outages") == 0


async def test_an_inner_address_is_refused_and_shown_and_sent_again(told: District, database_url: str) -> None:
    async with program() as receiver:
        await recipient(told, "webhook", receiver.url.replace("127.0.0.1", "169.254.169.254"))
        await told.outages.open(told.vera, told.new())
        recipients = Recipients(told.pool, BOX)

        async def dead() -> bool:
            # And its job is over.
            jobs_left = await told.pool.fetchval("select count(*) from pgqueuer")
            return not jobs_left and await notices(told) == [("opened", "dead")]

        async with worker(told, database_url):
            await eventually(dead)
            [shown] = await recipients.undelivered(told.vera)
            assert (shown.problem, shown.attempts, shown.recipient) == (DeliveryProblem.INNER_ADDRESS, 1, "ЕДДС")
            await told.pool.execute("update outage_recipients set address = $1", receiver.url)
            assert await recipients.send_again(told.vera, shown.id)
            await eventually(lambda: arrived(told))
            assert not await recipients.send_again(told.vera, shown.id)
    assert await recipients.undelivered(told.vera) == []


async def test_max_that_is_busy_is_asked_again_and_a_chat_that_is_not_there_is_given_up(
    told: District, database_url: str
) -> None:
    async with fake_max() as chat:
        chat.statuses = [429, 503, 200]
        await recipient(told, "max", "42")
        await told.outages.open(told.vera, told.new())
        async with worker(told, database_url, max_url=chat.url):
            await eventually(lambda: arrived(told))
        assert await told.pool.fetchval("select attempts from outage_notices") == 3
        bot = MaxBot(MaxSettings.model_validate({"token": "t", "url": chat.url}))
        for status, problem, lasting in (
            (404, DeliveryProblem.ANSWER, True),
            (401, DeliveryProblem.LOGIN_REFUSED, False),
            (302, DeliveryProblem.ANSWER, True),
        ):
            chat.statuses = [status]
            with pytest.raises(NotDelivered) as refused:
                await bot.send("42", "x")
            assert (refused.value.problem, refused.value.lasting) == (problem, lasting)
        await bot.send("42", "ю" * 10_000)
    with pytest.raises(NotDelivered) as refused:
        await bot.send("42", "x")
    assert refused.value.problem is DeliveryProblem.UNREACHABLE
    with pytest.raises(NotDelivered) as refused:
        await MaxBot(MaxSettings()).send("42", "x")
    assert (refused.value.problem, refused.value.lasting) == (DeliveryProblem.NO_BOT, True)


async def test_planned_works_end_by_their_times_with_their_tickets(told: District) -> None:
    await recipient(told, "max", "42")
    now = datetime.now(UTC)
    over, lasting, emergency = [
        (await told.outages.open(told.vera, told.new(planned=planned, since=now - timedelta(hours=2), until=until))).id
        for planned, until in (
            (True, now - timedelta(minutes=1)),
            (True, now + timedelta(hours=1)),
            (False, now - timedelta(minutes=1)),
        )
    ]
    assert await told.outages.end_planned() == [over]
    assert await told.outages.end_planned() == []
    states = {row["id"]: row["state"] for row in await told.pool.fetch("select id, state from outages")}
    assert states == {over: "closed", lasting: "confirmed", emergency: "confirmed"}
    incident = "select t.state from tickets t join outages o on o.incident_id = t.id where o.id = $1"
    assert await told.pool.fetchval(incident, over) == "closed"
    last = await told.pool.fetchrow(
        "select operator_id, to_state from outage_events where outage_id = $1 order by id desc", over
    )
    assert tuple(last) == (None, "closed")
    assert (await notices(told))[-1] == ("ended", "waiting")
