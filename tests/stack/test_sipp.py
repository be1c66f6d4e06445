"""What the load tool makes of SIPp's logs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stack.sipp import Sipp

CALLER = "+79000000001"


@pytest.fixture
def sipp(tmp_path: Path) -> Iterator[Sipp]:
    made = Sipp(tmp_path, target=("127.0.0.1", 5060), trunk="127.0.0.2", phones="127.0.0.3")
    yield made
    made.end()


def written(sipp: Sipp, folder: Path, *lines: str) -> int:
    """How often a telephone was rung twice, after these lines."""
    with (folder / "operators.log").open("a") as file:
        file.writelines(f"{line} 1795812748.5\n" for line in lines)
    sipp.read()
    return sipp.double_rings


def test_a_telephone_that_gets_a_call_while_it_rings_or_talks_is_counted(sipp: Sipp, tmp_path: Path) -> None:
    assert written(sipp, tmp_path, f"rang op-01 {CALLER} 1@a", f"rang op-02 {CALLER} 2@a") == 0
    assert written(sipp, tmp_path, f"rang op-01 {CALLER} 3@a") == 1
    assert written(sipp, tmp_path, f"cancelled op-01 {CALLER} 3@a", f"acked op-01 {CALLER} 1@a") == 1
    assert written(sipp, tmp_path, f"rang op-01 {CALLER} 4@a") == 2


def test_a_telephone_that_is_free_again_is_not(sipp: Sipp, tmp_path: Path) -> None:
    rings = (f"rang op-01 {CALLER} 1@a", f"cancelled op-01 {CALLER} 1@a", f"rang op-01 {CALLER} 2@a")
    talks = [f"{what} op-01 {CALLER} {call}@a" for call in (3, 4) for what in ("rang", "acked", "hung-up")]
    assert written(sipp, tmp_path, *rings, f"acked op-01 {CALLER} 2@a", f"ended op-01 {CALLER} 2@a", *talks) == 0
    assert not sipp.talking
