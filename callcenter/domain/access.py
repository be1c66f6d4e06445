"""Who may do what: one table of roles and permissions.

A manager and a crew's member belong to one company and see only its rows; the database enforces that as well
(row-level security). The others see every company.
"""

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    """What a person works as, which decides what they may do."""

    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    MANAGER = "manager"
    CREW = "crew"
    ADMINISTRATOR = "administrator"


class Permission(StrEnum):
    """One thing that a person may do. `ANYONE` needs no login, `PERSON` only one.

    `KEEP_RECORDINGS`: put a legal hold on a ticket's recordings, and release it. `MANAGE_KEEPING`: what it removes is gone
    for good.
    """

    ANYONE = "anyone"
    PERSON = "person"
    TAKE_CALLS = "take calls"
    SEE_BOARD = "see the board"
    LISTEN = "listen to recordings"
    REVIEW_TALKS = "review talks"
    SHARE_RECORDINGS = "share recordings"
    SEE_LEDGER = "see completeness of recordings"
    KEEP_RECORDINGS = "keep recordings"
    MANAGE_KEEPING = "set how long personal data is kept"
    MAKE_EVIDENCE = "make evidence packs"
    SEE_TICKETS = "see tickets"
    EDIT_TICKETS = "edit tickets"
    COMMENT_TICKETS = "comment tickets"
    SEE_OUTAGES = "see outages"
    MANAGE_OUTAGES = "manage outages"
    MANAGE_RECIPIENTS = "manage who is told of outages"
    SEE_DIRECTORY = "see the directory"
    EDIT_DIRECTORY = "edit the directory"
    SEE_REPORTS = "see reports"
    RESEND = "send again what could not be delivered"
    MANAGE_PEOPLE = "manage people"
    SEE_AUDIT = "see the audit log"
    MANAGE_TRUNKS = "manage trunks"
    USE_API = "use the programming interface"


_COMMON = frozenset({Permission.ANYONE, Permission.PERSON})
_OPERATOR = _COMMON | {
    Permission.TAKE_CALLS,
    Permission.SEE_TICKETS,
    Permission.EDIT_TICKETS,
    Permission.COMMENT_TICKETS,
    Permission.SEE_OUTAGES,
    Permission.MANAGE_OUTAGES,
    Permission.SEE_DIRECTORY,
}
_SUPERVISOR = _OPERATOR | {
    Permission.SEE_BOARD,
    Permission.LISTEN,
    Permission.REVIEW_TALKS,
    Permission.SHARE_RECORDINGS,
    Permission.SEE_LEDGER,
    Permission.KEEP_RECORDINGS,
    Permission.MAKE_EVIDENCE,
    Permission.EDIT_DIRECTORY,
    Permission.SEE_REPORTS,
    Permission.RESEND,
}
_MANAGER = _COMMON | {
    Permission.SEE_TICKETS,
    Permission.COMMENT_TICKETS,
    Permission.SEE_OUTAGES,
    Permission.SEE_DIRECTORY,
    Permission.SEE_REPORTS,
    Permission.USE_API,
}

PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.OPERATOR: _OPERATOR,
    Role.SUPERVISOR: _SUPERVISOR,
    Role.MANAGER: _MANAGER,
    Role.CREW: _COMMON | {Permission.SEE_TICKETS, Permission.COMMENT_TICKETS},
    Role.ADMINISTRATOR: frozenset(Permission),
}

OF_ONE_COMPANY = frozenset({Role.MANAGER, Role.CREW})


def may(role: Role, permission: Permission) -> bool:
    """Whether somebody of this role may do this."""
    return permission in PERMISSIONS[role]


class Scope(StrEnum):
    """What a program may do with a token: never more than the person whose token it is."""

    TICKETS_READ = "tickets:read"
    TICKETS_WRITE = "tickets:write"
    DIRECTORY_READ = "directory:read"
    CALLS_READ = "calls:read"
    DELIVERIES_READ = "deliveries:read"
    OUTAGES_READ = "outages:read"
    OUTAGES_WRITE = "outages:write"
    TRUNKS_READ = "trunks:read"
    TRUNKS_WRITE = "trunks:write"
