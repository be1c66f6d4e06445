"""A link to recordings, from the side of who holds it: and of who only would like to."""

import asyncio
import hashlib
import re
from collections import Counter
from collections.abc import AsyncIterator

import aiohttp
import asyncpg
import pytest

from callcenter.common.attempts import ATTEMPTS_PER_ADDRESS, TooManyAttempts
from callcenter.errors import StoreError
from callcenter.sharing.links import MOST_WRONG_PINS, SHARE_LINKS
from callcenter.sharing.visits import LINK_VISITS
from tests.sharing.link_work import AUDIO, COPY, Shared, open_shared
from tests.site import Browser, Site
from tests.tickets.ticket_work import open_work


@pytest.fixture
async def shared(site: Site) -> AsyncIterator[Shared]:
    async with open_work(site) as work, open_shared(work) as shared:
        yield shared


async def status(browser: Browser, path: str, **headers: str) -> int:
    """The status of an answer that is read to its end."""
    async with await browser.get(path, **headers) as answer:
        await answer.read()
        return answer.status


async def test_the_page_says_for_whom_and_why_and_plays_and_gives_out_what_was_shared(shared: Shared):
    made = await shared.link()
    async with shared.work.site.browser() as guest:
        answer = await guest.get(f"/l/{made.token}")
        text = await answer.text()
        assert answer.status == 200
        for words in ("Иванов И. И.", "Ответ на претензию", "УК «Заречье»", "Скачать оригинал", "1:23"):
            assert words in text, words
        assert hashlib.sha256(AUDIO).hexdigest() in text
        assert "<script" not in text
        assert "Скачать сжатую копию" in text
        heard = await guest.get(f"/l/{made.token}/1/listen")
        original = await guest.get(f"/l/{made.token}/1/original")
        copy = await guest.get(f"/l/{made.token}/1/copy")
        without_copy = await guest.get(f"/l/{made.token}/2/listen-original")
        assert (await heard.read(), heard.content_type) == (COPY, "audio/ogg")
        assert (await original.read(), original.content_type) == (AUDIO, "audio/wav")
        assert original.headers["Content-Disposition"] == 'attachment; filename="ticket-1-2026-03-05-1230-1.wav"'
        assert (await copy.read(), await without_copy.read()) == (COPY, AUDIO[:5000])
        assert await status(guest, f"/l/{made.token}/2/copy") == 404
        assert await status(guest, f"/l/{made.token}/2/listen") == 404
    for each in (answer, heard, original):
        assert each.headers["Referrer-Policy"] == "no-referrer"
        assert each.headers["Cache-Control"] == "no-store"
        assert "noindex" in each.headers["X-Robots-Tag"]
    assert await shared.uses() == [
        ("opened", None, 0), ("listened", 1, len(COPY)), ("original", 1, len(AUDIO)), ("copy", 1, len(COPY)),
        ("listened", 2, 5000),
    ]  # fmt: skip
    assert await shared.audited() == [
        "shared recordings", "opened link", "listened by link", "downloaded by link", "downloaded by link",
        "listened by link",
    ]  # fmt: skip


async def test_the_page_speaks_the_language_that_was_chosen_and_the_other(shared: Shared):
    made = await shared.link(language="en")
    async with shared.work.site.browser() as guest:
        assert "Download the original" in await (await guest.get(f"/l/{made.token}")).text()
        assert "Скачать оригинал" in await (await guest.get(f"/l/{made.token}?language=ru")).text()
        assert "Download the original" in await (await guest.get(f"/l/{made.token}?language=xx")).text()


async def test_nothing_but_the_hash_of_the_token_and_of_the_pin_is_kept(shared: Shared):
    made = await shared.link(with_pin=True)
    kept = ""
    for table in ("share_links", "share_link_recordings", "share_link_uses", "share_link_visits", "audit_log"):
        kept += str(await shared.pool.fetchval(f"select string_agg(row_to_json(x)::text, ' ') from {table} x"))
    assert len(made.token) >= 22
    assert made.token not in kept
    assert made.pin not in kept
    assert "$argon2id$" in kept


async def test_a_browser_fetches_a_part_and_what_was_not_sent_is_not_counted(shared: Shared):
    made = await shared.link(fetches=1)
    path = f"/l/{made.token}/1/original"
    async with shared.work.site.browser() as guest:
        part = await guest.get(path, Range="bytes=100-199")
        assert (part.status, await part.read()) == (206, AUDIO[100:200])
        assert part.headers["Content-Range"] == f"bytes 100-199/{len(AUDIO)}"
        assert await status(guest, path, Range="bytes=999999-") == 416
        assert await status(guest, path, Range="nonsense") == 200
    assert await shared.uses() == [("original", 1, 100 + len(AUDIO))]


async def test_each_recording_is_fetched_as_often_as_the_link_allows_and_no_more_by_many_at_once(shared: Shared):
    made = await shared.link(fetches=2)
    path = f"/l/{made.token}/1/original"
    async with shared.work.site.browser() as guest:
        answers = await asyncio.gather(*(guest.get(path) for _ in range(6)))
        bodies = [await answer.read() for answer in answers]
        assert sorted(answer.status for answer in answers) == [200, 200, 403, 403, 403, 403]
        assert bodies.count(AUDIO) == 2
        # The other recording, and hearing this one, have their own count.
        assert await status(guest, f"/l/{made.token}/2/original") == 200
        assert await status(guest, f"/l/{made.token}/1/listen") == 200
        text = await (await guest.get(f"/l/{made.token}")).text()
    assert "Оригинал скачан столько раз" in text
    assert ("original", 1, 2 * len(AUDIO)) in await shared.uses()
    assert "none left" in [kind for kind, _, _ in await shared.uses()]


async def gone_links(shared: Shared) -> dict[str, str]:
    """Links that do not work, each in its own way."""
    expired, revoked, locked = [await shared.link(with_pin=kind == "locked") for kind in ("", "", "locked")]
    await shared.pool.execute("update share_links set expires_at = now() where id = $1", expired.id)
    links = shared.work.site.server.app[SHARE_LINKS]
    assert await links.revoke(shared.work.person, shared.ticket_id, revoked.id, "")
    await shared.pool.execute("update share_links set pin_failures = $2 where id = $1", locked.id, MOST_WRONG_PINS)
    return {"unknown": "A" * 22, "expired": expired.token, "revoked": revoked.token, "locked": locked.token}


async def test_no_answer_distinguishes_a_link_that_never_existed_from_one_that_no_longer_works(shared: Shared):
    tokens = await gone_links(shared)
    seen: dict[str, set[tuple[object, ...]]] = {}
    async with shared.work.site.browser() as guest:
        for kind, token in tokens.items():
            for path in ("", "/1/listen", "/1/listen-original", "/1/original", "/9/copy"):
                answer = await guest.get(f"/l/{token}{path}")
                text = (await answer.text()).replace(token, "")
                headers = tuple((name, value) for name, value in answer.headers.items() if name != "Date")
                lasting = tuple((name, value) for name, value in headers if name != "Content-Length")
                seen.setdefault(kind, set()).add((answer.status, text, lasting))
            answer = await guest.post(f"/l/{token}/pin", origin="null", pin="123456")
            assert (answer.status, "ПИН" in await answer.text()) == (404, False)
    assert len({frozenset(answers) for answers in seen.values()}) == 1
    assert {answer[0] for answer in seen["unknown"]} == {404}


async def test_no_query_distinguishes_them_either(shared: Shared):
    """What takes time is the same statements for each of them, so nothing is learned from the time."""
    tokens = await gone_links(shared)
    asked: dict[str, list[str]] = {}
    async with shared.work.site.browser() as guest:
        for kind, token in tokens.items():
            statements = asked[kind] = []

            def note(record: object, statements: list[str] = statements) -> None:
                statements.append(record.query)  # type: ignore[attr-defined]

            async with every_connection(shared.pool) as connections:
                for connection in connections:
                    connection.add_query_logger(note)
            await guest.get(f"/l/{token}")
            async with every_connection(shared.pool) as connections:
                for connection in connections:
                    connection.remove_query_logger(note)
    assert len(asked["unknown"]) >= 3
    for kind, statements in asked.items():
        assert statements == asked["unknown"], kind


class every_connection:  # noqa: N801
    """All connections that the pool may hand out, held for a moment."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool
        self.held: list[object] = []

    async def __aenter__(self) -> list[asyncpg.Connection]:
        self.held = [await self.pool.acquire() for _ in range(self.pool.get_max_size())]
        return self.held  # type: ignore[return-value]

    async def __aexit__(self, *_: object) -> None:
        for each in self.held:
            await self.pool.release(each)


async def test_wrong_links_are_refused_after_a_hundred_and_the_right_one_still_works(shared: Shared):
    made = await shared.link()
    visits = shared.work.site.server.app[LINK_VISITS]
    counted: Counter[str] = Counter()

    async def guess(numbers: range) -> None:
        for number in numbers:
            try:
                counted["wrong" if await visits.find(f"{number:022}", "127.0.0.1") is None else "right"] += 1
            except TooManyAttempts:
                counted["refused"] += 1

    await asyncio.gather(*(guess(range(start, 9_900, 8)) for start in range(8)))
    assert counted["wrong"] <= ATTEMPTS_PER_ADDRESS
    assert counted["wrong"] + counted["refused"] == 9_900
    async with shared.work.site.browser() as guest:
        assert {await status(guest, f"/l/{number:022}") for number in range(9_900, 10_000)} == {429}
        assert await status(guest, f"/l/{made.token}") == 200
        # Nor are logins behind the same proxy refused.
        assert (await guest.log_in("vera")).status == 303
    # What was refused is not kept: guessing fills no table.
    assert await shared.pool.fetchval("select count(*) from login_attempts") <= ATTEMPTS_PER_ADDRESS
    await shared.pool.execute("update login_attempts set at = at - interval '16 minutes'")
    async with shared.work.site.browser() as guest:
        assert await status(guest, f"/l/{made.token}") == 200


@pytest.mark.parametrize(
    "path",
    [
        "/l/..%2F..%2Fetc%2Fpasswd", "/l/%00", "/l/%FF%FE", "/l/" + "A" * 4000, "/l/%D0%B6", "/l/A%0D%0ASet-Cookie:x",
        "/l/'%20or%201=1--",
    ],
)  # fmt: skip
async def test_a_token_may_hold_anything_and_opens_nothing(shared: Shared, path: str):
    async with shared.work.site.browser() as guest:
        for end in ("", "/1/listen"):
            async with guest.http.get(aiohttp.client.URL(f"{guest.origin}{path}{end}", encoded=True)) as answer:
                await answer.read()
                assert answer.status == 404
                assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "end",
    ["/..%2Fone.wav/listen", "/1/..%2F..%2Fone.wav", "/1%2F../listen", "/-1/listen", "/99999/listen", "/1/listen%00"],
)
async def test_no_name_in_the_address_leads_out_of_the_link(shared: Shared, end: str):
    made = await shared.link()
    opened: list[str] = []
    shelf = shared.work.site.shelf
    real = shelf.open

    def watched(key: str, offset: int, length: int, version: str | None) -> AsyncIterator[bytes]:
        opened.append(f"{key}@{version}")
        return real(key, offset, length, version)

    shelf.open = watched  # type: ignore[method-assign]
    async with shared.work.site.browser() as guest:
        async with guest.http.get(aiohttp.client.URL(f"{guest.origin}/l/{made.token}{end}", encoded=True)) as answer:
            await answer.read()
            assert answer.status == 404
        assert opened == []
        assert await status(guest, f"/l/{made.token}/1/original") == 200
    # What is opened is named by the row alone.
    assert opened == ["recordings/one.wav@1"]


async def test_a_link_opens_its_own_recordings_and_no_others(shared: Shared):
    made = await shared.link(recordings=shared.recordings[1:])
    async with shared.work.site.browser() as guest:
        assert await (await guest.get(f"/l/{made.token}/1/original")).read() == AUDIO[:5000]
        for place in (0, 2, 3, 999):
            assert await status(guest, f"/l/{made.token}/{place}/original") == 404


async def test_a_recording_that_is_kept_no_longer_is_said_to_be_so(shared: Shared):
    made = await shared.link()
    await shared.pool.execute("update recordings set state = 'deleted' where id = $1", shared.recordings[0])
    async with shared.work.site.browser() as guest:
        assert "больше не хранится" in await (await guest.get(f"/l/{made.token}")).text()
        assert await status(guest, f"/l/{made.token}/1/listen") == 404
        assert await status(guest, f"/l/{made.token}/1/listen-original") == 404
        assert await status(guest, f"/l/{made.token}/2/listen-original") == 200


async def test_without_the_pin_nothing_is_opened_and_with_it_everything(shared: Shared):
    made = await shared.link(with_pin=True)
    assert re.fullmatch("[0-9]{6}", made.pin)
    path, wrong = f"/l/{made.token}", f"{(int(made.pin) + 1) % 10**6:06}"
    async with shared.work.site.browser() as guest:
        text = await (await guest.get(path)).text()
        assert "Введите ПИН-код" in text
        for hidden in ("Иванов", "претензию", "Заречье", "audio"):
            assert hidden not in text, hidden
        assert await status(guest, f"{path}/1/original") == 403
        answer = await guest.post(f"{path}/pin", origin="null", pin=wrong)
        assert (answer.status, "Ещё 9 попыток" in await answer.text()) == (401, True)
        answer = await guest.post(f"{path}/pin", origin="null", pin=f" {made.pin[:3]} {made.pin[3:]} ")
        assert answer.status == 303
        for wanted in ("HttpOnly", f"Path={path}", "SameSite=Lax"):
            assert wanted in answer.headers["Set-Cookie"]
        assert "Иванов" in await (await guest.get(path)).text()
        assert await (await guest.get(f"{path}/1/original")).read() == AUDIO
    async with shared.work.site.browser() as another:
        assert "Введите ПИН-код" in await (await another.get(path)).text()
    assert [kind for kind, _, _ in await shared.uses()] == ["wrong pin", "right pin", "opened", "original"]


async def test_the_visit_of_one_link_opens_no_other(shared: Shared):
    first, second = await shared.link(with_pin=True), await shared.link(with_pin=True)
    async with shared.work.site.browser() as guest:
        answer = await guest.post(f"/l/{first.token}/pin", origin="null", pin=first.pin)
        visit = answer.cookies["link"].value
        text = await (await guest.get(f"/l/{second.token}", Cookie=f"link={visit}")).text()
    assert "Введите ПИН-код" in text


async def test_a_pin_that_is_guessed_shuts_the_link_even_by_many_at_once(shared: Shared):
    made = await shared.link(with_pin=True)
    path = f"/l/{made.token}"
    wrong = [f"{(int(made.pin) + step) % 10**6:06}" for step in range(1, 41)]
    async with shared.work.site.browser() as guest:
        answers = await asyncio.gather(*(guest.post(f"{path}/pin", origin="null", pin=pin) for pin in wrong))
        statuses = [answer.status for answer in answers]
        assert statuses.count(401) == MOST_WRONG_PINS - 1
        assert set(statuses) <= {401, 404, 429}
        # Now the right one is of no use either.
        assert (await guest.post(f"{path}/pin", origin="null", pin=made.pin)).status == 404
        assert await status(guest, path) == 404
    kinds = [kind for kind, _, _ in await shared.uses()]
    assert kinds == ["wrong pin"] * MOST_WRONG_PINS


class Gate:
    """Holds what the store gives out after its first piece, until it is let go."""

    def __init__(self, shared: Shared) -> None:
        self.open = asyncio.Event()
        self.fails = False
        shelf = shared.work.site.shelf
        real = shelf.open

        async def held(key: str, offset: int, length: int, version: str | None) -> AsyncIterator[bytes]:
            first = True
            async for piece in real(key, offset, length, version):
                if not first:
                    await self.open.wait()
                    if self.fails:
                        raise StoreError("out of reach")
                yield piece
                first = False

        shelf.open = held  # type: ignore[method-assign]


@pytest.mark.parametrize("how", ["revoked", "expired"])
async def test_a_link_that_ends_in_the_middle_of_a_download_ends_it(shared: Shared, how: str):
    made = await shared.link()
    gate = Gate(shared)
    async with shared.work.site.browser() as guest:
        answer = await guest.get(f"/l/{made.token}/1/original")
        assert await answer.content.readexactly(1000) == AUDIO[:1000]
        if how == "revoked":
            async with await shared.work.vera.post(f"/tickets/{shared.ticket_id}/links/{made.id}/revoke") as page:
                await page.read()
                assert page.status == 303
        else:
            await shared.pool.execute("update share_links set expires_at = now()")
        gate.open.set()
        with pytest.raises(aiohttp.ClientError):
            await answer.content.read()
        answer.close()
        assert await status(guest, f"/l/{made.token}") == 404
    assert ("cut off", 1, 0) in await shared.uses()
    # What was promised and not sent is given back.
    sent = {kind: sent for kind, _, sent in await shared.uses()}["original"]
    assert 1000 <= sent <= 2000


async def test_a_store_that_fails_in_the_middle_leaves_no_part_taken_for_the_whole(shared: Shared):
    made = await shared.link(fetches=1)
    gate = Gate(shared)
    gate.fails = True
    gate.open.set()
    async with shared.work.site.browser() as guest:
        answer = await guest.get(f"/l/{made.token}/1/original")
        with pytest.raises(aiohttp.ClientError):
            await answer.read()
        answer.close()
        shared.work.site.shelf.broken = True
        assert await status(guest, f"/l/{made.token}/1/original") == 503
        # An interrupted download may be restarted: a failure of ours does not count.
        shared.work.site.shelf.broken, gate.fails = False, False
        assert await (await guest.get(f"/l/{made.token}/1/original")).read() == AUDIO


async def test_a_holder_who_disconnects_is_charged_for_what_was_sent(shared: Shared):
    made = await shared.link()
    gate = Gate(shared)
    async with shared.work.site.browser() as guest:
        answer = await guest.get(f"/l/{made.token}/1/original")
        await answer.content.readexactly(1000)
        answer.close()
    gate.open.set()
    async with asyncio.timeout(10):
        while (sent := (await shared.uses())[-1][2]) == len(AUDIO):
            await shared.pool.fetchval("select 1")
    assert sent < len(AUDIO)


async def test_a_forged_version_is_not_given_out_by_a_link(shared: Shared):
    made = await shared.link()
    async with shared.work.site.browser() as guest:
        assert await status(guest, f"/l/{made.token}/2/original") == 200
        shared.work.site.shelf.objects["recordings/two.wav@2"] = b"RIFF forged" * 1000
        await shared.pool.execute("update recordings set version_id = '2'")
        for name in ("1/listen", "1/listen-original", "1/original", "1/copy", "2/listen-original", "2/original"):
            assert await status(guest, f"/l/{made.token}/{name}") == 404, name


async def test_who_listened_counts_those_who_listened_by_a_link(shared: Shared):
    made = await shared.link()
    site = shared.work.site
    async with site.browser() as guest, site.browser("vera") as vera:
        await (await guest.get(f"/l/{made.token}/1/listen")).read()
        await (await guest.get(f"/l/{made.token}/2/original")).read()
        heard, loaded = [
            " ".join((await (await vera.get(f"/listening/{recording}")).text()).split())
            for recording in shared.recordings
        ]
        log = await (await vera.get("/listening/log")).text()
        own = await (await vera.get(f"/listening/log?who={site.ids['vera']}")).text()
    assert 'Иванов И. И. <span class="tag">по ссылке</span>' in heard
    assert "Ответ на претензию" in heard
    assert "прослушано" in heard
    assert "скачано" in loaded
    assert log.count("по ссылке") == 2
    assert "Иванов И. И." not in own
