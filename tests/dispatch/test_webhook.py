import asyncio
import hashlib
import hmac
import json
import re
import socket
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web

from callcenter.common.delivery import DeliveryProblem, NotDelivered
from callcenter.common.webhook import SIGNATURE, is_inner, signature
from callcenter.dispatch.webhook import Webhook
from tests.dispatch.crew import CERTIFICATE, SECRET, assignment, handover_settings, program
from tests.site import BOX

AT = 1_772_703_000
GUIDE = Path(__file__).resolve().parents[2] / "docs" / "handover.md"


async def refusal(url: str, **settings: object) -> NotDelivered:
    with pytest.raises(NotDelivered) as caught:
        await Webhook(handover_settings(**settings), BOX).send(assignment(webhook_url=url))
    return caught.value


async def test_the_crews_program_gets_the_ticket_signed():
    async with program() as receiver:
        await Webhook(handover_settings(), BOX, now=lambda: AT + 0.7).send(assignment(webhook_url=receiver.url))
        headers, body = receiver.requests.get_nowait()
    expected = hmac.new(SECRET.encode(), f"{AT}.".encode() + body, hashlib.sha256).hexdigest()
    assert headers[SIGNATURE] == f"t={AT},v1={expected}"
    assert headers["Idempotency-Key"] == "4f2a.email"
    told = json.loads(body)
    assert told["event"] == "ticket.assigned"
    assert told["link"] == "https://desk.example.org/w/token"
    assert told["ticket"]["number"] == 1053
    assert told["ticket"]["flat"] == "417"
    assert told["ticket"]["due_at"] == "2026-03-05T11:30:00+00:00"
    assert SECRET not in body.decode()


async def test_an_error_of_the_program_is_worth_another_try():
    async with program() as receiver:
        receiver.answer = answers(web.Response(status=500, text="x" * 100))
        failure = await refusal(receiver.url)
    assert (failure.problem, failure.detail, failure.lasting) == (DeliveryProblem.ANSWER, "500", False)


@pytest.mark.parametrize("where", ["http://169.254.169.254/latest/meta-data", "/elsewhere", "http://127.0.0.1:1/"])
async def test_a_redirect_is_not_followed_and_says_where_it_leads(where: str):
    async with program() as receiver:
        receiver.answer = answers(web.Response(status=307, headers={"Location": where}))
        failure = await refusal(receiver.url)
        assert receiver.requests.qsize() == 1
    assert (failure.problem, failure.detail) == (DeliveryProblem.REDIRECT, where)


async def test_a_program_that_hangs_is_left():
    async with program() as receiver:
        never = asyncio.Event()

        async def hang(_request: web.Request) -> web.Response:
            await never.wait()
            return web.Response()

        receiver.answer = hang
        assert (await refusal(receiver.url, webhook_timeout_s=0.2)).problem is DeliveryProblem.TOO_SLOW


async def test_an_answer_without_end_is_not_read():
    async with program() as receiver:

        async def endless(request: web.Request) -> web.StreamResponse:
            answer = web.StreamResponse()
            await answer.prepare(request)
            while True:
                await answer.write(b"x" * 65536)

        receiver.answer = endless
        await Webhook(handover_settings(), BOX).send(assignment(webhook_url=receiver.url))
        assert receiver.requests.qsize() == 1


async def test_nobody_there_is_worth_another_try():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        failure = await refusal(f"http://127.0.0.1:{bound.getsockname()[1]}/")
    assert (failure.problem, failure.lasting) == (DeliveryProblem.UNREACHABLE, False)


async def test_an_inner_address_is_not_connected_to():
    async with program() as receiver:
        for url in (receiver.url, receiver.url.replace("127.0.0.1", "localhost")):
            failure = await refusal(url, webhook_inner_networks=[])
            assert (failure.problem, failure.lasting) == (DeliveryProblem.INNER_ADDRESS, True)
        assert receiver.requests.empty()


async def test_a_name_is_looked_at_by_what_is_connected_to(monkeypatch: pytest.MonkeyPatch):
    """A name that resolved to a public address at the check may resolve to an internal one at the connection."""

    async def resolve(_self: object, _host: str, port: int = 0, family: int = 0) -> list[dict[str, object]]:
        found = {"hostname": "hook.test", "host": "127.0.0.1", "port": port, "family": socket.AF_INET}
        return [found | {"proto": 0, "flags": socket.AI_NUMERICHOST}]

    monkeypatch.setattr("aiohttp.resolver.ThreadedResolver.resolve", resolve)
    async with program() as receiver:
        port = receiver.url.rpartition(":")[2]
        failure = await refusal(f"http://hook.test:{port}", webhook_inner_networks=["10.0.0.0/8"])
        assert (failure.problem, failure.detail) == (DeliveryProblem.INNER_ADDRESS, "127.0.0.1")
        assert receiver.requests.empty()


@pytest.mark.parametrize(
    ("address", "inner"),
    [
        ("127.0.0.1", True),
        ("10.1.2.3", True),
        ("172.16.0.1", True),
        ("192.168.1.1", True),
        ("169.254.169.254", True),
        ("100.100.100.200", True),
        ("168.63.129.16", True),
        ("0.0.0.0", True),
        ("224.0.0.1", True),
        ("::1", True),
        ("fe80::1%2", True),
        ("fd00:ec2::254", True),
        ("::ffff:10.0.0.1", True),
        ("64:ff9b::a00:1", True),
        ("2002:a00:1::", True),
        ("8.8.8.8", False),
        ("2606:4700:4700::1111", False),
    ],
)
def test_what_is_inside(address: str, inner: bool):
    assert is_inner(address) is inner


@pytest.mark.parametrize("url", ["ftp://example.org/", "file:///etc/passwd", "http://", "http://u:p@example.org/", "x"])
async def test_an_address_that_is_none_is_said_so(url: str):
    failure = await refusal(url)
    assert (failure.problem, failure.lasting) == (DeliveryProblem.BAD_ADDRESS, True)


async def test_only_a_certificate_that_is_trusted_will_do():
    async with program(tls=True) as receiver:
        assert (await refusal(receiver.url)).problem is DeliveryProblem.CERTIFICATE
        assert receiver.requests.empty()
        await Webhook(handover_settings(webhook_ca_file=CERTIFICATE), BOX).send(assignment(webhook_url=receiver.url))
        assert receiver.requests.qsize() == 1


def answers(answer: web.Response) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def give(_request: web.Request) -> web.Response:
        return answer

    return give


def test_a_receiver_can_check_the_signature_as_the_guide_says():
    [example] = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    names: dict[str, Callable[[str, str, bytes], bool]] = {}
    exec(example, names)  # type: ignore[arg-type]
    body = "{…}".encode()
    header = signature(SECRET, int(time.time()), body)
    assert names["is_ours"](SECRET, header, body)
    assert not names["is_ours"]("another", header, body)
    assert not names["is_ours"](SECRET, header, body + b" ")
    assert not names["is_ours"](SECRET, signature(SECRET, int(time.time()) - 301, body), body)
