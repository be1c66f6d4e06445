"""Checks the outcome of every caller: what SIPp saw at both ends, compared with the database and the store.

Pure: facts in, verdict out. The service's own counters are not used.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from callcenter.domain.call import CallState, Outcome
from callcenter.domain.recording import LENGTH_TOLERANCE_S, RecordingState
from stack.sipp import Caller, Leg

# Within this time of the operator's answer a caller's hang-up and the answer may cross: both outcomes are right.
CROSSING_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedCall:
    """A row of the journal. `endpoint` is the telephone of the operator it names."""

    id: str
    caller: str
    state: str
    outcome: str | None
    endpoint: str | None
    queued: bool
    wait_s: float | None
    tickets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedRecording:
    """A recording. `intact`: the object in the store has the row's SHA-256; `seconds`: the length of its audio.

    Of its talk: the operator's telephone, and when it began in seconds since 1970.
    """

    call_id: str
    state: str
    on_ticket: bool
    intact: bool
    seconds: float
    endpoint: str
    began: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pop:
    """A card that the browser of `endpoint`'s operator received, so long after the answer."""

    endpoint: str
    caller: str
    after_ms: float


@dataclass(slots=True)
class SurgeVerdict:
    """The counts, and for each lost caller and each wrong card the reason."""

    callers: int = 0
    queued: int = 0
    answered: int = 0
    abandoned: int = 0
    tickets: int = 0
    recordings_verified: int = 0
    """Callers all of whose recordings are verified."""
    talks: int = 0
    talks_recorded: int = 0
    pops_right: int = 0
    double_rings: int = 0
    """How often a telephone got a call while it rang or talked."""
    lost: dict[str, str] = field(default_factory=dict)
    pops_wrong: dict[str, str] = field(default_factory=dict)

    @property
    def flawless(self) -> bool:
        """Whether nobody was lost, every card was at its operator, and every telephone had one caller at a time."""
        return not (self.lost or self.pops_wrong or self.double_rings)


def judge(
    callers: Iterable[Caller],
    legs: Iterable[Leg],
    calls: Iterable[JudgedCall],
    recordings: Iterable[JudgedRecording],
    pops: Iterable[Pop],
    double_rings: int = 0,
) -> SurgeVerdict:
    """Check a surge in which every caller has a different number."""
    verdict = SurgeVerdict(double_rings=double_rings)
    legs_of: dict[str, list[Leg]] = defaultdict(list)
    calls_of: dict[str, list[JudgedCall]] = defaultdict(list)
    recordings_of: dict[str, list[JudgedRecording]] = defaultdict(list)
    for leg in sorted(legs, key=lambda leg: leg.began):
        legs_of[leg.caller].append(leg)
    for call in calls:
        calls_of[call.caller].append(call)
    for recording in sorted(recordings, key=lambda recording: recording.began):
        recordings_of[recording.call_id].append(recording)
    for caller in callers:
        rows = calls_of[caller.number]
        verdict.callers += 1
        verdict.queued += any(row.queued for row in rows)
        verdict.tickets += sum(row.tickets for row in rows)
        reason = _outcome_fault(caller, legs_of[caller.number], rows)
        if not reason and rows[0].outcome == Outcome.ANSWERED:
            verdict.answered += 1
            faults = _talk_faults(legs_of[caller.number], recordings_of[rows[0].id])
            verdict.talks += len(legs_of[caller.number])
            verdict.talks_recorded += faults.count("")
            reason = _answer_fault(rows[0], legs_of[caller.number], recordings_of[rows[0].id], faults)
            verdict.recordings_verified += not reason
        elif not reason:
            verdict.abandoned += rows[0].outcome == Outcome.ABANDONED
            legs_of[caller.number].clear()  # a talk, if any, that crossed with the hang-up: no card is due
        if reason:
            verdict.lost[caller.number] = reason
    _judge_pops(verdict, legs_of, pops)
    return verdict


def _outcome_fault(caller: Caller, legs: Sequence[Leg], rows: Sequence[JudgedCall]) -> str:
    """Why the caller is lost: not one row with the outcome that both ends saw. Empty when all is well."""
    if len(rows) != 1:
        return f"{len(rows)} calls in the database" if rows else "not in the database"
    row = rows[0]
    if row.state != CallState.ENDED:
        return f"not ended in the database: {row.state}"
    possible = _possible_outcomes(caller, legs)
    if row.outcome not in possible:
        seen = "talked" if legs else f"ended by {caller.ended_by or 'nobody'}"
        return f"the database says {row.outcome}, SIPp saw: {seen}"
    if row.outcome == Outcome.ANSWERED and row.endpoint != legs[-1].endpoint:
        return f"the database says {row.endpoint} answered, SIPp saw {legs[-1].endpoint}"
    if row.outcome == Outcome.ABANDONED and not _wait_is_true(caller, row):
        return f"abandoned with a waiting time of {row.wait_s}"
    return ""


def _possible_outcomes(caller: Caller, legs: Sequence[Leg]) -> set[Outcome]:
    if caller.answered is None or caller.ended is None:
        return set()
    unserved = {Outcome.ABANDONED, Outcome.HUNG_UP_EARLY} if caller.ended_by == "caller" else {Outcome.TIMED_OUT}
    if not legs:
        return unserved
    crossed = caller.ended_by == "caller" and caller.ended - legs[-1].began < CROSSING_S
    return {Outcome.ANSWERED} | (unserved if crossed else set())


def _wait_is_true(caller: Caller, row: JudgedCall) -> bool:
    assert caller.answered is not None
    assert caller.ended is not None
    return row.wait_s is not None and 0 <= row.wait_s <= caller.ended - caller.answered + CROSSING_S


def _answer_fault(
    row: JudgedCall, legs: Sequence[Leg], recordings: Sequence[JudgedRecording], faults: Sequence[str]
) -> str:
    """Why an answered caller is lost: not one ticket, not one true recording of each talk on it. Empty when all is well."""
    if row.tickets != 1:
        return f"{row.tickets} tickets"
    if len(recordings) != len(legs):
        return f"{len(recordings)} recordings of {len(legs)} talks"
    return next((fault for fault in faults if fault), "")


def _talk_faults(legs: Sequence[Leg], recordings: Sequence[JudgedRecording]) -> list[str]:
    """For each talk, in the order in which they began, what is wrong with its recording; empty when nothing is."""
    faults = [_recording_fault(leg, recording) for leg, recording in zip(legs, recordings, strict=False)]
    return faults + ["no recording"] * (len(legs) - len(faults))


def _recording_fault(leg: Leg, recording: JudgedRecording) -> str:
    if recording.endpoint != leg.endpoint:
        return f"the recording is of {recording.endpoint}, {leg.endpoint} talked"
    if recording.state != RecordingState.ATTACHED or not recording.on_ticket:
        return f"the recording is {recording.state}, not attached to the ticket"
    if not recording.intact:
        return "the object in the store differs from its SHA-256"
    if leg.ended is None:
        return "the operator's talk did not end"
    talk = leg.ended - leg.began
    if abs(recording.seconds - talk) > LENGTH_TOLERANCE_S:
        return f"the recording lasts {recording.seconds:.2f} s, the talk lasted {talk:.2f} s"
    return ""


def _judge_pops(verdict: SurgeVerdict, legs_of: dict[str, list[Leg]], pops: Iterable[Pop]) -> None:
    """A card is right when it came to the operator who picked up and to nobody else."""
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for pop in pops:
        seen[pop.caller][pop.endpoint] += 1
    for number in seen.keys() | {number for number, legs in legs_of.items() if legs}:
        wanted = {leg.endpoint for leg in legs_of.get(number, ())}
        if seen[number].keys() == wanted:
            verdict.pops_right += 1
        else:
            verdict.pops_wrong[number] = (
                f"card at {sorted(seen[number]) or 'nobody'}, talk at {sorted(wanted) or 'nobody'}"
            )
