"""An outage: its states, who moves it between them, and where it is."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from callcenter.errors import Refusal, gettext_noop


class OutageState(StrEnum):
    """Where an outage is."""

    SUSPECTED = "suspected"
    """Suggested by the calls; nobody has confirmed it, and no caller is told of it."""
    CONFIRMED = "confirmed"
    REPAIRING = "repairing"
    RESTORED = "restored"
    """The supply is back; nobody has checked it at the residents' yet."""
    CHECKED = "checked"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    """There was none."""


class OutageStep(StrEnum):
    """What somebody does with an outage."""

    CONFIRM = "confirm"
    REPAIR = "repair"
    RESTORE = "restore"
    FAIL_AGAIN = "fail_again"
    """The supply went off again, or never really came back."""
    CHECK = "check"
    CLOSE = "close"
    CANCEL = "cancel"


class OutageEventKind(StrEnum):
    """What an entry of an outage's history says."""

    OPENED = "opened"
    MOVED = "moved"
    EDITED = "edited"
    """The cause, the expected end, the texts, who is at work."""
    PLACES = "places"
    """It grew, or shrank, by houses, entrances or flats."""
    RECORDED = "recorded"
    """Somebody recorded what callers hear, instead of the spoken text."""
    RECORDING_REMOVED = "recording_removed"


_S = OutageState

TRANSITIONS: Mapping[tuple[OutageState, OutageStep], OutageState] = {
    (_S.SUSPECTED, OutageStep.CONFIRM): _S.CONFIRMED,
    (_S.CONFIRMED, OutageStep.REPAIR): _S.REPAIRING,
    (_S.CONFIRMED, OutageStep.RESTORE): _S.RESTORED,
    (_S.REPAIRING, OutageStep.RESTORE): _S.RESTORED,
    (_S.RESTORED, OutageStep.FAIL_AGAIN): _S.REPAIRING,
    (_S.CHECKED, OutageStep.FAIL_AGAIN): _S.REPAIRING,
    (_S.RESTORED, OutageStep.CHECK): _S.CHECKED,
    (_S.RESTORED, OutageStep.CLOSE): _S.CLOSED,
    (_S.CHECKED, OutageStep.CLOSE): _S.CLOSED,
    # Everything at once, when it is over before anybody wrote down the steps.
    (_S.CONFIRMED, OutageStep.CLOSE): _S.CLOSED,
    (_S.REPAIRING, OutageStep.CLOSE): _S.CLOSED,
    (_S.SUSPECTED, OutageStep.CANCEL): _S.CANCELLED,
    (_S.CONFIRMED, OutageStep.CANCEL): _S.CANCELLED,
    (_S.REPAIRING, OutageStep.CANCEL): _S.CANCELLED,
}

OVER = frozenset({_S.CLOSED, _S.CANCELLED})
"""Nothing is to be done any more."""
OFF = frozenset({_S.CONFIRMED, _S.REPAIRING})
"""The supply is off, and callers are told so."""
NEEDS_COMMENT = frozenset({OutageStep.CANCEL, OutageStep.FAIL_AGAIN})
"""Steps that need a reason."""


class OutageStepRefused(Refusal):
    """This step cannot be taken; nothing has changed. `code`: `state` or `words`."""

    status = 409
    text = gettext_noop("This step cannot be taken now.")


def move(state: OutageState, step: OutageStep, comment: str = "") -> OutageState:
    """The state after the step. Raises `OutageStepRefused`."""
    if (state, step) not in TRANSITIONS:
        raise OutageStepRefused("state")
    # Nobody was told of one that is only suspected, so nothing needs to be explained.
    if step in NEEDS_COMMENT and state is not OutageState.SUSPECTED and not comment.strip():
        raise OutageStepRefused("words")
    return TRANSITIONS[state, step]


def steps_from(state: OutageState) -> tuple[OutageStep, ...]:
    """The steps that can be taken from here, in the order of the work."""
    return tuple(step for step in OutageStep if (state, step) in TRANSITIONS)


class BadFlats(Refusal):
    """A list of flats that cannot be read."""

    status = 409
    text = gettext_noop("Write flats as numbers and ranges: 1-40, 55, 57а.")


_FLATS = re.compile(r"\s*(\d{1,5})\s*(?:[-–—]\s*(\d{1,5})|([А-Яа-яA-Za-z]?))\s*")
LONGEST_FLATS = 500


@dataclass(frozen=True, slots=True)
class Flats:
    """Which flats of a house: ranges of numbers, and single ones as they are written. Empty: all of them."""

    ranges: tuple[tuple[int, int], ...] = ()
    single: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, text: str) -> "Flats":
        """`1-40, 55, 57а`. Raises `BadFlats`."""
        if not text.strip():
            return cls()
        if len(text) > LONGEST_FLATS:
            raise BadFlats("too long")
        ranges: list[tuple[int, int]] = []
        single: set[str] = set()
        for part in text.split(","):
            found = _FLATS.fullmatch(part)
            if found is None:
                raise BadFlats("form")
            first, last, letter = found.groups()
            if last is None:
                single.add(first.lstrip("0") + (letter or "").lower())
                continue
            if int(last) < int(first):
                raise BadFlats("order")
            ranges.append((int(first), int(last)))
        return cls(tuple(ranges), frozenset(single))

    def __contains__(self, flat: str) -> bool:
        if not self.ranges and not self.single:
            return True
        written = flat.strip().lower().lstrip("0")
        digits = re.match(r"\d{1,9}", written)
        number = int(digits[0]) if digits else None
        return written in self.single or any(
            number is not None and first <= number <= last for first, last in self.ranges
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OutagePlace:
    """A house, or a part of one, that an outage is in. No entrances: all of them."""

    house_id: int
    entrances: frozenset[int] = frozenset()
    flats: Flats = Flats()
    riser: str = ""
    """Which riser or stand-pipe, in words; the flats on it are given in `flats`."""

    def has(self, flat: str, entrance: int | None) -> bool:
        """Whether this flat is in it. A flat of which the entrance is not known counts by its number alone."""
        in_entrance = not self.entrances or entrance is None or entrance in self.entrances
        return in_entrance and flat in self.flats
