"""The requests that a node has taken and not answered yet, and the rules for every kind of them."""

from dataclasses import replace
from datetime import datetime, timedelta

from callcenter.domain.commands import Command, FinishRequest
from callcenter.domain.ids import RequestId
from callcenter.domain.request import (
    TERMS,
    TRANSITIONS,
    RefusalReason,
    RequestFailed,
    RequestMove,
    RequestState,
    RequestTaken,
    kind_of,
)


class OpenRequests:
    """Requests by id. Each is answered exactly once; an event about one that is not open changes nothing."""

    def __init__(self) -> None:
        self._open: dict[RequestId, RequestTaken] = {}
        # The link to Asterisk was lost during these: they are decided again when it is restored.
        self._waiting: set[RequestId] = set()
        # The `Tick.elapsed` at which each is no longer of use.
        self._over_at: dict[RequestId, timedelta] = {}

    def get(self, request: RequestId) -> RequestTaken | None:
        """The request, while it is open."""
        return self._open.get(request)

    def take(self, event: RequestTaken) -> list[Command]:
        """Open a request. Returns its answer if it must not be carried out."""
        self._open[event.id] = event
        if event.again and not _repeatable(event):
            return self.refuse(event.id, RefusalReason.NOT_KNOWN)
        if event.at >= event.expires_at:
            return self.overdue(event.id)
        return []

    def complete(self, request: RequestId) -> list[Command]:
        """Answer that it was done."""
        return self._finish(request, RequestMove.COMPLETE)

    def refuse(self, request: RequestId, reason: RefusalReason) -> list[Command]:
        """Answer that it was not done, and why."""
        return self._finish(request, RequestMove.REFUSE, reason)

    def overdue(self, request: RequestId) -> list[Command]:
        """Answer that its time ran out before it was started."""
        known = self._open.get(request)
        again = known is not None and known.again
        return self._finish(request, RequestMove.EXPIRE, RefusalReason.NOT_KNOWN if again else None)

    def fail(self, event: RequestFailed) -> list[Command]:
        """Asterisk did not do it. If only the link was lost, a repeatable request waits until it is restored."""
        request = self._open.get(event.request)
        if request is None or event.reason is not RefusalReason.ASTERISK_AWAY:
            return self.refuse(event.request, event.reason)
        if not _repeatable(request):
            return self.refuse(event.request, RefusalReason.NOT_KNOWN)
        self._waiting.add(event.request)
        return []

    def again(self, at: datetime, elapsed: timedelta) -> list[RequestTaken]:
        """The link is restored: the requests to decide again now, in the order in which they were asked."""
        waiting, self._waiting = sorted(self._waiting), set()
        events = [self._open.pop(request) for request in waiting]
        left = [self._over_at.get(event.id, elapsed + (event.expires_at - event.at)) - elapsed for event in events]
        return [
            replace(event, at=at, expires_at=at + remaining, again=True)
            for event, remaining in zip(events, left, strict=True)
        ]

    def expire(self, elapsed: timedelta) -> list[Command]:
        """Answer the requests that have waited too long for Asterisk. They are of use from the first tick on."""
        for request, event in self._open.items():
            self._over_at.setdefault(request, elapsed + (event.expires_at - event.at))
        late = [request for request in sorted(self._waiting) if elapsed >= self._over_at[request]]
        return [
            command
            for request in late
            for command in self._finish(request, RequestMove.EXPIRE, RefusalReason.NOT_KNOWN)
        ]

    def _finish(self, request: RequestId, move: RequestMove, reason: RefusalReason | None = None) -> list[Command]:
        self._waiting.discard(request)
        self._over_at.pop(request, None)
        if self._open.pop(request, None) is None:
            return []
        return [FinishRequest(request=request, state=TRANSITIONS[RequestState.TAKEN][move], reason=reason)]


def _repeatable(event: RequestTaken) -> bool:
    # For a request that is not understood nothing was started.
    return event.body is None or TERMS[kind_of(event.body)].repeatable
