"""`callcenter verify` works where nothing of the call centre is installed but the evidence part."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.evidence.packs import changed, make

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {"cryptography", "pydantic"}
"""The requirements that docs/evidence.md lists for checking a pack."""
THEIRS = {"cffi", "_cffi_backend", "annotated_types", "pydantic_core", "typing_extensions", "typing_inspection"}
"""What these packages bring along themselves."""
OURS = {"callcenter", "callcenter.cli", "callcenter.cli.main", "callcenter.cli.verify", "callcenter.errors"}

ALONE = """
import re
import sys


class Absent:
    @staticmethod
    def find_spec(name, path=None, target=None):
        top = name.partition(".")[0]
        if top == "callcenter":
            there = name in OURS or re.match(r"callcenter\\.evidence\\b", name)
        else:
            there = top in sys.stdlib_module_names or top.startswith("_sysconfigdata") or top in PACKAGES
        if not there:
            raise ModuleNotFoundError(f"{name} is not installed", name=name)


sys.meta_path.insert(0, Absent)
from callcenter.cli.main import main

sys.exit(main(sys.argv[1:]))
"""


def verify_alone(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = f"OURS = {OURS!r}\nPACKAGES = {PACKAGES | THEIRS!r}\n{ALONE}"
    return subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_a_pack_is_checked_with_the_evidence_part_alone(tmp_path: Path) -> None:
    pack = make(tmp_path / "pack.zip")
    done = verify_alone("verify", str(pack))
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert "genuine" in done.stdout

    other = changed(pack, lambda files: files.update({"originals/7.wav": b"another voice"}))
    done = verify_alone("verify", str(other))
    assert (done.returncode, done.stderr) == (1, ""), done.stderr
    assert "changed audio: originals/7.wav" in done.stdout


@pytest.mark.parametrize("command", ["migrate", "evidence-key"])
def test_nothing_else_works_there(command: str) -> None:
    assert "is not installed" in verify_alone(command).stderr


def test_the_document_names_the_packages() -> None:
    (line,) = re.findall(r"^pip install (?!--)(.+)$", (ROOT / "docs" / "evidence.md").read_text(), re.MULTILINE)
    assert set(line.split()) == PACKAGES
