"""Labels of the members of enumerations: one for each, wherever it is shown.

A function with the decorator `labels` gives the labels of one enumeration in one language. Those that several subjects
show stand here, those of one subject in its `texts.py`. A test checks that every member has a label.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import TypeVar

from callcenter.common.delivery import DeliveryProblem
from callcenter.domain.access import Role
from callcenter.domain.call import Outcome
from callcenter.domain.deadlines import LimitStep
from callcenter.domain.events import PresenceReason
from callcenter.domain.operator import OperatorStatus
from callcenter.domain.recording import RecordingState
from callcenter.domain.request import RefusalReason
from callcenter.domain.ticket import PaymentState, TicketClass, TicketState
from callcenter.telephony.asterisk_entries import ConfigurationProblem
from callcenter.web.formats import Translator

E = TypeVar("E", bound=StrEnum)
LabelsOf = Callable[[str], Mapping[E, str]]
"""From a language to the labels in it, in the order in which a list shows them."""

REGISTERED: dict[type[StrEnum], Callable[[str], Mapping[StrEnum, str]]] = {}


def labels(enumeration: type[E]) -> Callable[[Callable[[Translator], dict[E, str]]], LabelsOf[E]]:
    """Register a function as the labels of an enumeration. Raises `ValueError` when that has some already."""

    def register(write: Callable[[Translator], dict[E, str]]) -> LabelsOf[E]:
        @cache
        def of(language: str) -> Mapping[E, str]:
            return MappingProxyType(write(Translator(language)))

        if enumeration in REGISTERED:
            raise ValueError(f"{enumeration.__name__} has labels already")
        REGISTERED[enumeration] = of  # type: ignore[assignment]
        return of

    return register


def label(member: StrEnum, language: str) -> str:
    """The label of a member of an enumeration that has labels."""
    return REGISTERED[type(member)](language)[member]


@labels(Outcome)
def outcomes(t: Translator) -> dict[Outcome, str]:
    """The outcomes of a call."""
    return {
        Outcome.ANSWERED: t.gettext("Answered"),
        Outcome.INFORMED: t.gettext("Told of the outage"),
        Outcome.ABANDONED: t.gettext("Hung up while waiting"),
        Outcome.NOT_REACHED: t.gettext("Called by us, not reached"),
        Outcome.HUNG_UP_EARLY: t.gettext("Hung up during the greeting"),
        Outcome.TIMED_OUT: t.gettext("Waited too long"),
        Outcome.NO_SUCH_NUMBER: t.gettext("No such number"),
        Outcome.INTERRUPTED: t.gettext("Interrupted"),
    }


@labels(OperatorStatus)
def operator_statuses(t: Translator) -> dict[OperatorStatus, str]:
    """What an operator is doing."""
    return {
        OperatorStatus.OFFLINE: t.gettext("Offline"),
        OperatorStatus.PAUSED: t.gettext("On pause"),
        OperatorStatus.AVAILABLE: t.gettext("Available"),
        OperatorStatus.RINGING: t.gettext("Ringing"),
        OperatorStatus.TALKING: t.gettext("Talking"),
        OperatorStatus.WRAP_UP: t.gettext("Wrap-up"),
    }


@labels(ConfigurationProblem)
def configuration_problems(t: Translator) -> dict[ConfigurationProblem, str]:
    """Why something could not be brought into Asterisk, and what to do."""
    return {
        ConfigurationProblem.ASTERISK_AWAY: t.gettext("Asterisk does not answer. It is tried again every few seconds."),
        ConfigurationProblem.NOT_WRITABLE: t.gettext(
            "The files of Asterisk's configuration cannot be written. The node must run as Asterisk's user, and"
            " CALLCENTER_ASTERISK__ETC must name its folder."
        ),
        ConfigurationProblem.VALUE_REFUSED: t.gettext(
            "A value may not stand in Asterisk's configuration. Correct it, and everything is brought in."
        ),
        ConfigurationProblem.NOT_ACCEPTED: t.gettext(
            "Asterisk did not accept the change and works on as before. See its log; it is tried again every minute."
        ),
    }


@labels(PresenceReason)
def presence_reasons(t: Translator) -> dict[PresenceReason, str]:
    """Why an operator has a state that they did not ask for."""
    return {
        PresenceReason.UNANSWERED: t.gettext("calls were not answered"),
        PresenceReason.PAGE_GONE: t.gettext("the page is closed"),
        PresenceReason.SUPERVISOR: t.gettext("set by a supervisor"),
        PresenceReason.NO_CONNECTION: t.gettext("no connection"),
    }


@labels(LimitStep)
def limit_steps(t: Translator) -> dict[LimitStep, str]:
    """The steps that have limits."""
    return {
        LimitStep.TELL: t.pgettext("limit", "Tell the resident"),
        LimitStep.LOCALISE: t.pgettext("limit", "Contain the damage"),
        LimitStep.CLEAR: t.pgettext("limit", "Clear the blockage"),
        LimitStep.REPAIR: t.pgettext("limit", "Repair"),
    }


@labels(TicketState)
def ticket_states(t: Translator) -> dict[TicketState, str]:
    """The states of a ticket."""
    return {
        TicketState.NEW: t.pgettext("ticket", "New"),
        TicketState.ASSIGNED: t.pgettext("ticket", "Assigned"),
        TicketState.ACCEPTED: t.pgettext("ticket", "Accepted"),
        TicketState.IN_PROGRESS: t.pgettext("ticket", "Work in progress"),
        TicketState.DONE: t.pgettext("ticket", "Done"),
        TicketState.CLOSED: t.pgettext("ticket", "Closed"),
        TicketState.CANCELLED: t.pgettext("ticket", "Cancelled"),
        TicketState.REOPENED: t.pgettext("ticket", "Reopened"),
    }


@labels(TicketClass)
def ticket_classes(t: Translator) -> dict[TicketClass, str]:
    """The classes of categories."""
    return {
        TicketClass.EMERGENCY: t.pgettext("ticket class", "Emergency"),
        TicketClass.PLANNED: t.pgettext("ticket class", "Planned"),
        TicketClass.PAID: t.pgettext("ticket class", "Paid"),
        TicketClass.QUESTION: t.pgettext("ticket class", "Question"),
    }


@labels(PaymentState)
def payment_states(t: Translator) -> dict[PaymentState, str]:
    """The states of a payment."""
    return {
        PaymentState.NONE: t.pgettext("ticket", "Not paid work"),
        PaymentState.DUE: t.pgettext("ticket", "To be paid"),
        PaymentState.PAID: t.pgettext("ticket", "Paid"),
        PaymentState.REFUNDED: t.pgettext("ticket", "Refunded"),
    }


@labels(RecordingState)
def recording_states(t: Translator) -> dict[RecordingState, str]:
    """The states of a recording."""
    return {
        RecordingState.EXPECTED: t.pgettext("recording", "expected"),
        RecordingState.RECORDED: t.pgettext("recording", "on the node's disk"),
        RecordingState.STORED: t.pgettext("recording", "stored, not verified yet"),
        RecordingState.VERIFIED: t.pgettext("recording", "verified"),
        RecordingState.ATTACHED: t.pgettext("recording", "verified and kept"),
        RecordingState.EXPIRED: t.pgettext("recording", "to be deleted soon"),
        RecordingState.DELETED: t.pgettext("recording", "deleted"),
        RecordingState.MISSING: t.pgettext("recording", "missing"),
    }


@labels(DeliveryProblem)
def delivery_problems(t: Translator) -> dict[DeliveryProblem, str]:
    """The reasons why a message was not delivered, and what to do."""
    return {
        DeliveryProblem.NO_WAY: t.gettext("The crew no longer has this address. Enter it in the directory."),
        DeliveryProblem.NO_MAIL_SERVER: t.gettext("No mail server is set up. Set it in the settings of the service."),
        DeliveryProblem.NO_BOT: t.gettext("No MAX bot is set up. Enter its token in the settings of the service."),
        DeliveryProblem.BAD_ADDRESS: t.gettext("The address is not valid. Correct it."),
        DeliveryProblem.UNREACHABLE: t.gettext("The server cannot be reached."),
        DeliveryProblem.TOO_SLOW: t.gettext("The server did not answer in time."),
        DeliveryProblem.CERTIFICATE: t.gettext("The server's certificate is not trusted."),
        DeliveryProblem.MAIL_REFUSED: t.gettext("The mail server refused the letter."),
        DeliveryProblem.LOGIN_REFUSED: t.gettext(
            "The mail server refused our login. Correct it in the settings of the service."
        ),
        DeliveryProblem.ANSWER: t.gettext("The crew's program answered with an error."),
        DeliveryProblem.REDIRECT: t.gettext(
            "The crew's program answered with a redirect, which is not followed. Enter its new address."
        ),
        DeliveryProblem.INNER_ADDRESS: t.gettext("The webhook leads into an internal network; that is not allowed."),
        DeliveryProblem.OURS: t.gettext("Something went wrong on our side. The error has been logged."),
    }


@labels(Role)
def roles(t: Translator) -> dict[Role, str]:
    """The roles of people."""
    return {
        Role.OPERATOR: t.gettext("Operator"),
        Role.SUPERVISOR: t.gettext("Supervisor"),
        Role.MANAGER: t.gettext("Company manager"),
        Role.CREW: t.gettext("Crew"),
        Role.ADMINISTRATOR: t.gettext("Administrator"),
    }


@labels(RefusalReason)
def refusal_reasons(t: Translator) -> dict[RefusalReason, str]:
    """The reasons why a request to a node was not done."""
    return {
        RefusalReason.NO_TELEPHONE: t.gettext("No phone belongs to this login"),
        RefusalReason.NO_TALK: t.gettext("This was not done: the conversation is over."),
        RefusalReason.NO_WRAP_UP: t.gettext("There is nothing to extend: the wrap-up is over."),
        RefusalReason.SUPERSEDED: t.gettext("This was not done: a newer request of yours replaced it."),
        RefusalReason.ASTERISK_AWAY: t.gettext("The telephone server cannot be reached: this was not done."),
        RefusalReason.ASTERISK_REFUSED: t.gettext("The telephone server could not do this."),
        RefusalReason.NOT_KNOWN: t.gettext(
            "The connection to the telephone server was lost: it is not known whether this was done. Check before you try again."
        ),
        RefusalReason.NOBODY_THERE: t.gettext("This was not done: nobody is free there."),
        RefusalReason.NOT_THIS_CALL: t.gettext("This was not done: a call that you made cannot be handed on."),
        RefusalReason.NOT_UNDERSTOOD: t.gettext(
            "The telephone server has an older version of the program: this was not done."
        ),
    }
