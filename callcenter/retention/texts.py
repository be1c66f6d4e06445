"""Texts of the pages of completeness and of personal data."""

from callcenter.domain.recording import RecordingState
from callcenter.recordings.hashes import HashProblem
from callcenter.retention.personal_data import KeptReason, PersonalDataKind
from callcenter.retention.resident_requests import Held
from callcenter.web.formats import Translator
from callcenter.web.labels import labels, recording_states
from callcenter.web.language import translations

UNKNOWN = "unknown"
"""A talk whose recording has no row."""


def states(language: str) -> dict[str, str]:
    """The states of a recording's row; `unknown`: there is no row."""
    known = {state.value: label for state, label in recording_states(language).items()}
    return known | {UNKNOWN: str(translations(language).pgettext("recording", "never entered"))}


def reasons(language: str) -> dict[str, str]:
    """Why a recording in this state is late."""
    t = translations(language)
    return {
        RecordingState.EXPECTED: t.gettext("The node has not found its file yet"),
        RecordingState.RECORDED: t.gettext("It waits on the node's disk for the store"),
        RecordingState.STORED: t.gettext("The store has not given it back yet"),
        UNKNOWN: t.gettext("The talk is known, its recording is not"),
        RecordingState.MISSING: t.gettext("The file never arrived"),
    }


@labels(HashProblem)
def hash_problems(t: Translator) -> dict[HashProblem, str]:
    """What is wrong with a recording that was read back."""
    return {
        HashProblem.GONE: t.gettext("The store does not have it any more"),
        HashProblem.ALTERED: t.gettext("It is not what was stored"),
        HashProblem.NOT_AS_CHAINED: t.gettext("The database names another object than the custody chain"),
        HashProblem.COPY_GONE: t.gettext("The store does not have its copy for listening any more"),
        HashProblem.COPY_ALTERED: t.gettext("Its copy for listening is not what was stored"),
        HashProblem.COPY_NOT_AS_CHAINED: t.gettext(
            "The database names another copy for listening than the custody chain"
        ),
    }


def deleted_title(language: str) -> str:
    """What the list of what was deleted is called."""
    return str(translations(language).pgettext("file name", "Deleted recordings"))


def deletion_head(language: str) -> list[str]:
    """The heads of the list of what was deleted."""
    t = translations(language)
    return [
        t.gettext("Recording"),
        t.gettext("Company"),
        t.gettext("Ticket"),
        t.gettext("Talk"),
        t.gettext("Kept until"),
        t.gettext("Deleted"),
        t.gettext("Days to keep"),
        t.gettext("State"),
        t.gettext("Reason"),
        t.gettext("Bytes"),
    ]


@labels(PersonalDataKind)
def personal_data_kinds(t: Translator) -> dict[PersonalDataKind, str]:
    """What has a term of its own."""
    return {
        PersonalDataKind.LINKS: t.pgettext("personal data", "Links to recordings"),
        PersonalDataKind.TICKETS: t.pgettext("personal data", "Tickets"),
        PersonalDataKind.CALLS: t.pgettext("personal data", "Calls"),
        PersonalDataKind.RESIDENTS: t.pgettext("personal data", "Residents who moved out"),
        PersonalDataKind.AUDIT: t.pgettext("personal data", "Audit log"),
    }


@labels(KeptReason)
def kept_reasons(t: Translator) -> dict[KeptReason, str]:
    """Why something is left though its term is over."""
    return {
        KeptReason.HOLD: t.pgettext("personal data", "a legal hold"),
        KeptReason.OPEN: t.pgettext("personal data", "a ticket that is not closed"),
        KeptReason.UNPAID: t.pgettext("personal data", "not paid yet"),
        KeptReason.SHARED: t.pgettext("personal data", "a link or an evidence pack that still works"),
        KeptReason.BUSY: t.pgettext("personal data", "was just in use"),
    }


def what_goes(language: str) -> dict[PersonalDataKind, str]:
    """What is removed when a term is over, and from when it runs."""
    t = Translator(language)
    return {
        PersonalDataKind.LINKS: t.gettext(
            "To whom a link was given and from which addresses it was opened. Counted from the end of the link."
        ),
        PersonalDataKind.TICKETS: t.gettext(
            "Names, telephones, the flat, all texts and files. Number, house, category, times and price stay. Counted from"
            " the end of the ticket."
        ),
        PersonalDataKind.CALLS: t.gettext(
            "The caller's number, and which resident it was. Times and the result stay. Counted from the call."
        ),
        PersonalDataKind.RESIDENTS: t.gettext(
            "The entry in the directory with name, telephones, account and note. Counted from the day of moving out."
        ),
        PersonalDataKind.AUDIT: t.gettext(
            "Network addresses and browsers of those who worked. Who did what stays. Counted from the action."
        ),
    }


@labels(Held)
def held_kinds(t: Translator) -> dict[Held, str]:
    """What is held about a resident."""
    return {
        Held.RESIDENT: t.pgettext("held", "Entry in the directory"),
        Held.PHONE: t.pgettext("held", "Telephone"),
        Held.TICKET: t.pgettext("held", "Ticket"),
        Held.COMMENT: t.pgettext("held", "Comment on a ticket"),
        Held.FILE: t.pgettext("held", "File of a ticket"),
        Held.CALL: t.pgettext("held", "Call"),
        Held.RECORDING: t.pgettext("held", "Recording"),
        Held.LISTENING: t.pgettext("held", "Listened to by"),
        Held.LINK: t.pgettext("held", "Link to recordings for"),
    }


def held_title(language: str) -> str:
    """What the file of all that is held is called."""
    return str(translations(language).pgettext("file name", "All that is held about resident"))


def held_head(language: str) -> list[str]:
    """The heads of that file."""
    t = Translator(language)
    return [
        t.pgettext("held", "What"),
        t.pgettext("held", "When"),
        t.pgettext("held", "Number"),
        t.pgettext("held", "Content"),
    ]
