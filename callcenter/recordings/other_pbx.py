"""What other PBXs tell of a call by the name of its recording.

FreePBX and Issabel end the name with Asterisk's uniqueid: `q-600-79000000001-20251122-220002-1763838002.44` is what it
was recorded for, the number dialled, the caller, the time on that machine, the uniqueid. Older ones leave the caller out
(`q600-20251122-220002-1763838002.44`, `OUT201-…`), others everything but the uniqueid. VICIdial has no id at all:
`20251122-220002_79000000001-all` is the time on that machine, the customer's number, and which voices are in it.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from callcenter.domain.call import Direction, Outcome
from callcenter.domain.ids import CallId, NodeName
from callcenter.domain.phone import e164

NUMBER_LIMIT = 32

_ID = r"(?P<seconds>[0-9]{9,11})\.(?P<number>[0-9]{1,10})"
_FREEPBX = re.compile(
    rf"(?:(?:(?P<kind>[A-Za-z]+)-(?P<dialled>[^-]+)-(?P<caller>[^-]*)-)?[0-9]{{8}}-[0-9]{{6}}-)?{_ID}", re.ASCII
)
_ELASTIX = re.compile(rf"(?P<kind>[A-Za-z]+?)(?P<dialled>[0-9]*)-[0-9]{{8}}-[0-9]{{6}}-{_ID}", re.ASCII)
_ENDS_WITH_ID = re.compile(rf".*-{_ID}", re.ASCII | re.DOTALL)
_VICIDIAL = re.compile(
    r"(?P<time>[0-9]{8}-[0-9]{6})_(?P<caller>\+?[0-9]{1,32})(?:_[^.\n]*?)?(?:-(?:all|in|out))?", re.ASCII
)
_NOT_NUMBER = re.compile(r"[^0-9+]+")


@dataclass(frozen=True, slots=True)
class OldCall:
    """A call of another PBX, as far as is known.

    `dialled`: the digits of a number of the centre; `caller`: the number outside, in E.164 where it can be, also of a
    call that went out; either may be empty.
    """

    id: CallId
    at: datetime
    dialled: str = ""
    caller: str = ""
    direction: Direction = Direction.IN
    outcome: Outcome = Outcome.ANSWERED
    answered_at: datetime | None = None
    ended_at: datetime | None = None


def call_of(stem: str, node: NodeName, zone: ZoneInfo) -> OldCall | None:
    """The call that a file of this name, without its ending, is a recording of; None when the name tells of none.

    `node`: of the PBX it comes from. `zone`: in which its clock was, for names that have no other time.
    """
    for pattern in (_FREEPBX, _ELASTIX, _ENDS_WITH_ID):
        if found := pattern.fullmatch(stem):
            parts = found.groupdict()
            at = datetime.fromtimestamp(int(parts["seconds"]), UTC)
            call = CallId(f"{node}-{parts['seconds']}.{parts['number']}")
            return _call(call, at, parts.get("kind") or "", parts.get("dialled") or "", parts.get("caller"))
    if found := _VICIDIAL.fullmatch(stem):
        return _of_vicidial(found["time"], found["caller"], node, zone)
    return None


def digits(text: str) -> str:
    """The digits of a number that was dialled at the centre; empty for a name such as `s` or `unknown`."""
    return _NOT_NUMBER.sub("", text).replace("+", "")[:NUMBER_LIMIT]


def outside_number(text: str) -> str:
    """The number of a telephone outside, as the rest of the program writes it."""
    return e164(_NOT_NUMBER.sub("", text)[:NUMBER_LIMIT])


def _call(call: CallId, at: datetime, kind: str, dialled: str, caller: str | None) -> OldCall:
    if kind.lower() != "out":
        return OldCall(call, at, digits(dialled), outside_number(caller or ""))
    # Older ones have only the telephone that called.
    return OldCall(call, at, "", outside_number(dialled) if caller is not None else "", Direction.OUT)


def _of_vicidial(time: str, caller: str, node: NodeName, zone: ZoneInfo) -> OldCall | None:
    try:
        at = datetime.strptime(time, "%Y%m%d-%H%M%S").replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    if at.timestamp() < 0:
        return None
    # All recordings of one customer in one second are of one call.
    number = int.from_bytes(hashlib.sha256(f"{time} {caller}".encode()).digest()[:4])
    return OldCall(CallId(f"{node}-{int(at.timestamp())}.{number}"), at, "", outside_number(caller))
