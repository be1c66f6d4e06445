"""Texts of the listening room."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from callcenter.domain.listening import ListeningReason, ScoreLine
from callcenter.domain.recording import OFFERED, RecordingState
from callcenter.domain.talk import TalkKind
from callcenter.listening.query import PlayableFilter, ReviewFilter
from callcenter.web.filter_texts import filter_problems
from callcenter.web.formats import Translator
from callcenter.web.labels import labels, recording_states


@labels(ListeningReason)
def reasons(t: Translator) -> dict[ListeningReason, str]:
    """The reasons for listening."""
    return {
        ListeningReason.COMPLAINT: t.pgettext("listening", "A complaint or dispute"),
        ListeningReason.QUALITY: t.pgettext("listening", "Quality review"),
        ListeningReason.FACTS: t.pgettext("listening", "To find out what was said"),
        ListeningReason.TRAINING: t.pgettext("listening", "Training"),
        ListeningReason.OTHER: t.pgettext("listening", "Another reason"),
    }


@labels(TalkKind)
def talk_kinds(t: Translator) -> dict[TalkKind, str]:
    """The kinds of talks."""
    return {
        TalkKind.QUEUE: t.pgettext("listening", "from the queue"),
        TalkKind.TRANSFER: t.pgettext("listening", "transferred"),
        TalkKind.CONSULTATION: t.pgettext("listening", "consultation"),
        TalkKind.OUT: t.pgettext("listening", "called by us"),
    }


@labels(PlayableFilter)
def playable_filters(t: Translator) -> dict[PlayableFilter, str]:
    """The options of the filter by what can be done with recordings."""
    return {
        PlayableFilter.THERE: t.pgettext("listening", "can be played"),
        PlayableFilter.WAITING: t.pgettext("listening", "not stored yet"),
        PlayableFilter.MISSING: t.pgettext("listening", "missing"),
        PlayableFilter.DELETED: t.pgettext("listening", "deleted"),
    }


@labels(ReviewFilter)
def review_filters(t: Translator) -> dict[ReviewFilter, str]:
    """The options of the filter by marks and reviews."""
    return {
        ReviewFilter.UNREVIEWED: t.pgettext("listening", "not reviewed"),
        ReviewFilter.REVIEWED: t.pgettext("listening", "reviewed"),
        ReviewFilter.MARKED: t.pgettext("listening", "with marks"),
    }


@cache
def states_to_note(language: str) -> Mapping[RecordingState, str]:
    """The states of recordings that cannot be played, or not for long."""
    return {state: label for state, label in recording_states(language).items() if state not in OFFERED}


def choices(language: str) -> Mapping[str, Mapping[Any, str]]:
    """The options of the fields that are the same for everybody."""
    return {"state": playable_filters(language), "noted": review_filters(language)}


@cache
def usual_card(language: str) -> tuple[ScoreLine, ...]:
    """The default score card, of companies that have none of their own."""
    t = Translator(language)
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
    t = Translator(language)
    return {
        **filter_problems(language),
        "length": t.pgettext("listening", "Enter minutes and seconds, such as 1:30."),
        "lengths": t.pgettext("listening", "The maximum length is less than the minimum: change one of the two."),
        "card": t.pgettext("listening", "The score card has been changed. This is the new one: review the talk by it."),
        "points": t.pgettext("listening", "Score every line, or mark it as not applicable."),
        "line": t.pgettext("listening", "Give each line at most 200 characters and 1 to 10 points."),
        "lines": t.pgettext("listening", "A score card needs at least one line."),
        "reason": t.pgettext("listening", "Explain why in a few words."),
        "comment": t.pgettext("listening", "Enter a note of at most 1000 characters."),
        "at": t.pgettext("listening", "Enter the position as minutes and seconds, such as 1:30."),
    }


@cache
def script_texts(language: str) -> Mapping[str, str]:
    """Texts of the player's script, which fills in `{…}`."""
    t = Translator(language)
    return {
        "play": t.pgettext("listening", "Play"),
        "pause": t.pgettext("listening", "Pause"),
        "at": t.pgettext("listening", "{at} of {length}"),
        "copied": t.pgettext("listening", "The link to {at} is copied"),
        "not_copied": t.pgettext("listening", "Copy the link from the address bar"),
        "failed": t.pgettext("listening", "The recording cannot be played now. Try again, or download the original."),
        "silence": t.pgettext("listening", "Silence skipped: {seconds} s"),
        "unheard": t.pgettext("listening", "What you listened to could not be saved: the connection is lost"),
    }
