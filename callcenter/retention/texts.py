"""Words for the ledger of recordings."""

from callcenter.web.language import translations


def states(language: str) -> dict[str, str]:
    """Each state of a recording's row; `unknown`: there is no row."""
    t = translations(language)
    return {
        "expected": str(t.pgettext("recording", "expected")),
        "recorded": str(t.pgettext("recording", "on the node's disk")),
        "stored": str(t.pgettext("recording", "stored, not read back yet")),
        "verified": str(t.pgettext("recording", "read back")),
        "attached": str(t.pgettext("recording", "kept")),
        "expired": str(t.pgettext("recording", "to be deleted")),
        "deleted": str(t.pgettext("recording", "deleted")),
        "missing": str(t.pgettext("recording", "missing")),
        "unknown": str(t.pgettext("recording", "never entered")),
    }


def reasons(language: str) -> dict[str, str]:
    """Why a recording in this state is late."""
    t = translations(language)
    return {
        "expected": t.gettext("The node has not found its file yet"),
        "recorded": t.gettext("It waits on the node's disk for the store"),
        "stored": t.gettext("The store has not given it back yet"),
        "unknown": t.gettext("The talk is known, its recording is not"),
        "missing": t.gettext("The file never came"),
    }


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
