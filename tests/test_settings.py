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
        ("CALLCENTER_NODE", "node 1; rm", "CALLCENTER_NODE"),
        ("CALLCENTER_S3__BUCKET", "../x", "CALLCENTER_S3__BUCKET"),
        ("CALLCENTER_WEB__PORT", "5038", "different ports"),
        ("CALLCENTER_ASTERISK__RTP_END", "10001", "rtp_end"),
        ("CALLCENTER_ASTERISK__WSS_PORT", "8089", "wss_certificate and asterisk.wss_key go together"),
        ("CALLCENTER_BROWSER_TELEPHONES__TURN_SECRET", "s", "set both or neither"),
        ("CALLCENTER_BROWSER_TELEPHONES__ADDRESS", "wss://x; script-src *", "CALLCENTER_BROWSER_TELEPHONES__ADDRESS"),
        ("CALLCENTER_ASTERISK__SIP_PORT", "10002", "inside the audio ports"),
        ("CALLCENTER_ASTERISK__EMERGENCY_NUMBERS", '["911"]', "CALLCENTER_ASTERISK__EMERGENCY_NUMBERS"),
        ("CALLCENTER_COUNTRY", "XX", "CALLCENTER_COUNTRY"),
        ("CALLCENTER_ASTERISK__DIALLED_NUMBER_IN", '["To,x"]', "CALLCENTER_ASTERISK__DIALLED_NUMBER_IN"),
        ("CALLCENTER_COPIES__KBPS", "11", "CALLCENTER_COPIES__KBPS: .*greater than or equal to 12"),
        ("CALLCENTER_COPIES__KBPS", "257", "CALLCENTER_COPIES__KBPS: .*less than or equal to 256"),
        ("CALLCENTER_COPIES__KBPS", "32k", "CALLCENTER_COPIES__KBPS: .*valid integer"),
        ("CALLCENTER_S3__ORIGINALS", "mp3", "CALLCENTER_S3__ORIGINALS: .*'wav' or 'flac'"),
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


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("CALLCENTER_AMI__PROT", "is CALLCENTER_AMI__PORT meant?"),
        ("CALLCENTER_PARROTS", "changes nothing"),
        ("CALLCENTER_S3__SECRET_KYE_FILE", "changes nothing"),
    ],
)
@pytest.mark.parametrize("where", ["environment", "file"])
def test_a_setting_of_another_version_is_told_of_and_stops_nobody(
    name: str,
    hint: str,
    where: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if where == "environment":
        monkeypatch.setenv(name, "hush")
    else:
        (tmp_path / "settings.env").write_text(f"{name}=hush\n")
        monkeypatch.setenv("CALLCENTER_ENV_FILE", str(tmp_path / "settings.env"))
    assert load_settings().ami.port == 5038
    [line] = capsys.readouterr().err.splitlines()
    assert name in line
    assert hint in line
    assert "hush" not in line


def test_a_value_may_be_in_a_file_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("of a file\n")
    monkeypatch.delenv("CALLCENTER_S3__SECRET_KEY")
    monkeypatch.setenv("CALLCENTER_S3__SECRET_KEY_FILE", str(tmp_path / "secret"))
    assert load_settings().s3.secret_key.get_secret_value() == "of a file"


def test_a_file_of_settings_may_name_such_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "keys").write_text(f'["{"3" * 64}"]')
    (tmp_path / "first.env").write_text("CALLCENTER_NODE=first\nCALLCENTER_COUNTRY=KZ\n")
    (tmp_path / "then.env").write_text(f"CALLCENTER_NODE=then\nCALLCENTER_SECRETS__KEYS_FILE={tmp_path / 'keys'}\n")
    monkeypatch.delenv("CALLCENTER_SECRETS__KEYS")
    monkeypatch.setenv("CALLCENTER_ENV_FILE", f"{tmp_path / 'first.env'}:{tmp_path / 'then.env'}")
    settings = load_settings()
    assert (settings.node, settings.country) == ("then", "KZ")
    assert [key.get_secret_value() for key in settings.secrets.keys] == ["3" * 64]


def test_a_value_that_is_given_twice_or_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLCENTER_S3__SECRET_KEY_FILE", "/nowhere")
    with pytest.raises(SettingsError, match=r"CALLCENTER_S3__SECRET_KEY and .*_FILE are both set"):
        load_settings()
    monkeypatch.delenv("CALLCENTER_S3__SECRET_KEY")
    with pytest.raises(SettingsError, match="CALLCENTER_S3__SECRET_KEY_FILE names /nowhere"):
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
