"""The listening room: what is found, what is shown of a recording, what is noted of who listened."""

import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from tests.listening.listening_work import Tapes
from tests.site import NOW, Browser


async def found(vera: Browser, status: int = 200, **asked: str) -> list[int]:
    answer = await vera.get(f"/listening?{urlencode(asked)}")
    assert answer.status == status
    return [int(each) for each in re.findall(r'class="no"><a href="/listening/(\d+)"', await answer.text())]


async def text_of(vera: Browser, path: str) -> str:
    answer = await vera.get(path)
    assert answer.status == 200
    return await answer.text()


async def test_an_empty_room_says_so(tapes: Tapes, vera: Browser):
    assert "Записей пока нет" in await text_of(vera, "/listening")
    assert "Таких записей нет" in await text_of(vera, "/listening?q=кран")


async def test_recordings_are_found_by_everything_that_is_known_of_them(tapes: Tapes, vera: Browser):
    leak = await tapes.record("leak", subject="Течёт кран на кухне", caller="+79161112233")
    lift = await tapes.record(
        "lift", company="theirs", operator="boris", subject="Стоит лифт", at=NOW + timedelta(days=1),
        parts=(("caller", 30),),
    )  # fmt: skip
    both, theirs = [lift, leak], str(tapes.ids["theirs"])
    assert await found(vera) == both
    for asked, expected in (
        ({"q": "101"}, [leak]),
        ({"q": "№ 102"}, [lift]),
        ({"q": "1112233"}, [leak]),
        ({"q": "краны"}, [leak]),
        ({"q": "Садовая"}, [lift]),
        ({"q": "кран лифт"}, []),
        ({"house": "Лесная 3"}, [leak]),
        ({"operator": str(tapes.site.ids["boris"])}, [lift]),
        ({"company": theirs}, [lift]),
        ({"company": theirs, "q": "кран"}, []),
        ({"since": "2026-03-06"}, [lift]),
        ({"until": "2026-03-05"}, [leak]),
        ({"shortest": "0:20"}, [lift]),
        ({"longest": "15"}, [leak]),
        ({"state": "missing"}, []),
        ({"noted": "marked"}, []),
        ({"noted": "unreviewed"}, both),
    ):
        assert await found(vera, **asked) == expected, asked


async def test_words_of_marks_are_found_until_the_mark_is_removed(tapes: Tapes, vera: Browser):
    leak = await tapes.record("leak", subject="Течёт кран")
    assert (await vera.post(f"/listening/{leak}/marks", at="0:03", comment="Жилец грубит")).status == 303
    assert await found(vera, q="грубит") == [leak]
    assert await found(vera, noted="marked") == [leak]
    mark = await tapes.site.pool.fetchval("select id from recording_marks")
    assert (await vera.post(f"/listening/{leak}/marks/{mark}/remove")).status == 303
    assert await found(vera, q="грубит") == []
    # Removed is not forgotten.
    assert await tapes.site.pool.fetchval("select removed_by from recording_marks") == tapes.site.ids["vera"]
    assert (await vera.post(f"/listening/{leak}/marks/{mark}/remove")).status == 404


async def test_pages_follow_each_other_without_a_gap(tapes: Tapes, vera: Browser):
    made = [await tapes.record(f"r{n}", parts=(("caller", 0.1),), drawn=False) for n in range(120)]
    seen, at = [], "/listening"
    while at:
        text = await text_of(vera, at)
        seen += [int(each) for each in re.findall(r'class="no"><a href="/listening/(\d+)"', text)]
        following = re.search(r'rel="next" href="([^"]+)"', text)
        at = following[1] if following else ""
    assert seen == made[::-1]


async def test_what_makes_no_sense_is_said_beside_the_field(tapes: Tapes, vera: Browser):
    leak = await tapes.record("leak")
    for asked in (
        {"since": "yesterday"}, {"operator": "anna"}, {"shortest": "1.5"}, {"state": "x"}, {"company": "9" * 30},
        {"shortest": "2:00", "longest": "1:00"}, {"since": "2026-03-06", "until": "2026-03-05"}, {"q": "???"},
    ):  # fmt: skip
        answer = await vera.get(f"/listening?{urlencode(asked)}")
        assert (answer.status, "field-problem" in await answer.text()) == (400, True), asked
    assert await found(vera, status=400, house="Нигде 5") == []
    assert await found(vera, before="nonsense") == [leak]


async def test_the_reason_is_asked_before_the_player_is_shown(tapes: Tapes, vera: Browser):
    leak = await tapes.record("leak")
    text = await text_of(vera, f"/listening/{leak}")
    assert "Для чего вы слушаете запись?" in text
    assert "<audio" not in text
    assert (await vera.post(f"/listening/{leak}/begin", reason="quality")).status == 303
    text = await text_of(vera, f"/listening/{leak}")
    assert f'<source src="/recordings/{leak}" type="audio/wav">' in text
    assert f"/recordings/{leak}/copy" not in text
    # The same reason is at hand for the next one.
    other = await tapes.record("other")
    assert re.search(r'class="reason usual"[^>]*value="quality" autofocus', await text_of(vera, f"/listening/{other}"))


@pytest.mark.parametrize(
    ("state", "words"),
    [("missing", "Файла этой записи нет"), ("expected", "Пока нельзя прослушать"), ("deleted", "Эта запись удалена")],
)
async def test_a_recording_that_cannot_be_heard_says_why(tapes: Tapes, vera: Browser, state: str, words: str):
    gone = await tapes.record("gone", state=state)
    text = await text_of(vera, f"/listening/{gone}")
    assert words in text
    assert "Для чего вы слушаете запись?" not in text


async def test_the_talks_of_a_call_and_its_pauses_are_shown_together(tapes: Tapes, vera: Browser):
    first = await tapes.record("first")
    second = await tapes.record("second", operator="boris", call="node1-first", at=NOW + timedelta(seconds=12))
    await tapes.site.pool.execute(
        "insert into recording_pauses (recording, call_id, operator_id, began_at, ended_at)"
        " values ('second', 'node1-first', $1, $2, $3)",
        tapes.site.ids["boris"],
        NOW + timedelta(seconds=15),
        NOW + timedelta(seconds=17),
    )
    await vera.post(f"/listening/{second}/begin", reason="facts")
    text = await text_of(vera, f"/listening/{second}")
    assert f'href="/listening/{first}"' in text
    assert f'href="/listening/{second}" aria-current="page"' in text
    assert re.search(r"0:03–0:05 · оператор приостановил запись: Борис Волков", text)
    assert '"pauses": [{"from": 3.0, "until": 5.0}]' in text


async def test_what_was_heard_is_noted_and_shown(tapes: Tapes, vera: Browser):
    leak = await tapes.record("leak")
    await vera.post(f"/listening/{leak}/begin", reason="complaint")
    listening = await tapes.site.pool.fetchval("select id from recording_plays")

    async def report(body: str, who: Browser = vera) -> int:
        headers = {"Origin": who.origin, "Content-Type": "application/json"}
        return (await who.http.post(f"/listening/{leak}/heard", data=body, headers=headers)).status

    assert await report(f'{{"listening": {listening}, "parts": [[0, 3], [2, 5], [8, 99], [7, 7], [6, 2]]}}') == 204
    assert await report(f'{{"listening": {listening}, "parts": [[4, 6]]}}') == 204
    # Ten seconds is all there is.
    assert await tapes.site.pool.fetchval("select heard::text from recording_plays") == "{[0,6),[8,10)}"
    for body in ("", "[]", "{", '{"listening": "x", "parts": []}', f'{{"listening": {listening}, "parts": [[-1, 2]]}}'):
        assert await report(body) == 400
    assert await report('{"listening": 1000000, "parts": [[0, 1]]}') == 404
    async with tapes.site.browser("alla") as alla:
        assert await report(f'{{"listening": {listening}, "parts": [[6, 7]]}}', alla) == 404
        text = await text_of(alla, f"/listening/log?who={tapes.site.ids['vera']}")
        assert "Жалоба или спор" in text
        assert "0:00–0:06, 0:08–0:10" in text
        assert "0:00–0:06" not in await text_of(alla, f"/listening/log?who={tapes.site.ids['alla']}")
        assert "Вера Старшая" in await text_of(alla, f"/listening/{leak}")


async def test_the_waveform_comes_as_it_was_made(tapes: Tapes, vera: Browser):
    leak = await tapes.record("leak")
    answer = await vera.get(f"/listening/{leak}/waveform")
    assert (answer.headers["X-Peaks-Per-Second"], answer.headers["X-Channels"]) == ("8", "2")
    assert await answer.read() == await tapes.site.pool.fetchval("select peaks from waveforms")
    bare = await tapes.record("bare", drawn=False)
    assert (await vera.get(f"/listening/{bare}/waveform")).status == 404


async def test_a_bad_mark_is_kept_in_the_form_and_not_in_the_recording(tapes: Tapes, vera: Browser):
    leak = await tapes.record("leak")
    await vera.post(f"/listening/{leak}/begin", reason="quality")
    for form in ({"at": "soon", "comment": "x"}, {"at": "0:01", "comment": " "}, {"at": "0:01", "comment": "x" * 1001}):
        assert (await vera.post(f"/listening/{leak}/marks", **form)).status == 422, form
    answer = await vera.post(f"/listening/{leak}/marks", at="soon", comment='"><b>')
    assert 'value="&#34;&gt;&lt;b&gt;"' in await answer.text()
    # A place behind the end is the end.
    assert (await vera.post(f"/listening/{leak}/marks", at="9:00", comment="конец")).status == 303
    assert [tuple(row) for row in await tapes.site.pool.fetch("select at_s, comment from recording_marks")] == [
        (10, "конец")
    ]
