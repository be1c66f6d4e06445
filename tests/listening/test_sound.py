import pytest

from tests.conftest import by_owner
from tests.site import NOW, Browser, Site

WAV = bytes(range(256)) * 20
COPY = b"OggS" + bytes(200)


@pytest.fixture
async def recording(site: Site) -> int:
    await site.pool.execute(
        "insert into calls (id, node, did, caller, state, arrived_at)"
        " values ('node1-1.1', 'node1', '74951234567', '+79001234567', 'talking', $1)",
        NOW,
    )
    # Somebody wrote over it later: what was verified is what is sent.
    site.shelf.objects |= {"key@1": WAV, "key": b"another", "copy": COPY}
    return int(
        await site.pool.fetchval(
            "insert into recordings (name, node, call_id, state, sha256, size, object_key, version_id, duration_s,"
            " expected_at) values ('r', 'node1', 'node1-1.1', 'attached', $1, $2, 'key', '1', 51.2, $3) returning id",
            bytes(32),
            len(WAV),
            NOW,
        )
    )


async def put_into_company(site: Site, recording: int) -> None:
    """From then on it is in the company's custody chain."""
    company = await site.pool.fetchval("insert into companies (name) values ('УК') returning id")
    await site.pool.execute("update recordings set company_id = $2 where id = $1", recording, company)


async def say_why(vera: Browser, recording: int, **form: str) -> int:
    return (await vera.post(f"/listening/{recording}/begin", **({"reason": "quality"} | form))).status


async def fetch(vera: Browser, recording: int, wanted: str | None = None) -> tuple[int, bytes, str | None]:
    headers = {} if wanted is None else {"Range": wanted}
    answer = await vera.get(f"/recordings/{recording}", **headers)
    body = await answer.read()
    if answer.status in (200, 206):
        assert answer.headers["Content-Type"] == "audio/wav"
        assert answer.content_length == len(body)
    return answer.status, body, answer.headers.get("Content-Range")


@pytest.mark.parametrize(
    ("wanted", "status", "part", "content_range"),
    [
        (None, 200, WAV, None),
        ("bytes=0-", 206, WAV, "bytes 0-5119/5120"),
        ("bytes=10-19", 206, WAV[10:20], "bytes 10-19/5120"),
        ("bytes=5000-9999", 206, WAV[5000:], "bytes 5000-5119/5120"),
        ("bytes=-7", 206, WAV[-7:], "bytes 5113-5119/5120"),
        ("bytes=5120-", 416, b"", "bytes */5120"),
        ("bytes=2-1", 200, WAV, None),
        ("bytes=0-1,5-6", 200, WAV, None),
        ("lines=1-2", 200, WAV, None),
    ],
)
async def test_a_part_may_be_asked_for(
    site: Site, recording: int, wanted: str | None, status: int, part: bytes, content_range: str | None
):
    async with site.browser("vera") as vera:
        await say_why(vera, recording)
        assert await fetch(vera, recording, wanted) == (status, part, content_range)


async def test_nothing_is_heard_before_a_reason_is_given(site: Site, recording: int):
    async with site.browser("vera") as vera, site.browser("alla") as alla:
        answer = await vera.get(f"/recordings/{recording}")
        assert (answer.status, answer.headers["Location"]) == (303, f"/listening/{recording}")
        assert (await vera.get(f"/recordings/{recording}", Accept="audio/*")).status == 403
        assert await say_why(vera, recording, reason="none") == 400
        assert await say_why(vera, recording, reason="other", words=" ") == 422
        assert (await vera.get(f"/recordings/{recording}", Accept="audio/*")).status == 403
        assert await say_why(vera, recording, reason="other", words="суд") == 303
        assert (await fetch(vera, recording))[0] == 200
        # A reason is one person's, for some hours.
        assert (await alla.get(f"/recordings/{recording}", Accept="audio/*")).status == 403
        await site.pool.execute(by_owner("update recording_plays set at = at - interval '13 hours'"))
        assert (await vera.get(f"/recordings/{recording}", Accept="audio/*")).status == 403


async def test_who_listened_why_and_what_was_sent_is_noted(site: Site, recording: int):
    async with site.browser("vera") as vera:
        await say_why(vera, recording, reason="complaint")
        for wanted in ("bytes=0-999", "bytes=500-1499", "bytes=4000-4099"):
            await fetch(vera, recording, wanted)
    [play] = await site.pool.fetch(
        "select recording_id, operator_id, reason, sent::text, heard::text from recording_plays"
    )
    # A second is a hundred bytes.
    assert tuple(play) == (recording, site.ids["vera"], "complaint", "{[0,16),[40,42)}", "{}")
    heard = await site.pool.fetch(
        "select operator_id, subject_id, details from audit_log where action = 'listened to recording'"
    )
    assert [tuple(each) for each in heard] == [(site.ids["vera"], str(recording), {"reason": "complaint"})]


async def test_the_copy_is_sent_once_it_is_made(site: Site, recording: int):
    async with site.browser("vera") as vera:
        await say_why(vera, recording)
        assert (await vera.get(f"/recordings/{recording}/copy")).status == 404
        await site.pool.execute(
            "insert into recording_copies (recording_id, object_key, media_type, sha256, size)"
            " values ($1, 'copy', 'audio/ogg', $2, $3)",
            recording,
            bytes(32),
            len(COPY),
        )
        answer = await vera.get(f"/recordings/{recording}/copy", Range="bytes=0-3")
        assert (answer.status, answer.headers["Content-Type"], await answer.read()) == (206, "audio/ogg", b"OggS")


async def test_what_is_not_there_yet_is_not_found(site: Site, recording: int):
    async with site.browser("vera") as vera:
        await say_why(vera, recording)
        await site.pool.execute("update recordings set state = 'missing'")
        assert (await fetch(vera, recording))[0] == 404
        assert (await fetch(vera, 10**17))[0] == 404
        for path in ("/recordings/x", "/recordings/-1", "/recordings/../key", f"/recordings/{10**30}"):
            assert (await vera.get(path)).status == 404


async def test_a_store_out_of_reach_is_said(site: Site, recording: int):
    async with site.browser("vera") as vera:
        await say_why(vera, recording)
        site.shelf.broken = True
        assert (await fetch(vera, recording))[0] == 503


async def test_the_list_of_calls_offers_it(site: Site, recording: int):
    async with site.browser("vera") as vera:
        assert f'href="/listening/{recording}"' in await (await vera.get("/calls/list")).text()


@pytest.mark.parametrize("forged", ["version_id = '2'", "object_key = 'other'", "size = 7", "sha256 = sha256('')"])
async def test_a_recording_that_differs_from_its_chained_entry_is_not_played(site: Site, recording: int, forged: str):
    await put_into_company(site, recording)
    site.shelf.objects |= {"key@2": b"RIFF forged", "other@1": b"RIFF forged"}
    await site.pool.execute(
        "insert into recording_copies (recording_id, object_key, media_type, sha256, size)"
        " values ($1, 'copy', 'audio/ogg', $2, $3)",
        recording,
        bytes(32),
        len(COPY),
    )
    async with site.browser("vera") as vera:
        await say_why(vera, recording)
        assert (await fetch(vera, recording))[:2] == (200, WAV)
        await site.pool.execute(f"update recordings set {forged}")
        assert (await fetch(vera, recording))[0] == 404
        assert (await vera.get(f"/recordings/{recording}/copy")).status == 404


@pytest.mark.parametrize("forged", ["object_key = 'other'", "size = 7", "sha256 = sha256('')"])
async def test_a_forged_recording_is_not_played_though_the_chain_was_given_an_entry_of_it(
    site: Site, recording: int, forged: str
):
    await put_into_company(site, recording)
    site.shelf.objects |= {"key@2": b"RIFF forged", "other@2": b"RIFF forged"}
    async with site.browser("vera") as vera:
        await say_why(vera, recording)
        assert (await fetch(vera, recording))[:2] == (200, WAV)
        await site.pool.execute(f"update recordings set state = 'stored', version_id = '2', {forged}")
        await site.pool.execute("update recordings set state = 'verified'")
        assert (await fetch(vera, recording))[0] == 404


async def test_a_recording_that_was_stored_again_is_played(site: Site, recording: int):
    await put_into_company(site, recording)
    site.shelf.objects["key@2"] = WAV
    await site.pool.execute("update recordings set state = 'recorded', version_id = null")
    await site.pool.execute("update recordings set state = 'stored', version_id = '2'")
    await site.pool.execute("update recordings set state = 'verified'")
    async with site.browser("vera") as vera:
        await say_why(vera, recording)
        assert (await fetch(vera, recording))[:2] == (200, WAV)


@pytest.mark.parametrize("forged", ["version_id = '2'", "object_key = 'other'", "size = 7", "sha256 = sha256('')"])
async def test_a_copy_that_differs_from_its_chained_entry_is_not_played(site: Site, recording: int, forged: str):
    await put_into_company(site, recording)
    site.shelf.objects |= {"copy@1": COPY, "copy@2": b"OggS forged", "other@1": b"OggS forged"}
    await site.pool.execute(
        "insert into recording_copies (recording_id, object_key, version_id, media_type, sha256, size)"
        " values ($1, 'copy', '1', 'audio/ogg', $2, $3)",
        *(recording, bytes(32), len(COPY)),
    )
    async with site.browser("vera") as vera:
        await say_why(vera, recording)
        assert await (await vera.get(f"/recordings/{recording}/copy")).read() == COPY
        await site.pool.execute(f"update recording_copies set {forged}")
        assert (await vera.get(f"/recordings/{recording}/copy")).status == 404
        assert (await fetch(vera, recording))[0] == 200


async def test_a_copy_that_was_made_before_its_company_was_known_is_played(site: Site, recording: int):
    await site.pool.execute("update calls set company_id = null")
    await site.pool.execute(
        "insert into recording_copies (recording_id, object_key, media_type, sha256, size)"
        " values ($1, 'copy', 'audio/ogg', $2, $3)",
        *(recording, bytes(32), len(COPY)),
    )
    await put_into_company(site, recording)
    async with site.browser("vera") as vera:
        await say_why(vera, recording)
        assert (await vera.get(f"/recordings/{recording}/copy")).status == 200


async def test_a_recording_whose_chained_entry_was_altered_to_fit_is_not_played(site: Site, recording: int):
    await put_into_company(site, recording)
    site.shelf.objects["key@2"] = WAV
    async with site.browser("vera") as vera:
        await say_why(vera, recording)
        assert (await fetch(vera, recording))[0] == 200
        await site.pool.execute("update recordings set version_id = '2'")
        async with site.pool.acquire() as connection, connection.transaction():
            # As the owner of the database could.
            await connection.execute(by_owner("alter table ledger_entries disable trigger only_added"))
            await connection.execute(
                by_owner("""update ledger_entries set entry = replace(entry, '"version": "1"', '"version": "2"')""")
            )
            await connection.execute(by_owner("alter table ledger_entries enable trigger only_added"))
        assert (await fetch(vera, recording))[0] == 404
