"""A company's custody chain, followed link by link.

content = SHA-256(the entry's text in UTF-8); hash = SHA-256(hash of the entry before + content). Of entries about other
tickets a pack has only the content: the chain can be followed through them, but what they say cannot be read.
"""

import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise

GENESIS = bytes(32)
"""The hash before the first entry of a chain."""
LARGEST_GAP = 1000
"""Entries about other tickets between two about a ticket: with fewer, a pack has one part; else two."""


@dataclass(frozen=True, slots=True)
class Link:
    """One entry. `entry`: its text, None where only its `content` is shown; `hash`: the hash that is stated for it."""

    seq: int
    content: bytes
    hash: bytes
    entry: str | None = None

    def line(self) -> str:
        """The link as a line of `ledger.jsonl`, without its end."""
        shown = {"content": self.content.hex()} if self.entry is None else {"entry": self.entry}
        return json.dumps({"seq": self.seq, "hash": self.hash.hex()} | shown, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Ends:
    """What a part of a chain must be: of which company, from `first` to `last`, between two hashes."""

    company: int
    first: int
    last: int
    before: bytes
    head: bytes


def content_of(entry: str) -> bytes:
    """The hash of an entry's text."""
    return sha256(entry.encode()).digest()


def joined(before: bytes, content: bytes) -> bytes:
    """The hash of an entry of this content after an entry of this hash."""
    return sha256(before + content).digest()


def read_line(line: str) -> Link:
    """A line of `ledger.jsonl`. Raises `ValueError` for one that is not."""
    try:
        held = json.loads(line)
        entry, seq, hash_ = held.get("entry"), held["seq"], bytes.fromhex(held["hash"])
        if not isinstance(seq, int) or not isinstance(entry, str | None):
            raise ValueError("a field is of a wrong kind")
        return Link(seq, bytes.fromhex(held["content"]) if entry is None else content_of(entry), hash_, entry)
    except (KeyError, TypeError, AttributeError, RecursionError) as problem:
        raise ValueError(str(problem)) from None


def runs(own: Sequence[int], gap: int = LARGEST_GAP) -> list[tuple[int, int]]:
    """The parts of a chain that hold these entries, numbers in order; one part where less than `gap` lies between."""
    found: list[tuple[int, int]] = []
    for seq in own:
        if found and seq - found[-1][1] <= gap:
            found[-1] = (found[-1][0], seq)
        else:
            found.append((seq, seq))
    return found


def faults_of_runs(links: Iterable[Link], runs: Sequence[Ends]) -> Iterator[str]:
    """What is wrong with several parts of a chain, which must be in order and apart from each other.

    A pack can name many thousands of parts and entries: each entry's part is searched for, not tried one by one.
    """
    if any(after.first <= before.last for before, after in pairwise(runs)):
        yield "the parts that the manifest names overlap, or are out of order"
        return
    firsts = [ends.first for ends in runs]
    parts: list[list[Link]] = [[] for _ in runs]
    for link in links:
        where = bisect_right(firsts, link.seq) - 1
        if where < 0 or link.seq > runs[where].last:
            yield f"entry {link.seq} is not in the parts that the manifest names"
        else:
            parts[where].append(link)
    for part, ends in zip(parts, runs, strict=True):
        yield from faults(part, ends)


def faults(links: Iterable[Link], ends: Ends) -> Iterator[str]:
    """What is wrong with this part of a chain, one line for each place, with the number of the entry."""
    expected, before = ends.first, ends.before
    for link in links:
        if link.seq > expected:
            yield f"{_entries(expected, link.seq - 1)} missing"
        elif link.seq < expected:
            yield f"entry {link.seq} comes after entry {expected - 1}: out of order or duplicated"
        elif joined(before, link.content) != link.hash:
            yield f"entry {link.seq} does not match its hash"
        if problem := _wrong_inside(link, ends.company):
            yield problem
        expected, before = link.seq + 1, link.hash
    if expected <= ends.last:
        yield f"{_entries(expected, ends.last)} missing"
    elif before != ends.head:
        yield f"entry {ends.last}, the last one, does not have the hash in which the chain must end"


def _wrong_inside(link: Link, company: int) -> str | None:
    if link.entry is None:
        return None
    try:
        held = json.loads(link.entry)
        own = (held["company"], held["seq"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return f"entry {link.seq} cannot be read"
    return None if own == (company, link.seq) else f"entry {link.seq} is in the wrong place: its text says {own}"


def _entries(first: int, last: int) -> str:
    return f"entry {first} is" if first == last else f"entries {first} to {last} are"
