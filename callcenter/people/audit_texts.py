"""Labels of the audit log."""

from callcenter.domain.audit import AuditAction, AuditSubject
from callcenter.web.formats import Translator
from callcenter.web.labels import labels


@labels(AuditAction)
def actions(t: Translator) -> dict[AuditAction, str]:
    """What somebody did."""
    return {
        AuditAction.LOGGED_IN: t.gettext("logged in"),
        AuditAction.FAILED_TO_LOG_IN: t.gettext("failed to log in"),
        AuditAction.LOGGED_OUT: t.gettext("logged out"),
        AuditAction.ENDED_SESSION: t.gettext("ended session"),
        AuditAction.CHANGED_PASSWORD: t.gettext("changed password"),
        AuditAction.TURNED_CODES_ON: t.gettext("turned codes on"),
        AuditAction.TURNED_CODES_OFF: t.gettext("turned codes off"),
        AuditAction.MADE_RECOVERY_CODES: t.gettext("created recovery codes"),
        AuditAction.USED_RECOVERY_CODE: t.gettext("used recovery code"),
        AuditAction.ACCEPTED_INVITATION: t.gettext("accepted invitation"),
        AuditAction.ADDED_PERSON: t.gettext("added person"),
        AuditAction.CHANGED_PERSON: t.gettext("changed person"),
        AuditAction.INVITED_PERSON: t.gettext("invited person"),
        AuditAction.LET_PERSON_IN: t.gettext("restored person's access"),
        AuditAction.SHUT_PERSON_OUT: t.gettext("blocked person's access"),
        AuditAction.ENDED_PERSONS_SESSIONS: t.gettext("ended person's sessions"),
        AuditAction.TURNED_PERSONS_CODES_OFF: t.gettext("turned person's codes off"),
        AuditAction.GAVE_TELEPHONE: t.gettext("gave telephone account"),
        AuditAction.RENEWED_TELEPHONE_SECRET: t.gettext("renewed password of telephone account"),
        AuditAction.CHANGED_EXTENSION: t.gettext("changed short number"),
        AuditAction.MADE_TELEPHONE_LINK: t.gettext("created link for telephone"),
        AuditAction.OPENED_TELEPHONE_LINK: t.gettext("opened link for telephone"),
        AuditAction.TOOK_TELEPHONE: t.gettext("removed telephone account"),
        AuditAction.CHANGED_PAUSE_REASONS: t.gettext("changed reasons for pauses"),
        AuditAction.SET_OPERATORS_STATE: t.gettext("set operator's state"),
        AuditAction.VIEWED_TICKET: t.gettext("viewed ticket"),
        AuditAction.MERGED_TICKETS: t.gettext("merged tickets"),
        AuditAction.VIEWED_FILE: t.gettext("viewed file"),
        AuditAction.VIEWED_CALL: t.gettext("viewed call"),
        AuditAction.VIEWED_HOUSE: t.gettext("viewed house"),
        AuditAction.VIEWED_RESIDENT: t.gettext("viewed resident"),
        AuditAction.SEARCHED_RESIDENTS: t.gettext("searched residents"),
        AuditAction.LISTENED_TO_RECORDING: t.gettext("listened to recording"),
        AuditAction.DOWNLOADED_LIST_OF_DELETED_RECORDINGS: t.gettext("downloaded list of deleted recordings"),
        AuditAction.PLACED_LEGAL_HOLD: t.gettext("placed legal hold"),
        AuditAction.RELEASED_LEGAL_HOLD: t.gettext("released legal hold"),
        AuditAction.CHANGED_KEEPING: t.gettext("changed how long personal data is kept"),
        AuditAction.EXPORTED_RESIDENT: t.gettext("exported all about resident"),
        AuditAction.REMOVED_ON_REQUEST: t.gettext("removed personal data on request"),
        AuditAction.REVIEWED_TALK: t.gettext("reviewed talk"),
        AuditAction.CHANGED_SCORE_CARD: t.gettext("changed score card"),
        AuditAction.ADDED_COMPANY: t.gettext("added company"),
        AuditAction.CHANGED_COMPANY: t.gettext("changed company"),
        AuditAction.ADDED_CATEGORY: t.gettext("added category"),
        AuditAction.CHANGED_CATEGORY: t.gettext("changed category"),
        AuditAction.ADDED_CREW: t.gettext("added crew"),
        AuditAction.CHANGED_CREW: t.gettext("changed crew"),
        AuditAction.ADDED_RESPONSIBLE: t.gettext("added responsible"),
        AuditAction.CHANGED_RESPONSIBLE: t.gettext("changed responsible"),
        AuditAction.ADDED_HOUSE: t.gettext("added house"),
        AuditAction.CHANGED_HOUSE: t.gettext("changed house"),
        AuditAction.ADDED_PREMISES: t.gettext("added flat"),
        AuditAction.CHANGED_PREMISES: t.gettext("changed flat"),
        AuditAction.ADDED_RESIDENT: t.gettext("added resident"),
        AuditAction.CHANGED_RESIDENT: t.gettext("changed resident"),
        AuditAction.REMOVED_RESIDENT: t.gettext("removed resident"),
        AuditAction.MOVED_OUT: t.gettext("noted that a resident moved out"),
        AuditAction.MOVED_BACK: t.gettext("noted that a resident lives there"),
        AuditAction.MADE_CREW_LINK: t.gettext("created link of crew"),
        AuditAction.MERGED_HOUSE: t.gettext("merged two houses"),
        AuditAction.MERGED_PREMISES: t.gettext("merged two flats"),
        AuditAction.MERGED_RESIDENT: t.gettext("merged two residents"),
        AuditAction.RENEWED_WEBHOOK_SECRET: t.gettext("renewed webhook secret"),
        AuditAction.IMPORTED_DIRECTORY: t.gettext("imported directory"),
        AuditAction.EXPORTED_DIRECTORY: t.gettext("exported directory"),
        AuditAction.DOWNLOADED_REPORT: t.gettext("downloaded report"),
        AuditAction.ORDERED_EVIDENCE_PACK: t.gettext("ordered evidence pack"),
        AuditAction.DOWNLOADED_EVIDENCE_PACK: t.gettext("downloaded evidence pack"),
        AuditAction.ORDERED_JOURNAL_EXPORT: t.gettext("ordered journal export"),
        AuditAction.DOWNLOADED_JOURNAL_EXPORT: t.gettext("downloaded journal export"),
        AuditAction.SENT_AGAIN: t.gettext("sent again"),
        AuditAction.CHANGED_OUTAGE_RECIPIENT: t.gettext("changed who is told of outages"),
        AuditAction.IMPORTED_OUTAGES: t.gettext("imported planned works"),
        AuditAction.SHARED_RECORDINGS: t.gettext("shared recordings"),
        AuditAction.REVOKED_LINK: t.gettext("revoked link"),
        AuditAction.OPENED_LINK: t.gettext("opened link"),
        AuditAction.GAVE_WRONG_PIN_OF_LINK: t.gettext("gave wrong PIN of link"),
        AuditAction.LISTENED_BY_LINK: t.gettext("listened by link"),
        AuditAction.DOWNLOADED_BY_LINK: t.gettext("downloaded by link"),
        AuditAction.MADE_TOKEN: t.gettext("created token"),
        AuditAction.REVOKED_TOKEN: t.gettext("revoked token"),
        AuditAction.ADDED_TRUNK: t.gettext("added trunk"),
        AuditAction.CHANGED_TRUNK: t.gettext("changed trunk"),
        AuditAction.REMOVED_TRUNK: t.gettext("removed trunk"),
        AuditAction.ADDED_OUTBOUND_RULE: t.gettext("added rule for outgoing calls"),
        AuditAction.CHANGED_OUTBOUND_RULE: t.gettext("changed rule for outgoing calls"),
        AuditAction.REMOVED_OUTBOUND_RULE: t.gettext("removed rule for outgoing calls"),
    }


@labels(AuditSubject)
def subjects(t: Translator) -> dict[AuditSubject, str]:
    """What an entry may be about."""
    return {
        AuditSubject.PERSON: t.gettext("person"),
        AuditSubject.TICKET: t.gettext("ticket"),
        AuditSubject.RESIDENT: t.gettext("resident"),
        AuditSubject.RECORDING: t.gettext("recording"),
        AuditSubject.CALL: t.gettext("call"),
        AuditSubject.HOUSE: t.gettext("house"),
        AuditSubject.PREMISES: t.gettext("flat"),
        AuditSubject.COMPANY: t.gettext("company"),
        AuditSubject.CATEGORY: t.gettext("category"),
        AuditSubject.CREW: t.gettext("crew"),
        AuditSubject.RESPONSIBLE: t.gettext("responsible"),
        AuditSubject.DIRECTORY: t.gettext("directory"),
        AuditSubject.REPORT: t.gettext("report"),
        AuditSubject.EXPORT: t.gettext("export"),
        AuditSubject.TOKEN: t.gettext("token"),
        AuditSubject.TRUNK: t.gettext("trunk"),
        AuditSubject.OUTBOUND_RULE: t.gettext("rule for outgoing calls"),
    }


def action_name(language: str, action: str) -> str:
    """The label of an action; the code itself for one of another version of the program."""
    return actions(language)[AuditAction(action)] if action in list(AuditAction) else action


def subject_name(language: str, subject: str) -> str:
    """The label of a subject; the code itself for one of another version of the program."""
    return subjects(language)[AuditSubject(subject)] if subject in list(AuditSubject) else subject
