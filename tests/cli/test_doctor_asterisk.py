"""`callcenter doctor`: the check of Asterisk's version."""

import pytest

from callcenter.cli.checks import CheckFailed, CheckWarning
from callcenter.cli.doctor_asterisk import version as examine_version
from callcenter.settings import DatabaseSettings, HandoverSettings, S3Settings, Settings
from callcenter.telephony.version import known_fault, new_enough
from tests.site import SECRETS
from tests.telephony.fake_ami import FakeAmi, fake_ami, success


def settings(ami: FakeAmi, version: str) -> Settings:
    ami.answers["CoreSettings"] = lambda fields: success(fields, AsteriskVersion=version)
    return Settings(
        database=DatabaseSettings(url="postgresql://127.0.0.1:1/none"),
        ami=ami.settings(),
        s3=S3Settings(endpoint="127.0.0.1:1", access_key="x", secret_key="x"),
        handover=HandoverSettings(secret="x" * 32),
        secrets=SECRETS,
    )


@pytest.mark.parametrize(
    ("version", "enough"),
    [
        ("20.10.1", False),
        ("20.11.0", True),
        ("21.5.0", False),
        ("21.6.0", True),
        ("22.0.0", False),
        ("22.1.0", True),
        ("22.10.1+dfsg+~cs6.17.60671434-1", True),
        ("23.0.0", True),
        ("18.26.4", False),
        ("certified/20.7-cert5", False),
        ("certified-22.8-cert1", True),
        ("GIT-master-0123456M", None),
        ("", None),
    ],
)
def test_the_versions_that_know_the_event_filters(version: str, enough: bool | None):
    assert new_enough(version) is enough


async def test_a_version_that_is_new_enough_is_well():
    async with fake_ami() as ami:
        assert await examine_version(settings(ami, "22.10.1+dfsg-1")) == "version 22.10.1+dfsg-1"


async def test_a_version_that_is_too_old_fails_and_names_those_that_are_not():
    async with fake_ami() as ami:
        with pytest.raises(CheckFailed, match=r"20\.10\.1 .* install 20\.11, 21\.6, 22\.1 or newer"):
            await examine_version(settings(ami, "20.10.1"))


async def test_a_version_without_numbers_is_warned_of():
    async with fake_ami() as ami:
        with pytest.raises(CheckWarning, match="GIT-master"):
            await examine_version(settings(ami, "GIT-master-0123456M"))


async def test_a_release_with_a_known_fault_is_warned_of():
    async with fake_ami() as ami:
        with pytest.raises(CheckWarning, match="asterisk#2134"):
            await examine_version(settings(ami, "22.11.0+dfsg-1"))


@pytest.mark.parametrize("version", ["22.10.1", "22.11.1", "22.1.0", "22.11.01", "GIT-master-22.11.0"])
def test_no_other_release_is_taken_for_it(version: str):
    assert known_fault(version) is None
