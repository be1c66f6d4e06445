import socket
from collections.abc import Callable
from email import message_from_bytes
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.common.delivery import DeliveryProblem, NotDelivered
from callcenter.common.smtp import MailServer
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


async def test_a_domain_in_cyrillic_goes_as_mail_servers_write_it():
    async with mailbox() as box:
        await Mail(smtp_settings(box.port, sender="desk@диспетчер.рф"), plain).send(assignment(email="crew@Заречье.рф"))
        letter = box.letters.get_nowait()
    assert box.recipients == [["crew@xn--80akaf0c3b9a.xn--p1ai"]]
    assert letter["From"] == "desk@xn--d1acak9aidk9b.xn--p1ai"
    assert letter["Message-ID"].endswith("@xn--d1acak9aidk9b.xn--p1ai>")


ENCODED_WORDS = [
    "=?utf-8?q?x=0D=0AReply-To:_all=40example.org?=",
    "=?utf-8?b?eA0KUmVwbHktVG86IGFsbEBleGFtcGxlLm9yZw==?=",
    "Течь =?koi8-r?Q?x=0D=0AReply-To:_all=40example.org?= в подвале",
    "==?utf-8?q?=?utf-8?q?x=0D=0AReply-To:_a=40b.org?=?=",
    "=\n?utf-8?q?x=0AReply-To:_all=40example.org?=",
    "=?utf-8*ru?q?x=0D=0ABcc:_all=40example.org?=",
]


@pytest.mark.parametrize("hostile", ENCODED_WORDS)
async def test_an_encoded_word_said_by_a_resident_stays_text(hostile: str):
    async with mailbox() as box:
        await Mail(smtp_settings(box.port), plain).send(assignment(subject=hostile, crew=hostile))
        letter = box.letters.get_nowait()
    assert letter["Reply-To"] is None
    assert letter["Bcc"] is None
    shown = " ".join(hostile.split()).replace("=?", "= ?")
    assert letter["Subject"] == f"Ticket No. 1053: {shown}"
    (to,) = letter["To"].addresses
    # The reader puts a blank where a long name was folded.
    assert (to.display_name.replace(" ", ""), to.addr_spec) == (shown.replace(" ", ""), "crew@example.org")
    assert box.recipients == [["crew@example.org"]]


@given(st.lists(st.sampled_from(["=?", "?=", "utf-8", "?q?", "?b?", "=0D=0A", "eA0K", "\r", "\n", " ", "=", "?", '"', "\\",
                                 "<a@b.org>", ",", ";", ":", "Bcc:", "ё", "ё" * 40, "\u2028", "\0", "x" * 70])).map("".join))  # fmt: skip
def test_no_text_adds_a_header_or_a_recipient(hostile: str):
    server = MailServer(smtp_settings(25))
    letter = server.letter(to="crew@example.org", name=hostile, subject=f"No. 1: {hostile}", text="x", key="k")
    read = message_from_bytes(letter.as_bytes(), policy=default)
    assert read.keys() == letter.keys()
    assert set(read.keys()) == {
        "To", "From", "Subject", "Message-ID", "Date", "Auto-Submitted", "Content-Type", "Content-Transfer-Encoding", "MIME-Version",
    }  # fmt: skip
    assert [to.addr_spec for to in read["To"].addresses] == ["crew@example.org"]


@pytest.mark.parametrize(
    "to",
    [
        "=?utf-8?q?a=0D=0ABcc:_b?=@example.org",
        "nobody",
        "a@example.org, b@example.org",
        "a@example.org\r\nBcc: b@example.org",
        "@",
        "a@",
    ],
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
