"""The requests that a node has taken and not answered yet, and the rules for every kind of them."""

from dataclasses import replace
from datetime import datetime

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

    def again(self, at: datetime) -> list[RequestTaken]:
        """The link is restored: the requests to decide again now, in the order in which they were asked."""
        waiting, self._waiting = sorted(self._waiting), set()
        return [replace(self._open.pop(request), at=at, again=True) for request in waiting]

    def expire(self, at: datetime) -> list[Command]:
        """Answer the requests that have waited too long for Asterisk."""
        late = [request for request in sorted(self._waiting) if at >= self._open[request].expires_at]
        return [
            command
            for request in late
            for command in self._finish(request, RequestMove.EXPIRE, RefusalReason.NOT_KNOWN)
        ]

    def _finish(self, request: RequestId, move: RequestMove, reason: RefusalReason | None = None) -> list[Command]:
        self._waiting.discard(request)
        if self._open.pop(request, None) is None:
            return []
        return [FinishRequest(request=request, state=TRANSITIONS[RequestState.TAKEN][move], reason=reason)]


def _repeatable(event: RequestTaken) -> bool:
    # For a request that is not understood nothing was started.
    return event.body is None or TERMS[kind_of(event.body)].repeatable
