"""Commands collected into one document, which PostgreSQL writes in one transaction (`write_batch`).

Of several commands that give the current state of one thing the last one counts. The document's parts and
fields are named after the tables and columns that they go to.
"""

from datetime import datetime

from pydantic_core import to_json

from callcenter.calls import screens
from callcenter.domain.call import Call
from callcenter.domain.commands import (
    Command,
    EndTalk,
    FinishRequest,
    KeepPresence,
    OpenOutageTickets,
    OpenTicket,
    PopCard,
    QueueLine,
    RecordGap,
    RefreshCalls,
    SaveAnnouncements,
    SaveCall,
    SaveCheckpoint,
    SavePause,
    SaveTalk,
    ShowAside,
    ShowOperator,
    ShowQueues,
    ShowRinging,
    StopRinging,
)
from callcenter.domain.events import CallEvent, OperatorAnswered, OperatorMissed, OperatorRang, TalkEnded
from callcenter.domain.ids import CallId, OperatorId
from callcenter.domain.recording import RecordingName
from callcenter.domain.talk import Talk
from callcenter.push.codec import entry
from callcenter.push.messages import JournalMessage, SilentMessage
from callcenter.push.shapes import Shown

Body = dict[str, object]


class Batch:
    """A document being built. `answers`: what is written after it, by separate statements."""

    def __init__(self) -> None:
        self.answers: list[SavePause | FinishRequest] = []
        self._calls: dict[CallId, Call] = {}
        self._announcements: dict[CallId, list[Body]] = {}
        self._informed: dict[CallId, None] = {}
        self._tickets: dict[CallId, Body] = {}
        self._talks: dict[RecordingName, Body] = {}
        self._presence: dict[OperatorId, Body] = {}
        self._lists: dict[str, list[Body]] = {"events": [], "gaps": []}
        self._checkpoint: Body | None = None
        self._screens: dict[tuple[str, str], tuple[Shown, Body]] = {}
        self._queues: dict[str, QueueLine] = {}

    def add(self, command: Command, seen_at: datetime) -> None:
        """Add a command. `seen_at`: when the event behind it was processed."""
        match command:
            case SaveCall(call=call):
                self._calls[call.id] = call
                self._lists["events"].append(_event(command.because, seen_at))
                if call.ended_at is not None:
                    self._show("supervisors", JournalMessage(at=call.ended_at))
            case OpenTicket(call=call):
                self._tickets[call.id] = _ticket(call)
            case SaveAnnouncements(call=call):
                self._announcements[call.id] = _announcements(call)
            case OpenOutageTickets():
                self._informed[command.call] = None
            case SaveTalk(talk=talk):
                self._talks[talk.recording] = _talk(command.call, talk)
            case KeepPresence():
                row = {
                    "operator_id": command.operator,
                    "wanted": command.wanted,
                    "since": command.at,
                    "reason": command.reason,
                    "pause": command.pause,
                }
                self._presence[command.operator] = row
            case RecordGap():
                row = {"began_at": command.began_at, "ended_at": command.ended_at, "lost": command.lost}
                self._lists["gaps"].append(row)
            case SaveCheckpoint():
                mark = {
                    "inode": command.inode,
                    "offset": command.offset,
                    "line": command.line,
                    "line_at": command.line_at,
                }
                self._checkpoint = mark
            case SavePause() | FinishRequest():
                self.answers.append(command)
            case _:
                self._add_screen(command)

    def document(self) -> str:
        """The argument of `write_batch`, as JSON: the parts that are not empty. Raises `PydanticSerializationError`."""
        parts: dict[str, object] = {
            "calls": [_call(call) for call in self._calls.values()],
            "announcements": [row for rows in self._announcements.values() for row in rows],
            "informed": list(self._informed),
            "tickets": list(self._tickets.values()),
            "talks": list(self._talks.values()),
            "presence": list(self._presence.values()),
            **self._lists,
            "checkpoint": self._checkpoint,
            "screens": [
                *(entry(audience, body, kind, **more) for (audience, kind), (body, more) in self._screens.items()),
                *(entry("all", each) for each in screens.queues(self._queues.values())),
            ],
        }
        return to_json({name: part for name, part in parts.items() if part}).decode()

    def _add_screen(self, command: Command) -> None:
        match command:
            case ShowQueues():
                self._queues |= {line.queue: line for line in command.queues}
            case RefreshCalls():
                self._show("supervisors", JournalMessage(at=command.at))
            case ShowRinging():
                shown = screens.ringing(command.call, command.at, command.handed)
                self._show(_own(command.operator), shown, outage_of=command.call.id)
            case StopRinging():
                self._show(_own(command.operator), SilentMessage())
            case PopCard(call=call, talk=talk, handed=handed) | EndTalk(call=call, talk=talk, handed=handed):
                self._show(_own(command.operator), screens.card(call, talk, handed), ticket_of=call.id)
            case ShowAside():
                self._show(_own(command.operator), screens.aside(command.aside))
            case ShowOperator():
                self._show(_own(command.operator), screens.operator(command))
                row = screens.named_operator(command)
                self._show("supervisors", row, f"operator/{command.operator}", name_of=command.operator)
            case _:
                raise TypeError(f"not a command to PostgreSQL: {type(command).__name__}")

    def _show(self, audience: str, body: Shown, kind: str | None = None, **lookups: object) -> None:
        # The newest body of each part of a screen, in the order in which they changed last.
        shown = kind or body.shown_as
        self._screens.pop((audience, shown), None)
        self._screens[audience, shown] = body, lookups


def _own(operator: OperatorId) -> str:
    return f"operator:{operator}"


def _event(event: CallEvent, seen_at: datetime) -> Body:
    data: Body = {}
    if isinstance(event, OperatorRang | OperatorMissed | OperatorAnswered | TalkEnded):
        data["operator"] = event.operator
    return {
        "call_id": event.call,
        "kind": type(event).__name__,
        "source": event.source,
        "at": event.at,
        "seen_at": seen_at,
        "data": data,
    }


def _talk(call: CallId, talk: Talk) -> Body:
    return {
        "recording": str(talk.recording),
        "call_id": call,
        "kind": talk.kind,
        "interface": talk.operator,
        "began_at": talk.began_at,
        "ended_at": talk.ended_at,
        "ended_by": talk.by,
        "channel": talk.channel,
    }


def _announcements(call: Call) -> list[Body]:
    return [
        {
            "call_id": call.id,
            "began_at": each.began_at,
            "outage_id": each.outage,
            "number": each.number,
            "caller": call.caller,
            "ended_at": each.ended_at,
            "whole": each.whole,
            "declined": call.declined,
        }
        for each in call.announcements
    ]


def _ticket(call: Call) -> Body:
    row: Body = {
        "call_id": call.id,
        "direction": call.direction,
        "did": call.did,
        "caller": call.caller,
        "opened_at": call.answered_at,
        "interface": call.talks[0].operator if call.talks else None,
    }
    if call.card is not None:
        row |= {key: getattr(call.card, key) for key in ("resident_id", "premises_id", "house_id")}
    return row


_SAME_NAME = (
    "id",
    "direction",
    "did",
    "caller",
    "state",
    "outcome",
    "interface",
    "ended_by",
    "arrived_at",
    "queued_at",
    "answered_at",
    "talk_ended_at",
    "left_at",
    "ended_at",
    "wait_s",
    "rewait_s",
    "returns",
    "talk_s",
    "rings",
    "hangup_cause",
    "rebuilt",
    "keys",
    "told_at",
)


def _call(call: Call) -> Body:
    resident = call.card.resident_id if call.card is not None else None
    recording = None if call.recording is None else str(call.recording)
    same = {name: getattr(call, name) for name in _SAME_NAME}
    named = {"queue": call.line, "fate": call.decided_outcome, "recording": recording, "resident_id": resident}
    return same | named
