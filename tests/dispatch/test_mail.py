import socket
from collections.abc import Callable

import pytest

from callcenter.common.delivery import DeliveryProblem, NotDelivered
from callcenter.dispatch.channels import Assignment
from callcenter.dispatch.mail import Mail
from tests.dispatch.crew import CERTIFICATE, assignment, mailbox, server_tls, smtp_settings


def plain(to: Assignment) -> tuple[str, str]:
    return f"Ticket No. {to.number}: {to.subject}", f"{to.description}\n{to.link}\n"


async def refusal(port: int, told: Assignment | None = None, **settings: object) -> NotDelivered:
    with pytest.raises(NotDelivered) as caught:
        await Mail(smtp_settings(port, **settings), plain).send(told or assignment())
    return caught.value


async def test_the_crew_gets_a_letter():
    async with mailbox() as box:
        await Mail(smtp_settings(box.port), plain).send(assignment())
        letter = box.letters.get_nowait()
    assert box.recipients == [["crew@example.org"]]
    assert letter["Message-ID"] == "<4f2a.email@example.org>"
    assert letter["Subject"] == "Ticket No. 1053: Стояк"
    assert letter["From"] == "desk@example.org"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter.get_content_type() == "text/plain"
    assert letter.get_content().splitlines() == ["Течёт с потолка", "https://desk.example.org/w/token"]


async def test_nothing_said_by_a_resident_becomes_a_header():
    hostile = "Leak\r\nBcc: all@example.org\r\n\r\nBuy"
    async with mailbox() as box:
        await Mail(smtp_settings(box.port), plain).send(assignment(subject=hostile, crew="A\r\nBcc: b@example.org"))
        letter = box.letters.get_nowait()
    assert letter["Bcc"] is None
    assert letter["Subject"] == "Ticket No. 1053: Leak Bcc: all@example.org Buy"
    assert box.recipients == [["crew@example.org"]]


@pytest.mark.parametrize(
    "to", ["nobody", "a@example.org, b@example.org", "a@example.org\r\nBcc: b@example.org", "@", "a@"]
)
async def test_an_address_that_is_none_is_said_so(to: str):
    async with mailbox() as box:
        failure = await refusal(box.port, assignment(email=to))
        assert box.letters.empty()
    assert (failure.problem, failure.lasting) == (DeliveryProblem.BAD_ADDRESS, True)


@pytest.mark.parametrize(("answer", "lasting"), [("550 no such mailbox", True), ("452 mailbox full", False)])
async def test_a_recipient_that_is_refused(answer: str, lasting: bool):
    async with mailbox() as box:
        box.answer = answer
        failure = await refusal(box.port)
    assert (failure.problem, failure.detail, failure.lasting) == (DeliveryProblem.MAIL_REFUSED, answer, lasting)


async def test_a_server_that_is_down_is_retried():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        failure = await refusal(bound.getsockname()[1])
    assert (failure.problem, failure.lasting) == (DeliveryProblem.UNREACHABLE, False)


async def test_a_server_that_says_nothing_is_left():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        failure = await refusal(silent.getsockname()[1], timeout_s=0.2)
    assert (failure.problem, failure.lasting) == (DeliveryProblem.TOO_SLOW, False)


async def test_without_a_server_or_an_address_a_person_must_look():
    for failure in (await refusal(1, host=None), await refusal(1, assignment(email=None))):
        assert failure.lasting


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_the_password_goes_to_a_server_with_a_trusted_certificate_alone(security: str):
    account = {"security": security, "user": "desk", "password": "right"}
    options: dict[str, object] = {"tls": True, "auth_require_tls": False}
    if security == "starttls":
        options = {"tls_context": server_tls(), "require_starttls": True}
    async with mailbox(**options) as box:  # type: ignore[arg-type]
        assert (await refusal(box.port, **account)).problem is DeliveryProblem.CERTIFICATE
        assert box.logins == []
        trusted = account | {"ca_file": CERTIFICATE}
        assert (await refusal(box.port, **trusted | {"password": "wrong"})).problem is DeliveryProblem.LOGIN_REFUSED
        await Mail(smtp_settings(box.port, **trusted), plain).send(assignment())
        assert box.letters.qsize() == 1
    assert set(box.logins[:-1]) == {b"wrong"}
    assert box.logins[-1] == b"right"


async def test_a_server_without_encryption_gets_nothing():
    async with mailbox() as box:
        assert (await refusal(box.port, security="starttls")).problem is DeliveryProblem.UNREACHABLE
        assert box.letters.empty()


def test_settings_that_would_show_the_password_are_refused():
    bad: list[tuple[Callable[[], object], str]] = [
        (lambda: smtp_settings(25, user="desk", password="x"), "sent unencrypted"),
        (lambda: smtp_settings(25, user="desk"), "go together"),
        (lambda: smtp_settings(25, sender="nobody"), "plain address"),
    ]
    for make, told in bad:
        with pytest.raises(ValueError, match=told):
            make()
