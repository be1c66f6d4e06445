"""Checking a pack takes time in proportion to its size, whatever a hostile one states."""

from collections.abc import KeysView
from pathlib import Path

from callcenter.evidence.chain import GENESIS, Ends, Link, faults_of_runs
from callcenter.evidence.container import Container
from callcenter.evidence.manifest import Manifest
from callcenter.evidence.originals import audio_faults

from .packs import chained, entry, head, ledger, make


class Counted(int):
    """A number that counts how often any of its kind is compared."""

    compared = 0

    def __le__(self, other: object) -> bool:
        Counted.compared += 1
        return int(self) <= other  # type: ignore[operator]

    def __lt__(self, other: object) -> bool:
        Counted.compared += 1
        return int(self) < other  # type: ignore[operator]

    def __gt__(self, other: object) -> bool:
        Counted.compared += 1
        return int(self) > other  # type: ignore[operator]

    def __ge__(self, other: object) -> bool:
        Counted.compared += 1
        return int(self) >= other  # type: ignore[operator]


def compared_in(size: int) -> int:
    """How often numbers are compared for so many parts of a chain with one entry each."""
    runs = [Ends(1, Counted(2 * at), Counted(2 * at), GENESIS, GENESIS) for at in range(1, size + 1)]
    links = [Link(Counted(2 * at), bytes(32), bytes(32)) for at in range(1, size + 1)]
    Counted.compared = 0
    assert len(list(faults_of_runs(links, runs))) == size
    return Counted.compared


def test_a_pack_of_many_parts_and_entries_takes_comparisons_in_proportion_to_its_size():
    few, many = compared_in(500), compared_in(4000)
    # Eight times as many, and a search of three steps more.
    assert many < 8 * few * 1.5


def test_parts_that_overlap_or_are_out_of_order_are_named():
    one, two = Ends(1, 1, 3, GENESIS, GENESIS), Ends(1, 3, 4, GENESIS, GENESIS)
    for runs in ([one, two], [two, one], [one, one]):
        assert list(faults_of_runs([], runs)) == ["the parts that the manifest names overlap, or are out of order"]


def test_whether_a_name_is_in_a_pack_is_asked_without_copying_the_directory(tmp_path: Path):
    with make(tmp_path / "pack.zip").open("rb") as file:
        names = Container(file).names
        assert isinstance(names, KeysView)
        assert "manifest.json" in names


def test_what_is_said_of_audio_grows_with_the_pack_and_not_with_its_square():
    def said(size: int) -> int:
        links = chained(
            [entry(at, "recording attached", recording=7, sha256=f"{at:064x}") for at in range(1, size + 1)]
        )
        stated = head(ledger())
        manifest = Manifest(
            **stated.model_dump(by_alias=True) | {"recordings": [stated.recordings[0]] * size},
            signed_by="0" * 64,
            files=(),
        )
        return sum(len(name) + len(text) for name, text in audio_faults(links, manifest))

    assert said(200) == 10 * said(20)
