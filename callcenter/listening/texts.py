"""What the listening room says."""

from collections.abc import Mapping
from functools import cache

from callcenter.domain.review import ScoreLine
from callcenter.listening.listenings import Reason
from callcenter.web.filter_texts import filter_problems
from callcenter.web.formats import Speech


@cache
def reasons(language: str) -> Mapping[str, str]:
    """Why somebody listens."""
    t = Speech(language)
    return {
        Reason.COMPLAINT: t.pgettext("listening", "A complaint or dispute"),
        Reason.QUALITY: t.pgettext("listening", "Quality review"),
        Reason.FACTS: t.pgettext("listening", "To find out what was said"),
        Reason.TRAINING: t.pgettext("listening", "Training"),
        Reason.OTHER: t.pgettext("listening", "Another reason"),
    }


@cache
def kinds(language: str) -> Mapping[str, str]:
    """How an operator came to talk."""
    t = Speech(language)
    return {
        "queue": t.pgettext("listening", "from the queue"),
        "transfer": t.pgettext("listening", "transferred"),
        "consultation": t.pgettext("listening", "consultation"),
    }


@cache
def states(language: str) -> Mapping[str, str]:
    """What can be said of a recording that cannot be listened to, or not for long."""
    t = Speech(language)
    return {
        "expected": t.pgettext("listening", "being recorded"),
        "recorded": t.pgettext("listening", "on its way to the store"),
        "missing": t.pgettext("listening", "missing"),
        "expired": t.pgettext("listening", "to be deleted soon"),
        "deleted": t.pgettext("listening", "deleted"),
    }


@cache
def choices(language: str) -> Mapping[str, Mapping[str, str]]:
    """What can be chosen in the fields that are the same for everybody."""
    t = Speech(language)
    return {
        "state": {
            "there": t.pgettext("listening", "can be played"),
            "waiting": t.pgettext("listening", "not stored yet"),
            "missing": t.pgettext("listening", "missing"),
            "deleted": t.pgettext("listening", "deleted"),
        },
        "noted": {
            "unreviewed": t.pgettext("listening", "not reviewed"),
            "reviewed": t.pgettext("listening", "reviewed"),
            "marked": t.pgettext("listening", "with marks"),
        },
    }


@cache
def usual_card(language: str) -> tuple[ScoreLine, ...]:
    """The score card of a company that has none of its own."""
    t = Speech(language)
    return (
        ScoreLine(t.pgettext("score card", "Greeted the caller and gave the service's name"), 2),
        ScoreLine(t.pgettext("score card", "Understood what is wrong and asked what matters"), 5),
        ScoreLine(t.pgettext("score card", "Checked the address, the name and the telephone"), 3),
        ScoreLine(t.pgettext("score card", "Said the ticket's number and the times"), 5, critical=True),
        ScoreLine(t.pgettext("score card", "Was polite and calm"), 5, critical=True),
    )


@cache
def problems(language: str) -> Mapping[str, str]:
    """What is wrong with a field, and what to do."""
    t = Speech(language)
    return {
        **filter_problems(language),
        "length": t.pgettext("listening", "Write minutes and seconds, such as 1:30."),
        "lengths": t.pgettext("listening", "The longest is shorter than the shortest: change one of the two."),
        "card": t.pgettext("listening", "The score card was changed meanwhile. This is the new one: judge by it."),
        "points": t.pgettext("listening", "Give points for every line, or say that there was no occasion."),
        "line": t.pgettext("listening", "Give each line at most 200 letters and 1 to 10 points."),
        "lines": t.pgettext("listening", "A score card needs at least one line."),
        "reason": t.pgettext("listening", "Say in a few words why."),
        "comment": t.pgettext("listening", "Write what is to be noted, in at most 1000 characters."),
        "at": t.pgettext("listening", "Write the place as minutes and seconds, such as 1:30."),
    }


@cache
def script_words(language: str) -> Mapping[str, str]:
    """What the player's script says. `{…}` are its to fill in."""
    t = Speech(language)
    return {
        "play": t.pgettext("listening", "Play"),
        "pause": t.pgettext("listening", "Pause"),
        "at": t.pgettext("listening", "{at} of {length}"),
        "copied": t.pgettext("listening", "The link to {at} is copied"),
        "not_copied": t.pgettext("listening", "Copy the link from the address bar"),
        "failed": t.pgettext("listening", "The recording cannot be played now. Try again, or take the original."),
        "silence": t.pgettext("listening", "Silence skipped: {seconds} s"),
        "unheard": t.pgettext("listening", "What you listen to could not be noted: the connection is lost"),
    }
