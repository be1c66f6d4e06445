"""Checks the recordings of a run in which parts were killed. Pure: facts in, verdict out."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from callcenter.domain.recording import OFFERED, WAS_VERIFIED

HEADER = 44
FRAME = 4


@dataclass(frozen=True, slots=True)
class Witness:
    """The bytes that Asterisk wrote, kept apart from the moment they were first seen; `raw`: without a header."""

    name: str
    data: bytes
    raw: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A row of `recordings`, and the SHA-256 of its object in the store: None when there is none."""

    name: str
    call: str
    state: str
    key: str | None
    sha256: bytes | None
    data: bytes | None


@dataclass(slots=True)
class ChaosVerdict:
    """For each recording that is missing, duplicated or altered, why."""

    recordings: int = 0
    missing: dict[str, str] = field(default_factory=dict)
    doubled: dict[str, str] = field(default_factory=dict)
    wrong_hash: dict[str, str] = field(default_factory=dict)

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.missing or self.doubled or self.wrong_hash)


def judge(witnesses: Iterable[Witness], rows: Iterable[Row], versions: Iterable[str]) -> ChaosVerdict:
    """Every recording that was written, or promised by a row, must be kept once with its bytes.

    `versions`: the key of each version of each object that the store lists.
    """
    verdict = ChaosVerdict()
    known = {row.name: row for row in rows}
    seen = {each.name: each for each in witnesses}
    verdict.recordings = len(known.keys() | seen.keys())
    for name in known.keys() | seen.keys():
        row = known.get(name)
        if row is None:
            verdict.missing[name] = "not in the database"
        elif row.state not in WAS_VERIFIED & OFFERED:
            verdict.missing[name] = f"it is {row.state}"
        elif row.data is None:
            verdict.missing[name] = "not in the store"
        elif hashlib.sha256(row.data).digest() != row.sha256:
            verdict.wrong_hash[name] = "the object differs from the SHA-256 in the database"
        elif name in seen and not _same(seen[name], row.data):
            verdict.wrong_hash[name] = "the object differs from what Asterisk wrote"
    _judge_doubles(verdict, known, Counter(versions))
    return verdict


def _judge_doubles(verdict: ChaosVerdict, known: Mapping[str, Row], versions: Counter[str]) -> None:
    names = {row.key: row.name for row in known.values() if row.key is not None}
    for key, count in versions.items():
        if key not in names:
            verdict.doubled[key] = "an object without a row"
        elif count > 1:
            verdict.doubled[names[key]] = f"{count} versions in the store"
    # Silent recordings are alike; spoken ones are not.
    content = Counter(
        (row.call, row.sha256) for row in known.values() if row.data is not None and any(row.data[HEADER:])
    )
    for row in known.values():
        if content[row.call, row.sha256] > 1:
            verdict.doubled[row.name] = "the same bytes twice for one call"


def _same(witness: Witness, data: bytes) -> bool:
    if not witness.raw:
        return data == witness.data
    # What was inserted or left over is said in chunks behind the audio.
    audio = int.from_bytes(data[HEADER - 4 : HEADER], "little")
    return _is_with_silence(witness.data[: len(witness.data) // FRAME * FRAME], data[HEADER : HEADER + audio])


def _is_with_silence(written: bytes, kept: bytes) -> bool:
    """Whether what is kept is what was written, with nothing but silence put between: where no side sent a packet."""
    at = inserted = 0
    while at < len(written):
        at += _alike(written, at, kept, at + inserted)
        if at == len(written):
            break
        if kept[at + inserted : at + inserted + FRAME] != bytes(FRAME):
            return False
        inserted += FRAME
    return len(kept) >= len(written) and not any(kept[at + inserted :])


def _alike(written: bytes, at: int, kept: bytes, there: int) -> int:
    """How many bytes from there on are the same, in whole frames."""
    whole = 0
    for step in (1 << 16, 1 << 10, FRAME):
        while (piece := written[at + whole : at + whole + step]) and kept[
            there + whole : there + whole + len(piece)
        ] == piece:
            whole += len(piece)
    return whole
