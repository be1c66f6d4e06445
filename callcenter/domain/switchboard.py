"""All calls and operators of one node: events in, commands out, one synchronous step at a time."""

from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import assert_never

from callcenter.domain import call as machine
from callcenter.domain.call import Call, CallState, NotApplicable
from callcenter.domain.commands import (
    Command,
    EndSilentLeg,
    EndTalk,
    JudgeCallOut,
    NameCaller,
    OpenOutageTickets,
    OpenTicket,
    PauseRecording,
    PopCard,
    PrepareCard,
    RecordGap,
    Report,
    SaveAnnouncements,
    SaveCall,
    SaveCheckpoint,
    SavePause,
    SaveTalk,
    ShowQueues,
    ShowRinging,
)
from callcenter.domain.events import (
    AsideChanged,
    CallEnded,
    CallEvent,
    CallLost,
    CallOutAsked,
    CallQueued,
    CardPrepared,
    ChannelsSeen,
    ColleagueMissed,
    ColleagueRang,
    ConsultationJoined,
    Event,
    LedgerLost,
    LedgerRead,
    LinkLost,
    LinkRestored,
    NodeRestarted,
    OperatorAnswered,
    OperatorMissed,
    OperatorRang,
    OutageAnnounced,
    PhoneChanged,
    QueueStartedEmpty,
    Source,
    TalkEnded,
    TelephoneDisconnected,
    TelephoneVanished,
    Tick,
)
from callcenter.domain.floor import Asides, Floor, RosterChanged
from callcenter.domain.ids import CallId, Interface, QueueName
from callcenter.domain.open_requests import OpenRequests
from callcenter.domain.operator import Operator, Signal
from callcenter.domain.queues import AnnouncedOutages, Queues
from callcenter.domain.recording import RecordingName
from callcenter.domain.request import (
    CallOutBody,
    PauseBody,
    PresenceBody,
    RefusalReason,
    RequestCarriedOut,
    RequestFailed,
    RequestOverdue,
    RequestTaken,
    RingBody,
    TalkBody,
    WrapUpBody,
)
from callcenter.domain.talk import Talk, TalkKind

# An ended call is kept while late facts about it may still come.
REMEMBERED_FOR = timedelta(minutes=15)
# A channel that Asterisk does not list is given this long before its call counts as over, so that a hang-up that is
# still on its way, or in the ledger, is used first: it says more.
UNSEEN_FOR = timedelta(seconds=30)


class Switchboard:
    """The state of one node. Holds no clock and does no I/O; time comes in with the events."""

    def __init__(
        self,
        queues: Iterable[QueueName],
        operators: Iterable[Operator] = (),
        calls: Iterable[Call] = (),
        missed_limit: int = 3,
        wrap_up: timedelta = timedelta(0),
    ) -> None:
        self.calls: dict[CallId, Call] = {}
        self._floor = Floor(operators, missed_limit, wrap_up)
        self._asides = Asides(self._floor)
        self._queues = Queues(queues)
        self._announced = AnnouncedOutages()
        self._requests = OpenRequests()
        self._ended: deque[tuple[datetime, CallId]] = deque()
        self._unseen: dict[CallId, datetime] = {}
        self._link_lost_at: datetime | None = None
        for call in calls:
            self._put(None, call)
            self._update_floor(None, call)

    def step(self, event: Event) -> list[Command]:
        """Process one event; return the commands, in order."""
        match event:
            case CallEvent():
                return self._call_event(event)
            case RequestTaken():
                return self._take(event)
            case RequestCarriedOut():
                return self._complete(event)
            case RequestOverdue():
                return self._requests.overdue(event.request)
            case RequestFailed():
                return self._requests.fail(event)
            case OutageAnnounced():
                return [*self._announced.announce(event, self._open())]
            case CallOutAsked():
                return self._judge(event)
            case AsideChanged():
                return self._asides.changed(event)
            case ColleagueRang():
                return self._ring_colleague(event)
            case PhoneChanged():
                return self._floor.phone(event)
            case TelephoneVanished():
                return self._floor.vanished(event)
            case TelephoneDisconnected():
                return self._check_leg(event)
            case RosterChanged():
                self._queues.change(event.queues)
                return self._floor.change(event.operators, more_queues=event.more_queues)
            case QueueStartedEmpty():
                return self._floor.restore()
            case NodeRestarted():
                before_it = [call.id for call in self._open() if call.arrived_at < event.at]
                return self._close(before_it, CallLost, event.at)
            case ChannelsSeen():
                return self._sweep(event)
            case LinkLost():
                self._link_lost_at = self._link_lost_at or event.at
                return []
            case LinkRestored():
                return self._restore(event)
            case LedgerRead():
                return [SaveCheckpoint(inode=event.inode, offset=event.offset, line=event.line, line_at=event.line_at)]
            case LedgerLost():
                return [RecordGap(began_at=event.began_at, ended_at=event.at, lost=True)]
            case Tick():
                return self._tick(event)
            case _:
                return [Report(problem="unknown event", event=type(event).__name__)]

    def legs(self) -> list[tuple[Interface, str]]:
        """Each operator's own leg in a talk that goes on: the telephone and the channel."""
        calls = [self.calls[id_] for id_ in {operator.call for operator in self._floor} if id_ in self.calls]
        talks = [talk for call in calls for talk in call.talks if not call.over(talk)]
        return [(talk.operator, talk.channel) for talk in talks if talk.channel.startswith(f"{talk.operator}-")]

    def _call_event(self, event: CallEvent) -> list[Command]:
        before = self.calls.get(event.call)
        if before is None and (isinstance(event, CallEnded | CardPrepared) or _is_consultation(event)):
            # The end of something that never was a caller's call (an operator's own leg), or of a call that the ledger
            # will report in order; or a consultation that goes on after its call is long over.
            return []
        try:
            after = machine.step(before, event)
        except NotApplicable as problem:
            # Facts that come twice are how the ledger confirms the live view: nothing to report.
            # A caller who was sent back to the queue joins it again, which has been reported by then.
            live = event.source is Source.LIVE and not isinstance(event, CallQueued)
            return [Report(problem="not applicable", event=str(problem), call=event.call)] if live else []
        self._put(before, after)
        commands: list[Command] = [SaveCall(call=after, because=event), *_follow(before, after)]
        if event.source is Source.LIVE and isinstance(event, OperatorRang):
            commands += self._floor.rang(event)
            if operator := self._floor.get(event.operator):
                handed = self._asides.handed(after.id, operator)
                commands.append(ShowRinging(operator=operator.id, call=after, at=event.at, handed=handed))
        elif isinstance(event, OperatorMissed):
            commands += self._floor.missed(event)
        elif event.source is Source.LIVE and isinstance(event, CallQueued):
            commands += self._announced.joined(before, after)
        elif isinstance(event, OperatorAnswered) and event.kind is TalkKind.CONSULTATION:
            commands += self._asides.answered(after.id)
        return commands + self._update_floor(before, after)

    def _ring_colleague(self, event: ColleagueRang) -> list[Command]:
        call, operator = self.calls.get(event.call), self._floor.get(event.operator)
        if call is None or operator is None:
            return []
        if isinstance(event, ColleagueMissed):
            return self._floor.signal(event.operator, Signal.RING_ENDED, event.call, event.at)
        handed = self._asides.handed(event.call, operator)
        rung = self._floor.rang(event)
        return [*rung, ShowRinging(operator=operator.id, call=call, at=event.at, handed=handed)]

    def _update_floor(self, before: Call | None, after: Call) -> list[Command]:
        """What changes for operators when a call changes."""
        was = before.state if before is not None else CallState.ARRIVED
        commands: list[Command] = []
        for talk in after.talks:
            known = None if before is None else next((t for t in before.talks if t.recording == talk.recording), None)
            if not after.over(talk):
                commands += self._show_talk(before, after, known, talk)
            elif before is not None and known is not None and not before.over(known):
                commands += self._show_end(after, talk)
        waited = was in (CallState.ARRIVED, CallState.WAITING)
        over = after.state is CallState.ENDED and was is not CallState.ENDED
        if over or (waited and after.state not in (CallState.ARRIVED, CallState.WAITING)):
            commands += self._floor.stop_ringing(
                after.id, after.answered_at or after.left_at or after.ended_at or after.arrived_at
            )
        return commands

    def _show_talk(self, before: Call | None, after: Call, known: Talk | None, talk: Talk) -> list[Command]:
        """What changes for the operator of a talk that goes on."""
        commands: list[Command] = []
        if _asked_outside(after, talk):
            return commands
        if known is None:
            commands += self._floor.signal(talk.operator, Signal.ANSWERED, after.id, talk.began_at)
        card_came = before is not None and before.card != after.card
        operator = self._floor.get(talk.operator)
        if operator is not None and (known is None or known.kind is not talk.kind or card_came):
            handed = self._asides.handed(after.id, operator)
            commands.append(PopCard(operator=operator.id, call=after, talk=talk, handed=handed))
        return commands

    def _show_end(self, after: Call, talk: Talk) -> list[Command]:
        operator = self._floor.get(talk.operator)
        if operator is None or _asked_outside(after, talk):
            return []
        at = talk.ended_at or after.ended_at or after.arrived_at
        commands = self._floor.signal(operator.interface, Signal.TALK_ENDED, after.id, at)
        if operator.call == after.id:
            handed = self._asides.handed(after.id, operator)
            commands.append(EndTalk(operator=operator.id, call=after, talk=talk, handed=handed))
        return commands + self._asides.ended(operator)

    def _take(self, event: RequestTaken) -> list[Command]:
        """Decide on a request: the commands for it, or its refusal."""
        if self._requests.get(event.id) is not None:
            return []
        if answered := self._requests.take(event):
            return answered
        match event.body:
            case PresenceBody():
                decided = self._floor.ask(event, event.body)
            case PauseBody():
                decided = self._pause(event, event.body)
            case WrapUpBody():
                decided = self._floor.prolong(event)
            case RingBody():
                decided = self._floor.work(event, event.body)
            case TalkBody():
                decided = self._move(event, event.body)
            case CallOutBody():
                decided = self._floor.place_call(event, event.body)
            case None:
                decided = RefusalReason.NOT_UNDERSTOOD
            case _:
                assert_never(event.body)
        if isinstance(decided, RefusalReason):
            return self._requests.refuse(event.id, decided)
        # What Asterisk has no part in is done.
        at_once = not decided or isinstance(event.body, WrapUpBody)
        return [*decided, *(self._requests.complete(event.id) if at_once else [])]

    def _live(self, recording: RecordingName | None) -> tuple[Call, Talk] | None:
        """The talk for which something was requested, while it goes on: the next one has another caller."""
        for call in self.calls.values():
            for talk in call.talks:
                if talk.recording == recording and talk.channel and not call.over(talk):
                    return call, talk
        return None

    def _pause(self, event: RequestTaken, body: PauseBody) -> list[Command] | RefusalReason:
        if (found := self._live(body.recording)) is None:
            return RefusalReason.NO_TALK
        channel, until = found[1].channel, event.expires_at
        return [PauseRecording(channel=channel, paused=body.paused, request=event.id, until=until)]

    def _move(self, event: RequestTaken, body: TalkBody) -> list[Command] | RefusalReason:
        if (found := self._live(body.recording)) is None:
            return RefusalReason.NO_TALK
        return self._asides.ask(event, body, *found)

    def _judge(self, event: CallOutAsked) -> list[Command]:
        about = None if event.about is None else self.calls.get(event.about)
        did = "" if about is None else about.line or about.did
        return [JudgeCallOut(operator=event.operator, number=event.number, channel=event.channel, did=did)]

    def _check_leg(self, event: TelephoneDisconnected) -> list[Command]:
        """The page was closed or loaded again in a talk, or only the connection beside the sound has broken."""
        return [EndSilentLeg(channel=channel) for operator, channel in self.legs() if operator == event.operator]

    def _complete(self, event: RequestCarriedOut) -> list[Command]:
        request = self._requests.get(event.request)
        commands: list[Command] = []
        if request is not None and isinstance(body := request.body, PauseBody) and body.recording is not None:
            commands.append(
                SavePause(recording=body.recording, operator=request.operator, paused=body.paused, at=event.at)
            )
        return commands + self._requests.complete(event.request)

    def _put(self, before: Call | None, after: Call) -> None:
        self.calls[after.id] = after
        self._queues.move(before, after)
        if after.ended_at is not None and (before is None or before.ended_at is None):
            self._ended.append((after.ended_at, after.id))

    def _open(self) -> list[Call]:
        return [call for call in self.calls.values() if call.state is not CallState.ENDED]

    def _sweep(self, event: ChannelsSeen) -> list[Command]:
        gone = {call.id for call in self._open()} - event.calls
        self._unseen = {id_: self._unseen.get(id_, event.at) for id_ in gone}
        overdue = [id_ for id_, since in self._unseen.items() if event.at - since >= UNSEEN_FOR]
        return self._close(overdue, CallEnded, event.at)

    def _close(self, ids: list[CallId], end: type[CallEnded | CallLost], at: datetime) -> list[Command]:
        return [command for id_ in ids for command in self._call_event(end(call=id_, at=at, source=Source.RECONCILE))]

    def _restore(self, event: LinkRestored) -> list[Command]:
        began_at, self._link_lost_at = self._link_lost_at, None
        gap = [] if began_at is None else [RecordGap(began_at=began_at, ended_at=event.at)]
        again = [command for request in self._requests.again(event.at) for command in self._take(request)]
        return [*self._floor.restore(), *gap, *again]

    def _tick(self, event: Tick) -> list[Command]:
        while self._ended and event.at - self._ended[0][0] > REMEMBERED_FOR:
            self.calls.pop(self._ended[0][1], None)
            self._asides.forget(self._ended.popleft()[1])
        late = [*self._requests.expire(event.at), *self._floor.tick(event.at)]
        changes = self._queues.changes()
        return [*late, ShowQueues(queues=changes, waiting=self._queues.waiting)] if changes else late


def _follow(before: Call | None, after: Call) -> list[Command]:
    """Commands that follow from new facts about the call itself."""
    commands: list[Command] = []
    was = before or Call(id=after.id, arrived_at=after.arrived_at)
    if after.did and not was.did and after.state is not CallState.ENDED:
        commands.append(PrepareCard(call=after.id, did=after.did, caller=after.caller))
    if after.answered_at is None:
        if after.card is not None and was.card is None and after.card.resident and after.channel:
            commands.append(NameCaller(channel=after.channel, name=after.card.resident))
    elif was.answered_at is None or was.card != after.card:
        commands.append(OpenTicket(call=after))
    if after.announcements and (after.announcements, after.keys) != (was.announcements, was.keys):
        commands.append(SaveAnnouncements(call=after))
    if after.was_told and (not was.was_told or after.announcements != was.announcements):
        commands.append(OpenOutageTickets(call=after.id))
    commands += [SaveTalk(call=after.id, talk=talk) for talk in after.talks if talk not in was.talks]
    return commands


def _asked_outside(call: Call, talk: Talk) -> bool:
    """Whether this is a talk with somebody outside, of an operator who talks to the caller too."""
    own = (each for each in call.talks if each.operator == talk.operator and each.with_caller)
    return not talk.with_caller and any(not call.over(each) for each in own)


def _is_consultation(event: CallEvent) -> bool:
    if isinstance(event, ConsultationJoined):
        return True
    return isinstance(event, OperatorAnswered | TalkEnded) and event.kind is TalkKind.CONSULTATION
