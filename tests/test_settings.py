import os
import subprocess
import sys
from pathlib import Path

import pytest

from callcenter.errors import SettingsError
from callcenter.settings import load_settings

ROOT = Path(__file__).resolve().parent.parent
GOOD = {
    "CALLCENTER_DATABASE__URL": "postgresql://u:hush@127.0.0.1/db",
    "CALLCENTER_AMI__EVENTS_SECRET": "e",
    "CALLCENTER_AMI__ACTIONS_SECRET": "a",
    "CALLCENTER_S3__ENDPOINT": "127.0.0.1:8333",
    "CALLCENTER_S3__ACCESS_KEY": "k",
    "CALLCENTER_S3__SECRET_KEY": "s",
    "CALLCENTER_HANDOVER__SECRET": "h" * 32,
    "CALLCENTER_SECRETS__KEYS": f'["{"1" * 64}"]',
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("CALLCENTER_"):
            monkeypatch.delenv(name)
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)


def test_what_must_be_set_is_enough() -> None:
    settings = load_settings()
    assert settings.s3.endpoint == "127.0.0.1:8333"
    assert settings.node == "node1"


def test_a_file_gives_what_the_environment_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "callcenter.env"
    file.write_text("CALLCENTER_NODE=north\nCALLCENTER_S3__BUCKET=from-file\n")
    monkeypatch.setenv("CALLCENTER_ENV_FILE", str(file))
    monkeypatch.setenv("CALLCENTER_S3__BUCKET", "from-environment")
    settings = load_settings()
    assert (settings.node, settings.s3.bucket) == ("north", "from-environment")


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("CALLCENTER_AMI__PORT", "70000", "CALLCENTER_AMI__PORT"),
        ("CALLCENTER_AMI__PORT", "sip", "CALLCENTER_AMI__PORT"),
        ("CALLCENTER_AMI__PROT", "5038", "CALLCENTER_AMI__PROT"),
        ("CALLCENTER_NODE", "node 1; rm", "CALLCENTER_NODE"),
        ("CALLCENTER_S3__BUCKET", "../x", "CALLCENTER_S3__BUCKET"),
        ("CALLCENTER_WEB__PORT", "5038", "three different ports"),
        ("CALLCENTER_ASTERISK__RTP_END", "10001", "rtp_end"),
        ("CALLCENTER_ASTERISK__SIP_PORT", "10002", "inside the audio ports"),
        ("CALLCENTER_ASTERISK__EMERGENCY_NUMBERS", '["911"]', "CALLCENTER_ASTERISK__EMERGENCY_NUMBERS"),
        ("CALLCENTER_COUNTRY", "XX", "CALLCENTER_COUNTRY"),
        ("CALLCENTER_ASTERISK__DIALLED_NUMBER_IN", '["To,x"]', "CALLCENTER_ASTERISK__DIALLED_NUMBER_IN"),
        ("CALLCENTER_S3__ADMIN_ACCESS_KEY", "k", "set both or neither"),
        ("CALLCENTER_SECRETS__KEYS", "[]", "CALLCENTER_SECRETS__KEYS"),
        ("CALLCENTER_SECRETS__KEYS", '["short"]', "CALLCENTER_SECRETS__KEYS: .*64 hexadecimal digits"),
        ("CALLCENTER_ENV_FILE", "/nowhere", "/nowhere"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(
    name: str, value: str, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=problem):
        load_settings()


def test_what_is_missing_is_named_and_no_secret_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CALLCENTER_S3__ENDPOINT")
    monkeypatch.setenv("CALLCENTER_AMI__PORT", "hush")
    with pytest.raises(SettingsError) as problem:
        load_settings()
    assert "CALLCENTER_S3__ENDPOINT" in str(problem.value)
    assert "hush" not in str(problem.value)


def test_the_documents_drawn_from_the_code_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
