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
        "viewed ticket": t.gettext("viewed ticket"),
        "viewed file": t.gettext("viewed file"),
        "viewed call": t.gettext("viewed call"),
        "viewed house": t.gettext("viewed house"),
        "viewed resident": t.gettext("viewed resident"),
        "searched residents": t.gettext("searched residents"),
        "listened to recording": t.gettext("listened to recording"),
        "downloaded list of deleted recordings": t.gettext("downloaded list of deleted recordings"),
        "placed legal hold": t.gettext("placed legal hold"),
        "released legal hold": t.gettext("released legal hold"),
        "reviewed talk": t.gettext("reviewed talk"),
        "changed score card": t.gettext("changed score card"),
        "added company": t.gettext("added company"),
        "changed company": t.gettext("changed company"),
        "added crew": t.gettext("added crew"),
        "changed crew": t.gettext("changed crew"),
        "added responsible": t.gettext("added responsible"),
        "changed responsible": t.gettext("changed responsible"),
        "added house": t.gettext("added house"),
        "changed house": t.gettext("changed house"),
        "added resident": t.gettext("added resident"),
        "changed resident": t.gettext("changed resident"),
        "removed resident": t.gettext("removed resident"),
        "renewed webhook secret": t.gettext("renewed webhook secret"),
        "imported directory": t.gettext("imported directory"),
        "exported directory": t.gettext("exported directory"),
        "downloaded report": t.gettext("downloaded report"),
        "ordered evidence pack": t.gettext("ordered evidence pack"),
        "downloaded evidence pack": t.gettext("downloaded evidence pack"),
        "ordered journal export": t.gettext("ordered journal export"),
        "downloaded journal export": t.gettext("downloaded journal export"),
        "sent again": t.gettext("sent again"),
        "shared recordings": t.gettext("shared recordings"),
        "revoked link": t.gettext("revoked link"),
        "opened link": t.gettext("opened link"),
        "gave wrong PIN of link": t.gettext("gave wrong PIN of link"),
        "listened by link": t.gettext("listened by link"),
        "downloaded by link": t.gettext("downloaded by link"),
        "made token": t.gettext("made token"),
        "revoked token": t.gettext("revoked token"),
    }


def subjects(language: str) -> dict[str, str]:
    """What an entry may be about, in words."""
    t = translations(language)
    return {
        "person": t.gettext("person"),
        "ticket": t.gettext("ticket"),
        "resident": t.gettext("resident"),
        "recording": t.gettext("recording"),
        "call": t.gettext("call"),
        "house": t.gettext("house"),
        "company": t.gettext("company"),
        "crew": t.gettext("crew"),
        "responsible": t.gettext("responsible"),
        "directory": t.gettext("directory"),
        "report": t.gettext("report"),
        "export": t.gettext("export"),
        "token": t.gettext("token"),
    }


def action_name(language: str, action: str) -> str:
    """An action in words; one of an older or newer version as it is written."""
    return actions(language).get(action, action)
