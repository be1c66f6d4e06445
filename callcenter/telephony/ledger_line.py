"""One line of queue_log to a domain event. Pure."""

from collections.abc import Callable, Mapping
from datetime import datetime

from callcenter.domain.events import (
    AnnouncementBegan,
    AnnouncementEnded,
    AnnouncementsOver,
    CallArrived,
    CallEnded,
    CallerAbandoned,
    CallPlaced,
    CallQueued,
    CallReturned,
    CallWithdrawn,
    ConsultationJoined,
    Event,
    NodeRestarted,
    NumberRejected,
    OperatorAnswered,
    OperatorMissed,
    QueueTimedOut,
    Source,
    TalkEnded,
)
from callcenter.errors import ParseProblem
from callcenter.telephony import forms

Fields = list[str]


def parse_line(line: bytes | str) -> Event | None:
    """The event that a line reports; None when it is none that we use.

    `epoch|uniqueid|queue|agent|EVENT|data...`. app_queue's own lines have whole seconds; the dialplan's have
    microseconds as their first datum. Raises `ParseProblem`, and nothing else.
    """
    written = line.decode("utf-8", "replace") if isinstance(line, bytes) else line
    fields = written.rstrip("\r\n").split("|")
    if fields == [""]:
        return None
    if len(fields) < 5:
        raise ParseProblem("fewer than five fields")
    make = _MAKERS.get(fields[4])
    return None if make is None else make(fields)


def _datum(fields: Fields, number: int) -> str:
    """`data1` is number 1."""
    return fields[4 + number] if len(fields) > 4 + number else ""


def _exact(fields: Fields) -> datetime:
    return forms.micros(_datum(fields, 1))


def _arrived(fields: Fields) -> Event:
    return CallArrived(
        source=Source.LEDGER,
        at=_exact(fields),
        call=forms.call_id(fields[1]),
        did=forms.number(_datum(fields, 2)),
        caller=forms.caller(_datum(fields, 3)),
    )


def _placed(fields: Fields) -> Event:
    return CallPlaced(
        source=Source.LEDGER,
        at=_exact(fields),
        call=forms.call_id(fields[1]),
        did=forms.number(_datum(fields, 2)),
        called=forms.caller(_datum(fields, 3)),
    )


def _rejected(fields: Fields) -> Event:
    return NumberRejected(source=Source.LEDGER, at=_exact(fields), call=forms.call_id(fields[1]))


def _returned(fields: Fields) -> Event:
    return CallReturned(
        source=Source.LEDGER,
        at=_exact(fields),
        call=forms.call_id(fields[1]),
        queue=forms.queue_name(fields[2]),
    )


def _announcement_began(fields: Fields) -> Event:
    return AnnouncementBegan(
        source=Source.LEDGER,
        at=_exact(fields),
        call=forms.call_id(fields[1]),
        outage=forms.row_id(_datum(fields, 2)),
        number=forms.row_id(_datum(fields, 3)),
    )


def _announcement_ended(fields: Fields) -> Event:
    return AnnouncementEnded(
        source=Source.LEDGER,
        at=_exact(fields),
        call=forms.call_id(fields[1]),
        outage=forms.row_id(_datum(fields, 2)),
        number=forms.row_id(_datum(fields, 3)),
        began_at=forms.micros(_datum(fields, 4)),
        whole=_datum(fields, 5) == "1",
    )


def _announcements_over(fields: Fields) -> Event:
    keys = forms.keys(_datum(fields, 2))
    return AnnouncementsOver(source=Source.LEDGER, at=_exact(fields), call=forms.call_id(fields[1]), keys=keys)


def _withdrawn(fields: Fields) -> Event:
    return CallWithdrawn(source=Source.LEDGER, at=_exact(fields), call=forms.call_id(fields[1]))


def _talk_began(fields: Fields) -> Event:
    return OperatorAnswered(
        source=Source.LEDGER,
        at=_exact(fields),
        call=forms.call_id(fields[1]),
        operator=forms.interface(fields[3]),
        recording=forms.recording_name(_datum(fields, 2)),
        kind=forms.talk_kind(_datum(fields, 3)),
    )


def _talk_ended(fields: Fields) -> Event:
    return TalkEnded(
        source=Source.LEDGER,
        at=_exact(fields),
        call=forms.call_id(fields[1]),
        operator=forms.interface(fields[3]),
        recording=forms.recording_name(_datum(fields, 2)),
        kind=forms.talk_kind(_datum(fields, 3)),
        began_at=forms.micros(_datum(fields, 4)),
        by=forms.party(_datum(fields, 5)),
    )


def _joined(fields: Fields) -> Event:
    leg = forms.call_id(_datum(fields, 2))
    return ConsultationJoined(source=Source.LEDGER, at=_exact(fields), call=forms.call_id(fields[1]), leg=leg)


def _ended(fields: Fields) -> Event:
    return CallEnded(
        source=Source.LEDGER,
        at=_exact(fields),
        call=forms.call_id(fields[1]),
        cause=forms.cause(_datum(fields, 2)),
    )


def _queued(fields: Fields) -> Event:
    return CallQueued(
        source=Source.LEDGER,
        at=forms.seconds(fields[0]),
        call=forms.call_id(fields[1]),
        queue=forms.queue_name(fields[2]),
    )


def _missed(fields: Fields) -> Event:
    return OperatorMissed(
        source=Source.LEDGER,
        at=forms.seconds(fields[0]),
        call=forms.call_id(fields[1]),
        operator=forms.interface(fields[3]),
    )


def _forwarded(fields: Fields) -> Event:
    return OperatorMissed(
        source=Source.LEDGER,
        at=_exact(fields),
        call=forms.call_id(fields[1]),
        operator=forms.interface(fields[3]),
    )


def _gone(fields: Fields) -> Event:
    since = forms.micros(_datum(fields, 2))
    return CallerAbandoned(source=Source.LEDGER, at=_exact(fields), call=forms.call_id(fields[1]), since=since)


def _left(kind: type[CallerAbandoned | QueueTimedOut]) -> Callable[[Fields], Event]:
    def make(fields: Fields) -> Event:
        return kind(source=Source.LEDGER, at=forms.seconds(fields[0]), call=forms.call_id(fields[1]))

    return make


def _started(fields: Fields) -> Event:
    return NodeRestarted(source=Source.LEDGER, at=forms.seconds(fields[0]))


_MAKERS: Mapping[str, Callable[[Fields], Event]] = {
    "ARRIVED": _arrived,
    "PLACED": _placed,
    "REJECTED": _rejected,
    "RETURNED": _returned,
    "ANNOUNCED": _announcement_began,
    "HEARD": _announcement_ended,
    "TOLD": _announcements_over,
    "WITHDRAWN": _withdrawn,
    "JOINED": _joined,
    "TALK": _talk_began,
    "TALKENDED": _talk_ended,
    "ENDED": _ended,
    "ENTERQUEUE": _queued,
    "RINGNOANSWER": _missed,
    "FORWARDED": _forwarded,
    "ABANDON": _left(CallerAbandoned),
    "GONE": _gone,
    "EXITWITHTIMEOUT": _left(QueueTimedOut),
    "QUEUESTART": _started,
}
