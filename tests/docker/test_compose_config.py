"""docker-compose.yml, read by Compose itself."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.docker.test_compose import ROOT, SERVICES, make_env, read_secrets
from tests.tools import tool

pytestmark = pytest.mark.servers


@pytest.mark.parametrize("profile", [(), ("--profile", "watch")], ids=["as-it-is", "watched"])
def test_compose_has_nothing_to_say_against_it_and_shows_no_secret(tmp_path: Path, profile: tuple[str, ...]) -> None:
    assert make_env(tmp_path, "192.0.2.10", "198.51.100.7").returncode == 0
    shutil.copy(ROOT / "docker-compose.yml", tmp_path)
    shutil.copytree(ROOT / "docker", tmp_path / "docker", dirs_exist_ok=True)
    command = [tool("docker-compose"), *profile, "config", "--format", "json"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    shown = json.loads(done.stdout)
    assert shown["services"].keys() == {name for name, each in SERVICES.items() if profile or "profiles" not in each}
    for secret in read_secrets(tmp_path).values():
        assert secret not in done.stdout
    for name, service in shown["services"].items():
        for given in service.get("secrets", []):
            assert given["source"] in shown["secrets"], name


def test_without_its_settings_compose_says_what_makes_them(tmp_path: Path) -> None:
    shutil.copy(ROOT / "docker-compose.yml", tmp_path)
    (tmp_path / ".env").write_text("")
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    command = [tool("docker-compose"), "config", "--quiet"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "docker/make-env.sh" in done.stderr
