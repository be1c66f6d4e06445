"""What is to be done, in the imperative; the adapters carry it out.

Commands to Asterisk may fail; their results come back as events. Commands to PostgreSQL are written in the order in
which they were given, so a screen never shows a ticket that does not exist yet.
"""

from dataclasses import dataclass
from datetime import datetime

from callcenter.domain.call import Call
from callcenter.domain.events import AsideChanged, CallEvent, Presence, PresenceReason
from callcenter.domain.ids import CallId, Interface, OperatorId, RequestId
from callcenter.domain.operator import OperatorStatus
from callcenter.domain.recording import RecordingName
from callcenter.domain.request import RefusalReason, RequestState, TalkStep
from callcenter.domain.talk import Talk


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Something that the domain decided is to be done."""


# To the directory


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepareCard(Command):
    """Look up who is calling; answer with `CardPrepared`."""

    call: CallId
    did: str
    caller: str


# To Asterisk


@dataclass(frozen=True, slots=True, kw_only=True)
class NameCaller(Command):
    """Show `name` on the operator's telephone: set it as the caller's name on `channel`."""

    channel: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetMember(Command):
    """Make the telephone a member of the operators' queue: ringing, paused, or not a member at all.

    `request`: the request that it answers, with `RequestCarriedOut` or `RequestFailed`.
    """

    interface: Interface
    presence: Presence
    request: RequestId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeCallOut(Command):
    """Decide whether the operator may call this number, and tell the channel that waits for it.

    `did`: the company's number of the call that it is about; empty when it is about none.
    """

    operator: Interface
    number: str
    channel: str
    did: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawCaller(Command):
    """Take a waiting caller out of the queue, to hear of an outage and to come back in the same place."""

    call: CallId
    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndSilentLeg(Command):
    """End an operator's leg if no packet comes from its telephone in a browser any more: the caller is taken back."""

    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Requested(Command):
    """A command that exists only because a person asked for it, not to be started at `until` or later.

    Answered with `RequestCarriedOut`, `RequestFailed` or `RequestOverdue`.
    """

    request: RequestId
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseRecording(Requested):
    """Record silence instead of the voices on an operator's channel from now on, or the voices again."""

    channel: str
    paused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveTalk(Requested):
    """Send a caller and those who talk about it elsewhere in the dialplan (dialplan/aside.conf.j2).

    Channels, or uniqueids where the name is not known. `leg`: the operator's; `asked`: whom the operator asked, empty for
    nobody. `to`: whom to call.
    """

    step: TalkStep
    caller: str
    leg: str
    asked: str = ""
    to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkTelephone(Requested):
    """Make an operator's telephone that rings on this channel answer, or stop, so that the caller gets another operator."""

    channel: str
    answer: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceCall(Requested):
    """Ring the operator's telephone, then call the number as if it had been dialled there."""

    interface: Interface
    number: str


# To PostgreSQL and the screens


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """Who handed a caller on, or asks about it, with a note for the colleague."""

    by: OperatorId
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveCall(Command):
    """Write the call as it now is, and the event that changed it."""

    call: Call
    because: CallEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTicket(Command):
    """Open the call's ticket unless it has one."""

    call: Call


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveAnnouncements(Command):
    """Write what the caller was told of outages, as it now is."""

    call: Call


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOutageTickets(Command):
    """Open the tickets that the caller was told the numbers of, or join those that the flat has."""

    call: CallId


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveTalk(Command):
    """Write a talk as it now is; its recording is expected from then on, before there is a file."""

    call: CallId
    talk: Talk


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowRinging(Command):
    """Notify one operator, and nobody else, that this call is ringing. `handed`: by a colleague."""

    operator: OperatorId
    call: Call
    at: datetime
    handed: Handed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PopCard(Command):
    """Show one operator, and nobody else, the whole card with the ticket just opened. `handed`: by a colleague."""

    operator: OperatorId
    call: Call
    talk: Talk
    handed: Handed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRinging(Command):
    """The call no longer rings at this operator; the screen stops showing it as ringing."""

    operator: OperatorId
    call: CallId


@dataclass(frozen=True, slots=True, kw_only=True)
class EndTalk(Command):
    """The talk on this screen is over; the card stays until the next one."""

    operator: OperatorId
    call: Call
    talk: Talk
    handed: Handed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowAside(Command):
    """Show the operator what they do while the caller waits; None: nothing (any more)."""

    operator: OperatorId
    aside: AsideChanged | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowOperator(Command):
    """Show the operator and the supervisors what the operator is now doing.

    `until`: when a wrap-up is over. `afterwards`: what the operator is to be after a call, other than available.
    """

    operator: OperatorId
    state: OperatorStatus
    phone_reachable: bool
    since: datetime
    reason: PresenceReason | None = None
    pause: str | None = None
    until: datetime | None = None
    afterwards: Presence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepPresence(Command):
    """Save the presence that the switchboard decided: one that was requested, or a pause of an unattended telephone."""

    operator: OperatorId
    wanted: Presence
    at: datetime
    reason: PresenceReason | None = None
    pause: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SavePause(Command):
    """Save, and show the operator, that Asterisk paused or resumed a recording."""

    recording: RecordingName
    operator: OperatorId
    paused: bool
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishRequest(Command):
    """Save the result of a request and notify whoever asked, after everything that followed from it."""

    request: RequestId
    state: RequestState
    reason: RefusalReason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLine:
    """One company number's queue on the board. `oldest`: when the first of those waiting joined."""

    queue: str
    waiting: int
    talking: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowQueues(Command):
    """Show everybody the queues that changed. `waiting`: callers in all queues, the others too."""

    queues: tuple[QueueLine, ...]
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshCalls(Command):
    """Notify supervisors that the list of calls and recordings has changed."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveCheckpoint(Command):
    """Everything in the ledger up to here has been processed and, once this is written, stored."""

    inode: int
    offset: int
    line: str = ""
    line_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordGap(Command):
    """The live view had a gap; what happened in it was rebuilt from the ledger, unless that is what was `lost`."""

    began_at: datetime
    ended_at: datetime
    lost: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(Command):
    """An event came that does not apply: log it, count it, change nothing."""

    problem: str
    event: str
    call: CallId | None = None
