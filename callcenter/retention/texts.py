"""Texts of the page of completeness."""

from callcenter.domain.recording import RecordingState
from callcenter.recordings.hashes import HashProblem
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
