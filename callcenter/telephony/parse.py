"""AMI messages to domain events. Pure: the times are in the messages."""

import re
from collections.abc import Callable, Mapping

from panoramisk.utils import CaseInsensitiveDict

from callcenter.domain.events import (
    AnnouncementBegan,
    AnnouncementEnded,
    AnnouncementsOver,
    AsideChanged,
    CallArrived,
    CallEnded,
    CallerAbandoned,
    CallOutAsked,
    CallPlaced,
    CallQueued,
    CallReturned,
    CallWithdrawn,
    ColleagueMissed,
    ColleagueRang,
    ConsultationJoined,
    Event,
    NumberRejected,
    OperatorAnswered,
    OperatorMissed,
    OperatorRang,
    PhoneChanged,
    QueueTimedOut,
    TalkEnded,
    TelephoneDisconnected,
    TelephoneVanished,
)
from callcenter.domain.ids import IN_BROWSER, CallId
from callcenter.telephony import forms
from callcenter.telephony.framing import text

Headers = Mapping[str, str | list[str]]

REACHABLE = frozenset("123678")
"""`AST_DEVICE_*` of a reachable telephone (`devicestate.h`); 0, 4, 5 are unknown, invalid, unavailable."""

_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def parse(message: Headers) -> Event | None:
    """The event that a message reports; None when it is none that we use.

    Raises `ParseProblem`, and nothing else, for a message that we use and that makes no sense.
    """
    if not isinstance(message, CaseInsensitiveDict):
        message = CaseInsensitiveDict(message)  # type: ignore[no-untyped-call]
    make = _MAKERS.get(text(message, "Event").lower())
    return None if make is None else make(message)


def unescape(value: str) -> str:
    """Undo Asterisk's C escapes (`ast_escape_c`), which channel names have in channel events."""
    if "\\" not in value:
        return value
    return _ESCAPED.sub(lambda match: _ESCAPES.get(match[1], match[1]), value)


def _call(message: Headers) -> CallId:
    return forms.call_id(text(message, "Linkedid"))


def _user_event(message: Headers) -> Event | None:
    make = _USER_EVENTS.get(text(message, "UserEvent").lower())
    return None if make is None else make(message)


def _arrived(message: Headers) -> Event:
    return CallArrived(
        at=forms.micros(text(message, "Timestamp")),
        call=_call(message),
        did=forms.number(text(message, "Did")),
        caller=forms.caller(text(message, "Caller")),
        channel=forms.channel(unescape(text(message, "Channel"))),
    )


def _placed(message: Headers) -> Event:
    return CallPlaced(
        at=forms.micros(text(message, "At")),
        call=_call(message),
        did=forms.number(text(message, "Did")),
        called=forms.caller(text(message, "Called")),
    )


def _call_out_asked(message: Headers) -> Event:
    about = text(message, "About")
    return CallOutAsked(
        at=forms.micros(text(message, "Timestamp")),
        operator=forms.interface(text(message, "Operator")),
        number=forms.caller(text(message, "Number")),
        channel=forms.channel(unescape(text(message, "Channel"))),
        about=forms.call_id(about) if about else None,
    )


def _rejected(message: Headers) -> Event:
    return NumberRejected(at=forms.micros(text(message, "Timestamp")), call=_call(message))


def _returned(message: Headers) -> Event:
    return CallReturned(
        at=forms.micros(text(message, "At")), call=_call(message), queue=forms.queue_name(text(message, "Queue"))
    )


def _vanished(message: Headers) -> Event:
    return TelephoneVanished(at=forms.micros(text(message, "At")), operator=forms.interface(text(message, "Operator")))


def _announcement_began(message: Headers) -> Event:
    return AnnouncementBegan(
        at=forms.micros(text(message, "At")),
        call=_call(message),
        outage=forms.row_id(text(message, "Outage")),
        number=forms.row_id(text(message, "Number")),
    )


def _announcement_ended(message: Headers) -> Event:
    return AnnouncementEnded(
        at=forms.micros(text(message, "At")),
        call=_call(message),
        outage=forms.row_id(text(message, "Outage")),
        number=forms.row_id(text(message, "Number")),
        began_at=forms.micros(text(message, "Began")),
        whole=text(message, "Whole") == "1",
    )


def _announcements_over(message: Headers) -> Event:
    keys = forms.keys(text(message, "Keys"))
    return AnnouncementsOver(at=forms.micros(text(message, "At")), call=_call(message), keys=keys)


def _withdrawn(message: Headers) -> Event:
    return CallWithdrawn(at=forms.micros(text(message, "At")), call=_call(message))


# A talk's events have time and call in fields of their own: the same to the microsecond as in the ledger, and a
# consultation's channel does not have the caller's linkedid.


def _talk_began(message: Headers) -> Event:
    return OperatorAnswered(
        at=forms.micros(text(message, "At")),
        call=forms.call_id(text(message, "Call")),
        operator=forms.interface(text(message, "Operator")),
        recording=forms.recording_name(text(message, "Recording")),
        kind=forms.talk_kind(text(message, "Kind")),
        channel=forms.channel(unescape(text(message, "Channel"))),
    )


def _talk_ended(message: Headers) -> Event:
    return TalkEnded(
        at=forms.micros(text(message, "At")),
        call=forms.call_id(text(message, "Call")),
        operator=forms.interface(text(message, "Operator")),
        recording=forms.recording_name(text(message, "Recording")),
        kind=forms.talk_kind(text(message, "Kind")),
        began_at=forms.micros(text(message, "Began")),
        by=forms.party(text(message, "By")),
    )


def _handed_over(message: Headers) -> Event | None:
    """Of all channels of an attended transfer: the caller's, and that of the colleague who now has the caller."""
    if text(message, "Result") != "Success" or not text(message, "TransfereeUniqueid"):
        return None
    return ConsultationJoined(
        at=forms.micros(text(message, "Timestamp")),
        call=forms.call_id(text(message, "TransfereeUniqueid")),
        leg=forms.call_id(text(message, "TransferTargetUniqueid")),
    )


def _joined(message: Headers) -> Event:
    """By the dialplan, of a consultation that the node began (dialplan/aside.conf.j2)."""
    return ConsultationJoined(
        at=forms.micros(text(message, "At")), call=_call(message), leg=forms.call_id(text(message, "Leg"))
    )


def _colleague(kind: type[ColleagueRang]) -> Callable[[Headers], Event]:
    def make(message: Headers) -> Event:
        return kind(
            at=forms.micros(text(message, "At")),
            call=forms.call_id(text(message, "Call")),
            operator=forms.interface(text(message, "Operator")),
            leg=forms.channel(unescape(text(message, "Channel"))),
        )

    return make


def _aside(message: Headers) -> Event:
    return AsideChanged(
        at=forms.micros(text(message, "At")),
        call=forms.call_id(text(message, "Call")),
        operator=forms.interface(text(message, "Operator")),
        phase=forms.aside_phase(text(message, "Phase")),
        whom=forms.whom(text(message, "Whom")),
        why=forms.dial_status(text(message, "Why")),
    )


def _forwarded(message: Headers) -> Event:
    return OperatorMissed(
        at=forms.micros(text(message, "At")),
        call=_call(message),
        operator=forms.interface(text(message, "Operator")),
    )


def _timed_out(message: Headers) -> Event:
    return QueueTimedOut(at=forms.micros(text(message, "Timestamp")), call=_call(message))


def _queued(message: Headers) -> Event:
    return CallQueued(
        at=forms.micros(text(message, "Timestamp")),
        call=_call(message),
        queue=forms.queue_name(text(message, "Queue")),
    )


def _abandoned(message: Headers) -> Event:
    return CallerAbandoned(at=forms.micros(text(message, "Timestamp")), call=_call(message))


def _gone(message: Headers) -> Event:
    at, since = (forms.micros(text(message, name)) for name in ("At", "Since"))
    return CallerAbandoned(at=at, call=_call(message), since=since)


def _rang(message: Headers) -> Event:
    return OperatorRang(
        at=forms.micros(text(message, "Timestamp")),
        call=_call(message),
        operator=forms.interface(text(message, "Interface")),
        leg=forms.channel(unescape(text(message, "DestChannel"))),
    )


def _missed(message: Headers) -> Event:
    return OperatorMissed(
        at=forms.micros(text(message, "Timestamp")),
        call=_call(message),
        operator=forms.interface(text(message, "Interface")),
    )


def _phone(message: Headers) -> Event:
    return PhoneChanged(
        at=forms.micros(text(message, "Timestamp")),
        operator=forms.interface(text(message, "Interface")),
        reachable=text(message, "Status") in REACHABLE,
    )


def _disconnected(message: Headers) -> Event | None:
    """Of telephones in browsers: where others were registered ends in other ways too. Its WebSocket has ended, or it has not
    answered when it was asked whether it is there."""
    account = text(message, "EndpointName")
    if text(message, "ContactStatus") not in ("Removed", "Unreachable") or not account.startswith(IN_BROWSER):
        return None
    return TelephoneDisconnected(
        at=forms.micros(text(message, "Timestamp")), operator=forms.interface(f"PJSIP/{account}")
    )


def _hangup(message: Headers) -> Event | None:
    call = _call(message)
    # Only the caller's own channel ends the call; an operator's leg has the caller's linkedid.
    if text(message, "Uniqueid") != call:
        return None
    return CallEnded(at=forms.micros(text(message, "Timestamp")), call=call, cause=forms.cause(text(message, "Cause")))


_USER_EVENTS: Mapping[str, Callable[[Headers], Event]] = {
    "callarrived": _arrived,
    "callplaced": _placed,
    "calloutasked": _call_out_asked,
    "numberrejected": _rejected,
    "callreturned": _returned,
    "telephonevanished": _vanished,
    "callwithdrawn": _withdrawn,
    "announcementbegan": _announcement_began,
    "announcementended": _announcement_ended,
    "announcementsover": _announcements_over,
    "consultationjoined": _joined,
    "colleaguerang": _colleague(ColleagueRang),
    "colleaguemissed": _colleague(ColleagueMissed),
    "asidechanged": _aside,
    "talkbegan": _talk_began,
    "talkended": _talk_ended,
    "operatorforwarded": _forwarded,
    "queuetimedout": _timed_out,
    "callergone": _gone,
}

_MAKERS: Mapping[str, Callable[[Headers], Event | None]] = {
    "userevent": _user_event,
    "queuecallerjoin": _queued,
    "queuecallerabandon": _abandoned,
    "agentcalled": _rang,
    "agentringnoanswer": _missed,
    "attendedtransfer": _handed_over,
    "queuememberstatus": _phone,
    "queuememberadded": _phone,
    "contactstatus": _disconnected,
    "hangup": _hangup,
}
