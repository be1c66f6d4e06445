"""What a caller heard, held against the file that was due. Pure: packets and bytes in, findings out."""

from collections.abc import Sequence
from dataclasses import dataclass

GAP_S = 0.1
FIRST = 400
"""Bytes of A-law, 50 ms, by which the first word is found."""
FRAME = 160
HEADER = 12


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet of audio. `at`: when the kernel got it; `number`: its sequence number, 16 bits."""

    at: float
    number: int
    sound: bytes


@dataclass(frozen=True, slots=True)
class Held:
    """One announcement as it came. `begun`: its first word is there; `seconds`: how much of it came, byte for byte.

    `gaps`: pauses above `GAP_S` or missing packets, until it ended or the caller did. `ended`: the time of the last packet.
    """

    begun: bool
    whole: bool = False
    seconds: float = 0.0
    gaps: int = 0
    missing: int = 0
    longest_gap_s: float = 0.0
    ended: float = 0.0


@dataclass(slots=True)
class Told:
    """One announcement to one caller. `number` and `whole` are the ledger's; `due`: the number on the disk, if any."""

    outage: int
    number: int
    due: int | None
    said: str | None
    began: float
    ended: float | None = None
    whole: bool = False
    held: Held | None = None
    wrong: str = ""
    """The sound that came instead of the one that was due."""


def packet(at: float, data: bytes) -> Packet | None:
    """A datagram of RTP with A-law; None if it is something else, as keys are."""
    if len(data) <= HEADER or data[1] & 0x7F != 8:
        return None
    return Packet(at, int.from_bytes(data[2:4], "big"), data[HEADER:])


def hold(packets: Sequence[Packet], due: bytes, start: int = 0) -> tuple[Held, int]:
    """Compare with what was due; and where the search for the next one begins, in bytes of sound.

    `packets` in the order in which they came; `start`: bytes of sound before which it cannot begin. What was told before
    may be cut short anywhere, and even agree with the first bytes of what follows, so only its own beginning is left out.
    """
    heard = b"".join(each.sound for each in packets)
    at = heard.find(due[:FIRST], start)
    if at < 0:
        return Held(begun=False), start
    came = _common(heard, at, due)
    # The last packet waits in Asterisk for the sound that fills it up.
    whole = came >= len(due) - FRAME
    place, spent = 0, 0
    while spent + len(packets[place].sound) <= at:
        spent += len(packets[place].sound)
        place += 1
    gaps = missing = 0
    longest = 0.0
    before = packets[place]
    while place + 1 < len(packets) and spent + len(before.sound) < at + len(due):
        spent += len(before.sound)
        place += 1
        now = packets[place]
        lost = (now.number - before.number - 1) & 0xFFFF
        if lost and now.number == before.number:
            lost = 0
        missing += lost
        gaps += bool(lost) or now.at - before.at > GAP_S
        longest = max(longest, now.at - before.at)
        before = now
    return Held(True, whole, came / 8000, gaps, missing, longest, before.at), at + 1


def _common(heard: bytes, at: int, due: bytes) -> int:
    """How many bytes of `due` are there from `at` on, without a difference."""
    length = min(len(due), len(heard) - at)
    if heard[at : at + length] == due[:length]:
        return length
    low, high = 0, length
    while high - low > 1:
        middle = (low + high) // 2
        if heard[at + low : at + middle] == due[low:middle]:
            low = middle
        else:
            high = middle
    return low
