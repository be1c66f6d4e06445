"""An operator's leg of a call, from its answer to its end: one recording."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from callcenter.domain.ids import Interface
from callcenter.domain.recording import RecordingName


class Party(StrEnum):
    """Who ended a talk."""

    CALLER = "caller"
    OPERATOR = "operator"
    TRANSFER = "transfer"
    SYSTEM = "system"
    NETWORK = "network"
    """Nobody: the operator's telephone vanished."""


class TalkKind(StrEnum):
    """How an operator came to it."""

    QUEUE = "queue"
    TRANSFER = "transfer"
    """From a colleague: blind, or the caller joined what had started as a consultation."""
    CONSULTATION = "consultation"
    """With a colleague, or somebody called outside, about the call, without the caller."""
    OUT = "out"
    """The operator called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """One recording's talk. `channel`: the operator's, empty when it is known from the ledger only."""

    recording: RecordingName
    kind: TalkKind
    operator: Interface
    began_at: datetime
    ended_at: datetime | None = None
    by: Party | None = None
    channel: str = ""

    @property
    def leg(self) -> str:
        """The uniqueid of the operator's channel, by which the recording is named."""
        return self.recording.leg

    @property
    def with_caller(self) -> bool:
        """Whether the caller was in it."""
        return self.kind is not TalkKind.CONSULTATION


def learn(talks: tuple[Talk, ...], reported: Talk) -> tuple[Talk, ...]:
    """The talks, in the order in which they began, with `reported` added or merged where nothing was known."""
    known = next((talk for talk in talks if talk.recording == reported.recording), None)
    if known is None:
        return tuple(sorted((*talks, reported), key=lambda talk: (talk.began_at, talk.recording)))
    joined = not known.with_caller and reported.kind is TalkKind.TRANSFER
    merged = replace(
        known,
        kind=reported.kind if joined else known.kind,
        ended_at=known.ended_at or reported.ended_at,
        by=known.by or reported.by,
        channel=known.channel or reported.channel,
    )
    return tuple(merged if talk is known else talk for talk in talks)


def settle(talks: tuple[Talk, ...], returns: tuple[datetime, ...]) -> tuple[Talk, ...]:
    """The talks after which the caller went on, to a colleague or to a queue, ended by a transfer, whoever hung up.

    A telephone that has handed its caller over may hang up before Asterisk does; Asterisk reports the first hang-up.
    """
    last = max((talk.began_at for talk in talks if talk.with_caller), default=None)
    back = max(returns, default=None)

    def sent_on(talk: Talk) -> bool:
        later = (last is not None and talk.began_at < last) or (back is not None and talk.began_at < back)
        return talk.with_caller and talk.by not in (None, Party.NETWORK) and later

    return tuple(replace(talk, by=Party.TRANSFER) if sent_on(talk) else talk for talk in talks)


def seconds(talks: Iterable[Talk], until: datetime | None) -> float | None:
    """Seconds in which there was a talk with the caller, however many at once; None while one goes on or if none was.

    `until`: when the call ended; a talk whose end is not known ended then.
    """
    total, reached = 0.0, None
    for talk in talks:
        if not talk.with_caller:
            continue
        end = talk.ended_at or until
        if end is None:
            return None
        begin = talk.began_at if reached is None else max(reached, talk.began_at)
        total += max(0.0, (end - begin).total_seconds())
        reached = end if reached is None else max(reached, end)
    return None if reached is None else total
