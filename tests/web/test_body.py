"""Bodies that are no form and no JSON: the sender is told, and nothing of ours fails."""

import asyncio

import aiohttp
import pytest

from tests.site import Browser, Site

FORM = "application/x-www-form-urlencoded"
PARTS = "multipart/form-data; boundary=x"
FIELD = b'Content-Disposition: form-data; name="login"\r\n'
NO_FORMS = [
    (f"{FORM}; charset=nonsense", b"login=a"),
    (FORM, b"login=\xff\xfe"),
    (FORM, b"&".join(b"a=1" for _ in range(3000))),
    (PARTS, b"garbage"),
    ("multipart/form-data", b"garbage"),
    (f"multipart/form-data; boundary={'x' * 100}", b"garbage"),
    (PARTS, b"--x\r\n" + FIELD + b"Content-Type: text/plain; charset=nonsense\r\n\r\nx\r\n--x--"),
    (PARTS, b"--x\r\n" + FIELD + b"\r\n\xff\r\n--x--"),
    (PARTS, b"--x\r\nContent-Type: text/plain\r\n\r\nx\r\n--x--"),
    (PARTS, b"--x\r\n" + FIELD + b"Content-Transfer-Encoding: nonsense\r\n\r\nx\r\n--x--"),
    (PARTS, b"--x\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n--y\r\n\r\nx\r\n--y--\r\n--x--"),
    (PARTS, b"--x\r\nbad header\r\n\r\nx\r\n--x--"),
]
NO_JSON = [
    b"[" * 8000,
    b'{"a":' * 2500,
    b"[" * 8000 + b"]" * 8000,
    b'{"listening": 1, "parts": ' + b"[" * 3000 + b"]" * 3000 + b"}",
    b"\xff",
    b"",
    b"1" * 6000,
    b'"\\ud800"',
]


async def send(browser: Browser, path: str, kind: str, body: bytes, **headers: str) -> int:
    sent = {"Origin": browser.origin, "Content-Type": kind, "Connection": "close", **headers}
    async with browser.http.post(path, data=body, headers=sent, allow_redirects=False) as answer:
        return answer.status


@pytest.mark.parametrize(("kind", "body"), NO_FORMS)
async def test_what_is_no_form_is_the_senders_fault(site: Site, kind: str, body: bytes):
    async with site.browser("vera") as vera:
        for path in ("/login", "/language", "/account/password", "/tickets"):
            status = await send(vera, path, kind, body)
            assert 400 <= status < 500, path
            assert 400 <= await send(vera, path, kind, body, **{"Content-Encoding": "gzip"}) < 500, path


@pytest.mark.parametrize("body", NO_JSON)
async def test_json_nested_too_deep_or_broken_is_the_senders_fault(site: Site, body: bytes):
    company = await site.pool.fetchval("select id from companies")
    ticket = await site.pool.fetchval(
        "insert into tickets (company_id, number, caller, opened_at) values ($1, 1, '', now()) returning id", company
    )
    async with site.browser("vera") as vera:
        for path in ("/listening/1/heard", f"/tickets/{ticket}/filing"):
            for kind in ("application/json", "application/json; charset=nonsense"):
                assert await send(vera, path, kind, body) == 400, path


async def test_json_nested_too_deep_ends_a_socket_as_any_other_nonsense(site: Site):
    async def end(vera: Browser, sent: str) -> tuple[int, int | None]:
        async with await vera.socket() as socket:
            await socket.send_str(sent)
            said = [message.data async for message in socket]
            return len(said), socket.close_code

    # At once: each is given ten seconds for something better.
    nonsense = ("[" * 3000, '{"type":"hello","x":' + "[" * 1500 + "]" * 1500 + "}", "nonsense")
    async with site.browser("vera") as vera:
        ends = await asyncio.gather(*(end(vera, sent) for sent in nonsense))
    assert ends[0] == ends[1] == ends[2]
    assert ends[0][1] not in (None, aiohttp.WSCloseCode.INTERNAL_ERROR, aiohttp.WSCloseCode.ABNORMAL_CLOSURE)
