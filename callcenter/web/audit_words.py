"""What the audit log calls things, in words for people."""

from callcenter.web.language import translations


def actions(language: str) -> dict[str, str]:
    """Every action that the program writes down, in words."""
    t = translations(language)
    return {
        "logged in": t.gettext("logged in"),
        "failed to log in": t.gettext("failed to log in"),
        "logged out": t.gettext("logged out"),
        "ended session": t.gettext("ended session"),
        "changed password": t.gettext("changed password"),
        "turned codes on": t.gettext("turned codes on"),
        "turned codes off": t.gettext("turned codes off"),
        "accepted invitation": t.gettext("accepted invitation"),
        "added person": t.gettext("added person"),
        "changed person": t.gettext("changed person"),
        "invited person": t.gettext("invited person"),
        "let person in": t.gettext("let person in"),
        "shut person out": t.gettext("shut person out"),
        "ended person's sessions": t.gettext("ended person's sessions"),
        "turned person's codes off": t.gettext("turned person's codes off"),
    }


def subjects(language: str) -> dict[str, str]:
    """What an entry may be about, in words."""
    t = translations(language)
    return {
        "person": t.gettext("person"),
        "ticket": t.gettext("ticket"),
        "resident": t.gettext("resident"),
        "recording": t.gettext("recording"),
    }


def action_name(language: str, action: str) -> str:
    """An action in words; one of an older or newer version as it is written."""
    return actions(language).get(action, action)
