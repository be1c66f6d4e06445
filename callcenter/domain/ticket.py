"""A ticket's way from the call to the result: the states, who moves it between them, and what each step needs."""

from collections.abc import Mapping
from enum import StrEnum

from callcenter.errors import Refusal, gettext_noop


class TicketState(StrEnum):
    """Where a ticket is."""

    NEW = "new"
    ASSIGNED = "assigned"
    ACCEPTED = "accepted"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    REOPENED = "reopened"


class TicketClass(StrEnum):
    """What kind of work a ticket's category is."""

    EMERGENCY = "emergency"
    PLANNED = "planned"
    PAID = "paid"
    QUESTION = "question"


class PaymentState(StrEnum):
    """How far the payment of a ticket is; `none`: there is nothing to pay."""

    NONE = "none"
    DUE = "due"
    PAID = "paid"
    REFUNDED = "refunded"


class TicketEventKind(StrEnum):
    """What an entry of a ticket's history says."""

    OPENED = "opened"
    EDITED = "edited"
    MOVED = "moved"
    COMMENT = "comment"
    FILE = "file"
    TOLD = "told"
    """The resident was told the number and the times."""
    LOCALISED = "localised"
    """The damage was contained."""
    SENT = "sent"
    """The ticket was sent to the crew."""
    CALLED = "called"
    """Somebody called about the same again, and was told the number. The comment is the telephone."""
    LINKED = "linked"
    """It became part of an incident, or is part of one no more."""
    MERGED = "merged"
    """It was the same as another ticket, and the two are one now."""
    WAITING = "waiting"
    """It waits for the resident, and meanwhile the limits of the work do not run."""
    RESUMED = "resumed"
    """It waits no more."""


class CrewAnswer(StrEnum):
    """What a crew said of its ticket last, until somebody at the desk has seen it."""

    DONE = "done"
    REFUSED = "refused"
    ABSENT = "absent"
    """Nobody was at home."""
    COMMENT = "comment"


class TicketSource(StrEnum):
    """How a ticket came in."""

    CALL = "call"
    VISIT = "visit"
    LETTER = "letter"
    MESSAGE = "message"
    """By e-mail or messenger."""
    PROGRAM = "program"
    OTHER = "other"


class NoTicketReason(StrEnum):
    """Why a call needs no ticket."""

    WRONG_NUMBER = "wrong_number"
    SILENCE = "silence"
    ANSWERED = "answered"
    ADVERTISING = "advertising"
    OTHER_COMPANY = "other_company"


class Step(StrEnum):
    """What somebody does with a ticket."""

    ASSIGN = "assign"
    ACCEPT = "accept"
    START = "start"
    FINISH = "finish"
    REFUSE = "refuse"
    """The crew cannot do it: it is the dispatcher's again."""
    CLOSE = "close"
    CANCEL = "cancel"
    REOPEN = "reopen"


_S = TicketState

TRANSITIONS: Mapping[tuple[TicketState, Step], TicketState] = {
    (_S.NEW, Step.ASSIGN): _S.ASSIGNED,
    (_S.REOPENED, Step.ASSIGN): _S.ASSIGNED,
    # To another crew.
    (_S.ASSIGNED, Step.ASSIGN): _S.ASSIGNED,
    (_S.ACCEPTED, Step.ASSIGN): _S.ASSIGNED,
    (_S.IN_PROGRESS, Step.ASSIGN): _S.ASSIGNED,
    (_S.ASSIGNED, Step.ACCEPT): _S.ACCEPTED,
    (_S.ACCEPTED, Step.START): _S.IN_PROGRESS,
    (_S.ASSIGNED, Step.START): _S.IN_PROGRESS,
    (_S.ACCEPTED, Step.FINISH): _S.DONE,
    (_S.IN_PROGRESS, Step.FINISH): _S.DONE,
    (_S.ASSIGNED, Step.REFUSE): _S.NEW,
    (_S.ACCEPTED, Step.REFUSE): _S.NEW,
    (_S.IN_PROGRESS, Step.REFUSE): _S.NEW,
    (_S.DONE, Step.CLOSE): _S.CLOSED,
    # Answered on the telephone, or made right by somebody else.
    (_S.NEW, Step.CLOSE): _S.CLOSED,
    (_S.REOPENED, Step.CLOSE): _S.CLOSED,
    (_S.NEW, Step.CANCEL): _S.CANCELLED,
    (_S.ASSIGNED, Step.CANCEL): _S.CANCELLED,
    (_S.ACCEPTED, Step.CANCEL): _S.CANCELLED,
    (_S.IN_PROGRESS, Step.CANCEL): _S.CANCELLED,
    (_S.REOPENED, Step.CANCEL): _S.CANCELLED,
    (_S.DONE, Step.REOPEN): _S.REOPENED,
    (_S.CLOSED, Step.REOPEN): _S.REOPENED,
    (_S.CANCELLED, Step.REOPEN): _S.REOPENED,
}

OVER = frozenset({_S.CLOSED, _S.CANCELLED})
"""States in which nothing is due any more."""
OPEN = tuple(state for state in TicketState if state not in OVER)

NEEDS_COMMENT = frozenset({Step.CANCEL, Step.REOPEN, Step.FINISH, Step.REFUSE})
"""Steps that need a comment: the reason, or the result."""

CREW_STEPS = frozenset({Step.ACCEPT, Step.START, Step.FINISH, Step.REFUSE})
"""What a crew does by its link."""


class StepRefused(Refusal):
    """This step cannot be taken; nothing has changed. `code`: `state`, `words` or `crew`."""

    status = 409
    text = gettext_noop("This step cannot be taken now.")


def move(state: TicketState, step: Step, *, comment: str = "", crew: int | None = None) -> TicketState:
    """The state after the step. Raises `StepRefused`."""
    if (state, step) not in TRANSITIONS:
        raise StepRefused("state")
    if step in NEEDS_COMMENT and not comment.strip():
        raise StepRefused("words")
    if step is Step.ASSIGN and crew is None:
        raise StepRefused("crew")
    return TRANSITIONS[state, step]


def is_open(state: TicketState) -> bool:
    """Whether something is still to be done."""
    return state not in OVER


def steps_from(state: TicketState) -> tuple[Step, ...]:
    """The steps that can be taken from here, in the order of the work."""
    return tuple(step for step in Step if (state, step) in TRANSITIONS)
