import pytest

from .conftest import NOW, Browser, Site

WAV = bytes(range(256)) * 20


@pytest.fixture
async def recording(site: Site) -> int:
    await site.pool.execute(
        "insert into calls (id, node, did, caller, state, arrived_at)"
        " values ('node1-1.1', 'node1', '74951234567', '+79001234567', 'talking', $1)",
        NOW,
    )
    site.shelf.objects["key"] = WAV
    return int(
        await site.pool.fetchval(
            "insert into recordings (name, node, call_id, state, sha256, size, object_key)"
            " values ('r', 'node1', 'node1-1.1', 'attached', $1, $2, 'key') returning id",
            bytes(32),
            len(WAV),
        )
    )


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
        assert await fetch(vera, recording, wanted) == (status, part, content_range)


async def test_who_listened_is_noted_once(site: Site, recording: int):
    async with site.browser("vera") as vera:
        for wanted in (None, "bytes=0-99", "bytes=100-"):
            await fetch(vera, recording, wanted)
    plays = await site.pool.fetch("select recording_id, operator_id from recording_plays")
    assert [tuple(play) for play in plays] == [(recording, site.ids["vera"])]
    heard = await site.pool.fetch(
        "select operator_id, subject_id from audit_log where action = 'listened to recording'"
    )
    assert [tuple(each) for each in heard] == [(site.ids["vera"], str(recording))]


async def test_what_is_not_there_yet_is_not_found(site: Site, recording: int):
    await site.pool.execute("update recordings set state = 'missing'")
    async with site.browser("vera") as vera:
        assert (await fetch(vera, recording))[0] == 404
        assert (await fetch(vera, 10**17))[0] == 404
        for path in ("/recordings/x", "/recordings/-1", "/recordings/../key", f"/recordings/{10**30}"):
            assert (await vera.get(path)).status == 404


async def test_a_store_out_of_reach_is_said(site: Site, recording: int):
    site.shelf.broken = True
    async with site.browser("vera") as vera:
        assert (await fetch(vera, recording))[0] == 503


async def test_the_list_of_calls_offers_it(site: Site, recording: int):
    async with site.browser("vera") as vera:
        assert f'data-recording="{recording}"' in await (await vera.get("/calls")).text()
