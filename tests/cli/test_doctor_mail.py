"""`callcenter doctor`: the check of the mail server."""

import socket

import pytest

from callcenter.cli.checks import CheckFailed
from callcenter.cli.doctor import _mail
from callcenter.settings import AmiSettings, DatabaseSettings, HandoverSettings, S3Settings, Settings
from tests.dispatch.crew import mailbox, server_tls, smtp_settings
from tests.site import SECRETS


def settings(port: int, **changed: object) -> Settings:
    return Settings(
        database=DatabaseSettings(url="postgresql://127.0.0.1:1/none"),
        ami=AmiSettings(events_secret="x", actions_secret="x"),
        s3=S3Settings(endpoint="127.0.0.1:1", access_key="x", secret_key="x"),
        handover=HandoverSettings(secret="x" * 32),
        secrets=SECRETS,
        smtp=smtp_settings(port, **changed),
    )


async def test_a_server_that_takes_letters_is_well_and_gets_none():
    async with mailbox() as box:
        assert (await _mail(settings(box.port))).endswith("accepts e-mail")
        assert box.letters.empty()


async def test_without_a_server_nothing_is_wrong():
    assert "no e-mail is sent" in await _mail(settings(25, host=None))


async def test_a_server_that_is_down_is_reported():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        with pytest.raises(CheckFailed, match=r"unreachable.*CALLCENTER_SMTP__"):
            await _mail(settings(bound.getsockname()[1]))


async def test_a_certificate_that_is_not_trusted_is_said_so():
    async with mailbox(tls_context=server_tls()) as box:
        with pytest.raises(CheckFailed, match="certificate"):
            await _mail(settings(box.port, security="starttls"))
