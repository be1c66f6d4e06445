"""No path of the dialplan leads to the telephone company: whatever is dialled is an operator's telephone."""

import re
from pathlib import Path

import pytest

from callcenter.domain.ids import OPERATORS
from tests.asterisk.test_render import DIRECTORY, rendered, sections

# What runs on a call. Of these only Dial and Queue make another one.
APPLICATIONS = {
    *(
        "Answer",
        "Background",
        "Dial",
        "ExecIf",
        "Gosub",
        "GosubIf",
        "Goto",
        "GotoIf",
        "Hangup",
        "MSet",
        "MixMonitor",
        "Playback",
        "Queue",
    ),
    *("QueueLog", "Read", "Return", "Ringing", "Set", "UserEvent", "Wait", "WaitExten"),
}
LINE = re.compile(r"(?:exten => ([^,]+),1| same => n(?:\([a-z-]+\))?),(.*)")
# Letters of Dial and Queue by which one who talks could send the other elsewhere, and what may not be missing.
BY_KEYS = set("tTkKxXhHwW")


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    return rendered(tmp_path)


@pytest.fixture
def steps(files: dict[str, str]) -> list[tuple[str, str]]:
    """Each step of the dialplan: the extension and what it does."""
    found: list[tuple[str, str]] = []
    for name in sorted(files):
        if not name.startswith("dialplan/"):
            continue
        extension = ""
        for line in files[name].splitlines():
            if (match := LINE.match(line)) is not None:
                extension = match[1] or extension
                found.append((extension, match[2]))
            else:
                assert re.match(r"\s*(;|\[|$)", line), f"a line of no known form in {name}: {line}"
    return found


def test_every_application_is_one_of_ours(steps: list[tuple[str, str]]) -> None:
    used = {step.partition("(")[0] for _, step in steps}
    for _, step in steps:
        if step.startswith("ExecIf("):
            used |= set(re.findall(r"[?:]([A-Z][A-Za-z]+)\(", step))
    assert used <= APPLICATIONS


def test_what_is_dialled_is_an_operators_telephone(steps: list[tuple[str, str]]) -> None:
    dialled = [step for _, step in steps if "Dial(" in step]
    assert len(dialled) == 2
    for step in dialled:
        target, _, options = step.removeprefix("Dial(").partition(",")
        assert target == "PJSIP/${COLLEAGUE}"
        check_options(options.partition(",")[2])
    endpoints = {name for name, _ in DIRECTORY.endpoints}
    colleagues = [(extension, step) for extension, step in steps if "COLLEAGUE=" in step]
    assert {extension for extension, _ in colleagues} == endpoints
    for extension, step in colleagues:
        assert step == f"Set(COLLEAGUE={extension})"


def test_a_queue_rings_its_members_only(steps: list[tuple[str, str]], files: dict[str, str]) -> None:
    (queue,) = [step for _, step in steps if "Queue(" in step]
    target, options, *_ = queue.removeprefix("Queue(").split(",")
    assert target == OPERATORS
    check_options(options)
    queues = sections(files["queues.conf"])
    assert set(queues) - {"general"} == {OPERATORS}
    assert not [name for lines in queues.values() for name, _ in lines if name in ("member", "context", "membermacro")]


def check_options(options: str) -> None:
    """No key does anything, forwards are not followed, and the guard looks at the address first."""
    assert re.search(r"b\((guard|rung)\^s\^1\)", options)
    letters = set(re.sub(r"\$\{[^}]*\}|\([^()]*(\([^()]*\))?[^()]*\)", "", options))
    assert "i" in letters
    assert not letters & BY_KEYS


def test_nothing_is_sent_to_the_trunk(files: dict[str, str]) -> None:
    """It has no address to be called at, no account, and no proxy leads to it."""
    pjsip = sections(files["pjsip.conf"])
    for name, lines in pjsip.items():
        options = {option for option, _ in lines}
        assert not options & {"outbound_auth", "outbound_proxy", "server_uri", "client_uri", "from_domain"}, name
        if name.startswith("trunk"):
            assert not options & {"aors", "contact", "auth"}, name
    types = {value for lines in pjsip.values() for option, value in lines if option == "type"}
    assert types == {"log_mappings", "global", "transport", "endpoint", "identify", "auth", "aor"} - {"log_mappings"}


def test_no_modules_call_by_themselves(files: dict[str, str]) -> None:
    """Nor leave anybody a way around the dialplan's lines above."""
    loaded = set(re.findall(r"^load = (\S+)\.so", files["modules.conf"], re.MULTILINE))
    assert {name for name in loaded if name.startswith("app_")} == {
        *(
            "app_queue",
            "app_read",
            "app_dial",
            "app_mixmonitor",
            "app_playback",
            "app_stack",
            "app_userevent",
            "app_exec",
        ),
    }
    assert not loaded & {"pbx_spool", "pbx_dundi", "pbx_loopback", "pbx_realtime"}
    assert sections(files["features.conf"]) == {"general": [], "featuremap": []}


def test_an_actions_account_cannot_originate(files: dict[str, str]) -> None:
    manager = sections(files["manager.conf"])
    granted = {
        word for lines in manager.values() for name, value in lines if name == "write" for word in value.split(",")
    }
    assert not granted & {"originate", "system", "command", "all", "config"}
