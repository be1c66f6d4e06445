"""Logins, people and what they did."""

from aiohttp import web

from callcenter.common.attempts import ATTEMPTS
from callcenter.common.passwords import PASSWORDS
from callcenter.common.secret_box import SECRET_BOX
from callcenter.common.sessions import SESSIONS
from callcenter.domain.access import Permission, Role
from callcenter.errors import gettext_noop
from callcenter.people import (
    account_pages,
    audit_pages,
    first_pages,
    invite_pages,
    login_pages,
    pages,
    pause_pages,
    setup_pages,
    telephone_pages,
    token_pages,
)
from callcenter.people.accounts import ACCOUNTS, Accounts
from callcenter.people.audit_log import AUDIT_LOG, AuditLog
from callcenter.people.first_administrator import FIRST_ADMINISTRATOR, FirstAdministrator
from callcenter.people.invitations import INVITATIONS, Invitations
from callcenter.people.logins import LOGINS, Logins
from callcenter.people.new_passwords import NEW_PASSWORDS, NewPasswords
from callcenter.people.pause_reasons import PAUSE_REASONS, PauseReasons
from callcenter.people.staff import STAFF, Staff
from callcenter.people.telephone_links import TELEPHONE_LINKS, TelephoneLinks
from callcenter.people.telephones import TELEPHONES, Telephones
from callcenter.web.keys import POOL, SETTINGS
from callcenter.web.navigation import NAVIGATION, NavigationEntry

PARTS = (
    account_pages,
    audit_pages,
    first_pages,
    invite_pages,
    login_pages,
    pages,
    pause_pages,
    setup_pages,
    telephone_pages,
    token_pages,
)


def install(app: web.Application) -> None:
    pool, passwords, attempts = app[POOL], app[PASSWORDS], app[ATTEMPTS]
    app[LOGINS] = Logins(pool, passwords, attempts, app[SESSIONS].term, app[SECRET_BOX])
    app[NEW_PASSWORDS] = NewPasswords(pool)
    app[ACCOUNTS] = Accounts(pool, passwords, app[NEW_PASSWORDS], attempts, app[SECRET_BOX])
    app[FIRST_ADMINISTRATOR] = FirstAdministrator(pool, passwords, app[SECRET_BOX])
    app[INVITATIONS] = Invitations(pool, passwords)
    app[STAFF] = Staff(pool)
    app[PAUSE_REASONS] = PauseReasons(pool)
    app[TELEPHONES] = Telephones(pool, app[SECRET_BOX])
    app[TELEPHONE_LINKS] = TelephoneLinks(pool, app[SECRET_BOX], app[SETTINGS].asterisk)
    app[AUDIT_LOG] = AuditLog(pool)
    app[NAVIGATION].append(
        NavigationEntry(
            "/people", gettext_noop("Administration"), Permission.MANAGE_PEOPLE, 80, frozenset({Role.ADMINISTRATOR})
        )
    )
    for part in PARTS:
        app.add_routes(part.routes)
